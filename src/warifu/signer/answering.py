"""What a device answers to the questions of the service that are no sessions. Nothing that comes in is believed."""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import CertifiedEnvelopeKey
from warifu.protocol.exchange_visits import Visits, VisitShown, say_visits
from warifu.protocol.frames import (
    ActivationAnswer,
    ApproveReference,
    AskAcknowledge,
    AskAcknowledgeCall,
    AskActivation,
    AskCallDecision,
    AskComparisons,
    AskConfirmation,
    AskDecision,
    AskEndorsement,
    AskEnvelopeKey,
    AskJournal,
    AskKeyRecovery,
    AskNotes,
    AskPiece,
    AskResult,
    AskStatus,
    AskSuccession,
    AskVisits,
    EnvelopeKeyAnswer,
    Instruct,
    KeepAccount,
    KeepTravelRule,
    NotesAnswer,
    PutAccountInForce,
    RecoverExchangeKey,
    RecoverWallet,
    ResultAnswer,
    ShowEpoch,
    TakeNotes,
    TellVisit,
)
from warifu.protocol.request import TransferRequest, decode_request
from warifu.signer.acknowledging import confirm_spend
from warifu.signer.asking import cause_of
from warifu.signer.births import Births
from warifu.signer.device import Device
from warifu.signer.evidence import activate, endorsement
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.afterwards import show_comparisons
from warifu.signer.exchanges.generating import born_by, recover_key, tell_recovery
from warifu.signer.exchanges.keeping import keep_account
from warifu.signer.exchanges.stating import keep_travel_rule
from warifu.signer.exchanges.succeeding import put_in_force, tell_succession
from warifu.signer.exchanges.visiting import banned, tell_visit
from warifu.signer.expecting import approve_reference
from warifu.signer.instructing import instruct
from warifu.signer.journal import Cause
from warifu.signer.journal_reading import show_to_owner
from warifu.signer.keeping import answer_boot
from warifu.signer.refreshes import Refreshes
from warifu.signer.status import UNJOINED, status
from warifu.signer.taking import take_notes
from warifu.signer.transfers import Transfers
from warifu.tee.release_keeper import Keeper

Call = (
    AskEnvelopeKey
    | AskResult
    | AskDecision
    | AskCallDecision
    | AskComparisons
    | AskStatus
    | AskEndorsement
    | AskActivation
    | ApproveReference
    | Instruct
    | AskPiece
    | AskNotes
    | TakeNotes
    | AskAcknowledge
    | AskAcknowledgeCall
    | AskConfirmation
    | ShowEpoch
    | RecoverWallet
    | AskJournal
    | KeepAccount
    | KeepTravelRule
    | AskSuccession
    | PutAccountInForce
    | AskKeyRecovery
    | RecoverExchangeKey
    | TellVisit
    | AskVisits
)
"""Of which each has one answer, or ``CallRefused``."""


class Answering:
    """The calls of the service, each answered at once or refused."""

    def __init__(
        self,
        device: Device,
        transfers: Transfers,
        births: Births,
        refreshes: Refreshes,
        keeper: Keeper,
        isolation: tuple[tuple[str, str], ...],
    ) -> None:
        self._device = device
        self._transfers = transfers
        self._births = births
        self._refreshes = refreshes
        self._keeper = keeper
        self._isolation = isolation

    def to(self, message: Call) -> bytes:
        """What the call is answered. Raises ``WarifuError`` where it is refused."""
        device = self._device
        if isinstance(message, AskEnvelopeKey):
            device.freeze.require_none()
            return encode(EnvelopeKeyAnswer(self._envelope_key(message)))
        if isinstance(message, AskEndorsement):
            return encode(endorsement(device.platform))
        if isinstance(message, AskActivation):
            return encode(ActivationAnswer(activate(device.platform, message.credential, message.secret)))
        if isinstance(message, ApproveReference):
            device.freeze.require_none()
            approve_reference(device, message)
            return b""
        if isinstance(message, AskAcknowledge):
            return encode(self._transfers.acknowledge(message))
        if isinstance(message, AskAcknowledgeCall):
            loading.require(device.loaded)
            from warifu.signer.exchanges.acknowledging import acknowledge_call

            return encode(acknowledge_call(device, message))
        if isinstance(message, AskConfirmation):
            return encode(confirm_spend(device, message))
        if isinstance(message, AskNotes):
            wallet = device.wallets.born(message.wallet_id)
            return encode(NotesAnswer(*device.notes.after(wallet.id, message.after, private=False)))
        if isinstance(message, TakeNotes):
            take_notes(device, message)
            return b""
        if isinstance(message, ShowEpoch):
            return self._shown_epoch(message)
        if isinstance(message, Instruct):
            return encode(instruct(device, message))
        if isinstance(message, TellVisit):
            visit = tell_visit(device, message)
            return encode(_visits(device, visit.request.wallet_id, (visit,)))
        if isinstance(message, AskVisits):
            wallet = device.wallets.born(message.wallet_id)
            shown = device.visits.shown(wallet.id, device.clock.now(), banned(device, wallet.id))
            return encode(_visits(device, wallet.id, shown))
        if isinstance(message, AskPiece):
            return encode(answer_boot(device, self._keeper, message))
        if isinstance(message, AskJournal):
            return encode(show_to_owner(device, message))
        if isinstance(message, AskResult):
            return encode(self._result(message.request))
        if isinstance(message, AskDecision):
            request = decode_request(message.request)
            if not isinstance(request, TransferRequest):
                raise InputRefused("decision", "only a transfer can be decided on without doing it")
            return encode(self._transfers.decide(request, message.unsigned, message.approvals))
        if isinstance(message, AskCallDecision):
            loading.require(device.loaded)
            from warifu.signer.exchanges.calls import decide_call

            return encode(decide_call(device, message))
        if isinstance(message, AskComparisons):
            return encode(show_comparisons(device, message))
        if isinstance(message, RecoverWallet):
            return self._births.recover(message)
        if isinstance(message, KeepAccount):
            return encode(keep_account(device, message))
        if isinstance(message, AskSuccession):
            return encode(tell_succession(device, message))
        if isinstance(message, PutAccountInForce):
            return encode(put_in_force(device, message))
        if isinstance(message, AskKeyRecovery):
            return encode(tell_recovery(device, message.request))
        if isinstance(message, RecoverExchangeKey):
            return encode(recover_key(device, message))
        if isinstance(message, KeepTravelRule):
            return encode(keep_travel_rule(device, message))
        return encode(status(device, self._isolation))

    def _shown_epoch(self, message: ShowEpoch) -> bytes:
        if message.certificate:
            self._device.freeze.require_none()
            self._refreshes.adopt(message.wallet_id, message.certificate)
        return self._device.wallets.born(message.wallet_id).certificate

    def _envelope_key(self, message: AskEnvelopeKey) -> CertifiedEnvelopeKey:
        device = self._device
        rules = device.rules.hash(device.wallets.born(message.wallet_id).id) if message.wallet_id else b""
        return device.envelope_keys.issue(device.name or UNJOINED, message.nonce, device.clock.now(), rules)

    def _result(self, request: bytes) -> ResultAnswer:
        device = self._device
        wallet = device.wallets.get(request)
        result = wallet.signed_birth if wallet is not None else device.ledger.result(request)
        if (born := born_by(device, request)) is not None:
            result = encode(born)
        if result is None:
            result = device.calls.result(request)
        if result is not None:
            return ResultAnswer("finished", result)
        started = wallet is not None or device.ledger.started(request) or device.calls.started(request)
        started = started or device.accounts.generations.get(request) is not None
        return ResultAnswer("started" if started else "unknown", b"")

    def cause(self, message: Call) -> Cause | None:
        """What an owner authorized, where it was that which brought the call."""
        now = self._device.clock.now()
        if isinstance(message, AskAcknowledge | AskComparisons | AskJournal | TellVisit):
            return cause_of(self._device, message.authorization, None, now)
        if isinstance(message, KeepAccount | KeepTravelRule | AskAcknowledgeCall):
            return cause_of(self._device, message.authorization, message.parcel, now)
        if not isinstance(message, ApproveReference | RecoverWallet | Instruct):
            return None
        return cause_of(self._device, message.authorization, message.envelope, now)


def _visits(device: Device, wallet: bytes, visits: tuple[VisitShown, ...]) -> Visits:
    return say_visits(device.identity, wallet, device.clock.now(), visits)
