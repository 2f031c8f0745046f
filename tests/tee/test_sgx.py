"""SGX under Gramine, on a stand-in of ``/dev/attestation``. *Not exercised on hardware.*"""

import pytest
from tests.support.evidence import recorded
from tests.support.tee_files import Gramine
from tests.support.tee_files_evidence import sgx_quote, tdx_quote

from warifu.attestation.registry import appraise
from warifu.attestation.rules import Bound
from warifu.attestation.verifier import Endorsements
from warifu.errors import PlatformRefused
from warifu.tee.sgx import MAX_QUOTE_BYTES, Sgx

pytestmark = pytest.mark.unit

UNLOCK = b"u" * 32
QUESTION = bytes(range(64))
IN_ITS_WINDOW = 1_750_350_000


def started(**overrides) -> Sgx:
    return Sgx(UNLOCK, files=Gramine(**{"reporter": sgx_quote, **overrides}))


def test_evidence_is_the_quote_over_the_question():
    evidence = started().attest(QUESTION)
    assert (evidence.format, evidence.body) == ("sgx", sgx_quote(QUESTION))


def test_a_recorded_quote_passes_and_the_production_verifier_takes_it():
    quote = recorded("dcap/sgx-quote.bin")
    asked = quote[368:432]
    platform = started(reporter=lambda data: quote if data == asked else sgx_quote(data))
    evidence = platform.attest(asked)
    assert evidence.body == quote
    collateral = Endorsements(documents=(recorded("dcap/sgx-collateral.json"),))
    appraisal = appraise(evidence, Bound(asked), IN_ITS_WINDOW, collateral)
    assert appraisal.affirmed, appraisal.failure


def test_a_quote_for_an_earlier_question_is_refused():
    with pytest.raises(PlatformRefused, match="another question"):
        started(stuck=True)


@pytest.mark.parametrize(
    "quote",
    [
        b"",
        b"x",
        sgx_quote(QUESTION)[:431],
        tdx_quote(QUESTION),
        sgx_quote(QUESTION)[:4] + b"\x81\0\0\0" + sgx_quote(QUESTION)[8:],
        b"\4\0" + sgx_quote(QUESTION)[2:],
        sgx_quote(QUESTION) + bytes(MAX_QUOTE_BYTES),
    ],
    ids=["empty", "noise", "cut", "of a TD", "of a TD, version 3", "of an unknown version", "too long"],
)
def test_what_is_no_quote_of_an_enclave_is_refused(quote):
    platform = started(reporter=lambda data: quote if data == QUESTION else sgx_quote(data))
    with pytest.raises(PlatformRefused) as refusal:
        platform.attest(QUESTION)
    assert "another question" not in str(refusal.value)


@pytest.mark.parametrize("kind", [b"none", b"epid", b"", b"\xff"])
def test_an_enclave_that_was_not_told_to_attest_by_dcap_is_refused(kind):
    with pytest.raises(PlatformRefused) as refusal:
        started(attestation_type=kind)
    assert refusal.value.code == "platform.enclave"
    assert "manifest" in refusal.value.remedy


@pytest.mark.parametrize("absent", ["attestation_type", "user_report_data", "quote", "keys/_sgx_mrenclave"])
def test_outside_an_enclave_or_in_half_of_one_it_does_not_start(absent):
    with pytest.raises(PlatformRefused) as refusal:
        started(absent=frozenset({absent}))
    assert refusal.value.code == "platform.enclave"


def test_debug_mode_is_refused_outside_a_development_profile():
    def debugged(data: bytes) -> bytes:
        return sgx_quote(data, debug=True)

    with pytest.raises(PlatformRefused) as refusal:
        started(reporter=debugged)
    assert refusal.value.code == "platform.debug"
    assert Sgx(UNLOCK, development=True, files=Gramine(debugged)).attest(QUESTION)


def test_what_it_sealed_opens_in_the_same_enclave_only():
    sealed = started().seal(b"share", b"c", auth=b"a" * 32)
    assert started().unseal(sealed, b"c", auth=b"a" * 32) == b"share"
    other = started(keys={"_sgx_mrenclave": b"f" * 16, "_sgx_mrsigner": b"s" * 16})
    with pytest.raises(PlatformRefused) as refusal:
        other.unseal(sealed, b"c", auth=b"a" * 32)
    assert refusal.value.reason == "unseal"


def test_the_key_of_the_signer_is_not_what_seals():
    """It opens for anything that the holder of the signing key ever signs."""
    sealed = started().seal(b"share", b"c")
    assert (
        started(keys={"_sgx_mrenclave": b"e" * 16, "_sgx_mrsigner": b"t" * 16}).unseal(sealed, b"c")
        == b"share"
    )


@pytest.mark.parametrize("key", [b"", b"e" * 15, bytes(16), b"e" * 32])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(PlatformRefused):
        started(keys={"_sgx_mrenclave": key})


def test_report_data_has_64_bytes():
    with pytest.raises(PlatformRefused, match="64"):
        started().attest(bytes(32))


def test_it_claims_what_it_gives_and_no_more():
    platform = started()
    claims = {name for name, value in vars(platform.capabilities).items() if value is True}
    assert claims == {"memory_isolated_from_root", "hardware_root_of_trust", "native_sealing", "attestable"}
    assert platform.counter("tries") is None
    assert repr(platform) == "Sgx()"
    platform.forget()
    with pytest.raises(PlatformRefused, match="locked"):
        platform.seal(b"share", b"c")
