"""A frozen device signs nothing, whatever door is tried, until its operator lifts it; the others go on without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.founding import founded
from tests.support.simulator import FakeClock, Household, SimulatedDevice, signed

from warifu.errors import PolicyDenied, StoreDamaged
from warifu.protocol.encoding import encode
from warifu.protocol.events.device import Frozen, Thawed
from warifu.protocol.frames import (
    AskEnvelopeKey,
    AskStatus,
    EnvelopeKeyAnswer,
    OpenCorrelating,
    RecoverWallet,
    SessionFailed,
    error_of,
)
from warifu.protocol.operator import FreezeDevice, LocalStatus, OperatorRefused, UnfreezeDevice

pytestmark = pytest.mark.unit

WHY = "ptrace by uid 1000"


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2)
    yield household
    household.close()


def freeze(device: SimulatedDevice, why: str = WHY) -> None:
    answer = device.operator(FreezeDevice(why))[-1]
    assert isinstance(answer, LocalStatus) and answer.status.frozen is not None


def test_a_frozen_device_signs_nothing_and_says_why(home):
    freeze(home["device0"])
    payment = home.pay()
    with pytest.raises(PolicyDenied) as caught:
        home.sign(payment, ["device0", "device1"])
    assert caught.value.code == "policy.frozen" and WHY in caught.value.message
    assert home["device0"].status().frozen == WHY


def test_the_others_sign_without_it(home):
    freeze(home["device0"])
    payment = home.pay()
    assert signed(payment, home.sign(payment, ["device1", "device2"]))


def test_what_was_authorized_before_is_refused_at_the_door_and_after_the_thaw(home):
    """The envelope that waited is forgotten: whoever froze the device may have done so because of who sent it."""
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    freeze(home["device0"])
    assert home.run(openings).codes == {"device0": "policy.frozen"}
    home["device0"].operator(UnfreezeDevice())
    again = {name: openings[name] for name in ("device0",)}
    assert home.run(again).code.startswith("passphrase.")


def test_a_session_that_runs_ends_before_anything_leaves(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    answers: list[object] = []
    outcome = home.run(openings, opened=lambda: answers.extend(home["device0"].operator(FreezeDevice(WHY))))
    failed, told = answers
    assert isinstance(failed, SessionFailed) and error_of(failed.refusal).code == "policy.frozen"
    assert isinstance(told, LocalStatus)
    assert not outcome.finished
    assert "started" not in home["device0"].kinds()


def test_it_makes_no_key_no_correlation_and_recovers_nothing(tmp_path):
    home = Household(tmp_path, 2)
    birth = home.make_wallet(2, schemes=("ecdsa",))
    request = home.new_wallet_request(2)
    openings = home.openings(request, home.names)
    assert home.wallet_request is not None
    authorization, envelopes = home.authorized(home.wallet_request, ["device0"])
    freeze(home["device0"])
    assert home.run(openings).codes["device0"] == "policy.frozen"
    participants = tuple(sorted(device.identity for device in home.devices.values()))
    (failed,) = home["device0"].send(OpenCorrelating(random(16), birth.wallet_id, participants, 1))
    assert error_of(failed.refusal).code == "policy.frozen"
    with pytest.raises(PolicyDenied):
        home["device0"].call(RecoverWallet(5, authorization, envelopes["device0"], (b"",)), EnvelopeKeyAnswer)
    home.close()


def test_nobody_seals_a_passphrase_to_a_frozen_device(home):
    freeze(home["device0"])
    with pytest.raises(PolicyDenied):
        home["device0"].call(AskEnvelopeKey(4, random(32)), EnvelopeKeyAnswer)


def test_a_dry_run_says_that_it_is_frozen(home):
    payment = home.pay()
    freeze(home["device0"])
    decision = home["device0"].decide(payment.request, payment.unsigned)
    assert not decision.allowed and decision.refusal is not None
    assert (decision.refusal.family, decision.refusal.reason) == ("policy", "frozen")


@pytest.mark.parametrize("message", [FreezeDevice(WHY), UnfreezeDevice()])
def test_the_service_can_neither_freeze_nor_thaw(home, message):
    device = home["device0"]
    assert device.send(message) == [] and device.status().frozen is None
    freeze(device)
    assert device.send(message) == [] and device.status().frozen == WHY


def test_a_restart_does_not_thaw(home):
    freeze(home["device0"])
    home["device0"].restart()
    assert home["device0"].status().frozen == WHY
    payment = home.pay()
    with pytest.raises(PolicyDenied):
        home.sign(payment, ["device0", "device1"])


def test_the_operator_thaws_it_and_it_signs_again(home):
    freeze(home["device0"])
    (answer,) = home["device0"].operator(UnfreezeDevice())
    assert isinstance(answer, LocalStatus) and answer.status.frozen is None
    home["device0"].restart()
    payment = home.pay()
    assert signed(payment, home.sign(payment, ["device0", "device1"]))
    events = [event for _, event in home["device0"].device.journal.entries()]
    assert Frozen(WHY) in events and Thawed() in events


def test_the_first_reason_stays_and_only_it_is_in_the_journal(home):
    freeze(home["device0"])
    for number in range(20):
        freeze(home["device0"], f"alarm {number}")
    assert home["device0"].status().frozen == WHY
    assert home["device0"].kinds().count("frozen") == 1


def test_what_is_not_frozen_is_not_thawed(home):
    (answer,) = home["device0"].operator(UnfreezeDevice())
    assert isinstance(answer, OperatorRefused) and answer.refusal.reason == "not-frozen"
    assert "thawed" not in home["device0"].kinds()


@pytest.mark.parametrize("reason", ["", "x" * 201])
def test_a_reason_is_short_and_not_empty(home, reason):
    (answer,) = home["device0"].operator(FreezeDevice(reason))
    assert isinstance(answer, OperatorRefused)
    assert home["device0"].status().frozen is None


def test_a_disk_that_takes_nothing_does_not_keep_the_device_signing(tmp_path, monkeypatch):
    device = SimulatedDevice("kitchen", tmp_path / "device", FakeClock())

    def full(*_: object) -> None:
        raise StoreDamaged("full", "the disk of the device's store is full")

    with monkeypatch.context() as patch:
        patch.setattr(device.device.store, "put", full)
        (answer,) = device.operator(FreezeDevice(WHY))
    assert isinstance(answer, OperatorRefused) and answer.refusal.reason == "full"
    assert device.status().frozen == WHY
    freeze(device)  # there is room again: now it also outlives a restart
    device.restart()
    assert device.status().frozen == WHY
    device.close()


def test_status_and_result_are_still_answered(home):
    payment = home.pay()
    outcome = home.sign(payment, ["device0", "device1"])
    freeze(home["device0"])
    assert home["device0"].result(payment.digest).result == outcome.finished["device0"]
    assert home["device0"].send_bytes(encode(AskStatus(9)))
