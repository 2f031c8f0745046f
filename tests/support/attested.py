"""Attestations for tests that are about something else: the honest one of a machine without a TEE, and an empty one."""

from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.protocol.attesting import Attestation, Binding, Claims, Evidence, SignedHead
from warifu.signer.sessions.messages import Shown

CLAIMS = Claims(bytes(32), (), None)
NOTHING = Attestation(Evidence("none", b""), (), CLAIMS)


def attested(binding: Binding, claims: Claims = CLAIMS) -> Attestation:
    """What a signer on ``unsafe-software`` shows for ``binding``."""
    return Attestation(Evidence(FORMAT, statement(binding.report_data(claims))), (), claims)


def shown(binding: Binding) -> Shown:
    """As the first message of a session, from a device whose journal nobody looks at."""
    return Shown(attested(binding), SignedHead(1, bytes(32), bytes(64)), None, None)
