"""Revocation lists (RFC 5280 section 5 and 6.3): whether one of them names a certificate of a path.

A list is used when it was signed by the authority that issued the certificate. A list that is handed in and is stale,
or whose signature is broken, makes the evidence fail instead of being passed over: whoever serves the lists could
otherwise hide a revocation by spoiling the list. A list of an authority that is not on the path is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from warifu.attestation.certificates import serial_of
from warifu.attestation.chain import Algorithms, Path, extension_of, name_of, signed_by
from warifu.attestation.verifier import CheckFailed

_UNDERSTOOD = (x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid, x509.IssuingDistributionPoint.oid)


def revocation_told(lists_end: int | None) -> str:
    """What became of :func:`check_revocation`, for a person."""
    return "not checked: no list was handed in" if lists_end is None else "checked by the lists handed in"


def check_revocation(
    path: Path,
    lists: Sequence[x509.CertificateRevocationList],
    now: int,
    algorithms: Algorithms,
    grace: int = 0,
) -> int | None:
    """``CheckFailed`` (``revocation``) where a list of an authority on ``path`` names what it issued, or is of no use.

    ``grace``: seconds for which a list may be older than its ``nextUpdate`` says. Returns the last second at which all
    lists that were used are within it, grace included; None where there was none.
    """
    ends = [
        _check(revoked, issuer, issued, now, algorithms, grace)
        for revoked in lists
        for issued, issuer in zip(path.certificates, (*path.certificates[1:], path.root), strict=True)
        if revoked.issuer == issuer.subject
    ]
    return min(ends) if ends else None


def _check(
    revoked: x509.CertificateRevocationList,
    issuer: x509.Certificate,
    issued: x509.Certificate,
    now: int,
    algorithms: Algorithms,
    grace: int,
) -> int:
    usage = extension_of(issuer, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        raise CheckFailed("revocation", f"the key of {name_of(issuer)} is not for revocation lists")
    if not signed_by(revoked, issuer, algorithms):
        raise CheckFailed("revocation", f"a revocation list was not signed by {name_of(issuer)}")
    unknown = any(each.critical and each.oid not in _UNDERSTOOD for each in revoked.extensions)
    if unknown or not _covers(revoked, issued):
        raise CheckFailed("revocation", f"a revocation list of {name_of(issuer)} covers only a part")
    if revoked.next_update_utc is None:
        raise CheckFailed(
            "revocation", f"a revocation list of {name_of(issuer)} does not say how long it holds"
        )
    end = int(revoked.next_update_utc.timestamp()) + grace
    if not revoked.last_update_utc.timestamp() <= now <= end:
        raise CheckFailed("revocation", f"a revocation list of {name_of(issuer)} is stale or not valid yet")
    if revoked.get_revoked_certificate_by_serial_number(serial_of(issued)) is not None:
        raise CheckFailed("revocation", f"{name_of(issued)} has been revoked")
    return end


def _covers(revoked: x509.CertificateRevocationList, issued: x509.Certificate) -> bool:
    """Is the list a whole one, or the very part of it to which ``issued`` points (section 6.3.3 (b) (2))?"""
    part = extension_of(revoked, x509.IssuingDistributionPoint)
    if part is None:
        return True
    restricted = (
        part.only_contains_user_certs
        or part.only_contains_ca_certs
        or part.only_contains_attribute_certs
        or part.indirect_crl
        or part.only_some_reasons is not None
        or part.relative_name is not None
    )
    points = extension_of(issued, x509.CRLDistributionPoints) or ()
    named = {name for point in points for name in point.full_name or ()}
    return not restricted and not named.isdisjoint(part.full_name or ())
