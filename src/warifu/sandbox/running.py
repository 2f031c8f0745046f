"""The simulation as a program, until it is stopped: with a Bitcoin chain of its own, unless it is told of another."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import serving
from warifu.sandbox.simulation import Simulation


def run(
    directory: Path,
    *,
    bitcoin: str | None,
    port: int,
    pace: float,
    depth: int,
    ready: Callable[[Simulation, str], None],
) -> None:
    """Until SIGINT or SIGTERM. ``ready`` gets the simulation and the address of its chain once all doors are open."""
    with ExitStack() as stack:
        chain = bitcoin or stack.enter_context(_own_chain(directory / "chain"))
        simulation = Simulation(directory, bitcoin=chain, port=port, pace=pace, depth=depth)
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
