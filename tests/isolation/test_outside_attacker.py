"""A program of the same user as the signer, on the same machine, gets nothing out of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.isolated import isolated, open_folder

pytestmark = pytest.mark.real

# Becomes the user first (where it is root), then tries everything that a fellow program can try.
ATTACKER = """
import ctypes, errno, json, os, sys
pid, uid = int(sys.argv[1]), int(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
if os.geteuid() == 0:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
def outcome(deed):
    try:
        deed()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
def call(name, *arguments):
    if libc[name](*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
def read_other():
    here, there = ctypes.create_string_buffer(8), (ctypes.c_void_p * 2)(0x400000, 8)
    call("process_vm_readv", pid, (ctypes.c_void_p * 2)(ctypes.addressof(here), 8), 1, there, 1, 0)
deeds = {
    "environ": lambda: open(f"/proc/{pid}/environ", "rb").read(),
    "maps": lambda: open(f"/proc/{pid}/maps", "rb").read(),
    "mem": lambda: open(f"/proc/{pid}/mem", "rb"),
    "descriptors": lambda: os.listdir(f"/proc/{pid}/fd"),
    "its connection": lambda: os.open(f"/proc/{pid}/fd/3", os.O_RDWR),
    "working directory": lambda: os.readlink(f"/proc/{pid}/cwd"),
    "trace": lambda: call("ptrace", 16, pid, None, None),
    "seize": lambda: call("ptrace", 0x4206, pid, None, None),
    "read by call": read_other,
}
print(json.dumps({name: outcome(deed) for name, deed in deeds.items()}))
"""


def attack(pid: int, uid: int) -> dict[str, str]:
    result = subprocess.run(
        [sys.executable, "-I", "-c", ATTACKER, str(pid), str(uid)],
        capture_output=True,
        check=True,
        timeout=30,
    )
    outcomes: dict[str, str] = json.loads(result.stdout)
    return outcomes


@pytest.fixture
def store(tmp_path):
    return open_folder(tmp_path)


def test_a_program_of_the_same_user_can_look_into_nothing(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        user = os.geteuid() if process.user is None else process.user
        outcomes = attack(process.pid, user)
        connection.sendall(b"done")
    assert set(outcomes.values()) <= {"EPERM", "EACCES"}, outcomes


def test_the_same_attacker_does_look_into_an_ordinary_program():
    user = 64000 if os.geteuid() == 0 else os.geteuid()
    options = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    victim = subprocess.Popen(["sleep", "60"], **options)  # type: ignore[call-overload]  # chosen above
    try:
        while Path(f"/proc/{victim.pid}/comm").read_text() != "sleep\n":
            pass
        outcomes = attack(victim.pid, user)
    finally:
        victim.kill()
        victim.wait()
    assert {outcomes[name] for name in ("environ", "maps", "descriptors", "working directory")} == {"done"}


def test_a_crash_leaves_no_core(store):
    with isolated("abort", store) as (process, connection):
        connection.recv(1)
        # The first process of a process namespace takes no SIGABRT: the C library ends it by a fault then.
        assert process.wait(30) in (-signal.SIGABRT, -signal.SIGSEGV)
    assert list(store.iterdir()) == []
    assert not list(Path.cwd().glob("core*"))


def test_arguments_and_environment_carry_no_secret(store):
    key = os.urandom(32)
    with isolated("hold", store, key=key) as (process, connection):
        assert connection.recv(4) == b"held"
        proc = Path(f"/proc/{process.pid}")
        command = (proc / "cmdline").read_bytes()
        environment = (proc / "environ").read_bytes() if os.geteuid() == 0 else b""
        if os.geteuid() == 0:
            assert sorted(int(entry.name) for entry in (proc / "fd").iterdir()) == [0, 1, 2, 3]
            assert (proc / "fd" / "0").readlink() == Path("/dev/null")
            assert (proc / "cwd").readlink() == store
        connection.sendall(b"done")
        answer = json.loads(connection.recv(65536))["result"]
    assert key.hex().encode() not in command
    assert key not in command
    assert environment == b""
    assert answer == {"held": "32", "names": "", "arguments": f"{sys.executable} -I -B"}


def test_an_idle_signer_stays_small(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        status = Path(f"/proc/{process.pid}/status").read_text()
        connection.sendall(b"done")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    assert resident < 64 * 1024, f"{resident} KiB"
