"""TDX, on a stand-in of the kernel's files. *Not exercised on hardware.*"""

import pytest
from tests.support.evidence import recorded
from tests.support.tee_files import Tsm
from tests.support.tee_files_evidence import sgx_quote, tdx_quote

from warifu.attestation.registry import appraise
from warifu.attestation.rules import Bound
from warifu.attestation.verifier import Endorsements
from warifu.errors import PlatformRefused
from warifu.tee.sealing_key import SealingKey
from warifu.tee.tdx import Tdx

pytestmark = pytest.mark.unit

QUESTION = bytes(range(64))
IN_ITS_WINDOW = 1_750_350_000


def kernel(reporter=tdx_quote, **overrides) -> Tsm:
    return Tsm(**{"provider": "tdx_guest", "reporter": reporter, **overrides})


@pytest.mark.parametrize("version", [4, 5])
def test_evidence_is_the_quote_over_the_question(version):
    evidence = Tdx(files=kernel(lambda data: tdx_quote(data, version=version))).attest(QUESTION)
    assert (evidence.format, evidence.body) == ("tdx", tdx_quote(QUESTION, version=version))


def test_a_recorded_quote_passes_and_the_production_verifier_takes_it():
    quote = recorded("dcap/tdx-quote.bin")
    asked = quote[568:632]
    platform = Tdx(files=kernel(lambda data: quote if data == asked else tdx_quote(data)))
    evidence = platform.attest(asked)
    assert evidence.body == quote
    collateral = Endorsements(documents=(recorded("dcap/tdx-collateral.json"),))
    appraisal = appraise(evidence, Bound(asked), IN_ITS_WINDOW, collateral)
    assert appraisal.affirmed, appraisal.failure
    with pytest.raises(PlatformRefused, match="another question"):
        Tdx(files=kernel(lambda data: quote))


@pytest.mark.parametrize(
    "quote",
    [
        tdx_quote(QUESTION)[:631],
        tdx_quote(QUESTION)[:40],
        b"x",
        sgx_quote(QUESTION),
        tdx_quote(QUESTION)[:4] + bytes(4) + tdx_quote(QUESTION)[8:],
        b"\6\0" + tdx_quote(QUESTION)[2:],
        b"\3\0" + tdx_quote(QUESTION)[2:],
    ],
    ids=[
        "cut",
        "no header",
        "noise",
        "of an SGX enclave",
        "of an SGX enclave, version 4",
        "of an unknown version",
        "of SGX's version",
    ],
)
def test_what_is_no_quote_of_a_td_is_refused(quote):
    platform = Tdx(files=kernel(lambda data: quote if data == QUESTION else tdx_quote(data)))
    with pytest.raises(PlatformRefused) as refusal:
        platform.attest(QUESTION)
    assert refusal.value.code == "platform.evidence"
    assert "another question" not in str(refusal.value)


def test_debug_mode_is_refused_outside_a_development_profile():
    debugged = kernel(lambda data: tdx_quote(data, debug=True))
    with pytest.raises(PlatformRefused) as refusal:
        Tdx(files=debugged)
    assert refusal.value.code == "platform.debug"
    assert Tdx(files=debugged, development=True).attest(QUESTION)


def test_without_a_released_key_it_seals_nothing_and_says_where_one_comes_from():
    platform = Tdx(files=kernel())
    for refused in (lambda: platform.seal(b"share", b"c"), lambda: platform.unseal(b"x" * 100, b"c")):
        with pytest.raises(PlatformRefused) as refusal:
            refused()
        assert refusal.value.code == "platform.no-sealing-key"
    platform.forget()


def test_with_a_released_key_it_seals():
    sealed = Tdx(sealing=SealingKey.of_platform("tdx", b"s" * 32, b"u" * 32), files=kernel()).seal(
        b"share", b"c"
    )
    again = Tdx(sealing=SealingKey.of_platform("tdx", b"s" * 32, b"u" * 32), files=kernel())
    assert again.unseal(sealed, b"c") == b"share"
    again.forget()
    with pytest.raises(PlatformRefused, match="locked"):
        again.unseal(sealed, b"c")


def test_it_claims_what_it_gives_and_no_more():
    alone, helped = (
        Tdx(files=kernel()),
        Tdx(sealing=SealingKey.of_platform("tdx", b"s" * 32, b"u" * 32), files=kernel()),
    )
    assert not alone.capabilities.native_sealing and not helped.capabilities.native_sealing
    assert (alone.capabilities.survives_upgrade, helped.capabilities.survives_upgrade) == (False, True)
    assert not alone.capabilities.rollback_protected and not alone.capabilities.production
    assert alone.counter("tries") is None
    assert repr(helped) == "Tdx()"
