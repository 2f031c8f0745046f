"""An owner's credentials, and what one of them gives as proof that it said yes.

Two kinds: the Ed25519 key of a terminal client, and a WebAuthn credential (a passkey, or a FIDO2 security key). Both
sign for a purpose (``tag``) over given parts; what a WebAuthn credential signs as its challenge is
``digest("challenge/" + tag, parts..)``. Who trusts a proof checks it himself: nothing here is believed from a service.
"""

from __future__ import annotations

from typing import Annotated, Protocol, cast

import msgspec

from warifu.errors import AuthorizationRefused
from warifu.protocol import webauthn
from warifu.protocol.encoding import Bytes32, Bytes64, Message, decode, digest, encode
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.webauthn import Assertion, PublicKey

MAX_OWNERS = 8
"""Credentials of a wallet, and so approvals of a request."""
MAX_APPROVAL_BYTES = 8 * 1024


class DeviceKey(Message, frozen=True, tag="ed25519"):
    """The Ed25519 key of a terminal client (32 bytes)."""

    public: Bytes32


class Passkey(Message, frozen=True, tag="webauthn"):
    """A WebAuthn credential as it was enrolled: it counts only with this relying party and this origin."""

    credential_id: Annotated[bytes, msgspec.Meta(min_length=1, max_length=1023)]
    public: Annotated[bytes, msgspec.Meta(max_length=128)]
    """COSE key (RFC 9053) in CTAP2's canonical CBOR: ES256 on P-256, or EdDSA on Ed25519."""
    rp_id: Annotated[str, msgspec.Meta(max_length=253, pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")]
    origin: Annotated[str, msgspec.Meta(max_length=300, pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?\Z")]

    def __post_init__(self) -> None:
        PublicKey.read(self.public)


Credential = DeviceKey | Passkey


class Signature(Message, frozen=True, tag="ed25519"):
    """A device key's proof."""

    signature: Bytes64


Proof = Signature | Assertion


class Approval(Message, frozen=True):
    """A credential, and its proof that it said yes to what the approval is found with."""

    credential: Credential
    proof: Proof


class Approver(Protocol):
    """Has a credential say yes."""

    def __call__(self, tag: str, *parts: bytes) -> Approval: ...


def decode_credential(data: bytes) -> Credential:
    """Read a credential from its one encoding; ``InputRefused`` for anything else."""
    return decode(cast("type[Credential]", Credential), data, MAX_APPROVAL_BYTES)


def credential_digest(credential: Credential) -> bytes:
    """32 bytes that name exactly this credential."""
    return digest("credential", encode(credential))


def challenge(tag: str, *parts: bytes) -> bytes:
    """32 bytes: what a WebAuthn credential is asked to sign for the purpose ``tag`` over ``parts``."""
    return digest(f"challenge/{tag}", *parts)


def approver(key: IdentityKey) -> Approver:
    """That of a device key."""

    def approve(tag: str, *parts: bytes) -> Approval:
        return Approval(DeviceKey(key.public), Signature(key.sign(tag, *parts)))

    return approve


def check_approval(approval: Approval, tag: str, *parts: bytes) -> int | None:
    """Return if the approval's credential signed for ``tag`` over ``parts``; else ``AuthorizationRefused``.

    What is returned is the signature counter that a WebAuthn credential showed; None for a device key.
    """
    credential, proof = approval.credential, approval.proof
    if isinstance(credential, DeviceKey) and isinstance(proof, Signature):
        verify(credential.public, proof.signature, tag, *parts)
        return None
    if isinstance(credential, Passkey) and isinstance(proof, Assertion):
        key = PublicKey.read(credential.public)
        return webauthn.check(proof, key, credential.rp_id, credential.origin, challenge(tag, *parts))
    raise AuthorizationRefused("signature", "an approval's proof is not of its credential's kind")
