"""Attestations for tests that are about something else: the honest one of a machine without a TEE, and an empty one."""

from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.protocol.attesting import Attestation, Binding, Claims, Evidence

CLAIMS = Claims(bytes(32), (), None)
NOTHING = Attestation(Evidence("none", b""), (), CLAIMS)


def attested(binding: Binding, claims: Claims = CLAIMS) -> Attestation:
    """What a signer on ``unsafe-software`` shows for ``binding``."""
    return Attestation(Evidence(FORMAT, statement(binding.report_data(claims))), (), claims)
