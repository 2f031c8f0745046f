"""The judge of visits: may so much of an asset be at an exchange for so long, and may what is left go home?

A visit is bounded by the policy twice: in amount, counted over all that is there already, and in time. Its way home
needs no owner and has no limit: it has one destination, the wallet's own address, and that is the whole of what a
hostile service could make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warifu.protocol.policy import Policy
from warifu.signer.policy.exchanges import ExchangeCall, at_exchange, endpoint, goes_to
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
    """What each rule says of opening this visit, or of sending funds to it. Pure."""
    return Verdict(tuple(_stay(policy, stay, facts)))


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
