"""A program with the rights of the signer's own user, on the same machine, tries everything and gets nothing.

Each attack is also made on the same process without isolation, where it succeeds: so these tests can fail.
What root can do, and what it cannot, stands at the end.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.isolated import answer_of, isolated, open_folder
from tests.support.isolation_deeds import PRELOADED
from tests.support.isolation_outsider import attack, fellow_of
from tests.support.spying import in_memory

from warifu.signer.isolation.spawn import EnclaveProcess

pytestmark = pytest.mark.real
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
STRANGER = 64123
REFUSED = {"EPERM", "EACCES"}
# What succeeds where nobody is closed in.
READS_MEMORY = {"its memory file", "read by call", "trace it"}
SEES = {
    "environment",
    "start vector",
    "map of its memory",
    "pages",
    "mapped files",
    "what it waits in",
    "descriptors",
    "what they are",
    "working directory",
    "files through it",
    "root directory",
    "program",
    "namespaces",
    "compare with it",
    "let dumps hold more",
    "have it killed first",
}
NEEDS_TRACING = READS_MEMORY | {"write by call", "take a descriptor"}


@pytest.fixture
def store(tmp_path):
    return open_folder(tmp_path)


@contextlib.contextmanager
def keeping(store: Path, secret: bytes, *, bare: bool = False) -> Iterator[tuple[EnclaveProcess, int]]:
    """A process that keeps ``secret``, and where in its memory."""
    with isolated("keep", store, key=secret, bare=bare) as (process, connection):
        said = connection.recv(12)
        assert said[:4] == b"held", list(process.log)
        yield process, int.from_bytes(said[4:], "big")
        with contextlib.suppress(BrokenPipeError):  # an attack may have ended it
            connection.sendall(b"done")


def yama_forbids_tracing() -> bool:
    """Some machines let no program trace a stranger; then the control has less to show."""
    try:
        return Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip() != "0"
    except FileNotFoundError:
        return False


def test_a_program_of_the_same_user_gets_nothing(store):
    secret = os.urandom(32)
    with keeping(store, secret) as (process, where):
        outcomes = attack(process.pid, fellow_of(process.user), where, secret)
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in REFUSED} == {}
    assert len(outcomes) > 20


def test_without_isolation_it_gets_everything(store):
    secret = os.urandom(32)
    with keeping(store, secret, bare=True) as (process, where):
        outcomes = attack(process.pid, fellow_of(process.user), where, secret)
    assert {outcomes[name] for name in SEES} == {"done"}, outcomes
    if yama_forbids_tracing():
        pytest.skip("Yama forbids tracing to everybody here: the rest of the control has nothing to show")
    assert {name for name, outcome in outcomes.items() if outcome == "secret"} == READS_MEMORY
    assert {outcomes[name] for name in NEEDS_TRACING - READS_MEMORY} == {"done"}


@needs_root
def test_a_program_of_another_user_gets_nothing(store):
    secret = os.urandom(32)
    with keeping(store, secret) as (process, where):
        outcomes = attack(process.pid, STRANGER, where, secret)
        watching = subprocess.run(
            [sys.executable, "-I", "-c", WATCH, str(store), str(STRANGER)], capture_output=True, check=True
        )
    assert set(outcomes.values()) <= REFUSED, outcomes
    assert watching.stdout == b"EACCES\n"


WATCH = """
import ctypes, errno, os, sys
os.setresgid(*[int(sys.argv[2])] * 3); os.setresuid(*[int(sys.argv[2])] * 3)
libc = ctypes.CDLL(None, use_errno=True)
added = libc.inotify_add_watch(libc.inotify_init1(0), sys.argv[1].encode(), 0xFFF)
print("done" if added >= 0 else errno.errorcode[ctypes.get_errno()])
"""


# --- starting ----------------------------------------------------------------------------------------------------


def test_a_library_that_the_environment_names_is_not_loaded(store, monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", PRELOADED)
    monkeypatch.setenv("PYTHONPATH", str(store.parent))
    (store.parent / "sitecustomize.py").write_text("raise SystemExit(99)")
    with isolated("preloaded", store) as (process, connection):
        assert answer_of(process, connection)["result"] == {"preloaded": "no"}


def test_into_a_program_that_inherits_the_environment_it_is_loaded(monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", PRELOADED)
    program = (
        f"import ctypes, os; ctypes.CDLL({PRELOADED!r}, mode=os.RTLD_NOLOAD | os.RTLD_NOW); print('loaded')"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)
    if ended.returncode:
        pytest.skip(f"there is no {PRELOADED} on this machine")
    assert ended.stdout == b"loaded\n"


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
        connection.sendall(b"done")
        answer = json.loads(connection.recv(65536))["result"]
    assert key.hex().encode() not in command
    assert key not in command
    assert environment == b""
    assert answer == {"held": "32", "names": "", "arguments": f"{sys.executable} -I -B"}


# --- the connection ----------------------------------------------------------------------------------------------


def test_descriptors_that_are_passed_to_it_never_arrive(store):
    with isolated("take_descriptors", store) as (process, connection), Path("/etc/passwd").open() as file:
        assert connection.recv(4) == b"held"
        socket.send_fds(connection, [b"junk"], [file.fileno()] * 3)
        answer = answer_of(process, connection)["result"]
    assert answer == {"with them": "EPERM", "open": "0,1,2,3"}


def test_without_isolation_they_do(store):
    with isolated("take_descriptors", store, bare=True) as (process, connection):
        assert connection.recv(4) == b"held"
        with Path("/etc/passwd").open() as file:
            socket.send_fds(connection, [b"junk"], [file.fileno()] * 3)
        answer = answer_of(process, connection)["result"]
    assert answer["with them"] == "done"
    assert len(answer["open"].split(",")) > 4


# --- signals: they can deny service, and no more -----------------------------------------------------------------


def test_signals_but_for_killing_and_stopping_do_not_reach_it(store):
    secret = os.urandom(32)
    with keeping(store, secret) as (process, _where):
        if not is_first_of_its_namespace(process.pid):
            pytest.skip("this machine gives no process namespace")
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}:
            os.kill(process.pid, number)
        time.sleep(0.05)
        assert process.poll() is None


def is_first_of_its_namespace(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == "1"


def test_stopped_it_is_as_closed_as_ever_and_goes_on(store):
    secret = os.urandom(32)
    with keeping(store, secret) as (process, where):
        os.kill(process.pid, signal.SIGSTOP)
        outcomes = attack(process.pid, fellow_of(process.user), where, secret)
        os.kill(process.pid, signal.SIGCONT)
    assert set(outcomes.values()) <= REFUSED, outcomes


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_an_end_by_a_signal_leaves_no_core(store, number):
    with keeping(store, os.urandom(32)) as (process, _where):
        os.kill(process.pid, number)
        if number is signal.SIGKILL:
            assert process.wait(30) == -number
    assert list(store.iterdir()) == []
    assert not list(Path.cwd().glob("core*"))


def test_a_crash_leaves_no_core(store):
    with isolated("abort", store) as (process, connection):
        connection.recv(1)
        # The first process of a process namespace takes no SIGABRT: the C library ends it by a fault then.
        assert process.wait(30) in (-signal.SIGABRT, -signal.SIGSEGV)
    assert list(store.iterdir()) == []
    assert not list(Path.cwd().glob("core*"))


def test_of_an_ordinary_program_a_crash_leaves_its_secret_on_the_disk(tmp_path):
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not pattern.startswith("core") or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("this machine writes no core files beside the program")
    program = (
        "import os, resource, sys; limit = resource.getrlimit(resource.RLIMIT_CORE)[1]; "
        "resource.setrlimit(resource.RLIMIT_CORE, (limit, limit)); secret = bytes.fromhex(sys.stdin.read()); os.abort()"
    )
    secret = os.urandom(32)
    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, input=secret.hex(), text=True, check=False, timeout=60
    )
    (core,) = tmp_path.glob("core*")
    assert secret in core.read_bytes()


# --- files -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_swapped_behind_its_back_stays_the_one_it_entered(store):
    """By a program that may write beside the store: what the signer writes goes where it began, by whatever name."""
    with isolated("write_a_file", store) as (process, connection):
        assert connection.recv(4) == b"held"
        entered = store.rename(store.parent / "moved")
        store.mkdir(mode=0o777)
        store.chmod(0o777)
        connection.sendall(b"go..")
        answer = answer_of(process, connection)["result"]
    assert answer == {"relative": "done", "path": "done"}
    assert {path.name for path in entered.iterdir()} == {"relative", "by-path"}
    assert list(store.iterdir()) == []


def test_without_isolation_the_false_store_is_written_to(store):
    with isolated("write_a_file", store, bare=True) as (process, connection):
        assert connection.recv(4) == b"held"
        store.rename(store.parent / "moved")
        store.mkdir(mode=0o777)
        store.chmod(0o777)
        connection.sendall(b"go..")
        assert answer_of(process, connection)["result"]["path"] == "done"
    assert {path.name for path in store.iterdir()} == {"by-path"}


# --- root, said openly -------------------------------------------------------------------------------------------


@needs_root
def test_even_root_does_not_find_the_secret_by_reading_memory(store):
    """Not a wall against root, who can make the process itself give it away; but none of the ready tools finds it."""
    secret = os.urandom(32)
    with keeping(store, secret) as (process, where):
        if "hidden" not in lines_of_maps(process.pid, where):
            pytest.skip("this kernel has no memfd_secret")
        outcomes = attack(process.pid, 0, where, secret)
        found = in_memory(process.pid, {"secret": secret})
    assert (outcomes["its memory file"], outcomes["read by call"]) == ("EIO", "EFAULT")
    assert "secret" not in outcomes.values()
    assert found == set()


@needs_root
def test_of_an_ordinary_program_root_finds_it(store):
    secret = os.urandom(32)
    with keeping(store, secret, bare=True) as (process, where):
        outcomes = attack(process.pid, 0, where, secret)
        found = in_memory(process.pid, {"secret": secret})
    assert {name for name, outcome in outcomes.items() if outcome == "secret"} == READS_MEMORY
    assert found == {"secret"}


def lines_of_maps(pid: int, where: int) -> str:
    """ "hidden" where the address lies in a mapping of memfd_secret(2)."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        first, last = (int(number, 16) for number in line.split()[0].split("-"))
        if first <= where < last:
            return "hidden" if "secretmem" in line else "ordinary"
    return "nowhere"


def test_an_idle_signer_stays_small(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        status = Path(f"/proc/{process.pid}/status").read_text()
        connection.sendall(b"done")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    assert resident < 64 * 1024, f"{resident} KiB"
