"""Real journals of three devices for the tests of audits, and a forger who has one device's key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from tests.support.simulator import FRIEND, Household, SimulatedDevice

from warifu.audit.audit import Audit, audit
from warifu.audit.findings import Finding
from warifu.audit.journals import Journal, read_journal
from warifu.audit.onchain import Told
from warifu.audit.records import Record
from warifu.protocol.attesting import SignedHead
from warifu.protocol.credential import DeviceKey, credential_digest
from warifu.protocol.events.device import Thawed
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.identity import IdentityKey
from warifu.protocol.journal import (
    NO_HEAD,
    OPERATOR,
    Content,
    content_digest,
    decode_content,
    encode_content,
    entry_hash,
    kind_of,
)
from warifu.protocol.journal_pages import OPERATOR as BY_OPERATOR
from warifu.protocol.journal_pages import Shown, State, open_state
from warifu.protocol.operator import AskOwnJournal, OwnJournal
from warifu.protocol.rules import rules_hash

KNOWN_TO_CLIENT = "this client"


@dataclass(frozen=True)
class Journals:
    """What an owner's client has in its hands."""

    record: Record
    entries: Mapping[str, tuple[Shown, ...]]
    states: Mapping[str, State]
    keys: Mapping[str, IdentityKey]
    absent: tuple[str, ...] = ()

    @property
    def invented(self) -> Shown:
        """An entry that never was."""
        content = encode_content(Content(bytes(16), 1_800_000_000, OPERATOR, Thawed()))
        return Shown(1, content, False, bytes(32), bytes(64))

    def with_entries(self, device: str, entries: Iterable[Shown]) -> Journals:
        return replace(self, entries={**self.entries, device: tuple(entries)})

    def with_state(self, device: str, **fields: object) -> Journals:
        state = msgspec.structs.replace(self.states[device], **fields)
        return replace(self, states={**self.states, device: state})

    def with_false_memory(self, witness: str, of: str) -> Journals:
        head = SignedHead(1, bytes(32), bytes(64))
        return self.with_state(witness, remembered=(PeerHead(self.states[of].identity, head),))

    def with_broken_head(self, device: str) -> Journals:
        head = self.states[device].head
        return self.with_state(device, head=SignedHead(head.length, head.hash, bytes(64)))

    def without(self, device: str) -> Journals:
        return replace(
            self,
            entries={name: each for name, each in self.entries.items() if name != device},
            absent=(device,),
        )

    def alone(self, device: str) -> Journals:
        return replace(
            self,
            entries={device: self.entries[device]},
            absent=tuple(name for name in self.entries if name != device),
        )

    def head(self, device: str) -> PeerHead:
        state = self.states[device]
        return PeerHead(state.identity, state.head)

    def seen_by_others(self, device: str) -> int:
        """The most entries that a peer remembers of this device."""
        identity = self.states[device].identity
        return max(
            item.head.length
            for name, state in self.states.items()
            if name != device
            for item in state.remembered
            if item.identity == identity
        )

    def first_of(self, device: str, kind: str) -> Shown:
        return self.of(device, kind)[0]

    def last_of(self, device: str, kind: str) -> Shown:
        return self.of(device, kind)[-1]

    def of(self, device: str, kind: str) -> list[Shown]:
        return [
            entry
            for entry in self.entries[device]
            if not entry.withheld and kind_of(decode_content(entry.content).event) == kind
        ]


def taken(root: Path) -> Journals:
    """Three devices, two of which sign; three payments by different pairs."""
    home = Household(root, 3)
    home.make_wallet(2)
    for number, pair in enumerate((("device0", "device1"), ("device1", "device2"), ("device0", "device2"))):
        assert not home.sign(home.pay(to=FRIEND, first_coin=number), pair).failed
        home.clock.pass_(60)
    journals = journals_of(home)
    home.close()
    return journals


def journals_of(home: Household) -> Journals:
    """As each device's operator exports them."""
    entries, states = {}, {}
    for name, device in home.devices.items():
        entries[name], states[name] = exported(device)
    return Journals(
        record_of(home),
        entries,
        states,
        {name: device.device.identity for name, device in home.devices.items()},
    )


def exported(device: SimulatedDevice) -> tuple[tuple[Shown, ...], State]:
    entries: list[Shown] = []
    while True:
        (answer,) = device.operator(AskOwnJournal(len(entries) + 1))
        assert isinstance(answer, OwnJournal)
        entries += answer.page.entries
        state = open_state(answer.page.state, device.identity, BY_OPERATOR)
        if len(entries) == state.head.length:
            return tuple(entries), state


def record_of(home: Household) -> Record:
    assert home.birth is not None and home.wallet_request is not None
    return Record(
        home.birth.wallet_id,
        home.wallet_request.threshold,
        len(home.wallet_request.devices),
        tuple(key.threshold_public for key in home.birth.keys),
        rules_hash(home.wallet_request.rules),
        rules_hash(home.wallet_request.rules),
        frozenset({credential_digest(DeviceKey(home.owner.public))}),
    )


def audited(journals: Journals, earlier: Sequence[PeerHead] = (), told: Told | None = None) -> Audit:
    """As the owner's client does it."""
    read: list[Journal] = []
    found: list[Finding] = []
    for name, entries in journals.entries.items():
        state = journals.states[name]
        journal, findings = read_journal(name, state.identity, entries, state)
        read.append(journal)
        found += findings
    return audit(
        journals.record,
        read,
        found,
        absent=journals.absent,
        earlier=earlier,
        client=KNOWN_TO_CLIENT,
        told=told,
    )


def rewritten(journals: Journals, device: str, change: Callable[[list[Shown]], list[Shown]]) -> Journals:
    """The device's whole history after ``change``, numbered, chained and signed anew with its own key."""
    key = journals.keys[device]
    head, entries = NO_HEAD, []
    for number, entry in enumerate(change(list(journals.entries[device])), start=1):
        content = entry.content if entry.withheld else content_digest(entry.content)
        head = entry_hash(head, number, content)
        entries.append(
            msgspec.structs.replace(entry, number=number, hash=head, signature=key.sign("journal", head))
        )
    blank = SignedHead(len(entries), head, bytes(64))
    signed = SignedHead(len(entries), head, key.sign("journal-head", *blank.stated))
    return journals.with_entries(device, entries).with_state(device, head=signed)


def altered(
    journals: Journals, device: str, kind: str, change: Callable[[Any], Any], *, last: bool = True
) -> Journals:
    """The device says something else in its last (or first) entry of this kind, and signs everything anew."""
    entry = journals.of(device, kind)[-1 if last else 0]
    content = decode_content(entry.content)
    said = msgspec.structs.replace(content, event=change(content.event))

    def put(entries: list[Shown]) -> list[Shown]:
        new = msgspec.structs.replace(entry, content=encode_content(said))
        return [new if other is entry else other for other in entries]

    return rewritten(journals, device, put)


def event_of(entry: Shown) -> Any:
    return decode_content(entry.content).event


def codes(journals: Journals) -> set[tuple[str, str]]:
    return {(finding.code, finding.device) for finding in audited(journals).wrong}
