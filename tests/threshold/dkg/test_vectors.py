"""ChillDKG's official vectors: every file, every valid and every error case, with error class and blamed index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.vectors import load_vectors

from warifu.threshold.dkg import chilldkg, errors
from warifu.threshold.dkg.params import SessionParams, hostpubkey_gen
from warifu.threshold.dkg.recovery import coordinator_recover, recover
from warifu.threshold.dkg.result import DkgResult, GeneratedKey
from warifu.threshold.errors import InvalidInput
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

ERRORS: dict[str, type[Exception]] = {
    "ValueError": InvalidInput,
    "HostSeckeyError": errors.HostSeckeyError,
    "RandomnessError": errors.RandomnessError,
    "ThresholdOrCountError": errors.ThresholdOrCountError,
    "InvalidHostPubkeyError": errors.InvalidHostPubkey,
    "DuplicateHostPubkeyError": errors.DuplicateHostPubkey,
    "RecoveryDataError": errors.RecoveryDataError,
    "FaultyParticipantError": errors.FaultyParticipant,
    "FaultyParticipantOrCoordinatorError": errors.FaultyParticipantOrCoordinator,
    "FaultyCoordinatorError": errors.FaultyCoordinator,
    "UnknownFaultyParticipantOrCoordinatorError": errors.UnknownFaultyParticipantOrCoordinator,
}


def cases(name: str) -> list[Any]:
    """(group, case) for each case of a file; files without groups are one group."""
    document = load_vectors(f"chilldkg/{name}_vectors.json")
    found = [
        pytest.param(group, case, id=f"{case['tcId']}: {case['comment']}")
        for group in document.get("testGroups", [document])
        for case in [*group.get("validTestCases", []), *group.get("errorTestCases", [])]
    ]
    assert len(found) == document["totalTests"], "no case of the file is overlooked"
    return found


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def key(text: str) -> Secret:
    return Secret(raw(text))


def params(case: dict[str, Any]) -> SessionParams:
    return SessionParams(tuple(map(raw, case["params"]["hostpubkeys"])), case["params"]["t"])


def expect(case: dict[str, Any], run: Callable[[], Any]) -> Any:
    """Run it; where the case expects an error, check its class and blame and return None."""
    wanted = case.get("expectedError")
    if wanted is None:
        return run()
    with pytest.raises(ERRORS[wanted["type"]]) as caught:
        run()
    error = caught.value
    assert type(error) is ERRORS[wanted["type"]]
    assert getattr(error, "index", None) == wanted.get("participantId")
    if "participantId1" in wanted:
        assert isinstance(error, errors.DuplicateHostPubkey)
        assert (error.first, error.second) == (wanted["participantId1"], wanted["participantId2"])
    return None


def expect_key(found: GeneratedKey, wanted: dict[str, Any]) -> None:
    output = wanted["dkgOutput"]
    share = found.share.expose() if isinstance(found, DkgResult) else None
    assert share == (None if output["secshare"] is None else raw(output["secshare"]))
    assert found.threshold_pubkey == raw(output["threshPk"])
    assert found.pubshares == tuple(map(raw, output["pubshares"]))
    if "recoveryData" in wanted:
        assert found.recovery_data == raw(wanted["recoveryData"])


@pytest.mark.parametrize(("group", "case"), cases("hostpubkey_gen"))
def test_host_public_key(group: Any, case: Any) -> None:
    found = expect(case, lambda: hostpubkey_gen(key(case["hostseckey"])))
    assert found is None or found == raw(case["expectedHostpubkey"])


@pytest.mark.parametrize(("group", "case"), cases("params_hash"))
def test_session_parameters(group: Any, case: Any) -> None:
    found = expect(case, lambda: params(case).id)
    assert found is None or found == raw(case["expectedParamsHash"])


@pytest.mark.parametrize(("group", "case"), cases("participant_step1"))
def test_participant_step1(group: Any, case: Any) -> None:
    def run() -> bytes:
        return chilldkg.participant_step1(key(case["hostseckey"]), params(case), raw(case["random"]))[1]

    found = expect(case, run)
    assert found is None or found == raw(case["expectedPmsg1"])


def begun(group: Any) -> chilldkg.ParticipantState1:
    state, pmsg1 = chilldkg.participant_step1(key(group["hostseckey"]), params(group), raw(group["random"]))
    assert pmsg1 == raw(group["pmsg1"])
    return state


@pytest.mark.parametrize(("group", "case"), cases("participant_step2"))
def test_participant_step2(group: Any, case: Any) -> None:
    state = begun(group)
    hostseckey = key(case.get("hostseckey", group["hostseckey"]))
    aux = raw(case.get("auxRand", group["auxRand"]))
    found = expect(case, lambda: chilldkg.participant_step2(hostseckey, state, raw(case["cmsg1"]), aux)[1])
    assert found is None or found == raw(case["expectedPmsg2"])


@pytest.mark.parametrize(("group", "case"), cases("participant_finalize"))
def test_participant_finalize(group: Any, case: Any) -> None:
    state, pmsg2 = chilldkg.participant_step2(
        key(group["hostseckey"]), begun(group), raw(group["cmsg1"]), raw(group["auxRand"])
    )
    assert pmsg2 == raw(group["pmsg2"])
    found = expect(case, lambda: chilldkg.participant_finalize(state, raw(case["cmsg2"])))
    if found is not None:
        expect_key(found, case["expectedOutput"])


@pytest.mark.parametrize(("group", "case"), cases("participant_investigate"))
def test_participant_investigate(group: Any, case: Any) -> None:
    cmsg1 = raw(group["cmsg1Pool"][case["cmsg1Index"]])
    with pytest.raises(errors.UnknownFaultyParticipantOrCoordinator) as caught:
        chilldkg.participant_step2(key(group["hostseckey"]), begun(group), cmsg1, raw(group["auxRand"]))
    expect(case, lambda: chilldkg.participant_investigate(caught.value, raw(case["cinvMsg"])))


@pytest.mark.parametrize(("group", "case"), cases("coordinator_step1"))
def test_coordinator_step1(group: Any, case: Any) -> None:
    pmsgs1 = [raw(group["pmsg1Pool"][i]) for i in case["pmsg1Indices"]]
    found = expect(case, lambda: chilldkg.coordinator_step1(pmsgs1, params(case))[1])
    assert found is None or found == raw(case["expectedCmsg1"])


@pytest.mark.parametrize(("group", "case"), cases("coordinator_finalize"))
def test_coordinator_finalize(group: Any, case: Any) -> None:
    state, cmsg1 = chilldkg.coordinator_step1(list(map(raw, group["pmsgs1"])), params(group))
    assert cmsg1 == raw(group["cmsg1"])
    pmsgs2 = [raw(group["pmsg2Pool"][i]) for i in case["pmsg2Indices"]]
    found = expect(case, lambda: chilldkg.coordinator_finalize(state, pmsgs2))
    if found is not None:
        cmsg2, generated = found
        assert cmsg2 == raw(case["expectedOutput"]["cmsg2"])
        expect_key(generated, case["expectedOutput"])


@pytest.mark.parametrize(("group", "case"), cases("coordinator_investigate"))
def test_coordinator_investigate(group: Any, case: Any) -> None:
    cinvs = chilldkg.coordinator_investigate(list(map(raw, group["pmsgs1"])), params(group))
    assert cinvs == list(map(raw, case["expectedCinvMsgs"]))


@pytest.mark.parametrize(("group", "case"), cases("recover"))
def test_recover(group: Any, case: Any) -> None:
    data = raw(case["recoveryData"])

    def run() -> GeneratedKey:
        if case["hostseckey"] is None:
            return coordinator_recover(data)
        return recover(key(case["hostseckey"]), data)

    found = expect(case, run)
    if found is not None:
        expect_key(found, case["expectedOutput"])
        assert found.params == params(case["expectedOutput"])
