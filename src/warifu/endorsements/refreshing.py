"""Refreshing: fetch what a piece of evidence is judged by, keep it, and hand it out.

Whether the evidence itself is genuine does not matter here: news of a revoked key must be kept though, and because, the
evidence is refused from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warifu.attestation.chain import Roots
from warifu.attestation.dcap.quote import SGX, TDX
from warifu.attestation.evidence import Evidence
from warifu.attestation.verifier import CheckFailed
from warifu.endorsements.amd import KDS, chip_of, fetch_certificates
from warifu.endorsements.entry import Entry
from warifu.endorsements.intel import PCS, fetch_collateral, machines_of
from warifu.endorsements.source import Source
from warifu.endorsements.store import EndorsementStore
from warifu.errors import EvidenceRefused


@dataclass(frozen=True)
class Addresses:
    """Whom to ask: the vendors themselves, unless the owner names a mirror."""

    intel: str = PCS
    amd: str = KDS
    roots: Roots = field(default_factory=Roots)
    """Of the caller's, beside the vendors' pinned ones."""


def refresh(
    evidence: Evidence, source: Source, store: EndorsementStore, now: int, addresses: Addresses | None = None
) -> Mapping[str, bool]:
    """Fetch and keep everything that ``evidence`` needs. Name of each document -> whether it is a new one.

    ``EvidenceRefused``: ``endorsements-unavailable``, ``endorsements-refused``, ``endorsements-unknown``,
    ``older-endorsement``; ``not-evidence`` where nothing can be read from ``evidence``. ``StoreDamaged``.
    """
    entries = _fetched(evidence, source, now, addresses or Addresses())
    return {entry.name: store.put(entry) for entry in entries}


def kept_for(evidence: Evidence, store: EndorsementStore) -> tuple[Entry, ...]:
    """What is kept of what ``evidence`` needs, however old; nothing for formats that need nothing, or bring it along.

    ``EvidenceRefused`` as :func:`refresh`; ``StoreDamaged``.
    """
    return tuple(entry for name in _names(evidence) if (entry := store.get(name)) is not None)


def _fetched(evidence: Evidence, source: Source, now: int, addresses: Addresses) -> tuple[Entry, ...]:
    try:
        if evidence.format in (TDX, SGX):
            machines = machines_of(evidence.body)
            return (fetch_collateral(machines, source, now, addresses.intel, addresses.roots),)
        if evidence.format == "sev-snp":
            return fetch_certificates(chip_of(evidence.body), source, now, addresses.amd, addresses.roots)
    except CheckFailed as failure:
        raise _no_evidence(failure) from None
    return ()


def _names(evidence: Evidence) -> tuple[str, ...]:
    try:
        if evidence.format in (TDX, SGX):
            return (machines_of(evidence.body).entry_name,)
        if evidence.format == "sev-snp":
            return tuple(chip_of(evidence.body).names.values())
    except CheckFailed as failure:
        raise _no_evidence(failure) from None
    return ()


def _no_evidence(failure: CheckFailed) -> EvidenceRefused:
    return EvidenceRefused(
        "not-evidence",
        f"this is not evidence of that format: {failure.detail}",
        not_done="Nothing was fetched.",
    )
