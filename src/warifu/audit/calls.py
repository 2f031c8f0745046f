"""Calls at exchanges and sweeps of visits: one story in the journals of all who took part.

A co-signer writes its part down before its share leaves, and the carrier before the first byte does. So a carrier that
sent something proves that every participant signed it. The other way round a share may have been given for nothing: the
carrier says that it never sent it, and what a co-signer found at the exchange says whether that is true.

Where a signature leaves it to its carrier what it asks for (a split CDP key), each co-signer has to look afterwards,
and signs nothing more that gives something away before it has. That, too, is in its journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from warifu.audit.findings import Finding, note, still_open, wrong
from warifu.audit.journals import Journal
from warifu.protocol.events.exchanges import (
    CallCompared,
    CallEnded,
    CallStarted,
    CarrierAllowed,
    CarrierBanned,
    ComparisonSettled,
    ExchangeAccountKept,
    ExchangeAccountRemoved,
)
from warifu.protocol.events.sessions import Met
from warifu.protocol.events.visits import SweepSigned, VisitOpened
from warifu.protocol.events.wallets import WalletFrozen, WalletThawed
from warifu.protocol.exchange_requests import KeyKind
from warifu.protocol.exchange_visits import sweep_digest
from warifu.protocol.journal import Content, wallet_of

OWED_AFTER = 300
"""Seconds after which a comparison is owed whatever the clocks say: 120 for which a CDP token is good, 60 in which what
was taken shows, 30 by which a stamp may be ahead, and as many again for the journal's clock."""
_SHARED: tuple[KeyKind, ...] = ("ed25519-split", "ed25519-born")
_OPEN_BODY: KeyKind = "ed25519-split"
"""Of the keys that are shared, the one whose signature covers no body."""
_SENT_AGAIN: KeyKind = "ed25519-born"
"""The one whose signature covers all, and that its carrier can use more than once while it is good."""
_TRIED_OUT = "TEST_ORDER"
"""What an exchange takes and does not make."""


@dataclass(frozen=True)
class Part:
    """What one device signed or carried."""

    device: str
    identity: bytes
    entry: int
    time: int
    about: bytes
    """What a comparison of it is known by."""
    event: CallStarted | SweepSigned
    account: str
    key: KeyKind | None
    """Of the account as this device kept it then; None: it kept none of that name."""

    @property
    def gives(self) -> bool:
        """Whether something leaves by it, so that it bears a signature and counts."""
        return isinstance(self.event, SweepSigned) or bool(self.event.gives)

    @property
    def carries(self) -> bool:
        """Whether the device itself sent it."""
        return self.event.carrier == self.identity

    @property
    def name(self) -> str:
        """By which people know it."""
        event = self.event
        if isinstance(event, CallStarted):
            return event.request_id.hex()
        return f"{event.visit.hex()[:16]}/{event.symbol}/{event.round}"


@dataclass
class Story:
    """What one journal tells of one wallet's calls."""

    journal: Journal
    parts: list[Part] = field(default_factory=list)
    ended: dict[bytes, tuple[int, CallEnded]] = field(default_factory=dict)
    compared: dict[bytes, tuple[int, CallCompared]] = field(default_factory=dict)
    settled: dict[bytes, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    """Account -> moment at which this device forgot it for good."""
    met: set[bytes] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    """What no honest device writes into its own journal."""
    last: int = 0
    """Moment of the newest entry."""

    @cached_property
    def by_session(self) -> Mapping[tuple[bytes, bytes], Part]:
        """By session and what it was about."""
        return {(part.event.session, part.about): part for part in self.parts}

    @cached_property
    def abouts(self) -> frozenset[bytes]:
        """Of all that it signed or carried."""
        return frozenset(part.about for part in self.parts)

    def closed(self, about: bytes) -> bool:
        """Whether it was compared, or settled by owners."""
        return about in self.compared or about in self.settled


def stories_of(journals: Sequence[Journal], wallet: bytes, threshold: int) -> list[Story]:
    """Each journal, read from its beginning to its end."""
    return [_Reading(journal, wallet, threshold).story for journal in journals]


class _Reading:
    """One journal, entry after entry: how the device stood is what its own entries say."""

    def __init__(self, journal: Journal, wallet: bytes, threshold: int) -> None:
        self.story = Story(journal)
        self._threshold = threshold
        self._kept: dict[str, KeyKind] = {}
        self._visits: dict[bytes, str] = {}
        self._banned: set[bytes] = set()
        self._frozen = False
        self._seen: set[bytes] = set()
        self._owes: dict[str, dict[bytes, Part]] = {}
        """Account -> what was not compared yet, by what a comparison of it is known by."""
        for entry in journal.entries:
            content = entry.content
            if content is None:
                continue
            self.story.last = max(self.story.last, content.time)
            if wallet_of(content.event) == wallet:
                self._read(entry.number, content)

    def _read(self, number: int, content: Content) -> None:
        story, event = self.story, content.event
        match event:
            case Met(session=session):
                story.met.add(session)
            case WalletFrozen() | WalletThawed():
                self._frozen = isinstance(event, WalletFrozen)
            case ExchangeAccountKept(account=account, key=key):
                self._kept[account] = key
                story.removed.pop(account, None)
            case ExchangeAccountRemoved(account=account):
                self._kept.pop(account, None)
                story.removed[account] = content.time
            case VisitOpened(visit=visit, account=account):
                self._visits[visit] = account
            case CarrierBanned(device=device):
                self._banned.add(device)
            case CarrierAllowed(device=device):
                self._banned.discard(device)
            case CallStarted() | SweepSigned():
                self._part(number, content.time, event)
            case CallEnded(request=request):
                self._end(number, event)
                story.ended.setdefault(request, (number, event))
            case CallCompared(request=about, account=account, outcome=outcome):
                story.compared.setdefault(about, (number, event))
                self._closed(account, about)
                if outcome == "differs" and not self._frozen:
                    story.findings.append(wrong("not-frozen", story.journal.device, number))
            case ComparisonSettled(about=about, account=account):
                story.settled.setdefault(about, number)
                self._closed(account, about)

    def _part(self, number: int, moment: int, event: CallStarted | SweepSigned) -> None:
        story, device = self.story, self.story.journal.device
        if isinstance(event, CallStarted):
            about, account = event.request, event.account
            if about in self._seen:
                story.findings.append(wrong("call-twice", device, number, call=event.request_id.hex()))
            self._seen.add(about)
        else:
            about = sweep_digest(event.visit, event.symbol, event.round)
            account = self._visits.get(event.visit, "")
        part = Part(
            device,
            story.journal.identity,
            number,
            moment,
            about,
            event,
            account,
            self._kept.get(account),
        )
        if part.key is None:
            story.findings.append(wrong("account-not-kept", device, number, account=account or "?"))
        if event.carrier in self._banned:
            story.findings.append(wrong("banned-carrier", device, number, call=part.name))
        self._owed(part)
        story.parts.append(part)

    def _owed(self, part: Part) -> None:
        """It signs nothing that gives something away while it owes a comparison of the account."""
        owed = self._owes.setdefault(part.account, {})
        if _looked_after(part, self._threshold):
            before = next((each for each in owed.values() if part.time > each.time + OWED_AFTER), None)
            if before is not None:
                self.story.findings.append(
                    wrong(
                        "comparison-skipped", part.device, part.entry, call=before.name, before=before.entry
                    )
                )
        if _owes(part, self._threshold):
            owed[part.about] = part

    def _closed(self, account: str, about: bytes) -> None:
        self._owes.get(account, {}).pop(about, None)

    def _end(self, number: int, event: CallEnded) -> None:
        if event.request not in self._seen:
            self.story.findings.append(wrong("end-without-call", self.story.journal.device, number))


def _owes(part: Part, threshold: int) -> bool:
    """Whether the device has to see what another one made of it."""
    return _looked_after(part, threshold) and not part.carries


def _looked_after(part: Part, threshold: int) -> bool:
    """Whether who carries it can make something else of it, or can make it again. What comes home twice is no loss, and
    who signs alone anyway gives nothing out of hand."""
    again = part.key == _SENT_AGAIN and threshold > 1 and isinstance(part.event, CallStarted)
    return part.gives and (part.key == _OPEN_BODY or again)


def check_calls(journals: Sequence[Journal], wallet: bytes, threshold: int) -> Iterator[Finding]:
    """What does not fit together."""
    stories = stories_of(journals, wallet, threshold)
    for story in stories:
        yield from story.findings
    parts = [part for story in stories for part in story.parts]
    yield from _differing(parts)
    yield from _too_few(parts, threshold)
    yield from _denied(stories, parts)
    yield from _found(stories, parts)
    yield from _owing(stories, threshold)
    yield from _ends(stories)
    yield from _removed_elsewhere(stories, parts)


_OF_A_REQUEST = ("request_id", "carrier", "account", "exchange", "endpoint", "gives", "to", "identifier")
"""What a call is in every session in which it is tried."""
_OF_A_SESSION = ("participants", "rules")
_OF_A_SWEEP = ("participants", "carrier", "amount", "to")
"""Another carrier can try another amount in another session; in one they are the same for all."""


def _differing(parts: Sequence[Part]) -> Iterator[Finding]:
    first: dict[bytes, Part] = {}
    together: dict[tuple[bytes, bytes], Part] = {}
    of_id: dict[bytes, Part] = {}
    for part in parts:
        if isinstance(part.event, CallStarted):
            yield from _against(part, first.setdefault(part.about, part), _OF_A_REQUEST)
            named = of_id.setdefault(part.event.request_id, part)
            if named.about != part.about:
                yield wrong("calls-of-one-id", part.device, part.entry, other=named.device, call=part.name)
        same = together.setdefault((part.event.session, part.about), part)
        yield from _against(part, same, _OF_A_SESSION if isinstance(part.event, CallStarted) else _OF_A_SWEEP)


def _against(part: Part, other: Part, names: tuple[str, ...]) -> Iterator[Finding]:
    fields = [name for name in names if getattr(part.event, name) != getattr(other.event, name)]
    if fields:
        yield wrong(
            "call-differs",
            part.device,
            part.entry,
            other=other.device,
            other_entry=other.entry,
            call=part.name,
            fields=", ".join(fields),
        )


def _too_few(parts: Sequence[Part], threshold: int) -> Iterator[Finding]:
    """A signature of a shared key takes as many devices as the wallet's threshold."""
    for part in parts:
        signers = part.event.participants
        if part.gives and part.key in _SHARED and signers and len(set(signers)) < threshold:
            yield wrong("too-few-signed", part.device, part.entry, call=part.name, count=len(set(signers)))


def _denied(stories: Sequence[Story], parts: Sequence[Part]) -> Iterator[Finding]:
    known = {story.journal.identity: story for story in stories}
    compared = {about: (story, entry) for story in stories for about, entry in _there(story)}
    told: set[tuple[bytes, bytes, bytes]] = set()
    for part in parts:
        if not part.gives or part.key not in _SHARED:
            continue
        for identity in part.event.participants:
            story, place = known.get(identity), (identity, part.event.session, part.about)
            if story is None or place in told or (part.event.session, part.about) in story.by_session:
                continue
            told.add(place)
            values = {"other": part.device, "other_entry": part.entry, "call": part.name}
            if isinstance(part.event, CallStarted) and part.event.session not in story.met:
                yield wrong("call-session-denied", story.journal.device, 0, **values)
            elif part.carries:  # it had every share before it sent anything
                yield wrong("call-part-denied", story.journal.device, 0, **values)
            elif identity == part.event.carrier and part.about not in story.abouts:
                if part.about in compared:
                    finder, entry = compared[part.about]
                    found = {"finder": finder.journal.device, "found_entry": entry}
                    yield wrong("call-denied", story.journal.device, 0, **values, **found)
                elif not any(each.closed(part.about) for each in stories):
                    yield still_open("call-not-carried", story.journal.device, 0, **values)


def _there(story: Story) -> Iterator[tuple[bytes, int]]:
    """What this device saw at the exchange, so that somebody carried it."""
    for about, (entry, event) in story.compared.items():
        if event.outcome in ("done", "differs"):
            yield about, entry


def _found(stories: Sequence[Story], parts: Sequence[Part]) -> Iterator[Finding]:
    """What devices found at the exchange, and what the carrier had said of it."""
    names = {story.journal.identity: story.journal.device for story in stories}
    of = {part.about: part for part in parts}
    ends = {about: (story.journal.device, *end) for story in stories for about, end in story.ended.items()}
    for story in stories:
        for about, (entry, event) in story.compared.items():
            part = of.get(about)
            carrier = "?" if part is None else names.get(part.event.carrier, part.event.carrier.hex()[:16])
            if event.outcome == "differs":
                said = ", ".join(event.words or event.differs)
                make = note if about in story.settled else wrong
                yield make("found-other", story.journal.device, entry, carrier=carrier, found=said)
            elif (
                about in ends and not _tried_out(part) and _contradicts(ends[about][2].outcome, event.outcome)
            ):
                device, end_entry, end = ends[about]
                yield wrong(
                    "end-contradicted",
                    device,
                    end_entry,
                    other=story.journal.device,
                    other_entry=entry,
                    said=end.outcome,
                    found=event.outcome,
                )


def _tried_out(part: Part | None) -> bool:
    """Its end says nothing of what is there."""
    return part is not None and isinstance(part.event, CallStarted) and part.event.endpoint == _TRIED_OUT


def _contradicts(said: str, found: str) -> bool:
    """Whether the exchange cannot have answered the carrier so, where another one found this afterwards."""
    return (said == "done" and found == "not-there") or (said in ("refused", "try-again") and found == "done")


def _owing(stories: Sequence[Story], threshold: int) -> Iterator[Finding]:
    for story in stories:
        for part in story.parts:
            if (
                _owes(part, threshold)
                and not story.closed(part.about)
                and story.last > part.time + OWED_AFTER
            ):
                yield still_open("comparison-owed", part.device, part.entry, call=part.name)


def _ends(stories: Sequence[Story]) -> Iterator[Finding]:
    """What its carrier cannot say the end of, and nobody found out."""
    for story in stories:
        for part in story.parts:
            if not part.carries or not part.gives or not isinstance(part.event, CallStarted):
                continue
            end = story.ended.get(part.about)
            if end is not None and end[1].outcome != "unknown":
                continue
            if not any(each.closed(part.about) for each in stories):
                yield still_open("call-without-end", part.device, part.entry, call=part.name)


def _removed_elsewhere(stories: Sequence[Story], parts: Sequence[Part]) -> Iterator[Finding]:
    """One device forgot an account on an owner's word, and another one used it afterwards: it had not heard, or was
    not told."""
    for part in parts:
        for story in stories:
            moment = story.removed.get(part.account)
            if moment is not None and story.journal.identity != part.identity and part.time > moment:
                yield still_open(
                    "account-removed-elsewhere",
                    part.device,
                    part.entry,
                    other=story.journal.device,
                    account=part.account,
                )
                break
