"""The claims set: registered claims as RFC 9711 has them, and nothing claimed of evidence that is not genuine."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import replace

import pytest

from warifu.attestation.eat import PROFILE, claims_set
from warifu.attestation.registry import Appraisal
from warifu.attestation.verifier import CheckFailed, Verified

pytestmark = pytest.mark.unit

NOW = 1_700_000_000
SNP = Verified(
    format="sev-snp",
    tier=2,
    report_data=b"r" * 64,
    debug=False,
    measurements={"launch": b"l" * 48, "host-data": b"h" * 32},
    tcb={"snp": 5},
    hardware_id=b"c" * 64,
    details={"product": "Milan-B0"},
)


def claims(verified=SNP, failure=None, references=None):
    found = claims_set(Appraisal(NOW, verified, failure), references)
    assert json.loads(json.dumps(found)) == found
    return found


def decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_what_is_registered_has_the_form_of_the_standard():
    found = claims()
    assert (found["eat_profile"], found["iat"]) == (PROFILE, NOW)
    assert decoded(found["eat_nonce"]) == b"r" * 64
    assert (found["oemid"], decoded(found["hwmodel"])) == (3704, b"Milan-B0")
    assert found["dbgstat"] == "disabled-since-boot"
    ueid = decoded(found["ueid"])
    assert (len(ueid), ueid[0]) == (33, 1)
    assert "=" not in found["ueid"]
    assert claims(replace(SNP, hardware_id=b"d" * 64))["ueid"] != found["ueid"]
    assert claims(replace(SNP, format="tdx"))["ueid"] != found["ueid"]


def test_what_the_evidence_does_not_say_is_not_claimed():
    tpm = Verified(format="tpm", tier=1, report_data=bytes(64), debug=False)
    assert not {"eat_nonce", "ueid", "oemid", "hwmodel", "dbgstat", "measres"} & set(claims(tpm))
    assert claims(replace(SNP, debug=True))["dbgstat"] == "enabled"


def test_nonces_are_from_8_to_64_bytes():
    for nonce, report_data, shown in (
        (b"n" * 20, b"r" * 64, 2),
        (b"n" * 7, b"r" * 64, 1),
        (b"n" * 8, b"r" * 65, 1),
        (None, b"r" * 7, 0),
    ):
        found = claims(replace(SNP, nonce=nonce, report_data=report_data)).get("eat_nonce", [])
        assert len([found] if isinstance(found, str) else found) == shown


def test_comparisons_with_reference_values_are_told_one_by_one():
    references = {
        "launch": frozenset({b"l" * 48}),
        "host-data": frozenset({b"x"}),
        "id-key-digest": frozenset({b"y"}),
    }
    verified = replace(SNP, measurements={**SNP.measurements, "family": b"f"})
    assert claims(verified, None, references)["measres"] == [
        [
            "sev-snp",
            [
                ["family", "not-run"],
                ["host-data", "fail"],
                ["id-key-digest", "absent"],
                ["launch", "success"],
            ],
        ]
    ]


def test_of_evidence_that_is_not_genuine_nothing_is_claimed():
    found = claims(None, CheckFailed("signature", "false"))
    assert set(found) == {"eat_profile", "iat", "warifu_appraisal"}
    assert found["warifu_appraisal"] == {"affirmed": False, "first_failed_check": "signature", "tier": 0}


def test_of_genuine_evidence_that_is_not_enough_the_verdict_stands_beside_the_facts():
    found = claims(SNP, CheckFailed("tcb", "old"))
    assert found["warifu_appraisal"] == {"affirmed": False, "first_failed_check": "tcb", "tier": 0}
    assert found["warifu_evidence"]["measurements"]["launch"] == (b"l" * 48).hex()
