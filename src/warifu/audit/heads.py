"""A journal held against what others remember of it: heads that the device signed and cannot take back.

Who remembers is a peer (the newest head that it was shown, and in its own journal every one it was shown in a session),
the device itself, or this client from an earlier audit. A head that the device signed and whose hash its journal does
not have is proof against the device, whoever shows it: nobody else could have signed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warifu.audit.findings import Finding, wrong
from warifu.audit.journals import Journal, is_signed
from warifu.protocol.attesting import SignedHead
from warifu.protocol.events.sessions import HeadsSeen, PeerHead


@dataclass(frozen=True)
class Memory:
    """``witness`` says that the journal of the device ``identity`` was so far."""

    identity: bytes
    head: SignedHead
    witness: str
    entry: int = 0
    """Of the witness's own journal; 0 where it stands in none."""


def memories(journals: Sequence[Journal], earlier: Sequence[PeerHead], client: str) -> list[Memory]:
    """All that is remembered of these devices. ``earlier``: by this client, under the name ``client``."""
    known = {journal.identity for journal in journals}
    found = [Memory(item.identity, item.head, client) for item in earlier]
    for journal in journals:
        found.append(Memory(journal.identity, journal.head, journal.device))
        found += [Memory(item.identity, item.head, journal.device) for item in journal.remembered]
        for number, _, event in journal.events(HeadsSeen):
            found += [Memory(item.identity, item.head, journal.device, number) for item in event.heads]
    return [memory for memory in found if memory.identity in known]


def check_memories(journals: Sequence[Journal], remembered: Sequence[Memory]) -> Iterator[Finding]:
    """What does not fit, of each journal the first entries that cannot be as they were."""
    for journal in journals:
        genuine: list[Memory] = []
        for memory in remembered:
            if memory.identity != journal.identity:
                continue
            if is_signed(memory.head, journal.identity):
                genuine.append(memory)
            elif memory.witness != journal.device:  # its own bad head was found already
                yield wrong("memory-forged", memory.witness, memory.entry, of=journal.device)
        yield from _forks(journal, genuine)
        yield from _against(journal, genuine)


def _forks(journal: Journal, genuine: Sequence[Memory]) -> Iterator[Finding]:
    by_length: dict[int, Memory] = {}
    told: set[int] = set()
    for memory in genuine:
        other = by_length.setdefault(memory.head.length, memory)
        if other.head.hash != memory.head.hash and memory.head.length not in told:
            told.add(memory.head.length)
            witnesses = _names([other, memory])
            yield wrong("forked", journal.device, memory.head.length, witnesses=witnesses)


def _against(journal: Journal, genuine: Sequence[Memory]) -> Iterator[Finding]:
    fitting: list[int] = []
    broken: list[Memory] = []
    beyond: list[Memory] = []
    for memory in sorted(genuine, key=lambda item: item.head.length):
        length = memory.head.length
        entry = journal.by_number.get(length)
        if length > journal.length:
            beyond.append(memory)
        elif length == 0 or (entry is not None and entry.hash == memory.head.hash):
            fitting.append(length)
        else:
            broken.append(memory)
    if broken:
        first = broken[0].head.length
        since = max((length for length in fitting if length < first), default=0)
        yield wrong("rewritten", journal.device, since + 1, last=first, witnesses=_names(broken))
    others = [
        memory for memory in beyond if memory.witness != journal.device
    ]  # its own word was held against it
    if others:
        most = max(memory.head.length for memory in others)
        yield wrong(
            "shorter-than-known", journal.device, journal.length + 1, last=most, witnesses=_names(others)
        )


def _names(remembered: Sequence[Memory]) -> str:
    return ", ".join(dict.fromkeys(memory.witness for memory in remembered))
