"""The judge of what is asked of an exchange: may this call be made with the wallet's credentials there?

An exchange decides by the call alone, and a signer that makes one cannot take it back. So everything is named: the
exchange, the method and the path, the pair that is traded, for each asset how much one order and a window may come to,
and where funds go. Default deny, as for what is signed on a chain: what has no rule, or cannot be counted, is refused.

A withdrawal goes home, or to an address that the policy names on its chain. That a policy lets any address be paid on a
chain is not enough: an exchange pays out at once, and nobody can take it back.

Hours, freezing and how many owners must approve are judged for calls as for transactions; a question takes one owner.
What else it takes where a signature leaves something open to its carrier is in ``signer.exchanges.judging``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warifu.protocol.chains import spoken
from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Policy
from warifu.signer.policy.facts import Amounts, Rule, Verdict
from warifu.signer.policy.judge import at_this_moment
from warifu.signer.policy.words import duration
from warifu.units import format_quantity


@dataclass(frozen=True)
class Destination:
    """Where a call lets funds go."""

    chain: str | None
    """As the exchange's adapter knows it by asset and network; None where it does not."""
    address: str
    """On that chain; empty where it is ``inside``."""
    inside: str = ""
    """The exchange's own account, a bank, another user: by its kind and name."""
    memo: bool = False
    """Whether words go along that can make it somebody else's."""


@dataclass(frozen=True)
class ExchangeCall:
    """One call, as an exchange's adapter understood it. It must be the call that is made, byte for byte."""

    exchange: str
    method: str
    """``GET``, ``POST``, ..."""
    path: str
    """Without the query, in the form in which it is sent: no escapes, no empty parts."""
    pair: str | None
    """What is traded for what; None where nothing is traded."""
    amounts: Amounts
    """The most that the call can give away of each asset, by the exchange's symbol, in its smallest unit: what an order
    sells, what a transfer moves. Empty for what only asks."""
    destination: Destination | None = None
    """None where nothing leaves the account there."""
    reads: bool = False
    """Whether it only reads, whoever carries it."""


@dataclass(frozen=True)
class ExchangeFacts:
    """What this signer knows beside it."""

    now: int
    spent: Mapping[int, Amounts]
    """What such calls came to at this exchange in the last so many hours, for each of ``WINDOWS``."""
    own: bool = False
    """Whether the destination's address is the wallet's own on that chain: derived by this signer itself, believed from
    nobody."""
    approvals: int = 0
    """Distinct owners' credentials that approved this very request."""


def judge_call(policy: Policy, call: ExchangeCall, facts: ExchangeFacts) -> Verdict:
    """What each rule says of making this call. Pure."""
    return Verdict(tuple(_judged(policy, call, facts)))


def _judged(policy: Policy, call: ExchangeCall, facts: ExchangeFacts) -> Iterator[Rule]:
    yield from at_this_moment(policy, facts.now)
    rules = policy.rules_at(call.exchange)
    yield at_exchange(call.exchange, rules)
    if rules is None:
        return
    yield endpoint(rules, call)
    yield _pair(rules, call)
    if call.destination is not None:
        yield from goes_to(policy, rules, call.destination, own=facts.own)
    limited = {limits.symbol: limits for limits in rules.limits}
    for symbol, amount in sorted(call.amounts.items()):
        if symbol in limited:
            yield from _asset(limited[symbol], amount, facts)
        else:
            yield Rule("asset", False, f"{symbol} is not among the assets with limits at {call.exchange}")
    if not call.reads:
        yield approved(policy.approvals_at(call.exchange, call.amounts), facts.approvals)


def approved(needed: int, given: int) -> Rule:
    """Whether as many owners approved as must."""
    return Rule("approvals", given >= needed, f"approved by {given} of the owners; {needed} must")


def at_exchange(name: str, rules: ExchangeRules | None) -> Rule:
    """Whether anything may be asked of it."""
    if rules is None:
        return Rule("exchange", False, f"nothing may be asked of {name}")
    return Rule("exchange", True, f"{name} is an allowed exchange")


def endpoint(rules: ExchangeRules, call: ExchangeCall) -> Rule:
    """Whether this may be."""
    asked = f"{call.method} {call.path}"
    allowed = any(matches(pattern, call.method, call.path) for pattern in rules.endpoints)
    return Rule("endpoint", allowed, f"{asked} {'is' if allowed else 'is not'} among the allowed endpoints")


def matches(pattern: str, method: str, path: str) -> bool:
    """Whether an endpoint of a policy is this one: part by part, ``*`` for exactly one part of plain characters, and
    ``client:*`` for one that begins so."""
    wanted_method, _, wanted = pattern.partition(" ")
    parts, found = wanted.split("/"), path.split("/")
    return (
        method == wanted_method
        and len(parts) == len(found)
        and all(_fits(one, other) for one, other in zip(parts, found, strict=True))
    )


def _fits(pattern: str, part: str) -> bool:
    start, star, _ = pattern.partition("*")
    return part == pattern or (bool(star) and part.startswith(start) and _is_plain(part[len(start) :]))


def _is_plain(part: str) -> bool:
    """Nothing that a server might read as another path: no escapes, no dots alone, nothing empty. No colon either: a
    server that knows ``/orders/client:ID`` reads something else in it than in ``/orders/ID``."""
    return bool(part.strip(".")) and part.isascii() and all(mark.isalnum() or mark in "._~-" for mark in part)


def _pair(rules: ExchangeRules, call: ExchangeCall) -> Rule:
    if call.pair is None:
        return Rule("pair", True, "nothing is traded")
    allowed = call.pair in rules.pairs
    return Rule("pair", allowed, f"{call.pair} {'is' if allowed else 'is not'} among the allowed pairs")


def goes_to(policy: Policy, rules: ExchangeRules, to: Destination, *, own: bool) -> Iterator[Rule]:
    """Whether funds may leave to there. ``own``: its address is the wallet's."""
    if to.inside:
        known = to.inside in rules.inside and not to.address
        words = f"{to.inside} {'is' if known else 'is not'} among the places at {rules.exchange}"
        yield Rule("destination", known, words)
        return
    if to.chain is None:
        yield Rule("destination", False, "it is not known on what chain this would arrive")
        return
    if to.memo:
        yield Rule("destination", False, "a memo can make an address somebody else's, and no rule names one")
    where = f"{to.address} on {spoken(to.chain)}"
    if own:
        yield Rule("destination", True, f"{where} is the wallet's own")
        return
    on_chain = policy.rules(to.chain)
    if on_chain is not None and to.address in on_chain.denied:
        yield Rule("destination-denied", False, f"{to.address} is denied")
    named = on_chain is not None and to.address in on_chain.destinations
    words = "is an allowed destination" if named else "is neither the wallet's own nor an allowed destination"
    words = f"{where} {words}"
    yield Rule("destination", named, words)


def _asset(limits: ExchangeLimits, amount: int, facts: ExchangeFacts) -> Iterator[Rule]:
    yield _limit(limits, "order-limit", "leave by this call", amount, limits.per_order)
    for window in limits.windows:
        span = duration(window.hours * 3600)
        spent = facts.spent.get(window.hours)
        if spent is None:
            yield Rule("window-limit", False, f"it is not known what such calls came to in {span}")
            continue
        total = spent.get(limits.symbol, 0) + amount
        yield _limit(limits, "window-limit", f"would have left in {span}", total, window.amount)


def _limit(limits: ExchangeLimits, reason: str, what: str, amount: int, limit: str) -> Rule:
    said, most = (format_quantity(value, limits.decimals, limits.symbol) for value in (amount, int(limit)))
    return Rule(reason, 0 <= amount <= int(limit), f"{said} {what}; the limit is {most}")
