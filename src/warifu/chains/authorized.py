"""Is this reading the one that the owner authorized? The check that a swapped recipient does not survive.

For chains of accounts, whose readings have nothing that comes back (Bitcoin, with its change, has a check of its own).
Outflows are compared whole, as a multiset: kind, token, amount and recipient. The name comes last: any difference
changes it, and the reasons before it say which difference it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from warifu.chains.reading import COIN, Kind, Outflow, Reading
from warifu.errors import TransactionRefused


def check_authorized(
    reading: Reading, *, chain: str, outflows: Collection[Outflow], fee_ceiling: int, name: bytes
) -> None:
    """Return only if ``reading`` is exactly what was authorized; ``fee_ceiling`` in the coin's smallest unit.

    Raises ``TransactionRefused``: ``wrong-chain``, ``fee-over-ceiling``, ``wrong-kind``, ``wrong-token``,
    ``wrong-amount``, ``swapped-recipient``, ``missing-outflow``, ``extra-outflow``, ``other-transaction``.
    """
    if reading.chain != chain:
        raise TransactionRefused("wrong-chain", f"this is for {reading.chain}, the request for {chain}")
    if reading.fee > fee_ceiling:
        raise TransactionRefused(
            "fee-over-ceiling",
            f"it can cost {reading.fee}, which is over the authorized {fee_ceiling}",
            remedy="Authorize a higher fee ceiling, or have the transaction made with lower fees.",
        )
    _check_outflows(reading.outflows, outflows)
    if reading.name != name:
        raise TransactionRefused(
            "other-transaction", f"this is transaction {reading.name.hex()}; authorized is {name.hex()}"
        )


def _check_outflows(found: Collection[Outflow], wanted: Collection[Outflow]) -> None:
    missing = list((Counter(wanted) - Counter(found)).elements())
    extra = list((Counter(found) - Counter(wanted)).elements())
    if missing and extra:
        raise _difference(missing[0], extra)
    if missing:
        raise TransactionRefused("missing-outflow", f"{_words(missing[0])} is not in it")
    if extra:
        raise TransactionRefused("extra-outflow", f"{_words(extra[0])} was not authorized")


def _difference(wanted: Outflow, extra: list[Outflow]) -> TransactionRefused:
    """Names the difference by the outflow that is most alike."""
    found = max(extra, key=lambda outflow: _alike(outflow, wanted))
    if found.kind is not wanted.kind:
        reason = "wrong-kind"
    elif found.to != wanted.to:
        reason = "swapped-recipient"
    elif found.token != wanted.token:
        reason = "wrong-token"
    else:
        reason = "wrong-amount"
    return TransactionRefused(reason, f"{_words(found)} instead of {_words(wanted)}")


def _alike(one: Outflow, other: Outflow) -> tuple[bool, bool, bool, bool]:
    return one.to == other.to, one.kind is other.kind, one.token == other.token, one.amount == other.amount


def _words(outflow: Outflow) -> str:
    what = f"{outflow.amount} of {'the coin' if outflow.token == COIN else outflow.token}"
    to = outflow.to or "nobody in particular"
    return {
        Kind.PAYMENT: f"a payment of {what} to {to}",
        Kind.APPROVAL: f"an approval of {what} for {to}",
        Kind.CALL: f"a call of {to} with {what}",
        Kind.MESSAGE: f"a signed message for {to}",
    }[outflow.kind]
