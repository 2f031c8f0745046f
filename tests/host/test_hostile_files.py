"""Files that want to hang the doctor, fill its memory, lead it astray or be believed by their beginning."""

import os
import random
import signal

import pytest
from tests.host.recorded import RecordedKernel, built, recorded, sees_everything

from warifu.host.check import State
from warifu.host.doctor import CHECKS, examine, examine_machine
from warifu.host.machine import MAX_FILE_BYTES, MAX_NAMES, CannotTell, Machine

pytestmark = pytest.mark.unit

FILE = "/proc/sys/kernel/core_pattern"


def _fifo(place):
    os.mkfifo(place)


def _loop(place):
    place.symlink_to(place.name)


def _folder(place):
    place.mkdir()


def _endless(place):
    place.symlink_to("/dev/zero")


def _huge(place):
    with place.open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no room


def _long(place):
    place.write_bytes(b"core\n" + b"x" * MAX_FILE_BYTES)


HOSTILE = [_fifo, _loop, _folder, _endless, _huge, _long]


@pytest.fixture(autouse=True)
def _no_hanging():
    """A reader that waits for a FIFO's other end would wait for ever: end the test instead."""

    def end(_signal, _frame):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_no_file_of_a_sane_length_is_not_read(tmp_path, make):
    machine = built(tmp_path, {})
    make(tmp_path / FILE.lstrip("/"))
    with pytest.raises(CannotTell):
        machine.read(FILE)
    assert examine_machine(machine).state("core-dumps-off") is State.UNKNOWN


@pytest.mark.parametrize("make", HOSTILE)
def test_a_machine_of_hostile_files_is_examined_to_the_end_and_nothing_in_it_is_ok(tmp_path, make):
    machine = recorded("hardened-debian", tmp_path)
    good = examine_machine(machine)
    for place in sorted(tmp_path.rglob("*"), reverse=True):
        if place.is_file() and not place.is_symlink():
            place.unlink()
            make(place)
    report = examine_machine(Machine(tmp_path, RecordedKernel(), machine.store, machine.now))
    assert good.score == 100
    by_presence = {"module-signatures", "restarted"}  # names in /boot; the rest of it is not read
    by_kernel = {"landlock", "memfd-secret", "no-new-code", "memory-lock", "time-synchronised"}
    trusted = {finding.name for finding in report.findings if finding.state is State.OK}
    assert trusted <= by_kernel | by_presence, trusted


@pytest.mark.parametrize(
    "content",
    [b"\0" * 4096, random.Random(4).randbytes(4096), b"\xff\xfe\n" * 999, b"9" * 4096, b""],
    ids=["zeros", "random", "no-utf-8", "digits", "empty"],
)
def test_binary_rubbish_in_every_file_raises_nothing(tmp_path, content):
    machine = recorded("hardened-debian", tmp_path)
    for place in tmp_path.rglob("*"):
        if place.is_file() and not place.is_symlink():
            place.write_bytes(content)
    report = examine_machine(machine)
    assert len(report.findings) == len(CHECKS)
    assert report.state("kernel-guard") is not State.OK
    assert report.state("secure-boot") is not State.OK
    assert report.state("updates-applied") is not State.OK


def test_a_link_out_of_a_recorded_tree_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("|/bin/false\n")
    tree = tmp_path / "tree"
    (tree / "proc/sys/kernel").mkdir(parents=True)
    (tree / FILE.lstrip("/")).symlink_to(outside)
    machine = Machine(tree, RecordedKernel())
    for look in (machine.read, machine.exists, machine.writable_by_all, machine.link, machine.names):
        with pytest.raises(CannotTell, match="leads out"):
            look(FILE)
    assert examine(tree).state("core-dumps-off") is State.UNKNOWN


def test_a_folder_without_end_is_not_listed(tmp_path):
    machine = built(tmp_path, {"/sys/module": None})
    for number in range(MAX_NAMES + 1):
        os.link(tmp_path / "sys/x", tmp_path / f"sys/module/{number}")
    with pytest.raises(CannotTell, match="more than"):
        machine.names("/sys/module")


def test_an_unreadable_file_is_unknown(tmp_path):
    if sees_everything(tmp_path):
        pytest.skip("this process reads every file")
    machine = built(tmp_path, {FILE: "core"})
    (tmp_path / FILE.lstrip("/")).chmod(0)
    assert examine_machine(machine).state("core-dumps-off") is State.UNKNOWN


def test_devices_that_carry_each_other_by_many_ways_are_looked_at_once(tmp_path):
    """Eight levels of sixteen carriers each are four thousand million ways down."""
    files = {
        "/proc/self/mountinfo": "22 1 9:0 / / rw - ext4 /dev/md0 rw\n",
        "/sys/dev/block/9:0/dm/uuid": "LVM-x",
        **{f"/sys/class/block/8-{number}/dm/uuid": "CRYPT-LUKS2-x" for number in range(16)},
    }
    machine = built(tmp_path, files)
    above = ["sys/dev/block/9:0"]
    for level in range(1, 9):
        names = [f"{level}-{number}" for number in range(16)]
        for folder in above:
            (tmp_path / folder / "slaves").mkdir(parents=True)
            for name in names:
                (tmp_path / folder / "slaves" / name).touch()
        above = [f"sys/class/block/{name}" for name in names]
    assert examine_machine(machine).state("disk-encrypted") is State.OK
