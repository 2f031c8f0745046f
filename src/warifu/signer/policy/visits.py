"""The judge of visits: may so much of an asset be at an exchange for so long, and may what is left go home?

A visit is bounded by the policy twice: in amount, counted over all that is there already, and in time. Its way home
needs no owner and has no limit: it has one destination, the wallet's own address, and that is the whole of what a
hostile service could make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext

from warifu.errors import PolicyDenied
from warifu.protocol.chains import coin_decimals
from warifu.protocol.exchange_requests import VisitRequest
from warifu.protocol.policy import Policy
from warifu.signer.policy.exchanges import ExchangeCall, approved, at_exchange, endpoint, goes_to
from warifu.signer.policy.facts import Rule, Verdict
from warifu.signer.policy.judge import at_this_moment
from warifu.signer.policy.words import duration
from warifu.units import format_quantity


@dataclass(frozen=True)
class Stay:
    """What a visit wants."""

    exchange: str
    symbol: str
    """The asset, as the exchange calls it."""
    amount: int
    """In its smallest unit, as the policy counts it."""
    seconds: int
    """How long it may be there."""


@dataclass(frozen=True)
class StayFacts:
    """What this signer knows beside it."""

    now: int
    there: int | None
    """Of the asset at the exchange already: what it says, or what other visits bring, whichever is more; None where it
    is not known."""


@dataclass(frozen=True)
class HomeFacts:
    """What this signer knows of a way home."""

    own: bool
    """Whether the destination is the wallet's own address on that chain, derived by this signer itself."""
    binding: bool
    """Whether the signature covers where the funds go; or its carrier was not found to change that, and the
    exchange's own list is on."""


def judge_stay(policy: Policy, stay: Stay, facts: StayFacts) -> Verdict:
    """What each rule says of sending funds to this visit. Pure."""
    return Verdict(tuple(_stay(policy, stay, facts)))


def judge_opening(policy: Policy, stay: Stay, facts: StayFacts, approvals: int) -> Verdict:
    """What each rule says of opening it. ``approvals``: distinct owners' credentials that approved it; it takes as many
    as a call that gives so much away there. Pure."""
    needed = policy.approvals_at(stay.exchange, {stay.symbol: stay.amount})
    return Verdict((*_stay(policy, stay, facts), approved(needed, approvals)))


def judge_home(policy: Policy, call: ExchangeCall, facts: HomeFacts) -> Verdict:
    """What each rule says of a call that is to bring what is left of a visit home: hours and limits are not asked.

    A frozen wallet's funds come home as well, unless whoever carries the call could make it another one.
    """
    return Verdict(tuple(_home(policy, call, facts)))


def _stay(policy: Policy, stay: Stay, facts: StayFacts) -> Iterator[Rule]:
    yield from at_this_moment(policy, facts.now)
    rules = policy.rules_at(stay.exchange)
    yield at_exchange(stay.exchange, rules)
    if rules is None:
        return
    longest = rules.visit_seconds
    words = f"a visit of {duration(stay.seconds)}; the longest is {duration(longest)}"
    yield Rule("visit-time", 0 < stay.seconds <= longest, words)
    limits = rules.limits_of(stay.symbol)
    if limits is None:
        words = f"{stay.symbol} is not among the assets with limits at {stay.exchange}"
        yield Rule("asset", False, words)
        return
    if facts.there is None:
        yield Rule("exposure", False, f"it is not known how much {stay.symbol} is at {stay.exchange} already")
        return
    total = facts.there + stay.amount
    said, most = (
        format_quantity(value, limits.decimals, limits.symbol) for value in (total, int(limits.exposure))
    )
    allowed = stay.amount > 0 and facts.there >= 0 and total <= int(limits.exposure)
    yield Rule("exposure", allowed, f"{said} would be at {stay.exchange}; the limit is {most}")


def _home(policy: Policy, call: ExchangeCall, facts: HomeFacts) -> Iterator[Rule]:
    if policy.frozen and not facts.binding:
        words = "the wallet is frozen, and this signature does not bind whoever carries it to the destination"
        yield Rule("frozen-wallet", False, words)
    rules = policy.rules_at(call.exchange)
    yield at_exchange(call.exchange, rules)
    if rules is None:
        return
    yield endpoint(rules, call)
    if call.pair is not None:
        yield Rule("pair", False, "nothing is traded on the way home")
    to = call.destination
    if to is None:
        if call.amounts:
            yield Rule("destination", False, "it gives something away, and not to the wallet")
    elif not facts.own:
        yield Rule("destination", False, "a visit's funds go to the wallet's own address and nowhere else")
    else:
        yield from goes_to(policy, rules, to, own=True)


def units_of(policy: Policy, request: VisitRequest, decimals: int) -> int:
    """What a visit brings, in units of a policy's limits of an exchange, rounded up. ``PolicyDenied`` (``asset``)."""
    return in_units(Decimal(request.amount).scaleb(-chain_decimals(policy, request)), decimals)


def chain_decimals(policy: Policy, request: VisitRequest) -> int:
    """Of the unit that a visit's amount is in. ``PolicyDenied`` (``asset``) for a token that the policy does not
    know."""
    if not request.token:
        return coin_decimals(request.brings.chain)
    rules = policy.rules(request.brings.chain)
    for asset in rules.assets if rules is not None else ():
        if asset.token == request.token:
            return asset.decimals
    raise PolicyDenied("asset", f"the token {request.token} is not among the allowed assets")


def in_units(amount: Decimal, decimals: int) -> int:
    """In an asset's smallest unit, rounded up."""
    with localcontext() as context:
        context.prec = 250
        return int(amount.scaleb(decimals).to_integral_value(ROUND_CEILING))


def owners_needed(policy: Policy, request: VisitRequest, exchange: str) -> int:
    """How many owners a visit to this exchange takes: as many as a call that gives so much away there.
    ``PolicyDenied`` (``asset``)."""
    rules = policy.rules_at(exchange)
    limits = rules.limits_of(request.brings.symbol) if rules is not None else None
    amount = units_of(policy, request, limits.decimals if limits is not None else 0)
    return policy.approvals_at(exchange, {request.brings.symbol: amount})
