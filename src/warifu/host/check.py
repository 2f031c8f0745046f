"""One check, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from warifu.host.machine import Machine


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It cannot be seen from here; the detail says why. Not the same as ok."""
    DECLARED = "declared"
    """Nothing was seen: the owner says so. Never the same as ok."""


@dataclass(frozen=True)
class Seen:
    """What a look at the machine showed."""

    state: State
    detail: str


def ok(detail: str) -> Seen:
    return Seen(State.OK, detail)


def missing(detail: str) -> Seen:
    return Seen(State.MISSING, detail)


def unknown(because: str) -> Seen:
    return Seen(State.UNKNOWN, because)


def declared(by_the_owner: str) -> Seen:
    return Seen(State.DECLARED, by_the_owner)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the table. ``look`` may raise ``CannotTell``, which becomes *unknown*."""

    name: str
    reason: str
    """Why it matters."""
    source: str
    """Where it looks, for those who want to look themselves."""
    remedy: str
    """What to do where it is missing."""
    look: Callable[[Machine], Seen]
    weight: int = 1
    """Its part of the score. 0: one of several ways, or for information; it is no gap by itself."""


class Finding(msgspec.Struct, frozen=True):
    """The outcome of one check, ready for JSON."""

    name: str
    state: State
    detail: str
    reason: str
    source: str
    remedy: str
    """What to do; empty where it is ok."""
    group: str
    weight: int
