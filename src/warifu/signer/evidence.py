"""Between the platform's evidence and the protocol's: 64 bytes of report data there, 32 here."""

from __future__ import annotations

from warifu.attestation.evidence import REPORT_DATA_BYTES
from warifu.attestation.evidence import Evidence as PlatformEvidence
from warifu.attestation.registry import appraise
from warifu.attestation.rules import Bound
from warifu.errors import PeerMisbehaved
from warifu.protocol.envelope import Evidence
from warifu.tee.platform import Platform


def attest(platform: Platform, report_data: bytes) -> Evidence:
    """Fresh evidence for ``report_data`` (a 32-byte digest, padded with zeros)."""
    evidence = platform.attest(report_data.ljust(REPORT_DATA_BYTES, b"\0"))
    return Evidence(evidence.format, evidence.body)


def require_evidence(evidence: Evidence, report_data: bytes, device: str, now: int) -> None:
    """Return if a peer's evidence is of a known format and fresh for ``report_data``; else ``PeerMisbehaved``."""
    shown = PlatformEvidence(evidence.format, evidence.body)
    appraisal = appraise(shown, Bound(report_data.ljust(REPORT_DATA_BYTES, b"\0")), now)
    if not appraisal.affirmed:
        raise PeerMisbehaved(
            "evidence",
            f"the evidence of device {device} fails the check '{appraisal.first_failed_check}'",
            blame=device,
        )
