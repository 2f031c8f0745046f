"""Which formats of evidence can be verified (one line each), and the one way to have evidence appraised."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.attestation.dcap.quote import SGX, TDX
from warifu.attestation.dcap.verifier import DcapVerifier
from warifu.attestation.evidence import MAX_EVIDENCE_BYTES, Evidence
from warifu.attestation.nitro import NitroVerifier
from warifu.attestation.rules import Rule
from warifu.attestation.sev_snp import SevSnpVerifier
from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.unsafe_software import UnsafeSoftwareVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified, Verifier

VERIFIERS: dict[str, Verifier] = {
    verifier.format: verifier
    for verifier in (
        UnsafeSoftwareVerifier(),
        TpmVerifier(),
        SevSnpVerifier(),
        NitroVerifier(),
        DcapVerifier(TDX),
        DcapVerifier(SGX),
    )
}  # fmt: skip  # one line per format


@dataclass(frozen=True)
class Appraisal:
    """The outcome, for a relying party. An appraisal ages: it says when it was made."""

    appraised_at: int
    """The moment that was handed in, seconds since 1970."""
    verified: Verified | None
    """What genuine evidence says; None where it is not genuine."""
    failure: CheckFailed | None
    """The first check that failed; None where everything passed."""

    @property
    def affirmed(self) -> bool:
        """Genuine, and enough for the policy."""
        return self.failure is None

    @property
    def first_failed_check(self) -> str | None:
        return self.failure.check if self.failure is not None else None

    @property
    def tier(self) -> int:
        """What it may be counted as: 0 for everything that was not affirmed."""
        return self.verified.tier if self.verified is not None and self.affirmed else 0


def appraise(
    evidence: Evidence,
    rule: Rule,
    now: int,
    endorsements: Endorsements | None = None,
    collateral_grace: int = 0,
) -> Appraisal:
    """Verify evidence from outside, whatever it says it is, and judge it by ``rule``. Never raises for bad evidence."""
    verified = None
    try:
        verifier = VERIFIERS.get(evidence.format)
        if verifier is None:
            raise CheckFailed("known-format", f"there is no verifier for {evidence.format[:32]!r}")
        if len(evidence.body) > MAX_EVIDENCE_BYTES:
            raise CheckFailed("length", f"it has more than {MAX_EVIDENCE_BYTES} bytes")
        verified = verifier.verify(evidence.body, endorsements or Endorsements(), now, collateral_grace)
        rule.require(verified, now)
    except CheckFailed as failure:
        return Appraisal(now, verified, failure)
    return Appraisal(now, verified, None)
