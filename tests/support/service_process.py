"""The service in a process of its own that can be made to die at a chosen instruction.

It is forked from a process that did nothing but import this module (multiprocessing's fork server), because importing
takes longer than most of these processes live.
"""

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.protocol.frames import OpenCorrelating
from warifu.service.config import BackendConfig, ChainConfig, ServiceConfig
from warifu.service.hub.session import Session
from warifu.service.roads.accounts import AccountRoad
from warifu.service.run import Listening, serve
from warifu.service.store import transfers
from warifu.service.workflows import correlations, engine

EVERYWHERE = (
    "request-stored",
    "signing-begun",
    "devices-talking",
    "devices-finished",
    "before-it-is-stored",
    "after-it-is-stored",
    "before-the-journals",
    "confirmed",
)
PREPARING = "devices-preparing"
"""Only ECDSA has it: before the envelopes are used."""
POINTS: dict[str, tuple[Any, str, str]] = {
    PREPARING: (Session, "relay", "before"),
    "request-stored": (transfers, "add_transfer", "after"),
    "signing-begun": (transfers, "begin_signing", "after"),
    "devices-talking": (Session, "relay", "before"),
    "devices-finished": (Session, "finished", "before"),
    "before-it-is-stored": (transfers, "store_signed", "before"),
    "after-it-is-stored": (transfers, "store_signed", "after"),
    "before-it-is-sent": (Esplora, "broadcast", "before"),
    "after-it-is-sent": (Esplora, "broadcast", "after"),
    "before-it-is-sent-to-accounts": (AccountRoad, "broadcast", "before"),
    "after-it-is-sent-to-accounts": (AccountRoad, "broadcast", "after"),
    "before-the-journals": (transfers, "store_journal", "before"),
    "confirmed": (transfers, "mark_depth", "after"),
}


def arm(point: str, number: int, transfer: str) -> None:
    """From now on whoever comes to ``point`` of this transfer brings this signal upon the process."""
    holder, name, when = POINTS[point]
    original: Callable[..., Any] = getattr(holder, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if holder is Session and _prepares(args[0]) is not (point == PREPARING):
            return original(*args, **kwargs)
        if holder is transfers and getattr(args[1], "id", args[1]) != transfer:
            return original(*args, **kwargs)  # something was left to do of an earlier one
        if when == "before":
            os.kill(os.getpid(), number)
        result = original(*args, **kwargs)
        if when == "after":
            os.kill(os.getpid(), number)
        return result

    setattr(holder, name, call)


def _prepares(session: Session) -> bool:
    return isinstance(next(iter(session._openings.values())), OpenCorrelating)


def await_arming(starter: Connection) -> None:
    try:
        told = starter.recv()
    except EOFError:
        return
    arm(**told)
    starter.send("armed")


def main(starter: Connection, output: str) -> None:
    """``starter`` says how to start, is told where the service listens, and perhaps names the deadly instruction later.
    Whatever is printed goes to the file ``output``."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    wanted = starter.recv()
    threading.Thread(target=await_arming, args=(starter,), daemon=True).start()
    engine.POLL_SECONDS = 0.05
    correlations.TARGET = -1  # none ahead: each transfer makes its own, so that it is known when that happens
    config = ServiceConfig(
        data_dir=wanted["data_dir"],
        network="regtest",
        port=0,
        poll_seconds=0.1,
        backends=msgspec.convert(wanted["backends"], tuple[BackendConfig, ...]),
        chains=msgspec.convert(wanted["chains"], tuple[ChainConfig, ...]),
    )

    def ready(listening: Listening) -> None:
        starter.send((listening.url, listening.fingerprint))

    serve(config, wanted["key"], ready)
