"""The few TPM structures that are made or named without a TPM: templates of keys, an NV counter, names.

TPM 2.0 Library Specification, Part 2 (TPMT_PUBLIC, TPMS_NV_PUBLIC) and Part 1, section 16 (names): a *name* is a hash
algorithm and the hash of the public area, so that whoever knows the name of a key or counter cannot be handed another.
Pure: bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import struct

SHA256 = 0x000B
_RSA, _KEYED_HASH, _AES, _NULL, _ECDSA, _ECC, _CFB = 0x0001, 0x0008, 0x0006, 0x0010, 0x0018, 0x0023, 0x0043
_P256 = 0x0003

_FIXED_TPM, _FIXED_PARENT, _SENSITIVE_ORIGIN = 1 << 1, 1 << 4, 1 << 5
_USER_WITH_AUTH, _ADMIN_WITH_POLICY, _NO_DA = 1 << 6, 1 << 7, 1 << 10
_RESTRICTED, _DECRYPT, _SIGN = 1 << 16, 1 << 17, 1 << 18

_COUNTER, _AUTH_WRITE, _AUTH_READ, _NV_NO_DA, _WRITTEN = 1 << 4, 1 << 2, 1 << 18, 1 << 25, 1 << 29
COUNTER_BYTES = 8

_AES_128_CFB = struct.pack(">HHH", _AES, 128, _CFB)
_EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
"""PolicySecret(TPM_RH_ENDORSEMENT), of the TCG EK Credential Profile's low-range templates."""


def sized(content: bytes) -> bytes:
    """A TPM2B: the length in two bytes, then the content."""
    return struct.pack(">H", len(content)) + content


def name_of(public: bytes) -> bytes:
    """The name of the object or NV index with this public area."""
    return struct.pack(">H", SHA256) + hashlib.sha256(public).digest()


def storage_root_template() -> bytes:
    """TPMT_PUBLIC of the ECC P-256 storage root key (TCG TPM v2.0 Provisioning Guidance, SRK template)."""
    return _ecc(
        _FIXED_TPM | _FIXED_PARENT | _SENSITIVE_ORIGIN | _USER_WITH_AUTH | _NO_DA | _RESTRICTED | _DECRYPT,
        symmetric=_AES_128_CFB,
        point=(bytes(32), bytes(32)),
    )


def attestation_key_template() -> bytes:
    """A key that signs what the TPM itself says and nothing else (restricted): ECDSA, P-256, SHA-256."""
    return _ecc(
        _FIXED_TPM | _FIXED_PARENT | _SENSITIVE_ORIGIN | _USER_WITH_AUTH | _NO_DA | _RESTRICTED | _SIGN,
        scheme=struct.pack(">HH", _ECDSA, SHA256),
    )


def sealed_template(policy: bytes) -> bytes:
    """An object that holds a secret of ours. Neither ``userWithAuth`` (the auth value alone would open it, on any
    boot) nor ``noDA`` (guesses of it would not be counted)."""
    return (
        struct.pack(">HHI", _KEYED_HASH, SHA256, _FIXED_TPM | _FIXED_PARENT)
        + sized(policy)
        + struct.pack(">H", _NULL)
        + sized(b"")
    )


def endorsement_key_template(*, rsa: bool) -> bytes:
    """TCG EK Credential Profile, templates L-1 (RSA 2048) and L-2 (ECC P-256)."""
    attributes = _FIXED_TPM | _FIXED_PARENT | _SENSITIVE_ORIGIN | _ADMIN_WITH_POLICY | _RESTRICTED | _DECRYPT
    if not rsa:
        return _ecc(attributes, policy=_EK_POLICY, symmetric=_AES_128_CFB, point=(bytes(32), bytes(32)))
    return (
        struct.pack(">HHI", _RSA, SHA256, attributes)
        + sized(_EK_POLICY)
        + _AES_128_CFB
        + struct.pack(">HHI", _NULL, 2048, 0)
        + sized(bytes(256))
    )


def is_rsa(public: bytes) -> bool:
    """Whether this TPMT_PUBLIC is of an RSA key."""
    return public[:2] == struct.pack(">H", _RSA)


def verifying_key(x: bytes, y: bytes) -> bytes:
    """TPMT_PUBLIC of a P-256 key of somebody else's, whose ECDSA signatures the TPM is to verify."""
    return _ecc(_USER_WITH_AUTH | _SIGN, scheme=struct.pack(">HH", _ECDSA, SHA256), point=(x, y))


def ecdsa_signature(r: bytes, s: bytes) -> bytes:
    """TPMT_SIGNATURE: ECDSA with SHA-256."""
    return struct.pack(">HH", _ECDSA, SHA256) + sized(r) + sized(s)


def counter_public(index: int, *, written: bool) -> bytes:
    """TPMS_NV_PUBLIC of a counter of ours at ``index``: read and counted up by whoever has its auth value."""
    attributes = _COUNTER | _AUTH_WRITE | _AUTH_READ | _NV_NO_DA | (_WRITTEN if written else 0)
    return struct.pack(">IHIHH", index, SHA256, attributes, 0, COUNTER_BYTES)


def _ecc(
    attributes: int,
    *,
    policy: bytes = b"",
    symmetric: bytes = struct.pack(">H", _NULL),
    scheme: bytes = struct.pack(">H", _NULL),
    point: tuple[bytes, bytes] = (b"", b""),
) -> bytes:
    return (
        struct.pack(">HHI", _ECC, SHA256, attributes)
        + sized(policy)
        + symmetric
        + scheme
        + struct.pack(">HH", _P256, _NULL)
        + sized(point[0])
        + sized(point[1])
    )
