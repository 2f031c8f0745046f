"""What the device's own operator and its signer say to each other, through the agent on the same machine.

These frames have origin ``OPERATOR`` (see ``framing``): nothing that comes over the network can pretend to be one.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec

from warifu.protocol.attesting import Documents, HostClaims
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message, Name, Seconds, Text, decode
from warifu.protocol.frames import Refusal, Status
from warifu.protocol.frames.bounds import Unsigned
from warifu.protocol.journal_pages import Number, Page
from warifu.protocol.release import MAX_KEEPERS
from warifu.protocol.request import MAX_REQUEST_BYTES, Outflow

MAX_ASKED_BYTES = 1536 * 1024
"""Of what the operator says: at the most a whole request with what it would have signed."""
MAX_OPERATOR_BYTES = 512 * 1024
"""Of what the signer answers."""
MAX_LINES = 1000
"""Of a message to be signed, as it is shown."""
MAX_WHY = 200
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WHY)]


class BeginJoin(Message, frozen=True, tag="begin-join"):
    """Enrol this device under ``name`` with the secret of the owner's invitation."""

    name: Name
    invitation: Bytes16


class ConfirmJoin(Message, frozen=True, tag="confirm-join"):
    """The operator compared the short authentication string: the same (``True``) or not."""

    same: bool


class AskLocalStatus(Message, frozen=True, tag="ask-local-status"):
    """Show the device's status on the device itself."""


class AskStorageKey(Message, frozen=True, tag="ask-storage-key"):
    """Derive the key of the custody service's own database. Asked by ``warifu up`` on the machine of both."""


class AskOwnJournal(Message, frozen=True, tag="ask-own-journal"):
    """Show the journal from entry ``first`` on, on the device itself."""

    first: Number


class AskJudged(Message, frozen=True, tag="ask-judged"):
    """Show a request that the device judged, as it read it itself. ``request_id`` empty: the newest."""

    request_id: Annotated[bytes, msgspec.Meta(max_length=16)] = b""


class LookAt(Message, frozen=True, tag="look-at"):
    """Read this request, judge it as in a dry run, and show that. It is not kept."""

    request: Annotated[bytes, msgspec.Meta(max_length=MAX_REQUEST_BYTES)]
    """Encoded: a transfer."""
    unsigned: Unsigned


class LiftBan(Message, frozen=True, tag="lift-ban"):
    """Work again with the device that was caught cheating in an ECDSA ceremony; answered by the status."""

    identity: Bytes32


class FreezeDevice(Message, frozen=True, tag="freeze"):
    """Sign nothing from now on, whoever asks, until the operator lifts it; answered by the status."""

    reason: Why
    wallets: bool = False
    """Freeze its wallets too, and tell their other devices: that takes an owner and a wait to undo."""


class VetoWaiting(Message, frozen=True, tag="veto"):
    """Let that not happen which waits for the wallet, or was announced; answered by the status."""

    wallet_id: Bytes32
    about: Bytes32
    """Digest of the request, as the status has it."""


class UnfreezeDevice(Message, frozen=True, tag="unfreeze"):
    """Sign again; answered by the status."""


class TellHost(Message, frozen=True, tag="tell-host"):
    """What the agent saw of the host just now: claims for the evidence. Not answered."""

    host: HostClaims


class TellEndorsements(Message, frozen=True, tag="tell-endorsements"):
    """Documents of the maker by which this device's evidence is judged (DCAP collateral, certificates), as they were
    kept beside the device. Shown along with it, and believed by nobody. Not answered."""

    documents: Documents


class Ready(Message, frozen=True, tag="ready"):
    """The signer is up, isolated, and its store is open. ``joined`` says whether it has an owner."""

    joined: bool
    isolation: Annotated[tuple[tuple[Text, Text], ...], msgspec.Meta(max_length=64)]


class KeeperSeen(Message, frozen=True):
    """How far a boot is with one of its keepers."""

    name: Name
    state: Literal["asked", "off", "refused", "released", "lied"]
    refusal: Refusal | None
    """Why it is off, refused, or is proven to have lied."""


class Waiting(Message, frozen=True, tag="waiting"):
    """The signer is up and isolated, and its store is shut until so many more keepers release their pieces. Said at
    first and whenever something changed; ``Ready`` follows in the end."""

    needed: Annotated[int, msgspec.Meta(ge=0, le=MAX_KEEPERS)]
    keepers: Annotated[tuple[KeeperSeen, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]


class ShowAuthenticationString(Message, frozen=True, tag="show-sas"):
    """Show these digits; the owner's client must show the same."""

    digits: Annotated[str, msgspec.Meta(max_length=16)]


class Joined(Message, frozen=True, tag="joined"):
    """The device is enrolled: from now on it obeys requests of this credential."""

    identity: Bytes32
    credential: Bytes32


class LocalStatus(Message, frozen=True, tag="local-status"):
    """Answer to ``AskLocalStatus``, ``LiftBan``, ``FreezeDevice`` and ``UnfreezeDevice``."""

    status: Status


class OwnJournal(Message, frozen=True, tag="own-journal"):
    """Answer to ``AskOwnJournal``."""

    page: Page


class Judged(Message, frozen=True):
    """One request: what the device read in the bytes that it would sign, and what each rule said when it looked."""

    source: Literal["judged", "asked", "journal"]
    """``judged``: since the start. ``asked``: just now, for the operator. ``journal``: signed for before the start; of
    this the device knows no more than the entry says, so ``rules``, ``expires`` and ``message`` are empty (0)."""
    request: Bytes32
    """Its digest."""
    request_id: Bytes16
    wallet: Bytes32
    devices: tuple[Name, ...]
    """Of the wallet."""
    authorized: bool
    """Whether an owner had authorized it; otherwise it was a dry run, which anybody can ask for."""
    time: Seconds
    chain: Chain
    transaction: Bytes32
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=128)]
    fee: Amount
    """The most that it can cost beside them."""
    replaces: Bytes16 | None
    expires: Seconds
    message: Annotated[
        tuple[tuple[Text, Annotated[str, msgspec.Meta(max_length=4000)]], ...],
        msgspec.Meta(max_length=MAX_LINES),
    ]
    """What a message says: name and value of each field, or the lines of a text. Nothing of a transaction."""
    left_out: Annotated[int, msgspec.Meta(ge=0)]
    """How many lines of the message are not shown, or not whole."""
    rules: Annotated[tuple[Text, ...], msgspec.Meta(max_length=512)]
    refusal: Refusal | None


class Glimpse(Message, frozen=True):
    """That another request was judged."""

    request_id: Bytes16
    authorized: bool
    time: Seconds


class ShowJudged(Message, frozen=True, tag="show-judged"):
    """Answer to ``AskJudged`` and ``LookAt``."""

    judged: Judged
    others: Annotated[tuple[Glimpse, ...], msgspec.Meta(max_length=64)]


class StorageKey(Message, frozen=True, tag="storage-key"):
    """Answer to ``AskStorageKey``: 32 secret bytes, derived from the sealed root, the same at every start."""

    key: Bytes32

    def __repr__(self) -> str:
        return "StorageKey()"


class StartAgain(Message, frozen=True, tag="start-again"):
    """Said once and unasked, when no session runs: a wallet of this device has rules for an exchange, and what asks one
    is loaded at a start alone."""

    by_itself: bool
    """Whether its next start needs nothing but the unlock key. Otherwise keepers must open its store, who may be away
    or refuse; or nobody holds its sealing secret yet, and it would be lost."""


class OperatorRefused(Message, frozen=True, tag="operator-refused"):
    """The signer cannot do what the operator asked, or cannot start."""

    refusal: Refusal


ToSignerFromOperator = (
    BeginJoin
    | ConfirmJoin
    | AskLocalStatus
    | AskStorageKey
    | AskOwnJournal
    | AskJudged
    | LookAt
    | LiftBan
    | FreezeDevice
    | UnfreezeDevice
    | VetoWaiting
    | TellHost
    | TellEndorsements
)
FromSignerToOperator = (
    Ready
    | Waiting
    | ShowAuthenticationString
    | Joined
    | LocalStatus
    | OwnJournal
    | ShowJudged
    | StorageKey
    | StartAgain
    | OperatorRefused
)


def decode_operator(data: bytes) -> ToSignerFromOperator:
    """Read what the operator says; ``InputRefused`` for anything else."""
    return decode(cast("type[ToSignerFromOperator]", ToSignerFromOperator), data, MAX_ASKED_BYTES)


def decode_for_operator(data: bytes) -> FromSignerToOperator:
    """Read what the signer says to its operator; ``InputRefused`` for anything else."""
    return decode(cast("type[FromSignerToOperator]", FromSignerToOperator), data, MAX_OPERATOR_BYTES)
