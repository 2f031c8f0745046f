"""The signer: frames in, frames out, no I/O but its own store.

Everything from the service is judged and nothing is believed; whatever it sends, ``receive`` returns frames and never
raises. A call that is refused is answered by ``CallRefused``, a session that fails by ``SessionFailed``, anything
else that makes no sense by silence; each leaves a line in the journal. An error that nobody foresaw ends all sessions,
so that nothing half-judged goes on. There is no message by which anyone could have a digest signed.
"""

from __future__ import annotations

from collections.abc import Callable

from warifu.errors import InputRefused, PlatformRefused, PolicyDenied, SessionAborted, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    CallRefused,
    Carried,
    Challenge,
    CloseSession,
    FromSigner,
    JoinOwner,
    PieceTaken,
    Presence,
    Relay,
    Reply,
    SessionFailed,
    StopCall,
    ToSigner,
    TunnelEnded,
    decode_to_signer,
    refusal_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.journal import OPERATOR
from warifu.protocol.operator import (
    AskJudged,
    AskLocalStatus,
    AskOwnJournal,
    AskStorageKey,
    BeginJoin,
    ConfirmJoin,
    FreezeDevice,
    FromSignerToOperator,
    LiftBan,
    LocalStatus,
    LookAt,
    OperatorRefused,
    OwnJournal,
    StartAgain,
    StorageKey,
    TellEndorsements,
    TellHost,
    UnfreezeDevice,
    VetoWaiting,
    decode_operator,
)
from warifu.signer.answering import Answering, Call
from warifu.signer.births import Births
from warifu.signer.ceremonies import Ceremonies, Opening
from warifu.signer.device import Device
from warifu.signer.enrolment import Enrolment
from warifu.signer.exchanges import loading
from warifu.signer.instructing import freeze_wallets, settle, veto_here
from warifu.signer.journal import Cause
from warifu.signer.journal_reading import show_to_operator
from warifu.signer.keeping import keeper_of
from warifu.signer.looking import look, show
from warifu.signer.refreshes import Refreshes
from warifu.signer.status import status
from warifu.signer.transfers import Transfers

Frames = list[tuple[Origin, bytes]]
_PANIC = "PanicException"
"""Of libraries in Rust. It is no ``Exception``, and pyo3 lets nobody import it."""


class Signer:
    """One device's signer. Not for use by several threads."""

    def __init__(self, device: Device, isolation: tuple[tuple[str, str], ...] = ()) -> None:
        """``isolation``: (layer, state) as applied to this process, for the status."""
        self._device = device
        self._isolation = isolation
        self._transfers = Transfers(device)
        self._births = Births(device)
        self._refreshes = Refreshes(device)
        self._keeper = keeper_of(device)
        self._ceremonies = Ceremonies(
            device, self._transfers, self._births, self._refreshes, self._keeper, self._note
        )
        self._answering = Answering(
            device, self._transfers, self._births, self._refreshes, self._keeper, isolation
        )
        self._enrolment = Enrolment(device)
        self._said_start_again = False

    @property
    def joined(self) -> bool:
        """Whether the device has an owner."""
        return self._device.owner is not None

    def receive(self, origin: Origin, payload: bytes) -> Frames:
        """Take one frame; return the answers, each for the origin that it bears."""
        settled = self._guarded(self._settle)
        if origin is Origin.OPERATOR:
            return settled + self._guarded(lambda: self._from_operator(payload), _to_operator_refused)
        return settled + self._guarded(lambda: self._from_service(payload))

    def tick(self) -> Frames:
        """Let time pass: end the sessions that took too long. Call it about once a second."""
        settled = self._guarded(self._settle)
        expired = self._guarded(lambda: _all_to_service(self._ceremonies.end_expired()))
        return settled + expired + self._guarded(self._start_again)

    def _start_again(self) -> Frames:
        """Once, and in a quiet moment: another process is to take this one's place, so nothing may be under way."""
        device = self._device
        if self._said_start_again or loading.state(device.loaded, device.store.directory) != "start-again":
            return []
        if not self._ceremonies.none_runs or device.envelope_keys.just_issued(device.clock.now()):
            return []
        self._said_start_again = True
        return [_to_operator(StartAgain(by_itself=device.entrusted is None))]

    def _settle(self) -> Frames:
        """What has waited long enough is in force before anything else is judged. Where it cannot be kept (a full disk)
        the old rules go on, and it is tried again."""
        device = self._device
        try:
            settle(device, device.clock.now())
        except WarifuError as error:
            self._note("settle", error, b"")
        return []

    def close(self) -> None:
        """End all sessions and close the store."""
        self._ceremonies.end_all()
        self._device.store.close()

    def _guarded(
        self, work: Callable[[], Frames], answer: Callable[[WarifuError], Frames] = lambda _error: []
    ) -> Frames:
        try:
            return work()
        except BaseException as error:  # an unforeseen error must end all sessions, not the promise
            if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
                raise
            return self._fail_closed(error, answer)

    # --- the operator ---------------------------------------------------------------------------------------------

    def _from_operator(self, payload: bytes) -> Frames:
        try:
            return self._operator_frames(payload)
        except WarifuError as error:
            return _to_operator_refused(error)

    def _operator_frames(self, payload: bytes) -> Frames:
        message = decode_operator(payload)
        if isinstance(message, BeginJoin):
            return [_to_service(self._enrolment.begin(message))]
        if isinstance(message, TellEndorsements):
            self._device.attester.kept = message.documents
            return []
        if isinstance(message, TellHost):
            self._device.attester.host = message.host
            return []
        if isinstance(message, ConfirmJoin):
            joined = self._enrolment.confirm(message)
            return [_to_operator(joined)] if joined is not None else []
        if isinstance(message, LiftBan):
            self._device.pool.lift_ban(message.identity)
        if isinstance(message, FreezeDevice):
            return self._freeze(message)
        if isinstance(message, VetoWaiting):
            veto_here(self._device, message.wallet_id, message.about)
        if isinstance(message, UnfreezeDevice):
            self._device.freeze.lift(self._device.clock.now())
        if isinstance(message, AskLocalStatus | LiftBan | UnfreezeDevice | VetoWaiting):
            return [self._local_status()]
        if isinstance(message, AskOwnJournal):
            return [_to_operator(OwnJournal(show_to_operator(self._device, message.first)))]
        if isinstance(message, AskJudged):
            return [_to_operator(show(self._device, self._transfers, message.request_id))]
        if isinstance(message, LookAt):
            return [_to_operator(look(self._transfers, message))]
        assert isinstance(message, AskStorageKey), "the union has no other member"
        if self._device.entrusted is not None:
            raise _service_could_not_start()
        with self._device.store.storage_key() as key:
            return [_to_operator(StorageKey(key.expose()))]

    def _local_status(self) -> tuple[Origin, bytes]:
        return _to_operator(LocalStatus(status(self._device, self._isolation)))

    def _freeze(self, message: FreezeDevice) -> Frames:
        """What runs ends, and what waits for a passphrase is forgotten, also where the disk cannot take the freeze."""
        device = self._device
        try:
            device.freeze.freeze(message.reason, device.clock.now(), OPERATOR)
            if message.wallets:
                freeze_wallets(device, message.reason)
            answer = [self._local_status()]
        except WarifuError as error:
            answer = _to_operator_refused(error)
        device.envelope_keys.forget_all()
        ended = self._ceremonies.abort_all(PolicyDenied("frozen", "this device was frozen meanwhile"))
        return _all_to_service(ended) + answer

    # --- the service ----------------------------------------------------------------------------------------------

    def _from_service(self, payload: bytes) -> Frames:
        try:
            message = decode_to_signer(payload)
        except InputRefused as error:
            self._note("frame", error, b"")
            return []
        return self._guarded(
            lambda: self._service_frames(message), lambda error: _service_refused(message, error)
        )

    def _service_frames(self, message: ToSigner) -> Frames:
        if isinstance(message, Call):
            answer = _to_service(self._answer(message))
            return [answer, *_all_to_service(self._ceremonies.end_stale())]
        if isinstance(message, Opening):
            return _all_to_service(self._ceremonies.open(message))
        if isinstance(message, Carried | TunnelEnded):
            return _all_to_service(self._ceremonies.carried(message))
        if isinstance(message, PieceTaken):
            return _all_to_service(self._ceremonies.taken(message))
        if isinstance(message, StopCall):
            return _all_to_service(self._ceremonies.stop(message.session))
        if isinstance(message, Relay):
            return _all_to_service(self._ceremonies.relay(message))
        if isinstance(message, CloseSession):
            self._ceremonies.close(message.session)
            return []
        if isinstance(message, Challenge):
            return self._presence(message)
        assert isinstance(message, JoinOwner), "the union has no other member"
        return self._join_owner(message)

    def _join_owner(self, message: JoinOwner) -> Frames:
        try:
            reveal, shown = self._enrolment.hear_owner(message)
        except InputRefused as error:
            self._note("join", error, b"")
            return []
        return [_to_service(reveal), _to_operator(shown)]

    def _presence(self, message: Challenge) -> Frames:
        """A new connection: what ran over the one before is over, with its tunnels; whoever asks now what came of it is
        told, and not that it is still under way."""
        self._ceremonies.end_all()
        name = self._device.name
        if name is None:
            return []
        identity = self._device.identity
        return [_to_service(Presence(name, identity.public, identity.sign("presence", message.nonce)))]

    def _answer(self, message: Call) -> Reply | CallRefused:
        try:
            return Reply(message.call, self._answering.to(message))
        except WarifuError as error:
            self._note(str(message.__struct_config__.tag), error, b"", self._answering.cause(message))
            return CallRefused(message.call, refusal_of(error))

    # --- failure ------------------------------------------------------------------------------------------------------

    def _fail_closed(self, error: BaseException, answer: Callable[[WarifuError], Frames]) -> Frames:
        """The error's kind goes into the journal, its text nowhere: nobody thought about what it may contain."""
        failure = SessionAborted(
            "internal",
            f"the signer met an error that nobody foresaw ({type(error).__name__})",
            remedy="Please report it.",
        )
        sessions = self._ceremonies.end_all()
        self._note("internal", failure, type(error).__name__.encode())
        failed = [_to_service(SessionFailed(session, refusal_of(failure))) for session in sessions]
        return failed + answer(failure)

    def _note(self, door: str, error: WarifuError, about: bytes, cause: Cause | None = None) -> None:
        """A refusal must be answered even where the disk is full and cannot take a note of it."""
        journal, now = self._device.journal, self._device.clock.now()
        try:
            if cause is not None:
                journal.deny(door, error.code, about, now, cause)
            else:
                journal.refuse(door, error.code, about, now)
        except WarifuError:
            return


def _service_could_not_start() -> PlatformRefused:
    """The service would wait for the device's key, and the device for keepers that it reaches through the service."""
    return PlatformRefused(
        "storage-key",
        "the store of this device is opened by its keepers, so the service's database cannot depend on it",
        not_done="No key was derived.",
        remedy="Give the service a key file of its own (--storage-key), or set it up beside another device.",
    )


def _to_service(frame: FromSigner) -> tuple[Origin, bytes]:
    return Origin.SERVICE, encode(frame)


def _all_to_service(frames: list[FromSigner]) -> Frames:
    return [_to_service(frame) for frame in frames]


def _service_refused(message: ToSigner, error: WarifuError) -> Frames:
    """The service is told, where its message has an answer; it learns nothing but that it failed."""
    if isinstance(message, Call):
        return [_to_service(CallRefused(message.call, refusal_of(error)))]
    if isinstance(message, Opening):
        return [_to_service(SessionFailed(message.session, refusal_of(error)))]
    return []


def _to_operator(message: FromSignerToOperator) -> tuple[Origin, bytes]:
    return Origin.OPERATOR, encode(message)


def _to_operator_refused(error: WarifuError) -> Frames:
    return [_to_operator(OperatorRefused(refusal_of(error)))]
