"""An old disk is recognised as old, and a power failure at any instruction is no old disk.

The counter here is a number that a test can set back: a simulation of what a chip keeps. The same on a real TPM's
commands, and what only the peers can see, is in ``test_rollback.py``.
"""

from __future__ import annotations

import contextlib
import itertools
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
NEVER = -1


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
    assert counter.value == 45  # and once because the run began
    store.close()
    store, _ = opened(place, counter)
    assert store.get("spent") == b"3" and counter.value == 45
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
    spend(store, epoch, b"0")
    setattr(counter, moment, True)
    with pytest.raises(PowerFailed):
        spend(store, epoch, b"1")
    store.close()
    setattr(counter, moment, False)
    store, epoch = opened(place, counter)
    assert (store.get("spent"), counter.value) == (b"1", 44)
    spend(store, epoch, b"2")
    assert counter.value == 46
    store.close()


class Thief:
    """He copies the disk at any instruction, puts any copy back, and switches the power off. The counter he cannot set,
    and two signers at a time are more than he can run (that takes the master of the machine)."""

    def __init__(self, place: Path, counter: SimulatedCounter) -> None:
        self._place = place
        self._counter = counter
        self._number = itertools.count()
        self._tried = 0
        self.done = 0
        """The last number that was spent with all that depends on it: what came before is not to come back."""
        self.disks: list[Path] = []

    def copy(self) -> None:
        self.disks.append(
            Path(shutil.copytree(self._place, self._place.with_name(f"disk{next(self._number)}")))
        )

    def run(self, disk: Path, numbers: int, power_fails_at: int) -> int:
        """Start the device on ``disk`` and spend so many numbers, each higher than all before. Returns what it began
        with; ``StoreDamaged`` where it did not."""
        shutil.rmtree(self._place)
        shutil.copytree(disk, self._place)
        counted, count = 0, self._counter.increment

        def increment() -> int:
            nonlocal counted
            self.copy()
            if counted == power_fails_at:
                raise PowerFailed
            counted += 1
            return count()

        with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as closing:
            patch.setattr(self._counter, "increment", increment)
            store, epoch = opened(self._place, self._counter)
            closing.callback(store.close)
            found = int(store.get("spent") or 0)
            with contextlib.suppress(PowerFailed):
                for _ in range(numbers):
                    self._tried += 1
                    spend(store, epoch, str(self._tried).encode())
                    self.done = self._tried
        return found


@pytest.mark.slow
def test_no_thief_with_many_disks_and_the_power_switch_makes_anything_not_have_happened(place, counter):
    """Above all, two runs from one disk: one is cut short before the counter moves, in the other something is done. The
    two disks must not bear the number that the counter then has."""
    store, _ = opened(place, counter)
    store.close()
    thief = Thief(place, counter)
    thief.copy()
    for moment, chosen in itertools.product(range(4), range(4)):
        thief.run(thief.disks[0], 3, moment)
        thief.copy()
        for disk in (
            thief.disks[chosen % len(thief.disks)],
            *thief.disks,
        ):  # what he does instead, and what he hopes
            done = thief.done
            with contextlib.suppress(StoreDamaged):
                assert thief.run(disk, 1, NEVER) >= done
                newest = disk.with_name("newest")
                shutil.rmtree(newest, ignore_errors=True)
                shutil.copytree(place, newest)
        thief.disks[:] = [newest]


def test_what_fails_inside_counts_nothing(place, counter):
    store, epoch = opened(place, counter)
    with pytest.raises(PowerFailed), epoch.lasting():
        store.put("spent", b"1")
        raise PowerFailed
    assert (store.get("spent"), counter.value) == (None, 42)  # the run began
    spend(store, epoch, b"2")
    assert counter.value == 43
    store.close()


def test_a_chip_that_does_not_answer_holds_everything_back_and_then_catches_up(place, counter):
    """The store is one ahead; a second transaction must not make it two, which no start could tell from an old disk."""
    store, epoch = opened(place, counter)
    spend(store, epoch, b"0")
    counter.refuses = True
    for amount in (b"1", b"2"):
        with pytest.raises(PlatformRefused):
            spend(store, epoch, amount)
    assert store.get("spent") == b"1"
    counter.refuses = False
    spend(store, epoch, b"3")
    assert (store.get("spent"), counter.value) == (b"3", 45)
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
    """A meeting, a passphrase tried, a payment signed, a ban, a freeze: each counts up, on each device for itself."""
    counters: dict[int, SimulatedCounter] = {}
    monkeypatch.setattr(
        UnsafeSoftware, "counter", lambda self, _name: counters.setdefault(id(self), SimulatedCounter())
    )
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    assert [counter.value for counter in counters.values()] == [43, 43]  # they began, and met
    assert home.sign(home.pay(), home.names).finished
    assert [counter.value for counter in counters.values()] == [46, 46]  # a try, a meeting, what may leave
    home["device0"].operator(FreezeDevice("looked at"))
    assert [counter.value for counter in counters.values()] == [47, 46]
    home["device1"].device.pool.ban(home["device0"].identity, "an invalid share")
    assert [counter.value for counter in counters.values()] == [47, 47]
    home.close()
