"""What a device claims of its host, and what a policy makes of it: only what was seen, lately, counts."""

import itertools

import msgspec
import pytest
from tests.host.recorded import NOW, recorded

from warifu.host.check import State
from warifu.host.claims import CLAIMABLE, LIFETIME_SECONDS, claims_of, look_and_claim
from warifu.host.doctor import CHECKS, examine, examine_machine
from warifu.protocol.attesting import SKEW, HostClaims
from warifu.protocol.encoding import decode, encode

pytestmark = pytest.mark.unit


def claiming(**states):
    claims = tuple(sorted((name.replace("_", "-"), state) for name, state in states.items()))
    return HostClaims(NOW, NOW + 900, claims)


def test_every_claim_is_a_check_and_all_are_on_the_wire(tmp_path):
    claims = claims_of(examine_machine(recorded("hardened-debian", tmp_path)))
    assert [name for name, _ in claims.claims] == list(CLAIMABLE) == sorted(CLAIMABLE)
    assert set(CLAIMABLE) <= {check.name for check in CHECKS}
    assert (claims.measured_at, claims.expires) == (NOW, NOW + LIFETIME_SECONDS)


def test_claims_say_what_the_report_says(tmp_path):
    report = examine_machine(recorded("ako-declared", tmp_path))
    assert all(report.state(name) == state for name, state in claims_of(report).claims)
    assert {state for _, state in claims_of(report).claims} >= {"ok", "missing", "declared"}


def test_encoded_they_are_small_and_come_back(tmp_path):
    claims = claims_of(examine_machine(recorded("container", tmp_path)))  # unknown: the longest word but one
    data = encode(claims)
    assert len(data) <= 4096
    assert decode(HostClaims, data, 4096) == claims


def test_this_very_machine_makes_claims(tmp_path):
    claims = look_and_claim(tmp_path)
    assert [name for name, _ in claims.claims] == list(CLAIMABLE)
    assert dict(claims.claims)["seccomp"] == "ok"
    assert claims.unmet(["seccomp"], claims.measured_at, declared_counts=False) == ()


def test_recorded_files_make_no_claims(tmp_path):
    with pytest.raises(ValueError, match="recorded files"):
        claims_of(examine(tmp_path))


@pytest.mark.parametrize("lifetime", [0, -1, 3601])
def test_a_lifetime_that_nobody_accepts_is_refused(tmp_path, lifetime):
    report = examine_machine(recorded("plain-debian", tmp_path))
    with pytest.raises(ValueError, match="3600"):
        claims_of(report, lifetime)


@pytest.mark.parametrize(("state", "accept"), list(itertools.product(State, (False, True))))
def test_only_ok_counts_and_declared_where_the_rule_says_so(state, accept):
    met = state is State.OK or (state is State.DECLARED and accept)
    assert claiming(ako=state.value).unmet(["ako"], NOW, declared_counts=accept) == (() if met else ("ako",))


@pytest.mark.parametrize(
    ("now", "met"),
    [
        (NOW, True),
        (NOW + 899, True),
        (NOW + 900, False),
        (NOW + 10**6, False),
        (NOW - SKEW, True),
        (NOW - SKEW - 1, False),  # of a clock that is ahead: it would never seem to expire
    ],
)
def test_claims_count_from_the_look_until_they_expire(now, met):
    assert claiming(lkrg="ok").unmet(["lkrg"], now, declared_counts=False) == (() if met else ("lkrg",))


@pytest.mark.parametrize(("age", "met"), [(-SKEW, True), (299, True), (300, False), (900, False)])
def test_a_policy_may_believe_a_look_for_less_long_than_its_maker(age, met):
    unmet = claiming(lkrg="ok").unmet(["lkrg"], NOW + age, declared_counts=False, max_age=300)
    assert unmet == (() if met else ("lkrg",))


def test_no_policy_believes_a_look_for_longer_than_its_maker():
    assert claiming(lkrg="ok").unmet(["lkrg"], NOW + 900, declared_counts=False, max_age=3600) == ("lkrg",)


def test_what_was_not_claimed_is_not_met():
    claims = claiming(lkrg="ok")
    assert claims.unmet(["lkrg", "no-such-check"], NOW, declared_counts=True) == ("no-such-check",)
    assert claims.unmet([], NOW, declared_counts=False) == ()


@pytest.mark.parametrize(
    ("claims", "expires"),
    [
        ([["lkrg", "ok"], ["lkrg", "ok"]], NOW + 900),  # twice: one of them may say something else
        ([["yama", "ok"], ["lkrg", "ok"]], NOW + 900),
        ([["lkrg", "fine"]], NOW + 900),
        ([["LKRG", "ok"]], NOW + 900),
        ([["lkrg", "ok"]], NOW + 3601),
        ([["lkrg", "ok"]], NOW),
    ],
)
def test_claims_of_a_hostile_device_are_refused_on_the_wire(claims, expires):
    data = msgspec.json.encode({"measured_at": NOW, "expires": expires, "claims": claims})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data, type=HostClaims)
