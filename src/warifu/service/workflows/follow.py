"""Follows what was sent until it is deep enough: confirmed, taken out again by a reorganisation, replaced, forgotten.

Not a workflow but a loop over the store: where a transfer stands is in its row, and each round compares it with the
chain. A service that was down for a month needs no replay, and a transaction that waits for a month leaves no trail of
checkpoints.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from warifu.errors import BroadcastRejected
from warifu.protocol.api import error_body
from warifu.service.bell import Bell
from warifu.service.mistakes import survived
from warifu.service.roads.road import Displaced, Expired, InBlock, Road, Waiting
from warifu.service.store import transfers as store
from warifu.service.store.database import Database
from warifu.service.store.rows import StoredTransfer
from warifu.service.workflows.transfer import Transfers


class Follower:
    """One thread for each chain, so that one that does not answer holds up no other."""

    def __init__(
        self, database: Database, road: Road, transfers: Transfers, bell: Bell, poll_seconds: float
    ) -> None:
        self._database = database
        self._road = road
        self._transfers = transfers
        self._bell = bell
        self._poll_seconds = poll_seconds
        self._told: dict[str, str] = {}
        """By transfer, what was said last that it waits for, as long as it is followed: the store says it once."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follower {road.chain}", daemon=True)

    def start(self) -> None:
        """Begin with a round."""
        self._thread.start()

    def tell_to_stop(self) -> None:
        """End after the round that is running."""
        self._stop.set()

    def stop(self) -> None:
        """As ``tell_to_stop``, and wait for it."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            with survived(self._stop.is_set):
                self.round()
            self._stop.wait(self._poll_seconds)

    def round(self) -> None:
        """Compare every transfer that is under way on this chain with the chain, once."""
        unsent = store.unsent_transfers(self._database, self._road.chain)
        followed = store.unsettled_transfers(self._database, self._road.chain)
        self._told = {item.id: told for item in followed if (told := self._told.get(item.id)) is not None}
        if unsent or followed:
            with survived(self._stop.is_set):
                self._road.refresh({transfer.wallet for transfer in (*unsent, *followed)})
                for transfer in followed:
                    with survived(self._stop.is_set):  # one that cannot be looked at hides no other
                        self._follow(transfer)
        # Last, as it may spend from one of those, which a restarted node has only now got back.
        for transfer in unsent:
            with survived(self._stop.is_set):
                self._transfers.send(transfer.id)

    def _follow(self, transfer: StoredTransfer) -> None:
        found = self._road.whereabouts(transfer)
        refused = transfer.state == "rejected" and transfer.height is None
        match found:
            case Displaced(settled=True) | Expired() if refused:
                self._road.release(transfer.wallet, transfer.unsigned)
                store.settle_rejected(self._database, transfer.id)
                self._bell.ring()
            case Waiting(known=False) | Displaced() if refused:
                pass  # it is not sent again behind the owner's back
            case InBlock(failure=None):
                self._confirmed(transfer, found)
            case InBlock():
                self._failed(transfer, found)
            case Displaced():
                self._displaced(transfer, found)
            case Expired():
                self._expired(transfer, found)
            case Waiting():
                self._waiting(transfer, found)

    def _confirmed(self, transfer: StoredTransfer, found: InBlock) -> None:
        if (transfer.state, *_depth(transfer)) == (
            "confirmed",
            found.confirmations,
            found.height,
            found.settled,
        ):
            return
        plural = "" if found.confirmations == 1 else "s"
        store.mark_depth(
            self._database,
            transfer.id,
            found.height,
            found.confirmations,
            settled=found.settled,
            text=f"{found.confirmations} confirmation{plural}, in block {found.height}",
            fee=found.fee,
        )
        self._bell.ring()

    def _failed(self, transfer: StoredTransfer, found: InBlock) -> None:
        if (transfer.state, *_depth(transfer)) == (
            "rejected",
            found.confirmations,
            found.height,
            found.settled,
        ):
            return
        error = BroadcastRejected(
            "execution-failed",
            f"executed in block {found.height}, and failed: {found.failure}",
            not_done="Nothing moved but the fee.",
            remedy="See what the contract or program wants, then make a new transfer.",
        )
        store.mark_failed(
            self._database,
            transfer.id,
            error_body(error),
            height=found.height,
            confirmations=found.confirmations,
            settled=found.settled,
            fee=found.fee,
        )
        self._bell.ring()

    def _displaced(self, transfer: StoredTransfer, found: Displaced) -> None:
        if (transfer.state, transfer.settled) == ("replaced", found.settled):
            return
        store.mark_replaced(self._database, transfer.id, found.by, settled=found.settled)
        self._bell.ring()

    def _expired(self, transfer: StoredTransfer, found: Expired) -> None:
        error = BroadcastRejected(
            "expired",
            found.why,
            not_done="Nothing moved.",
            remedy="Draft the payment again; it cannot be executed twice.",
        )
        store.mark_failed(self._database, transfer.id, error_body(error), settled=True)
        self._bell.ring()

    def _waiting(self, transfer: StoredTransfer, found: Waiting) -> None:
        if transfer.state != "broadcast":
            text = (
                "the network has it, though a backend refused it"
                if transfer.height is None and transfer.state == "rejected"
                else "unconfirmed again: a reorganisation of the chain took a block out"
            )
            store.mark_depth(self._database, transfer.id, None, 0, settled=False, text=text)
            self._bell.ring()
        if found.why and self._told.get(transfer.id) != found.why:
            self._told[transfer.id] = found.why
            store.note_transfer(self._database, transfer.id, 6, found.why, once=f"waits-{found.why}")
            self._bell.ring()
        due = not found.known and self._transfers.offers.due(transfer.id, time.monotonic())
        if due and not self._is_bumped(transfer):
            self._send_again(transfer)

    def _is_bumped(self, transfer: StoredTransfer) -> bool:
        """Whether the owner replaced it: then nodes are right to have dropped it."""
        return any(
            other.replaces == transfer.id and other.raw is not None and other.state != "rejected"
            for other in store.list_transfers(self._database, wallet=transfer.wallet)
        )

    def _send_again(self, transfer: StoredTransfer) -> None:
        """Nodes forget what waits too long, and a restarted one what it never wrote down."""
        assert transfer.raw is not None, "only what is signed is followed"
        try:
            if self._road.broadcast(transfer.wallet, transfer.raw).blind:
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


class Caretaker:
    """One thread that gives transfers back to their owner on which nobody works any more, and ends what is too old."""

    def __init__(self, work: Sequence[Callable[[], None]], after: float, poll_seconds: float) -> None:
        """``work``: what is done in each round.

        ``after``: seconds from the start in which a resumed workflow may still be at work.
        """
        self._work = work
        self._after = after
        self._poll_seconds = poll_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Wait, then look again and again."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        self._stop.wait(self._after)
        while not self._stop.is_set():
            for each in self._work:
                with survived(self._stop.is_set):
                    each()
            self._stop.wait(self._poll_seconds)


def _depth(transfer: StoredTransfer) -> tuple[int, int | None, bool]:
    return transfer.confirmations, transfer.height, transfer.settled
