"""Journals held against what an exchange lists of an account, asked with the account's own credential.

The exchange's word came over a device's TLS, and one device carried it: a hostile one can leave something out. What it
lists and no device signed for was made by hand, by somebody else who has the key or the account's password, or by a
carrier under a token that was signed for something else. Which of these, its owner knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from warifu.audit.findings import Finding, missing, still_open
from warifu.audit.journals import Journal
from warifu.protocol.events.exchanges import CallEnded, CallStarted
from warifu.protocol.events.visits import SweepSigned, VisitOpened
from warifu.protocol.exchange_visits import withdrawal_id

_TRIED_OUT = "TEST_ORDER"
"""An endpoint that makes nothing (Binance)."""


@dataclass(frozen=True)
class There:
    """One order or withdrawal at the exchange."""

    kind: Literal["order", "withdrawal"]
    id: str
    identifier: str
    words: str
    made: int | None
    """Seconds; None where the exchange does not say."""


@dataclass(frozen=True)
class Listing:
    """What the exchange listed of one account."""

    account: str
    since: int
    """Seconds: what is older need not be in it, and is nobody's business."""
    there: Sequence[There]
    refusals: Sequence[str] = ()
    """Why it is not whole."""


def check_exchange(journals: Sequence[Journal], wallet: bytes, listing: Listing) -> Iterator[Finding]:
    """What is there and no device signed for, and what was answered with yes and is not there."""
    for why in listing.refusals:
        yield missing("exchange-unread", account=listing.account, why=why)
    starts = [
        (journal.device, number, content.time, event)
        for journal in journals
        for number, content, event in journal.events(CallStarted)
        if (event.wallet, event.account) == (wallet, listing.account) and event.gives
    ]
    known = {event.identifier for _, _, _, event in starts if event.identifier}
    known |= set(_swept(journals, wallet, listing.account))
    for there in listing.there:
        late = there.made is None or there.made >= listing.since
        if late and there.identifier not in known:
            values = {"account": listing.account, "kind": there.kind, "id": there.id, "what": there.words}
            yield still_open("made-unsigned", "", 0, **values)
    if listing.refusals:
        return
    found = {there.identifier for there in listing.there}
    done = {
        event.request
        for journal in journals
        for _, _, event in journal.events(CallEnded)
        if event.wallet == wallet and event.outcome == "done"
    }
    told: set[bytes] = set()
    for device, number, moment, event in starts:
        listed = event.identifier in found or not event.identifier or event.endpoint == _TRIED_OUT
        if not listed and event.request in done and moment >= listing.since and event.request not in told:
            told.add(event.request)
            call = event.request_id.hex()
            yield still_open("signed-not-there", device, number, call=call, account=listing.account)


def _swept(journals: Sequence[Journal], wallet: bytes, account: str) -> Iterator[str]:
    """By what the exchange knows the sweeps of the account's visits; its Exchange API knows a number instead."""
    visits = {
        event.visit
        for journal in journals
        for _, _, event in journal.events(VisitOpened)
        if (event.wallet, event.account) == (wallet, account)
    }
    for journal in journals:
        for _, _, event in journal.events(SweepSigned):
            if event.visit in visits:
                named = withdrawal_id(event.visit, event.symbol, event.round)
                yield named
                yield str((uuid.UUID(named).int >> 66) | 1)
