"""Bitcoin's road: PSBTs, coins, and a watch-only wallet that sees what competes for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from warifu.chains.bitcoin.finalize import finalize, signed_transaction, with_signatures
from warifu.chains.bitcoin.psbt import Psbt, parse_psbt
from warifu.chains.bitcoin.transaction import display_hash, parse_transaction
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place
from warifu.errors import BroadcastRejected, InputRefused
from warifu.protocol.chains import BITCOIN
from warifu.service.mistakes import survived
from warifu.service.roads.road import (
    Assembled,
    Delivery,
    Displaced,
    InBlock,
    Understood,
    Waiting,
    Whereabouts,
)
from warifu.service.store.rows import StoredTransfer
from warifu.service.wallets import Wallets

_ACCEPTED = {
    Broadcast.ACCEPTED: "accepted into the mempool",
    Broadcast.ALREADY_KNOWN: "has it already",
    Broadcast.SENT: "peers took it",
}


class BitcoinRoad:
    """The ``Road`` of Bitcoin."""

    chain = BITCOIN

    def __init__(self, wallets: Wallets, settle_depth: int) -> None:
        """``settle_depth``: confirmations after which a reorganisation is not expected any more."""
        self._wallets = wallets
        self._settle_depth = settle_depth
        self._height = 0

    def understand(self, wallet: str, unsigned: bytes) -> Understood:
        """A PSBT is of one transaction, whose txid is known before it is signed."""
        del wallet
        txid = _psbt(unsigned).transaction.txid
        return Understood(txid, display_hash(txid), None, sends=True)

    def assemble(self, wallet: str, unsigned: bytes, signatures: Sequence[bytes]) -> Assembled:
        """Raises ``TransactionRefused`` (``signature``), or ``InputRefused`` where they make another transaction."""
        del wallet
        psbt = _psbt(unsigned)
        transaction = signed_transaction(psbt, signatures)
        if transaction.txid != psbt.transaction.txid:
            raise InputRefused("result", "the signatures make another transaction")
        finalized = finalize(with_signatures(psbt, signatures)).serialize()
        return Assembled(transaction.serialize(), display_hash(transaction.txid), finalized)

    def hold(self, wallet: str, unsigned: bytes) -> None:
        """Its coins."""
        self._wallets.reserve(wallet, _psbt(unsigned))

    def release(self, wallet: str, unsigned: bytes) -> None:
        """Its coins."""
        self._wallets.release(wallet, _psbt(unsigned))

    def broadcast(self, wallet: str, raw: bytes) -> Delivery:
        """Send, and let the wallet see it as spent from now on."""
        try:
            outcome = self._wallets.backend.broadcast(raw)
            delivery = Delivery(
                outcome.backend, _ACCEPTED[outcome.result], blind=outcome.result is Broadcast.SENT
            )
        except BroadcastRejected as error:
            if error.reason != "other-witness":  # that one is under way under the same id: follow it
                raise _may_be_kept(error) from None
            delivery = Delivery("the network", "known, under other signatures")
        self._wallets.open(wallet).apply_broadcast(raw)
        return delivery

    def refresh(self, wallets: Collection[str]) -> None:
        """Synchronise them. One that cannot be is left as it was last seen."""
        for wallet in wallets:
            with survived():
                self._wallets.synced(wallet)
        self._height = self._wallets.backend.tip().height

    def whereabouts(self, transfer: StoredTransfer) -> Whereabouts:
        """Where the backends see it, and whether something else spent its coins."""
        assert transfer.raw is not None, "only what is signed is followed"
        transaction = parse_transaction(transfer.raw)
        status = self._wallets.backend.status(transaction.txid)
        if status.place is Place.CONFIRMED:
            assert status.block is not None, "a confirmed transaction has its block"
            confirmations = self._confirmations(status.block.height)
            return InBlock(status.block.height, confirmations, confirmations >= self._settle_depth)
        winner = self._wallets.conflict(transfer.wallet, transaction)
        if winner is not None:
            txid, height = winner
            return Displaced(display_hash(txid), self._confirmations(height) >= self._settle_depth)
        return Waiting(known=status.place is not Place.UNKNOWN)

    def _confirmations(self, height: int) -> int:
        return max(1, self._height - height + 1)


def _may_be_kept(error: BroadcastRejected) -> BroadcastRejected:
    """A second payment with other coins would not exclude this one."""
    return BroadcastRejected(
        error.reason,
        error.message,
        not_done=error.not_done,
        remedy=f"{error.remedy} A node may have kept it, and its coins are held: before you pay again by another "
        "transaction, take its place with 'warifu bump'.".strip(),
        blame=error.blame,
        retry_after=error.retry_after,
    )


def _psbt(unsigned: bytes) -> Psbt:
    return parse_psbt(unsigned, keep_unknown=True)
