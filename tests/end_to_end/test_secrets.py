"""Where the passphrase and the shares are not: files, arguments, environments, logs, and the service's memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from functools import partial
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.spying import arguments_and_environment, descendants, in_memory
from tests.support.swtpm import Swtpm
from tests.support.terminal import script

from warifu.agent.device import DeviceDirectory
from warifu.cli.wallet_keys import account_of
from warifu.demo.account_chains import ETHEREUM, SOLANA
from warifu.demo.accounts import ETHEREUM_PAYEE, SOLANA_PAYEE
from warifu.demo.payments import PAYEE
from warifu.demo.scene import DEVICES, Scene
from warifu.demo.stolen import files_below, forms_of_bytes, forms_of_text, search
from warifu.signer.device import Device
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, PlatformChoice
from warifu.signer.store import Store
from warifu.tee.platform import PlatformSettings
from warifu.tee.registry import open_platform
from warifu.tee.unlock_key import read_unlock_key

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]


def shares_of(scene: Scene, name: str, where: Path) -> dict[str, bytes]:
    """A device's shares by scheme, opened with everything that its owner has: disk, unlock key, TPM and passphrase."""
    copy = where / name
    shutil.copytree(scene.device(name) / "enclave", copy)
    with contextlib.ExitStack() as held:
        settings = settings_of(DeviceDirectory(scene.device(name)).platform(), where, copy, held)
        platform = open_platform(settings, read_unlock_key(scene.unlock_key(name), copy))
        store = Store.open(copy, platform)
        held.callback(store.close)
        device = Device.start(store, platform, lambda: int(time.time()))
        identifier = scene.born.wallet_id
        locked = device.wallets.locked(identifier)
        with device.vault.open(identifier, locked.lock, bytearray(PASSPHRASE.encode())) as lock:
            return {
                role.scheme: lock.unlock(role, record).expose()
                for role, record in locked.records.items()
                if role.what == "share"
            }


def settings_of(
    choice: PlatformChoice, where: Path, store: Path, held: contextlib.ExitStack
) -> PlatformSettings:
    """A simulated TPM is copied too, as no thief could copy a real one: whoever runs uses the one that is there."""
    address = choice.device
    if choice.name == "tpm":
        state = where / "tpm"
        state.mkdir()
        copied = Swtpm(state)
        held.callback(copied.stop)
        copied.restore(Swtpm(Path(address.removeprefix("swtpm:path=")).parent).saved())
        address = copied.device
    return PlatformSettings(
        name=choice.name,
        directory=store / PLATFORM_DIRECTORY,
        device=address,
        development=choice.development,
    )


@pytest.fixture(scope="module")
def shares(scene: Scene, wallet: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Once something was signed, so that there was something to forget."""
    before = script(scene.home, "balance", wallet)[1]["bitcoin"]["confirmed"]
    scene.chain.fund(script(scene.home, "address", wallet)[1]["address"], 20_000_000)
    wait_until(
        lambda: script(scene.home, "balance", wallet)[1]["bitcoin"]["confirmed"] > before, "the deposit", 30
    )
    scene.ethereum.fund(account_of(scene.born, ETHEREUM), 10**18)
    scene.solana.airdrop(account_of(scene.born, SOLANA), 10**9)
    for arguments in (
        ("send", wallet, PAYEE, "0.01 BTC", "--fee-rate", "2"),
        ("send", wallet, ETHEREUM_PAYEE, "0.1 ETH", "--chain", ETHEREUM),
        ("send", wallet, SOLANA_PAYEE, "0.1 SOL", "--chain", SOLANA),
    ):
        # A wrong passphrase in another test makes the devices wait for a while.
        wait_until(partial(signed, scene, arguments), f"a signature: {arguments}", 90)
    found = {
        f"{scheme} share of {name}": share
        for name in DEVICES
        for scheme, share in shares_of(scene, name, tmp_path_factory.mktemp("copies")).items()
    }
    assert len(set(found.values())) == len(found) == 9
    assert all(len(share) == 32 for share in found.values())
    return found


def signed(scene: Scene, arguments: tuple[str, ...]) -> bool:
    return script(scene.home, *arguments, "--yes", passphrase=PASSPHRASE.encode())[0] == 0


def test_no_file_of_any_process_holds_passphrase_or_share(scene, shares):
    files = files_below(scene.root)
    wanted = {"passphrase": forms_of_text(PASSPHRASE)}
    wanted |= {name: forms_of_bytes(share) for name, share in shares.items()}
    assert search(files, wanted) == []
    # The search itself works: what is really there, it finds.
    assert ("public", scene.root / "policy.toml") in search(files, {"public": (b"per_transaction",)})


def test_no_argument_and_no_environment_holds_them(scene, shares):
    everybody = descendants(scene.processes.pids().values())
    assert len(everybody) >= 10  # three chains, up, service, two agents, three enclaves
    seen = b"".join(arguments_and_environment(pid) for pid in everybody)
    assert b"warifu.cli.service_process" in seen
    for secret in (
        PASSPHRASE.encode(),
        *shares.values(),
        *(share.hex().encode() for share in shares.values()),
    ):
        assert secret not in seen


def test_nothing_that_a_process_said_holds_them(scene, shares):
    said = "\n".join(line for running in scene.processes.running() for line in running.lines)
    assert "connected to the service" in said
    assert PASSPHRASE not in said
    assert not any(share.hex() in said for share in shares.values())


def test_the_memory_of_service_and_agents_holds_none_of_them(scene, shares):
    wanted = {"passphrase": PASSPHRASE.encode(), **shares}
    public = scene.profile.content.service.fingerprint.hex()
    control = {
        "control": scene.born.birth.keys[0].threshold_public,
        "name": b"friend",
        "fingerprint": public.encode(),
    }
    service = process_running(scene, b"warifu.cli.service_process")
    assert in_memory(service, control) >= {"control", "name"}, "the spy must see what is really there"
    assert in_memory(service, wanted) == set()
    for name in ("up", "pi", "friend"):
        agent = scene.processes.pids()[name]
        assert in_memory(agent, {"name": b"warifu"}) == {"name"}
        assert in_memory(agent, wanted) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into an enclave's memory here")
def test_after_signing_not_even_the_enclaves_hold_passphrase_or_share(scene, shares):
    """Python promises no wiping; this shows what is left in practice: nothing that a search finds."""
    everybody = descendants(scene.processes.pids().values())
    enclaves = [
        pid for pid in everybody if b"warifu.signer.process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert len(enclaves) == 3
    for pid in enclaves:
        assert in_memory(pid, {"control": scene.born.birth.keys[0].threshold_public}) == {"control"}
        assert in_memory(pid, {"passphrase": PASSPHRASE.encode(), **shares}) == set()


def process_running(scene: Scene, module: bytes) -> int:
    everybody = descendants(scene.processes.pids().values())
    found = [pid for pid in everybody if module in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    assert len(found) == 1
    return found[0]
