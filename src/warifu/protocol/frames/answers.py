"""What a ``Reply`` or a finished session carries."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.attesting import HostClaims
from warifu.protocol.chains import Chain, Scheme
from warifu.protocol.encoding import (
    Amount,
    Bytes32,
    Bytes64,
    Message,
    Name,
    Seconds,
    Text,
)
from warifu.protocol.envelope import CertifiedEnvelopeKey
from warifu.protocol.exchange_answers import AccountStatus
from warifu.protocol.frames.bounds import MAX_INPUTS, Body, PublicKey, RecoveryData
from warifu.protocol.frames.refusals import Refusal
from warifu.protocol.request import MAX_ANNOUNCED, MAX_EPOCH, MAX_SIGNERS, Outflow

MAX_WORDS = 24
SHOWN_NOTICES = 16
SHOWN_OF_A_NOTICE = 4


class KeyBirth(Message, frozen=True):
    """One key of a wallet."""

    scheme: Scheme
    threshold_public: PublicKey
    chain_code: Bytes32
    public_shares: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    recovery_digest: Bytes32
    """SHA-256 of the ChillDKG recovery data that the signer keeps, so that all are known to keep the same."""


class WalletBirth(Message, frozen=True):
    """What each signer states after key generation; the owner's client wants the same from every one of them."""

    wallet_id: Bytes32
    keys: Annotated[tuple[KeyBirth, ...], msgspec.Meta(min_length=1, max_length=3)]
    """In the order of the request's schemes."""

    def key(self, scheme: str) -> KeyBirth:
        """The key for ``scheme``. ``InputRefused`` (``no-key``) where the wallet has none."""
        for key in self.keys:
            if key.scheme == scheme:
                return key
        raise InputRefused(
            "no-key",
            f"this wallet has no key for {scheme} signatures",
            remedy="Make a wallet with such a key; keys cannot be added to a wallet yet.",
        )


class SignedBirth(Message, frozen=True):
    """An encoded ``WalletBirth``, the identity that states it, its signature, and the public recovery data."""

    birth: Body
    identity: Bytes32
    signature: Bytes64
    recovery: RecoveryData


class TransferSignatures(Message, frozen=True):
    """All signatures, in the transaction's order; each was verified before it was released.

    64 bytes each (BIP-340, RFC 8032); for ECDSA 65: r, low s, and the recovery id 0 or 1.
    """

    request: Bytes32
    signatures: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=64, max_length=65)], ...],
        msgspec.Meta(min_length=1, max_length=MAX_INPUTS),
    ]


class ResultAnswer(Message, frozen=True):
    """To ``AskResult``: ``unknown``, ``started`` (consumed, result not here) or ``finished`` with the result."""

    state: Annotated[str, msgspec.Meta(max_length=16)]
    result: Body


class Decision(Message, frozen=True):
    """To ``AskDecision``: whether this signer would sign, and each rule it looked at in words."""

    allowed: bool
    rules: Annotated[tuple[Text, ...], msgspec.Meta(max_length=1024)]
    """As many as a request of a hundred outflows can come to, each of another token with every rule there is."""
    refusal: Refusal | None


class Spent(Message, frozen=True):
    """What this device helped to move of one asset in the last 24 hours, in its smallest unit."""

    chain: Chain
    token: str
    amount: Amount


class Pending(Message, frozen=True):
    """What waits on a device, because it allows more than its rules do now."""

    kind: Literal["rules", "unfreeze"]
    request: Bytes32
    """Digest of the request that asked for it: by this it is vetoed."""
    since: Seconds
    effect: Seconds
    """The moment at which it takes effect, by the device's own clock."""
    rules_hash: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of the rules that it brings; empty for the end of a freeze."""
    words: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_WORDS)]
    """What differs, rule by rule, as the device compares it."""


class NoticeSeen(Message, frozen=True):
    """What was announced to a device, not vetoed, and not used up; the first of each, because a status is short."""

    request: Bytes32
    """Digest of the ``NoticeRequest``: by this it is vetoed."""
    since: Seconds
    chain: Chain
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=SHOWN_OF_A_NOTICE)]
    destinations: Annotated[tuple[Text, ...], msgspec.Meta(max_length=SHOWN_OF_A_NOTICE)]
    more: Annotated[int, msgspec.Meta(ge=0, le=2 * MAX_ANNOUNCED)]
    """How many more outflows and destinations it names."""


class Instructed(Message, frozen=True):
    """To ``Instruct``: what the device made of it. ``done``: it holds from now on, or did already. ``waits``: until
    ``effect`` by the device's own clock, unless it is vetoed."""

    state: Literal["done", "waits"]
    effect: Seconds
    words: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_WORDS)] = ()
    """What differs, rule by rule, as the device compares it."""


class WalletStatus(Message, frozen=True):
    """One wallet as this device sees it."""

    wallet_id: Bytes32
    threshold: int
    devices: tuple[Name, ...]
    revision: Annotated[int, msgspec.Meta(ge=1, lt=2**32)]
    """Of the rules that are in force on this device."""
    rules_hash: Bytes32
    tries_left: int
    next_try: Seconds
    """Moment before which this device does not try a passphrase (after a wrong one); 0 where it would."""
    spent_today: Annotated[tuple[Spent, ...], msgspec.Meta(max_length=4096)]
    references: Annotated[tuple[tuple[Name, Bytes32], ...], msgspec.Meta(max_length=MAX_SIGNERS)]
    """(device, ``reference_digest``) of what each is accepted as; empty where none was given."""
    correlations: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
    """How many ECDSA signatures are prepared with each of ``devices``; 0 for itself."""
    epoch: Annotated[int, msgspec.Meta(ge=0, le=MAX_EPOCH)] = 0
    """How many times its shares were refreshed."""
    frozen: Text | None = None
    """Why nothing leaves the wallet until an owner's unfreezing has waited; None where it is not frozen."""
    pending: Annotated[tuple[Pending, ...], msgspec.Meta(max_length=2)] = ()
    notices: Annotated[tuple[NoticeSeen, ...], msgspec.Meta(max_length=SHOWN_NOTICES)] = ()
    """The newest."""
    carrier_bans: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SIGNERS)] = ()
    """Devices that owners let carry nothing to an exchange."""


class Status(Message, frozen=True):
    """To ``AskStatus``."""

    name: Name
    identity: Bytes32
    version: Annotated[str, msgspec.Meta(max_length=32)]
    platform: Annotated[str, msgspec.Meta(max_length=64)]
    tier: Annotated[int, msgspec.Meta(ge=0, le=2)]
    capabilities: Annotated[tuple[Text, ...], msgspec.Meta(max_length=32)]
    """What the platform gives, by the names of ``tee.platform.Capabilities``: the device's own word."""
    release: Bytes32
    """Digest of the program's files, as it found them."""
    host: HostClaims | None
    """What its agent last saw of the host."""
    isolation: Annotated[tuple[tuple[Text, Text], ...], msgspec.Meta(max_length=64)]
    """(layer, state) for each layer of process isolation, as applied and probed."""
    journal_length: Annotated[int, msgspec.Meta(ge=0)]
    journal_head: Bytes32
    wallets: Annotated[tuple[WalletStatus, ...], msgspec.Meta(max_length=256)]
    banned: Annotated[tuple[tuple[Text, Bytes32], ...], msgspec.Meta(max_length=256)]
    """(name, identity) of devices that this one caught cheating and works with no more."""
    frozen: Text | None = None
    """Why the device signs nothing until its operator lifts it; None where it signs."""
    held_by: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SIGNERS)] = ()
    """Identities of the devices that hold its sealing secret, where it has no sealing key of its own."""
    not_held: bool = False
    """It has no sealing key, and nobody holds its sealing secret yet: nothing of it outlives this run."""
    accounts: Annotated[tuple[AccountStatus, ...], msgspec.Meta(max_length=256)] = ()
    """At exchanges, of all wallets."""
    exchanges: Literal["not-loaded", "loaded", "start-again"] = "not-loaded"
    """Whether it has loaded what asks exchanges. ``start-again``: it has not, and a wallet of its has rules for one."""


class HandedOut(Message, frozen=True):
    """Result of a hand-out: the device can boot by this set from now on."""

    request: Bytes32
    """Digest of the ``HandOutRequest``."""
    set: Bytes32
    signature: Bytes64
    """Of the device's identity, for the purpose ``handed-out``, over both."""


class EndorsementAnswer(Message, frozen=True):
    """To ``AskEndorsement``, in the TPM's own structures. Nothing in it is believed: a challenge is made for it."""

    ek_public: Annotated[bytes, msgspec.Meta(max_length=1024)]
    """TPMT_PUBLIC of the endorsement key."""
    ek_certificate: Annotated[bytes, msgspec.Meta(max_length=8192)]
    """DER; empty where the chip holds none."""
    ak_public: Annotated[bytes, msgspec.Meta(max_length=1024)]
    """TPMT_PUBLIC of the key that signs evidence."""


class ActivationAnswer(Message, frozen=True):
    """To ``AskActivation``: what the chip made of the challenge."""

    proof: Annotated[bytes, msgspec.Meta(min_length=1, max_length=64)]


class EnvelopeKeyAnswer(Message, frozen=True):
    """To ``AskEnvelopeKey``."""

    key: CertifiedEnvelopeKey
