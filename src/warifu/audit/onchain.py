"""Journals held against the chain, as far as the service tells of it: whatever it says alone is its word.

It can keep silent about a transaction that left the wallet, and invent one. It cannot make the journals agree with what
it invents, and a transaction that it keeps silent about still needs t devices, whose journals have it. Where it shows
the signed transaction itself (chains of accounts), the wallet's own signature is in it, and nobody invents that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from warifu.audit.findings import Finding, Level, missing, note, still_open
from warifu.audit.journals import Journal
from warifu.audit.transfers import Transfers
from warifu.protocol.chains import BITCOIN
from warifu.protocol.events.transfers import Started

SIGNED = frozenset({"signed", "broadcast", "confirmed", "replaced", "rejected"})
"""States of a transfer in which the service has its signatures."""


@dataclass(frozen=True)
class Claim:
    """What the service says of one transfer."""

    id: bytes
    """The request's id, 16 bytes."""
    chain: str
    state: str
    replaced_by: str | None


@dataclass(frozen=True)
class Spend:
    """A Bitcoin transaction that spends the wallet's coins, as the service's backend tells it."""

    txid: bytes
    """In hash order, as a request names it."""
    height: int | None


@dataclass(frozen=True)
class Made:
    """A transaction that carries a signature of the wallet's key, verified by this client."""

    txid: str
    """As people write it."""
    name: bytes
    """32 bytes, as a request names it."""


@dataclass(frozen=True)
class Seen:
    """What there is of the wallet's account on one chain, as the service's backends list it."""

    made: Sequence[Made]
    whole: bool
    """Whether they list all that it ever made, since ``since``."""
    since: int | None
    """The moment (seconds since 1970-01-01 UTC) at which their history begins; None where they have all of it."""


@dataclass(frozen=True)
class ClaimedHead:
    """Where the service says that a device's journal was. Nobody signed it."""

    device: str
    length: int
    hash: bytes


@dataclass(frozen=True)
class Told:
    """All that the service told."""

    claims: Mapping[bytes, Claim]
    """By the request's id."""
    spends: Sequence[Spend] | None
    """None where the wallet has no Bitcoin key, or no backend answered."""
    heads: Sequence[ClaimedHead]
    sent: Mapping[str, int] = field(default_factory=dict)
    """By chain: how many transactions the wallet's account has made there, where the chain counts them."""
    seen: Mapping[str, Seen] = field(default_factory=dict)
    """By chain of accounts."""
    refusals: Sequence[str] = ()
    """Why it did not tell the rest."""


def check_chain(
    journals: Sequence[Journal],
    transfers: Transfers,
    told: Told,
    *,
    every_quorum: bool,
    born: int | None = None,
) -> Iterator[Finding]:
    """What left the wallet has its entries; what was signed came to an end; what the service claims was signed.

    ``every_quorum``: whether no quorum is without one of these journals; else a missing one may have the entry.
    ``born``: when the wallet was made, where a journal says it."""
    requests = transfers.requests()
    level: Level = "wrong" if every_quorum else "open"
    signed = {started.transaction for started in requests.values() if started.chain == BITCOIN}
    for spend in told.spends or ():
        if spend.txid not in signed:
            yield Finding(level, "left-without-entry", values={"txid": spend.txid[::-1].hex()})
    for chain, seen in told.seen.items():
        yield from _made(chain, seen, requests.values(), level)
        if seen.since is not None and (born is None or seen.since > born):
            yield missing("history-short", chain=chain)
    for chain, sent in told.sent.items():
        most = _payments(requests.values(), chain)
        if sent > most:
            values = {"chain": chain, "sent": str(sent), "signed": str(most)}
            yield Finding(level, "more-sent-than-signed", values=values)
    for request, started in requests.items():
        if request in transfers.finished:
            yield from _ended(started, told)
    known = {started.request_id for started in requests.values()}
    for claim in told.claims.values():
        if claim.state in SIGNED and claim.id not in known:
            values = {"transfer": claim.id.hex(), "state": claim.state}
            yield Finding(level, "claimed-not-signed", values=values)
    for why in told.refusals:
        yield missing("service-unread", why=why)
    yield from _heads(journals, told.heads)


def _made(chain: str, seen: Seen, started: Collection[Started], level: Level) -> Iterator[Finding]:
    """What the wallet's key signed, a device started."""
    known = {each.transaction for each in started if each.chain == chain}
    for made in seen.made:
        if made.name not in known:
            yield Finding(level, "signed-without-entry", values={"txid": made.txid, "chain": chain})


def _payments(started: Collection[Started], chain: str) -> int:
    """The most transactions that can have come of these: of a payment and its replacements one can be executed."""
    known = {each.request_id for each in started}
    return sum(
        each.replaces not in known and (each.replaces is not None or _is_transaction(each))
        for each in started
        if each.chain == chain
    )


def _is_transaction(started: Started) -> bool:
    """Words that are signed and not sent move nothing, and use up no nonce."""
    return any(outflow.kind != "message" for outflow in started.outflows)


def _ended(started: Started, told: Told) -> Iterator[Finding]:
    transfer = started.request_id.hex()
    if started.chain == BITCOIN and told.spends is not None:
        heights = [spend.height for spend in told.spends if spend.txid == started.transaction]
        if heights:
            if heights[0] is None:
                yield note("pending", transfer=transfer)
            return
    seen = told.seen.get(started.chain)
    if seen is not None and started.transaction in {made.name for made in seen.made}:
        return
    claim = told.claims.get(started.request_id)
    state = claim.state if claim is not None else ""
    if state == "replaced":
        by = claim.replaced_by if claim is not None else None
        yield note("replaced", transfer=transfer, by=by or "?")
    elif started.chain == BITCOIN or state not in _believed(seen):
        yield still_open("not-on-chain", transfer=transfer, state=state or "unknown")


def _believed(seen: Seen | None) -> tuple[str, ...]:
    """States of a transfer of which there is nothing to see: a message is signed, and that is all; of what was sent the
    service's word is all that there is where no list is."""
    return ("signed",) if seen is not None and seen.whole else ("signed", "confirmed")


def _heads(journals: Sequence[Journal], heads: Sequence[ClaimedHead]) -> Iterator[Finding]:
    by_name = {journal.device: journal for journal in journals}
    for head in heads:
        journal = by_name.get(head.device)
        if journal is None or head.length == 0:
            continue
        entry = journal.by_number.get(head.length)
        if entry is None or entry.hash != head.hash:
            yield still_open("service-head-differs", head.device, head.length)
