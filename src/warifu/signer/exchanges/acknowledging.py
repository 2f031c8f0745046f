"""Strict wallets: a device's word for a call that others make, as for a transfer (``signer.acknowledging``).

All devices of the wallet are asked, also those without a part of the account's credential: a limit is the wallet's, and
whoever counts towards it can be anyone. What is asked comes in a parcel, as to those who make the call. The parcel
opens once; the call is kept, so that a device which was stopped in between still takes part.

Not judged here is what a device gives its share of (that it compared what it signed before, that the exchange's own
list is on): who acknowledges gives none.
"""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.protocol.acknowledging import Acknowledgement, acknowledge
from warifu.protocol.authorization import Authorized
from warifu.protocol.encoding import encode
from warifu.protocol.events.exchanges import CallAcknowledged
from warifu.protocol.exchange_requests import CallRequest, ExchangeCall
from warifu.protocol.frames import AskAcknowledgeCall
from warifu.protocol.notes import Called
from warifu.protocol.request import decode_request
from warifu.signer.acknowledging import require_strict
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges.calls import given, refuse_reuse, require_tellable, unpacked
from warifu.signer.exchanges.gauge import Gone
from warifu.signer.exchanges.judging import (
    Seen,
    catch_up,
    judged_by_any,
    limits,
    see_anywhere,
    without_words,
)
from warifu.signer.expecting import accepted, require_own
from warifu.signer.ledger import LONGEST
from warifu.signer.wallets import Wallet


def acknowledge_call(device: Device, frame: AskAcknowledgeCall) -> Acknowledgement:
    """Judge for the others, from the bytes, and count. What was acknowledged before is acknowledged again while the
    request is in time.

    ``AuthorizationRefused``; ``InputRefused`` (``request-kind``, ``participants``, ``not-strict``, ``gives-nothing``,
    ``call-differs``, ``too-long-to-tell``, ``exchange-not-understood``); ``PassphraseRefused`` (the parcel);
    ``PolicyDenied``.
    """
    now = device.clock.now()
    device.freeze.require_none()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, CallRequest):
        raise InputRefused("request-kind", "this asks for nothing at an exchange")
    wallet = device.wallets.born(request.wallet_id)
    rules = device.rules.of(wallet.id)
    require_strict(rules.policy)
    if request.carrier not in wallet.identities:  # of a dry run: it would only use up limits
        raise InputRefused("participants", "no device of the wallet can make this call")
    authorized = device.approvals.check(frame.authorization, rules.owners, frame.parcel, now)
    require_own(device, accepted(device, wallet)[device.identity.public])
    if device.calls.acknowledged(authorized.digest) is None:
        device.envelope_keys.require(frame.parcel, now)
        call = unpacked(device, frame.parcel, request, authorized.digest)
        _Witnessing(device, wallet, frame, request, authorized, call).count(now)
    return acknowledge(device.identity, wallet.id, authorized.digest)


class _Witnessing:
    """One call, as a device reads it that may have no part in it."""

    def __init__(
        self,
        device: Device,
        wallet: Wallet,
        frame: AskAcknowledgeCall,
        request: CallRequest,
        authorized: Authorized,
        call: ExchangeCall,
    ) -> None:
        self._device = device
        self._wallet = wallet
        self._frame = frame
        self._request = request
        self._authorized = authorized
        self._call = call
        with without_words():
            self._seen: Seen = see_anywhere(device, wallet, call)

    def count(self, now: int) -> None:
        """Durably; unless it would be refused."""
        device, wallet, named = self._device, self._wallet, self._authorized.digest
        if not self._seen.gives:
            raise InputRefused("gives-nothing", "a call that gives nothing away needs no acknowledgement")
        note = Called(self._frame.authorization, encode(self._call))
        require_tellable(note)
        catch_up(device, wallet)
        self._judge(now)
        request, exchange = self._request, self._seen.exchange.name
        known, amounts = limits(device, wallet, self._seen), self._seen.asked.amounts
        with device.epoch.lasting():
            refuse_reuse(device, request, named)
            device.calls.forget(now)
            device.calls.count(named, wallet.id, exchange, amounts, known, request.expires, request.expires)
            device.calls.acknowledge(wallet.id, named, request, note.call)
            if self._seen.asked.destination is not None:
                gone = Gone(named, request.created, self._seen.understood.meaning.gives)
                device.visits.withdraws(wallet.id, request.account, gone)
            device.notes.write(wallet.id, note, request.expires + LONGEST)
            device.journal.append(self._entry(), now, asker(self._frame.authorization))

    def _judge(self, now: int) -> None:
        device, wallet, authorized = self._device, self._wallet, self._authorized
        account, named = self._request.account, authorized.digest
        with without_words():
            refusal = judged_by_any(
                device, wallet, account, self._seen, named, authorized.approvals, now
            ).refusal
            if refusal is not None:
                raise refusal

    def _entry(self) -> CallAcknowledged:
        understood, to = self._seen.understood, self._seen.understood.meaning.destination
        return CallAcknowledged(
            self._wallet.id,
            self._authorized.digest,
            self._request.account,
            self._seen.exchange.name,
            understood.name,
            given(understood),
            "" if to is None else (to.inside or to.address),
            self._device.rules.hash(self._wallet.id),
        )
