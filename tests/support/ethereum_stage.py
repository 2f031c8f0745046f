"""The stage of a story on real EVM nodes: a service, three devices and a wallet; Bitcoin and Solana in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.anvil_chain import AnvilChain
from tests.support.quicknode_anvil import AnvilBehindQuickNode
from tests.support.terminal import script

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain as BitcoinInProcess
from warifu.chains.bitcoin_embedded.server import serving as serving_bitcoin
from warifu.chains.solana_embedded.chain import EmbeddedChain as SolanaInProcess
from warifu.chains.solana_embedded.server import serving as serving_solana
from warifu.cli.screen import Screen
from warifu.demo import opening
from warifu.demo.account_chains import ETHEREUM, EmbeddedSolana
from warifu.demo.chain import EmbeddedChain
from warifu.demo.processes import Processes
from warifu.demo.scene import Scene
from warifu.demo.telling import Telling

BASE = "base"
BASE_POLICY = """
[base]
per_transaction = "0.1 ETH"
per_day = "0.1 ETH"
fee_ceiling = "0.01 ETH"
destinations = "any"
"""


@contextmanager
def ethereum_stage(
    root: Path, node: AnvilChain, quicknode: AnvilBehindQuickNode, confirmations: int
) -> Iterator[Scene]:
    """With what is used from the service's next start on: Base behind QuickNode, and the number of ``confirmations``
    that are final on Ethereum (1 until then)."""
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o711)  # as root, enclaves are users of their own and must be able to pass
    with (
        serving_bitcoin(BitcoinInProcess(root / "chain")) as bitcoin,
        serving_solana(SolanaInProcess()) as solana,
        Processes() as processes,
        pytest.MonkeyPatch.context() as patch,
    ):
        scene = Scene(root, processes, Telling(Screen(json=True)))
        patch.setattr(
            opening, "policy_text", lambda scene, usual=opening.policy_text: usual(scene) + BASE_POLICY
        )
        scene.play_on(EmbeddedChain(bitcoin))
        scene.play_on_accounts(node, EmbeddedSolana(solana))
        try:
            opening.start_everybody(scene)
            _configure(scene, quicknode, confirmations)
            opening.give_birth(scene)
            yield scene
        finally:
            scene.close()


def _configure(scene: Scene, quicknode: AnvilBehindQuickNode, confirmations: int) -> None:
    config = scene.service / "service.toml"
    config.write_text(
        f'{config.read_text()}\n[[chains]]\nchain = "{ETHEREUM}"\nconfirmations = {confirmations}\n'
    )
    jwt = ("--jwt", "ES256", "--jwt-kid", "warifu-1")
    code, added = script(scene.home, "backend", "add", BASE, "quicknode", *jwt, address=quicknode.path_url)
    assert code == 0, added
    quicknode.jwt_keys["warifu-1"] = added["public_key"]
