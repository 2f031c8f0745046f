"""AWS Nitro Enclaves: the attestation document that the hypervisor signs (AWS, "Verifying the root of trust" and the
attestation process of the Nitro Security Module's API).

A COSE_Sign1 message over a CBOR map, which brings its own certificates: ``cabundle`` from AWS's root downwards, and
the ``certificate`` of the key that signed, valid for about three hours. So a document is fresh evidence or none; there
is no collateral to fetch.

Trusted: AWS's root, pinned by its SHA-256 digest (which AWS publishes beside it), and roots that the caller names.
Refused: any other root, order or kind of certificate, fields that are unknown, of another type or longer than AWS says.
An enclave started in debug mode has zeros for measurements; it is reported as that, for a rule to refuse.
"""

from __future__ import annotations

import hashlib
import string
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from warifu.attestation.cbor import NotAcceptable, decode
from warifu.attestation.certificates import read_certificate, read_documents
from warifu.attestation.chain import OWN_ROOT, Algorithms, Roots, check_path, digest_of
from warifu.attestation.cose import is_signed_by, read_sign1
from warifu.attestation.revocation import check_revocation, revocation_told
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

FORMAT = "nitro"
AWS_ROOT = bytes.fromhex("641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b")
"""SHA-256 of the root's certificate (``aws.nitro-enclaves``, 2019 to 2049)."""
AWS_ALGORITHMS = Algorithms(curves=frozenset({"secp384r1"}), digests=frozenset({"sha384"}))

MAX_DOCUMENT_BYTES = 16 * 1024
_MAX_CERTIFICATE_BYTES = 1024
_MAX_AUTHORITIES = 7
_PCR_BYTES = 48
_PCRS = range(32)
_MAX_TIME = 1 << 48
_NAME = frozenset(string.ascii_letters + string.digits + "-_.:/")
_NEEDED = frozenset({"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"})
_OPTIONAL = {"public_key": 1024, "user_data": 512, "nonce": 512}
"""With their greatest lengths."""


@dataclass(frozen=True)
class Document:
    """The fields of a document, as AWS names them."""

    module_id: str
    timestamp_ms: int
    pcrs: dict[int, bytes]
    certificate: x509.Certificate
    authorities: tuple[x509.Certificate, ...]
    """Root first."""
    public_key: bytes | None
    user_data: bytes | None
    nonce: bytes | None


class NitroVerifier:
    """Attestation documents of AWS Nitro Enclaves."""

    format = FORMAT

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        if len(body) > MAX_DOCUMENT_BYTES:
            raise CheckFailed("form", f"a document has {MAX_DOCUMENT_BYTES} bytes at most")
        try:
            message = read_sign1(body)
            fields = decode(message.payload)
        except NotAcceptable as error:
            raise CheckFailed("form", str(error)) from None
        document = _read_document(fields)
        roots = Roots(digests=frozenset({AWS_ROOT})).with_callers(endorsements)
        whole = (document.certificate, *reversed(document.authorities))
        path = check_path(whole, roots, now, AWS_ALGORITHMS)
        lists = read_documents(endorsements.documents).lists
        lists_end = check_revocation(path, lists, now, AWS_ALGORITHMS, collateral_grace)
        key = document.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not is_signed_by(message, key):
            raise CheckFailed("signature", "the document was altered, or another key signed it")
        ends = [path.expires_at] if lists_end is None else [path.expires_at, lists_end]
        root = "aws.nitro-enclaves" if digest_of(path.root) == AWS_ROOT else OWN_ROOT
        told = {"root": root, "revocation": revocation_told(lists_end)}
        return _verified(document, told, min(ends) + 1)


def _read_document(fields: Any) -> Document:  # noqa: ANN401  # decoded, and typed here
    if not isinstance(fields, dict) or not _NEEDED <= set(fields) <= _NEEDED | set(_OPTIONAL):
        raise CheckFailed("form", "fields of the document are missing or unknown")
    if fields["digest"] != "SHA384":
        raise CheckFailed("form", "the measurements are of another digest than SHA-384")
    timestamp = fields["timestamp"]
    if type(timestamp) is not int or not 0 < timestamp < _MAX_TIME:
        raise CheckFailed("form", "its time is none")
    bundle = fields["cabundle"]
    if not isinstance(bundle, list) or not 1 <= len(bundle) <= _MAX_AUTHORITIES:
        raise CheckFailed("form", f"there must be from 1 to {_MAX_AUTHORITIES} authorities")
    optional = {name: _optional(fields.get(name), name) for name in _OPTIONAL}
    return Document(
        module_id=_module(fields["module_id"]),
        timestamp_ms=timestamp,
        pcrs=_pcrs(fields["pcrs"]),
        certificate=_certificate(fields["certificate"]),
        authorities=tuple(_certificate(each) for each in bundle),
        public_key=optional["public_key"],
        user_data=optional["user_data"],
        nonce=optional["nonce"],
    )


def _module(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 128 or not _NAME.issuperset(value):
        raise CheckFailed("form", "the module's name has another form")
    return value


def _pcrs(value: object) -> dict[int, bytes]:
    """PCR0 must be there: without it nobody knows what runs, nor whether in debug mode."""
    if not isinstance(value, dict) or not 1 <= len(value) <= len(_PCRS) or 0 not in value:
        raise CheckFailed("form", "the measurements are missing")
    for number, digest in value.items():
        if type(number) is not int or number not in _PCRS:
            raise CheckFailed("form", "a measurement has a number that there is not")
        if not isinstance(digest, bytes) or len(digest) != _PCR_BYTES:
            raise CheckFailed("form", f"a measurement has not {_PCR_BYTES} bytes")
    return value


def _certificate(value: object) -> x509.Certificate:
    if not isinstance(value, bytes) or not 1 <= len(value) <= _MAX_CERTIFICATE_BYTES:
        raise CheckFailed("form", f"a certificate has from 1 to {_MAX_CERTIFICATE_BYTES} bytes")
    return read_certificate(value)


def _optional(value: object, name: str) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, bytes) or len(value) > _OPTIONAL[name]:
        raise CheckFailed("form", f"{name} has {_OPTIONAL[name]} bytes at most")
    return value


def _verified(document: Document, told: dict[str, str], expires_at: int) -> Verified:
    """Measurements that are zero say that nothing was measured, so they are none."""
    details = {**told, "module": document.module_id}
    if document.public_key:
        details["public-key-sha256"] = hashlib.sha256(document.public_key).hexdigest()
    return Verified(
        format=FORMAT,
        tier=2,
        report_data=document.user_data or b"",
        nonce=document.nonce or b"",
        debug=not any(document.pcrs[0]),
        measurements={
            f"pcr{number}": digest for number, digest in sorted(document.pcrs.items()) if any(digest)
        },
        issued_at=document.timestamp_ms // 1000,
        expires_at=expires_at,
        details=details,
    )
