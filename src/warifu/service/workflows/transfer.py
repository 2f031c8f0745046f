"""A transfer from the owner's authorization to the first broadcast: the durable workflow.

    authorized -> signing -> signed -> broadcast            (then ``follow`` takes over)
                     |          '-> rejected                 the network refuses it
                     |-> refused                             a signer refuses it
                     '-> needs-authorization                 it broke off: the passphrase envelopes are used up

Every step may run twice, because the service may be killed behind its work and before its checkpoint. So each first
looks where the transfer stands:

- A request names one transaction (its txid), and signers count a request once: asking them again for what they may
  already have signed gives the same payment or none.
- The signed transaction is stored before it is first sent, so after a kill the same bytes are sent again, and sending
  the same bytes twice is sending them once.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from warifu.chains.bitcoin.finalize import finalize, signed_transaction, with_signatures
from warifu.chains.bitcoin.psbt import Psbt, parse_psbt
from warifu.chains.bitcoin_network.backends.base import Broadcast
from warifu.errors import (
    BroadcastRejected,
    ChainUnavailable,
    InputRefused,
    PassphraseRefused,
    PeerMisbehaved,
    ServiceRefused,
    SessionAborted,
    StoreDamaged,
    WarifuError,
)
from warifu.protocol.api import JournalHead, error_body
from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import decode
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames import (
    MAX_BODY_BYTES,
    AskResult,
    AskStatus,
    OpenSession,
    ResultAnswer,
    Status,
    TransferSignatures,
)
from warifu.protocol.request import decode_request, request_digest
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.doors import MAX_AUTHORIZATION_BYTES
from warifu.service.hub.hub import Hub
from warifu.service.store import transfers as store
from warifu.service.store.database import Database
from warifu.service.store.devices import list_devices
from warifu.service.store.transfers import StoredTransfer
from warifu.service.wallets import Wallets
from warifu.service.workflows.engine import Engine, Unfinished
from warifu.service.workflows.offers import Offers

T = TypeVar("T")
_ASK_SECONDS = 10.0
_STOP_SECONDS = 10.0


class Transfers:
    """The workflow and its steps. The steps run in DBOS's threads; what concerns the hub runs on the hub's loop."""

    def __init__(
        self, database: Database, hub: Hub, wallets: Wallets, bell: Bell, config: ServiceConfig
    ) -> None:
        self._database = database
        self._hub = hub
        self._wallets = wallets
        self._bell = bell
        self._config = config
        self._engine = Engine(database, self._workflow)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[tuple[str, int]] = set()
        self._stopping = False
        self._sending = threading.Lock()
        self.offers = Offers()
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="notes")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take up what was unfinished. ``loop`` is the hub's."""
        self._loop = loop
        self._engine.start()
        for transfer in store.list_transfers(self._database, states=("authorized", "signed")):
            # Killed between storing the request and starting its workflow: start it now. Otherwise this is a no-op.
            self.begin(transfer.id, transfer.attempt)

    def prepare_to_stop(self) -> None:
        """From now on what breaks off does so because the service stops: it is no outcome."""
        self._stopping = True

    def stop(self) -> None:
        """End; unfinished work is taken up at the next start. The hub is closed already."""
        end = time.monotonic() + _STOP_SECONDS
        while self._running and time.monotonic() < end:
            time.sleep(0.01)
        self._engine.stop()
        self._notes.shutdown()

    def begin(self, identifier: str, attempt: int) -> None:
        """Work on this attempt, once."""
        self._engine.begin(identifier, attempt)

    def end_orphans(self) -> None:
        """Transfers that are being signed by nobody: their workflow broke (a full disk, say) and will not come back."""
        for transfer in store.list_transfers(self._database, states=("signing",)):
            if (transfer.id, transfer.attempt) not in self._running:
                self._give_up(transfer.id, _interrupted())

    # --- the workflow --------------------------------------------------------------------------------------------

    def _workflow(self, identifier: str, attempt: int) -> None:
        self._running.add((identifier, attempt))
        try:
            if self._engine.step("sign", lambda: self._sign(identifier, attempt)) == "signed":
                self._engine.step("send", lambda: self.send(identifier))
                self._engine.step("journal", lambda: self._journal(identifier))
        except StoreDamaged:
            raise Unfinished from None  # a full disk is no outcome either
        finally:
            self._running.discard((identifier, attempt))
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
            signatures = self._on_loop(self._signatures(transfer, fresh=fresh))
        except WarifuError as error:
            if self._stopping:
                raise Unfinished from None
            self._notes.submit(_nothing).result()
            self._give_up(identifier, error)
            return "stopped"
        self._notes.submit(_nothing).result()
        self._store(transfer, signatures)
        return "signed"

    async def _signatures(self, transfer: StoredTransfer, *, fresh: bool) -> tuple[bytes, ...]:
        if not await self._hub.wait_connected(transfer.participants, self._config.signer_wait):
            missing = [item for item in transfer.participants if not self._hub.connected(item)]
            raise ServiceRefused(
                "device-offline",
                f"not connected: {', '.join(map(self._name, missing))}",
                remedy="Start the device, or choose another one, and authorize the transfer again.",
                blame=self._name(missing[0]) if len(missing) == 1 else None,
            )
        if not fresh:
            # Killed while the signers worked. They may have finished: their journals know.
            found = await self._ask_results(transfer)
            if found is not None:
                return found
        try:
            return await self._session(transfer)
        except WarifuError as error:
            found = await self._ask_results(transfer)
            if found is not None:
                return found
            if not fresh and isinstance(error, PassphraseRefused) and error.reason.startswith("envelope"):
                raise _interrupted() from None
            raise

    async def _session(self, transfer: StoredTransfer) -> tuple[bytes, ...]:
        authorization = decode(Authorization, transfer.authorization, MAX_AUTHORIZATION_BYTES)
        session = secrets.token_bytes(16)
        read = (decode(Envelope, envelope, 1024) for envelope in transfer.envelopes)
        openings = {
            envelope.identity: OpenSession(
                session, authorization, envelope, transfer.participants, transfer.psbt
            )
            for envelope in read
        }
        names = ", ".join(map(self._name, transfer.participants))
        self._note(transfer, 2, f"authorization and passphrase envelopes are sent to {names}")
        judge = _Judge(transfer)
        results = await self._hub.run_session(
            openings,
            wanted=1,
            judge=judge,
            entered=lambda device: self._note(
                transfer, 3, "read the transaction, judged it and opened its share", device
            ),
            timeout=self._config.session_seconds,
        )
        return judge.signatures(next(iter(results.values())))

    async def _ask_results(self, transfer: StoredTransfer) -> tuple[bytes, ...] | None:
        """The signatures, if any connected participant has them. A device that does not answer has none to give."""
        judge = _Judge(transfer)
        for identity in transfer.participants:
            try:
                answer = decode(
                    ResultAnswer,
                    await self._hub.call(
                        identity, lambda call: AskResult(call, judge.request), timeout=_ASK_SECONDS
                    ),
                    MAX_BODY_BYTES * 2,
                )
                if answer.state == "finished":
                    return judge.signatures(answer.result)
            except WarifuError:
                continue
        return None

    def _store(self, transfer: StoredTransfer, signatures: tuple[bytes, ...]) -> None:
        psbt = parse_psbt(transfer.psbt, keep_unknown=True)
        raw = signed_transaction(psbt, signatures).serialize()
        store.store_signed(
            self._database, transfer.id, raw, finalize(with_signatures(psbt, signatures)).serialize()
        )
        self._bell.ring()

    def _give_up(self, identifier: str, error: WarifuError) -> None:
        """Nothing was signed, as far as anybody who can be asked knows."""
        again = isinstance(error, SessionAborted | ServiceRefused) or (
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
                answer = self._on_loop(self._hub.call(identity, AskStatus, timeout=_ASK_SECONDS))
                status = decode(Status, answer, MAX_BODY_BYTES)
            except WarifuError:
                continue
            heads.append(
                JournalHead(
                    device=self._name(identity), length=status.journal_length, head=status.journal_head
                )
            )
        store.store_journal(self._database, identifier, heads)
        if store.read_transfer(self._database, identifier).state not in ("signed", "broadcast"):
            store.note_result(self._database, identifier)  # the chain was quicker
        return "asked"

    # --- the network ---------------------------------------------------------------------------------------------

    def send(self, identifier: str) -> str:
        """Send the stored transaction, or send it again. ``later`` where no backend answers: ``follow`` comes back."""
        with self._sending:
            transfer = store.read_transfer(self._database, identifier)
            if transfer.state != "signed" or transfer.raw is None:
                return "done"
            try:
                outcome = self._wallets.backend.broadcast(transfer.raw)
            except ChainUnavailable as error:
                store.note_transfer(
                    self._database, identifier, 5, f"not sent yet: {error.message}", once="unavailable"
                )
                return "later"
            except BroadcastRejected as error:
                if error.reason != "other-witness":  # that one is under way under the same id: follow it
                    self._rejected(identifier, error)
                    return "rejected"
                backend, accepted = "the network", "known, under other signatures"
            else:
                backend, accepted = outcome.backend, _ACCEPTED[outcome.result]
                if outcome.result is Broadcast.SENT:
                    self.offers.made(identifier, time.monotonic())
            store.note_transfer(self._database, identifier, 5, f"sent to {backend}", once="sent")
            store.mark(
                self._database,
                identifier,
                ("signed",),
                "broadcast",
                6,
                f"{backend}: {accepted}",
                once="accepted",
            )
            self._wallets.open(transfer.wallet).apply_broadcast(transfer.raw)
        self._bell.ring()
        return "sent"

    def _rejected(self, identifier: str, error: BroadcastRejected) -> None:
        store.mark(
            self._database,
            identifier,
            ("signed",),
            "rejected",
            7,
            error.message,
            refusal=error_body(error),
            settled=True,
        )
        store.note_result(self._database, identifier)
        self._release(identifier)
        self._bell.ring()

    def _release(self, identifier: str) -> None:
        transfer = store.read_transfer(self._database, identifier)
        self._wallets.release(transfer.wallet, parse_psbt(transfer.psbt, keep_unknown=True))

    # --- small things --------------------------------------------------------------------------------------------

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None, "started"
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (asyncio.CancelledError, RuntimeError):
            raise _interrupted() from None

    def _note(self, transfer: StoredTransfer, step: int, text: str, device: str | None = None) -> None:
        """From the event loop, which must not wait for the disk: one thread writes them, in order."""
        once = f"{step}-{transfer.attempt}-{device or ''}"

        def write() -> None:
            store.note_transfer(self._database, transfer.id, step, text, device=device, once=once)
            self._bell.ring()

        self._notes.submit(write)

    def _name(self, identity: bytes) -> str:
        for device in list_devices(self._database):
            if device.identity == identity:
                return device.name
        return identity.hex()[:16]


class _Judge:
    """Whether what a signer hands in are the signatures of this transfer's transaction, each of them valid."""

    def __init__(self, transfer: StoredTransfer) -> None:
        request = decode_request(transfer.request)
        self.request = request_digest(request)
        self._psbt: Psbt = parse_psbt(transfer.psbt, keep_unknown=True)

    def __call__(self, identity: bytes, result: bytes) -> None:
        del identity  # signatures speak for themselves
        self.signatures(result)

    def signatures(self, result: bytes) -> tuple[bytes, ...]:
        """Raises ``InputRefused``, ``PeerMisbehaved`` or ``TransactionRefused``."""
        found = decode(TransferSignatures, result, MAX_BODY_BYTES)
        if found.request != self.request:
            raise PeerMisbehaved("result", "a device handed in the signatures of another request")
        if signed_transaction(self._psbt, found.signatures).txid != self._psbt.transaction.txid:
            raise InputRefused("result", "the signatures make another transaction")
        return found.signatures


_ACCEPTED = {
    Broadcast.ACCEPTED: "accepted into the mempool",
    Broadcast.ALREADY_KNOWN: "has it already",
    Broadcast.SENT: "peers took it",
}


def _nothing() -> None:
    """Waiting for it is waiting for all notes before it."""


def _interrupted() -> SessionAborted:
    return SessionAborted(
        "interrupted",
        "the service stopped while the devices worked on this transfer",
        not_done="As far as the connected devices know nothing was signed, and nothing was sent.",
        remedy="Authorize the same transfer again: it is the same transaction, so it cannot pay twice.",
    )
