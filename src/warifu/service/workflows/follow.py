"""Follows what was sent until it is deep enough: confirmed, taken out again by a reorganisation, replaced, forgotten.

Not a workflow but a loop over the store: where a transfer stands is in its row, and each round compares it with the
chain. A service that was down for a month needs no replay, and a transaction that waits for a month leaves no trail of
checkpoints.
"""

from __future__ import annotations

import contextlib
import threading
import time

from warifu.chains.bitcoin.transaction import display_hash, parse_transaction
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place, TxStatus
from warifu.errors import BroadcastRejected, ChainUnavailable, WarifuError
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.store import transfers as store
from warifu.service.store.database import Database
from warifu.service.store.transfers import StoredTransfer
from warifu.service.wallets import Wallets
from warifu.service.workflows.transfer import Transfers


class Follower:
    """One thread."""

    def __init__(
        self, database: Database, wallets: Wallets, transfers: Transfers, bell: Bell, config: ServiceConfig
    ) -> None:
        self._database = database
        self._wallets = wallets
        self._transfers = transfers
        self._bell = bell
        self._config = config
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin with a round."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is running."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.is_set():
            # An unreachable backend or a full disk now is one to try again in the next round.
            with contextlib.suppress(WarifuError):
                self.round()
                if time.monotonic() - began > self._config.session_seconds:
                    self._transfers.end_orphans()
            self._stop.wait(self._config.poll_seconds)

    def round(self) -> None:
        """Compare every transfer that is under way with the chain, once."""
        unsent = store.list_transfers(self._database, states=("signed",))
        followed = store.unsettled_transfers(self._database)
        for wallet in {transfer.wallet for transfer in (*unsent, *followed)}:
            with contextlib.suppress(ChainUnavailable):
                self._wallets.synced(wallet)
        if followed:
            height = self._wallets.backend.tip().height
            for transfer in followed:
                with contextlib.suppress(ChainUnavailable):
                    self._follow(transfer, height)
        # Last, as it may spend from one of those, which a restarted node has only now got back.
        for transfer in unsent:
            self._transfers.send(transfer.id)

    def _follow(self, transfer: StoredTransfer, height: int) -> None:
        assert transfer.raw is not None, "only what is signed is followed"
        transaction = parse_transaction(transfer.raw)
        status = self._wallets.backend.status(transaction.txid)
        if status.place is Place.CONFIRMED:
            self._confirmed(transfer, status, height)
            return
        winner = self._wallets.conflict(transfer.wallet, transaction)
        if winner is not None:
            self._replaced(transfer, *winner, height)
        else:
            self._unconfirmed(transfer, status)

    def _confirmed(self, transfer: StoredTransfer, status: TxStatus, height: int) -> None:
        assert status.block is not None, "a confirmed transaction has its block"
        confirmations = max(1, height - status.block.height + 1)
        if (transfer.confirmations, transfer.height) == (confirmations, status.block.height):
            return
        plural = "" if confirmations == 1 else "s"
        store.mark_depth(
            self._database,
            transfer.id,
            status.block.height,
            confirmations,
            settled=confirmations >= self._config.settle_depth,
            text=f"{confirmations} confirmation{plural}, in block {status.block.height}",
        )
        self._bell.ring()

    def _replaced(self, transfer: StoredTransfer, winner: bytes, since: int, height: int) -> None:
        settled = height - since + 1 >= self._config.settle_depth
        if (transfer.state, transfer.settled) == ("replaced", settled):
            return
        store.mark_replaced(self._database, transfer.id, display_hash(winner), settled=settled)
        self._bell.ring()

    def _unconfirmed(self, transfer: StoredTransfer, status: TxStatus) -> None:
        if transfer.state != "broadcast":
            store.mark_depth(
                self._database,
                transfer.id,
                None,
                0,
                settled=False,
                text="unconfirmed again: a reorganisation of the chain took a block out",
            )
            self._bell.ring()
        due = status.place is Place.UNKNOWN and self._transfers.offers.due(transfer.id, time.monotonic())
        if due and not self._is_bumped(transfer):
            self._send_again(transfer)

    def _is_bumped(self, transfer: StoredTransfer) -> bool:
        """Whether the owner replaced it: then nodes are right to have dropped it."""
        return any(
            other.replaces == transfer.id and other.raw is not None
            for other in store.list_transfers(self._database, wallet=transfer.wallet)
        )

    def _send_again(self, transfer: StoredTransfer) -> None:
        """Nodes forget what waits too long, and a restarted one what it never wrote down."""
        assert transfer.raw is not None, "only what is signed is followed"
        try:
            outcome = self._wallets.backend.broadcast(transfer.raw)
            if outcome.result is Broadcast.SENT:
                self._transfers.offers.made(transfer.id, time.monotonic())
        except BroadcastRejected as error:
            store.note_transfer(
                self._database,
                transfer.id,
                6,
                f"not in the mempool: {error.message}",
                once=f"dropped-{error.reason}",
            )
            self._bell.ring()
