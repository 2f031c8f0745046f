"""The ceremonies that this device takes part in: a few at a time, each for two minutes at most (who listens to a feed
longer, and fewer of these), each ended cleanly.

Whatever ends a session before its result wipes what is secret in it, tells the service who is at fault where that can
be known, and says what was not done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from warifu.attestation.expectation import Expectation
from warifu.errors import InputRefused, PolicyDenied, SessionAborted, WarifuError
from warifu.protocol.encoding import digest
from warifu.protocol.envelope import Envelope
from warifu.protocol.events.sessions import Met
from warifu.protocol.exchange_requests import CallRequest, ExchangeKeyRequest
from warifu.protocol.frames import (
    Carried,
    Finished,
    FromSigner,
    OpenCall,
    OpenComparison,
    OpenCorrelating,
    OpenErrand,
    OpenExchangeKey,
    OpenSession,
    OpenTelling,
    PieceTaken,
    Relay,
    SessionFailed,
    TunnelEnded,
    refusal_of,
)
from warifu.protocol.parcel import Parcel
from warifu.protocol.request import (
    HandOutRequest,
    RefreshRequest,
    TransferRequest,
    WalletRequest,
    decode_request,
    request_digest,
)
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.acknowledging import require_strict
from warifu.signer.asking import asker, cause_of, checked_cause
from warifu.signer.births import Births
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.generating import open_exchange_key
from warifu.signer.expecting import accepted, expectations, require_own
from warifu.signer.hand_outs import open_hand_out
from warifu.signer.journal import Cause
from warifu.signer.peers import Exchange
from warifu.signer.refreshes import Refreshes
from warifu.signer.sessions.ceremony import LIFETIME, Ceremony, Seat
from warifu.signer.sessions.correlating import Batch, CorrelatingCeremony
from warifu.signer.sessions.exchange_key import ExchangeKeyCeremony
from warifu.signer.sessions.handing_out import HandingOut
from warifu.signer.sessions.refreshing import RefreshCeremony
from warifu.signer.sessions.telling import TellingCeremony
from warifu.signer.taking import WalletExchange
from warifu.signer.transfers import Transfers, check_devices
from warifu.signer.wallets import Wallet
from warifu.tee.release_keeper import Keeper
from warifu.threshold.errors import ThresholdError

MAX_SESSIONS = 8
MAX_LASTING = 2
"""Of these, how many may be such as go on for long: what signs, compares and brings home always finds a place."""
_REMEMBERED_SESSIONS = 1024

Opening = (
    OpenSession | OpenCorrelating | OpenExchangeKey | OpenCall | OpenComparison | OpenErrand | OpenTelling
)
"""What opens a session."""
_Unasked = OpenCorrelating | OpenComparison | OpenErrand | OpenTelling
"""For which no owner is asked."""

Note = Callable[[str, WarifuError, bytes, Cause | None], None]
"""Writes a refusal down: at which door, what, about what, and what an owner had authorized, if one had."""


class Ceremonies:
    """Opens, feeds and ends sessions."""

    def __init__(
        self,
        device: Device,
        transfers: Transfers,
        births: Births,
        refreshes: Refreshes,
        keeper: Keeper,
        note: Note,
    ) -> None:
        self._device = device
        self._keeper = keeper
        self._transfers = transfers
        self._births = births
        self._refreshes = refreshes
        self._note = note
        self._running: dict[bytes, Ceremony] = {}
        self._causes: dict[bytes, Cause] = {}
        """Of the running sessions that an owner authorized."""
        self._used: deque[bytes] = deque(maxlen=_REMEMBERED_SESSIONS)

    def open(self, frame: Opening) -> list[FromSigner]:
        """Judge, and take part or refuse."""
        try:
            return self._opened(frame)
        except (WarifuError, ThresholdError) as error:
            failure = _as_warifu(error)
            self._note("open-session", failure, frame.session, self._cause(frame))
            return [SessionFailed(frame.session, refusal_of(failure))]

    def relay(self, frame: Relay) -> list[FromSigner]:
        """A body from another signer."""
        expired = self.end_expired()
        answers = self._in_session(frame.session, lambda ceremony: ceremony.receive(frame.peer, frame.body))
        return expired + answers + self.end_stale()

    def carried(self, frame: Carried | TunnelEnded) -> list[FromSigner]:
        """What the service brings through a tunnel of a session. Of an unknown one it is not looked at."""
        expired = self.end_expired()
        return expired + self._in_session(frame.session, lambda ceremony: ceremony.carried(frame))

    def taken(self, frame: PieceTaken) -> list[FromSigner]:
        """The service has what a session hands on, up to there."""
        return self._in_session(frame.session, lambda ceremony: ceremony.taken(frame))

    def stop(self, session: bytes) -> list[FromSigner]:
        """The owner has heard enough of what a session hands on."""
        return self._in_session(session, lambda ceremony: ceremony.stop())

    def close(self, session: bytes) -> None:
        """The service gives up on a session."""
        ceremony = self._running.pop(session, None)
        self._causes.pop(session, None)
        if ceremony is not None:
            ceremony.close()

    @property
    def none_runs(self) -> bool:
        """Whether this device takes part in no session now."""
        return not self._running

    def end_expired(self) -> list[FromSigner]:
        """End what took too long."""
        ticked = [
            frame
            for session in list(self._running)
            for frame in self._in_session(session, lambda ceremony: ceremony.tick())
        ]
        now = self._device.clock.now()
        expired = [session for session, ceremony in self._running.items() if now >= ceremony.expires]
        return ticked + [
            frame for session in expired for frame in self._fail(session, self._running[session].timeout())
        ]

    def end_stale(self) -> list[FromSigner]:
        """End what works with shares that are not in force any more: a refresh came to its end beside it."""
        stale = [
            session
            for session, ceremony in self._running.items()
            if ceremony.seat.wallet is not None
            and ceremony.seat.epoch != self._device.wallets.born(ceremony.seat.wallet).position
        ]
        return self._supersede(stale, "the wallet's shares were refreshed meanwhile")

    def abort_all(self, error: WarifuError) -> list[FromSigner]:
        """End everything for one reason, and tell the service."""
        return [frame for session in list(self._running) for frame in self._fail(session, error)]

    def end_all(self) -> list[bytes]:
        """End everything; returns the sessions that were running."""
        running, self._running = self._running, {}
        self._causes.clear()
        for ceremony in running.values():
            ceremony.close()
        return list(running)

    def _opened(self, frame: Opening) -> list[FromSigner]:
        self._device.freeze.require_none()
        if frame.session in self._running or frame.session in self._used:
            raise InputRefused("session-reused", "a session with this identifier was opened before")
        if len(self._running) >= MAX_SESSIONS:
            raise SessionAborted(
                "busy",
                f"this device takes part in {MAX_SESSIONS} sessions already",
                remedy="Ask again when they have ended.",
                retry_after=LIFETIME,
            )
        ceremony, ended = self._judged(frame)
        self._require_place(ceremony)
        self._used.append(frame.session)
        if isinstance(ceremony, Finished):
            return [ceremony]
        self._running[frame.session] = ceremony
        if not isinstance(frame, _Unasked):
            self._causes[frame.session] = checked_cause(frame.authorization)  # or there were no ceremony
        return ended + self._in_session(frame.session, lambda opened: opened.begin())

    def _require_place(self, opened: Ceremony | Finished) -> None:
        """``SessionAborted`` (``busy``) for what goes on for long, where too many such do."""
        if isinstance(opened, Finished) or not opened.lasts:
            return
        if sum(ceremony.lasts for ceremony in self._running.values()) >= MAX_LASTING:
            not_done = opened.not_done
            opened.close()
            raise SessionAborted(
                "busy",
                f"this device listens to {MAX_LASTING} feeds already",
                not_done=not_done,
                remedy="Stop one of them, or ask again when one has ended.",
            )

    def _judged(self, frame: Opening) -> tuple[Ceremony | Finished, list[FromSigner]]:
        """The ceremony, or the result that is there already; and what the sessions say that it puts an end to."""
        if isinstance(frame, OpenCorrelating):
            return self._correlating(frame), []
        if isinstance(frame, OpenExchangeKey):
            return self._exchange_key(frame)
        if isinstance(frame, OpenCall):
            return self._call(frame), []
        if isinstance(frame, OpenComparison):
            return self._comparison(frame), []
        if isinstance(frame, OpenErrand):
            return self._errand(frame), []
        if isinstance(frame, OpenTelling):
            return self._telling(frame), []
        request = decode_request(frame.authorization.request)
        named = request_digest(request)
        if isinstance(request, TransferRequest):
            wallet = self._device.wallets.born(request.wallet_id)
            seat = self._seat_of(frame, named, wallet)
            return self._transfers.open(frame, request, seat), []
        if isinstance(request, HandOutRequest):
            wallet = self._device.wallets.born(request.wallet_id)
            seat = self._seat_of(frame, named, wallet)
            handing_out = open_hand_out(self._device, self._keeper, frame, request, seat)
            return handing_out, self._end_hand_outs(request.identity)
        if isinstance(request, RefreshRequest):
            wallet = self._device.wallets.born(request.wallet_id)
            refresh = self._refreshes.open(frame, request, self._seat_of(frame, named, wallet))
            return refresh, self._end_refreshes(wallet) if isinstance(refresh, Ceremony) else []
        if not isinstance(request, WalletRequest):
            raise InputRefused("request-kind", "this request is not made by a session")
        seat = self._seat(frame, named, named, request.rules, expectations(request, request.rules))
        birth = self._births.open(frame, request, seat)
        return birth, self._end_others(named) if isinstance(birth, Ceremony) else []

    def _correlating(self, frame: OpenCorrelating) -> CorrelatingCeremony:
        device = self._device
        wallet = device.wallets.born(frame.wallet_id)
        pool = device.pool_of(wallet)
        check_devices(wallet, frame.participants, device.identity.public)
        named = digest("request/correlating", frame.wallet_id, frame.count.to_bytes(4, "big"))
        seat = self._seat_of(frame, named, wallet)
        return CorrelatingCeremony(seat, Batch(pool, frame.count, device.seen))

    def _exchange_key(
        self, frame: OpenExchangeKey
    ) -> tuple[ExchangeKeyCeremony | Finished, list[FromSigner]]:
        """One generation for an account at a time: two would replace each other's key."""
        request = decode_request(frame.authorization.request)
        if not isinstance(request, ExchangeKeyRequest):
            raise InputRefused("request-kind", "this asks for no key to be generated for an exchange")
        wallet = self._device.wallets.born(request.wallet_id)
        seat = self._seat_of(frame, request_digest(request), wallet)
        opened = open_exchange_key(self._device, frame, request, seat)
        if isinstance(opened, Finished):
            return opened, []
        others = [
            session
            for session, other in self._running.items()
            if isinstance(other, ExchangeKeyCeremony)
            and (other.seat.wallet, other.account) == (wallet.id, request.account)
        ]
        return opened, self._supersede(others)

    def _call(self, frame: OpenCall) -> Ceremony | Finished:
        request = decode_request(frame.authorization.request)
        if not isinstance(request, CallRequest):
            raise InputRefused("request-kind", "this asks for nothing at an exchange")
        loading.require(self._device.loaded)
        from warifu.signer.exchanges.calls import open_call

        wallet = self._device.wallets.born(request.wallet_id)
        seat = self._seat_of(frame, request_digest(request), wallet)
        return open_call(self._device, frame, request, _without_wallet(seat))

    def _comparison(self, frame: OpenComparison) -> Ceremony:
        loading.require(self._device.loaded)
        from warifu.signer.exchanges.comparing import open_comparison, purpose

        wallet = self._device.wallets.born(frame.wallet_id)
        check_devices(wallet, frame.participants, self._device.identity.public)
        seat = self._seat_of(frame, purpose(frame), wallet)
        return open_comparison(self._device, frame, _without_wallet(seat))

    def _errand(self, frame: OpenErrand) -> Ceremony:
        loading.require(self._device.loaded)
        from warifu.signer.exchanges.errands import open_errand, purpose

        wallet = self._device.wallets.born(frame.wallet_id)
        check_devices(wallet, frame.participants, self._device.identity.public)
        seat = self._seat_of(frame, purpose(frame), wallet)
        return open_errand(self._device, frame, _without_wallet(seat))

    def _telling(self, frame: OpenTelling) -> TellingCeremony:
        wallet = self._device.wallets.born(frame.wallet_id)
        require_strict(self._device.rules.of(wallet.id).policy)
        check_devices(wallet, frame.participants, self._device.identity.public)
        return TellingCeremony(self._seat_of(frame, digest("request/telling", frame.wallet_id), wallet))

    def _seat_of(self, frame: Opening, request: bytes, wallet: Wallet) -> Seat:
        """In a session of a wallet that is born."""
        device = self._device
        exchange = WalletExchange(device, wallet)
        expected = accepted(device, wallet)
        seat = self._seat(frame, request, wallet.id, device.rules.of(wallet.id), expected, exchange)
        return replace(
            seat,
            wallet=wallet.id,
            epoch=wallet.position,
            certificate=wallet.certificate,
            catch_up=lambda certificate: self._refreshes.adopt(wallet.id, certificate),
        )

    def _seat(
        self,
        frame: Opening,
        request: bytes,
        wallet: bytes,
        rules: Rules,
        expected: Mapping[bytes, Expectation],
        exchange: Exchange | None = None,
    ) -> Seat:
        device = self._device
        own = device.identity.public
        if own in expected:
            require_own(device, expected[own])
        meeting = device.meeting(expected, exchange)
        entry = None
        if not isinstance(frame, _Unasked):
            entry = Met(wallet, frame.session, request), asker(frame.authorization)
        return Seat(
            key=device.identity,
            session=frame.session,
            purpose=request,
            participants=frame.participants,
            rules_hash=rules_hash(rules),
            revision=rules.revision,
            names={identity: expectation.name for identity, expectation in expected.items()},
            expires=device.clock.now() + LIFETIME,
            show=lambda binding: meeting.show(
                entry, binding, [peer for peer in frame.participants if peer != own]
            ),
            judge=lambda peer, shown, binding: meeting.judge(peer, shown, binding, device.clock.now()),
            meet=meeting.meet,
        )

    def _cause(self, frame: Opening) -> Cause | None:
        if isinstance(frame, _Unasked):
            return None
        sealed: Envelope | Parcel | None = None
        if isinstance(frame, OpenCall):
            sealed = frame.parcel
        elif isinstance(frame, OpenSession):
            sealed = frame.envelope
        return cause_of(self._device, frame.authorization, sealed, self._device.clock.now())

    def _end_others(self, purpose: bytes) -> list[FromSigner]:
        """One key generation for a wallet at a time: two would replace each other's host keys."""
        return self._supersede(
            [session for session, other in self._running.items() if other.seat.purpose == purpose]
        )

    def _end_hand_outs(self, dealer: bytes) -> list[FromSigner]:
        """One hand-out of a device at a time. Of two side by side a service could let one be kept last and the other be
        put to use, and then no keeper has a piece of the set that the device boots by."""
        return self._supersede(
            [
                session
                for session, other in self._running.items()
                if isinstance(other, HandingOut) and other.dealer == dealer
            ]
        )

    def _end_refreshes(self, wallet: Wallet) -> list[FromSigner]:
        """One refresh of a wallet at a time: what the earlier one dealt serves for nothing."""
        return self._supersede(
            [
                session
                for session, other in self._running.items()
                if isinstance(other, RefreshCeremony) and other.seat.wallet == wallet.id
            ]
        )

    def _supersede(self, sessions: list[bytes], why: str = "the session was opened anew") -> list[FromSigner]:
        superseded = SessionAborted("superseded", why)
        return [frame for session in sessions for frame in self._fail(session, superseded)]

    def _in_session(self, session: bytes, work: Callable[[Ceremony], list[FromSigner]]) -> list[FromSigner]:
        """Do ``work`` in a running session, and end it with what goes wrong. An unknown session is not answered: the
        service may not have heard yet that it ended."""
        ceremony = self._running.get(session)
        if ceremony is None:
            return []
        try:
            frames = work(ceremony)
        except (WarifuError, ThresholdError) as error:
            ended = self._fail(session, _as_warifu(error))
            if self._device.freeze.reason is not None:  # it learnt something that concerns all of them
                ended += self.abort_all(PolicyDenied("frozen", "this device was frozen meanwhile"))
            return ended
        if ceremony.finished:
            self._running.pop(session).close()
            self._causes.pop(session, None)
        return frames

    def _fail(self, session: bytes, error: WarifuError) -> list[FromSigner]:
        ceremony = self._running.pop(session)
        parting = list(ceremony.parting)
        error.not_done = ceremony.not_done
        for identity, name in ceremony.seat.names.items():
            if error.blame == identity.hex()[:16]:  # the channel knows identities; people know names
                error.blame = name
        ceremony.close()
        self._note("session", error, session, self._causes.pop(session, None))
        return [*parting, SessionFailed(session, refusal_of(error))]


def _without_wallet(seat: Seat) -> Seat:
    """It goes on with the shares of the exchange's key with which all began, also where a refresh ends beside it: what
    was sent has an answer that is to be heard."""
    return replace(seat, wallet=None)


def _as_warifu(error: WarifuError | ThresholdError) -> WarifuError:
    if isinstance(error, WarifuError):
        return error
    return SessionAborted("threshold", f"the ceremony cannot go on: {error}")
