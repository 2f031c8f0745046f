"""Is the service's draft what this client asked for? Checked also where a script says ``--yes`` and nobody looks.

The service builds the transaction, so it could answer with another one that is just as valid: a dear fee, a "fee bump"
that pays somebody else or a second time, another PSBT than the one in the file.
"""

from __future__ import annotations

from warifu.chains.bitcoin.payment import Payment, read_payment
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.paying import Reading, Recipient, recipients_of
from warifu.cli.wallet_keys import WINDOW
from warifu.errors import PeerMisbehaved

_CHANGE_VBYTES = 110
"""Virtual bytes: what it costs to make change and to spend it. So much may go in fees where there is no change."""
_DUST = 1000
"""Satoshi of change that may go in fees, because nodes do not relay such an output."""


def check_rate(payment: Payment, rate: int) -> None:
    """Return if the fee is what ``rate`` (satoshi per 1000 virtual bytes) makes it; else ``PeerMisbehaved``."""
    most = rate * (payment.vsize + _CHANGE_VBYTES) // 1000 + _DUST
    if payment.fee > most:
        raise otherwise(
            "fee", f"it pays {payment.fee} sat in fees; at the asked rate it is at most {most} sat"
        )


def check_new(replaces: bytes | str | None) -> None:
    """Return if a draft takes the place of no earlier transfer; else ``PeerMisbehaved`` (``not-a-replacement``).

    Of two payments to one recipient only one would happen, and the devices would count both as one.
    """
    if replaces is not None:
        raise otherwise("not-a-replacement", "it would take the place of an earlier transfer")


def check_imported(reading: Reading, file: bytes) -> None:
    """Return if the draft is the transaction of the PSBT in ``file``; else ``PeerMisbehaved`` (``other-transaction``,
    ``not-a-replacement``).

    Raises ``InputRefused`` where ``file`` is no PSBT.
    """
    check_new(reading.replaces)
    if parse_psbt(file, keep_unknown=True).transaction.txid != reading.payment.txid:
        raise otherwise("other-transaction", "it is not the transaction of the file")


def recipients_of_bump(reading: Reading, replaced: bytes, txid: str) -> tuple[Recipient, ...]:
    """Whom a fee bump of the transaction ``txid``, which the owner named, must pay: those whom that one pays.

    ``replaced``: the PSBT of that transaction, as the service tells it; the txid proves it. Raises ``PeerMisbehaved``
    (``other-transaction``, ``not-a-replacement``), or as ``read_payment`` for what is no transaction of the wallet.
    """
    before = read_payment(replaced, reading.keys, WINDOW)
    if display_hash(before.txid) != txid:
        raise otherwise("other-transaction", f"it replaces {display_hash(before.txid)}")
    spent = {coin.outpoint for coin in before.inputs}
    if spent.isdisjoint(coin.outpoint for coin in reading.payment.inputs):
        # Both could confirm. Devices that did not sign the first one cannot tell.
        raise otherwise(
            "not-a-replacement", "it spends none of the same coins, so it would pay a second time"
        )
    return recipients_of(before)


def otherwise(reason: str, what: str) -> PeerMisbehaved:
    """The error for what the service built and this client did not ask for."""
    return PeerMisbehaved(
        reason,
        f"the service built something else than it was asked for: {what}",
        remedy="The service is broken or hostile; the wallet itself is unharmed.",
        blame="service",
    )
