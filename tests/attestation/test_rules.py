"""Rules: each one met and not met, and what silence of the evidence means (never that it is met)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warifu.attestation.rules import (
    GENUINE,
    AllOf,
    AnyOf,
    Attributes,
    Bound,
    ByFormat,
    Hardware,
    LeastTcb,
    LeastTier,
    MaximalAge,
    NoDebug,
    Nonce,
    OneOfFormats,
    OnlyAdvisories,
    ReferenceValues,
    TcbStatus,
    UnsafeAnything,
)
from warifu.attestation.verifier import CheckFailed, Verified

pytestmark = pytest.mark.unit

NOW = 1_700_000_000
GOOD = Verified(
    format="tdx",
    tier=2,
    report_data=b"r" * 64,
    debug=False,
    measurements={"mrtd": b"m" * 48, "rtmr0": b"0" * 48},
    tcb={"snp": 5, "tee": 0},
    attributes={"vmpl": 0, "smt": 1},
    tcb_status="UpToDate",
    advisories=("SA-1",),
    hardware_id=b"chip",
    issued_at=NOW - 100,
)
SILENT = Verified(format="tdx", tier=0, report_data=b"", debug=False)


def outcome(rule, verified=GOOD, now=NOW):
    """None where the rule is met, else the name of the check."""
    try:
        rule.require(verified, now)
    except CheckFailed as failure:
        assert failure.detail
        return failure.check
    return None


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        (ReferenceValues({"mrtd": frozenset({b"m" * 48, b"x"})}), "measurement"),
        (LeastTcb({"snp": 5}), "tcb"),
        (LeastTcb({"tee": 0}), "tcb"),
        (Attributes({"vmpl": frozenset({0}), "smt": frozenset({0, 1})}), "attribute"),
        (TcbStatus(frozenset({"UpToDate"})), "tcb-status"),
        (MaximalAge(100), "age"),
        (Hardware(frozenset({b"chip"})), "hardware"),
        (Bound(b"r" * 64), "report-data"),
        (Nonce(b"r" * 64), "nonce"),
        (LeastTier(2), "tier"),
    ],
)
def test_a_rule_is_met_by_what_it_asks_for_and_not_by_silence(rule, check):
    assert outcome(rule) is None
    assert outcome(rule, SILENT) == check


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        (ReferenceValues({"mrtd": frozenset({b"m" * 47})}), "measurement"),
        (ReferenceValues({"mrtd": frozenset()}), "measurement"),
        (ReferenceValues({"mrtd": frozenset({b"m" * 48}), "rtmr1": frozenset({b"0" * 48})}), "measurement"),
        (LeastTcb({"tee": 0, "snp": 6}), "tcb"),
        (Attributes({"smt": frozenset({0})}), "attribute"),
        (TcbStatus(frozenset({"OutOfDate", ""})), "tcb-status"),
        (OnlyAdvisories(), "advisories"),
        (OnlyAdvisories(frozenset({"SA-2"})), "advisories"),
        (MaximalAge(99), "age"),
        (Hardware(frozenset({b"other", b""})), "hardware"),
        (Bound(b"r" * 63), "report-data"),
        (Nonce(b"r" * 63), "nonce"),
        (Nonce(b""), "nonce"),
        (OneOfFormats(frozenset({"sgx"})), "format"),
        (ByFormat({"sgx": UnsafeAnything()}), "format"),
        (ByFormat({"tdx": TcbStatus(frozenset())}), "tcb-status"),
        (ByFormat({}), "format"),
        (AnyOf(()), "any-of"),
    ],
)
def test_a_rule_is_not_met_by_something_else(rule, check):
    assert outcome(rule) == check


def test_accepted_advisories_are_those_that_the_owner_weighed():
    assert outcome(OnlyAdvisories(frozenset({"SA-1", "SA-2"}))) is None
    assert outcome(OnlyAdvisories(), SILENT) is None


def test_evidence_from_the_future_would_stay_young_for_long():
    assert outcome(MaximalAge(100), replace(GOOD, issued_at=NOW + 60)) is None
    assert outcome(MaximalAge(100), replace(GOOD, issued_at=NOW + 61)) == "age"


def test_a_nonce_stands_in_its_own_field_or_in_report_data_before_zeros():
    assert outcome(Nonce(b"n"), replace(GOOD, nonce=b"n")) is None
    assert outcome(Nonce(b"n"), replace(GOOD, nonce=b"n\0")) == "nonce"
    assert outcome(Nonce(b"r" * 64), replace(GOOD, nonce=b"")) == "nonce"
    padded = replace(GOOD, report_data=b"n" + bytes(63))
    assert outcome(Nonce(b"n"), padded) is None
    assert outcome(Nonce(b"m"), padded) == "nonce"
    assert outcome(Nonce(b""), replace(GOOD, report_data=bytes(64))) == "nonce"


def test_without_a_policy_debug_mode_alone_is_refused():
    assert outcome(GENUINE) is None
    assert outcome(GENUINE, replace(GOOD, debug=True)) == "no-debug"
    assert outcome(UnsafeAnything(), replace(GOOD, debug=True)) is None


def test_rules_combine_and_name_the_first_that_is_not_met():
    debug = replace(GOOD, debug=True)
    assert outcome(AllOf((NoDebug(), LeastTier(2)))) is None
    assert outcome(AllOf((LeastTier(2), NoDebug(), Bound(b""))), debug) == "no-debug"
    assert outcome(AnyOf((NoDebug(), TcbStatus(frozenset({"UpToDate"})))), debug) is None
    assert outcome(AnyOf((NoDebug(), TcbStatus(frozenset()))), debug) == "no-debug"
    assert outcome(ByFormat({"tdx": NoDebug(), "sgx": UnsafeAnything()}), debug) == "no-debug"
