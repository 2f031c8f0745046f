"""The start of an enclave process: what is handed over, to whom, and what the agent sees of it."""

import gc
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.support.isolated import isolated, open_folder

from warifu.errors import InputRefused
from warifu.signer.isolation import handover
from warifu.signer.isolation.layer import (
    FIRST_UID,
    LAST_UID,
    UNSAFE_SOFTWARE,
    IsolationProfile,
    PlatformChoice,
)
from warifu.signer.isolation.own_user import choose_user, give_store
from warifu.signer.isolation.spawn import MAX_LINE_BYTES, MAX_LOG_LINES, spawn

pytestmark = pytest.mark.real
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a signer its own user")
PROFILE = IsolationProfile(store="/var/lib/device")


@pytest.fixture
def store(tmp_path):
    return open_folder(tmp_path)


def read_back(content: bytes | bytearray) -> bytearray:
    read_end, write_end = os.pipe()
    os.write(write_end, content)
    os.close(write_end)
    return handover._read_to_end(read_end)


def test_packed_and_read_back_it_is_the_same():
    chosen = PlatformChoice(name="tpm", device="device:/dev/tpmrm0")
    packed = handover.pack(b"k" * 32, PROFILE, chosen)
    back = read_back(packed)
    assert back == packed
    told = msgspec.json.decode(bytes(back[32:]), type=handover.Setting)
    assert (told.profile, told.platform) == (PROFILE, chosen)


@pytest.mark.parametrize("content", [b"", b"k", b"k" * 32, b"k" * handover.MAX_HANDOVER_BYTES])
def test_a_handover_that_is_too_short_or_too_long_is_refused(content):
    with pytest.raises(InputRefused, match="too short or too long"):
        read_back(content)


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33])
def test_a_key_of_another_length_is_not_handed_over(key):
    with pytest.raises(InputRefused, match="32 bytes"):
        handover.pack(key, PROFILE)


@pytest.mark.parametrize(
    "fields",
    [
        {"store": "/"},
        {"store": "//"},
        {"store": "relative"},
        {"store": ""},
        {"store": "/a\0b"},
        {"store": "/s", "user": 0},
        {"store": "/s", "user": 1000},
        {"store": "/s", "user": LAST_UID + 1},
        {"store": "/s", "connection": 2},
        {"store": "/s", "required": ["x" * 41]},
        {"store": "/s", "shell": True},
    ],
)
def test_a_profile_out_of_bounds_is_refused(fields):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, IsolationProfile)


def test_the_secret_does_not_show_in_a_representation():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        shown = repr(handover.Handover(ours, bytearray(b"secret" * 5 + b"xx"), PROFILE, UNSAFE_SOFTWARE))
    assert "secret" not in shown


def test_a_process_that_hangs_is_seen_and_ended(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        assert process.poll() is None
        with pytest.raises(TimeoutError):
            process.wait(0.01)
        assert process.stop() == -signal.SIGKILL
        assert process.poll() == -signal.SIGKILL
        process.kill()  # harmless: it has ended, and its number may be someone else's


def test_the_connection_ends_when_the_process_is_killed(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        process.kill()
        assert connection.recv(1) == b""
        assert process.wait(60) == -signal.SIGKILL


def test_a_flood_of_log_is_bounded_and_printable(store):
    with isolated("complain", store) as (process, connection):
        while connection.recv(4096):
            pass
        process.wait(60)
    assert len(process.log) == MAX_LOG_LINES
    assert all(len(line) <= MAX_LINE_BYTES and line.isprintable() for line in process.log)


def test_nothing_that_a_signer_imports_starts_a_thread():
    """numpy's OpenBLAS starts one for each processor unless it is told first, and then no signer shuts itself in."""
    program = (
        "import os, warifu.signer.process, warifu.signer.running; print(len(os.listdir('/proc/self/task')))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, capture_output=True, timeout=60, check=True
    )
    assert ended.stdout == b"1\n"


def test_a_module_that_does_not_exist_is_a_clear_end(store):
    ours, theirs = socket.socketpair()
    lines: list[str] = []
    with ours, theirs, spawn("warifu.nothing_here", theirs, store, bytes(32), on_log=lines.append) as process:
        assert process.wait(30) == 1
    assert any("nothing_here" in line for line in lines)


def test_a_store_that_does_not_exist_is_refused(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(FileNotFoundError):
        spawn("warifu", theirs, tmp_path / "absent", bytes(32))


def test_starting_leaks_no_descriptor(store):
    gc.collect()  # what other tests left is closed now, and not in between
    before = len(list(Path("/proc/self/fd").iterdir()))
    with isolated("abort", store) as (process, connection):
        connection.recv(1)
        process.wait(30)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@needs_root
def test_a_device_keeps_its_user_and_neighbours_have_others(tmp_path):
    users = set()
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        device = open_folder(tmp_path / name)
        user, _ = choose_user(device)
        assert user is not None
        assert FIRST_UID <= user <= LAST_UID
        give_store(device, user)
        assert choose_user(device) == (user, "")
        users.add(user)
    assert len(users) == 3


@needs_root
def test_a_store_behind_a_closed_folder_has_no_user_and_says_why(tmp_path):
    store = open_folder(tmp_path)
    tmp_path.chmod(0o700)
    user, because = choose_user(store)
    assert user is None
    assert f"{tmp_path} is closed to other users" in because


@needs_root
def test_giving_the_store_away_follows_no_link(tmp_path, store):
    (tmp_path / "precious").write_text("root's own")
    (store / "link").symlink_to(tmp_path / "precious")
    (store / "second name").hardlink_to(tmp_path / "precious")
    (store / "folder").mkdir()
    (store / "folder" / "file").write_text("x")
    give_store(store, FIRST_UID)
    assert (tmp_path / "precious").stat().st_uid == 0
    assert (store / "link").lstat().st_uid == FIRST_UID
    assert (store / "folder" / "file").stat().st_uid == FIRST_UID
    assert stat.S_IMODE(store.stat().st_mode) == 0o700


@needs_root
def test_a_store_that_is_its_users_own_is_not_walked_again(store):
    give_store(store, FIRST_UID)
    (store / "planted").write_text("root's own")
    give_store(store, FIRST_UID)
    assert (store / "planted").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="for an agent that is not root")
def test_without_root_the_agents_user_is_used_and_said(store):
    assert choose_user(store) == (None, "the agent was not started as root")
