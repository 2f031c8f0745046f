"""The judge of what is asked of an exchange: may this call be made with the wallet's credentials there?

An exchange decides by the call alone, and a signer that makes one cannot take it back. So everything is named: the
exchange, the method and the path, the pair that is traded, and for each asset how much one order and a window may come
to. Default deny, as for what is signed on a chain: what has no rule, or cannot be counted, is refused.

Hours and freezing are the wallet's, for calls as for transactions. A call has no approvals of its own: who may trade at
all is what the policy says, which the owners signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Policy
from warifu.signer.policy.facts import Amounts, Rule, Verdict
from warifu.signer.policy.judge import at_this_moment
from warifu.signer.policy.words import duration
from warifu.units import format_quantity


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


@dataclass(frozen=True)
class ExchangeFacts:
    """What this signer knows beside it."""

    now: int
    spent: Mapping[int, Amounts]
    """What such calls came to at this exchange in the last so many hours, for each of ``WINDOWS``."""


def judge_call(policy: Policy, call: ExchangeCall, facts: ExchangeFacts) -> Verdict:
    """What each rule says of making this call. Pure."""
    return Verdict(tuple(_judged(policy, call, facts)))


def _judged(policy: Policy, call: ExchangeCall, facts: ExchangeFacts) -> Iterator[Rule]:
    yield from at_this_moment(policy, facts.now)
    rules = next((rules for rules in policy.exchanges if rules.exchange == call.exchange), None)
    if rules is None:
        yield Rule("exchange", False, f"nothing may be asked of {call.exchange}")
        return
    yield Rule("exchange", True, f"{call.exchange} is an allowed exchange")
    yield _endpoint(rules, call)
    yield _pair(rules, call)
    limited = {limits.symbol: limits for limits in rules.limits}
    for symbol, amount in sorted(call.amounts.items()):
        if symbol in limited:
            yield from _asset(limited[symbol], amount, facts)
        else:
            yield Rule("asset", False, f"{symbol} is not among the assets with limits at {call.exchange}")


def _endpoint(rules: ExchangeRules, call: ExchangeCall) -> Rule:
    asked = f"{call.method} {call.path}"
    allowed = any(matches(pattern, call.method, call.path) for pattern in rules.endpoints)
    return Rule("endpoint", allowed, f"{asked} {'is' if allowed else 'is not'} among the allowed endpoints")


def matches(pattern: str, method: str, path: str) -> bool:
    """Whether an endpoint of a policy is this one: part by part, ``*`` for exactly one part of plain characters."""
    wanted_method, _, wanted = pattern.partition(" ")
    parts, found = wanted.split("/"), path.split("/")
    return (
        method == wanted_method
        and len(parts) == len(found)
        and all(
            one == other or (one == "*" and _is_plain(other)) for one, other in zip(parts, found, strict=True)
        )
    )


def _is_plain(part: str) -> bool:
    """Nothing that a server might read as another path: no escapes, no dots alone, nothing empty."""
    return bool(part.strip(".")) and part.isascii() and all(mark.isalnum() or mark in "._~-" for mark in part)


def _pair(rules: ExchangeRules, call: ExchangeCall) -> Rule:
    if call.pair is None:
        return Rule("pair", True, "nothing is traded")
    allowed = call.pair in rules.pairs
    return Rule("pair", allowed, f"{call.pair} {'is' if allowed else 'is not'} among the allowed pairs")


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
