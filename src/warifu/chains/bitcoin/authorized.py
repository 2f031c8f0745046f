"""Is this payment the one that the owner authorized? The check that a swapped output does not survive.

Outputs are compared as scripts and amounts, as a multiset: each authorized recipient is paid exactly once and exactly
its amount. Whatever else there is must be change to the wallet's own change branch, at most one output of it. The
txid comes last: any difference changes it, and the reasons before it say which difference it was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from warifu.chains.bitcoin.address import address_for, script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import PaidOutput, Payment
from warifu.chains.bitcoin.transaction import display_hash
from warifu.errors import InputRefused, TransactionRefused
from warifu.units import Satoshi

MAX_CHANGE_OUTPUTS = 1
"""A wallet needs one; a hostile service could shred the coins into dust-sized change that is dear to spend."""


@dataclass(frozen=True)
class AuthorizedTransfer:
    """What the owner saw and signed: addresses with exact amounts, the most that may go in fees, and the one txid.

    ``txid``: 32 bytes in hash order. Raises ``InputRefused`` (``recipients``) without any recipient.
    """

    recipients: tuple[tuple[str, Satoshi], ...]
    fee_ceiling: Satoshi
    txid: bytes
    network: Network

    def __post_init__(self) -> None:
        if not self.recipients:
            raise InputRefused("recipients", "a transfer has at least one recipient")


def check_payment(payment: Payment, authorized: AuthorizedTransfer) -> None:
    """Return only if ``payment`` is exactly what was authorized.

    Raises ``TransactionRefused``: ``wrong-network``, ``fee-over-ceiling``, ``wrong-amount``, ``swapped-output``,
    ``missing-output``, ``extra-output``, ``extra-change``, ``other-transaction``; ``InputRefused`` (``address``,
    ``wrong-network``) for an authorized address that is none of this network.
    """
    if payment.network is not authorized.network:
        raise TransactionRefused(
            "wrong-network",
            f"the wallet is of {payment.network.value}, the request of {authorized.network.value}",
        )
    if payment.fee > authorized.fee_ceiling:
        raise TransactionRefused(
            "fee-over-ceiling",
            f"the fee of {payment.fee} sat is over the authorized {authorized.fee_ceiling} sat",
            remedy="Authorize a higher fee ceiling, or make the transaction with a lower fee rate.",
        )
    _check_outputs(payment, authorized)
    if payment.txid != authorized.txid:
        raise TransactionRefused(
            "other-transaction",
            f"this is transaction {display_hash(payment.txid)}; "
            f"authorized is {display_hash(authorized.txid)}",
        )


def _check_outputs(payment: Payment, authorized: AuthorizedTransfer) -> None:
    missing = Counter(
        (script_for(address, authorized.network), amount) for address, amount in authorized.recipients
    )
    rest: list[PaidOutput] = []
    for output in payment.outputs:
        if missing[output.script, output.amount] > 0:
            missing[output.script, output.amount] -= 1
        else:
            rest.append(output)
    unpaid = list(missing.elements())
    strangers = [output for output in rest if not output.is_change]
    if unpaid:
        raise _unpaid(unpaid, rest, strangers, payment.network)
    if strangers:
        raise TransactionRefused(
            "extra-output",
            f"{strangers[0].amount} sat go to {strangers[0].address}, which was not authorized",
        )
    if len(rest) > MAX_CHANGE_OUTPUTS:
        raise TransactionRefused(
            "extra-change", f"the change comes back in {len(rest)} outputs instead of one"
        )


def _unpaid(
    unpaid: list[tuple[bytes, Satoshi]],
    rest: list[PaidOutput],
    strangers: list[PaidOutput],
    network: Network,
) -> TransactionRefused:
    """Names the difference in the words of what the owner wanted."""
    script, amount = unpaid[0]
    for output in rest:
        if output.script == script:
            return TransactionRefused(
                "wrong-amount", f"{output.address} gets {output.amount} sat instead of {amount} sat"
            )
    address = address_for(script, network)
    if strangers:
        return TransactionRefused(
            "swapped-output",
            f"{strangers[0].amount} sat go to {strangers[0].address} instead of {amount} sat to {address}",
        )
    return TransactionRefused("missing-output", f"{address} does not get its {amount} sat")
