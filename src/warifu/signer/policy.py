"""The judge: may this leave the wallet? Pure, the same in every signer, and the same for every chain.

Default deny: what no rule allows is refused. Every rule is looked at and said in words, so that a dry run explains
the whole decision. The reasons are stable: ``chain``, ``asset``, ``per-transaction-limit``, ``daily-limit``,
``fee-ceiling``, ``destination``, ``contract``, ``message``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warifu.chains.reading import COIN, Kind, Outflow, Reading
from warifu.errors import PolicyDenied
from warifu.protocol.chains import spoken
from warifu.protocol.policy import AssetLimits, ChainRules, Policy
from warifu.units import format_quantity

DAY = 24 * 3600
"""The window of the daily limit, in seconds: any 24 hours, not a calendar's day."""

Amounts = Mapping[str, int]
"""By token (``COIN`` for the chain's own coin), in the asset's smallest unit."""


@dataclass(frozen=True)
class Rule:
    """One rule with its outcome, in words."""

    reason: str
    allowed: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """What all rules say."""

    rules: tuple[Rule, ...]

    @property
    def refusal(self) -> PolicyDenied | None:
        """The first rule that says no, as an error; None where all say yes."""
        for rule in self.rules:
            if not rule.allowed:
                return PolicyDenied(
                    rule.reason,
                    f"the wallet's policy does not allow this: {rule.words}",
                    remedy="Ask within the policy. The policy itself is fixed when the wallet is made.",
                )
        return None


def leaves(reading: Reading) -> dict[str, int]:
    """What leaves the wallet of each asset, or may from now on: outflows, and the fee in the chain's own coin."""
    leaving = Counter({COIN: reading.fee})
    for outflow in reading.outflows:
        leaving[outflow.token] += outflow.amount
    return {token: amount for token, amount in leaving.items() if amount}


def judge(policy: Policy, reading: Reading, counted: Amounts, spent: Amounts) -> Verdict:
    """``counted``: by how much this adds to the day (less than ``leaves`` where it replaces what was counted
    already). ``spent``: what was counted in the last 24 hours without it."""
    rules = policy.rules(reading.chain)
    if rules is None:
        return Verdict((Rule("chain", False, f"nothing may leave on {spoken(reading.chain)}"),))
    return Verdict(tuple(_judged(rules, reading, counted, spent)))


def _judged(rules: ChainRules, reading: Reading, counted: Amounts, spent: Amounts) -> Iterator[Rule]:
    known = {limits.token: limits for limits in rules.assets}
    # Also tokens of which nothing leaves: what runs is the code at a token's address, whatever that is.
    touched = {outflow.token: 0 for outflow in reading.outflows if outflow.token != COIN}
    for token, amount in sorted((touched | leaves(reading)).items()):
        limits = known.get(token)
        if limits is None:
            yield Rule("asset", False, f"the token {token} is not among the allowed assets")
            continue
        yield _limit(
            limits, "per-transaction-limit", "leave the wallet by this", amount, limits.per_transaction
        )
        day = spent.get(token, 0) + counted.get(token, 0)
        yield _limit(limits, "daily-limit", "would have left it in 24 hours", day, limits.per_day)
    yield _limit(rules.assets[0], "fee-ceiling", "may go in fees", reading.fee, rules.fee_ceiling)
    yield from (_outflow(rules, outflow) for outflow in reading.outflows)
    if not reading.outflows:
        yield Rule("destination", True, "nothing goes to others")


def _limit(limits: AssetLimits, reason: str, what: str, amount: int, limit: str) -> Rule:
    def said(value: int) -> str:
        return format_quantity(value, limits.decimals, limits.symbol)

    return Rule(reason, amount <= int(limit), f"{said(amount)} {what}; the limit is {said(int(limit))}")


def _outflow(rules: ChainRules, outflow: Outflow) -> Rule:
    if outflow.kind is Kind.MESSAGE and not (rules.messages and _is_for_contract(outflow)):
        words = "messages may be signed" if rules.messages else "no messages may be signed"
        return Rule("message", rules.messages, words)
    if outflow.kind in (Kind.CALL, Kind.MESSAGE):
        allowed = outflow.to in rules.contracts
        words = "is an allowed contract" if allowed else "is not among the contracts that may be called"
        return Rule("contract", allowed, f"{outflow.to} {words}")
    if rules.any_destination:
        return Rule("destination", True, "every destination is allowed")
    allowed = outflow.to in rules.destinations
    words = "is an allowed destination" if allowed else "is not among the allowed destinations"
    return Rule("destination", allowed, f"{outflow.to} {words}")


def _is_for_contract(message: Outflow) -> bool:
    """Whether a contract takes the message, and may do by it whatever it does by calls: sell tokens that it was allowed
    to take, carry out a transaction of a Safe. No domain that asks for a message begins like an address."""
    return message.to.startswith("0x")
