"""The store: whatever happened to it, it opens whole or says why not, and never begins anew over what was there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.simulator import FakeClock, Household, SimulatedDevice, signed

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.errors import StoreDamaged
from warifu.protocol.identity import IdentityKey
from warifu.signer import schema
from warifu.signer.store import Store
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = pytest.mark.unit
KEY = bytes(range(32))


def opened(directory: Path, key: bytes = KEY) -> Store:
    return Store.open(directory, UnsafeSoftware(key))


def filled(directory: Path) -> Path:
    """A store with an owner in it, closed."""
    device = SimulatedDevice("kitchen", directory, FakeClock(), unlock_key=KEY)
    device.join(IdentityKey.generate())
    device.signer.close()
    return directory


def start(directory: Path) -> SimulatedDevice:
    return SimulatedDevice("kitchen", directory, FakeClock(), unlock_key=KEY)


def test_what_was_committed_is_there_again(tmp_path):
    store = opened(tmp_path)
    with store.transaction():
        store.put("greeting", b"hello")
    store.close()
    store = opened(tmp_path)
    assert store.get("greeting") == b"hello"
    assert store.get("nothing") is None
    store.close()


def test_a_transaction_is_all_or_nothing(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put("greeting", b"hello")
        _ = 1 / 0
    assert store.get("greeting") is None
    with store.transaction():
        store.put("greeting", b"again")
    assert store.get("greeting") == b"again"
    store.close()


def test_only_the_owner_of_the_files_can_read_them(tmp_path):
    opened(tmp_path).close()
    for path in (tmp_path / "store").iterdir():
        assert path.stat().st_mode & 0o077 == 0 or (tmp_path / "store").stat().st_mode & 0o077 == 0


def test_two_processes_never_have_one_store_open(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(StoreDamaged) as refused:
        opened(tmp_path)
    assert refused.value.reason == "in-use"
    store.close()
    opened(tmp_path).close()


def cut(name: str, length: int) -> Callable[[Path], None]:
    return lambda home: os.truncate(home / name, length)


def flip(name: str, position: int) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        data = bytearray((home / name).read_bytes())
        data[position % len(data)] ^= 1
        (home / name).write_bytes(data)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda home: (home / name).unlink()


def overwrite(name: str) -> Callable[[Path], object]:
    return lambda home: (home / name).write_bytes(random((home / name).stat().st_size))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove("root.sealed"), "missing-part"),
        (remove("store.db"), "missing-part"),
        (cut("root.sealed", 0), "sealed"),
        (cut("root.sealed", 20), "sealed"),
        (flip("root.sealed", 30), "sealed"),
        (overwrite("root.sealed"), "sealed"),
        (cut("store.db", 0), "altered"),
        (cut("store.db", 100), "altered"),
        (cut("store.db", 4096), "altered"),
        (cut("store.db", 10_000), "altered"),
        (flip("store.db", 3), "altered"),
        (flip("store.db", 200), "altered"),
        (flip("store.db", 5_000), "altered"),
        (flip("store.db", -1), "altered"),
        (overwrite("store.db"), "altered"),
    ],
)
def test_damage_is_said_and_nothing_is_overwritten(tmp_path, damage, reason):
    home = filled(tmp_path) / "store"
    damage(home)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    for _ in range(2):
        with pytest.raises(StoreDamaged) as refused:
            start(tmp_path)
        assert refused.value.reason == reason
        assert refused.value.remedy
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.name in before} == before


def test_the_unlock_key_of_another_device_opens_nothing(tmp_path):
    filled(tmp_path)
    with pytest.raises(StoreDamaged) as refused:
        opened(tmp_path, random(32))
    assert refused.value.reason == "sealed"


def test_halves_of_two_devices_do_not_make_one(tmp_path):
    one, other = filled(tmp_path / "one"), filled(tmp_path / "other")
    shutil.copy(other / "store" / "store.db", one / "store" / "store.db")
    with pytest.raises(StoreDamaged) as refused:
        start(one)
    assert refused.value.reason == "altered"


def test_a_first_start_that_was_interrupted_begins_again(tmp_path):
    (tmp_path / "store.new").mkdir()
    (tmp_path / "store.new" / "root.sealed").write_bytes(b"half")
    opened(tmp_path).close()
    assert not (tmp_path / "store.new").exists()


def test_a_store_of_a_later_version_is_left_alone(tmp_path):
    store = opened(tmp_path)
    store.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreDamaged) as refused:
        opened(tmp_path)
    assert refused.value.reason == "version"


FIRST = 5
"""The oldest version that is brought up."""


def written_by_version_5(directory: Path) -> None:
    """A store with the tables that this version made, in the place of today's."""
    store = opened(directory)
    for kind, name in store.execute(
        "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
    ):
        store.execute(f"DROP {kind} IF EXISTS {name}")
    for statement in (Path(__file__).parent / "stores" / "version-5.sql").read_text().split(";\n"):
        store.execute(statement)
    store.execute(f"PRAGMA user_version = {FIRST}")
    with store.transaction():
        store.put("kept", b"before")
        wallet = random(32)
        store.execute(
            "INSERT INTO wallets VALUES (?, ?, ?, ?, NULL, 0, 0, 0)", (wallet, random(16), b"r", b"l")
        )
        row = (random(32), wallet, "savings", b"call", 1, 2, 3, random(32))
        store.execute("INSERT INTO comparisons VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    store.close()


def shape(store: Store) -> dict[str, object]:
    """Of each table its columns, of each index what made it."""
    made = store.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
    )
    return {
        name: store.execute(f"PRAGMA table_info({name})") if kind == "table" else sql
        for kind, name, sql in made
    }


def test_a_store_of_an_earlier_version_becomes_what_a_new_one_is_and_keeps_what_it_had(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    new = opened(tmp_path / "new")
    written_by_version_5(tmp_path / "old")
    for _ in range(2):
        store = opened(tmp_path / "old")
        assert store.get("kept") == b"before"
        assert store.execute("SELECT owed, words FROM comparisons") == [(3, "")]
        assert store.execute("PRAGMA user_version") == [(schema.VERSION,)]
        assert shape(store) == shape(new)
        store.close()
    new.close()


def test_there_is_no_gap_between_the_versions_that_are_brought_up():
    assert list(schema.SINCE) == list(range(FIRST + 1, schema.VERSION + 1))


def test_a_store_that_no_version_can_be_brought_up_from_is_left_alone(tmp_path):
    store = opened(tmp_path)
    store.execute(f"PRAGMA user_version = {min(schema.SINCE) - 2}")
    store.close()
    with pytest.raises(StoreDamaged) as refused:
        opened(tmp_path)
    assert refused.value.reason == "version"


def test_a_directory_that_does_not_exist_is_no_store(tmp_path):
    with pytest.raises(StoreDamaged) as refused:
        opened(tmp_path / "nowhere")
    assert refused.value.reason == "unreadable"


def test_a_full_disk_is_said_and_leaves_the_store_as_it_was(tmp_path):
    store = opened(tmp_path)
    fill_up(store)
    with pytest.raises(StoreDamaged) as refused, store.transaction():
        store.put("large", random(200_000))
    assert refused.value.reason == "full"
    make_room(store)
    assert store.get("large") is None
    with store.transaction():
        store.put("small", b"fits")
    assert store.get("small") == b"fits"
    store.close()


def test_a_write_that_fails_for_another_reason_ends_all_work(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(StoreDamaged) as refused:
        store.execute("INSERT INTO no_such_table VALUES (1)")
    assert refused.value.reason == "failed"
    with pytest.raises(StoreDamaged):
        store.get("anything")
    store.close()


def fill_up(store: Store) -> None:
    pages = store.execute("PRAGMA page_count")[0][0]
    store.execute(f"PRAGMA max_page_count = {pages}")


def make_room(store: Store) -> None:
    store.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of one mebibyte, where this machine lets the test make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False)
    if made.returncode != 0:
        pytest.skip("this machine does not let the test mount a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_really_full_disk_refuses_a_first_start_and_a_write_and_neither_does_damage(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1020 * 1024))
    with pytest.raises(StoreDamaged) as refused:
        opened(small_disk)
    assert refused.value.reason == "full"
    ballast.unlink()
    store = opened(small_disk)
    free = shutil.disk_usage(small_disk).free
    ballast.write_bytes(bytes(free - 8192))
    with pytest.raises(StoreDamaged) as refused:
        for number in range(100):
            with store.transaction():
                store.put(f"value{number}", random(8192))
    assert refused.value.reason == "full"
    ballast.unlink()
    with store.transaction():
        store.put("afterwards", b"fits")
    store.close()
    store = opened(small_disk)
    assert store.get("afterwards") == b"fits"
    store.close()


def test_on_a_full_disk_nothing_leaves_and_afterwards_everything_works(tmp_path):
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    payment = home.pay(coins=tuple((KeyPath(Branch.RECEIVE, number), 100_000) for number in range(40)))
    fill_up(home["device0"].device.store)
    outcome = home.sign(payment)
    assert "device0" not in outcome.finished
    assert outcome.failed["device0"].code == "store.full"
    make_room(home["device0"].device.store)
    home.clock.pass_(200)
    assert signed(payment, home.sign(payment))
    home.close()


def test_the_key_of_the_services_storage_is_stable_and_another_one_on_each_device(tmp_path):
    keys = []
    for name in ("one", "one", "other"):
        (tmp_path / name).mkdir(exist_ok=True)
        store = opened(tmp_path / name)
        with store.storage_key() as key:
            keys.append(key.expose())
        store.close()
    assert keys[0] == keys[1] != keys[2]


LOOK = """
import sys
from pathlib import Path
from warifu.signer.store import Store
from warifu.tee.unsafe_software import UnsafeSoftware

store = Store.open(Path(sys.argv[1]), UnsafeSoftware(bytes(32)))
for name in ("cipher_memory_security", "temp_store", "locking_mode", "synchronous", "secure_delete", "foreign_keys"):
    print(*store.execute("PRAGMA " + name)[0])
"""


@pytest.mark.slow
def test_in_a_process_of_its_own_it_locks_its_memory_and_waits_for_the_disk(tmp_path):
    """The tests' own process does neither."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOK, tmp_path], capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["1", "2", "exclusive", "2", "1", "1"]
