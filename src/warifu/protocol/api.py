"""The HTTP API between the owner's client and the custody service, as types. All paths are below ``/v1``.

JSON objects; bytes are standard base64, identifiers in paths and in fields of type ``str`` are lower-case hex, moments
are whole seconds since 1970-01-01 UTC, amounts are satoshi and fee rates are **satoshi per 1000 vbytes** (1 sat/vB
is 1000), always whole numbers; on chains of accounts amounts are decimal strings in the asset's smallest unit, because
wei do not fit a JSON reader's numbers. Transaction ids are written as people write them on their chain.

Each request carries ``Authorization: Bearer KEY``; what a key may do is its scopes. A ``Question`` refuses fields that
it does not know; an ``Answer`` passes over them, so that an older client can talk to a newer service. Every failure is
an HTTP status of 400 and above with an ``ErrorAnswer``.

The service is untrusted: a client checks each answer that could cost money (envelope keys, births, PSBTs, addresses)
against what it pinned or can compute.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec

from warifu.errors import FAMILIES, InputRefused, ServiceRefused, WarifuError
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Name, Seconds
from warifu.protocol.envelope import MAX_ENVELOPE_KEY_BYTES
from warifu.protocol.frames import MAX_BODY_BYTES, MAX_UNSIGNED_BYTES, Refusal, refusal_of
from warifu.protocol.request import MAX_REQUEST_BYTES, MAX_SIGNERS, Network
from warifu.units import MAX_SATOSHI

API_PREFIX = "/v1"
MAX_API_BODY_BYTES = 4 * 1024 * 1024
"""Longest body of a request, in bytes."""
MAX_API_ANSWER_BYTES = 64 * 1024 * 1024
"""Longest answer that a client needs to accept, in bytes."""
LONGEST_WAIT = 25
"""Most seconds for which ``?wait=`` holds an answer back until something new happens."""

Scope = Literal["read", "draft", "transfer", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "draft", "transfer", "admin")
"""``read``: look. ``draft``: new addresses, labels, unsigned transactions. ``transfer``: hand in what the owner
authorized. ``admin``: devices, wallets, API keys. No scope contains another."""

Txid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""Of a Bitcoin transaction."""
AnyTxid = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[0-9A-Za-z]*\Z")]
"""Of any chain's transaction: hexadecimal, with 0x on Ethereum; base58 on Solana."""
Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Id16 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Satoshis = Annotated[int, msgspec.Meta(ge=0, le=MAX_SATOSHI)]
FeeRate = Annotated[int, msgspec.Meta(ge=1000, le=5_000_000)]
"""Satoshi per 1000 virtual bytes, from 1 to 5,000 sat/vB."""
AddressText = Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
EncodedAuthorization = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_REQUEST_BYTES + 4096)]
EncodedEnvelope = Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]
EncodedEnvelopes = Annotated[tuple[EncodedEnvelope, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
Identities = Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
UnsignedBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_UNSIGNED_BYTES)]
LabelLines = Annotated[str, msgspec.Meta(max_length=1024 * 1024)]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer."""


# --- errors ------------------------------------------------------------------------------------------------------


class ErrorBody(Answer, frozen=True):
    """What ``warifu.errors`` says, field by field. ``code`` is ``family.reason`` and stable."""

    code: str
    message: str
    not_done: str = ""
    remedy: str = ""
    blame: str | None = None
    retry_after: int | None = None


class ErrorAnswer(Answer, frozen=True):
    """The body of every answer with a status of 400 and above."""

    error: ErrorBody


def error_body(error: WarifuError | Refusal) -> ErrorBody:
    """The error as it goes to the client."""
    refusal = refusal_of(error) if isinstance(error, WarifuError) else error
    return ErrorBody(
        code=f"{refusal.family}.{refusal.reason}",
        message=refusal.message,
        not_done=refusal.not_done,
        remedy=refusal.remedy,
        blame=refusal.blame,
        retry_after=refusal.retry_after,
    )


def error_from(body: ErrorBody) -> WarifuError:
    """The error that the service told of; one of an unknown family becomes a plain ``WarifuError``."""
    family, _, reason = body.code.partition(".")
    return FAMILIES.get(family, WarifuError)(
        reason or "unknown",
        body.message,
        not_done=body.not_done,
        remedy=body.remedy,
        blame=body.blame,
        retry_after=body.retry_after,
    )


# --- the service itself, and access to it ------------------------------------------------------------------------


class Health(Answer, frozen=True):
    """``GET /health`` (any scope)."""

    version: str
    network: Network
    height: int | None
    """Height of the best block that a backend showed; None before the first answer."""
    backend: str
    """Which backend gave it, or ``none``. A kind, never an address with a token in it."""
    chains: tuple[Chain, ...]
    """All that are configured."""
    devices: int
    connected: int


class NewApiKey(Question, frozen=True):
    """``POST /api-keys`` (admin)."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=len(SCOPES))]


class CreatedApiKey(Answer, frozen=True):
    """Shown once: the service keeps a hash."""

    name: str
    key: str
    scopes: tuple[Scope, ...]

    def __repr__(self) -> str:
        return f"CreatedApiKey(name={self.name!r})"


class ApiKey(Answer, frozen=True):
    """``GET /api-keys`` (admin); ``DELETE /api-keys/{name}`` ends one."""

    name: str
    scopes: tuple[Scope, ...]
    created: Seconds


class ApiKeys(Answer, frozen=True):
    """``GET /api-keys``."""

    keys: tuple[ApiKey, ...]


class NewBackend(Question, frozen=True):
    """``POST /backends`` (admin) -> ``AddedBackend``: where to look at a chain, kept in the encrypted database.

    Used from the next start of the service on. ``jwt``: have the service make a key of this algorithm, whose public
    half you register with QuickNode under the name ``jwt_kid``.
    """

    chain: Chain
    kind: Literal["esplora", "electrum", "core", "compact-filters", "rpc", "quicknode"]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[!-~]+\Z")] | None = None
    jwt: Literal["ES256", "RS256", "EdDSA"] | None = None
    jwt_kid: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None

    def __repr__(self) -> str:
        return f"NewBackend(chain={self.chain!r}, kind={self.kind!r})"


class AddedBackend(Answer, frozen=True):
    """``public_key``: the PEM to be registered, empty where no key was made."""

    id: Id16
    public_key: str


class BackendShown(Answer, frozen=True):
    """A backend without anything secret. ``id`` is empty for one of the service's file; ``used``: since its start."""

    id: str
    chain: Chain
    kind: str
    host: str
    used: bool


class BackendsShown(Answer, frozen=True):
    """``GET /backends`` (admin), in order of preference; ``DELETE /backends/{id}`` forgets one that was added."""

    backends: tuple[BackendShown, ...]


# --- devices -----------------------------------------------------------------------------------------------------


class NewInvitation(Question, frozen=True):
    """``POST /invitations`` (admin): let a device of this name join, once, within 15 minutes."""

    name: Name


class CreatedInvitation(Answer, frozen=True):
    """The one-time secret. The client adds the address and the certificate's fingerprint that it has pinned itself,
    so that the service cannot send the device elsewhere, and writes the invitation string."""

    name: str
    secret: Bytes16
    expires: Seconds

    def __repr__(self) -> str:
        return f"CreatedInvitation(name={self.name!r})"


JoinStage = Literal["invited", "committed", "owner-sent", "revealed", "enrolled", "refused", "expired"]


class Join(Answer, frozen=True):
    """``GET /joins/{name}?after=STAGE&wait=S`` (admin): how far an enrolment is. See ``warifu.protocol.enrolment``.

    ``after`` is the stage that the client has seen; with ``wait`` the answer comes when it is left, or in time.
    ``commitment`` is there from ``committed`` on, ``identity`` and ``nonce`` (the device's) from ``revealed`` on.
    """

    name: str
    stage: JoinStage
    expires: Seconds
    commitment: Bytes32 | None = None
    identity: Bytes32 | None = None
    nonce: Bytes32 | None = None
    refusal: ErrorBody | None = None


class JoinOwner(Question, frozen=True):
    """``POST /joins/{name}/owner`` (admin): the client's message. Answered with a ``Join``."""

    credential: Bytes32
    nonce: Bytes32


class JoinConfirmation(Question, frozen=True):
    """``POST /joins/{name}/confirm`` (admin): what the owner said about the digits. Answered with a ``Join``."""

    identity: Bytes32
    same: bool


class Device(Answer, frozen=True):
    """An enrolled device, as the service knows it. Trust the identity that you pinned, not this one."""

    name: str
    identity: Bytes32
    connected: bool
    enrolled: Seconds
    last_seen: Seconds | None


class Devices(Answer, frozen=True):
    """``GET /devices`` (read)."""

    devices: tuple[Device, ...]


class DeviceStatus(Answer, frozen=True):
    """``GET /devices/{name}/status`` (read): the device's own encoded ``frames.Status``, asked for now."""

    device: Device
    status: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


class EnvelopeKeyQuestion(Question, frozen=True):
    """``POST /envelope-keys`` (transfer or admin): one-shot keys of these devices, for this client's random nonce."""

    identities: Identities
    nonce: Bytes32


class EnvelopeKeyOf(Answer, frozen=True):
    """One device's ``CertifiedEnvelopeKey``; check it with ``envelope.check_envelope_key``."""

    identity: Bytes32
    statement: Annotated[bytes, msgspec.Meta(max_length=MAX_ENVELOPE_KEY_BYTES)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class EnvelopeKeys(Answer, frozen=True):
    """In the order of the question. A device that does not answer fails the whole question and is named."""

    keys: tuple[EnvelopeKeyOf, ...]


class DecisionQuestion(Question, frozen=True):
    """``POST /decisions`` (draft): would these devices sign? ``request`` is an encoded ``TransferRequest``."""

    request: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_REQUEST_BYTES)]
    unsigned: UnsignedBytes
    identities: Identities


class DecisionOf(Answer, frozen=True):
    """One device's encoded ``frames.Decision``, or why there is none."""

    identity: Bytes32
    decision: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)] | None
    refusal: ErrorBody | None


class Decisions(Answer, frozen=True):
    """In the order of the question."""

    decisions: tuple[DecisionOf, ...]


# --- events ------------------------------------------------------------------------------------------------------


class Event(Answer, frozen=True):
    """One thing that happened. ``number`` counts from 1 without gaps; ``step`` is one of the eight, 0 for none."""

    number: int
    at: Seconds
    step: int
    text: str
    device: str | None = None


class Accepted(Answer, frozen=True):
    """What was started; ask for it by this id."""

    id: str


# --- wallets -----------------------------------------------------------------------------------------------------


class NewWallet(Question, frozen=True):
    """``POST /wallets`` (admin) -> ``Accepted``, whose id is the ceremony's.

    ``authorization``: an encoded ``Authorization`` of a ``WalletRequest``. ``envelopes``: one encoded ``Envelope`` for
    each of its devices. Handing in the same authorization again returns the same ceremony.
    """

    name: Name
    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


class WalletRecovery(Question, frozen=True):
    """``POST /wallets/{name}/recover`` (admin) -> ``Ceremony``: bring one device home that missed the end.

    ``authorization``: a fresh one of the ``WalletRequest`` that made the wallet, with the one ``envelope``, whose
    identity says which device. Answered once the device has stated its birth.
    """

    authorization: EncodedAuthorization
    envelope: EncodedEnvelope


CeremonyState = Literal["running", "finished", "partial", "refused"]
"""``partial``: some devices finished and others did not. There is a key, but not yet a wallet: pay nothing to it."""


class Ceremony(Answer, frozen=True):
    """``GET /ceremonies/{id}?after=N&wait=S`` (admin): events with a number above ``after``, once there is one.

    ``births``: the encoded ``SignedBirth`` of every device when finished, of those that finished when ``partial``;
    then ``authorization`` is the owner's, so that the client need not have kept the request.
    ``GET /wallets/{name}/unfinished`` (admin) finds the partial one of a name.
    """

    id: str
    wallet: str
    state: CeremonyState
    events: tuple[Event, ...]
    refusal: ErrorBody | None
    births: tuple[bytes, ...]
    authorization: bytes = b""


class Wallet(Answer, frozen=True):
    """``GET /wallets/{name}`` (read)."""

    name: str
    id: Bytes32
    network: Network
    threshold: int
    devices: tuple[str, ...]
    created: Seconds
    authorization: bytes
    births: tuple[bytes, ...]


class Wallets(Answer, frozen=True):
    """``GET /wallets`` (read)."""

    wallets: tuple[Wallet, ...]


class Address(Answer, frozen=True):
    """``POST /wallets/{name}/addresses`` (draft): the next receive address. Derive it yourself before you show it."""

    index: int
    address: str


class Addresses(Answer, frozen=True):
    """``GET /wallets/{name}/addresses`` (read): those that were given out, in order."""

    addresses: tuple[Address, ...]


class Balance(Answer, frozen=True):
    """``GET /wallets/{name}/balance`` (read), after asking a backend. ``height`` is the block it is true for."""

    confirmed: int
    pending: int
    """Unconfirmed change of our own making: safe to spend."""
    untrusted: int
    """Unconfirmed payments from others: they can still vanish."""
    immature: int
    """Block rewards that cannot be spent yet."""
    total: int
    height: int


class Asset(Answer, frozen=True):
    """What an account has of one asset. ``token`` is empty for the chain's own coin."""

    token: str
    symbol: str
    decimals: int
    amount: Amount


class Account(Answer, frozen=True):
    """A wallet's account on one chain. Derive the address yourself before you show it."""

    chain: Chain
    address: str
    assets: tuple[Asset, ...]
    height: int | None
    refusal: ErrorBody | None
    """Why there are no figures, where a backend gave none."""


class Accounts(Answer, frozen=True):
    """``GET /wallets/{name}/accounts`` (read): on every chain of accounts that is configured, after asking backends."""

    accounts: tuple[Account, ...]


class HistoryEntry(Answer, frozen=True):
    """One transaction as the wallet sees it; ``transfer`` is the id of the transfer that made it, if one did."""

    txid: Txid
    received: int
    sent: int
    fee: int | None
    height: int | None
    time: Seconds | None
    label: str
    transfer: str | None


class History(Answer, frozen=True):
    """``GET /wallets/{name}/transactions`` (read), newest first."""

    transactions: tuple[HistoryEntry, ...]
    height: int


class Labels(Answer, frozen=True):
    """``GET /wallets/{name}/labels`` (read): BIP-329, one JSON object a line."""

    labels: str


class NewLabels(Question, frozen=True):
    """``PUT /wallets/{name}/labels`` (draft): labels to add or change (an empty one removes). Answer: ``Labels``."""

    labels: LabelLines


# --- drafts ------------------------------------------------------------------------------------------------------


class DraftRecipient(Question, frozen=True):
    """Pay exactly this amount to this address."""

    address: AddressText
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_SATOSHI)]


class NewDraft(Question, frozen=True):
    """``POST /wallets/{name}/drafts`` (draft) -> ``Draft``. Exactly one of the four ways.

    ``recipients``: pay these. ``sweep_to``: send all to one address. ``bump``: replace this unconfirmed transaction of
    ours at a higher fee rate (same recipients). ``cpfp``: spend an unconfirmed output of this transaction so that
    miners take both. Without ``fee_rate`` the backends are asked for one (``bump`` and ``cpfp`` need it).
    """

    recipients: Annotated[tuple[DraftRecipient, ...], msgspec.Meta(max_length=100)] = ()
    sweep_to: AddressText | None = None
    bump: Txid | None = None
    cpfp: Txid | None = None
    fee_rate: FeeRate | None = None


class NewPsbt(Question, frozen=True):
    """``POST /wallets/{name}/psbts`` (draft) -> ``Draft``: a PSBT that another program made for this wallet."""

    psbt: UnsignedBytes


class Draft(Answer, frozen=True):
    """An unsigned Bitcoin transaction. Read the PSBT yourself: the other fields are what the service says of it."""

    psbt: UnsignedBytes
    txid: Txid
    fee: Satoshis
    vsize: int
    fee_rate: int
    replaces: Id16 | None
    """The transfer whose transaction this one replaces; goes into ``TransferRequest.replaces``."""


class AccountPayment(Question, frozen=True):
    """Pay ``amount`` (smallest unit) of ``token`` (empty: the chain's own coin) to ``to``."""

    to: AddressText
    amount: Amount
    token: Annotated[str, msgspec.Meta(max_length=64)] = ""


class NewAccountDraft(Question, frozen=True):
    """``POST /wallets/{name}/account-drafts`` (draft) -> ``AccountDraft``. Exactly one of the four ways.

    ``payment``: pay. ``bump``: the unsettled transfer with this id again, with fees that replace it. ``cancel``: a
    transaction that takes its place and pays nobody. ``prepare``: what the chain wants once before it can serve the
    wallet well (Solana: an account for durable nonces).
    """

    chain: Chain
    payment: AccountPayment | None = None
    bump: Id16 | None = None
    cancel: Id16 | None = None
    prepare: bool = False


class AccountDraft(Answer, frozen=True):
    """An unsigned transaction of a chain of accounts. Read it yourself: the other fields are what the service says.

    It keeps its account nonce from other drafts for a few minutes. Where the owner says no, end it with ``DELETE
    /wallets/{name}/account-drafts/{transaction}`` (draft): else what is drafted next waits behind it.
    """

    chain: Chain
    unsigned: UnsignedBytes
    transaction: Hex32
    """What names it: ``TransferRequest.transaction`` in hex."""
    fee: Amount
    """The most that it can cost."""
    likely_fee: Amount
    replaces: Id16 | None
    """The transfer whose transaction this one replaces; goes into ``TransferRequest.replaces``."""


class Moved(Answer, frozen=True):
    """One outflow that the owner authorized, in the asset's smallest unit. ``token`` is empty for the chain's coin."""

    kind: str
    token: str
    amount: Amount
    to: str


class AccountEntry(Answer, frozen=True):
    """One transfer on a chain of accounts. ``fee`` is what it cost, once that is known."""

    chain: Chain
    transfer: Id16
    txid: AnyTxid
    state: TransferState
    moved: tuple[Moved, ...]
    fee: Amount | None
    height: int | None
    created: Seconds
    label: str


class AccountHistory(Answer, frozen=True):
    """``GET /wallets/{name}/account-transactions`` (read), newest first: from the service's own records, so what others
    paid in is not among it."""

    transfers: tuple[AccountEntry, ...]


# --- transfers ---------------------------------------------------------------------------------------------------


class NewTransfer(Question, frozen=True):
    """``POST /transfers`` (transfer) -> ``Accepted``, whose id is the request's ``request_id`` in hex.

    ``unsigned``: the transaction in the form that its chain's signers read. A message (EIP-712, personal) is signed and
    not sent: its transfer ends with ``signed``, and ``GET /transfers/{id}/transaction`` has the signature.

    Exactly once: the same request again returns the same transfer, another request under the same id is refused (409,
    ``service.request-id-used``). ``envelopes``: encoded, one for each device that is to sign.
    """

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes
    unsigned: UnsignedBytes


class NewAuthorization(Question, frozen=True):
    """``POST /transfers/{id}/authorize`` (transfer) -> ``Accepted``: the same request, authorized anew, in the state
    ``needs-authorization``."""

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


TransferState = Literal[
    "authorized",
    "signing",
    "needs-authorization",
    "signed",
    "broadcast",
    "confirmed",
    "refused",
    "rejected",
    "replaced",
]
FINAL_STATES: frozenset[TransferState] = frozenset({"refused", "rejected", "replaced"})
"""Ends, as far as anybody can tell. ``settled`` says when nothing more will come: until then a reorganisation of the
chain can still turn ``confirmed`` or ``replaced`` around, and a ``refused`` one may be authorized again."""


class JournalHead(Answer, frozen=True):
    """Where a signer's journal stood after this transfer: its length and its head (32 bytes)."""

    device: str
    length: int
    head: Bytes32


class Transfer(Answer, frozen=True):
    """``GET /transfers/{id}?after=N&wait=S`` (read): events with a number above ``after``, once there is one."""

    id: Id16
    wallet: str
    chain: Chain
    state: TransferState
    settled: bool
    txid: AnyTxid
    """Empty where it is not known before the signatures are there, or where nothing is sent."""
    confirmations: int
    height: int | None
    replaces: Id16 | None
    replaced_by: AnyTxid | None
    created: Seconds
    events: tuple[Event, ...]
    refusal: ErrorBody | None
    journal: tuple[JournalHead, ...]


class Transfers(Answer, frozen=True):
    """``GET /transfers?wallet=NAME`` (read), newest first, without events."""

    transfers: tuple[Transfer, ...]


class TransferBytes(Answer, frozen=True):
    """``GET /transfers/{id}/transaction`` (read): with signatures as soon as there are any, so others can look on."""

    unsigned: bytes
    """On Bitcoin the PSBT, with its signatures once they are there."""
    raw: bytes
    """The signed transaction, empty before it is signed; of a message its signature."""


# --- reading and writing -----------------------------------------------------------------------------------------

T = TypeVar("T")


def write_json(message: object) -> bytes:
    """The JSON of a question or an answer."""
    return msgspec.json.encode(message)


def read_question(kind: type[T], body: bytes) -> T:
    """The service's side: one ``kind`` of at most ``MAX_API_BODY_BYTES``; ``InputRefused`` for anything else."""
    if len(body) > MAX_API_BODY_BYTES:
        raise InputRefused("too-long", f"a request body is over the limit of {MAX_API_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputRefused("malformed", f"the request's body cannot be read: {str(error)[:200]}") from None


def read_answer(kind: type[T], status: int, body: bytes) -> T:
    """The client's side: one ``kind``, or the error that the service told of, raised.

    Raises ``ServiceRefused`` (``answer``) where the service's answer is neither.
    """
    try:
        if len(body) > MAX_API_ANSWER_BYTES:
            raise ValueError
        if status < 400:
            return msgspec.json.decode(body, type=kind)
        told = msgspec.json.decode(body, type=ErrorAnswer).error
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ServiceRefused(
            "answer",
            f"the custody service gave an answer that cannot be read (status {status})",
            not_done="What was asked may or may not have been done.",
            remedy="Check that client and service are of the same version, then look at the state again.",
        ) from None
    raise error_from(told)
