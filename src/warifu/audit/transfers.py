"""What several devices took part in: the same request, transaction and amounts in each of their journals.

A device lets its partial signatures go only after it wrote ``started``, and there are signatures only where every
participant's came: so a ``finished`` in one journal proves a ``started`` in each participant's. Before that each wrote
``met``, and saw that the others' heads, with their ``met`` as the last entry, were signed by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from warifu.audit.findings import Finding, still_open, wrong
from warifu.audit.journals import Journal
from warifu.protocol.events.exchanges import CallAcknowledged, CallStarted
from warifu.protocol.events.sessions import HeadsSeen, Met
from warifu.protocol.events.transfers import Acknowledged, FinishedTransfer, Noted, Started


@dataclass(frozen=True)
class Deed:
    """One device's part in one session."""

    device: str
    entry: int
    started: Started


@dataclass(frozen=True)
class Transfers:
    """What the journals say of the transfers of one wallet."""

    deeds: tuple[Deed, ...]
    finished: Mapping[bytes, tuple[str, ...]]
    """By the request's digest: the devices that have its signatures."""

    @cached_property
    def first(self) -> Mapping[bytes, Deed]:
        """The first start of each request, by the request's digest, in the order of their moments."""
        found: dict[bytes, Deed] = {}
        for deed in self.deeds:
            found.setdefault(deed.started.request, deed)
        return found

    def requests(self) -> dict[bytes, Started]:
        """What those starts say."""
        return {request: deed.started for request, deed in self.first.items()}


def transfers_of(journals: Sequence[Journal], wallet: bytes) -> Transfers:
    """Gathered from all journals, in the order of their moments."""
    deeds = [
        (content.time, Deed(journal.device, number, event))
        for journal in journals
        for number, content, event in journal.events(Started)
        if event.wallet == wallet
    ]
    finished: dict[bytes, list[str]] = {}
    for journal in journals:
        for _, _, event in journal.events(FinishedTransfer):
            if event.wallet == wallet:
                finished.setdefault(event.request, []).append(journal.device)
    return Transfers(
        tuple(deed for _, deed in sorted(deeds, key=lambda item: item[0])),
        {request: tuple(dict.fromkeys(devices)) for request, devices in finished.items()},
    )


def check_transfers(journals: Sequence[Journal], wallet: bytes) -> Iterator[Finding]:
    """What does not fit together."""
    transfers = transfers_of(journals, wallet)
    yield from _alone(journals, wallet)
    yield from _differing(transfers.deeds)
    yield from _denied(journals, transfers.deeds, wallet)
    yield from _heads_of_sessions(journals, wallet)
    yield from _notes(journals, wallet)
    for request, deed in transfers.first.items():
        if request not in transfers.finished:
            transfer = deed.started.request_id.hex()
            yield still_open("unfinished", deed.device, deed.entry, transfer=transfer)


def _alone(journals: Sequence[Journal], wallet: bytes) -> Iterator[Finding]:
    for journal in journals:
        starts = {(event.session, event.request): event for _, _, event in journal.events(Started)}
        for number, _, event in journal.events(FinishedTransfer):
            start = starts.get((event.session, event.request))
            if event.wallet == wallet and (start is None or start.transaction != event.transaction):
                yield wrong("finish-without-start", journal.device, number)


def _differing(deeds: Sequence[Deed]) -> Iterator[Finding]:
    by_session: dict[bytes, Deed] = {}
    by_request: dict[bytes, Deed] = {}
    for deed in deeds:
        first = by_session.setdefault(deed.started.session, deed)
        differing = [
            name for name, value in _shared(deed.started).items() if _shared(first.started)[name] != value
        ]
        if differing:
            yield wrong(
                "start-differs", deed.device, deed.entry, other=first.device, fields=", ".join(differing)
            )
        same = by_request.setdefault(deed.started.request, deed)
        if same.started.transaction != deed.started.transaction:
            yield wrong("two-transactions", deed.device, deed.entry, other=same.device)


def _shared(started: Started) -> dict[str, object]:
    """What every participant must have seen alike. How much *counts* is each device's own affair: it depends on what it
    took part in before."""
    return {
        "request": started.request,
        "request_id": started.request_id,
        "wallet": started.wallet,
        "participants": started.participants,
        "chain": started.chain,
        "transaction": started.transaction,
        "replaces": started.replaces,
        "rules": started.rules,
        "outflows": started.outflows,
        "fee": started.fee,
        "amounts": tuple((moved.token, moved.leaves) for moved in started.moved),
    }


def _denied(journals: Sequence[Journal], deeds: Sequence[Deed], wallet: bytes) -> Iterator[Finding]:
    """A part in a session that its own journal does not have."""
    known = {journal.identity: journal for journal in journals}
    met = {
        identity: {event.session for _, _, event in journal.events(Met)}
        for identity, journal in known.items()
    }
    started = {
        identity: {(event.session, event.request) for _, _, event in journal.events(Started)}
        for identity, journal in known.items()
    }
    ended = {
        (journal.identity, event.session)
        for journal in journals
        for _, _, event in journal.events(FinishedTransfer)
        if event.wallet == wallet
    }
    identity_of = {journal.device: journal.identity for journal in journals}
    told: set[tuple[bytes, bytes]] = set()
    for deed in deeds:
        session, request = deed.started.session, deed.started.request
        for participant in deed.started.participants:
            if participant not in known or (participant, session) in told:
                continue
            finished = (identity_of[deed.device], session) in ended
            denies_start = finished and (session, request) not in started[participant]
            denies_session = session not in met[participant]
            if denies_start or denies_session:
                told.add((participant, session))
                yield wrong(
                    "start-denied" if denies_start else "session-denied",
                    known[participant].device,
                    other=deed.device,
                    other_entry=deed.entry,
                    transfer=deed.started.request_id.hex(),
                )


def _heads_of_sessions(journals: Sequence[Journal], wallet: bytes) -> Iterator[Finding]:
    """The head that a device showed in a session has its own entry about that session as the last."""
    known = {journal.identity: journal for journal in journals}
    for journal in journals:
        for number, _, event in journal.events(HeadsSeen):
            for item in event.heads:
                peer = known.get(item.identity)
                if event.wallet != wallet or peer is None:
                    continue
                entry = peer.by_number.get(item.head.length)
                if entry is None or entry.content is None or entry.hash != item.head.hash:
                    continue  # found where heads are held against journals
                said = entry.content.event
                if not isinstance(said, Met) or said.session != event.session:
                    yield wrong(
                        "head-of-no-session",
                        peer.device,
                        item.head.length,
                        other=journal.device,
                        other_entry=number,
                    )


def _notes(journals: Sequence[Journal], wallet: bytes) -> Iterator[Finding]:
    """A note is signed by a device that started or acknowledged what it tells of."""
    known = {journal.identity: journal for journal in journals}
    counted = {identity: _counted(journal, wallet) for identity, journal in known.items()}
    for journal in journals:
        for number, content, event in journal.events(Noted):
            for maker in content.by.ids:
                if event.wallet == wallet and maker in known and event.request not in counted[maker]:
                    yield wrong("note-denied", known[maker].device, other=journal.device, other_entry=number)


def _counted(journal: Journal, wallet: bytes) -> set[bytes]:
    """Requests that this device started or acknowledged, calls at exchanges among them."""
    started = {event.request for _, _, event in journal.events(Started) if event.wallet == wallet}
    acknowledged = {event.request for _, _, event in journal.events(Acknowledged) if event.wallet == wallet}
    calls = {event.request for _, _, event in journal.events(CallStarted) if event.wallet == wallet}
    witnessed = {event.request for _, _, event in journal.events(CallAcknowledged) if event.wallet == wallet}
    return started | acknowledged | calls | witnessed
