"""Certificates and revocation lists for SEV-SNP: AMD's Key Distribution Service (57230, chapter 4).

Three documents: the certificate of the chip's key for the firmware that the report states (VCEK), the two authorities
above it, and the root's revocation list. Keys of clouds (VLEK) are given out by the cloud alone; and a report of
version 2 does not say which product it is of, so for these the caller must hand over the certificates himself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from warifu.attestation.certificates import Documents, read_documents
from warifu.attestation.chain import Roots, find_path, signed_by
from warifu.attestation.sev_snp.endorsement_key import read_endorsement_key
from warifu.attestation.sev_snp.products import PRODUCT_LINES, ProductLine
from warifu.attestation.sev_snp.report import VCEK, Report, read_report
from warifu.attestation.sev_snp.verifier import AMD_ALGORITHMS
from warifu.attestation.verifier import CheckFailed
from warifu.endorsements.entry import Entry
from warifu.endorsements.source import Source, unavailable, useless
from warifu.errors import EvidenceRefused

KDS = "https://kdsintf.amd.com"
_MAX_ANSWER = 128 * 1024
_PARTS = {"fmc": "fmcSPL", "bootloader": "blSPL", "tee": "teeSPL", "snp": "snpSPL", "microcode": "ucodeSPL"}
"""Names of firmware versions (``products``) -> how the service calls them, in its order."""


@dataclass(frozen=True)
class Chip:
    """One chip with the firmware for which its key was derived."""

    line: ProductLine
    hardware_id: bytes
    versions: dict[str, int]

    @property
    def names(self) -> dict[str, str]:
        """Of the kept documents, by what they are."""
        told = self.hardware_id + repr(sorted(self.versions.items())).encode()
        line = self.line.name.lower()
        return {
            "key": f"sev-snp-{line}-vcek-{hashlib.sha256(told).hexdigest()[:32]}",
            "chain": f"sev-snp-{line}-chain",
            "list": f"sev-snp-{line}-crl",
        }


def chip_of(report: bytes) -> Chip:
    """Which chip's certificate a report needs. ``CheckFailed`` where it is no report, ``EvidenceRefused``
    (``endorsements-unknown``) where it does not say."""
    read = read_report(report)
    line = _line(read)
    if line is None or read.signing_key != VCEK or read.chip_id_is_hidden:
        raise EvidenceRefused(
            "endorsements-unknown",
            "the report does not say of which product and chip it is, or a cloud's key signed it",
            not_done="Nothing was fetched.",
            remedy="Hand the certificates over yourself: the machine's owner has them from AMD.",
        )
    return Chip(line, read.chip_id[: line.hardware_id_bytes], line.layout.read(read.reported_tcb))


def addresses_of(chip: Chip, base: str = KDS) -> dict[str, str]:
    """What is asked, by what it is."""
    product = f"{base}/vcek/v1/{chip.line.name}"
    versions = "&".join(
        f"{theirs}={chip.versions[ours]}" for ours, theirs in _PARTS.items() if ours in chip.versions
    )
    return {
        "key": f"{product}/{chip.hardware_id.hex()}?{versions}",
        "chain": f"{product}/cert_chain",
        "list": f"{product}/crl",
    }


def fetch_certificates(
    chip: Chip, source: Source, now: int, base: str = KDS, callers: Roots | None = None
) -> tuple[Entry, ...]:
    """Fetch the three, and check them down to AMD's root (or one of the caller's); ``EvidenceRefused``."""
    server = urlsplit(base).hostname or "the source"
    answers = {what: source.get(url, _MAX_ANSWER).body for what, url in addresses_of(chip, base).items()}
    roots = Roots(callers.certificates if callers else (), frozenset({chip.line.root}))
    try:
        found = {what: read_documents((body,)) for what, body in answers.items()}
        marks = _check(chip, found, roots, now)
    except CheckFailed as failure:
        raise useless(server, failure.detail) from None
    if not marks["list"][0] <= now < marks["list"][1]:
        raise unavailable(server, "its revocation list is not valid now")
    return tuple(
        Entry(
            name=chip.names[what],
            content=answers[what],
            fetched_at=now,
            marks=(marks[what][0],),
            renew_at=marks[what][1],
        )
        for what in answers
    )


def _check(chip: Chip, found: dict[str, Documents], roots: Roots, now: int) -> dict[str, tuple[int, int]]:
    """(issue, end) of each, if all are genuine and this chip's."""
    keys, authorities, lists = found["key"].certificates, found["chain"].certificates, found["list"].lists
    if (len(keys), len(authorities), len(lists)) != (1, 2, 1):
        raise CheckFailed("endorsements", "it gave another number of documents")
    path = find_path(keys[0], authorities, roots, now, AMD_ALGORITHMS)
    if set(path.certificates[1:]) != set(authorities):
        raise CheckFailed("chain", "it gave authorities that nothing leads through")
    key = read_endorsement_key(keys[0])
    certified = {name: key.versions.get(name) for name in chip.versions}
    if key.hardware_id != chip.hardware_id or certified != chip.versions:
        raise CheckFailed("chip", "it gave the certificate of another chip, or for other firmware")
    revoked = lists[0]
    if not signed_by(revoked, path.root, AMD_ALGORITHMS) or revoked.next_update_utc is None:
        raise CheckFailed("revocation", "the revocation list is not the root's, or is for ever")
    return {
        "key": _window(keys[0]),
        "chain": (
            max(_window(each)[0] for each in authorities),
            min(_window(each)[1] for each in authorities),
        ),
        "list": (int(revoked.last_update_utc.timestamp()), int(revoked.next_update_utc.timestamp())),
    }


def _window(certificate: x509.Certificate) -> tuple[int, int]:
    return (
        int(certificate.not_valid_before_utc.timestamp()),
        int(certificate.not_valid_after_utc.timestamp()) + 1,
    )


def _line(report: Report) -> ProductLine | None:
    """By the processor that the report tells of."""
    if report.processor is None:
        return None
    family, model, _ = report.processor
    return next(
        (
            line
            for line in PRODUCT_LINES
            if line.family == family and any(model in models for models in line.models)
        ),
        None,
    )
