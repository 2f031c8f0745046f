"""A transfer from the owner's authorization to the first broadcast: the durable workflow.

    proposed                                                other owners have to approve it first
       v
    authorized -> signing -> signed -> broadcast            (then ``follow`` takes over)
                     |          '-> rejected                 the network refuses it
                     |-> refused                             a signer refuses it
                     '-> needs-authorization                 it broke off: the passphrase envelopes are used up

Every step may run twice, because the service may be killed behind its work and before its checkpoint. So each first
looks where the transfer stands:

- A request names one transaction, and signers count a request once: asking them again for what they may
  already have signed gives the same payment or none.
- The signed transaction is stored before it is first sent, so after a kill the same bytes are sent again, and sending
  the same bytes twice is sending them once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from warifu.errors import (
    BroadcastRejected,
    ChainUnavailable,
    PassphraseRefused,
    ServiceRefused,
    SessionAborted,
    StoreDamaged,
    WarifuError,
)
from warifu.protocol.api import JournalHead, error_body
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, Status
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.roads.road import Assembled
from warifu.service.roads.roads import Roads
from warifu.service.store import transfers as store
from warifu.service.store.database import Database
from warifu.service.store.rows import StoredTransfer
from warifu.service.workflows.acknowledging import Acknowledging
from warifu.service.workflows.at_work import AtWork
from warifu.service.workflows.carrying import Carrier
from warifu.service.workflows.correlations import Correlations
from warifu.service.workflows.engine import Engine, Unfinished
from warifu.service.workflows.offers import Offers
from warifu.service.workflows.refresh import Refreshes
from warifu.service.workflows.signatures import ASK_SECONDS, Signatures, interrupted

T = TypeVar("T")
_STOP_SECONDS = 10.0
_EXPIRED_SECONDS = 600
"""After a request's end: whoever authorizes it again in its last moment is not overtaken."""


class Transfers:
    """The workflow and its steps. The steps run in DBOS's threads; what concerns the hub runs on the hub's loop."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        roads: Roads,
        correlations: Correlations,
        carrier: Carrier,
        refreshes: Refreshes,
        bell: Bell,
        config: ServiceConfig,
    ) -> None:
        self._database = database
        self._hub = hub
        self._roads = roads
        self._bell = bell
        self._carrier = carrier
        acknowledging = Acknowledging(database, hub, carrier)
        self._signatures = Signatures(hub, correlations, acknowledging, refreshes, config, self._note)
        self._engine = Engine(database, self._workflow)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._at_work = AtWork()
        self._stopping = False
        self._sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.offers = Offers()
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="notes")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take up what was unfinished. ``loop`` is the hub's."""
        self._loop = loop
        self._engine.start()
        authorized = store.list_transfers(self._database, states=("authorized",))
        for transfer in (*authorized, *store.unsent_transfers(self._database)):
            # Killed between storing the request and starting its workflow: start it now. Otherwise this is a no-op.
            self.begin(transfer.id, transfer.attempt)

    def prepare_to_stop(self) -> None:
        """From now on what breaks off does so because the service stops: it is no outcome."""
        self._stopping = True

    def stop(self) -> None:
        """End; unfinished work is taken up at the next start. The hub is closed already."""
        end = time.monotonic() + _STOP_SECONDS
        while self._at_work and time.monotonic() < end:
            time.sleep(0.01)
        self._engine.stop()
        self._notes.shutdown()

    def taking(self, identifier: str) -> AbstractContextManager[None]:
        """While inside, this transfer is no orphan, though it is stored and its workflow is not begun yet."""
        return self._at_work.on(identifier)

    def begin(self, identifier: str, attempt: int) -> None:
        """Work on this attempt, once."""
        self._at_work.begins(identifier)
        self._engine.begin(identifier, attempt, lambda: self._at_work.ends(identifier))

    def end_orphans(self) -> None:
        """Transfers that nobody works on: their workflow broke (a full disk, say) and will not come back.

        Before their devices were asked or after: either way they hold coins or a nonce for nothing.
        """
        for transfer in store.list_transfers(self._database, states=("authorized", "signing")):
            if not self._stopping and transfer.id not in self._at_work:
                with survived(lambda: self._stopping):  # one that cannot be ended hides no other
                    self._give_up(transfer.id, interrupted())

    def end_expired(self) -> None:
        """Transfers that can not be authorized again any more: what they would spend is free."""
        for transfer in store.list_transfers(self._database, states=("proposed", "needs-authorization")):
            if not transfer.settled and transfer.expires + _EXPIRED_SECONDS <= time.time():
                with survived(lambda: self._stopping):
                    self._release(transfer.id)
                    store.mark(
                        self._database,
                        transfer.id,
                        (transfer.state,),
                        transfer.state,
                        1 if transfer.state == "proposed" else 3,
                        "its request expired: nothing is held for it any more",
                        refusal=transfer.refusal,
                        settled=True,
                    )
                    self._bell.ring()

    # --- the workflow --------------------------------------------------------------------------------------------

    def _workflow(self, identifier: str, attempt: int) -> None:
        with self._at_work.on(identifier):
            try:
                if self._engine.step("sign", lambda: self._sign(identifier, attempt)) == "signed":
                    self._engine.step("send", lambda: self.send(identifier))
                    self._engine.step("journal", lambda: self._journal(identifier))
            except StoreDamaged:
                raise Unfinished from None  # a full disk is no outcome either
            finally:
                self._bell.ring()

    def _sign(self, identifier: str, attempt: int) -> str:
        """Get the signatures and store the signed transaction. ``signed``, or ``stopped`` where there are none."""
        transfer = store.read_transfer(self._database, identifier)
        if transfer.raw is not None:
            return "signed"
        if transfer.attempt != attempt or transfer.state not in ("authorized", "signing"):
            return "stopped"
        fresh = store.begin_signing(self._database, identifier, attempt)
        self._bell.ring()
        try:
            road = self._roads.of(transfer.chain)
            assembled = self._on_loop(self._signatures.obtain(transfer, road, fresh=fresh))
        except WarifuError as error:
            if self._stopping:
                raise Unfinished from None
            self._notes.submit(_nothing).result()
            self._give_up(identifier, error)
            return "stopped"
        self._notes.submit(_nothing).result()
        self._store(identifier, assembled)
        return "signed"

    def _store(self, identifier: str, assembled: Assembled) -> None:
        store.store_signed(self._database, identifier, assembled.raw, assembled.finalized, assembled.txid)
        self._carrier.soon(store.read_transfer(self._database, identifier).wallet)
        self._bell.ring()

    def _give_up(self, identifier: str, error: WarifuError) -> None:
        """Nothing was signed, as far as anybody who can be asked knows."""
        again = isinstance(error, SessionAborted | ServiceRefused | ChainUnavailable) or (
            isinstance(error, PassphraseRefused) and error.reason.startswith("envelope")
        )
        text = f"{'broke off' if again else 'refused'}: {error.message}"
        changed = store.mark(
            self._database,
            identifier,
            ("authorized", "signing"),
            "needs-authorization" if again else "refused",
            3,
            text,
            refusal=error_body(error),
            settled=not again,
        )
        if changed and not again:
            self._release(identifier)
        self._bell.ring()

    def _journal(self, identifier: str) -> str:
        """Ask each signer where its journal stands now; shown with the result. Who does not answer is left out."""
        transfer = store.read_transfer(self._database, identifier)
        heads: list[JournalHead] = []
        for identity in transfer.participants:
            try:
                answer = self._on_loop(self._hub.call(identity, AskStatus, timeout=ASK_SECONDS))
                status = decode(Status, answer, MAX_BODY_BYTES)
            except WarifuError:
                continue
            heads.append(
                JournalHead(
                    device=self._hub.name_of(identity), length=status.journal_length, head=status.journal_head
                )
            )
        store.store_journal(self._database, identifier, heads)
        now = store.read_transfer(self._database, identifier)
        if now.state not in ("signed", "broadcast") or not now.sends:
            store.note_result(self._database, identifier)  # nothing else comes, or the chain was quicker
        return "asked"

    # --- the network ---------------------------------------------------------------------------------------------

    def send(self, identifier: str) -> str:
        """Send the stored transaction, or send it again. ``later`` where no backend answers: ``follow`` comes back."""
        chain = store.read_transfer(self._database, identifier).chain
        with self._sending[chain]:
            transfer = store.read_transfer(self._database, identifier)
            if transfer.state != "signed" or transfer.raw is None or not transfer.sends:
                return "done"
            try:
                delivery = self._roads.of(chain).broadcast(transfer.wallet, transfer.raw)
            except ChainUnavailable as error:
                store.note_transfer(
                    self._database, identifier, 5, f"not sent yet: {error.message}", once="unavailable"
                )
                return "later"
            except BroadcastRejected as error:
                self._rejected(transfer, error)
                return "rejected"
            if delivery.blind:
                self.offers.made(identifier, time.monotonic())
            store.note_transfer(self._database, identifier, 5, f"sent to {delivery.by}", once="sent")
            store.mark(
                self._database,
                identifier,
                ("signed",),
                "broadcast",
                6,
                f"{delivery.by}: {delivery.words}",
                once="accepted",
            )
        self._bell.ring()
        return "sent"

    def _rejected(self, transfer: StoredTransfer, error: BroadcastRejected) -> None:
        """Not settled, and what it spends stays held: a backend that said no may have kept it. ``follow`` looks on."""
        store.mark(
            self._database, transfer.id, ("signed",), "rejected", 7, error.message, refusal=error_body(error)
        )
        store.note_result(self._database, transfer.id)
        self._bell.ring()

    def _release(self, identifier: str) -> None:
        transfer = store.read_transfer(self._database, identifier)
        self._roads.of(transfer.chain).release(transfer.wallet, transfer.unsigned)

    # --- small things --------------------------------------------------------------------------------------------

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None, "started"
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (asyncio.CancelledError, RuntimeError):
            raise interrupted() from None

    def _note(self, transfer: StoredTransfer, step: int, text: str, device: str | None = None) -> None:
        """From the event loop, which must not wait for the disk: one thread writes them, in order."""
        once = f"{step}-{transfer.attempt}-{device or ''}-{text}"

        def write() -> None:
            store.note_transfer(self._database, transfer.id, step, text, device=device, once=once)
            self._bell.ring()

        self._notes.submit(write)


def _nothing() -> None:
    """Waiting for it is waiting for all notes before it."""
