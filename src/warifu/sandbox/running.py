"""The simulation as a program, until it is stopped: with a Bitcoin chain of its own, unless it is told of another."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import serving
from warifu.errors import InputRefused
from warifu.sandbox.simulation import Simulation

_HERE = ("127.0.0.1", "localhost", "::1")
_NOT_STARTED = "The simulation did not start."


def run(
    directory: Path,
    *,
    bitcoin: str | None,
    ethereum: str | None = None,
    solana: str | None = None,
    port: int,
    pace: float,
    depth: int,
    ready: Callable[[Simulation, str], None],
) -> None:
    """Until SIGINT or SIGTERM. ``ready`` gets the simulation and the address of its chain once all doors are open.

    ``InputRefused`` (``sandbox-chain``) for a chain that is not there, or not on this machine.
    """
    if any(url is not None and urlsplit(url).hostname not in _HERE for url in (bitcoin, ethereum, solana)):
        raise InputRefused(
            "sandbox-chain", "a simulation moves coins on a local chain only", not_done=_NOT_STARTED
        )
    with ExitStack() as stack:
        chain = bitcoin or stack.enter_context(_own_chain(directory / "chain"))
        try:
            simulation = Simulation(
                directory, bitcoin=chain, ethereum=ethereum, solana=solana, port=port, pace=pace, depth=depth
            )
        except httpx.HTTPError as error:
            raise InputRefused(
                "sandbox-chain",
                f"there is no local chain with a faucet ({type(error).__name__}: {error})",
                not_done=_NOT_STARTED,
                remedy="Start one with 'python -m warifu.chains.bitcoin_embedded', or leave the option out.",
            ) from None
        stack.callback(simulation.close)
        stopped = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        ready(simulation, chain)
        stopped.wait()


@contextmanager
def _own_chain(directory: Path) -> Iterator[str]:
    chain = EmbeddedChain(directory)
    try:
        with serving(chain) as url:
            yield url
    finally:
        chain.close()
