"""Enrolment: only the operator's comparison makes a credential the owner's."""

from __future__ import annotations

from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.simulator import FakeClock, SimulatedDevice

from warifu.protocol.encoding import encode
from warifu.protocol.enrolment import authentication_string, open_commitment
from warifu.protocol.frames import Challenge, JoinOwner, decode_from_signer
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.operator import (
    AskLocalStatus,
    BeginJoin,
    ConfirmJoin,
    Joined,
    OperatorRefused,
    decode_for_operator,
)

pytestmark = pytest.mark.unit
OWNER = IdentityKey.generate()


@pytest.fixture
def device(tmp_path: Path):
    simulated = SimulatedDevice("kitchen", tmp_path, FakeClock())
    yield simulated
    simulated.signer.close()


def hear_owner(device: SimulatedDevice, credential: bytes = OWNER.public, nonce: bytes = bytes(32)):
    """(JoinReveal, ShowAuthenticationString), or nothing."""
    answers = device.signer.receive(Origin.SERVICE, encode(JoinOwner(credential, nonce)))
    return [
        decode_for_operator(data) if origin is Origin.OPERATOR else decode_from_signer(data)
        for origin, data in answers
    ]


def test_both_ends_show_the_same_digits_and_the_device_obeys_that_owner(device):
    secret, nonce = random(16), random(32)
    (commit,) = device.operator(BeginJoin("kitchen", secret))
    assert (commit.invitation, commit.name) == (secret, "kitchen")
    reveal, shown = hear_owner(device, OWNER.public, nonce)
    open_commitment(commit.commitment, "kitchen", reveal.identity, reveal.nonce)
    assert shown.digits == authentication_string(
        "kitchen", reveal.identity, reveal.nonce, OWNER.public, nonce
    )
    (joined,) = device.operator(ConfirmJoin(True))
    assert joined == Joined(device.identity, OWNER.public)
    device.restart()
    assert device.device.owner.public == OWNER.public
    assert device.device.name == "kitchen"
    assert device.kinds() == ["born", "joined"]


def test_a_device_without_an_owner_says_nothing_to_a_challenge_and_one_with_an_owner_proves_itself(device):
    assert device.send(Challenge(bytes(32))) == []
    device.join(OWNER)
    (presence,) = device.send(Challenge(bytes(32)))
    verify(device.identity, presence.signature, "presence", bytes(32))
    assert presence.name == "kitchen"


def test_the_network_cannot_confirm(device):
    device.operator(BeginJoin("kitchen", bytes(16)))
    hear_owner(device)
    assert device.send(ConfirmJoin(True)) == []
    assert device.send(BeginJoin("kitchen", bytes(16))) == []
    assert device.device.owner is None


def test_different_digits_leave_nothing_behind(device):
    device.operator(BeginJoin("kitchen", bytes(16)))
    hear_owner(device)
    assert device.operator(ConfirmJoin(False)) == []
    assert device.device.owner is None
    (refused,) = device.operator(ConfirmJoin(True))
    assert refused.refusal.reason == "out-of-turn"
    assert device.device.owner is None


def test_the_owner_is_heard_once(device):
    device.operator(BeginJoin("kitchen", bytes(16)))
    hear_owner(device)
    thief = IdentityKey.generate()
    assert hear_owner(device, thief.public) == []
    device.operator(ConfirmJoin(True))
    assert device.device.owner.public == OWNER.public


@pytest.mark.parametrize("message", [ConfirmJoin(True), ConfirmJoin(False)])
def test_nothing_can_be_confirmed_before_the_owner_was_heard(device, message):
    assert isinstance(device.operator(message)[0], OperatorRefused)
    device.operator(BeginJoin("kitchen", bytes(16)))
    assert isinstance(device.operator(message)[0], OperatorRefused)
    assert device.device.owner is None


def test_an_owner_who_was_not_asked_is_not_heard(device):
    assert hear_owner(device) == []


def test_each_attempt_has_a_nonce_of_its_own(device):
    first = device.operator(BeginJoin("kitchen", bytes(16)))[0]
    second = device.operator(BeginJoin("kitchen", bytes(16)))[0]
    assert first.commitment != second.commitment


def test_a_device_with_an_owner_takes_no_other(device):
    device.join(OWNER)
    (refused,) = device.operator(BeginJoin("kitchen", bytes(16)))
    assert refused.refusal.reason == "already-joined"
    assert hear_owner(device, IdentityKey.generate().public) == []
    assert device.device.owner.public == OWNER.public


def test_an_attempt_does_not_outlive_a_restart(device):
    device.operator(BeginJoin("kitchen", bytes(16)))
    hear_owner(device)
    device.restart()
    assert isinstance(device.operator(ConfirmJoin(True))[0], OperatorRefused)
    assert device.device.owner is None


def test_the_operator_can_look_at_the_device(device):
    (answer,) = device.operator(AskLocalStatus())
    assert answer.status.identity == device.identity
    assert (answer.status.platform, answer.status.tier) == ("unsafe-software", 0)
