"""An old disk is recognised as old, and a power failure at any instruction is no old disk.

The counter here is a number that a test can set back: a simulation of what a chip keeps. The same on a real TPM's
commands, and what only the peers can see, is in ``test_rollback.py``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.simulator import Household

from warifu.errors import PlatformRefused, StoreDamaged
from warifu.protocol.operator import FreezeDevice
from warifu.signer.epoch import Epoch
from warifu.signer.store import Store
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = pytest.mark.unit
KEY = bytes(32)


class PowerFailed(Exception):
    """Nothing after this instruction happens."""


class SimulatedCounter:
    """A monotonic counter as the platform keeps it, outside the disk."""

    def __init__(self) -> None:
        self.value = 41
        self.fails_before = False
        self.fails_after = False
        self.refuses = False

    def read(self) -> int:
        return self.value

    def increment(self) -> int:
        if self.refuses:
            raise PlatformRefused("counter", "the chip does not answer")
        if self.fails_before:
            raise PowerFailed
        self.value += 1
        if self.fails_after:
            raise PowerFailed
        return self.value


@pytest.fixture
def counter():
    return SimulatedCounter()


@pytest.fixture
def place(tmp_path: Path):
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def opened(place: Path, counter: SimulatedCounter | None) -> tuple[Store, Epoch]:
    store = Store.open(place, UnsafeSoftware(KEY))
    try:
        return store, Epoch(store, counter)
    except BaseException:
        store.close()
        raise


def spend(store: Store, epoch: Epoch, amount: bytes) -> None:
    with epoch.lasting():
        store.put("spent", amount)


def copied(place: Path) -> Path:
    """As a thief copies a disk."""
    copy = place.with_name("copy")
    if copy.exists():
        shutil.rmtree(copy)
    return Path(shutil.copytree(place, copy))


def test_each_lasting_transaction_counts_once(place, counter):
    store, epoch = opened(place, counter)
    for amount in (b"1", b"2", b"3"):
        spend(store, epoch, amount)
    assert counter.value == 44
    store.close()
    store, _ = opened(place, counter)
    assert store.get("spent") == b"3" and counter.value == 44
    store.close()


def test_an_old_disk_does_not_start(place, counter):
    store, epoch = opened(place, counter)
    spend(store, epoch, b"1")
    store.close()
    old = copied(place)
    store, epoch = opened(place, counter)
    spend(store, epoch, b"2")
    store.close()
    with pytest.raises(StoreDamaged) as refused:
        opened(old, counter)
    assert refused.value.code == "store.rolled-back"
    store, _ = opened(place, counter)
    assert store.get("spent") == b"2"
    store.close()


def test_a_disk_from_before_the_counter_was_ever_used_is_old_as_well(place, counter):
    store, _ = opened(place, counter)
    store.close()
    old = copied(place)
    store, epoch = opened(place, counter)
    spend(store, epoch, b"1")
    store.close()
    with pytest.raises(StoreDamaged):
        opened(old, counter)


def test_a_counter_that_went_back_is_seen(place, counter):
    store, epoch = opened(place, counter)
    for amount in (b"1", b"2"):
        spend(store, epoch, amount)
    store.close()
    counter.value = 41
    with pytest.raises(StoreDamaged):
        opened(place, counter)


@pytest.mark.parametrize("moment", ["fails_before", "fails_after"])
def test_a_power_failure_around_the_counting_is_no_old_disk(place, counter, moment):
    store, epoch = opened(place, counter)
    setattr(counter, moment, True)
    with pytest.raises(PowerFailed):
        spend(store, epoch, b"1")
    store.close()
    setattr(counter, moment, False)
    store, epoch = opened(place, counter)
    assert (store.get("spent"), counter.value) == (b"1", 42)
    spend(store, epoch, b"2")
    assert counter.value == 43
    store.close()


def test_what_fails_inside_counts_nothing(place, counter):
    store, epoch = opened(place, counter)
    with pytest.raises(PowerFailed), epoch.lasting():
        store.put("spent", b"1")
        raise PowerFailed
    assert (store.get("spent"), counter.value) == (None, 41)
    spend(store, epoch, b"2")
    assert counter.value == 42
    store.close()


def test_a_chip_that_does_not_answer_holds_everything_back_and_then_catches_up(place, counter):
    """The store is one ahead; a second transaction must not make it two, which no start could tell from an old disk."""
    store, epoch = opened(place, counter)
    counter.refuses = True
    for amount in (b"1", b"2"):
        with pytest.raises(PlatformRefused):
            spend(store, epoch, amount)
    assert store.get("spent") == b"1"
    counter.refuses = False
    spend(store, epoch, b"3")
    assert (store.get("spent"), counter.value) == (b"3", 43)
    store.close()


def test_somebody_else_who_counts_up_is_noticed(place, counter):
    store, epoch = opened(place, counter)
    counter.value += 1
    with pytest.raises(StoreDamaged) as refused:
        spend(store, epoch, b"1")
    assert refused.value.code == "store.rolled-back"
    store.close()


def test_without_a_counter_a_lasting_transaction_is_like_any_other(place):
    store, epoch = opened(place, None)
    spend(store, epoch, b"1")
    assert store.get("spent") == b"1" and store.get("epoch") is None
    store.close()


def test_all_that_must_not_be_undone_is_lasting(tmp_path, monkeypatch):
    """A meeting, a passphrase tried, a payment signed, a freeze: each counts up, on each device for itself."""
    counters: dict[int, SimulatedCounter] = {}
    monkeypatch.setattr(
        UnsafeSoftware, "counter", lambda self, _name: counters.setdefault(id(self), SimulatedCounter())
    )
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    assert [counter.value for counter in counters.values()] == [42, 42]  # they met
    assert home.sign(home.pay(), home.names).finished
    assert [counter.value for counter in counters.values()] == [45, 45]  # a try, a meeting, what may leave
    home["device0"].operator(FreezeDevice("looked at"))
    assert [counter.value for counter in counters.values()] == [46, 45]
    home.close()
