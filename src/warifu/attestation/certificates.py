"""X.509 certificates and revocation lists as they come from outside: DER or PEM, one or several in a document.

Form only (RFC 5280 section 4 and 5, RFC 7468): nothing is believed here. What is read leads to a pinned root
(``chain``) or counts for nothing. Numbers and lengths are bounded, so that no document can make a verifier slow.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from warifu.attestation.verifier import CheckFailed

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_CERTIFICATE_BYTES = 16 * 1024
MAX_CERTIFICATES = 32
"""In all documents together. The longest real path has five."""

_PEM = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9]+(?: [A-Z0-9]+){0,3})-----(?P<eol>\r?\n)"
    rb"(?P<base64>(?:[A-Za-z0-9+/]{64}(?P=eol))*(?:[A-Za-z0-9+/]{1,63}={0,2}(?P=eol))?)"
    rb"-----END (?P=label)-----(?:(?P=eol)|\Z)"
)
"""RFC 7468, section 3, ``stricttextualmsg``: lines of 64, then the rest; and one kind of line ending in a block. Only
the last one of a document may be missing, as Intel's services send it."""
_SEQUENCE = 0x30
_UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm,
    x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What ``cryptography`` raises for bytes that are no certificate or list, or one of a kind that it does not know."""
_SERIAL_WARNING = r"Parsed a serial number which wasn't positive"
_COUNTRY_WARNING = r"Attribute's length must be >= 2 and <= 2"


@dataclass(frozen=True)
class Documents:
    """What was found in documents from outside, in the order in which it stood there."""

    certificates: tuple[x509.Certificate, ...] = ()
    lists: tuple[x509.CertificateRevocationList, ...] = ()


def read_documents(documents: Iterable[bytes]) -> Documents:
    """Every certificate and revocation list in ``documents``; ``CheckFailed`` (``endorsements``) where there is
    anything else in one, or too much."""
    certificates: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for document in documents:
        for label, der in _parts(document):
            if label == b"CERTIFICATE" or (not label and not _is_list(der)):
                certificates.append(read_certificate(der))
            elif label in (b"X509 CRL", b""):
                lists.append(_read_list(der))
            else:
                raise _refused(f"a {label.decode('ascii').lower()} is of no use here")
            if len(certificates) + len(lists) > MAX_CERTIFICATES:
                raise _refused(f"there are more than {MAX_CERTIFICATES} certificates and lists")
    return Documents(tuple(certificates), tuple(lists))


def read_certificate(der: bytes) -> x509.Certificate:
    """One certificate in DER, all of whose parts can be read; ``CheckFailed`` (``certificate``) otherwise."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise CheckFailed("certificate", f"a certificate has more than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        with _two_things_allowed():
            certificate = x509.load_der_x509_certificate(der)
            _touch(certificate)
            _check_signature_bits(der, certificate.signature)
    except _UNREADABLE:
        raise CheckFailed("certificate", "a certificate cannot be read") from None
    return certificate


def serial_of(certificate: x509.Certificate) -> int:
    """Its serial number, which may be 0 on AMD's chips."""
    with _two_things_allowed():
        return certificate.serial_number


@contextlib.contextmanager
def _two_things_allowed() -> Iterator[None]:
    """``cryptography`` warns of two things that are silenced here, and no others.

    Some certificates of AMD's chips carry the serial number 0, which RFC 5280 (4.1.2.2) forbids; a future release will
    refuse them. When that release comes, AMD's certificates cannot be read through it any more: then either this module
    reads them with another parser (every certificate of a verifier comes through it), or the release is held back in
    ``pyproject.toml``. The test of the recorded Milan certificate will tell.

    And a name may have a country of another length than two letters. A name is compared here, never interpreted.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _SERIAL_WARNING, CryptographyDeprecationWarning)
        warnings.filterwarnings("ignore", _COUNTRY_WARNING, UserWarning)
        yield


def _touch(certificate: x509.Certificate) -> None:
    """Read what ``cryptography`` reads only when it is asked, so that a broken part shows itself at the door."""
    _ = (certificate.extensions, certificate.subject, certificate.issuer, certificate.serial_number)
    _ = (
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.signature_hash_algorithm,
    )
    _ = (certificate.public_key(), certificate.signature_algorithm_parameters)


def _check_signature_bits(der: bytes, signature: bytes) -> None:
    """The signature is a BIT STRING of whole bytes. ``cryptography`` does not look at the number of unused bits, the
    only part of a certificate that nothing else covers: two encodings of one certificate would have two digests."""
    if not der.endswith(b"\x00" + signature):
        raise ValueError("unused bits in a signature")


def _read_list(der: bytes) -> x509.CertificateRevocationList:
    try:
        with _two_things_allowed():
            revoked = x509.load_der_x509_crl(der)
            _ = (revoked.extensions, revoked.issuer, revoked.last_update_utc, revoked.next_update_utc)
            _ = (revoked.signature_hash_algorithm, revoked.signature_algorithm_parameters)
            _check_signature_bits(der, revoked.signature)
    except _UNREADABLE:
        raise _refused("a document is neither certificate nor revocation list") from None
    return revoked


def _parts(document: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(PEM label or nothing, DER) of everything in a document."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise _refused(f"a document has more than {MAX_DOCUMENT_BYTES} bytes")
    if document.startswith(b"-----BEGIN "):
        yield from _pem_parts(document)
    else:
        yield from ((b"", der) for der in _der_parts(document))


def _pem_parts(document: bytes) -> Iterator[tuple[bytes, bytes]]:
    """In RFC 7468's strict form, with one kind of line ending and nothing around the blocks: a document that was
    altered by a bit is another document, even where the bit was one of white space."""
    position, ending = 0, b""
    while position < len(document):
        block = _PEM.match(document, position)
        if block is None or block["eol"] != (ending or block["eol"]):
            raise _refused(
                "a PEM document is not in the strict form of RFC 7468, with nothing around its blocks"
            )
        position, ending = block.end(), block["eol"]
        text = block["base64"].replace(ending, b"")
        try:
            der = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise _refused("a PEM block is not base64") from None
        if base64.b64encode(der) != text:
            raise _refused("a PEM block is not base64")
        yield block["label"], der


def _der_parts(document: bytes) -> Iterator[bytes]:
    """SEQUENCEs that stand one after the other (definite lengths of up to three bytes: X.690 8.1.3)."""
    position = 0
    while position < len(document):
        head = document[position : position + 5]
        if len(head) < 2 or head[0] != _SEQUENCE:
            raise _refused("a document is neither PEM nor DER")
        count = head[1] - 0x80 if head[1] > 0x80 else 0
        if head[1] == 0x80 or count > 3 or len(head) < 2 + count:
            raise _refused("a document is neither PEM nor DER")
        length = int.from_bytes(head[2 : 2 + count], "big") if count else head[1]
        end = position + 2 + count + length
        if end > len(document):
            raise _refused("a document is cut off")
        yield document[position:end]
        position = end


def _is_list(der: bytes) -> bool:
    """Certificate or list? Both are SEQUENCE { SEQUENCE { ... } }. A version-3 certificate goes on with [0] (its
    version); a version-2 list with INTEGER 1 and a SEQUENCE, a version-1 list with a SEQUENCE."""
    inner = _content(_content(der))
    return inner[:1] != b"\xa0"


def _content(der: bytes) -> bytes:
    count = der[1] - 0x80 if len(der) > 1 and der[1] > 0x80 else 0
    return der[2 + count :]


def _refused(why: str) -> CheckFailed:
    return CheckFailed("endorsements", why)
