"""Evidence that proves nothing is taken for that, and for nothing else."""

import pytest

from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import VERIFIERS, appraise
from warifu.attestation.rules import Bound
from warifu.attestation.unsafe_software import statement
from warifu.attestation.verifier import CheckFailed, Endorsements
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = pytest.mark.unit

NOW = 1_700_000_000
QUESTION = b"r" * 64


def test_it_is_affirmed_for_what_it_is_tier_0():
    shown = UnsafeSoftware(bytes(32)).attest(QUESTION)
    appraisal = appraise(shown, Bound(QUESTION), NOW)
    assert (appraisal.affirmed, appraisal.tier, appraisal.appraised_at) == (True, 0, NOW)
    assert appraisal.verified is not None and appraisal.verified.details["proven"] == "nothing"
    assert b"proven: nothing" in shown.body


@pytest.mark.parametrize(
    ("evidence", "failed"),
    [
        (Evidence("unsafe-software", statement(b"s" * 64)), "report-data"),  # replayed from another ceremony
        (Evidence("unsafe-software", b""), "form"),
        (Evidence("unsafe-software", statement(QUESTION) + b"tier: 2\n"), "form"),
        (Evidence("unsafe-software", bytes(10**6)), "length"),
        (Evidence("sev-snap", statement(QUESTION)), "known-format"),
        (Evidence("", b""), "known-format"),
    ],
)
def test_false_evidence_is_not_affirmed(evidence, failed):
    appraisal = appraise(evidence, Bound(QUESTION), NOW)
    assert (appraisal.affirmed, appraisal.tier, appraisal.first_failed_check) == (False, 0, failed)


def test_every_flipped_bit_is_another_question_or_no_statement():
    body = statement(QUESTION)
    for bit in range(len(body) * 8):
        altered = bytearray(body)
        altered[bit // 8] ^= 1 << bit % 8
        assert not appraise(Evidence("unsafe-software", bytes(altered)), Bound(QUESTION), NOW).affirmed


def test_a_verifier_raises_nothing_but_its_own_error():
    with pytest.raises(CheckFailed) as failure:
        VERIFIERS["unsafe-software"].verify(b"\xff" * 100, Endorsements(), NOW)
    assert failure.value.check == "form"
