"""Fee bumps: when a new transaction is the same payment again, and what it must pay to replace the old one.

A policy may let a replacement pass without counting its amounts a second time. That is only safe if at most one of
the transactions can ever confirm, so the new one must conflict with *every* transaction signed for the payment so
far: sharing a coin with the latest is not enough, because A and C of a chain A, B, C can be disjoint and pay twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from warifu.chains.bitcoin.payment import Payment
from warifu.chains.bitcoin.transaction import OutPoint
from warifu.errors import TransactionRefused
from warifu.units import Satoshi

INCREMENTAL_RELAY_FEE = 1
"""sat/vB that a replacement pays on top for its own relay (BIP-125 rule 4; Bitcoin Core's long-time default)."""


@dataclass(frozen=True)
class SignedPayment:
    """What a signer keeps of a transaction that it helped to sign, to recognise a replacement later."""

    txid: bytes
    inputs: frozenset[OutPoint]
    paid: tuple[tuple[bytes, Satoshi], ...]
    """(script, amount) of every output but change, sorted."""
    fee: Satoshi
    vsize: int


def remember(payment: Payment) -> SignedPayment:
    """The part of ``payment`` that recognises a replacement."""
    return SignedPayment(
        txid=payment.txid,
        inputs=frozenset(coin.outpoint for coin in payment.inputs),
        paid=tuple(sorted((output.script, output.amount) for output in payment.recipients)),
        fee=payment.fee,
        vsize=payment.vsize,
    )


def is_replacement(old: SignedPayment, new: SignedPayment) -> bool:
    """Whether ``new`` pays the same recipients the same amounts and can never confirm beside ``old``."""
    return new.txid != old.txid and new.paid == old.paid and not old.inputs.isdisjoint(new.inputs)


def check_replacement(signed: Sequence[SignedPayment], new: SignedPayment) -> None:
    """Return only if ``new`` replaces every one of ``signed`` (all that was signed for this payment so far).

    Raises ``TransactionRefused`` (``not-a-replacement``, ``fee-bump``).
    """
    for old in signed:
        if not is_replacement(old, new):
            raise TransactionRefused(
                "not-a-replacement",
                "the new transaction pays something else, or could confirm beside one that is already signed",
                remedy="A fee bump spends at least one coin of each earlier version and pays the same recipients.",
            )
        if new.fee < minimum_replacement_fee(old, new.vsize):
            raise TransactionRefused(
                "fee-bump",
                f"a fee of {new.fee} sat does not replace one of {old.fee} sat; "
                f"at least {minimum_replacement_fee(old, new.vsize)} sat are needed",
            )


def minimum_replacement_fee(
    old: SignedPayment, new_vsize: int, relay_fee: int = INCREMENTAL_RELAY_FEE
) -> Satoshi:
    """Least fee in satoshi with which ``new_vsize`` virtual bytes replace ``old``.

    BIP-125 rule 3 (at least the old fee) and 4 (and the new transaction's own relay at ``relay_fee`` sat/vB), and
    Bitcoin Core's further rule that the fee rate rises. Descendants of ``old`` in the mempool would add their fees.
    """
    absolute = old.fee + relay_fee * new_vsize
    rising = Fraction(old.fee * new_vsize, old.vsize).__floor__() + 1
    return Satoshi(max(absolute, rising))
