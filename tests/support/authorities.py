"""Certificate authorities of our own, for evidence that tests mint: every part can be made wrong."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = 1_700_000_000
"""The moment at which minted evidence is judged."""
DAY = 86_400

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extension = tuple[x509.ExtensionType, bool]
"""With whether it is critical."""


@functools.cache
def curve_key(name: str, curve: type[ec.EllipticCurve] = ec.SECP384R1) -> ec.EllipticCurvePrivateKey:
    """The same key for the same name, as long as the tests run."""
    return ec.generate_private_key(curve())


@functools.cache
def rsa_key(name: str, bits: int = 4096) -> rsa.RSAPrivateKey:
    """As :func:`curve_key`. One of 4,096 bits takes about a second."""
    return rsa.generate_private_key(65537, bits)


def usage(*allowed: str) -> x509.KeyUsage:
    """A key usage that allows only what is named."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in allowed for name in names})


def authority(path_length: int | None = None) -> tuple[Extension, ...]:
    """The extensions of a certificate authority."""
    return (x509.BasicConstraints(True, path_length), True), (usage("key_cert_sign", "crl_sign"), True)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def issue(
    name: str,
    key: PrivateKey,
    by: Issued | None = None,
    extensions: tuple[Extension, ...] = (),
    *,
    first: int = NOW - DAY,
    last: int = NOW + DAY,
    serial: int = 1000,
    digest: hashes.SHA256 | hashes.SHA384 | None = None,
    issuer: str | None = None,
    signing: PrivateKey | None = None,
) -> Issued:
    """A certificate for ``key``, signed by ``by`` (by itself where there is nobody). ``issuer`` and ``signing`` let it
    name, or be signed by, somebody else."""
    signer = signing or (by.key if by else key)
    above = issuer or (_common_name(by.certificate) if by else name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(above))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(first, UTC))
        .not_valid_after(datetime.fromtimestamp(last, UTC))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    how = padding.PSS(padding.MGF1(hashes.SHA384()), 48) if isinstance(signer, rsa.RSAPrivateKey) else None
    return Issued(builder.sign(signer, digest or hashes.SHA384(), rsa_padding=how), key)


def revocation_list(
    by: Issued,
    serials: tuple[int, ...],
    *,
    first: int = NOW - DAY,
    last: int = NOW + DAY,
    extensions: tuple[Extension, ...] = (),
) -> bytes:
    """A list (DER) of what ``by`` has revoked."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(datetime.fromtimestamp(first, UTC))
        .next_update(datetime.fromtimestamp(last, UTC))
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial)
        builder = builder.add_revoked_certificate(
            revoked.revocation_date(datetime.fromtimestamp(first, UTC)).build()
        )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    how = padding.PSS(padding.MGF1(hashes.SHA384()), 48) if isinstance(by.key, rsa.RSAPrivateKey) else None
    return builder.sign(by.key, hashes.SHA384(), rsa_padding=how).public_bytes(Encoding.DER)


def named(common_name: str) -> x509.Name:
    """A name like those of vendors; an empty one for an empty string."""
    if not common_name:
        return x509.Name([])
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
