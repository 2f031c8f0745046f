"""A call's way through the device, from the owner's authorization to the ceremony, as a transfer's (``transfers``).

1. The authorization: owners' approvals, over this request, and the first over this parcel, in time.
2. The participants: enough of those that hold the account's key, this one and the carrier among them.
3. The request: new. What this device carried is answered from memory; nothing is signed or sent twice.
4. The account, and the call out of the parcel: the one that the request names.
5. The call's meaning, read from its bytes, and the policy; in a strict wallet, of what gives something away, enough of
   the wallet's devices must count it (``exchanges.acknowledging``).
6. The ceremony (``exchanges.calling``), which comes back before a signature share or the call leaves, when everything
   is judged once more (other sessions ran meanwhile); and at the carrier with what came of it.

The credential lies open in memory from 4 to the ceremony's end. No passphrase opens it (ADR 24).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from warifu.errors import InputRefused, PolicyDenied, SessionAborted, WarifuError
from warifu.exchanges.feeds import FEED
from warifu.exchanges.reading import Understood
from warifu.exchanges.signing import Stamp, ToSign, ToSubscribe, prepared
from warifu.protocol.acknowledging import Acknowledgement, Confirmation
from warifu.protocol.authorization import Authorization, Authorized, check_times
from warifu.protocol.credential import Credential
from warifu.protocol.encoding import decode, digest, encode
from warifu.protocol.events.exchanges import CallEnded, CallStarted, Given
from warifu.protocol.events.word import MAX_WORD
from warifu.protocol.exchange_answers import (
    CallResult,
    SealedAnswer,
    Told,
    ToldAfterPieces,
    seal_told,
)
from warifu.protocol.exchange_decisions import seal_decision
from warifu.protocol.exchange_requests import MAX_CALL_BYTES, NOBODY, CallRequest, ExchangeCall, call_digest
from warifu.protocol.frames import AskCallDecision, Decision, Finished, OpenCall, refusal_of
from warifu.protocol.journal import Asker
from warifu.protocol.notes import MAX_NOTED_CALL, Called
from warifu.protocol.parcel import Parcel
from warifu.protocol.request import decode_request
from warifu.signer.acknowledging import require_confirmed, require_said
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.egress.trust import client_context
from warifu.signer.exchanges.answers import LIMITS, MAX_ENDING, told_of
from warifu.signer.exchanges.book import Made
from warifu.signer.exchanges.calling import TOLERANCE, Signers, is_near
from warifu.signer.exchanges.carrying import Carrying, Errand, Heard
from warifu.signer.exchanges.cosigning import Cosignature, Cosigning
from warifu.signer.exchanges.gauge import Gone
from warifu.signer.exchanges.handing import Handing
from warifu.signer.exchanges.judging import (
    Seen,
    catch_up,
    count_noted,
    judged,
    limits,
    see,
    wanted,
    without_words,
)
from warifu.signer.exchanges.opening import KeyShare, OpenAccount
from warifu.signer.exchanges.visiting import require_carrier
from warifu.signer.expecting import accepted, require_own
from warifu.signer.ledger import LONGEST
from warifu.signer.notes import fits
from warifu.signer.policy.exchanges import ExchangeFacts, judge_call
from warifu.signer.recent import in_words
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Stamped
from warifu.signer.transfers import check_devices
from warifu.signer.wallets import Wallet

context_for = lru_cache(maxsize=4)(client_context)
"""The TLS context of a list of authorities; the program's own takes more than a megabyte."""


@dataclass(frozen=True)
class Asked:
    """A request together with the call that it names."""

    request: CallRequest
    digest: bytes
    wallet: Wallet
    account: OpenAccount
    call: ExchangeCall
    seen: Seen
    approved: tuple[Credential, ...]
    authorization: Authorization
    acknowledgements: tuple[Acknowledgement, ...]
    confirmations: tuple[Confirmation, ...]

    @property
    def by(self) -> Asker:
        """Whose word it is."""
        return asker(self.authorization)

    @property
    def note(self) -> Called:
        """What the wallet's other devices are told."""
        return Called(self.authorization, encode(self.call))


def open_call(
    device: Device, frame: OpenCall, request: CallRequest, seat: Seat
) -> Carrying | Cosigning | Finished:
    """Steps 1 to 5. The result at once where this device carried it before."""
    now = device.clock.now()
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, frame.parcel, now)
    me = device.identity.public
    check_devices(wallet, frame.participants, me)
    if request.carrier not in frame.participants:
        raise InputRefused("participants", "the device that is to carry the call does not take part")
    result = device.calls.result(authorized.digest) if request.carrier == me else None
    if result is not None:
        return Finished(frame.session, result)
    refuse_reuse(device, request, authorized.digest)
    _require_reader(device, request, authorized.digest)
    call = device.calls.acknowledged(authorized.digest)
    if call is None:
        device.envelope_keys.require(frame.parcel, now)
    account = device.accounts.load(wallet.id, request.account)
    try:
        call = call or unpacked(device, frame.parcel, request, authorized.digest)
        with without_words():
            seen = see(device, wallet, account.account.exchange, call)
        asked = Asked(
            request,
            authorized.digest,
            wallet,
            account,
            call,
            seen,
            authorized.credentials,
            frame.authorization,
            frame.acknowledgements,
            frame.confirmations,
        )
        if seen.gives:
            require_tellable(asked.note)
        numbers = numbered(account, seen, frame.participants)
        catch_up(device, wallet)
        _judge(device, asked, now)
        if _needs_words(device, asked):  # what else they count is told before a share leaves
            require_said(wallet, asked.digest, asked.acknowledgements, asked.confirmations)
        return _Making(device, seat, asked, numbers).ceremony()
    except BaseException:
        account.wipe()
        raise


def decide_call(device: Device, frame: AskCallDecision) -> SealedAnswer:
    """A dry run: steps 1, 4 and 5, and what the policy demands of this device, for the owner alone. Nothing is counted,
    and nobody can carry this request.

    Raises what makes it no dry run at all: ``AuthorizationRefused``, ``InputRefused``, ``PassphraseRefused``."""
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, CallRequest) or request.carrier != NOBODY:
        raise InputRefused("decision", "a dry run is of a call that no device carries")
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, frame.parcel, now)
    _require_reader(device, request, authorized.digest)
    device.envelope_keys.require(frame.parcel, now)
    call = unpacked(device, frame.parcel, request, authorized.digest)
    decision = _decided(device, wallet, request, call, authorized, now)
    return seal_decision(decision, authorized.digest, request.reader, device.identity)


def _decided(
    device: Device,
    wallet: Wallet,
    request: CallRequest,
    call: ExchangeCall,
    authorized: Authorized,
    now: int,
) -> Decision:
    rules: tuple[str, ...] = ()
    try:
        device.freeze.require_none()
        with device.accounts.load(wallet.id, request.account) as account:
            seen = see(device, wallet, account.account.exchange, call)
            catch_up(device, wallet)
            named, approvals = authorized.digest, authorized.approvals
            verdict = judged(device, wallet, account, seen, named, approvals, now)
        rules = in_words(verdict)
        if verdict.refusal is not None:
            raise verdict.refusal
        require_own(device, accepted(device, wallet)[device.identity.public])
    except WarifuError as error:
        return Decision(False, rules, refusal_of(error))
    return Decision(True, rules, None)


def numbered(account: OpenAccount, seen: Seen, participants: Sequence[bytes]) -> dict[bytes, int]:
    """Each participant's identifier in FROST; none where nothing is signed together. ``InputRefused``
    (``participants``, ``too-few-participants``) where these cannot make such a call."""
    holders = account.account.holders
    if not set(participants) <= set(holders):
        raise InputRefused("participants", "not all of these devices hold a part of the account's credential")
    if not seen.understood.call.unsigned.signed or not isinstance(account.key, KeyShare):
        return {}
    if len(participants) < account.key.key.t:
        raise InputRefused(
            "too-few-participants",
            f"this key needs {account.key.key.t} devices to sign; asked were {len(participants)}",
        )
    return {identity: holders.index(identity) for identity in participants}


def seen_digest(account: OpenAccount, call: bytes) -> bytes:
    """What all participants must mean alike: the call (32 bytes), and whose account it is."""
    kept = account.account
    api_key = kept.terms.api_key if kept.terms is not None else ""
    return digest("calling", call, kept.exchange.encode(), api_key.encode(), kept.public)


def milliseconds() -> int:
    """Passes evenly, whatever is done to the machine's clock."""
    return time.monotonic_ns() // 1_000_000


def require_near(device: Device, stamped: Stamped) -> Stamp:
    """The stamp, if it is near this device's clock: ``SessionAborted`` (``clock``)."""
    if not is_near(stamped.milliseconds, device.clock.now()):
        raise SessionAborted(
            "clock",
            f"the call would be made at a time that is more than {TOLERANCE} seconds from this device's",
            remedy="Set the devices' clocks (NTP), then ask again.",
        )
    return Stamp(stamped.milliseconds, stamped.once)


class _Making:
    """One call of this device's, from being judged to its end."""

    def __init__(self, device: Device, seat: Seat, asked: Asked, numbers: dict[bytes, int]) -> None:
        self._device = device
        self._seat = seat
        self._asked = asked
        self._signers = Signers(
            asked.request.carrier, seen_digest(asked.account, asked.request.call), numbers
        )
        self._handing = Handing(seat.session, asked.digest, asked.request.reader, device.identity)

    def ceremony(self) -> Carrying | Cosigning:
        asked, account = self._asked, self._asked.account
        if asked.request.carrier == self._device.identity.public:
            errand = Errand(
                call=asked.seen.understood.call,
                credential=account.credential,
                key=account.key,
                time=asked.seen.exchange.time(),
                context=context_for(account.authorities),
                limits=LIMITS,
                seconds=self._device.clock.now,
                milliseconds=milliseconds,
                sending=self._started,
                ended=self._ended,
                close=self._close,
                handing=self._handing,
                target=asked.seen.exchange.feeds.target(asked.seen.understood.call.unsigned)
                if asked.call.method == FEED
                else "/",
                subscribed=account.wipe,
                still=self._still,
            )
            return Carrying(self._seat, self._signers, errand)
        key = account.key if isinstance(account.key, KeyShare) and self._signers.numbers else None
        cosignature = Cosignature(asked.digest, key, self._prepare, self._cosigned, self._close)
        return Cosigning(self._seat, self._signers, cosignature)

    def _prepare(self, stamped: Stamped) -> ToSign | ToSubscribe:
        if stamped.call is not None:
            raise InputRefused("call-differs", "the carrier wants something else signed than the owner")
        stamp = require_near(self._device, stamped)
        return prepared(self._asked.account.credential, self._asked.seen.understood.call.unsigned, stamp)

    def _cosigned(self, stamped: Stamped) -> None:
        self._started(Stamp(stamped.milliseconds, stamped.once))

    def _started(self, stamp: Stamp | None) -> None:
        """From now on the share, or the call, may be out."""
        device, asked, now = self._device, self._asked, self._device.clock.now()
        request = asked.request
        check_times(request.created, request.expires, now)
        with device.epoch.lasting():
            refuse_reuse(device, request, asked.digest)
            if device.rules.hash(asked.wallet.id) != self._seat.rules_hash:
                raise PolicyDenied(
                    "rules-changed",
                    "the wallet's rules changed meanwhile",
                    remedy="Ask again, under the new ones.",
                )
            count_noted(device, asked.wallet)
            _judge(device, asked, now)
            if _needs_words(device, asked):
                require_confirmed(
                    asked.wallet,
                    asked.digest,
                    asked.acknowledgements,
                    asked.confirmations,
                    device.calls.counts,
                )
            device.calls.forget(now)
            self._count(now)
            if stamp is not None and wanted(asked.account, asked.seen) is not None:
                dead_after = stamp.milliseconds + asked.account.credential.lifetime
                made = Made(
                    asked.digest,
                    asked.wallet.id,
                    request.account,
                    asked.call,
                    stamp.milliseconds,
                    dead_after,
                    request.carrier,
                )
                device.calls.remember(made, owed=request.carrier != device.identity.public)
            device.journal.append(self._entry(), now, asked.by)

    def _count(self, now: int) -> None:
        """It counts here, once, whoever told of it before; and the wallet's other devices are told.

        In a strict wallet it counts from the end of its request: with the same acknowledgements other devices may make
        it until then."""
        device, asked = self._device, self._asked
        if asked.seen.gives:
            exchange, amounts = asked.seen.exchange.name, asked.seen.asked.amounts
            known, expires = limits(device, asked.wallet, asked.seen), asked.request.expires
            moment = expires if _needs_words(device, asked) else now
            device.calls.count(asked.digest, asked.wallet.id, exchange, amounts, known, moment, expires)
        if asked.seen.asked.destination is not None:
            gone = Gone(asked.digest, asked.request.created, asked.seen.understood.meaning.gives)
            device.visits.withdraws(asked.wallet.id, asked.request.account, gone)
        device.calls.start(asked.request, asked.digest)
        if asked.seen.gives:
            device.notes.write(asked.wallet.id, asked.note, asked.request.expires + LONGEST)

    def _entry(self) -> CallStarted:
        asked, seat = self._asked, self._seat
        meaning = asked.seen.understood.meaning
        to = meaning.destination
        return CallStarted(
            asked.digest,
            asked.request.request_id,
            asked.wallet.id,
            seat.session,
            seat.participants,
            asked.request.carrier,
            asked.request.account,
            asked.seen.exchange.name,
            asked.seen.understood.name,
            given(asked.seen.understood),
            "" if to is None else (to.inside or to.address),
            seat.rules_hash,
            asked.seen.understood.identifier[:MAX_WORD],
        )

    def _ended(self, heard: Heard, _stamp: Stamp | None) -> bytes:
        device, asked = self._device, self._asked
        told = told_of(asked.digest, asked.seen, heard)
        sealed = seal_told(self._in_pieces(told), asked.request.reader, device.identity)
        result = encode(CallResult(asked.digest, told.outcome, told.reason, told.retry_after, sealed))
        with device.store.transaction():
            device.calls.finish(asked.digest, result)
            if device.calls.started(asked.digest):
                device.journal.append(
                    CallEnded(asked.wallet.id, asked.digest, self._seat.session, told.outcome, told.reason),
                    device.clock.now(),
                    asked.by,
                )
        return result

    def _in_pieces(self, told: Told) -> Told | ToldAfterPieces:
        """As much of the answer as goes with the result; what does not is cut into pieces that go before it. What came
        of a feed was put there as it came."""
        answer, handing = told.answer, self._handing
        if answer is None:
            return told
        if self._asked.call.method != FEED:
            fits = handing.put(answer.body)
            assert fits, "there is room for more than an answer has"
        rest = handing.close(MAX_ENDING)
        told = msgspec.structs.replace(told, answer=msgspec.structs.replace(answer, body=rest))
        together = handing.together
        return ToldAfterPieces(told, together.count, together.digest) if together.count else told

    def _still(self) -> None:
        """A watch is for as long as the policy lets it be begun, and the account is what it was. ``PolicyDenied``."""
        device, asked = self._device, self._asked
        device.freeze.require_none()
        wallet, account = asked.wallet.id, asked.request.account
        rules, facts = device.rules, ExchangeFacts(device.clock.now(), {})
        refusal = judge_call(rules.policy(wallet), asked.seen.asked, facts).refusal
        if refusal is not None:
            raise refusal
        if (
            rules.hash(wallet) != self._seat.rules_hash
            or device.accounts.get(wallet, account) != asked.account.account
        ):
            raise PolicyDenied("rules-changed", "the wallet's rules, or the account, changed meanwhile")

    def _close(self) -> None:
        self._asked.account.wipe()
        self._device.calls.leave(self._asked.digest)


def given(understood: Understood) -> tuple[Given, ...]:
    """What a call gives away at most, as the journal has it."""
    gives = understood.meaning.gives
    return tuple(Given(symbol, f"{amount:f}") for symbol, amount in sorted(gives.items()))


def _needs_words(device: Device, asked: Asked) -> bool:
    """Whether other devices must count it first."""
    return asked.seen.gives and device.rules.of(asked.wallet.id).policy.strict


def refuse_reuse(device: Device, request: CallRequest, named: bytes) -> None:
    """``AuthorizationRefused`` (``replayed``, ``call-made``) where this device signed for the request's id before."""
    device.ledger.refuse_reuse(request.request_id, named)
    device.calls.refuse_reuse(request.request_id, named)


def _require_reader(device: Device, request: CallRequest, named: bytes) -> None:
    """An answer that could be sealed to nobody would be lost, after something happened."""
    seal_told(Told(named, "unknown", "", 0, None), request.reader, device.identity)


def unpacked(device: Device, parcel: Parcel, request: CallRequest, named: bytes) -> ExchangeCall:
    """The call in the parcel, if it is the one that the request names."""
    content = device.envelope_keys.open_parcel(parcel, named, device.clock.now())
    try:
        call = decode(ExchangeCall, bytes(content), MAX_CALL_BYTES)
    finally:
        content[:] = bytes(len(content))
    if call_digest(call) != request.call:
        raise InputRefused("call-differs", "the call in the parcel is not the one that the owner authorized")
    return call


def require_tellable(note: Called) -> None:
    """``InputRefused`` (``too-long-to-tell``) where the wallet's other devices could not be told of it."""
    if len(note.call) > MAX_NOTED_CALL or not fits(note):
        raise InputRefused(
            "too-long-to-tell", "the other devices could not be told of this call: it is too long"
        )


def _judge(device: Device, asked: Asked, now: int) -> None:
    device.freeze.require_none()
    require_carrier(device, asked.wallet.id, asked.request.carrier)
    owners = device.rules.of(asked.wallet.id).owners
    approvals = len(set(asked.approved) & set(owners))
    with without_words():
        refusal = judged(
            device, asked.wallet, asked.account, asked.seen, asked.digest, approvals, now
        ).refusal
        if refusal is not None:
            raise refusal
