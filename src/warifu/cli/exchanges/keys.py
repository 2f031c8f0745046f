"""From what an exchange handed out to what each device keeps of it: the owner's half of adding an exchange account.

No service takes part in this: the owner's program reads the key, splits what can be split, and seals each device its
part (``warifu.protocol.parcel``). It overwrites what it holds of the original; the file is its owner's to destroy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nacl.utils import random

from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import EnvelopeKey
from warifu.protocol.exchange_answers import AccountKept, KeyBorn
from warifu.protocol.exchange_requests import (
    AccountPart,
    AccountRequest,
    AccountTerms,
    BornPart,
    Ed25519Part,
    Es256Secret,
    ExchangeKeyRequest,
    HmacSecret,
    KeyKind,
    ReplacingKeyRequest,
    TravelRuleRequest,
    terms_digest,
)
from warifu.protocol.identity import verify
from warifu.protocol.parcel import MAX_PARCEL_CONTENT, Parcel, seal_parcel
from warifu.protocol.request import request_digest
from warifu.signer.egress.keys import Ed25519Seed, HmacKey, read_cdp_key
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import ThresholdError
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.importing import ed25519_scalar, split

Pinned = tuple[bytes, ...]
"""SHA-256 of certificates of authorities, ascending."""


@dataclass(frozen=True)
class NewAccount:
    """A credential on its way to the devices that keep it. Whoever made it wipes it."""

    key: KeyKind
    holders: tuple[bytes, ...]
    """Identities, ascending."""
    terms: AccountTerms = field(repr=False)
    parts: Mapping[bytes, bytearray] = field(repr=False)
    """Each holder's encoded ``AccountPart``, by identity."""

    def request(
        self, wallet_id: bytes, account: str, exchange: str, created: int, expires: int
    ) -> AccountRequest:
        """What the owner authorizes."""
        return AccountRequest(
            random(16),
            wallet_id,
            account,
            exchange,
            self.key,
            self.holders,
            terms_digest(self.terms),
            bool(self.terms.authorities),
            created,
            expires,
        )

    def seal(self, keys: Sequence[EnvelopeKey], request: AccountRequest) -> list[Parcel]:
        """A parcel for each of these (checked) keys of holders."""
        named = request_digest(request)
        return [seal_parcel(key, named, self.parts[key.identity]) for key in keys]

    def wipe(self) -> None:
        for part in self.parts.values():
            part[:] = bytes(len(part))


def from_triplet(
    api_key: str, secret: str, passphrase: str, holder: bytes, authorities: str = "", only: Pinned = ()
) -> NewAccount:
    """Coinbase's Exchange API: key, secret (base64) and passphrase, for the one device that keeps them.

    ``authorities``: PEM, of a simulation alone. ``only``: of the program's authorities those that are believed.
    ``InputRefused`` (``exchange-key``).
    """
    key = HmacKey.from_base64(secret)
    try:
        part = HmacSecret(key.secret.expose(), passphrase)
    finally:
        key.wipe()
    terms = AccountTerms(api_key, b"", (), authorities, only)
    return NewAccount("hmac", (holder,), terms, {holder: _part(terms, part)})


def from_cdp_file(
    text: str,
    holder: bytes,
    devices: Sequence[bytes],
    threshold: int,
    authorities: str = "",
    only: Pinned = (),
) -> NewAccount:
    """A key file of the Coinbase portal. An ES256 key goes to ``holder`` whole; an Ed25519 key is split among all
    ``devices`` of the wallet (identities), ``threshold`` of which sign. ``InputRefused`` (``exchange-key``).
    """
    found = read_cdp_key(text)
    if isinstance(found.key, Ed25519Seed):
        return _split(found.name, found.key, tuple(sorted(devices)), threshold, authorities, only)
    der = found.key.der()
    terms = AccountTerms(found.name, b"", (), authorities, only)
    part = _part(terms, Es256Secret(bytes(der)))
    der[:] = bytes(len(der))
    return NewAccount("es256", (holder,), terms, {holder: part})


def for_born_key(
    api_key: str, public: bytes, devices: Sequence[bytes], authorities: str = "", only: Pinned = ()
) -> NewAccount:
    """The API key that the exchange gave for the devices' own key ``public`` (:func:`agreed_key`)."""
    holders = tuple(sorted(devices))
    terms = AccountTerms(api_key, public, (), authorities, only)
    return NewAccount("ed25519-born", holders, terms, {each: _part(terms, BornPart()) for each in holders})


def new_key_request(
    wallet_id: bytes, account: str, exchange: str, created: int, expires: int, *, replacing: bool = False
) -> ExchangeKeyRequest:
    """What the owner authorizes so that the devices generate a key; ``replacing``: for an account that has one."""
    kind = ReplacingKeyRequest if replacing else ExchangeKeyRequest
    return kind(random(16), wallet_id, account, exchange, created, expires)


def agreed_key(
    born: Sequence[KeyBorn], request: ExchangeKeyRequest, names: Mapping[bytes, str], threshold: int
) -> bytes:
    """The public key (32 bytes) that every device of the wallet (``names``, by identity) says it has a share of.

    Only this is given to the exchange: a key that one device lacks, or says otherwise, may be one that fewer devices
    know than should. Raises ``AuthorizationRefused`` for a statement that is not the device's, ``InputRefused`` where
    one is missing, ``PeerMisbehaved`` (``exchange-key``) where they differ or the public shares do not belong together.
    """
    named = request_digest(request)
    if sorted(each.identity for each in born) != sorted(names):
        raise InputRefused("exchange-key", "not every device of the wallet says that it has the key")
    for each in born:
        verify(each.identity, each.signature, "exchange-key", named, each.public, *each.public_shares)
    first = born[0]
    if any((each.public, each.public_shares) != (first.public, first.public_shares) for each in born):
        raise PeerMisbehaved(
            "exchange-key",
            "the devices do not tell of the same key",
            not_done="No key is to be registered at the exchange.",
            remedy="Have a key generated again.",
        )
    try:
        key = ThresholdKey(threshold, len(names), first.public, first.public_shares)
        for start in range(len(names) - threshold + 1):
            key.signers(ED25519, range(start, start + threshold))
    except ThresholdError:
        raise PeerMisbehaved(
            "exchange-key",
            "the public shares that the devices tell are not of that key",
            not_done="No key is to be registered at the exchange.",
            remedy="Have a key generated again.",
        ) from None
    return first.public


def require_kept(kept: AccountKept, request: AccountRequest | TravelRuleRequest, identity: bytes) -> None:
    """``AuthorizationRefused`` or ``InputRefused`` unless the device ``identity`` says that it keeps its part."""
    named = request_digest(request)
    if kept.request != named:
        raise InputRefused("exchange-account", "the answer is to another request")
    verify(identity, kept.signature, "exchange-account", named)


def _split(
    api_key: str, key: Ed25519Seed, holders: tuple[bytes, ...], threshold: int, authorities: str, only: Pinned
) -> NewAccount:
    with key.seed, ed25519_scalar(key.seed) as scalar:
        if ED25519.base_mul(scalar).encoded != key.public:
            raise InputRefused(
                "exchange-key", "the private key does not give the public key that it came with"
            )
        shared = split(ED25519, scalar, threshold, len(holders))
    terms = AccountTerms(api_key, key.public, shared.key.pubshares, authorities, only)
    parts = {}
    for holder, share in zip(holders, shared.shares, strict=True):
        with share:
            parts[holder] = _part(terms, Ed25519Part(share.expose()))
    return NewAccount("ed25519-split", holders, terms, parts)


def _part(terms: AccountTerms, secret: HmacSecret | Es256Secret | Ed25519Part | BornPart) -> bytearray:
    """``InputRefused`` (``exchange-key``) for what no device would read."""
    part = bytearray(encode(AccountPart(terms, secret)))
    try:
        decode(AccountPart, part, MAX_PARCEL_CONTENT)
    except InputRefused:
        raise InputRefused(
            "exchange-key",
            "an API key, a passphrase or a certificate is too long, empty, or has characters that no exchange uses",
            not_done="Nothing was sent.",
        ) from None
    return part
