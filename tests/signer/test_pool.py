"""Prepared signatures: each for one use, durably; nothing comes back; who cheats has none and gets none."""

from __future__ import annotations

import os
import shutil

import pytest
from tests.support.ecdsa_devices import WALLET, EcdsaDevice, EcdsaHousehold
from tests.support.transfers import dealt_correlations

from warifu.errors import InputRefused, PeerMisbehaved, SessionAborted
from warifu.protocol.events.device import BanLifted, Banned
from warifu.signer import pool as module
from warifu.signer.journal import Journal
from warifu.signer.pool import BATCHES_PER_HOUR, Pool
from warifu.signer.sessions.messages import MAX_HELD
from warifu.threshold.ecdsa.correlation import Correlation

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture
def household(tmp_path):
    household = EcdsaHousehold(tmp_path, 2, 3)
    yield household
    household.close()


@pytest.fixture
def device(household):
    return household.devices[0]


@pytest.fixture
def peer(household):
    return household.devices[1]


def correlations(device: EcdsaDevice, peer: EcdsaDevice, count: int) -> list[Correlation]:
    a, b = device.numbers[device.public], device.numbers[peer.public]
    return [dealt_correlations(device.key, (a, b))[a][b] for _ in range(count)]


def fill(device: EcdsaDevice, peer: EcdsaDevice, count: int = 2) -> tuple[bytes, ...]:
    device.pool.put(peer.public, correlations(device, peer, count))
    return device.pool.held(peer.public)


def take(device: EcdsaDevice, peer: EcdsaDevice, name: bytes) -> Correlation:
    with device.store.transaction():
        stored = device.pool.take(peer.public, name)
    return device.pool.unsealed(peer.public, stored, device.share)


def refused(device: EcdsaDevice, peer: EcdsaDevice, name: bytes) -> None:
    with pytest.raises(SessionAborted) as error:
        take(device, peer, name)
    assert error.value.reason == "correlations-missing"


def test_what_is_put_is_held_and_taken_once(device, peer):
    first, second = fill(device, peer)
    assert take(device, peer, first).id == first
    assert device.pool.held(peer.public) == (second,)
    refused(device, peer, first)
    assert device.rows(peer) == {second}


def test_what_is_put_is_empty_outside(device, peer):
    made = correlations(device, peer, 2)
    device.pool.put(peer.public, made)
    assert all(each.used for each in made)


def test_each_pair_of_each_wallet_has_its_own(household, device, peer):
    fill(device, peer)
    other = household.devices[2]
    assert device.pool.pool.count(WALLET, peer.public) == 2
    assert device.pool.pool.count(WALLET, other.public) == 0
    assert device.pool.pool.count(bytes(32), peer.public) == 0
    refused(device, other, device.pool.held(peer.public)[0])


def test_what_was_not_used_outlasts_a_crash_where_an_old_disk_is_recognised(device, peer):
    first, second = fill(device, peer)
    take(device, peer, first)
    device.crash()
    assert device.pool.held(peer.public) == (second,)
    refused(device, peer, first)
    assert take(device, peer, second).id == second


def test_a_start_empties_the_pool_where_an_old_disk_is_not_recognised(device, peer):
    fill(device, peer)
    device.keep = False
    device.crash()
    assert device.pool.held(peer.public) == ()
    assert not device.rows(peer)


def test_an_old_disk_image_brings_nothing_back(device, peer, tmp_path):
    first, _ = fill(device, peer)
    device.keep = False
    device.store.close()
    shutil.copytree(device.directory, tmp_path / "image")
    device.start()
    device.store.close()
    shutil.rmtree(device.directory)
    shutil.copytree(tmp_path / "image", device.directory)
    device.start()
    assert device.pool.held(peer.public) == ()
    refused(device, peer, first)


def test_a_page_that_is_put_back_under_the_running_signer_brings_nothing_back(device, peer):
    first, _ = fill(device, peer)
    row = device.store.execute("SELECT * FROM correlations WHERE id = ?", (first,))[0]
    take(device, peer, first)
    device.store.execute("INSERT INTO correlations VALUES (?, ?, ?, ?)", tuple(row))
    refused(device, peer, first)


def test_a_transaction_that_fails_takes_nothing_twice(device, peer):
    """The row stays on the disk; this run of the signer uses it no more."""
    first, _ = fill(device, peer)
    with pytest.raises(RuntimeError), device.store.transaction():
        device.pool.take(peer.public, first)
        raise RuntimeError
    refused(device, peer, first)


def test_what_another_version_of_the_protocol_stored_is_gone(device, peer, monkeypatch):
    fill(device, peer)
    monkeypatch.setattr(module, "PROTOCOL", b"another version")
    device.crash()
    assert device.pool.held(peer.public) == ()
    assert not device.rows(peer)


def test_a_correlation_of_another_pair_is_as_good_as_none(household, device, peer):
    other = household.devices[2]
    device.pool.put(peer.public, correlations(device, other, 1))
    refused(device, peer, device.pool.held(peer.public)[0])


def test_disk_and_platform_key_do_not_open_it(household, device, peer):
    """The store is open here, as for a thief of both; only the share, under the passphrase, opens what lies in it."""
    (name, _) = fill(device, peer)
    with device.store.transaction():
        stored = device.pool.take(peer.public, name)
    for other in (peer.share, household.dealt.secret):
        with pytest.raises(SessionAborted):
            device.pool.unsealed(peer.public, stored, other)
    assert device.pool.unsealed(peer.public, stored, device.share).id == name


def test_the_pool_is_bounded(device, peer):
    fill(device, peer, MAX_HELD)
    with pytest.raises(SessionAborted) as error:
        fill(device, peer, 1)
    assert error.value.reason == "pool-full"
    assert device.pool.pool.count(WALLET, peer.public) == len(device.rows(peer)) == MAX_HELD


def test_what_only_one_side_holds_is_deleted(device, peer):
    mine = fill(device, peer, 4)
    theirs = (mine[0], mine[2], os.urandom(32))
    assert device.pool.shared(peer.public, mine, theirs) == (mine[0], mine[2])
    assert device.rows(peer) == {mine[0], mine[2]}


def test_what_was_put_after_both_spoke_is_neither_shared_nor_deleted(device, peer):
    """Two sessions side by side: each side goes by what was said, or they would choose differently."""
    said = fill(device, peer, 2)
    later = set(fill(device, peer, 1)) - set(said)
    assert device.pool.shared(peer.public, said, (*said, *later)) == said
    assert device.rows(peer) == {*said, *later}


def test_a_cheat_loses_everything_and_gets_nothing_durably(household, device, peer):
    other = household.devices[2]
    fill(device, peer)
    fill(device, other)
    device.pool.ban(peer.public, "OT extension message")
    for _ in range(2):
        assert device.pool.held(peer.public) == ()
        assert not device.rows(peer)
        assert device.bans() == {peer.public: "OT extension message"}
        with pytest.raises(PeerMisbehaved) as error:
            device.pool.require([peer.public], 0, {peer.public: peer.name})
        assert (error.value.reason, error.value.blame) == ("banned", peer.name)
        with pytest.raises(PeerMisbehaved):
            fill(device, peer)
        device.crash()
    assert len(device.pool.held(other.public)) == 2


def test_a_ban_is_kept_as_it_was_first_written(device, peer):
    device.pool.ban(peer.public, "product")
    device.pool.ban(peer.public, "nonce")
    assert device.bans() == {peer.public: "product"}


def test_a_ban_is_written_into_the_journal_once_and_lifted_by_the_operator_alone(device, peer):
    pool: Pool = device.pool.pool
    device.pool.ban(peer.public, "product")
    device.pool.ban(peer.public, "nonce")
    assert pool.banned() == [peer.public]
    journal = Journal(device.store, device.identity)
    assert [event for _, event in journal.entries()] == [Banned(peer.public, "product")]
    pool.lift_ban(peer.public)
    assert pool.banned() == []
    device.pool.require_not_banned(peer.public, peer.name)
    assert journal.entries()[-1][1] == BanLifted(peer.public)
    with pytest.raises(InputRefused):
        pool.lift_ban(peer.public)
    journal.verify()


def test_a_session_needs_enough_with_each_peer_before_anything_is_opened(household, device, peer):
    other = household.devices[2]
    names = {each.public: each.name for each in household.devices}
    fill(device, peer, 2)
    device.pool.require([device.public, peer.public], 2, names)
    for peers, count in (([peer.public], 3), ([peer.public, other.public], 1)):
        with pytest.raises(SessionAborted) as error:
            device.pool.require(peers, count, names)
        assert error.value.reason == "correlations-missing"


def test_batches_are_counted_by_the_hour(device, peer):
    for _ in range(BATCHES_PER_HOUR):
        device.pool.admit_batch([device.public, peer.public])
    with pytest.raises(SessionAborted) as error:
        device.pool.admit_batch([device.public, peer.public])
    assert (error.value.reason, error.value.retry_after) == ("busy", 3600)
    device.time += 3600
    device.pool.admit_batch([device.public, peer.public])


def test_one_hostile_device_does_not_use_up_what_honest_ones_need_with_each_other(household, device, peer):
    """It says that it has nothing, again and again; each time a batch is made with it, and lost."""
    hostile = household.devices[2]
    for _ in range(BATCHES_PER_HOUR):
        device.pool.admit_batch([hostile.public])
    for both in ([hostile.public, peer.public], [peer.public, hostile.public]):
        with pytest.raises(SessionAborted):
            device.pool.admit_batch(both)
    for _ in range(BATCHES_PER_HOUR):  # none of the refused ones counted
        device.pool.admit_batch([peer.public])


def test_the_disk_shows_nothing_of_it(device, peer):
    (name, *_) = fill(device, peer)
    stored = bytes(device.store.execute("SELECT stored FROM correlations WHERE id = ?", (name,))[0][0])
    device.store.close()
    disk = b"".join(path.read_bytes() for path in device.directory.rglob("*") if path.is_file())
    device.start()
    assert name not in disk
    assert stored[-64:] not in disk
