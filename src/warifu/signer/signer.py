"""The signer: frames in, frames out, no I/O but its own store.

Everything from the service is judged and nothing is believed; whatever it sends, ``receive`` returns frames and never
raises. A call that is refused is answered by ``CallRefused``, a session that fails by ``SessionFailed``, anything
else that makes no sense by silence; each leaves a line in the journal. An error that nobody foresaw ends all sessions,
so that nothing half-judged goes on. There is no message by which anyone could have a digest signed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from warifu.errors import InputRefused, SessionAborted, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskDecision,
    AskEnvelopeKey,
    AskResult,
    AskStatus,
    CallRefused,
    Challenge,
    CloseSession,
    EnvelopeKeyAnswer,
    Finished,
    FromSigner,
    JoinOwner,
    OpenSession,
    Presence,
    RecoverWallet,
    Relay,
    Reply,
    ResultAnswer,
    SessionFailed,
    ToSigner,
    decode_to_signer,
    refusal_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.operator import (
    AskLocalStatus,
    AskStorageKey,
    BeginJoin,
    ConfirmJoin,
    FromSignerToOperator,
    LocalStatus,
    OperatorRefused,
    StorageKey,
    decode_operator,
)
from warifu.protocol.policy import policy_hash
from warifu.protocol.request import TransferRequest, decode_request, request_digest
from warifu.signer.births import Births
from warifu.signer.device import Device
from warifu.signer.enrolment import Enrolment
from warifu.signer.evidence import attest, require_evidence
from warifu.signer.sessions.ceremony import LIFETIME, Ceremony, Seat
from warifu.signer.status import UNJOINED, status
from warifu.signer.transfers import Transfers
from warifu.threshold.errors import ThresholdError

MAX_SESSIONS = 8
_REMEMBERED_SESSIONS = 1024

Frames = list[tuple[Origin, bytes]]
_Call = AskEnvelopeKey | AskResult | AskDecision | AskStatus | RecoverWallet


class Signer:
    """One device's signer. Not for use by several threads."""

    def __init__(self, device: Device, isolation: tuple[tuple[str, str], ...] = ()) -> None:
        """``isolation``: (layer, state) as applied to this process, for the status."""
        self._device = device
        self._isolation = isolation
        self._transfers = Transfers(device)
        self._births = Births(device)
        self._enrolment = Enrolment(device)
        self._sessions: dict[bytes, Ceremony] = {}
        self._used_sessions: deque[bytes] = deque(maxlen=_REMEMBERED_SESSIONS)

    @property
    def joined(self) -> bool:
        """Whether the device has an owner."""
        return self._device.owner is not None

    def receive(self, origin: Origin, payload: bytes) -> Frames:
        """Take one frame; return the answers, each for the origin that it bears."""
        if origin is Origin.OPERATOR:
            return self._guarded(lambda: self._from_operator(payload), _to_operator_refused)
        return self._guarded(lambda: self._from_service(payload))

    def tick(self) -> Frames:
        """Let time pass: end the sessions that took too long. Call it about once a second."""
        return self._guarded(self._end_expired)

    def close(self) -> None:
        """End all sessions and close the store."""
        self._close_all()
        self._device.store.close()

    def _guarded(
        self, work: Callable[[], Frames], answer: Callable[[WarifuError], Frames] = lambda _error: []
    ) -> Frames:
        try:
            return work()
        except Exception as error:  # noqa: BLE001  # an unforeseen error must end all sessions, not the promise
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
        if isinstance(message, ConfirmJoin):
            joined = self._enrolment.confirm(message)
            return [_to_operator(joined)] if joined is not None else []
        if isinstance(message, AskLocalStatus):
            return [_to_operator(LocalStatus(status(self._device, self._isolation)))]
        assert isinstance(message, AskStorageKey), "the union has no other member"
        with self._device.store.storage_key() as key:
            return [_to_operator(StorageKey(key.expose()))]

    # --- the service ----------------------------------------------------------------------------------------------

    def _from_service(self, payload: bytes) -> Frames:
        try:
            message = decode_to_signer(payload)
        except InputRefused as error:
            self._note("frame", error, b"")
            return []
        if isinstance(message, _Call):
            return [_to_service(self._answer(message))]
        if isinstance(message, OpenSession):
            return self._open_session(message)
        if isinstance(message, Relay):
            return self._in_session(
                message.session, lambda ceremony: ceremony.receive(message.peer, message.body)
            )
        return self._signal(message)

    def _signal(self, message: ToSigner) -> Frames:
        """Messages without an answer of their own kind."""
        if isinstance(message, Challenge):
            return self._presence(message)
        if isinstance(message, CloseSession):
            ceremony = self._sessions.pop(message.session, None)
            if ceremony is not None:
                ceremony.close()
            return []
        assert isinstance(message, JoinOwner), "the union has no other member"
        try:
            reveal, shown = self._enrolment.hear_owner(message)
        except InputRefused as error:
            self._note("join", error, b"")
            return []
        return [_to_service(reveal), _to_operator(shown)]

    def _presence(self, message: Challenge) -> Frames:
        name = self._device.name
        if name is None:
            return []
        identity = self._device.identity
        return [_to_service(Presence(name, identity.public, identity.sign("presence", message.nonce)))]

    def _answer(self, message: _Call) -> Reply | CallRefused:
        try:
            return Reply(message.call, self._answer_of(message))
        except WarifuError as error:
            self._note(str(message.__struct_config__.tag), error, b"")
            return CallRefused(message.call, refusal_of(error))

    def _answer_of(self, message: _Call) -> bytes:
        device = self._device
        if isinstance(message, AskEnvelopeKey):
            key = device.envelope_keys.issue(device.name or UNJOINED, message.nonce, device.clock.now())
            return encode(EnvelopeKeyAnswer(key))
        if isinstance(message, AskResult):
            return encode(self._result(message.request))
        if isinstance(message, AskDecision):
            request = decode_request(message.request)
            if not isinstance(request, TransferRequest):
                raise InputRefused("decision", "only a transfer can be decided on without doing it")
            return encode(self._transfers.decide(request, message.psbt))
        if isinstance(message, RecoverWallet):
            return self._births.recover(message)
        return encode(status(device, self._isolation))

    def _result(self, request: bytes) -> ResultAnswer:
        device = self._device
        wallet = device.wallets.get(request)
        result = wallet.signed_birth if wallet is not None else device.ledger.result(request)
        if result is not None:
            return ResultAnswer("finished", result)
        started = wallet is not None or device.ledger.started(request)
        return ResultAnswer("started" if started else "unknown", b"")

    # --- sessions -------------------------------------------------------------------------------------------------

    def _open_session(self, frame: OpenSession) -> Frames:
        try:
            return self._opened(frame)
        except (WarifuError, ThresholdError) as error:
            failure = _as_warifu(error)
            self._note("open-session", failure, frame.session)
            return [_to_service(SessionFailed(frame.session, refusal_of(failure)))]

    def _opened(self, frame: OpenSession) -> Frames:
        if frame.session in self._sessions or frame.session in self._used_sessions:
            raise InputRefused("session-reused", "a session with this identifier was opened before")
        request = decode_request(frame.authorization.request)
        named = request_digest(request)
        ended: Frames = []
        ceremony: Ceremony | Finished
        if isinstance(request, TransferRequest):
            wallet = self._device.wallets.born(request.wallet_id)
            seat = self._seat(frame, named, wallet.policy_hash, wallet.names)
            self._require_room()
            ceremony = self._transfers.open(frame, request, seat)
        else:
            names = {item.identity: item.name for item in request.devices}
            seat = self._seat(frame, named, policy_hash(request.policy), names)
            self._require_room()
            ceremony = self._births.open(frame, request, seat)
            ended = self._end_others(named) if isinstance(ceremony, Ceremony) else []
        self._used_sessions.append(frame.session)
        if isinstance(ceremony, Finished):
            return [_to_service(ceremony)]
        self._sessions[frame.session] = ceremony
        return ended + self._in_session(frame.session, lambda opened: opened.begin())

    def _require_room(self) -> None:
        if len(self._sessions) >= MAX_SESSIONS:
            raise SessionAborted(
                "busy",
                f"this device takes part in {MAX_SESSIONS} sessions already",
                remedy="Ask again when they have ended.",
                retry_after=LIFETIME,
            )

    def _seat(self, frame: OpenSession, request: bytes, rules: bytes, names: dict[bytes, str]) -> Seat:
        device = self._device
        return Seat(
            key=device.identity,
            session=frame.session,
            purpose=request,
            participants=frame.participants,
            policy_hash=rules,
            names=names,
            expires=device.clock.now() + LIFETIME,
            attest=lambda report: attest(device.platform, report),
            appraise=lambda shown, report, name: require_evidence(shown, report, name, device.clock.now()),
        )

    def _end_others(self, purpose: bytes) -> Frames:
        """One key generation for a wallet at a time: two would replace each other's host keys."""
        frames: Frames = []
        for session, other in list(self._sessions.items()):
            if other.seat.purpose == purpose:
                frames += self._fail(session, SessionAborted("superseded", "the session was opened anew"))
        return frames

    def _in_session(self, session: bytes, work: Callable[[Ceremony], list[FromSigner]]) -> Frames:
        """Do ``work`` in a running session, and end it with what goes wrong. An unknown session is not answered: the
        service may not have heard yet that it ended."""
        ceremony = self._sessions.get(session)
        if ceremony is None:
            return []
        try:
            frames = [_to_service(frame) for frame in work(ceremony)]
        except (WarifuError, ThresholdError) as error:
            return self._fail(session, _named(_as_warifu(error), ceremony))
        if ceremony.finished:
            self._sessions.pop(session).close()
        failure = ceremony.failure()
        return frames + (self._fail(session, failure) if failure is not None else [])

    def _fail(self, session: bytes, error: WarifuError) -> Frames:
        self._sessions.pop(session).close()
        self._note("session", error, session)
        return [_to_service(SessionFailed(session, refusal_of(error)))]

    def _end_expired(self) -> Frames:
        now = self._device.clock.now()
        frames: Frames = []
        for session, ceremony in list(self._sessions.items()):
            if now >= ceremony.seat.expires:
                frames += self._fail(session, ceremony.timeout())
        return frames

    def _fail_closed(self, error: Exception, answer: Callable[[WarifuError], Frames]) -> Frames:
        """The error's kind goes into the journal, its text nowhere: nobody thought about what it may contain."""
        failure = SessionAborted(
            "internal",
            f"the signer met an error that nobody foresaw ({type(error).__name__})",
            remedy="Please report it.",
        )
        sessions = self._close_all()
        self._note("internal", failure, type(error).__name__.encode())
        failed = [_to_service(SessionFailed(session, refusal_of(failure))) for session in sessions]
        return failed + answer(failure)

    def _close_all(self) -> list[bytes]:
        sessions, self._sessions = self._sessions, {}
        for ceremony in sessions.values():
            ceremony.close()
        return list(sessions)

    def _note(self, door: str, error: WarifuError, about: bytes) -> None:
        """A refusal must be answered even where the disk is full and cannot take a note of it."""
        try:
            self._device.journal.refuse(door, error.code, about, self._device.clock.now())
        except WarifuError:
            return


def _as_warifu(error: WarifuError | ThresholdError) -> WarifuError:
    if isinstance(error, WarifuError):
        return error
    return SessionAborted("threshold", f"the ceremony cannot go on: {error}")


def _named(error: WarifuError, ceremony: Ceremony) -> WarifuError:
    """The channel knows identities; people know names."""
    for identity, name in ceremony.seat.names.items():
        if error.blame == identity.hex()[:16]:
            error.blame = name
    return error


def _to_service(frame: FromSigner) -> tuple[Origin, bytes]:
    return Origin.SERVICE, encode(frame)


def _to_operator(message: FromSignerToOperator) -> tuple[Origin, bytes]:
    return Origin.OPERATOR, encode(message)


def _to_operator_refused(error: WarifuError) -> Frames:
    return [_to_operator(OperatorRefused(refusal_of(error)))]
