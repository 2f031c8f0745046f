"""Drafts: unsigned PSBTs that pay, sweep, replace (BIP-125) or pull along (child pays for parent).

Coin selection and change are BDK's. Every draft signals replaceability, and its lock time is the wallet's height, so
that a miner gains nothing by mining it into an earlier block (fee sniping). A draft moves nothing: it is read again by
the owner's client and by every signer.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bdkpython as bdk

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.descriptor import Branch
from warifu.chains.bitcoin.transaction import OutPoint, Transaction
from warifu.chains.bitcoin_network.changes import bdk_outpoint
from warifu.chains.bitcoin_network.fees import MINIMUM_RELAY, FeeRate
from warifu.chains.bitcoin_network.wallet import Coin, DescriptorWallet, outpoint_of
from warifu.errors import InputRefused
from warifu.units import Satoshi, satoshi

MAX_RECIPIENTS = 400
SIGNATURE_WEIGHT = 66
"""Weight that a key-path signature adds to an input: item count, length, 64 bytes (BIP-341)."""


@dataclass(frozen=True)
class Recipient:
    """An address of the wallet's network, and satoshi."""

    address: str
    amount: Satoshi


@dataclass(frozen=True)
class Draft:
    """A PSBT's bytes (BIP-174) and what it will cost. ``vsize`` is that of the signed transaction."""

    psbt: bytes
    txid: bytes
    fee: Satoshi
    vsize: int

    def to_base64(self) -> str:
        """The form that Sparrow and Bitcoin Core read."""
        return base64.b64encode(self.psbt).decode("ascii")


def draft_payment(
    wallet: DescriptorWallet,
    recipients: Sequence[Recipient],
    fee_rate: FeeRate,
    coins: Sequence[OutPoint] = (),
) -> Draft:
    """Pay ``recipients``; from exactly ``coins`` if any are named, else from what BDK selects.

    Raises ``InputRefused``: ``recipients``, ``address``, ``wrong-network``, ``insufficient-funds``, ``dust``,
    ``unknown-coin``, ``draft``.
    """
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise InputRefused("recipients", f"a payment has from 1 to {MAX_RECIPIENTS} recipients")
    amounts = [
        bdk.ScriptAmount(
            script=bdk.Script(script_for(item.address, wallet.network)),
            amount=bdk.Amount.from_sat(item.amount),
        )
        for item in recipients
    ]
    builder = _with_coins(wallet, bdk.TxBuilder().set_recipients(amounts), coins)
    return _finish(wallet, builder.fee_rate(_bdk_rate(fee_rate)).finish)


def draft_sweep(
    wallet: DescriptorWallet, address: str, fee_rate: FeeRate, coins: Sequence[OutPoint] = ()
) -> Draft:
    """Send everything spendable (or all of ``coins``) to ``address``, without change. Raises as ``draft_payment``."""
    builder = bdk.TxBuilder().drain_to(bdk.Script(script_for(address, wallet.network)))
    builder = _with_coins(wallet, builder if coins else builder.drain_wallet(), coins)
    return _finish(wallet, builder.fee_rate(_bdk_rate(fee_rate)).finish)


def draft_bump(wallet: DescriptorWallet, txid: bytes, fee_rate: FeeRate) -> Draft:
    """The same payment at a higher rate: spends every coin of the old one, pays the same recipients, takes the
    difference from the change, and adds coins where that is not enough.

    Raises ``InputRefused``: ``not-replaceable`` (unknown, confirmed, or not signalling), ``fee-rate`` (not higher),
    ``insufficient-funds`` (a sweep has no change to take from: use ``draft_child``).
    """
    old = wallet.transaction(txid)
    if old is None or old.confirmed_in is not None:
        raise InputRefused(
            "not-replaceable", "only an unconfirmed transaction of this wallet can be replaced"
        )
    builder = bdk.BumpFeeTxBuilder(bdk.Txid.from_bytes(txid), _bdk_rate(fee_rate))
    return _finish(wallet, builder.finish)


def draft_again(wallet: DescriptorWallet, refused: Transaction, fee_rate: FeeRate) -> Draft:
    """As ``draft_bump`` for a transaction of ours that the network refused, which this wallet therefore does not count.

    A node may have kept it. So the new one spends every coin of it, reserved or not, and only one of the two can
    confirm; and it costs so much more that also a node which has the old one takes it. Raises ``InputRefused``:
    ``not-replaceable`` (a coin of it is spent), ``fee-rate`` (not higher), ``insufficient-funds``, ``dust``.
    """
    coins = {coin.outpoint: coin for coin in wallet.coins()}
    spent = [item.outpoint for item in refused.inputs]
    if not coins.keys() >= set(spent):
        raise InputRefused(
            "not-replaceable",
            "a coin of it is spent by another transaction, which takes its place",
            remedy="If it is to replace a transaction that is on its way, bump that one.",
        )
    with wallet.changing() as inner:
        paid = [
            bdk.ScriptAmount(script=script, amount=bdk.Amount.from_sat(item.amount))
            for item in refused.outputs
            if not inner.is_mine(script := bdk.Script(item.script))
        ]
    untrusted = [coin.outpoint for coin in coins.values() if _is_untrusted(coin)]
    builder = bdk.TxBuilder().set_recipients(paid) if paid else _to_change(wallet)
    builder = builder.add_utxos([bdk_outpoint(coin.txid, coin.vout) for coin in spent])
    builder = builder.unspendable(
        [bdk_outpoint(each.txid, each.vout) for each in untrusted if each not in spent]
    )
    built = _finish(wallet, builder.fee_rate(_bdk_rate(fee_rate)).finish)
    fee = sum(coins[coin].amount for coin in spent) - sum(item.amount for item in refused.outputs)
    if built.fee < fee + MINIMUM_RELAY.fee(built.vsize):
        raise InputRefused(
            "fee-rate", f"it pays {fee} satoshi already, and for its relay a new one pays more"
        )
    return built


def draft_child(wallet: DescriptorWallet, txid: bytes, fee_rate: FeeRate) -> Draft:
    """Child pays for parent: spend our outputs of an unconfirmed transaction to our own change, with a fee that lifts
    parent and child together to ``fee_rate``.

    Raises ``InputRefused``: ``no-child`` (unknown, confirmed, or without an output of ours), ``fee-unknown``,
    ``fee-rate`` (the parent alone pays as much already), ``insufficient-funds``.
    """
    parent = wallet.transaction(txid)
    ours = [coin.outpoint for coin in wallet.coins() if coin.outpoint.txid == txid]
    if parent is None or parent.confirmed_in is not None or not ours:
        raise InputRefused(
            "no-child", "only an unconfirmed transaction with an unspent output of ours can be helped"
        )
    if parent.fee is None:
        raise InputRefused(
            "fee-unknown", "what the parent pays is not known, so nobody can tell what its child must"
        )
    if parent.fee >= fee_rate.fee(parent.vsize):
        raise InputRefused("fee-rate", f"the transaction pays {fee_rate} already")
    trial = _child(wallet, ours, MINIMUM_RELAY.fee(200))
    missing = fee_rate.fee(parent.vsize + trial.vsize) - parent.fee
    return _child(wallet, ours, max(missing, MINIMUM_RELAY.fee(trial.vsize)))


def _child(wallet: DescriptorWallet, coins: Sequence[OutPoint], fee: int) -> Draft:
    builder = _with_coins(wallet, _to_change(wallet), coins)
    return _finish(wallet, builder.fee_absolute(bdk.Amount.from_sat(fee)).finish)


def _to_change(wallet: DescriptorWallet) -> bdk.TxBuilder:
    with wallet.changing() as inner:
        own = inner.next_unused_address(bdk.KeychainKind.INTERNAL)
    return bdk.TxBuilder().drain_to(own.address.script_pubkey())


def _with_coins(wallet: DescriptorWallet, builder: bdk.TxBuilder, coins: Sequence[OutPoint]) -> bdk.TxBuilder:
    """Exactly ``coins``, or all but strangers' unconfirmed payments: their senders can take those back."""
    if not coins:
        untrusted = [coin.outpoint for coin in wallet.coins() if _is_untrusted(coin)]
        return builder.unspendable([bdk_outpoint(coin.txid, coin.vout) for coin in untrusted])
    if len(set(coins)) != len(coins):
        raise InputRefused("unknown-coin", "a coin was named twice")
    free = {coin.outpoint for coin in wallet.coins() if not coin.reserved}
    for coin in coins:
        if coin not in free:
            raise InputRefused("unknown-coin", f"{coin} is no unspent, unreserved coin of this wallet")
    named = [bdk_outpoint(coin.txid, coin.vout) for coin in coins]
    return builder.add_utxos(named).manually_selected_only()


def _finish(wallet: DescriptorWallet, finish: Callable[[bdk.Wallet], bdk.Psbt]) -> Draft:
    with _refusals(), wallet.changing() as inner:
        psbt = finish(inner)
    unsigned = psbt.extract_tx_unchecked_fee_rate()
    # Marker and flag of a transaction with witness weigh two more, once.
    weight = unsigned.weight() + 2 + SIGNATURE_WEIGHT * len(unsigned.input())
    return Draft(
        psbt=base64.b64decode(psbt.serialize()),
        txid=bytes(unsigned.compute_txid().serialize()),
        fee=satoshi(psbt.fee()),
        vsize=(weight + 3) // 4,
    )


_REASONS = {
    "InsufficientFunds": "insufficient-funds",
    "NoUtxosSelected": "insufficient-funds",
    "CoinSelection": "insufficient-funds",
    "OutputBelowDustLimit": "dust",
    "FeeRateTooLow": "fee-rate",
    "FeeTooLow": "fee-rate",
    "UnknownUtxo": "unknown-coin",
}
_MESSAGES = {
    "insufficient-funds": "the coins that can be spent now are not enough",
    "dust": "an amount is so small that nodes do not relay it",
    "fee-rate": "the fee is lower than that of the transaction to replace, or than nodes relay",
    "unknown-coin": "a named coin is not of this wallet",
}
_REMEDIES = {
    "insufficient-funds": "Coins of a transfer under way and strangers' unconfirmed payments do not count; a sweep "
    "has no change to raise its fee from, but a child can pay for it.",
}


@contextmanager
def _refusals() -> Iterator[None]:
    """BDK's reasons as ours."""
    try:
        yield
    except bdk.CreateTxError as error:
        kind = type(error).__name__
        reason = _REASONS.get(kind, "draft")
        message = f"{_MESSAGES.get(reason, 'no transaction can be built')} ({kind} {error})".replace(
            " )", ")"
        )
        raise InputRefused(reason, message, remedy=_REMEDIES.get(reason, "")) from None


def _bdk_rate(fee_rate: FeeRate) -> bdk.FeeRate:
    return bdk.FeeRate.from_sat_per_kwu(fee_rate.sat_per_kwu)


def spent_coins(wallet: DescriptorWallet, draft: Draft) -> list[OutPoint]:
    """What ``draft`` spends, to reserve while its transfer is under way."""
    psbt = bdk.Psbt(draft.to_base64())
    spent = {outpoint_of(item.previous_output) for item in psbt.extract_tx_unchecked_fee_rate().input()}
    return [coin.outpoint for coin in wallet.coins() if coin.outpoint in spent]


def _is_untrusted(coin: Coin) -> bool:
    """Whether somebody else could still take the coin back by spending its origin differently."""
    return coin.height is None and coin.path.branch is Branch.RECEIVE
