"""By which rules each device judged: those that the wallet was made with, and then those that its own entries brought.

A device that is behind, or was frozen, signs nothing, so no journal tells of a start under rules that it does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from warifu.audit.findings import Finding, note, still_open, wrong
from warifu.audit.journals import Entry, Journal
from warifu.protocol.events.device import Frozen, Thawed
from warifu.protocol.events.exchanges import CallAcknowledged, CallStarted
from warifu.protocol.events.transfers import Acknowledged, Started
from warifu.protocol.events.visits import SweepSigned
from warifu.protocol.events.wallets import RulesChanged, Vetoed, WalletFrozen, WalletThawed
from warifu.protocol.journal import wallet_of


@dataclass
class _Standing:
    """How a device stands, entry after entry."""

    rules: bytes
    revision: int = 1
    device_frozen: bool = False
    wallet_frozen: bool = False


def check_rules(
    journals: Sequence[Journal], wallet: bytes, first: bytes, known: Collection[bytes]
) -> Iterator[Finding]:
    """``first``: ``rules_hash`` of those that the wallet was made with; ``known``: of all that this client knows of."""
    standings: dict[str, _Standing] = {}
    for journal in journals:
        standing = standings[journal.device] = _Standing(first)
        for entry in journal.entries:
            yield from _step(journal.device, entry, wallet, standing)
    yield from _vetoes(journals, wallet)
    newest = max((standing.revision for standing in standings.values()), default=1)
    for device, standing in standings.items():
        if standing.rules not in known:
            yield still_open("rules-not-known", device, revision=standing.revision)
        if standing.revision < newest:
            yield note("rules-behind", device, revision=standing.revision, newest=newest)


def _step(device: str, entry: Entry, wallet: bytes, standing: _Standing) -> Iterator[Finding]:
    event = entry.content.event if entry.content is not None else None
    if event is None or wallet_of(event) not in (b"", wallet):
        return
    match event:
        case Frozen():
            standing.device_frozen = True
        case Thawed():
            standing.device_frozen = False
        case WalletFrozen():
            standing.wallet_frozen = True
        case WalletThawed():
            standing.wallet_frozen = False
        case RulesChanged(before=before, after=after, revision=revision):
            if before != standing.rules:
                yield wrong("rules-chain", device, entry.number)
            standing.rules, standing.revision = after, revision
        case (
            Started(rules=rules)
            | Acknowledged(rules=rules)
            | CallStarted(rules=rules)
            | CallAcknowledged(rules=rules)
        ):
            if rules != standing.rules:
                yield wrong("unknown-rules", device, entry.number)
            if standing.device_frozen or standing.wallet_frozen:
                yield wrong("signed-while-frozen", device, entry.number)
        case SweepSigned():
            if standing.device_frozen:  # what is at an exchange comes home to a frozen wallet
                yield wrong("signed-while-frozen", device, entry.number)


def _vetoes(journals: Sequence[Journal], wallet: bytes) -> Iterator[Finding]:
    """A change that one device heard vetoed and another put in force: by the service's delay, or worse."""
    vetoed: dict[bytes, str] = {}
    for journal in journals:
        for _, _, event in journal.events(Vetoed):
            if event.wallet == wallet:
                vetoed.setdefault(event.about, journal.device)
    for journal in journals:
        for number, _, changed in journal.events(RulesChanged):
            if changed.wallet == wallet and changed.request in vetoed:
                yield still_open("veto-ignored", journal.device, number, other=vetoed[changed.request])
