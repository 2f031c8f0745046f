"""Frames about exchanges: accounts, calls, and the tunnels through which a signer speaks TLS itself."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import Bytes16, Bytes32, Bytes64, Message, Name
from warifu.protocol.exchange_answers import PieceNumber, SealedAnswer
from warifu.protocol.exchange_requests import ExchangeSymbol
from warifu.protocol.exchange_visits import Round, Step
from warifu.protocol.frames.bounds import Call
from warifu.protocol.frames.noting import Acknowledgements, Confirmations
from warifu.protocol.parcel import Parcel
from warifu.protocol.request import MAX_SIGNERS

MAX_KEY_RECOVERY = 16 * 1024
"""Bytes; with 16 devices it has 3,620 at most."""
MAX_CARRIED = 64 * 1024
"""Bytes of one frame's ciphertext."""
MAX_TUNNELS = 4
"""Of one device in one session, open or not."""

Tunnel = Annotated[int, msgspec.Meta(ge=0, lt=MAX_TUNNELS)]
"""Number of a device's tunnel in its session: the signer counts them, and uses none twice."""
MAX_LISTENING = 3600
"""Seconds for which a carrier listens to a feed."""
HostName = Annotated[
    str, msgspec.Meta(min_length=4, max_length=253, pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]\Z")
]
KeyRecovery = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_KEY_RECOVERY)]
"""ChillDKG's public recovery data of an account's key."""
Participants = Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
"""Identities, ascending."""


class KeepAccount(Message, frozen=True, tag="keep-account"):
    """Keep your part of an account's credential: an authorized ``AccountRequest``. Answered by ``AccountKept``."""

    call: Call
    authorization: Authorization
    parcel: Parcel


class AskSuccession(Message, frozen=True, tag="ask-succession"):
    """Do you keep this key, which takes the place of the account's? Answered by a ``Succession``. It tells no secret,
    and no owner is asked: every holder's word together lets each put the new key in force."""

    call: Call
    wallet_id: Bytes32
    account: Name
    succession: Bytes32
    """What the key is known by (``exchange_answers.AccountStatus.ready``)."""


class PutAccountInForce(Message, frozen=True, tag="put-account-in-force"):
    """Every holder keeps the key that waits at you to take another one's place: use it from now on. Answered by a
    ``Succession``. No owner is asked again: as many as it takes asked for this very key."""

    call: Call
    wallet_id: Bytes32
    account: Name
    succession: Bytes32
    """As in ``AskSuccession``."""
    together: Annotated[tuple[Bytes64, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    """Signatures of all of the account's holders, in their order."""


class KeepTravelRule(Message, frozen=True, tag="keep-travel-rule"):
    """Keep what an owner states for an account: an authorized ``TravelRuleRequest``, with its part in the parcel.
    Answered by ``AccountKept``."""

    call: Call
    authorization: Authorization
    parcel: Parcel


class OpenCall(Message, frozen=True, tag="open-call"):
    """Take part in a call at an exchange: an authorized ``CallRequest``, whose ``ExchangeCall`` is in the parcel."""

    session: Bytes16
    authorization: Authorization
    parcel: Parcel
    participants: Participants
    acknowledgements: Acknowledgements = ()
    """Of a strict wallet's devices, for what gives something away; elsewhere none is needed."""
    confirmations: Confirmations = ()
    """Of at least as many devices, each over all of these acknowledgements."""


class AskAcknowledgeCall(Message, frozen=True, tag="ask-acknowledge-call"):
    """Judge this call of a strict wallet as if you signed it, and count it from now on, whoever signs it: an authorized
    ``CallRequest``, whose ``ExchangeCall`` is in the parcel. Answered by an ``Acknowledgement``."""

    call: Call
    authorization: Authorization
    parcel: Parcel


class OpenTelling(Message, frozen=True, tag="open-telling"):
    """Meet these devices of a strict wallet, and tell each other what each counts: of calls at exchanges they speak in
    sessions alone. Nothing is signed, so no owner is asked. The result is empty."""

    session: Bytes16
    wallet_id: Bytes32
    participants: Participants


class AskCallDecision(Message, frozen=True, tag="ask-call-decision"):
    """Dry run of a call: an authorized ``CallRequest`` whose ``carrier`` is no device (32 zero bytes), so that nobody
    can make it, with its ``ExchangeCall`` in the parcel. Nothing is signed and nothing counted. Answered by an
    ``exchange_answers.SealedAnswer`` (``protocol.exchange_decisions``)."""

    call: Call
    authorization: Authorization
    parcel: Parcel


class OpenExchangeKey(Message, frozen=True, tag="open-exchange-key"):
    """Generate a key for an account: an authorized ``ExchangeKeyRequest``, with all devices of the wallet."""

    session: Bytes16
    authorization: Authorization
    participants: Participants


class AskKeyRecovery(Message, frozen=True, tag="ask-key-recovery"):
    """For a device that missed the end of an account's key generation: its recovery data. Answered by ``KeyRecovered``,
    by a device that has its share, until the account is finished."""

    call: Call
    request: Bytes32
    """Digest of the ``ExchangeKeyRequest``."""


class RecoverExchangeKey(Message, frozen=True, tag="recover-exchange-key"):
    """You took part in generating this key and missed the end: make your share from a peer's recovery data. Answered
    by a ``KeyBorn``. No owner is asked again: one asked for this very key, and the data proves itself."""

    call: Call
    request: Bytes32
    """Digest of the ``ExchangeKeyRequest``."""
    recovery: KeyRecovery


class KeyRecovered(Message, frozen=True):
    """To ``AskKeyRecovery``."""

    recovery: KeyRecovery


class OpenComparison(Message, frozen=True, tag="open-comparison"):
    """Compare what is at the exchange with what was signed. ``carrier``: the device that owes it.

    No owner is asked: what is read follows from what was signed."""

    session: Bytes16
    wallet_id: Bytes32
    account: Name
    about: Bytes32
    """Digest of the ``CallRequest``."""
    participants: Participants
    carrier: Bytes32


class AskComparisons(Message, frozen=True, tag="ask-comparisons"):
    """What do you have to compare, and what did you find? An authorized ``ComparisonsRequest``. Answered by an
    ``exchange_answers.SealedAnswer`` (``protocol.exchange_comparisons``)."""

    call: Call
    authorization: Authorization


class TellVisit(Message, frozen=True, tag="tell-visit"):
    """An authorized ``VisitRequest`` or ``EndVisitRequest``. Answered by ``Visits`` with that one."""

    call: Call
    authorization: Authorization


class AskVisits(Message, frozen=True, tag="ask-visits"):
    """How do the wallet's visits stand? Answered by ``Visits``."""

    call: Call
    wallet_id: Bytes32


class OpenErrand(Message, frozen=True, tag="open-errand"):
    """Do one step of a visit. No owner is asked: what may be done follows from what an owner wanted, and funds go to
    the wallet's own address."""

    session: Bytes16
    wallet_id: Bytes32
    visit: Bytes32
    step: Step
    symbol: ExchangeSymbol
    """Of which asset of the visit."""
    pair: Annotated[str, msgspec.Meta(max_length=33)]
    """Whose orders are cancelled: of the policy's, one with an asset of the visit; else empty."""
    round: Round
    """Of a sweep, and of the sweep whose outcome is asked for; else 0."""
    home: Annotated[str, msgspec.Meta(max_length=100)]
    """Of a sweep: a fresh address of the wallet's own, which every participant derives by itself; else empty."""
    participants: Participants
    carrier: Bytes32


class OpenTunnel(Message, frozen=True, tag="open-tunnel"):
    """From a signer: connect me to this host. It will speak TLS there; nothing else is promised."""

    session: Bytes16
    tunnel: Tunnel
    host: HostName


class Carried(Message, frozen=True, tag="carried"):
    """Bytes of a tunnel, to or from its host."""

    session: Bytes16
    tunnel: Tunnel
    data: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_CARRIED)]


class TunnelEnded(Message, frozen=True, tag="tunnel-ended"):
    """The stream has ended: by its host or the service (to a signer), or the signer wants no more of it."""

    session: Bytes16
    tunnel: Tunnel


class Listens(Message, frozen=True, tag="listens"):
    """From a carrier: it listens to a feed for so many seconds from now on, so its session takes longer than others."""

    session: Bytes16
    seconds: Annotated[int, msgspec.Meta(ge=1, le=MAX_LISTENING)]


class AnswerPiece(Message, frozen=True, tag="answer-piece"):
    """From a carrier: a piece of the exchange's answer (``exchange_pieces``), for its owner. Keep it for him."""

    session: Bytes16
    number: PieceNumber
    piece: SealedAnswer


class PieceTaken(Message, frozen=True, tag="piece-taken"):
    """To a carrier: all pieces up to this one are kept, and there is room for more."""

    session: Bytes16
    number: PieceNumber


class StopCall(Message, frozen=True, tag="stop-call"):
    """To a carrier: the owner has heard enough. A feed that it listens to ends, and what came of it stands; what was
    not said to the exchange yet is not said; an answer that is under way is waited for."""

    session: Bytes16
