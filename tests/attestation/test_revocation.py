"""Revocation lists: what they revoke, and that a spoilt one cannot hide it."""

from __future__ import annotations

import pytest
from cryptography import x509
from tests.attestation.test_chain import KEY, LEAF, LOWER, MIDDLE, P384, ROOT, WHOLE
from tests.support.authorities import DAY, NOW, Issued, authority, curve_key, issue, revocation_list, usage

from warifu.attestation.certificates import read_documents
from warifu.attestation.chain import Path, signed_by
from warifu.attestation.revocation import check_revocation
from warifu.attestation.verifier import CheckFailed

pytestmark = pytest.mark.unit

PATH = Path(tuple(WHOLE))
SERIAL = KEY.certificate.serial_number


def judged(*lists, path=PATH, now=NOW, grace=0):
    return check_revocation(path, read_documents(lists).lists, now, P384, grace)


def test_lists_that_name_others_say_until_when_they_hold():
    lists = (revocation_list(LOWER, (SERIAL + 1,)), revocation_list(MIDDLE, (), last=NOW + 9))
    assert judged(*lists) == NOW + 9
    assert judged() is None


@pytest.mark.parametrize("by", [LOWER, MIDDLE, ROOT])
def test_every_part_of_a_path_can_be_revoked(by):
    """All parts of this path have the same serial number, and each has another issuer."""
    with pytest.raises(CheckFailed) as failure:
        judged(revocation_list(by, (1, SERIAL)))
    assert (failure.value.check, "has been revoked" in failure.value.detail) == ("revocation", True)


def test_a_list_of_an_authority_that_is_not_on_the_path_says_nothing():
    stranger = issue("stranger", curve_key("stranger"), None, authority())
    assert judged(revocation_list(stranger, (SERIAL,))) is None


def test_a_list_that_another_signed_does_not_count_and_does_not_go_unnoticed():
    thief = Issued(LOWER.certificate, curve_key("thief"))
    with pytest.raises(CheckFailed) as failure:
        judged(revocation_list(thief, ()))
    assert "not signed" in failure.value.detail


def test_a_list_is_its_issuer_s_by_name_and_by_key():
    twin = issue("another", LOWER.key, None, authority())
    for by, names_it in ((LOWER, True), (twin, False)):
        revoked = read_documents([revocation_list(by, ())]).lists[0]
        assert signed_by(revoked, LOWER.certificate, P384) is names_it


def test_a_list_holds_from_its_first_to_its_last_second_and_for_the_grace_that_is_granted():
    old = revocation_list(LOWER, (), first=NOW - DAY, last=NOW)
    assert judged(old) == NOW
    assert judged(old, now=NOW + 60, grace=60) == NOW + 60
    for now, grace in ((NOW + 1, 0), (NOW + 61, 60), (NOW - DAY - 1, 10 * DAY)):
        with pytest.raises(CheckFailed) as failure:
            judged(old, now=now, grace=grace)
        assert "stale" in failure.value.detail


def test_an_authority_that_may_not_revoke():
    lower = issue(
        "lower",
        curve_key("lower"),
        MIDDLE,
        ((x509.BasicConstraints(True, 0), True), (usage("key_cert_sign"), True)),
    )
    leaf = issue("key", curve_key("key"), lower, LEAF)
    path = Path((leaf.certificate, lower.certificate, *WHOLE[2:]))
    with pytest.raises(CheckFailed) as failure:
        judged(revocation_list(lower, ()), path=path)
    assert "not for revocation lists" in failure.value.detail


HERE, ELSEWHERE = (
    (x509.UniformResourceIdentifier(f"http://{name}.example/crl"),) for name in ("here", "else")
)


def part_of_a_list(full_name=HERE, **only):
    """An issuing distribution point: a list for a part of what an authority issued."""
    fields = {
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return (x509.IssuingDistributionPoint(full_name, None, **(fields | only)), True)


def test_a_part_of_a_list_counts_only_for_a_certificate_that_points_to_it():
    points = (x509.CRLDistributionPoints([x509.DistributionPoint(HERE, None, None, None)]), False)
    leaf = issue("key", curve_key("key"), LOWER, (*LEAF, points), serial=5)
    path = Path((leaf.certificate, *WHOLE[1:]))
    assert judged(revocation_list(LOWER, (), extensions=(part_of_a_list(),)), path=path)
    for serials, extension, subject, says in (
        ((5,), part_of_a_list(), path, "revoked"),
        ((), part_of_a_list(ELSEWHERE), path, "only a part"),
        ((), part_of_a_list(), PATH, "only a part"),
        ((), part_of_a_list(only_contains_ca_certs=True), path, "only a part"),
        ((), part_of_a_list(indirect_crl=True), path, "only a part"),
        ((), part_of_a_list(only_some_reasons=frozenset({x509.ReasonFlags.superseded})), path, "only a part"),
        ((), (x509.DeltaCRLIndicator(1), True), path, "only a part"),
    ):
        with pytest.raises(CheckFailed) as failure:
            judged(revocation_list(LOWER, serials, extensions=(extension,)), path=subject)
        assert says in failure.value.detail


@pytest.mark.slow
def test_no_bit_of_a_list_can_be_turned():
    """Either it does not count any more, or it names another issuer, who is not on the path."""
    der = bytearray(revocation_list(LOWER, (SERIAL,)))
    for bit in range(len(der) * 8):
        der[bit // 8] ^= 1 << bit % 8
        try:
            assert judged(bytes(der)) is None
        except CheckFailed as failure:
            assert failure.check in ("revocation", "endorsements", "certificate")
        der[bit // 8] ^= 1 << bit % 8
