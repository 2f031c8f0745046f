"""What a device writes into its journal, and in which form others can check it: events, contents, entries.

An *event* is what was decided and done, or refused by which rule. The *content* of an entry is an event, its moment and
who asked. An entry's hash covers the one before it and the digest of its content, so that the chain can be shown to
somebody who may not see every content: an entry that concerns another wallet of the device is shown as its digest, and
the blind (16 random bytes) in every content keeps anybody from guessing what it was.

To add a kind: a struct with its own tag, and its name in ``Event``. One with a field ``wallet`` is shown to the owners
of that wallet and to nobody else; one without is shown to the owners of every wallet of the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from warifu.protocol.attesting import SignedHead
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import (
    Amount,
    Bytes16,
    Bytes32,
    Message,
    Name,
    Seconds,
    decode,
    digest,
    encode,
)
from warifu.protocol.exchange_requests import MAX_TRAVEL_RULE_FIELDS, Identities, KeyKind
from warifu.protocol.frames.bounds import PublicKey
from warifu.protocol.release import MAX_KEEPERS
from warifu.protocol.request import MAX_ANNOUNCED, MAX_REASON, MAX_SIGNERS, Outflow

NO_HEAD = bytes(32)
MAX_CONTENT_BYTES = 96 * 1024

MAX_WORD, MAX_DIFFERS = 128, 16
"""Characters of a word, and so many words in which something differs."""

_Word = Annotated[str, msgspec.Meta(max_length=MAX_WORD)]


class Asker(Message, frozen=True):
    """Who asked for what an entry tells of.

    ``owner``: these credentials authorized it (``credential_digest``). ``operator``: somebody at the device itself.
    ``peer``: another device (its identity). ``service``: the service, without an owner's word. ``device``: nobody did;
    the device decided it by itself.
    """

    kind: Literal["owner", "operator", "peer", "service", "device"]
    ids: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=8)] = ()


OPERATOR = Asker("operator")
SERVICE = Asker("service")
DEVICE = Asker("device")


def owners(credentials: Sequence[bytes]) -> Asker:
    """These credentials (by ``credential_digest``) authorized it."""
    return Asker("owner", tuple(credentials))


def peer(identity: bytes) -> Asker:
    """That device brought it about."""
    return Asker("peer", (identity,))


# --- the device ------------------------------------------------------------------------------------------------------


class Born(Message, frozen=True, tag="born"):
    """The device's identity came into being."""

    identity: Bytes32


class JoinedOwner(Message, frozen=True, tag="joined"):
    """The operator confirmed the owner's credential."""

    name: _Word
    credential: Bytes32


class Banned(Message, frozen=True, tag="banned"):
    """A device was proven to have cheated in an ECDSA ceremony, in ``what``; this one works with it no more."""

    peer: Bytes32
    what: _Word


class BanLifted(Message, frozen=True, tag="ban-lifted"):
    """This device's operator has it work with that one again."""

    peer: Bytes32


class Frozen(Message, frozen=True, tag="frozen"):
    """The device was told to sign nothing until its operator lifts it."""

    reason: Annotated[str, msgspec.Meta(max_length=200)]


class Thawed(Message, frozen=True, tag="thawed"):
    """This device's operator has it sign again."""


class HandedOver(Message, frozen=True, tag="handed-over"):
    """Every keeper has its piece of this device's sealing secret: it boots by this set from now on."""

    set: Bytes32
    keepers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    threshold: int


class PieceKept(Message, frozen=True, tag="piece-kept"):
    """A device handed this one a piece of its sealing secret."""

    device: Bytes32
    set: Bytes32


class PieceReleased(Message, frozen=True, tag="piece-released"):
    """A boot of that device may get its piece: the ``boot``-th that was let in here."""

    device: Bytes32
    set: Bytes32
    boot: int


# --- a wallet --------------------------------------------------------------------------------------------------------


class WalletPending(Message, frozen=True, tag="wallet-pending"):
    """The host secret key is kept; the transcript signature may leave."""

    wallet: Bytes32
    session: Bytes16
    host_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""


class WalletBorn(Message, frozen=True, tag="wallet-born"):
    """The share is kept. ``recovered``: from a peer's recovery data."""

    wallet: Bytes32
    threshold_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""
    recovered: bool


class SharesKept(Message, frozen=True, tag="shares-kept"):
    """New shares are kept beside those in force; the word that they are may leave."""

    wallet: Bytes32
    session: Bytes16
    epoch: int
    statement: Bytes32
    """Digest of the ``protocol.epochs.EpochStatement``."""


class SharesRefreshed(Message, frozen=True, tag="shares-refreshed"):
    """All devices gave their word: the shares of that statement are in force, and those of before are deleted."""

    wallet: Bytes32
    epoch: int
    statement: Bytes32


class ReferenceApproved(Message, frozen=True, tag="reference-approved"):
    """The owner accepts a device as something else from now on (``protocol.attesting.reference_digest`` of both)."""

    wallet: Bytes32
    identity: Bytes32
    before: Bytes32
    after: Bytes32


class RulesAsked(Message, frozen=True, tag="rules-asked"):
    """An owner asked for other rules, which allow more than those in force: they wait until ``effect``."""

    wallet: Bytes32
    request: Bytes32
    before: Bytes32
    after: Bytes32
    """``rules_hash`` of both."""
    revision: int
    effect: Seconds


class RulesChanged(Message, frozen=True, tag="rules-changed"):
    """Other rules are in force from now on."""

    wallet: Bytes32
    request: Bytes32
    before: Bytes32
    after: Bytes32
    """``rules_hash`` of both."""
    revision: int


class Announced(Message, frozen=True, tag="announced"):
    """An owner announced a payment, or destinations."""

    wallet: Bytes32
    request: Bytes32
    chain: Chain
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=MAX_ANNOUNCED)]
    destinations: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=100)], ...], msgspec.Meta(max_length=MAX_ANNOUNCED)
    ]


class Vetoed(Message, frozen=True, tag="vetoed"):
    """What the request with this digest asked for does not happen."""

    wallet: Bytes32
    about: Bytes32


class WalletFrozen(Message, frozen=True, tag="wallet-frozen"):
    """Nothing leaves the wallet from now on; what waited for it is vetoed."""

    wallet: Bytes32
    reason: Annotated[str, msgspec.Meta(max_length=MAX_REASON)]


class UnfreezeAsked(Message, frozen=True, tag="unfreeze-asked"):
    """An owner asked that the wallet sign again: that waits until ``effect``."""

    wallet: Bytes32
    request: Bytes32
    effect: Seconds


class WalletThawed(Message, frozen=True, tag="wallet-thawed"):
    """The wallet signs again."""

    wallet: Bytes32
    request: Bytes32


class WrongPassphrase(Message, frozen=True, tag="wrong-passphrase"):
    """A genuinely authorized request came with a passphrase that opens nothing."""

    wallet: Bytes32
    request: Bytes32
    wrong: int


# --- sessions and transfers ------------------------------------------------------------------------------------------


class Met(Message, frozen=True, tag="met"):
    """This device showed its peers in a session what it runs on and how far its journal is, this entry included.

    It makes each session's head one of its own: a peer that remembers it remembers more than any disk that was copied
    before the session.
    """

    wallet: Bytes32
    session: Bytes16
    purpose: Bytes32


class PeerHead(Message, frozen=True):
    """How far a peer's journal was, signed by the peer."""

    identity: Bytes32
    head: SignedHead


class HeadsSeen(Message, frozen=True, tag="heads-seen"):
    """What every peer in that session showed as the head of its journal: so no peer can rewrite what came before it."""

    wallet: Bytes32
    session: Bytes16
    heads: Annotated[tuple[PeerHead, ...], msgspec.Meta(max_length=MAX_SIGNERS)]


class Moved(Message, frozen=True):
    """What leaves of one asset, and how much of that counts from now on, in its smallest unit."""

    token: str
    leaves: Amount
    counted: Amount


class Started(Message, frozen=True, tag="started"):
    """Every rule allowed it: partial signatures for this transaction may leave."""

    request: Bytes32
    request_id: Bytes16
    wallet: Bytes32
    session: Bytes16
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    chain: Chain
    transaction: Bytes32
    replaces: Bytes16 | None
    rules: Bytes32
    """Hash of the rules that allowed it."""
    commitments: Bytes32
    """Digest of all signers' public nonces, or of the ECDSA correlations that were used up."""
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=128)]
    """What this device read in the transaction's bytes."""
    fee: Amount
    """The most that it can cost beside them."""
    moved: Annotated[tuple[Moved, ...], msgspec.Meta(max_length=128)]


class FinishedTransfer(Message, frozen=True, tag="finished"):
    """The verified signatures are kept and may leave."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    transaction: Bytes32
    signatures: Bytes32
    """Digest of the result."""


class Acknowledged(Message, frozen=True, tag="acknowledged"):
    """Every rule allowed it, and it counts from now on, whoever signs it (strict wallets)."""

    wallet: Bytes32
    request: Bytes32
    chain: Chain
    transaction: Bytes32
    rules: Bytes32
    """Hash of the rules that allowed it."""


class Noted(Message, frozen=True, tag="noted"):
    """Another device told that it counts this request; this one counts it from now on as well."""

    wallet: Bytes32
    request: Bytes32


class ExchangeKeyBorn(Message, frozen=True, tag="exchange-key-born"):
    """The share of a key for an account at an exchange is kept."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name
    public: Bytes32


class ExchangeAccountKept(Message, frozen=True, tag="exchange-account-kept"):
    """This device's part of a credential at an exchange is kept. Neither the API key nor a secret is in it."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name
    key: KeyKind
    holders: Identities
    public: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of a shared key."""
    simulation: bool


class ExchangeAccountReplaced(Message, frozen=True, tag="exchange-account-replaced"):
    """Another key took the place of an account's: every holder keeps it. The one of before is forgotten."""

    wallet: Bytes32
    account: Name
    exchange: Name
    public: Bytes32
    replaced: Bytes32
    """Public key of before."""


class ExchangeAccountRemoved(Message, frozen=True, tag="exchange-account-removed"):
    """An account and this device's part of its credential are forgotten."""

    wallet: Bytes32
    request: Bytes32
    account: Name
    exchange: Name


class Restored(Message, frozen=True, tag="restored"):
    """The owners want that device taken back as it is, though this one remembers a later state of it."""

    wallet: Bytes32
    device: Bytes32
    remembered: int
    """Entries in its journal when it was last met; 0: never."""
    taken: int
    """Entries from which on it must not go back again."""


# --- exchanges -------------------------------------------------------------------------------------------------------


class Given(Message, frozen=True):
    """The most that a call gives away of one asset, by the exchange's symbol, as a decimal number."""

    symbol: _Word
    amount: _Word


class CallStarted(Message, frozen=True, tag="call-started"):
    """Every rule allowed it: this device's signature share for the call may leave or, where it is the carrier itself,
    the call."""

    request: Bytes32
    request_id: Bytes16
    wallet: Bytes32
    session: Bytes16
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    carrier: Bytes32
    account: _Word
    exchange: _Word
    endpoint: _Word
    """Which of the exchange's: ``NEW_ORDER``."""
    gives: Annotated[tuple[Given, ...], msgspec.Meta(max_length=16)]
    to: Annotated[str, msgspec.Meta(max_length=512)]
    """Where funds go; empty where they stay."""
    rules: Bytes32
    """Hash of the rules that allowed it."""
    identifier: _Word = ""
    """By what the exchange knows an order or a withdrawal again; empty where it names none."""


class CallAcknowledged(Message, frozen=True, tag="call-acknowledged"):
    """Every rule allowed it, and it counts from now on, whoever makes it (strict wallets)."""

    wallet: Bytes32
    request: Bytes32
    account: _Word
    exchange: _Word
    endpoint: _Word
    gives: Annotated[tuple[Given, ...], msgspec.Meta(max_length=16)]
    to: Annotated[str, msgspec.Meta(max_length=512)]
    """As in ``CallStarted``."""
    rules: Bytes32
    """Hash of the rules that allowed it."""


class CallEnded(Message, frozen=True, tag="call-ended"):
    """What came of a call that this device carried (``exchange_answers.Outcome``)."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    outcome: _Word
    reason: _Word


class CallCompared(Message, frozen=True, tag="call-compared"):
    """What this device found at the exchange of a call that it signed and another one carried."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    account: _Word
    outcome: _Word
    """``done``: it is what was signed. ``not-there``: it never happened. ``differs``: the wallet was frozen."""
    differs: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=MAX_DIFFERS)]
    words: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=MAX_DIFFERS)] = ()
    """What is there, and what was signed for: for the owner."""


class ComparisonSettled(Message, frozen=True, tag="comparison-settled"):
    """Owners looked at the exchange themselves: what this device had to compare of that call, or found to differ in it,
    is settled by their word."""

    wallet: Bytes32
    request: Bytes32
    """Digest of their ``SettleRequest``."""
    about: Bytes32
    """Of the call, as in ``CallCompared.request``."""
    account: _Word
    differed: bool
    """Whether it had found something else."""


class CarrierBanned(Message, frozen=True, tag="carrier-banned"):
    """An owner lets that device carry nothing to an exchange any more."""

    wallet: Bytes32
    request: Bytes32
    device: Bytes32


class CarrierAllowed(Message, frozen=True, tag="carrier-allowed"):
    """Owners let it again."""

    wallet: Bytes32
    request: Bytes32
    device: Bytes32


class TravelRuleKept(Message, frozen=True, tag="travel-rule-kept"):
    """An owner stated, for an exchange's questions, who is paid by what comes home; or took that back."""

    wallet: Bytes32
    request: Bytes32
    """Digest of what was authorized."""
    account: _Word
    fields: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=160)], ...],
        msgspec.Meta(max_length=MAX_TRAVEL_RULE_FIELDS),
    ]
    """Names of what is stated; none where it was taken back."""


class VisitOpened(Message, frozen=True, tag="visit-opened"):
    """Every rule allowed it: funds may visit an exchange."""

    wallet: Bytes32
    visit: Bytes32
    """Digest of the request."""
    account: _Word
    exchange: _Word
    symbol: _Word
    amount: Amount
    """Most that it brings, in the smallest unit that the asset has on its chain."""
    until: Seconds
    rules: Bytes32
    """Hash of the rules that allowed it."""


class VisitEnded(Message, frozen=True, tag="visit-ended"):
    """An owner wants what is left at home before the time is over."""

    wallet: Bytes32
    visit: Bytes32


class VisitLost(Message, frozen=True, tag="visit-lost"):
    """This device found that more was lost of a visit than it may lose: it is over."""

    wallet: Bytes32
    visit: Bytes32
    symbol: _Word
    credited: Annotated[str, msgspec.Meta(max_length=160)]
    """What the loss is measured from, in whole units."""
    value: Annotated[str, msgspec.Meta(max_length=160)]
    """What it is worth now."""
    bound: Annotated[int, msgspec.Meta(ge=1, lt=10_000)]
    """Most that it may lose, in hundredths of a percent."""


class SweepSigned(Message, frozen=True, tag="sweep-signed"):
    """This device's signature share for a withdrawal to the wallet's own address may leave or, where it is the carrier
    itself, the withdrawal."""

    wallet: Bytes32
    visit: Bytes32
    session: Bytes16
    symbol: _Word
    round: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    amount: Annotated[str, msgspec.Meta(max_length=160)]
    """In whole units."""
    to: Annotated[str, msgspec.Meta(max_length=100)]
    carrier: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """Its identity."""
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SIGNERS)] = ()


# --- refusals --------------------------------------------------------------------------------------------------------


class Denied(Message, frozen=True, tag="denied"):
    """Something that an owner of the wallet had authorized, in time, was refused or failed, by the rule ``code``.

    ``unwritten``: as many of these before it were counted and not written."""

    wallet: Bytes32
    request: Bytes32
    door: _Word
    code: _Word
    about: Annotated[bytes, msgspec.Meta(max_length=32)]
    """The session, where there was one."""
    unwritten: int


class Refused(Message, frozen=True, tag="refused"):
    """Something that nobody had authorized was refused or failed. ``unwritten``: as in ``Denied``."""

    door: _Word
    code: _Word
    about: Annotated[bytes, msgspec.Meta(max_length=32)]
    unwritten: int


Event = (
    Born
    | JoinedOwner
    | Banned
    | BanLifted
    | Frozen
    | Thawed
    | HandedOver
    | PieceKept
    | PieceReleased
    | WalletPending
    | WalletBorn
    | SharesKept
    | SharesRefreshed
    | ReferenceApproved
    | RulesAsked
    | RulesChanged
    | Announced
    | Vetoed
    | WalletFrozen
    | UnfreezeAsked
    | WalletThawed
    | WrongPassphrase
    | Met
    | HeadsSeen
    | Started
    | FinishedTransfer
    | Acknowledged
    | Noted
    | ExchangeKeyBorn
    | ExchangeAccountKept
    | ExchangeAccountReplaced
    | ExchangeAccountRemoved
    | Restored
    | CallStarted
    | CallAcknowledged
    | CallEnded
    | CallCompared
    | ComparisonSettled
    | CarrierBanned
    | CarrierAllowed
    | TravelRuleKept
    | VisitOpened
    | VisitEnded
    | VisitLost
    | SweepSigned
    | Denied
    | Refused
)


class Content(Message, frozen=True):
    """What an entry says."""

    blind: Bytes16
    time: Seconds
    by: Asker
    event: Event


def kind_of(event: Event) -> str:
    """Its tag."""
    return str(event.__struct_config__.tag)


def wallet_of(event: Event) -> bytes:
    """The one wallet whose owners see it; empty where the owners of every wallet of the device do."""
    return bytes(getattr(event, "wallet", b""))


def encode_content(content: Content) -> bytes:
    """Its one encoding."""
    return encode(content)


def decode_content(data: bytes) -> Content:
    """Read an entry's content; ``InputRefused`` for anything else."""
    return decode(Content, data, MAX_CONTENT_BYTES)


def content_digest(encoded: bytes) -> bytes:
    """32 bytes that stand for a content wherever it is not shown."""
    return digest("journal/content", encoded)


def entry_hash(previous: bytes, number: int, content: bytes) -> bytes:
    """32 bytes that name an entry and, through ``previous``, all before it. ``content``: the digest."""
    return digest("journal/entry", previous, number.to_bytes(8, "big"), content)
