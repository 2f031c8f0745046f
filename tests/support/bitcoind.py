"""A real Bitcoin node on regtest for one test module; a visible skip where there is none.

``tools/fetch-knots.sh`` brings one, ``BITCOIND=/path/to/bitcoind`` names another.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from warifu.chains.bitcoin_network.backends.json_rpc import JsonRpc
from warifu.errors import ChainUnavailable

START_SECONDS = 60


@dataclass(frozen=True)
class Bitcoind:
    """A running node."""

    url: str
    cookie: Path
    p2p_port: int
    process: subprocess.Popen[bytes]

    @property
    def rpc(self) -> JsonRpc:
        return JsonRpc(self.url, "bitcoind", cookie=self.cookie)

    def mine(self, count: int, address: str) -> list[str]:
        return self.rpc.call("generatetoaddress", count, address, kind=list[str])


def bitcoind_path() -> Path:
    """The node to test against; skips the test where there is none."""
    named = os.environ.get("BITCOIND")
    path = Path(named) if named else Path(__file__).parents[2] / ".cache/bitcoind/bitcoind"
    if not os.access(path, os.X_OK):
        pytest.skip(f"no Bitcoin node at {path}: run tools/fetch-knots.sh, or set BITCOIND=/path/to/bitcoind")
    return path


@contextmanager
def running_bitcoind(
    directory: Path, *options: str, ports: tuple[int, int] | None = None
) -> Iterator[Bitcoind]:
    """A regtest node in ``directory``, without a wallet, reachable on loopback only: on the named RPC and peer ports,
    as one that was there before, or on free ones."""
    path = bitcoind_path()
    version = subprocess.run([path, "-version"], capture_output=True, timeout=30, check=True).stdout
    rpc_port, p2p_port = ports or (free_port(), free_port())
    arguments = [
        "-regtest", "-server", "-disablewallet", "-listen", "-listenonion=0", "-dnsseed=0", "-fixedseeds=0",
        "-discover=0", "-natpmp=0", "-dbcache=4", "-maxmempool=5", "-par=1", "-printtoconsole=0",
        "-minrelaytxfee=0.00001", "-incrementalrelayfee=0.00001",  # releases differ in their defaults
        f"-datadir={directory}", f"-bind=127.0.0.1:{p2p_port}", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1",
        f"-rpcport={rpc_port}", *(["-corepolicy"] if b"Knots" in version else []), *options,
    ]  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    node = Bitcoind(f"http://127.0.0.1:{rpc_port}", directory / "regtest/.cookie", p2p_port, process)
    try:
        _wait_until_it_answers(node)
        yield node
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        assert process.stderr is not None
        process.stderr.close()


def _wait_until_it_answers(node: Bitcoind) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            node.rpc.call("getblockcount", kind=int)
        except ChainUnavailable:
            pass
        else:
            return
        if node.process.poll() is not None:
            assert node.process.stderr is not None
            pytest.fail(f"bitcoind ended at once: {node.process.stderr.read().decode()[:500]}")
        if time.monotonic() > ends:
            pytest.fail("bitcoind does not answer")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
