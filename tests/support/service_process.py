"""The service in a process of its own that can be made to die at a chosen instruction.

Started as ``python -m tests.support.service_process`` with one JSON object on standard input; prints one line, the
address at which it listens. The deadly instruction is armed by SIGUSR1, so that what the process takes up when it
starts does not meet it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.service.config import BackendConfig, ServiceConfig
from warifu.service.hub.session import Session
from warifu.service.run import Listening, serve
from warifu.service.store import transfers
from warifu.service.workflows import engine

POINTS: dict[str, tuple[Any, str, str]] = {
    "request-stored": (transfers, "add_transfer", "after"),
    "signing-begun": (transfers, "begin_signing", "after"),
    "devices-talking": (Session, "relay", "before"),
    "devices-finished": (Session, "finished", "before"),
    "before-it-is-stored": (transfers, "store_signed", "before"),
    "after-it-is-stored": (transfers, "store_signed", "after"),
    "before-it-is-sent": (Esplora, "broadcast", "before"),
    "after-it-is-sent": (Esplora, "broadcast", "after"),
    "before-the-journals": (transfers, "store_journal", "before"),
    "confirmed": (transfers, "mark_depth", "after"),
}
_armed = False


def deadly(original: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if _armed and when == "before":
            os.kill(os.getpid(), number)
        result = original(*args, **kwargs)
        if _armed and when == "after":
            os.kill(os.getpid(), number)
        return result

    return call


def arm(*_: object) -> None:
    global _armed
    _armed = True


def main() -> None:
    wanted = json.load(sys.stdin)
    if wanted["point"] is not None:
        holder, name, when = POINTS[wanted["point"]]
        setattr(holder, name, deadly(getattr(holder, name), when, wanted["signal"]))
    signal.signal(signal.SIGUSR1, arm)
    engine.POLL_SECONDS = 0.05
    config = ServiceConfig(
        data_dir=wanted["data_dir"],
        network="regtest",
        port=0,
        poll_seconds=0.1,
        backends=(BackendConfig("esplora", wanted["chain"]),),
    )

    def ready(listening: Listening) -> None:
        found = {"url": listening.url, "fingerprint": listening.fingerprint.hex()}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

    serve(config, bytes.fromhex(wanted["key"]), ready)


if __name__ == "__main__":
    main()
