"""TDX and SGX quotes of real machines, with the collateral of their day, under Intel's real root."""

import json

import dcap_qvl
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.evidence import recorded

from warifu.attestation.dcap.intel import ROOT
from warifu.attestation.dcap.verifier import DcapVerifier
from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import appraise
from warifu.attestation.rules import NoDebug
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

pytestmark = pytest.mark.unit

INSIDE = 1_750_400_000
"""2025-06-20 06:13:20 UTC."""
TDX_UNTIL, SGX_UNTIL = 1_752_919_235, 1_752_919_278
"""2025-07-19, when the first of each collateral's parts should have been renewed."""


def recorded_pair(tee: str) -> tuple[bytes, bytes]:
    return recorded(f"dcap/{tee}-quote.bin"), recorded(f"dcap/{tee}-collateral.json")


def judged(tee: str, now: int = INSIDE, grace: int = 0) -> Verified:
    quote, collateral = recorded_pair(tee)
    return DcapVerifier(tee).verify(quote, Endorsements((collateral,)), now, grace)


def test_the_tdx_quote_is_up_to_date_inside_the_window():
    verified = judged("tdx")
    assert (verified.tcb_status, verified.advisories, verified.expires_at) == ("UpToDate", (), TDX_UNTIL)
    assert verified.measurements["mrtd"].hex().startswith("91eb2b44d141d4ece09f0c75c2c53d24")
    assert verified.report_data.hex().startswith("9a9d48e7f6799642d3d1b34e1e5e1742")
    assert verified.details["root"] == "Intel SGX Root CA"


def test_the_sgx_quote_has_the_two_advisories_of_its_table():
    verified = judged("sgx")
    assert verified.tcb_status == "ConfigurationAndSWHardeningNeeded"
    assert verified.advisories == ("INTEL-SA-00289", "INTEL-SA-00615")
    assert verified.report_data.rstrip(b"\0") == b"Hello, world!"
    assert verified.measurements["mrenclave"].hex().startswith("33d8736db756ed4997e04ba358d27833")


@pytest.mark.parametrize(("tee", "until"), [("tdx", TDX_UNTIL), ("sgx", SGX_UNTIL)])
def test_outside_the_window_it_is_refused(tee, until):
    assert judged(tee, until - 1)
    for now in (until, until + 10**7, INSIDE - 10**6):
        with pytest.raises(CheckFailed) as failure:
            judged(tee, now)
        assert failure.value.check == "collateral-window"
    assert judged(tee, until + 3600, grace=3601).details["collateral"].endswith("granted")


def test_each_is_judged_by_its_own_collateral_only():
    _, sgx_collateral = recorded_pair("sgx")
    quote, _ = recorded_pair("tdx")
    appraisal = appraise(Evidence("tdx", quote), NoDebug(), INSIDE, Endorsements((sgx_collateral,)))
    assert appraisal.first_failed_check == "collateral"


def test_the_pinned_root_is_the_one_that_the_library_pins():
    quote, collateral = recorded_pair("tdx")
    of_the_library, ours = (
        json.loads(
            verifier.verify_with_policy(
                quote,
                dcap_qvl.QuoteCollateralV3.from_json(collateral.decode()),
                INSIDE,
                dcap_qvl.QuotePolicy.claims_only(INSIDE),
            ).to_json()
        )["platform"]["root_key_id"]
        for verifier in (dcap_qvl.QuoteVerifier(), dcap_qvl.QuoteVerifier(ROOT.public_bytes(Encoding.DER)))
    )
    assert of_the_library == ours


@settings(max_examples=150)
@given(st.sampled_from(["tdx", "sgx"]), st.booleans(), st.data())
def test_no_flipped_bit_is_affirmed(tee, in_the_quote, data):
    quote, collateral = recorded_pair(tee)
    altered = bytearray(quote if in_the_quote else collateral)
    bit = data.draw(st.integers(0, len(altered) * 8 - 1))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CheckFailed):
        if in_the_quote:
            DcapVerifier(tee).verify(bytes(altered), Endorsements((collateral,)), INSIDE)
        else:
            DcapVerifier(tee).verify(quote, Endorsements((bytes(altered),)), INSIDE)
