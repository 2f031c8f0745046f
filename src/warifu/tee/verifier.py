"""What evidence is worth (the verifier's side of RFC 9334): one small pure function per format.

A verifier looks at nothing but its arguments: no network, no file, no clock. The relying party decides; it looks at
``affirmed`` *and* at ``tier``.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Protocol

from warifu.tee import unsafe_software
from warifu.tee.platform import Evidence, Tier

MAX_EVIDENCE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Appraisal:
    """What a verifier found. ``affirmed``: every check of the format passed; ``tier`` says what that is worth."""

    tier: Tier
    affirmed: bool
    appraised_at: int
    """The moment that was handed in, seconds since 1970-01-01 UTC: an appraisal ages."""
    claims: dict[str, str] = field(default_factory=dict)
    first_failed_check: str | None = None


class Verifier(Protocol):
    """Appraises one format of evidence."""

    @property
    def format(self) -> str: ...

    def appraise(self, evidence: Evidence, report_data: bytes, now: int) -> Appraisal:
        """``report_data``: the 64 bytes that fresh evidence must carry. ``now``: seconds since 1970. Never raises
        for hostile evidence: it says which check failed."""
        ...


class UnsafeSoftwareVerifier:
    """Affirms only that the statement is the statement. Tier 0: nothing is proven about program or device."""

    format = unsafe_software.NAME

    def appraise(self, evidence: Evidence, report_data: bytes, now: int) -> Appraisal:
        if evidence.format != self.format:
            return Appraisal(0, False, now, first_failed_check="format")
        # Replayed evidence of another ceremony carries other report data and so another body.
        if not hmac.compare_digest(evidence.body, unsafe_software.statement(report_data)):
            return Appraisal(0, False, now, first_failed_check="report-data")
        return Appraisal(0, True, now, claims={"platform": self.format, "proven": "nothing"})
