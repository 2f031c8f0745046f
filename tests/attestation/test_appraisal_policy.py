"""The owner's appraisal policy: what it means, and that no mistake in it passes for less than was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.attestation.appraisal_policy import read_appraisal_policy
from warifu.attestation.registry import VERIFIERS
from warifu.attestation.verifier import CheckFailed, Verified
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

NOW = 1_700_000_000
FORMATS = frozenset({"sev-snp", "tdx", "nitro"})
DOCS = Path(__file__).resolve().parents[2] / "docs" / "attestation.md"
LAUNCH, OTHER = b"\xaa" * 48, b"\xbb" * 48
SNP = Verified(
    format="sev-snp",
    tier=2,
    report_data=bytes(64),
    debug=False,
    measurements={"launch": LAUNCH},
    tcb={"snp": 20},
    attributes={"vmpl": 0},
    hardware_id=b"\x01\x02",
)
TDX = Verified(
    format="tdx", tier=2, report_data=bytes(64), debug=False, tcb_status="OutOfDate", advisories=("SA-1",)
)
FULL = f"""
version = 1
collateral_grace = 86400
least_tier = 2

[[accept]]
format = "sev-snp"
measurements = {{ launch = ["{LAUNCH.hex()}"] }}
least_tcb = {{ snp = 20 }}
attributes = {{ vmpl = [0] }}
hardware = ["0102", "03"]

[[accept]]
format = "sev-snp"
measurements = {{ launch = ["{OTHER.hex()}"] }}

[[accept]]
format = "tdx"
tcb_status = ["UpToDate", "OutOfDate"]
advisories = ["SA-1"]
maximal_age = 60
"""


def read(text):
    return read_appraisal_policy(text, FORMATS)


def outcome(policy, verified):
    try:
        policy.rule.require(verified, NOW)
    except CheckFailed as failure:
        return failure.check
    return None


def test_each_table_is_a_kind_of_device_that_is_acceptable():
    policy = read(FULL)
    assert policy.collateral_grace == 86400
    assert outcome(policy, SNP) is None
    assert outcome(policy, replace(SNP, measurements={"launch": OTHER}, hardware_id=b"", tcb={})) is None
    assert outcome(policy, replace(TDX, issued_at=NOW)) is None
    for changed, check in (
        (replace(SNP, measurements={"launch": b"\xcc" * 48}), "measurement"),
        (replace(SNP, tier=1), "tier"),
        (replace(SNP, debug=True), "no-debug"),
        (replace(SNP, tcb={"snp": 19}), "tcb"),
        (replace(SNP, attributes={"vmpl": 1}), "attribute"),
        (replace(SNP, hardware_id=b"\x04"), "hardware"),
        (TDX, "age"),
        (replace(TDX, issued_at=NOW, advisories=("SA-1", "SA-2")), "advisories"),
        (replace(TDX, issued_at=NOW, tcb_status="Revoked"), "tcb-status"),
        (replace(SNP, format="nitro"), "format"),
    ):
        assert outcome(policy, changed) == check


def test_reference_values_are_known_for_reports():
    references = read(FULL).references
    assert references["sev-snp"] == {"launch": frozenset({LAUNCH, OTHER})}
    assert references["tdx"] == references["nitro"] == {}


def test_without_tables_every_genuine_kind_is_acceptable_but_never_debug():
    policy = read("version = 1")
    assert (outcome(policy, SNP), outcome(policy, TDX), policy.collateral_grace) == (None, None, 0)
    assert outcome(policy, replace(SNP, debug=True)) == "no-debug"
    unsafe = read("version = 1\nunsafe_allow_debug = true")
    assert outcome(unsafe, replace(SNP, debug=True)) is None
    assert outcome(read("version = 1\nadvisories = []"), TDX) == "advisories"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'version'"),
        ("version = 2", "'version'"),
        ("version = true", "'version'"),
        ("version = 1\nversion = 1", "TOML"),
        ("least_tier = ", "TOML"),
        ("version = 1\nleast_teir = 2", "unknown field 'least_teir'"),
        ("version = 1\nleast_tier = 3", "'least_tier' at the top"),
        ("version = 1\nleast_tier = true", "'least_tier' at the top"),
        ("version = 1\nunsafe_allow_debug = 1", "'unsafe_allow_debug'"),
        ("version = 1\ncollateral_grace = -1", "'collateral_grace'"),
        ("version = 1\ncollateral_grace = '7 days'", "'collateral_grace'"),
        ("version = 1\nmaximal_age = 1.5", "'maximal_age'"),
        ("version = 1\naccept = []", "[[accept]]"),
        ("version = 1\n[accept]\nformat = 'tdx'", "[[accept]]"),
        ("version = 1\n[[accept]]", "'format' in [[accept]] number 1"),
        ("version = 1\n[[accept]]\nformat = 'tpm'", "'format' in [[accept]] number 1"),
        ("version = 1\n[[accept]]\nformat = ['tdx']", "'format' in [[accept]] number 1"),
        (
            "version = 1\n[[accept]]\nformat = 'tdx'\n[[accept]]\nformat = 'tdx'\nmrtd = ['00']",
            "in [[accept]] number 2: unknown field 'mrtd'",
        ),
        ("version = 1\n[[accept]]\nformat = 'tdx'\ncollateral_grace = 1", "unknown field 'collateral_grace'"),
        ("version = 1\n[[accept]]\nformat = 'tdx'\nunsafe_allow_debug = true", "unknown field"),
        ("version = 1\nmeasurements = {}", "not an empty one"),
        ("version = 1\nmeasurements = { launch = [] }", "not an empty one"),
        ("version = 1\nmeasurements = { launch = 'aa' }", "must be a list"),
        ("version = 1\nmeasurements = { launch = [7] }", "strings"),
        ("version = 1\nmeasurements = { launch = ['xx'] }", "hexadecimal"),
        ("version = 1\nmeasurements = { launch = [''] }", "from 1 to 64"),
        ("version = 1\nhardware = []", "not an empty one"),
        ("version = 1\nleast_tcb = { snp = '5' }", "'snp' in 'least_tcb'"),
        ("version = 1\nattributes = { vmpl = 0 }", "must be a list"),
        ("version = 1\ntcb_status = []", "not an empty one"),
        ("version = 1\nadvisories = 'none'", "must be a list"),
        ("version = 1\na = " + "[" * 5000, "TOML"),
    ],
)
def test_a_mistake_is_an_error_that_says_where(text, says):
    with pytest.raises(InputRefused) as refusal:
        read(text)
    assert refusal.value.code == "input.appraisal-policy"
    assert says in refusal.value.message


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        read("version = 1\n" + text)
    except InputRefused as refusal:
        assert refusal.reason == "appraisal-policy"


def test_the_recipes_in_the_documentation_are_policies():
    recipes = [part.partition("```")[0] for part in DOCS.read_text(encoding="utf-8").split("```toml\n")[1:]]
    assert len(recipes) >= 4
    for recipe in recipes:
        assert read_appraisal_policy(recipe, frozenset(VERIFIERS))
