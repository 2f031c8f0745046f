"""The service in a process of its own that can be made to die at a chosen instruction."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import msgspec
from tests.support.forked import write_to

from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.protocol.frames import Carried, OpenCorrelating, OpenErrand
from warifu.service.config import BackendConfig, ChainConfig, ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.hub.link import Link
from warifu.service.hub.session import Session
from warifu.service.hub.tunnels import Tunnels
from warifu.service.roads.accounts import AccountRoad
from warifu.service.run import Listening, serve
from warifu.service.store import exchange_births, exchange_calls, transfers
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
OF_A_CALL = (
    "call-stored",
    "call-begun",
    "devices-talking",
    "clock-asked",
    "before-the-call-leaves",
    "after-the-call-left",
    "answer-on-its-way",
    "carrier-finished",
    "before-the-outcome",
    "after-the-outcome",
)
"""At an exchange."""
OF_A_BIRTH = (
    "birth-stored",
    "devices-talking",
    "first-device-finished",
    "before-the-key-is-kept",
    "after-the-key-is-kept",
)
"""Of a key for an exchange; and ``relay-N``: before the N-th frame between the devices."""
SWEEPING = "after-a-sweep-left"
"""Of a visit."""
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
    "call-stored": (exchange_calls, "add_call", "after"),
    "call-begun": (exchange_calls, "begin_call", "after"),
    "clock-asked": (Tunnels, "open", "after"),
    "before-the-call-leaves": (Tunnels, "carry", "before"),
    "after-the-call-left": (Tunnels, "carry", "after"),
    "answer-on-its-way": (Link, "say", "before"),
    "carrier-finished": (Session, "finished", "before"),
    "before-the-outcome": (exchange_calls, "finish_call", "before"),
    "after-the-outcome": (exchange_calls, "finish_call", "after"),
    SWEEPING: (Tunnels, "carry", "after"),
    "birth-stored": (exchange_births, "add_birth", "after"),
    "first-device-finished": (Session, "finished", "before"),
    "before-the-key-is-kept": (exchange_births, "keep_births", "before"),
    "after-the-key-is-kept": (exchange_births, "keep_births", "after"),
}
_CALL_TUNNEL, _REQUEST = 1, 3
"""The tunnel of a call, and the piece of it that is the request: TLS has two of its own before."""


def arm(point: str, number: int, transfer: str) -> None:
    """From now on whoever comes to ``point`` of this transfer brings this signal upon the process."""
    relayed = iter(range(1, int(point.removeprefix("relay-")))) if point.startswith("relay-") else iter(())
    holder, name, when = POINTS["devices-talking" if point.startswith("relay-") else point]
    if point == "answer-on-its-way":
        _count_pieces()
    if point == SWEEPING:
        _watch_for_sweeps()
    original: Callable[..., Any] = getattr(holder, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if holder is Session and _prepares(args[0]) is not (point == PREPARING):
            return original(*args, **kwargs)
        if holder is transfers and getattr(args[1], "id", args[1]) != transfer:
            return original(*args, **kwargs)  # something was left to do of an earlier one
        if next(relayed, None) is not None or not _is_it(point, args):
            return original(*args, **kwargs)
        if when == "before":
            os.kill(os.getpid(), number)
        result = original(*args, **kwargs)
        if when == "after":
            os.kill(os.getpid(), number)
        return result

    setattr(holder, name, call)


def _prepares(session: Session) -> bool:
    return isinstance(next(iter(session._openings.values())), OpenCorrelating)


_said: Counter[bytes] = Counter()
"""Session -> pieces that a device said through the tunnel of its call."""


def _is_it(point: str, args: tuple[Any, ...]) -> bool:
    match point:
        case "carrier-finished":
            session, sender = args[:2]
            return bool(session._decisive == sender)
        case "before-the-call-leaves" | "after-the-call-left":
            return _counted(args[2]) == _REQUEST
        case _ if point == SWEEPING:
            return args[2].session in _sweeps and _counted(args[2]) == _REQUEST
        case "answer-on-its-way":
            frame = args[1]
            carried = isinstance(frame, Carried) and frame.tunnel == _CALL_TUNNEL
            return carried and _said[frame.session] >= _REQUEST
        case _:
            return True


def _counted(frame: Carried) -> int:
    """How many pieces the device has said through the tunnel of its call, with this one; 0 for another tunnel's."""
    if frame.tunnel != _CALL_TUNNEL:
        return 0
    _said[frame.session] += 1
    return _said[frame.session]


_sweeps: set[bytes] = set()
"""Sessions in which funds come home."""


def _watch_for_sweeps() -> None:
    run_session = Hub.run_session

    async def watching(self: Hub, openings: Mapping[bytes, Any], **how: Any) -> Any:
        _sweeps.update(
            each.session
            for each in openings.values()
            if isinstance(each, OpenErrand) and each.step == "sweep"
        )
        return await run_session(self, openings, **how)

    Hub.run_session = watching  # type: ignore[method-assign]


def _count_pieces() -> None:
    carry = Tunnels.carry

    def counting(self: Tunnels, identity: bytes, frame: Carried) -> None:
        _counted(frame)
        carry(self, identity, frame)

    Tunnels.carry = counting  # type: ignore[method-assign]


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
    write_to(output, output)
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
        **wanted["settings"],
    )

    def ready(listening: Listening) -> None:
        starter.send((listening.url, listening.fingerprint))

    serve(config, wanted["key"], ready)
