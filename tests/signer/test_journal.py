"""The journal: nothing can be taken out, put in, changed or moved without the next start noticing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.simulator import BTC, COIN, START, FakeClock, Household, SimulatedDevice

from warifu.errors import StoreDamaged
from warifu.protocol.credential import DeviceKey, credential_digest
from warifu.protocol.events.refusals import Denied, Refused
from warifu.protocol.events.sessions import HeadsSeen
from warifu.protocol.events.transfers import FinishedTransfer, Started
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.journal import SERVICE, owners
from warifu.signer.journal import DENIALS_OF_A_REQUEST, DENIALS_PER_HOUR, REFUSALS_PER_HOUR, Cause

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
        "UPDATE journal SET wallet = zeroblob(32) WHERE sequence = 2",
        "UPDATE journal SET time = 0 WHERE sequence = 3",
        "UPDATE journal SET kind = 'born' WHERE sequence = 2",
        "UPDATE journal SET content = (SELECT content FROM journal WHERE sequence = 1) WHERE sequence = 2",
        "UPDATE journal SET hash = zeroblob(32) WHERE sequence = 3",
        "UPDATE journal SET signature = zeroblob(64) WHERE sequence = 3",
        "UPDATE journal SET sequence = 9 WHERE sequence = 3",
        "INSERT INTO journal SELECT 4, time, kind, wallet, content, hash, signature FROM journal WHERE sequence = 3",
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


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 2)
    household.make_wallet(2)
    yield household
    household.close()


def last_of(home: Household, kind: type, name: str = "device0"):
    contents = [each for each in home[name].device.journal.contents() if isinstance(each.event, kind)]
    return contents[-1]


def test_refusals_say_at_which_door_and_that_nobody_but_the_service_asked(home):
    home.sign(home.pay(wallet_id=bytes(32)))
    last = last_of(home, Refused)
    assert (last.event.door, last.event.code) == ("open-session", "input.unknown-wallet")
    assert last.by == SERVICE


def test_what_an_owner_asked_for_is_refused_under_his_name_by_the_rule_that_refused_it(home):
    payment = home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),))
    home.sign(payment)
    last = last_of(home, Denied)
    assert last.event.code == "policy.per-transaction-limit"
    assert (last.event.wallet, last.event.request) == (payment.request.wallet_id, payment.digest)
    assert last.by == owners([credential_digest(DeviceKey(home.owner.public))])


def test_each_rule_is_written_once_an_hour_for_a_request_that_is_played_again_and_again(home):
    payment = home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),))
    for _ in range(5):
        home.sign(payment)
    assert home["device0"].kinds().count("denied") == 1
    home.sign(home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),)))
    assert last_of(home, Denied).event.unwritten == 4


def test_noise_that_nobody_authorized_does_not_crowd_out_what_an_owner_asked_for(home):
    for _ in range(REFUSALS_PER_HOUR + 5):
        home["device0"].send_bytes(b"nonsense")
    home.sign(home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),)))
    assert home["device0"].kinds()[-1] == "denied"


def test_there_is_an_end_to_genuine_refusals_as_well(home):
    journal, by = home["device0"].device.journal, owners([credential_digest(DeviceKey(home.owner.public))])
    for number in range(DENIALS_OF_A_REQUEST + 5):
        journal.deny("session", f"rule.{number}", b"", START, Cause(bytes(32), bytes(32), by))
    assert home["device0"].kinds().count("denied") == DENIALS_OF_A_REQUEST
    for number in range(DENIALS_PER_HOUR + 5):
        named = number.to_bytes(32, "big")
        journal.deny("session", "rule.1", b"", START, Cause(bytes(32), named, by))
    assert home["device0"].kinds().count("denied") == DENIALS_PER_HOUR


def test_an_old_authorization_is_nobodys_word_any_more(home):
    payment = home.pay()
    openings = home.openings(payment.request, home.names, payment.unsigned)
    home.clock.pass_(601)
    home.run(openings)
    assert "denied" not in home["device0"].kinds()
    assert last_of(home, Refused).event.code == "authorization.expired"


def test_a_transfer_says_who_asked_what_left_by_which_rules_and_with_whom(home):
    payment = home.pay()
    home.sign(payment)
    started = last_of(home, Started)
    event = started.event
    assert started.by == owners([credential_digest(DeviceKey(home.owner.public))])
    assert event.outflows == payment.request.outflows and event.fee == "1000"
    assert event.participants == tuple(sorted(device.identity for device in home.devices.values()))
    assert event.rules == home["device0"].status().wallets[0].rules_hash
    finished = last_of(home, FinishedTransfer)
    assert (finished.event.request, finished.event.session) == (payment.digest, event.session)


def test_the_heads_that_peers_show_are_written_down_signed_by_them(home):
    home.sign(home.pay())
    mine, peer = home["device0"], home["device1"]
    (shown,) = last_of(home, HeadsSeen).event.heads
    assert shown.identity == peer.identity
    verify(peer.identity, shown.head.signature, "journal-head", *shown.head.stated)
    assert peer.device.journal.has(shown.head.length, shown.head.hash)
    assert mine.kinds()[-4:] == ["met", "heads-seen", "started", "finished"]
