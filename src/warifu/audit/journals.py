"""One device's journal, checked alone: every entry is signed by the device and follows from the one before it.

An entry is signed over its hash, which covers the number, the content's digest and the hash before. Each entry is held
against the hash that the one before it *states*, so that one altered entry is found where it is, and not at all that
follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from warifu.audit.findings import Finding, wrong
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.attesting import SignedHead
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.identity import verify
from warifu.protocol.journal import NO_HEAD, Content, content_digest, decode_content, entry_hash
from warifu.protocol.journal_pages import Shown, State

E = TypeVar("E")


@dataclass(frozen=True)
class Entry:
    """One entry as it was shown. ``content``: None where it is another wallet's, or cannot be read."""

    number: int
    hash: bytes
    content: Content | None
    withheld: bool


@dataclass(frozen=True)
class Journal:
    """What a device showed of its journal, and said of it."""

    device: str
    identity: bytes
    entries: tuple[Entry, ...]
    head: SignedHead
    remembered: tuple[PeerHead, ...]

    @cached_property
    def by_number(self) -> dict[int, Entry]:
        """The entries; of two with one number the first."""
        found: dict[int, Entry] = {}
        for entry in self.entries:
            found.setdefault(entry.number, entry)
        return found

    @property
    def length(self) -> int:
        """The highest number of an entry."""
        return max(self.by_number, default=0)

    def events(self, kind: type[E]) -> Iterator[tuple[int, Content, E]]:
        """(number, content, event) of every entry of this kind."""
        for entry in self.entries:
            if entry.content is not None and isinstance(entry.content.event, kind):
                yield entry.number, entry.content, entry.content.event


def read_journal(
    device: str, identity: bytes, shown: Sequence[Shown], state: State
) -> tuple[Journal, list[Finding]]:
    """The journal, whose entries ``shown`` are claimed to be all of, and what is wrong with it."""
    findings: list[Finding] = []
    entries: list[Entry] = []
    before: bytes | None = NO_HEAD
    expected = 1
    for item in shown:
        if item.number > expected:
            findings.append(wrong("entry-missing", device, expected, last=item.number - 1))
            before = None
        elif item.number < expected:
            findings.append(wrong("entry-out-of-order", device, item.number))
            before = None
        findings += _judged(device, identity, item, before)
        entries.append(_entry(item))
        before, expected = item.hash, item.number + 1
    findings += [
        wrong("entry-unreadable", device, entry.number)
        for entry in entries
        if entry.content is None and not entry.withheld
    ]
    journal = Journal(device, identity, tuple(entries), state.head, state.remembered)
    return journal, [*findings, *_end(journal)]


def is_signed(head: SignedHead, identity: bytes) -> bool:
    """Whether the device with this identity said that its journal was so far."""
    try:
        verify(identity, head.signature, "journal-head", *head.stated)
    except AuthorizationRefused:
        return False
    return True


def _judged(device: str, identity: bytes, item: Shown, before: bytes | None) -> Iterator[Finding]:
    try:
        verify(identity, item.signature, "journal", item.hash)
    except AuthorizationRefused:
        yield wrong("entry-forged", device, item.number)
    content = item.content if item.withheld else content_digest(item.content)
    if before is not None and entry_hash(before, item.number, content) != item.hash:
        yield wrong("entry-altered", device, item.number)


def _entry(item: Shown) -> Entry:
    if item.withheld:
        return Entry(item.number, item.hash, None, True)
    try:
        content: Content | None = decode_content(item.content)
    except InputRefused:
        content = None
    return Entry(item.number, item.hash, content, False)


def _end(journal: Journal) -> Iterator[Finding]:
    """The device's own signed word on where its journal ends."""
    head = journal.head
    if not is_signed(head, journal.identity):
        yield wrong("head-forged", journal.device)
        return
    if head.length > journal.length:
        yield wrong("truncated", journal.device, journal.length + 1, last=head.length)
    elif head.length < journal.length:
        yield wrong("beyond-head", journal.device, head.length + 1, last=journal.length)
    elif head.length and journal.by_number[head.length].hash != head.hash:
        yield wrong("head-differs", journal.device, head.length)
