"""The journal: nothing can be taken out, put in, changed or moved without the next start noticing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.simulator import FakeClock, Household, SimulatedDevice

from warifu.errors import StoreDamaged
from warifu.protocol.identity import IdentityKey
from warifu.signer.journal import REFUSALS_PER_HOUR, Refused

pytestmark = pytest.mark.unit


@pytest.fixture
def device(tmp_path: Path):
    simulated = SimulatedDevice("kitchen", tmp_path, FakeClock())
    simulated.join(IdentityKey.generate())
    simulated.send_bytes(b"nonsense")
    yield simulated


@pytest.mark.parametrize(
    "forgery",
    [
        "DELETE FROM journal WHERE sequence = 1",
        "DELETE FROM journal WHERE sequence = 2",
        "DELETE FROM journal",
        "UPDATE journal SET time = time + 1 WHERE sequence = 2",
        "UPDATE journal SET time = 0 WHERE sequence = 3",
        "UPDATE journal SET kind = 'born' WHERE sequence = 2",
        "UPDATE journal SET body = (SELECT body FROM journal WHERE sequence = 1) WHERE sequence = 2",
        "UPDATE journal SET hash = zeroblob(32) WHERE sequence = 3",
        "UPDATE journal SET signature = zeroblob(64) WHERE sequence = 3",
        "UPDATE journal SET sequence = 9 WHERE sequence = 3",
        "INSERT INTO journal SELECT 4, time, kind, body, hash, signature FROM journal WHERE sequence = 3",
    ],
)
def test_a_journal_that_was_tampered_with_keeps_the_device_from_starting(device, forgery):
    device.device.store.execute(forgery)
    device.crash()
    with pytest.raises(StoreDamaged) as refused:
        device.start()
    assert refused.value.reason == "journal"


def test_an_untouched_journal_verifies_and_goes_on(device):
    length, head = device.device.journal.head
    device.restart()
    assert device.device.journal.head == (length, head)
    assert device.status().journal_length == length == 3
    assert device.status().journal_head == head


def test_a_hostile_service_cannot_fill_the_disk_with_refusals(device):
    for _ in range(200):
        device.send_bytes(b"nonsense")
    assert device.kinds().count("refused") == REFUSALS_PER_HOUR
    device.device.clock._source.pass_(3601)
    device.send_bytes(b"nonsense")
    last = device.device.journal.entries()[-1][1]
    assert last.unwritten == 201 - REFUSALS_PER_HOUR


def test_time_in_the_journal_does_not_go_back_with_a_clock_that_is_set_back(device):
    device.device.clock._source.pass_(-80_000)
    device.restart()
    device.send_bytes(b"nonsense")
    times = [time for time, _ in device.device.journal.entries()]
    assert times == sorted(times)


def test_a_copied_store_of_another_identity_does_not_pass_for_this_one(device):
    store = device.device.store
    store.execute("UPDATE device SET value = ? WHERE name = 'identity'", (IdentityKey.generate().seed(),))
    device.crash()
    with pytest.raises(StoreDamaged):
        device.start()


def test_refusals_say_at_which_door(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1)
    home.sign(home.pay(wallet_id=bytes(32)))
    last = home["device0"].device.journal.entries()[-1][1]
    assert isinstance(last, Refused)
    assert (last.door, last.code) == ("open-session", "input.unknown-wallet")
    home.close()
