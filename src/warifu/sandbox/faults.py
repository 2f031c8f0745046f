"""Bad days on demand: what goes wrong, with which requests, and how often."""

from __future__ import annotations

import re
from threading import Lock
from typing import Literal

import msgspec

from warifu.sandbox.refusal import Reason
from warifu.sandbox.web import Request

Kind = Literal["latency", "refuse", "cut", "lose-answer", "fault-after"]
"""``latency``: the answer comes later. ``refuse``: nothing is done, and no is said. ``cut``: nothing is done, nothing
is said. ``lose-answer``: it is done, and nothing is said. ``fault-after``: it is done, and a server's fault is said."""


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Goes wrong with the next ``times`` requests that fit; 0: with all."""

    kind: Kind
    api: str = ""
    """``binance``, ``coinbase-exchange``, ``coinbase-advanced``, ``coinbase-app``; empty: every one."""
    method: str = ""
    path: str = ""
    """A regular expression for the whole path; empty: every path."""
    times: int = 1
    seconds: float = 1
    """Of ``latency``; for a limit also how long to wait."""
    reason: Reason = "server-fault"
    """Of ``refuse``."""

    def fits(self, api: str, request: Request) -> bool:
        return (
            self.api in ("", api)
            and self.method in ("", request.method)
            and (not self.path or re.fullmatch(self.path, request.path) is not None)
        )


class Faults:
    """Those that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, api: str, request: Request) -> list[Fault]:
        """What goes wrong with this request."""
        with self._lock:
            found = [fault for fault in self._waiting if fault.fits(api, request)]
            for fault in found:
                if fault.times:
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
            return found
