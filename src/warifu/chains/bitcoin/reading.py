"""A Bitcoin payment in the words that are the same for every chain."""

from __future__ import annotations

from warifu.chains.bitcoin.payment import Payment
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme, ToSign

CHAIN = "bitcoin"


def reading_of(payment: Payment) -> Reading:
    """What ``payment`` takes from the wallet. It excludes whatever spends one of its coins."""
    return Reading(
        chain=CHAIN,
        scheme=Scheme.BIP340,
        name=payment.txid,
        outflows=tuple(
            Outflow(Kind.PAYMENT, COIN, output.amount, output.address)
            for output in payment.outputs
            if output.key is None
        ),
        fee=payment.fee,
        to_sign=tuple(ToSign(coin.sighash, (coin.key.branch, coin.key.index)) for coin in payment.inputs),
        excludes=tuple(
            coin.outpoint.txid + coin.outpoint.vout.to_bytes(4, "little") for coin in payment.inputs
        ),
    )
