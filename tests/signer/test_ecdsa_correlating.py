"""Devices prepare ECDSA signatures among themselves: no owner, bounded, and whoever cheats is out for good."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from tests.support.ecdsa_devices import WALLET, EcdsaDevice, EcdsaHousehold, Run
from tests.support.transfers import dealt_correlations

from warifu.errors import PeerMisbehaved
from warifu.signer.pool import BATCHES_PER_HOUR
from warifu.signer.sessions import correlating as module
from warifu.signer.sessions.messages import MAX_HELD, BaseTransfers, ExtendedTransfers, Held

pytestmark = [pytest.mark.unit, pytest.mark.slow]

VICTIM, CHEAT = 0, 1


@pytest.fixture
def household(tmp_path):
    household = EcdsaHousehold(tmp_path, 2, 3)
    yield household
    household.close()


@pytest.fixture
def victim(household):
    return household.devices[VICTIM]


@pytest.fixture
def cheat(household):
    return household.devices[CHEAT]


def put(device: EcdsaDevice, peer: EcdsaDevice, count: int) -> None:
    a, b = device.numbers[device.public], device.numbers[peer.public]
    device.pool.put(peer.public, [dealt_correlations(device.key, (a, b))[a][b] for _ in range(count)])


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def test_each_two_devices_hold_the_same_afterwards(household):
    run = household.correlating([0, 1, 2], 3).to_the_end()
    assert set(run.finished) == {"device0", "device1", "device2"}
    assert set(run.finished.values()) == {b""}
    for a in household.devices:
        for b in household.devices:
            if a is not b:
                assert a.pool.held(b.public) == b.pool.held(a.public)
                assert a.rows(b) == set(a.pool.held(b.public))
                assert len(a.rows(b)) == 3


def test_batches_add_up(household, victim, cheat):
    household.correlate([0, 1], 2)
    household.correlate([0, 1], 1)
    assert victim.pool.held(cheat.public) == cheat.pool.held(victim.public)
    assert len(victim.pool.held(cheat.public)) == 3


def test_what_one_side_alone_holds_is_cleared_first(household, victim, cheat):
    """A full pool of halves would otherwise never be emptied, and these two never sign again."""
    put(victim, cheat, MAX_HELD)
    household.correlate([0, 1], 2)
    assert victim.pool.held(cheat.public) == cheat.pool.held(victim.public)
    assert len(victim.rows(cheat)) == 2


def test_a_full_pool_takes_no_batch_and_does_no_work(household, victim, cheat):
    household.deal(MAX_HELD)
    run = household.correlating([0, 1], 1).to_the_end()
    assert {error.reason for error in run.failed.values()} == {"pool-full"}
    assert not [message for _, message in run.said if isinstance(message, BaseTransfers)]
    assert len(victim.rows(cheat)) == MAX_HELD


def test_a_service_that_asks_too_often_is_refused(household):
    for device in household.devices:
        for _ in range(BATCHES_PER_HOUR):
            device.pool.admit_batch([other.public for other in household.devices])
    run = household.correlating([0, 1])
    assert {error.reason for error in run.failed.values()} == {"busy"}


def caught(run: Run, household: EcdsaHousehold, what: str) -> None:
    """The victim names and bans the cheat, keeps no correlation with it, and refuses it from now on."""
    victim, cheat = household.devices[VICTIM], household.devices[CHEAT]
    assert run.failed[victim.name].code == "peer.correlation"
    assert run.failed[victim.name].blame == cheat.name
    for _ in range(2):
        assert victim.bans() == {cheat.public: what}
        assert not victim.rows(cheat)
        again = household.correlating([VICTIM, CHEAT])
        assert again.failed[victim.name].code == "peer.banned"
        victim.crash()
    assert cheat.bans() == {}


@pytest.mark.parametrize(
    ("kind", "at", "what"),
    [
        (BaseTransfers, 0, "base OT message"),
        (ExtendedTransfers, 0, "OT extension message"),
        (ExtendedTransfers, -40, "OT extension message"),
        (ExtendedTransfers, -1, "zero-sharing seed"),
    ],
)
def test_a_cheat_is_banned_and_what_it_shared_is_destroyed(household, kind, at, what):
    household.deal(2)
    run = household.correlating([0, 1])

    def lie(message):
        if kind is BaseTransfers:  # no point
            return replace_body(message, b"\x05" + message.body[1:])
        return replace_body(message, flipped(message.body, at % len(message.body)))

    run.lies("device1", kind, lie).to_the_end()
    caught(run, household, what)
    assert len(household.devices[VICTIM].rows(household.devices[2])) == 2, "others are not concerned"


def replace_body(message, body: bytes):
    return type(message)(body)


@pytest.mark.parametrize("body", [b"", bytes(8512)])
def test_a_truncated_message_bans_its_sender(household, body):
    run = household.correlating([0, 1])
    run.lies("device1", BaseTransfers, lambda _: BaseTransfers(body)).to_the_end()
    caught(run, household, "hello")


def test_a_cheat_among_three_spoils_the_session_and_not_what_others_finished(household, victim):
    run = household.correlating([0, 1, 2])
    run.lies("device1", ExtendedTransfers, lambda message: replace_body(message, bytes(len(message.body))))
    run.to_the_end()
    cheat, other = household.devices[CHEAT], household.devices[2]
    assert not victim.rows(cheat)
    assert not other.rows(cheat)
    assert set(victim.bans()) == set(other.bans()) == {cheat.public}
    assert household.devices[CHEAT].bans() == {}


@pytest.mark.parametrize("lost", [VICTIM, CHEAT])
def test_a_time_out_bans_nobody(household, victim, cheat, lost):
    household.deal(2)
    run = household.correlating([0, 1])
    run.to_the_end(lose=f"device{lost}")
    run.time_out()
    assert {error.code for error in run.failed.values()} == {"session.timeout"}
    assert victim.bans() == cheat.bans() == {}
    assert victim.pool.held(cheat.public) == cheat.pool.held(victim.public)
    assert len(victim.rows(cheat)) == 2
    household.correlate([0, 1], 2)


def test_a_relay_that_alters_a_record_bans_nobody(household, victim, cheat):
    run = household.correlating([0, 1])
    run.to_the_end(until=lambda: any(isinstance(message, BaseTransfers) for _, message in run.said))
    sender, receiver, body = run._queue.popleft()
    run.deliver(sender, receiver, flipped(body, len(body) - 20))
    assert [error.code for error in run.failed.values()] in (["peer.record"], ["peer.malformed"])
    assert victim.bans() == cheat.bans() == {}


def test_a_batch_that_one_side_alone_finished_is_cleared_by_the_next(household, victim, cheat):
    run = household.correlating([0, 1])
    run.to_the_end(until=lambda: len(run.finished) == 1)
    (finished,) = run.finished
    run._queue.clear()
    run.time_out()
    held = {
        device.name: len(device.pool.held(peer.public)) for device, peer in ((victim, cheat), (cheat, victim))
    }
    assert held == {finished: 2, **{name: 0 for name in held if name != finished}}
    household.correlate([0, 1], 1)
    assert victim.pool.held(cheat.public) == cheat.pool.held(victim.public)
    assert len(victim.rows(cheat)) == 1
    assert victim.bans() == cheat.bans() == {}


@pytest.mark.parametrize("difference", ["version", "count"])
def test_devices_that_cannot_work_together_part_before_they_accuse_each_other(
    household, victim, cheat, monkeypatch, difference
):
    run = household.correlating([0, 1])
    ceremony = run.ceremonies["device1"]
    if difference == "count":
        ceremony._batch = replace(ceremony._batch, count=5)
        run.to_the_end()
    else:
        honest = ceremony._opening

        def opening() -> Any:
            with monkeypatch.context() as patched:
                patched.setattr(module, "PROTOCOL", b"another version")
                return honest()

        ceremony._opening = opening
        run.to_the_end()
    assert {error.code for error in run.failed.values()} == {"peer.version-differs"}
    assert {error.blame for error in run.failed.values()} == {None}
    assert victim.bans() == cheat.bans() == {}


def test_a_device_that_was_banned_meanwhile_is_not_answered_any_more(household, victim, cheat):
    run = household.correlating([0, 1])
    run.to_the_end(until=lambda: any(isinstance(message, Held) for _, message in run.said))
    victim.pool.ban(cheat.public, "product")
    while run._queue:
        run.deliver(*run._queue.popleft())
    assert run.failed[victim.name].code == "peer.banned"
    assert not victim.rows(cheat)


def test_messages_out_of_turn_end_the_session_and_ban_nobody(household, victim):
    run = household.correlating([0, 1])
    run.lies("device1", Held, lambda _: BaseTransfers(bytes(8513))).to_the_end()
    assert run.failed[victim.name].code == "peer.out-of-turn"
    assert victim.bans() == {}


def test_what_is_not_this_wallets_is_not_touched(household, victim, cheat):
    household.deal(2)
    assert victim.pool.pool.count(WALLET, cheat.public) == 2
    assert victim.pool.pool.count(os.urandom(32), cheat.public) == 0


def test_closing_wipes_what_was_under_way(household):
    run = household.correlating([0, 1])
    run.to_the_end(until=lambda: any(isinstance(message, ExtendedTransfers) for _, message in run.said))
    making = [each for ceremony in run.ceremonies.values() for each in ceremony._making.values()]
    run.time_out()
    assert making
    assert all(each._seed.wiped for each in making)


def test_a_ban_names_the_device_and_what_to_do(household, victim, cheat):
    victim.pool.ban(cheat.public, "product")
    with pytest.raises(PeerMisbehaved) as error:
        victim.pool.require_not_banned(cheat.public, cheat.name)
    assert cheat.name in error.value.message
    assert "replace" in error.value.remedy
