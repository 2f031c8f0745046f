"""The service's TLS identity: one self-signed certificate, known by its fingerprint.

Devices and clients pin the SHA-256 of the certificate (invitation, profile), so no authority vouches for it and its
names and dates mean little. Key and certificate live in the encrypted database and reach OpenSSL through a file in
memory: the key is never written to a disk in the clear.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import ssl
from dataclasses import dataclass, field

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from warifu.service.store.database import Database
from warifu.service.store.schema import meta

_YEARS = 10


@dataclass(frozen=True)
class TlsIdentity:
    """PEM of certificate and private key (ECDSA, P-256)."""

    certificate: bytes
    private_key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate in DER, 32 bytes: what others pin."""
        parsed = x509.load_pem_x509_certificate(self.certificate)
        return hashlib.sha256(parsed.public_bytes(serialization.Encoding.DER)).digest()


def tls_identity(database: Database) -> TlsIdentity:
    """The one in the database, made there at the first call."""
    with database.writing() as connection:
        found = connection.execute(sa.select(meta).where(meta.c.name.in_(("tls-certificate", "tls-key"))))
        rows = {row.name: row.value for row in found}
        if rows:
            return TlsIdentity(rows["tls-certificate"], rows["tls-key"])
        made = _make()
        connection.execute(
            meta.insert(),
            [
                {"name": "tls-certificate", "value": made.certificate},
                {"name": "tls-key", "value": made.private_key},
            ],
        )
        return made


def server_context(identity: TlsIdentity) -> ssl.SSLContext:
    """TLS 1.3 only: both ends are Warifu."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # OpenSSL reads files only; this one is in memory and gone when the descriptor is closed.
    descriptor = os.memfd_create("warifu-tls", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, identity.private_key + identity.certificate)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return context


def _make() -> TlsIdentity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "warifu")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return TlsIdentity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
