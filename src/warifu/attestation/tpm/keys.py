"""Public areas of TPM keys, and signatures (TPM 2.0 Library Specification, Part 2: TPMT_PUBLIC 12.2.4, TPMT_SIGNATURE
11.3.4). Which attributes a key must have follows from what it is for.

An attestation key must be *restricted*: it then signs only what the TPM itself says, so that the key's owner cannot
have it sign a quote of PCR values that never were. And it must never have been anywhere but in this TPM.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from warifu.attestation.reader import Reader
from warifu.attestation.tpm.structures import HASHES, NULL, name_of
from warifu.attestation.verifier import CheckFailed

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_RSA, _ECC = 0x0001, 0x0023
_AES, _CFB = 0x0006, 0x0043
_RSASSA, _RSAPSS, _ECDSA = 0x0014, 0x0016, 0x0018
_CURVES: dict[int, ec.EllipticCurve] = {0x0003: ec.SECP256R1(), 0x0004: ec.SECP384R1()}
_RSA_BITS = (2048, 3072, 4096)
_RSA_EXPONENT = 65537
_MAX_RSA_BYTES = 512
_MAX_COORDINATE = 48

# TPMA_OBJECT (8.3)
FIXED_TPM, FIXED_PARENT, SENSITIVE_DATA_ORIGIN = 1 << 1, 1 << 4, 1 << 5
RESTRICTED, DECRYPT, SIGN = 1 << 16, 1 << 17, 1 << 18
_DEFINED = (
    FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | DECRYPT | SIGN
    | 1 << 2 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 19
)  # fmt: skip


@dataclass(frozen=True)
class TpmKey:
    """TPMT_PUBLIC of an asymmetric key."""

    algorithm: int
    """Of its name."""
    attributes: int
    policy: bytes
    symmetric_bits: int
    """Of the AES in CFB mode by which a storage key protects others; 0: none."""
    public: PublicKey
    structure: bytes

    @property
    def name(self) -> bytes:
        return name_of(self.algorithm, self.structure)

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def require(self, attributes: int, without: int, what: str) -> None:
        """``CheckFailed("key-attributes")`` unless it has all of ``attributes`` and none of ``without``."""
        if self.attributes & attributes != attributes or self.attributes & without:
            raise CheckFailed("key-attributes", f"the key is not {what}")


def require_attestation_key(key: TpmKey) -> None:
    """A key that signs what its TPM says and nothing else, and never was elsewhere."""
    needed = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN
    key.require(needed, DECRYPT, "one that signs only what its own TPM says")


def read_key(structure: bytes) -> TpmKey:
    """One TPMT_PUBLIC; ``CheckFailed("form")`` where it is not one, or of a kind that is not used here."""
    reader = Reader(structure, "big", "the public area of a key")
    kind, algorithm, attributes = reader.number(2), reader.number(2), reader.number(4)
    if kind not in (_RSA, _ECC) or algorithm not in HASHES or attributes & ~_DEFINED:
        raise CheckFailed("form", "the key's type, hash algorithm or attributes are unknown")
    policy = reader.sized(2, 64)
    symmetric_bits = _symmetric(reader)
    _scheme(reader)
    public = _rsa(reader) if kind == _RSA else _ecc(reader)
    reader.end()
    return TpmKey(algorithm, attributes, policy, symmetric_bits, public, structure)


def check_signature(key: TpmKey, structure: bytes, signed: bytes) -> int:
    """The hash algorithm, if ``structure`` (TPMT_SIGNATURE) is the key's signature over ``signed``;
    ``CheckFailed("signature")`` otherwise, ``form`` where it is no signature."""
    reader = Reader(structure, "big", "the signature")
    scheme, algorithm = reader.number(2), reader.number(2)
    digest = _HASH_CLASSES.get(algorithm)
    if digest is None:
        raise CheckFailed("form", f"a signature over the hash 0x{algorithm:04x} is unknown or too weak")
    try:
        if isinstance(key.public, ec.EllipticCurvePublicKey):
            width = (key.public.curve.key_size + 7) // 8
            r, s = (_fixed(reader.sized(2, _MAX_COORDINATE), width) for _ in range(2))
            reader.end()
            if scheme != _ECDSA:
                raise InvalidSignature
            key.public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(digest))
        else:
            signature = reader.sized(2, _MAX_RSA_BYTES)
            reader.end()
            key.public.verify(signature, signed, _padding(scheme, digest), digest)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise CheckFailed("signature", "the key did not sign this") from None
    return algorithm


_HASH_CLASSES: dict[int, hashes.HashAlgorithm] = {
    0x000B: hashes.SHA256(),
    0x000C: hashes.SHA384(),
    0x000D: hashes.SHA512(),
}


def _padding(scheme: int, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if scheme == _RSASSA:
        return padding.PKCS1v15()
    if scheme == _RSAPSS:  # the length of the salt is the TPM's choice (Part 1, B.7)
        return padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    raise InvalidSignature


def _fixed(number: bytes, width: int) -> int:
    """A coordinate or half a signature. TPMs pad to the curve's width or leave leading zeros out: both are read."""
    if not number or len(number) > width:
        raise CheckFailed("form", "a number has another length than its curve")
    return int.from_bytes(number, "big")


def _symmetric(reader: Reader) -> int:
    """TPMT_SYM_DEF_OBJECT (11.1.7): none, or AES in CFB mode."""
    algorithm = reader.number(2)
    if algorithm == NULL:
        return 0
    bits, mode = reader.number(2), reader.number(2)
    if algorithm != _AES or mode != _CFB or bits not in (128, 256):
        raise CheckFailed("form", "the key protects others by an unknown cipher")
    return bits


def _scheme(reader: Reader) -> None:
    """TPMT_RSA_SCHEME, TPMT_ECC_SCHEME (11.2.4, 11.2.5): none, or signing with a hash."""
    scheme = reader.number(2)
    if scheme != NULL and (scheme not in (_RSASSA, _RSAPSS, _ECDSA) or reader.number(2) not in HASHES):
        raise CheckFailed("form", "the key's scheme is unknown or too weak")


def _rsa(reader: Reader) -> rsa.RSAPublicKey:
    """TPMS_RSA_PARMS (12.2.3.5), behind its scheme, and the modulus. The exponent 0 means the usual one."""
    bits, exponent = reader.number(2), reader.number(4)
    modulus = reader.sized(2, _MAX_RSA_BYTES)
    number = int.from_bytes(modulus, "big")
    if bits not in _RSA_BITS or len(modulus) * 8 != bits or number.bit_length() != bits:
        raise CheckFailed("form", "the RSA key has an unknown or untrue length")
    if exponent not in (0, _RSA_EXPONENT) or number % 2 == 0:
        raise CheckFailed("form", "the RSA key's exponent or modulus is not one")
    return rsa.RSAPublicNumbers(_RSA_EXPONENT, number).public_key()


def _ecc(reader: Reader) -> ec.EllipticCurvePublicKey:
    """TPMS_ECC_PARMS (12.2.3.6), behind its scheme, and the point."""
    curve = _CURVES.get(reader.number(2))
    if curve is None or reader.number(2) != NULL:
        raise CheckFailed("form", "the key's curve or key derivation is unknown")
    width = (curve.key_size + 7) // 8
    x, y = (_fixed(reader.sized(2, _MAX_COORDINATE), width) for _ in range(2))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    except ValueError:
        raise CheckFailed("form", "the key is no point of its curve") from None
