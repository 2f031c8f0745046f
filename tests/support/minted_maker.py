"""A maker of TPMs of the test's own, which certifies the endorsement key of a chip that really exists (``swtpm``)."""

from __future__ import annotations

import datetime
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from warifu.attestation.tpm.keys import read_key

_MANUFACTURER, _MODEL, _VERSION = "2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"
_EK_USAGE = "2.23.133.8.1"


def mint_ek_certificate(ek_public: bytes, model: str) -> tuple[bytes, bytes]:
    """(root, certificate for the key in ``ek_public``), DER, valid from an hour ago for a day.

    By the TCG's profile: an empty subject, and the TPM's maker, model and version in a critical alternative name.
    """
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A maker of TPMs for a test")])
    root = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA384())
    )
    told = [(_MANUFACTURER, "id:49465800"), (_MODEL, model), (_VERSION, "id:0D08")]
    chip = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), text) for oid, text in told])
    certificate = (
        _builder(x509.Name([]), name, read_key(ek_public).public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DirectoryName(chip)]), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(_EK_USAGE)]), critical=False)
        .sign(key, hashes.SHA384())
    )
    return root.public_bytes(Encoding.DER), certificate.public_bytes(Encoding.DER)


def _builder(subject: x509.Name, issuer: x509.Name, public: object) -> x509.CertificateBuilder:
    begin = datetime.datetime.fromtimestamp(int(time.time()) - 3600, datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]  # of a TPM's key, which is RSA or ECC
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=1))
    )
