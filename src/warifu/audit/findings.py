"""What an audit finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

Level = Literal["wrong", "missing", "open", "note"]
"""``wrong``: something that honest devices and an honest service never leave behind. ``missing``: a part could not be
looked at, so the audit is not whole. ``open``: nothing is wrong yet, and nobody can say that it ended well. ``note``:
worth knowing."""

Code = Literal[
    # a journal alone
    "not-read",
    "entry-missing",
    "entry-out-of-order",
    "entry-forged",
    "entry-altered",
    "entry-unreadable",
    "head-forged",
    "head-differs",
    "truncated",
    "beyond-head",
    # against what others remember
    "memory-forged",
    "forked",
    "rewritten",
    "shorter-than-known",
    "restored",
    # among the devices
    "finish-without-start",
    "start-differs",
    "two-transactions",
    "start-denied",
    "session-denied",
    "head-of-no-session",
    "note-denied",
    "unfinished",
    # calls at exchanges
    "call-twice",
    "call-differs",
    "calls-of-one-id",
    "too-few-signed",
    "call-session-denied",
    "call-part-denied",
    "call-denied",
    "call-not-carried",
    "call-without-end",
    "end-without-call",
    "end-contradicted",
    "found-other",
    "not-frozen",
    "comparison-skipped",
    "comparison-owed",
    "account-not-kept",
    "account-removed-elsewhere",
    "banned-carrier",
    # against an exchange
    "exchange-unread",
    "made-unsigned",
    "signed-not-there",
    # the rules
    "rules-chain",
    "unknown-rules",
    "signed-while-frozen",
    "veto-ignored",
    "rules-behind",
    "rules-not-known",
    # against the owner's records
    "birth-missing",
    "birth-differs",
    "unknown-owner",
    # against the chain and the service
    "left-without-entry",
    "signed-without-entry",
    "history-short",
    "more-sent-than-signed",
    "claimed-not-signed",
    "not-on-chain",
    "pending",
    "replaced",
    "service-head-differs",
    "service-unread",
    "offline",
]
CODES: tuple[Code, ...] = get_args(Code)


@dataclass(frozen=True)
class Finding:
    """One thing, about one device (empty: about none), at one entry of its journal (0: at none)."""

    level: Level
    code: Code
    device: str = ""
    entry: int = 0
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What its sentence names beside these."""


def wrong(code: Code, device: str = "", entry: int = 0, **values: object) -> Finding:
    """A finding that must not be."""
    return Finding("wrong", code, device, entry, _texts(values))


def still_open(code: Code, device: str = "", entry: int = 0, **values: object) -> Finding:
    """A finding that may still end well."""
    return Finding("open", code, device, entry, _texts(values))


def note(code: Code, device: str = "", entry: int = 0, **values: object) -> Finding:
    """A finding that is worth knowing."""
    return Finding("note", code, device, entry, _texts(values))


def missing(code: Code, device: str = "", **values: object) -> Finding:
    """Something that could not be looked at."""
    return Finding("missing", code, device, 0, _texts(values))


def _texts(values: Mapping[str, object]) -> Mapping[str, str]:
    return MappingProxyType({name: str(value) for name, value in values.items()})
