"""The service in a process of its own that can be made to die at a chosen instruction.

Started as ``python -m tests.support.service_process``. Standard input: one line of JSON to start with, later perhaps
one more that names the deadly instruction. Prints one line, the address at which it listens.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
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


def arm(point: str, number: int) -> None:
    """From now on whoever comes to ``point`` brings this signal upon the process."""
    holder, name, when = POINTS[point]
    original: Callable[..., Any] = getattr(holder, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if holder is Session and _prepares(args[0]) is not (point == PREPARING):
            return original(*args, **kwargs)
        if when == "before":
            os.kill(os.getpid(), number)
        result = original(*args, **kwargs)
        if when == "after":
            os.kill(os.getpid(), number)
        return result

    setattr(holder, name, call)
    sys.stdout.write("armed\n")
    sys.stdout.flush()


def _prepares(session: Session) -> bool:
    return isinstance(next(iter(session._openings.values())), OpenCorrelating)


def await_arming() -> None:
    line = sys.stdin.readline()
    if line:
        arm(**json.loads(line))


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=await_arming, daemon=True).start()
    engine.POLL_SECONDS = 0.05
    correlations.TARGET = 0  # each transfer makes its own, so that it is known when that happens
    config = ServiceConfig(
        data_dir=wanted["data_dir"],
        network="regtest",
        port=0,
        poll_seconds=0.1,
        backends=msgspec.convert(wanted["backends"], tuple[BackendConfig, ...]),
        chains=msgspec.convert(wanted["chains"], tuple[ChainConfig, ...]),
    )

    def ready(listening: Listening) -> None:
        found = {"url": listening.url, "fingerprint": listening.fingerprint.hex()}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

    serve(config, bytes.fromhex(wanted["key"]), ready)


if __name__ == "__main__":
    main()
