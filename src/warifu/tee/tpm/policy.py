"""Under which boots a sealed secret opens, as the owner signs it, and as a TPM computes it. Pure: no TPM is needed.

TPM 2.0 Library Specification, Part 1, section 19.7 (policies) and Part 3, TPM2_PolicyPCR, _PolicyNV, _PolicyAuthorize
and _PolicyAuthValue. What is sealed names no PCR values but a key of the owner's (PolicyAuthorize): whatever that key
approves for this TPM may open it. An approval says "these PCR values, while the TPM's counter of approvals is at most
so much"; counting it up takes older approvals back, for good, and it is the TPM that refuses them.

The owner's identity keys are Ed25519, which no TPM verifies; the update key is ECDSA P-256 and kept by the client.
Refused: PCRs 16 and 23, which any program may reset to zero and then set as it likes; approvals of other TPMs (their
storage root key is in what is signed).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes32, Bytes64, Message, digest
from warifu.tee.tpm.structures import SHA256 as SHA256_ID
from warifu.tee.tpm.structures import name_of, verifying_key

BOOT_PCRS = (0, 2, 4, 7, 8, 9)
"""What is demanded unless something else is chosen: firmware, option ROMs, boot loader, Secure Boot state, and what
the boot loader measured of kernel, initial RAM disk and command line."""
RESETTABLE = frozenset({16, 23})
PCRS = 24
MAX_VERSION = 2**62

_POLICY_NV, _POLICY_AUTHORIZE, _POLICY_AUTH_VALUE, _POLICY_PCR = 0x149, 0x16A, 0x16B, 0x17F
UNSIGNED_LE = 0x0009
_START = bytes(32)

Name34 = Annotated[bytes, msgspec.Meta(min_length=34, max_length=34)]
PcrIndices = Annotated[
    tuple[Annotated[int, msgspec.Meta(ge=0, lt=PCRS)], ...], msgspec.Meta(min_length=1, max_length=PCRS)
]
Version = Annotated[int, msgspec.Meta(ge=0, lt=MAX_VERSION)]


class ApprovalRequest(Message, frozen=True):
    """What a device asks its owner to approve."""

    storage_root: Name34
    """Name of the TPM's storage root key: which TPM."""
    counter: Name34
    """Name of its counter of approvals."""
    version: Version
    """The approval holds until that counter is greater."""
    pcrs: PcrIndices
    values: Bytes32
    """SHA-256 of the values of these PCRs, one after another in ascending order."""


class Approval(Message, frozen=True):
    """An approval as a device keeps it."""

    version: Version
    pcrs: PcrIndices
    values: Bytes32
    signature: Bytes64
    """r and s of ECDSA over :func:`to_be_signed`."""


def require_lasting(pcrs: Sequence[int]) -> None:
    """Return if these PCRs can carry a policy; ``InputRefused`` (``pcrs``) otherwise."""
    if not pcrs or list(pcrs) != sorted(set(pcrs)) or not all(0 <= pcr < PCRS for pcr in pcrs):
        raise InputRefused("pcrs", "PCRs are numbers from 0 to 23, in ascending order, each once")
    for pcr in sorted(RESETTABLE.intersection(pcrs)):
        raise InputRefused(
            "pcrs",
            f"PCR {pcr} can be reset by any program, so it proves nothing",
            remedy="Choose among PCRs 0 to 15.",
        )


def values_digest(values: Iterable[bytes]) -> bytes:
    """What TPM2_PolicyPCR and TPM2_Quote hash: the values one after another."""
    return hashlib.sha256(b"".join(values)).digest()


def pcr_selection(pcrs: Sequence[int]) -> bytes:
    """TPML_PCR_SELECTION: these PCRs of the SHA-256 bank."""
    bits = sum(1 << pcr for pcr in pcrs)
    return struct.pack(">IHB", 1, SHA256_ID, 3) + bits.to_bytes(3, "little")


def approved_policy(counter: bytes, version: int, pcrs: Sequence[int], values: bytes) -> bytes:
    """The digest of PolicyNV(counter <= version) and PolicyPCR(values)."""
    require_lasting(pcrs)
    operand = version.to_bytes(8, "big")
    compared = hashlib.sha256(operand + struct.pack(">HH", 0, UNSIGNED_LE)).digest()
    policy = _extended(_START, _POLICY_NV, compared, counter)
    return _extended(policy, _POLICY_PCR, pcr_selection(pcrs), values)


def policy_reference(storage_root: bytes, counter: bytes) -> bytes:
    """Which TPM and which counter an approval is for: it is signed along, and part of what was sealed."""
    return digest("tpm-approval", storage_root, counter)


def to_be_signed(request: ApprovalRequest) -> bytes:
    """The 32-byte hash that the owner's update key signs (Part 3, TPM2_PolicyAuthorize: aHash)."""
    policy = approved_policy(request.counter, request.version, request.pcrs, request.values)
    return hashlib.sha256(policy + policy_reference(request.storage_root, request.counter)).digest()


def approve(key: ec.EllipticCurvePrivateKey, request: ApprovalRequest) -> Approval:
    """The owner's approval of ``request``, by the update key."""
    r, s = decode_dss_signature(key.sign(to_be_signed(request), ec.ECDSA(Prehashed(SHA256()))))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return Approval(request.version, request.pcrs, request.values, signature)


def is_approved(update_key: bytes, request: ApprovalRequest, signature: bytes) -> bool:
    """Whether the owner's update key (65 bytes, SEC 1) signed this request."""
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        _point(update_key).verify(der, to_be_signed(request), ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True


def update_key_public(update_key: bytes) -> bytes:
    """TPMT_PUBLIC of the owner's update key. ``InputRefused`` where it is no point of P-256 (65 bytes, SEC 1)."""
    _point(update_key)
    return verifying_key(update_key[1:33], update_key[33:])


def sealing_policy(update_key: bytes, reference: bytes, *, with_auth: bool) -> bytes:
    """The policy of what is sealed: whatever the update key approves, and with ``with_auth`` the auth value, too."""
    signer = name_of(update_key_public(update_key))
    policy = hashlib.sha256(_extended(_START, _POLICY_AUTHORIZE, signer) + reference).digest()
    return _extended(policy, _POLICY_AUTH_VALUE) if with_auth else policy


def _point(update_key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if len(update_key) != 65:
            raise ValueError
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), update_key)
    except ValueError:
        raise InputRefused(
            "update-key", "an update key is a point of P-256 in its uncompressed form, 65 bytes"
        ) from None


def _extended(policy: bytes, command: int, *parameters: bytes) -> bytes:
    return hashlib.sha256(policy + struct.pack(">I", command) + b"".join(parameters)).digest()
