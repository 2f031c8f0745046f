"""Certificate paths (RFC 5280 section 6.1, the part of it that vendors of attestation use): a small, strict validator.

From a leaf through intermediates to a trusted root: names, signatures, CA flag, path length, key usage, validity, and
only those algorithms that the vendor uses. There are no names to compare, no policies and no name constraints: a
certificate with a critical extension that is not looked at here is refused, as 6.1.4 (o) demands.

It trusts the roots that the caller names, by certificate or by SHA-256 digest, and nothing else: a self-signed
certificate that is not among them ends nothing. The work is bounded, whatever the certificates are: many of one name,
each of which could have signed the other, would otherwise make the search explode.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from warifu.attestation.certificates import read_certificate
from warifu.attestation.verifier import CheckFailed, Endorsements

_E = TypeVar("_E", bound=x509.ExtensionType)

MAX_PATH = 8
OWN_ROOT = "the caller's own, not the vendor's"
"""What is said of evidence that leads to a root which the caller named."""
_MAX_SIGNATURES = 64
"""How many signatures the search for one path may check."""

_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,  # of TPMs, whose subject is empty; the caller reads it
        ExtensionOID.EXTENDED_KEY_USAGE,  # of the leaf; the caller reads it
        ExtensionOID.CERTIFICATE_POLICIES,  # any policy will do: section 6.1.1 (c)
    }
)


@dataclass(frozen=True)
class Algorithms:
    """What a vendor's authorities sign with. Everything else is refused, however good it may be."""

    curves: frozenset[str] = frozenset()
    """Names of elliptic curves (``secp256r1``, ``secp384r1`` ...) for ECDSA."""
    rsa_bits: int = 0
    """Least length of an RSA modulus; 0: no RSA."""
    pss: bool = False
    """RSA signatures are RSASSA-PSS; else PKCS #1 v1.5."""
    digests: frozenset[str] = frozenset({"sha256", "sha384", "sha512"})


@dataclass(frozen=True)
class Roots:
    """What may end a path."""

    certificates: tuple[x509.Certificate, ...] = ()
    """At hand."""
    digests: frozenset[bytes] = frozenset()
    """SHA-256 of certificates (DER) that count when they are among those handed in."""

    def with_callers(self, endorsements: Endorsements) -> Roots:
        """These, and the caller's own: ``CheckFailed`` where one of them is no certificate."""
        callers = tuple(read_certificate(der) for der in endorsements.roots)
        return Roots(self.certificates + callers, self.digests)

    def include(self, certificate: x509.Certificate) -> bool:
        return certificate in self.certificates or digest_of(certificate) in self.digests


@dataclass(frozen=True)
class Path:
    """A valid path: leaf first, root last."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        return self.certificates[-1]

    @property
    def expires_at(self) -> int:
        """The last second at which all of them are valid."""
        return min(int(each.not_valid_after_utc.timestamp()) for each in self.certificates)


@dataclass
class _Search:
    """What one search may still do, and the failure that came nearest to a root."""

    roots: Roots
    candidates: tuple[x509.Certificate, ...]
    now: int
    algorithms: Algorithms
    signatures_left: int = _MAX_SIGNATURES
    nearest: int = 0
    failure: CheckFailed = field(
        default_factory=lambda: CheckFailed("chain", "no certificate leads to a trusted root")
    )

    def note(self, length: int, failure: CheckFailed) -> None:
        if length > self.nearest:
            self.nearest, self.failure = length, failure


def find_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    roots: Roots,
    now: int,
    algorithms: Algorithms,
    leaf_usage: tuple[str, ...] = ("digital_signature",),
) -> Path:
    """The path from ``leaf`` to one of ``roots`` that is valid at ``now`` (seconds since 1970), through
    ``intermediates`` in any order. ``CheckFailed`` (``chain``, ``validity``) where there is none.

    ``leaf_usage``: names of key usages (attributes of ``x509.KeyUsage``) of which the leaf must have one, if its
    certificate restricts its key at all.
    """
    # Roots first: where a root's key also signed another certificate of its name, the shorter path is the one meant.
    found = sorted((*intermediates, *roots.certificates), key=lambda each: not roots.include(each))
    search = _Search(roots, tuple(found), now, algorithms)
    _check_leaf(leaf, now, leaf_usage)
    path = _extended((leaf,), search)
    if path is None:
        raise search.failure
    return Path(path)


def check_path(
    path: Sequence[x509.Certificate],
    roots: Roots,
    now: int,
    algorithms: Algorithms,
    leaf_usage: tuple[str, ...] = ("digital_signature",),
) -> Path:
    """As :func:`find_path`, where the order is given: leaf first, and the last one must be a trusted root."""
    if not 2 <= len(path) <= MAX_PATH:
        raise CheckFailed("chain", f"a path has from 2 to {MAX_PATH} certificates, not {len(path)}")
    if len(set(path)) != len(path):
        raise CheckFailed("chain", "a certificate stands twice on the path")
    if not roots.include(path[-1]):
        raise CheckFailed("chain", "it does not lead to a trusted root")
    _check_leaf(path[0], now, leaf_usage)
    for below, (subject, issuer) in enumerate(pairwise(path)):
        _check_issuer(issuer, below, now)
        if not signed_by(subject, issuer, algorithms):
            raise CheckFailed("chain", f"{name_of(subject)} was not signed by {name_of(issuer)}")
    return Path(tuple(path))


def signed_by(
    subject: x509.Certificate | x509.CertificateRevocationList,
    issuer: x509.Certificate,
    algorithms: Algorithms,
) -> bool:
    """Does ``subject`` name ``issuer``, and is its signature the issuer's, made as ``algorithms`` allow?"""
    key = issuer.public_key()
    if subject.issuer != issuer.subject or not _allowed(subject, key, algorithms):
        return False
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey), "no other key is allowed"
    try:
        # Both compare the algorithm outside of what is signed with the one inside, which only the issuer could write.
        if isinstance(subject, x509.CertificateRevocationList):
            return subject.is_signature_valid(key)
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _allowed(
    subject: x509.Certificate | x509.CertificateRevocationList, key: object, algorithms: Algorithms
) -> bool:
    digest, how = subject.signature_hash_algorithm, subject.signature_algorithm_parameters
    if digest is None or digest.name not in algorithms.digests:
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name in algorithms.curves and isinstance(how, ec.ECDSA)
    if isinstance(key, rsa.RSAPublicKey) and algorithms.rsa_bits:
        scheme = padding.PSS if algorithms.pss else padding.PKCS1v15
        return key.key_size >= algorithms.rsa_bits and isinstance(how, scheme)
    return False


def digest_of(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate's DER: how roots are pinned."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def name_of(certificate: x509.Certificate) -> str:
    """Its common name, or its whole subject, for a person's eye: printable ASCII, short."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = (str(names[0].value) if names else certificate.subject.rfc4514_string())[:80]
    return "".join(mark if " " <= mark <= "~" else "?" for mark in name) or "a certificate without a name"


def extension_of(document: x509.Certificate | x509.CertificateRevocationList, kind: type[_E]) -> _E | None:
    """The extension of this kind, or None."""
    try:
        return document.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _extended(path: tuple[x509.Certificate, ...], search: _Search) -> tuple[x509.Certificate, ...] | None:
    """``path`` with what is missing up to a root; depth first."""
    last = path[-1]
    for issuer in search.candidates:
        if issuer in path or issuer.subject != last.issuer:
            continue
        try:
            if len(path) == MAX_PATH:
                raise CheckFailed("chain", f"the path is longer than {MAX_PATH} certificates")
            if not search.signatures_left:
                raise CheckFailed("chain", "too many certificates could be on the path")
            search.signatures_left -= 1
            if not signed_by(last, issuer, search.algorithms):
                raise CheckFailed("chain", f"{name_of(last)} was not signed by {name_of(issuer)}")
            _check_issuer(issuer, len(path) - 1, search.now)
        except CheckFailed as failure:
            search.note(len(path), failure)
            continue
        longer = (*path, issuer)
        if search.roots.include(issuer):
            return longer
        found = _extended(longer, search)
        if found is not None:
            return found
    return None


def _check_leaf(leaf: x509.Certificate, now: int, usages: tuple[str, ...]) -> None:
    constraints = extension_of(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise CheckFailed(
            "chain", f"{name_of(leaf)} is an authority's, not that of a key that signs evidence"
        )
    usage = extension_of(leaf, x509.KeyUsage)
    if usage is not None and not any(getattr(usage, name) for name in usages):
        raise CheckFailed("chain", f"the key of {name_of(leaf)} is for another use")
    _check_extensions(leaf)
    _check_validity(leaf, now)


def _check_issuer(issuer: x509.Certificate, below: int, now: int) -> None:
    """Section 6.1.4 (k) to (o). ``below``: how many authorities stand between it and the leaf."""
    constraints = extension_of(issuer, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise CheckFailed("chain", f"{name_of(issuer)} is no certificate authority")
    if constraints.path_length is not None and below > constraints.path_length:
        raise CheckFailed("chain", f"{name_of(issuer)} allows a path of {constraints.path_length} at most")
    usage = extension_of(issuer, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise CheckFailed("chain", f"the key of {name_of(issuer)} is not for certificates")
    _check_extensions(issuer)
    _check_validity(issuer, now)


def _check_validity(certificate: x509.Certificate, now: int) -> None:
    if now < certificate.not_valid_before_utc.timestamp():
        raise CheckFailed("validity", f"{name_of(certificate)} is not valid yet")
    if now > certificate.not_valid_after_utc.timestamp():
        raise CheckFailed("validity", f"{name_of(certificate)} has expired")


def _check_extensions(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise CheckFailed(
                "chain", f"{name_of(certificate)} demands {extension.oid.dotted_string}, unknown here"
            )
