"""The certificate of the key that signs reports: VCEK or VLEK (57230, chapters 3 and 4).

AMD writes into it for which product, for which versions of firmware and for which chip (VCEK) or cloud provider (VLEK)
the key was derived. A report must say the same: else a chip with old, broken firmware could pass as a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from warifu.attestation.verifier import CheckFailed

_AMD = "1.3.6.1.4.1.3704.1"
PRODUCT_NAME = x509.ObjectIdentifier(f"{_AMD}.2")
HARDWARE_ID = x509.ObjectIdentifier(f"{_AMD}.4")
PROVIDER_ID = x509.ObjectIdentifier(f"{_AMD}.5")
VERSIONS = {
    "bootloader": x509.ObjectIdentifier(f"{_AMD}.3.1"),
    "tee": x509.ObjectIdentifier(f"{_AMD}.3.2"),
    "snp": x509.ObjectIdentifier(f"{_AMD}.3.3"),
    "microcode": x509.ObjectIdentifier(f"{_AMD}.3.8"),
    "fmc": x509.ObjectIdentifier(f"{_AMD}.3.9"),
}
_INTEGER, _OCTET_STRING, _IA5_STRING = 0x02, 0x04, 0x16
_NAME_BYTES = 64


@dataclass(frozen=True)
class EndorsementKey:
    """What a VCEK's or VLEK's certificate says."""

    key: ec.EllipticCurvePublicKey
    common_name: str
    product: str
    versions: dict[str, int]
    """Security versions, by the names of ``products``; ``fmc`` only where the certificate has it."""
    hardware_id: bytes
    """Of the chip; empty in a VLEK's."""
    provider: str
    """Of the cloud; empty in a VCEK's."""


def is_endorsement_key(certificate: x509.Certificate) -> bool:
    """Is it the certificate of a key that signs reports (and not an authority's)?"""
    return any(extension.oid == PRODUCT_NAME for extension in certificate.extensions)


def read_endorsement_key(certificate: x509.Certificate) -> EndorsementKey:
    """What ``certificate`` says; ``CheckFailed`` (``certificate``) where a part is missing or wrong."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise _refused("its key is not one of P-384")
    found = {
        extension.oid: extension.value.value
        for extension in certificate.extensions
        if isinstance(extension.value, x509.UnrecognizedExtension)
    }
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return EndorsementKey(
        key=key,
        common_name=str(names[0].value) if len(names) == 1 else "",
        product=_text(found.get(PRODUCT_NAME, b"")),
        versions={name: _small_number(found[oid]) for name, oid in VERSIONS.items() if oid in found},
        hardware_id=_bytes(found.get(HARDWARE_ID, b"")),
        provider=_text(found[PROVIDER_ID]) if PROVIDER_ID in found else "",
    )


def _small_number(der: bytes) -> int:
    """A DER INTEGER from 0 to 255."""
    content = _content(der, _INTEGER)
    if not 1 <= len(content) <= 2 or (len(content) == 2 and not (content[0] == 0 and content[1] & 0x80)):
        raise _refused("a version is not a number from 0 to 255")
    if len(content) == 1 and content[0] & 0x80:
        raise _refused("a version is negative")
    return content[-1]


def _text(der: bytes) -> str:
    """A DER IA5String of printable characters."""
    content = _content(der, _IA5_STRING)
    if not content or not all(0x20 <= byte < 0x7F for byte in content):
        raise _refused("a name is not printable")
    return content.decode("ascii")


def _bytes(value: bytes) -> bytes:
    """The chip's identifier: raw, as AMD writes it, or in an OCTET STRING, as the specification has it."""
    if len(value) > 2 and value[0] == _OCTET_STRING and value[1] == len(value) - 2:
        return value[2:]
    return value


def _content(der: bytes, tag: int) -> bytes:
    if len(der) < 2 or der[0] != tag or der[1] != len(der) - 2 or der[1] > _NAME_BYTES:
        raise _refused("an extension of AMD's is missing or has another form")
    return der[2:]


def _refused(why: str) -> CheckFailed:
    return CheckFailed("certificate", f"the certificate of the signing key cannot be used: {why}")
