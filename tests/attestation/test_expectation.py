"""What a device has to show: the same kind, chip and program as its owner accepted, and enough for the policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.attested import CLAIMS
from tests.support.minted_tpm import NOW, Chip

from warifu.attestation import registry
from warifu.attestation.expectation import Expectation, require_host
from warifu.attestation.pinning import Pinned, as_tier, reference_of
from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.errors import PeerMisbehaved, PolicyDenied, WarifuError
from warifu.protocol.attesting import Attestation, Binding, Evidence, HostClaims, Reference
from warifu.protocol.policy import DeviceRules

pytestmark = pytest.mark.unit

VERIFIED = Verified(
    format="sev-snp",
    tier=2,
    report_data=bytes(64),
    debug=False,
    measurements={"launch": b"l" * 48, "id-key-digest": b"k" * 48, "host-data": b"h" * 32},
    hardware_id=b"c" * 64,
)
BINDING = Binding(
    purpose="session",
    nonce=bytes(16),
    identity=bytes(32),
    key=bytes(32),
    rules_hash=bytes(32),
    transcript=bytes(32),
)


def failing(reference: Reference, verified: Verified) -> str | None:
    try:
        Pinned(reference).require(verified, NOW)
    except CheckFailed as failure:
        return failure.check
    return None


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({}, None),
        ({"measurements": {**VERIFIED.measurements, "host-data": b"x" * 32}}, None),  # not what runs
        ({"tier": 1}, "reference-kind"),
        ({"format": "tdx"}, "reference-kind"),
        ({"hardware_id": b"d" * 64}, "reference-hardware"),
        ({"hardware_id": b""}, "reference-hardware"),
        ({"measurements": {**VERIFIED.measurements, "launch": b"x" * 48}}, "reference-measurement"),
        ({"measurements": {"launch": b"l" * 48}}, "reference-measurement"),
        ({"measurements": {**VERIFIED.measurements, "author-key-digest": b""}}, "reference-measurement"),
    ],
    ids=["same", "host data", "tier", "format", "chip", "no chip", "changed", "left out", "added"],
)
def test_each_difference_from_what_was_accepted_has_its_check(change, check):
    assert failing(reference_of(VERIFIED), replace(VERIFIED, **change)) == check


def test_a_device_is_never_worth_more_than_its_evidence_or_than_it_was_accepted_as():
    assert reference_of(VERIFIED).tier == 2
    assert reference_of(VERIFIED, tier=0).tier == 0
    assert reference_of(replace(VERIFIED, tier=1), tier=2).tier == 1
    assert [as_tier(number) for number in (0, 1, 2, 3, -1)] == [0, 1, 2, 2, 2]


def shown(chip: Chip, binding: Binding = BINDING) -> Attestation:
    chip.report_data = binding.report_data(CLAIMS)
    return Attestation(Evidence("tpm", chip.evidence()), (), CLAIMS)


def accepted(chip: Chip, tier: Any) -> Reference:
    verified = TpmVerifier().verify(chip.evidence(), Endorsements(pinned_keys=(chip.spki(),)), NOW)
    return reference_of(verified, chip.spki(), tier)


@pytest.mark.parametrize(("tier", "demanded"), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)])
def test_a_chip_counts_as_what_its_owner_accepted_it_as(tier, demanded):
    """Genuine, and of tier 1 by its kind; where nobody vouches for its maker, it was accepted as tier 0."""
    chip = Chip()
    expectation = Expectation("pi", accepted(chip, tier), DeviceRules(demanded))
    if demanded <= tier:
        assert expectation.require(shown(chip), BINDING, NOW) is not None
        return
    with pytest.raises(PolicyDenied) as refused:
        expectation.require(shown(chip), BINDING, NOW)
    assert (refused.value.code, refused.value.blame) == ("policy.tier", "pi")
    assert refused.value.remedy


def test_a_chip_that_was_never_bound_shows_nothing_where_nothing_was_accepted():
    with pytest.raises(PeerMisbehaved, match="ak-binding"):
        Expectation("pi", None).require(shown(Chip()), BINDING, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "envelope-key"},
        {"nonce": b"n" * 16},
        {"identity": b"i" * 32},
        {"key": b"k" * 32},
        {"rules_hash": b"p" * 32},
        {"transcript": b"t" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_evidence_for_anything_else_is_refused(change):
    chip = Chip()
    expectation = Expectation("pi", accepted(chip, 1))
    evidence = shown(chip, replace(BINDING, **change))
    with pytest.raises(PeerMisbehaved, match="report-data"):
        expectation.require(evidence, BINDING, NOW)


def test_an_enclave_in_debug_mode_is_refused_whatever_was_accepted(monkeypatch):
    class Debugged:
        format = "sev-snp"

        def verify(self, body: bytes, *_: Any) -> Verified:
            return replace(VERIFIED, debug=True, report_data=body)

    monkeypatch.setitem(registry.VERIFIERS, "sev-snp", Debugged())
    evidence = Attestation(Evidence("sev-snp", BINDING.report_data(CLAIMS)), (), CLAIMS)
    for reference in (None, reference_of(VERIFIED)):
        with pytest.raises(WarifuError, match="no-debug"):
            Expectation("server", reference).require(evidence, BINDING, NOW)


def test_what_was_accepted_unchecked_is_looked_at_no_more_and_only_in_its_own_format():
    unchecked = Reference("tdx", 0, b"", b"", (), unchecked=True)
    of_tdx = Attestation(Evidence("tdx", b"cannot be read here"), (), CLAIMS)
    assert Expectation("server", unchecked).require(of_tdx, BINDING, NOW) is None
    with pytest.raises(PolicyDenied):
        Expectation("server", unchecked, DeviceRules(1)).require(of_tdx, BINDING, NOW)
    with pytest.raises(PeerMisbehaved):
        Expectation("server", unchecked).require(shown(Chip()), BINDING, NOW)


@pytest.mark.parametrize(("age", "met"), [(599, True), (600, False)])
def test_a_look_at_the_host_counts_as_long_as_the_policy_says(age, met):
    rules = DeviceRules(0, ("lkrg",), host_max_age=600)
    host = HostClaims(NOW, NOW + 900, (("lkrg", "ok"),))
    if met:
        require_host(rules, host, "pi", NOW + age)
        return
    with pytest.raises(PolicyDenied) as refused:
        require_host(rules, host, "pi", NOW + age)
    assert (refused.value.code, refused.value.blame) == ("policy.host-posture", "pi")
