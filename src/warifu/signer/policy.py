"""The judge: may this payment leave the wallet? Pure, and the same in every signer.

Default deny: what no rule allows is refused. Every rule is looked at and said in words, so that a dry run explains
the whole decision. The reasons are stable: ``per-transaction-limit``, ``daily-limit``, ``fee-ceiling``,
``destination``.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.payment import Payment
from warifu.errors import PolicyDenied
from warifu.protocol.policy import Policy
from warifu.units import format_bitcoin_amount as bitcoin

DAY = 24 * 3600
"""The window of the daily limit, in seconds: any 24 hours, not a calendar's day."""


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


def leaves(payment: Payment) -> int:
    """Satoshi that leave the wallet: what goes to others, and the fee. What returns, by derivation, does not leave."""
    return sum(output.amount for output in payment.outputs if output.key is None) + payment.fee


def judge(policy: Policy, payment: Payment, counted: int, spent: int) -> Verdict:
    """``counted``: satoshi by which this payment adds to the day (less than ``leaves`` where it replaces a payment
    that was counted already). ``spent``: what was counted in the last 24 hours without it."""
    leaving = leaves(payment)
    return Verdict(
        (
            _limit(
                "per-transaction-limit",
                "leave the wallet by this transaction",
                leaving,
                policy.per_transaction,
            ),
            _limit("daily-limit", "would have left it in 24 hours", spent + counted, policy.per_day),
            _limit("fee-ceiling", "go in fees", payment.fee, policy.fee_ceiling),
            _destinations(policy, payment),
        )
    )


def _limit(reason: str, what: str, amount: int, limit: int) -> Rule:
    return Rule(reason, amount <= limit, f"{bitcoin(amount)} {what}; the limit is {bitcoin(limit)}")


def _destinations(policy: Policy, payment: Payment) -> Rule:
    if policy.any_destination:
        return Rule("destination", True, "every destination is allowed")
    allowed = {script_for(address, payment.network) for address in policy.destinations}
    for output in payment.outputs:
        if output.key is None and output.script not in allowed:
            return Rule("destination", False, f"{output.address} is not among the allowed destinations")
    return Rule("destination", True, "every destination is an allowed one or the wallet's own")
