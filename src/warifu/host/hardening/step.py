"""A step of the hardening: what it is for, what it may break, and, for one machine, what it would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from warifu.host.hardening.changes import Change
from warifu.host.hardening.target import Target


@dataclass(frozen=True)
class Port:
    """A port that stays open to others."""

    number: int
    protocol: str = "tcp"


@dataclass(frozen=True)
class Source:
    """A kernel module's source tree that the owner gives, with the digest that he confirmed."""

    place: Path
    sha256: str


@dataclass(frozen=True)
class Wishes:
    """What the owner says beside the steps."""

    open_ports: tuple[Port, ...] = ()
    lkrg: Source | None = None
    ved: Source | None = None
    session_port: int | None = None
    """The port of the SSH session in which the command runs, where it does."""


@dataclass(frozen=True)
class Wanted:
    """A step for one machine. ``inapplicable``: why it has nothing to do there."""

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    inapplicable: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the table (``steps/__init__.py``). ``want`` looks at the target and changes nothing."""

    name: str
    title: str
    reason: str
    may_break: str
    """What may stop working, and for whom."""
    undo: str
    """How it is undone, beyond putting the files back; what only a restart undoes."""
    source: str
    """Where the recommendation comes from."""
    want: Callable[[Target, Wishes], Wanted]
