"""What an owner asks for at an exchange, and what reaches the signers about it in parcels.

``docs/protocol.md``, 7.9. A request names what the service may know: the account by its name, and digests. What
the service must not know (credentials, what is asked, what is answered) goes in a parcel, or comes back sealed.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message, Name, Seconds, digest, encode
from warifu.protocol.policy import LossBound

MAX_ACCOUNTS = 16
"""Accounts at exchanges that a wallet has."""
MAX_CALL_BYTES = 80 * 1024
MAX_VISIT_ASSETS = 8
MAX_TRAVEL_RULE = 1800
MAX_TRAVEL_RULE_FIELDS = 64
MAX_SHARES = 16
MAX_PINNED = 8
"""Authorities that an owner names as the only ones."""
MAX_SETTLED = 64
"""Comparisons that one word of an owner settles."""

KeyKind = Literal["hmac", "es256", "ed25519-split", "ed25519-born"]
"""``hmac``, ``es256``: a secret, whole in one device. ``ed25519-split``: a finished key that the owner's client split.
``ed25519-born``: a key that the devices generated together, and that never existed whole."""
NOBODY = bytes(32)
"""The carrier of a call that is not to be made: of a dry run."""
ExchangeSymbol = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,16}\Z")]
"""What an exchange calls an asset."""
Identities = Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SHARES)]
"""Ascending, none twice."""


class ExchangeKeyRequest(Message, frozen=True, tag="exchange-key"):
    """Have all devices of the wallet generate an Ed25519 key for an account: a session, in which nothing is sealed.

    Its public key is what the exchange is told; the account exists once the exchange's API key was brought
    (``AccountRequest`` with ``ed25519-born``)."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    exchange: Name
    created: Seconds
    expires: Seconds


class ReplacingKeyRequest(ExchangeKeyRequest, frozen=True, tag="exchange-key-replacing"):
    """The same for an account that has a key, which stays in force: the new one takes its place once the exchange's API
    key was brought and every holder keeps that."""


class AccountRequest(Message, frozen=True, tag="exchange-account"):
    """Keep a credential at an exchange, of which each holder gets its part in a parcel (``AccountPart``)."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    exchange: Name
    key: KeyKind
    holders: Identities
    """One device for a whole secret; all devices of the wallet for a shared one."""
    terms: Bytes32
    """``terms_digest`` of what all holders keep alike: no two of them are told different things."""
    simulation: bool
    """Whether the exchange is a simulation: it is one where the owner names other certificate authorities."""
    created: Seconds
    expires: Seconds

    def __post_init__(self) -> None:
        if list(self.holders) != sorted(set(self.holders)):
            raise ValueError("'holders' must be sorted and without repetition")
        if self.key in ("hmac", "es256") and len(self.holders) != 1:
            raise ValueError("a whole secret is kept by one device")


class RemoveAccountRequest(Message, frozen=True, tag="exchange-removal"):
    """Forget an account and its credential. What is at the exchange stays there."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    created: Seconds
    expires: Seconds


class TravelRuleRequest(Message, frozen=True, tag="exchange-travel-rule"):
    """Keep what is stated about who is paid, for the exchange's questions, with an account: each of its holders gets it
    in a parcel (``TravelRulePart``). It goes into every withdrawal that no owner asks for."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    part: Bytes32
    """``travel_rule_digest`` of the parcels' content: no two holders are told different things."""
    created: Seconds
    expires: Seconds


class CallRequest(Message, frozen=True, tag="exchange-call"):
    """Make one request at the exchange with the account's credential."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    call: Bytes32
    """``call_digest`` of the ``ExchangeCall`` in the parcels."""
    carrier: Bytes32
    """Identity of the device that carries it to the exchange."""
    reader: Bytes32
    """X25519 public key, made for this call, that the answer is sealed to."""
    created: Seconds
    expires: Seconds


class VisitAsset(Message, frozen=True):
    """One asset of a visit."""

    symbol: ExchangeSymbol
    chain: Chain
    """On which it comes home."""
    home: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """The wallet's own address that it comes home to, because it is on the exchange's list of addresses; empty: a fresh
    one each time."""


class VisitRequest(Message, frozen=True, tag="exchange-visit"):
    """Let so much of an asset be at the exchange until then, and bring home what is left: for that no owner is asked
    any more. Trades are calls of their own."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    brings: VisitAsset
    token: Annotated[str, msgspec.Meta(max_length=64)]
    """Contract or mint of what is brought, in its one text form; empty for the chain's own coin."""
    amount: Amount
    """Most that it brings, in the smallest unit that the asset has on its chain."""
    others: Annotated[tuple[VisitAsset, ...], msgspec.Meta(max_length=MAX_VISIT_ASSETS - 1)]
    """What it is traded for, and comes home as well: ascending by symbol."""
    until: Seconds
    created: Seconds
    expires: Seconds
    loss: LossBound | None = None
    """Most that it may lose, as its owner wants it; None: the policy's bound, if it has one."""

    def __post_init__(self) -> None:
        symbols = [asset.symbol for asset in self.others]
        if symbols != sorted(set(symbols) - {self.brings.symbol}):
            raise ValueError("'others' must be sorted, without repetition and without what is brought")
        if self.until <= self.created:
            raise ValueError("a visit ends after it begins")

    @property
    def assets(self) -> tuple[VisitAsset, ...]:
        """All of which what is left comes home."""
        return (self.brings, *self.others)


class EndVisitRequest(Message, frozen=True, tag="exchange-visit-end"):
    """Bring home now what is left."""

    request_id: Bytes16
    wallet_id: Bytes32
    visit: Bytes32
    """Digest of the ``VisitRequest``."""
    created: Seconds
    expires: Seconds


class ComparisonsRequest(Message, frozen=True, tag="exchange-comparisons"):
    """Tell me, sealed to a key that I have, what each device has to compare at exchanges, and what it found."""

    request_id: Bytes16
    wallet_id: Bytes32
    reader: Bytes32
    """X25519 public key, made for this question."""
    created: Seconds
    expires: Seconds


class SettleRequest(Message, frozen=True, tag="exchange-settling"):
    """I looked at the exchange myself: these calls need no comparison any more, and what differs in them is no device's
    doing. It takes as many owners as the largest payment."""

    request_id: Bytes16
    wallet_id: Bytes32
    account: Name
    about: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SETTLED)]
    """What comparisons are known by (``frames.OpenComparison.about``): ascending."""
    created: Seconds
    expires: Seconds

    def __post_init__(self) -> None:
        if list(self.about) != sorted(set(self.about)):
            raise ValueError("'about' must be sorted and without repetition")


class CarrierBanRequest(Message, frozen=True, tag="carrier-ban"):
    """Let this device carry nothing to an exchange any more, or (``lifted``) let it again. A ban takes one owner, and
    its end as many as the largest payment."""

    request_id: Bytes16
    wallet_id: Bytes32
    identity: Bytes32
    lifted: bool
    created: Seconds
    expires: Seconds


class HmacSecret(Message, frozen=True, tag="hmac"):
    """Whole."""

    secret: Annotated[bytes, msgspec.Meta(min_length=16, max_length=128)]
    passphrase: Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[ -~]*\Z")]
    """The exchange's; empty where it has none. It goes into a header."""

    def __repr__(self) -> str:
        return "HmacSecret(<hidden>)"


class Es256Secret(Message, frozen=True, tag="es256"):
    """Whole: a P-256 private key."""

    private: Annotated[bytes, msgspec.Meta(min_length=32, max_length=512)]
    """PKCS #8, DER."""

    def __repr__(self) -> str:
        return "Es256Secret(<hidden>)"


class Ed25519Part(Message, frozen=True, tag="ed25519-split"):
    """One holder's share of a split key."""

    share: Bytes32

    def __repr__(self) -> str:
        return "Ed25519Part(<hidden>)"


class BornPart(Message, frozen=True, tag="ed25519-born"):
    """Nothing: the holder has its share."""


class AccountTerms(Message, frozen=True):
    """What all holders of a credential keep alike."""

    api_key: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[ -~]+\Z")]
    """The exchange's name for the key: a part of the triplet, sealed as the rest."""
    public: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of a shared key; empty for a whole secret."""
    public_shares: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SHARES)]
    """Of a split key, in the order of the holders; empty for others."""
    authorities: Annotated[str, msgspec.Meta(max_length=32 * 1024)]
    """PEM of the certificate authorities that the exchange's name is believed from; empty: those of the program."""
    only: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_PINNED)] = ()
    """SHA-256 of the certificates (DER) of those of the program's authorities that alone are believed, ascending;
    empty: all of them."""

    def __post_init__(self) -> None:
        if list(self.only) != sorted(set(self.only)) or (self.only and self.authorities):
            raise ValueError("'only' must be sorted, without repetition, and of the program's authorities")

    def __repr__(self) -> str:
        return "AccountTerms(<hidden>)"


class AccountPart(Message, frozen=True):
    """The content of a holder's parcel."""

    terms: AccountTerms
    secret: HmacSecret | Es256Secret | Ed25519Part | BornPart


class TravelRulePart(Message, frozen=True):
    """The content of every holder's parcel."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TRAVEL_RULE)]
    """A JSON object in the exchange's form (``warifu.exchanges.travel_rule``); empty: forget what was kept."""
    salt: Bytes32
    """Random: names and towns are guessed."""

    def __repr__(self) -> str:
        return "TravelRulePart(<hidden>)"


class ExchangeCall(Message, frozen=True):
    """One request at an exchange without its credential: the content of every participant's parcel.

    ``warifu.exchanges.calls.Unsigned``, without what follows from the endpoint."""

    method: Literal["GET", "POST", "PUT", "DELETE", "FEED"]
    host: Annotated[str, msgspec.Meta(max_length=253)]
    path: Annotated[str, msgspec.Meta(max_length=2048)]
    query: Annotated[
        tuple[
            tuple[
                Annotated[str, msgspec.Meta(max_length=128)], Annotated[str, msgspec.Meta(max_length=2048)]
            ],
            ...,
        ],
        msgspec.Meta(max_length=128),
    ]
    body: Annotated[bytes, msgspec.Meta(max_length=64 * 1024)]
    salt: Bytes32
    """Random, so that the digest in the request tells nobody what is asked."""


def call_digest(call: ExchangeCall) -> bytes:
    """32 bytes that name exactly this call, and tell nothing of it."""
    return digest("exchange-call", encode(call))


def travel_rule_digest(part: TravelRulePart) -> bytes:
    """32 bytes that name exactly this, and tell nothing of it."""
    return digest("exchange-travel-rule", encode(part))


def terms_digest(terms: AccountTerms) -> bytes:
    """32 bytes that name exactly these terms. They hold an API key, which is long and random: nobody guesses it."""
    return digest("exchange-terms", encode(terms))
