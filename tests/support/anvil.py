"""A real development node (Foundry's Anvil) for one test module; a visible skip where there is none.

``tools/fetch-anvil.sh`` brings one, ``ANVIL=/path/to/anvil`` names another. Its execution and its JSON-RPC are Reth's
and revm's kin, so it is an independent second opinion on what py-evm says. Blocks come only when asked for.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.support.bitcoind import free_port

from warifu.chains.ethereum_embedded import erc20

START_SECONDS = 30
CHAIN_ID = 31337


@dataclass(frozen=True)
class Anvil:
    """A running node, and what only its owner can do."""

    url: str
    http: httpx.Client

    def rpc(self, method: str, *params):
        answer = self.http.post(
            "/", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        ).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.rpc("evm_mine")

    def fund(self, address: str, wei: int) -> None:
        self.rpc(
            "anvil_setBalance", address, hex(int(self.rpc("eth_getBalance", address, "latest"), 16) + wei)
        )

    def deploy_token(self, name: str, symbol: str, decimals: int) -> str:
        receipt = self._execute({"data": "0x" + erc20.creation(name, symbol, decimals).hex()})
        return receipt["contractAddress"]

    def mint(self, token: str, address: str, amount: int) -> None:
        self._execute({"to": token, "data": "0x" + erc20.mint(bytes.fromhex(address[2:]), amount).hex()})

    def reorganise(self, depth: int) -> None:
        self.rpc("anvil_reorg", depth, [])

    def drop(self, txid: str) -> None:
        self.rpc("anvil_dropTransaction", txid)

    def _execute(self, fields: dict[str, str]) -> dict[str, str]:
        owner = self.rpc("eth_accounts")[0]
        txid = self.rpc("eth_sendTransaction", {"from": owner, "gas": hex(5_000_000), **fields})
        self.mine()
        receipt: dict[str, str] = self.rpc("eth_getTransactionReceipt", txid)
        assert receipt["status"] == "0x1"
        return receipt


def anvil_path() -> Path:
    """The node to test against; skips the test where there is none."""
    named = os.environ.get("ANVIL")
    path = Path(named) if named else Path(__file__).parents[2] / ".cache/anvil/anvil"
    if not os.access(path, os.X_OK):
        pytest.skip(f"no Anvil at {path}: run tools/fetch-anvil.sh, or set ANVIL=/path/to/anvil")
    return path


@contextmanager
def running_anvil(chain_id: int = CHAIN_ID, *options: str, port: int | None = None) -> Iterator[Anvil]:
    """A node on this loopback port, or on a free one."""
    path, port = anvil_path(), port or free_port()
    arguments = [
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--chain-id",
        str(chain_id),
        "--no-mining",
        "--silent",
        *options,
    ]
    process = subprocess.Popen(
        [path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=20, trust_env=False) as http:
            node = Anvil(url, http)
            _wait_until_it_answers(node, process)
            yield node
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def _wait_until_it_answers(node: Anvil, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            node.rpc("eth_chainId")
        except httpx.TransportError:
            if process.poll() is not None:
                pytest.fail(f"anvil ended at once, with status {process.returncode}")
            if time.monotonic() > ends:
                pytest.fail("anvil does not answer")
            time.sleep(0.05)
        else:
            return
