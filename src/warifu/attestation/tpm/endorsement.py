"""The certificate of a TPM's endorsement key (EK), by which the TPM's maker says that the key is in a TPM of his.

TCG EK Credential Profile for TPM Family 2.0 (section "EK Certificate"): the subject is empty, and a *critical* subject
alternative name tells maker, model and version; the extended key usage, where there is one, is 2.23.133.8.1. So another
certificate of the same authority cannot pass for one.

There are many makers with many roots, and no list of them is pinned here: the owner hands in the root of his TPM's
maker (``Endorsements.roots``), with intermediates and revocation lists among the documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from warifu.attestation.certificates import Documents, read_certificate
from warifu.attestation.chain import Algorithms, Path, Roots, extension_of, find_path
from warifu.attestation.revocation import check_revocation
from warifu.attestation.tpm.keys import (
    DECRYPT,
    FIXED_PARENT,
    FIXED_TPM,
    RESTRICTED,
    SENSITIVE_DATA_ORIGIN,
    SIGN,
    TpmKey,
)
from warifu.attestation.verifier import CheckFailed

ALGORITHMS = Algorithms(curves=frozenset({"secp256r1", "secp384r1", "secp521r1"}), rsa_bits=2048)
"""What makers of TPMs sign with."""

_EK_USAGE = "2.23.133.8.1"
_AK_USAGE = "2.23.133.8.3"
_MANUFACTURER, _MODEL, _VERSION = "2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"
_SIMULATORS = re.compile("swtpm|simulator|libtpms", re.IGNORECASE)
_SHOWN = 64


@dataclass(frozen=True)
class Maker:
    """What an EK certificate says of the TPM."""

    manufacturer: str
    model: str
    version: str

    @property
    def is_simulator(self) -> bool:
        """It says of itself that it is software. One that says so nowhere is not recognised."""
        return _SIMULATORS.search(f"{self.manufacturer} {self.model}") is not None

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.model} {self.version}"


@dataclass(frozen=True)
class EkCertificate:
    """An EK certificate that leads to a trusted root."""

    path: Path
    maker: Maker
    spki: bytes
    lists_until: int | None
    """The last second at which the revocation lists that were handed in are new enough; None where there were none."""


def check_ek_certificate(
    der: bytes, documents: Documents, roots: Roots, now: int, grace: int = 0
) -> EkCertificate:
    """Check a certificate down to one of ``roots`` at ``now``; ``CheckFailed`` (``ek-certificate``, ``ek-chain``)."""
    try:
        certificate = read_certificate(der)
        maker = _maker(certificate)
        _check_usage(certificate, _EK_USAGE, required=False)
    except CheckFailed as failure:
        raise CheckFailed("ek-certificate", failure.detail) from None
    try:
        path = find_path(
            certificate, documents.certificates, roots, now, ALGORITHMS, ("key_encipherment", "key_agreement")
        )
        until = check_revocation(path, documents.lists, now, ALGORITHMS, grace)
    except CheckFailed as failure:
        raise CheckFailed("ek-chain", failure.detail) from None
    return EkCertificate(path, maker, _spki(certificate), until)


def check_ak_certificate(
    der: bytes, key: TpmKey, documents: Documents, roots: Roots, now: int, grace: int = 0
) -> tuple[Path, int | None]:
    """Check the certificate of an attestation key, whose authority vouches that ``key`` is in a TPM: it must say so in
    its extended key usage, as the same authority may certify keys of programs, too. ``CheckFailed("ak-binding")``.

    Returns the path and the last second at which the revocation lists are new enough, as :class:`EkCertificate`.
    """
    try:
        certificate = read_certificate(der)
        _check_usage(certificate, _AK_USAGE, required=True)
        if _spki(certificate) != key.spki:
            raise CheckFailed("ak-binding", "the certificate is for another key than the one that signed")
        path = find_path(certificate, documents.certificates, roots, now, ALGORITHMS)
        return path, check_revocation(path, documents.lists, now, ALGORITHMS, grace)
    except CheckFailed as failure:
        raise CheckFailed("ak-binding", failure.detail) from None


def require_endorsement_key(key: TpmKey) -> None:
    """A key that only opens what was encrypted to its own TPM: credentials are the one thing that it decrypts."""
    needed = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | DECRYPT
    key.require(needed, SIGN, "an endorsement key")
    if not key.symmetric_bits or not key.policy:
        raise CheckFailed("key-attributes", "the key is not of a template for endorsement keys")


def _maker(certificate: x509.Certificate) -> Maker:
    names = extension_of(certificate, x509.SubjectAlternativeName)
    if names is None:
        raise CheckFailed("ek-certificate", "the certificate does not say of which TPM it is")
    told = {
        attribute.oid.dotted_string: str(attribute.value)
        for name in names.get_values_for_type(x509.DirectoryName)
        for attribute in name
    }
    if not {_MANUFACTURER, _MODEL, _VERSION} <= told.keys():
        raise CheckFailed("ek-certificate", "the certificate does not say of which TPM it is")
    return Maker(_manufacturer(told[_MANUFACTURER]), _shown(told[_MODEL]), _shown(told[_VERSION]))


def _manufacturer(told: str) -> str:
    """``id:414D4400`` is "AMD": four letters in hexadecimal (TCG TPM Vendor ID Registry)."""
    if re.fullmatch("id:[0-9A-Fa-f]{8}", told):
        letters = bytes.fromhex(told[3:]).rstrip(b" \0")
        if letters and all(0x21 <= letter < 0x7F for letter in letters):
            return letters.decode("ascii")
    return _shown(told)


def _check_usage(certificate: x509.Certificate, usage: str, *, required: bool) -> None:
    told = extension_of(certificate, x509.ExtendedKeyUsage)
    if told is None and not required:
        return
    if told is None or usage not in {each.dotted_string for each in told}:
        raise CheckFailed("usage", f"the certificate is not for the use {usage}")


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _shown(text: str) -> str:
    return "".join(mark if " " <= mark <= "~" else "?" for mark in text[:_SHOWN])
