"""Accounts at exchanges and calls there. The service carries both, and reads neither: credentials and requests are in
parcels for the devices, answers are sealed to whoever asked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import Answer, EncodedAuthorization, Event, Id16, Question
from warifu.protocol.encoding import Bytes32, Seconds
from warifu.protocol.exchange_answers import Outcome
from warifu.protocol.parcel import MAX_PARCEL_BYTES
from warifu.protocol.request import MAX_SIGNERS

EncodedParcel = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_PARCEL_BYTES)]
EncodedParcels = Annotated[tuple[EncodedParcel, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]


class NewExchangeKey(Question, frozen=True):
    """``POST /wallets/{name}/exchange-keys`` (admin) -> ``Accepted``, whose id is the request's ``request_id`` in hex:
    have all devices of the wallet generate a key for an account. ``authorization``: of an ``ExchangeKeyRequest``, with
    no envelopes. Nothing is begun unless all of them are connected; the same question again returns the same id."""

    authorization: EncodedAuthorization


class ExchangeKeyShown(Answer, frozen=True):
    """``GET /wallets/{name}/exchange-keys/{id}?after=N&wait=S`` (read or admin): events with a number above ``after``,
    once there is one, and what devices stated so far."""

    id: Id16
    wallet: str
    account: str
    request: Bytes32
    """Digest of the ``ExchangeKeyRequest``."""
    state: Literal["running", "finished", "refused"]
    """``running``: also while devices are away that may have the key, or have to be brought to it. ``finished``: every
    device states it. ``refused``: it comes to nothing."""
    births: tuple[bytes, ...]
    """Each device's own encoded ``exchange_answers.KeyBorn`` that came so far, ascending by identity: check that all
    state one key, and that none is missing."""
    missing: tuple[str, ...]
    """Names of the devices that have not stated it."""
    refusal: ErrorBody | None
    created: Seconds
    events: tuple[Event, ...]


class NewExchangeAccount(Question, frozen=True):
    """``POST /wallets/{name}/exchange-accounts`` (admin) -> ``ExchangeAccountTold``: keep a credential.

    ``authorization``: of an ``AccountRequest``; ``parcels``: encoded, one for each of its holders. No holder is told
    anything unless all of them are connected.
    """

    authorization: EncodedAuthorization
    parcels: EncodedParcels


class NewTravelRule(Question, frozen=True):
    """``POST /wallets/{name}/exchange-accounts/travel-rule`` (admin) -> ``ExchangeAccountTold``: have the holders of an
    account keep what is stated about who is paid.

    ``authorization``: of a ``TravelRuleRequest``; ``parcels``: encoded, one for each of its holders. No holder is told
    anything unless all of them are connected.
    """

    authorization: EncodedAuthorization
    parcels: EncodedParcels


class ExchangeAccountRemoval(Question, frozen=True):
    """``POST /wallets/{name}/exchange-accounts/remove`` (admin) -> ``ExchangeAccountTold``: forget an account.

    ``authorization``: of a ``RemoveAccountRequest``, with no envelopes. Every connected device of the wallet is told
    now, and those that are away (``service.device-offline``) when they come, while the request is in time: there is no
    secret in it, so that it can be kept for them.
    """

    authorization: EncodedAuthorization


class ExchangeComparisonsQuestion(Question, frozen=True):
    """``POST /wallets/{name}/exchange-comparisons`` (read) -> ``ExchangeAccountTold``: what devices have to
    compare at exchanges, and what they found.

    ``authorization``: of a ``ComparisonsRequest``, with no envelopes. Each answer is an encoded
    ``exchange_answers.SealedAnswer`` for its reader (``exchange_comparisons.open_comparisons``)."""

    authorization: EncodedAuthorization


class AccountTold(Answer, frozen=True):
    """What one device made of it: its answer (an encoded ``AccountKept``, empty for a removal, sealed comparisons), or
    why not."""

    device: str
    identity: Bytes32
    answer: bytes
    refusal: ErrorBody | None


class ExchangeAccountTold(Answer, frozen=True):
    """Ascending by identity. What some did and others did not can be asked again."""

    devices: tuple[AccountTold, ...]


class AccountsOf(Answer, frozen=True):
    """The wallet's accounts as one device sees them: its own encoded ``exchange_answers.AccountStatus`` of each."""

    device: str
    identity: Bytes32
    accounts: tuple[bytes, ...]
    refusal: ErrorBody | None
    """Why it did not say."""


class ExchangeAccounts(Answer, frozen=True):
    """``GET /wallets/{name}/exchange-accounts`` (read): asked of every device of the wallet now."""

    devices: tuple[AccountsOf, ...]


class ExchangeDecisionQuestion(Question, frozen=True):
    """``POST /wallets/{name}/exchange-decisions`` (draft, transfer or admin) -> ``ExchangeDecisions``: would these
    devices sign this call?

    ``authorization``: of a ``CallRequest`` that nobody carries (``exchange_requests.NOBODY``); ``parcels``: encoded,
    one for each device that is asked.
    """

    authorization: EncodedAuthorization
    parcels: EncodedParcels


class ExchangeDecisionOf(Answer, frozen=True):
    """One device's decision, sealed to the request's reader (an encoded ``exchange_answers.SealedAnswer``, opened by
    ``exchange_decisions.open_decision``), or why there is none."""

    identity: Bytes32
    decision: bytes | None
    refusal: ErrorBody | None


class ExchangeDecisions(Answer, frozen=True):
    """Ascending by identity."""

    decisions: tuple[ExchangeDecisionOf, ...]


class NewExchangeCall(Question, frozen=True):
    """``POST /wallets/{name}/exchange-calls`` (transfer) -> ``Accepted``, whose id is the request's ``request_id`` in
    hex.

    ``authorization``: of a ``CallRequest``; ``parcels``: encoded, one for each device that takes part, the carrier
    among them. Exactly once: the same question again returns the same call, another under the same id is refused (409,
    ``service.request-id-used``).
    """

    authorization: EncodedAuthorization
    parcels: EncodedParcels
    makers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)] | None = None
    """Of a strict wallet's call that gives something away: who makes it. All that have a parcel count it first. Without
    it all that have one make it."""


CallState = Literal["waiting", "running", "done", "refused", "unknown"]
"""``waiting``: no device was told yet. ``running``: it may be under way. ``done``: ``outcome`` is the carrier's word.
``refused``: nothing was sent, and ``refusal`` says why. ``unknown``: the devices were told, and the carrier has not
said what came of it; it is asked as soon as it is there, so this can become ``done`` or ``refused`` still."""


class Compared(Answer, frozen=True):
    """What a device that signed a call found at the exchange afterwards, over its own TLS."""

    device: str
    outcome: Outcome
    """``done``: it is what was signed. ``differs``: the device froze the wallet. Others are tried again."""
    at: Seconds


class ExchangeCallShown(Answer, frozen=True):
    """``GET /wallets/{name}/exchange-calls/{id}?after=N&wait=S`` (read or transfer): events with a number above
    ``after``, once there is one."""

    id: Id16
    wallet: str
    account: str
    request: Bytes32
    """Digest of the ``CallRequest``."""
    carrier: Bytes32
    state: CallState
    outcome: Outcome | None
    """When ``done``."""
    reason: str
    retry_after: int
    """Seconds; 0 where the exchange did not say."""
    answer: bytes | None
    """The encoded ``exchange_answers.SealedAnswer``, until it is deleted: with what is left of its pieces by ``DELETE
    /wallets/{name}/exchange-calls/{id}/answer`` (transfer) once you have read it, or after a day."""
    refusal: ErrorBody | None
    compared: tuple[Compared, ...]
    created: Seconds
    events: tuple[Event, ...]


class ExchangePiece(Answer, frozen=True):
    """One piece of an exchange's answer: ``piece`` is an encoded ``exchange_answers.SealedAnswer``, opened by
    ``exchange_pieces.Pieces``."""

    number: int
    piece: bytes


class ExchangePieces(Answer, frozen=True):
    """``GET /wallets/{name}/exchange-calls/{id}/pieces?after=N&wait=S`` (transfer): pieces with a number above
    ``after``, once there is one or the call has come to rest; as many as 2 MiB hold. They wait until ``DELETE
    /wallets/{name}/exchange-calls/{id}/pieces/{number}`` (transfer) says that all up to that one were read, or for a
    day. A carrier that listens to a feed is told to stop once too much waits, or nobody asks for a minute."""

    state: CallState
    pieces: tuple[ExchangePiece, ...]


class ExchangeCalls(Answer, frozen=True):
    """``GET /wallets/{name}/exchange-calls`` (read): the newest 200, newest first, without events and answers."""

    calls: tuple[ExchangeCallShown, ...]
