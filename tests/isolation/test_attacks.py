"""A signer under a stranger's control gets nothing, and an honest one can do all its work, in the same isolation."""

import os
import socket
from pathlib import Path

import pytest
from tests.support import isolation_deeds
from tests.support.isolated import answer_of, isolated, open_folder

pytestmark = pytest.mark.real

# Every other attack is refused by one of these two.
REFUSALS = {"EPERM", "EACCES"}
# In a root directory of its own there is nothing to be refused.
NOT_THERE = {"ENOENT", "EROFS"}
FILES = {
    "read /etc/passwd",
    "read its own program",
    "list the store's parent",
    "write beside the store",
    "write in /tmp",
    "write in /dev/shm",
    "reach out through dots",
    "read its agent's memory",
    "read its agent's environment",
    "read its own memory file",
}
OTHER_REFUSALS = {
    "start a thread": "RuntimeError",  # Python's word for a refused clone
    "make a new callback page": "MemoryError",  # cffi's word for refused executable memory
    "allow core files": "ValueError",  # Python's word for a refused setrlimit
}


@pytest.fixture
def store(tmp_path):
    return open_folder(tmp_path)


@pytest.mark.parametrize("own_user", [True, False], ids=["own user where possible", "the agent's user"])
def test_every_attack_from_inside_is_refused(store, own_user):
    with isolated("attack", store, own_user=own_user) as (process, connection):
        outcomes = answer_of(process, connection)["result"]
    assert len(outcomes) > 45
    wrong = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome != OTHER_REFUSALS.get(name)
        and outcome not in (REFUSALS | NOT_THERE if name in FILES else REFUSALS)
    }
    assert wrong == {}
    assert list(store.iterdir()) == []
    assert not (store.parent / "outside").exists()
    assert not Path("/tmp/warifu-outside").exists()


@pytest.mark.parametrize(
    "name",
    [
        "open a TCP socket",
        "make a socket pair",
        "execute a memory file",
        "fork",
        "start a thread",
        "read /etc/passwd",
        "list the root",
        "list the store's parent",
        "write beside the store",
        "link out of the store",
        "read its own memory file",
        "map memory to execute",
        "make a new callback page",
    ],
)
def test_without_isolation_the_same_attacks_succeed(store, name):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert isolation_deeds.outcome(isolation_deeds.attacks(theirs, store)[name]) == "done"


@pytest.mark.parametrize("own_user", [True, False], ids=["own user where possible", "the agent's user"])
def test_all_of_a_signers_work_succeeds(store, own_user):
    with isolated("work", store, own_user=own_user) as (process, connection):
        assert connection.recv(4) == b"ping"
        connection.sendall(b"pong")
        answer = answer_of(process, connection)
    assert set(answer["result"].values()) == {"done"}, answer["result"]
    assert answer["imported later"] == [], "import it in preload: it could not be read any more"
    assert {path.name for path in store.iterdir()} == {"wal.db", "journal.db"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in store.iterdir())


def test_the_work_goes_on_after_a_restart_of_the_process(store):
    for _start in range(2):
        with isolated("work", store) as (process, connection):
            connection.recv(4)
            connection.sendall(b"pong")
            assert set(answer_of(process, connection)["result"].values()) == {"done"}
        for path in store.iterdir():
            path.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a signer its own user")
def test_started_by_root_it_has_a_user_that_owns_nothing_but_the_store(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        status = Path(f"/proc/{process.pid}/status").read_text()
        connection.sendall(b"done")
    uids = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
    assert set(uids) == {str(process.user)}
    assert 61184 <= store.stat().st_uid <= 65519
    assert store.stat().st_uid == process.user
    assert "Groups:\t \n" in status
    assert "CapEff:\t0000000000000000" in status
