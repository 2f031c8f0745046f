"""Namespaces and the private root, seen by themselves: what they hold where neither Landlock nor seccomp helps."""

import os
import socket
from pathlib import Path

import pytest
from tests.support.isolated import answer_of, isolated, open_folder

from warifu.signer.isolation.kernel import NAMESPACES
from warifu.signer.isolation.layers.no_swap import group_may_not_swap, swap_devices

pytestmark = pytest.mark.real
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look")
WALLS = ("user-namespace", "namespaces", "private-root", "own-user")
INSIDE = {"write in its store": "done", "read randomness": "done"}


@pytest.fixture
def store(tmp_path):
    return open_folder(tmp_path)


def looked_around(store: Path, *, only: tuple[str, ...]) -> dict[str, str]:
    with isolated("look_around", store, only=only) as (process, connection):
        answer = answer_of(process, connection)
    if any(state != "on" for name, state in answer["layers"].items() if name != "own-user"):
        pytest.skip(f"this machine does not give them: {answer['layers']}")
    result: dict[str, str] = answer["result"]
    return result


def test_in_its_root_directory_is_the_store_and_nothing_else(store):
    seen = looked_around(store, only=WALLS)
    assert seen.pop("root") == ",".join(sorted({"dev", store.parts[1]}))
    assert seen.pop("number") == "1"
    assert {name: outcome for name, outcome in seen.items() if outcome == "done"} == INSIDE
    files = {outcome for name, outcome in seen.items() if name.startswith(("read", "list"))} - {"done"}
    assert files == {"ENOENT"}
    assert {seen[name] for name in ("write in the root", "reach out through dots")} <= {"EROFS", "EACCES"}
    assert seen["signal its agent"] == "ESRCH"
    assert {seen["reach the loopback"], seen["reach a neighbour"]} == {"ENETUNREACH"}
    assert {path.name for path in store.iterdir()} == {"inside", "program"}


def test_without_them_all_of_it_is_reached(store):
    with socket.create_server(("127.0.0.1", 0)):
        seen = looked_around(store, only=())
    assert {seen[name] for name in ("read /etc/passwd", "read its own program", "list /proc")} == {"done"}
    assert seen["write beside the store"] == seen["signal its agent"] == "done"
    assert seen["run a program of its store"] == "done"
    assert seen["reach the loopback"] in {"done", "ECONNREFUSED"}, "there is somebody who could answer"


@needs_root
def test_from_outside_every_namespace_is_another_and_three_things_are_mounted(store):
    with isolated("hold", store) as (process, connection):
        assert connection.recv(4) == b"held"
        layers = {kind: Path(f"/proc/{process.pid}/ns/{kind}").stat().st_ino for kind in NAMESPACES}
        mounts = [line.split() for line in Path(f"/proc/{process.pid}/mountinfo").read_text().splitlines()]
        connection.sendall(b"done")
    ours = {kind: Path(f"/proc/self/ns/{kind}").stat().st_ino for kind in NAMESPACES}
    assert [kind for kind in NAMESPACES if layers[kind] == ours[kind]] == []
    assert [mount[4] for mount in mounts] == ["/", str(store), "/dev/urandom"]
    flags = [set(mount[5].split(",")) for mount in mounts]
    assert flags[0] >= {"ro", "nosuid", "nodev", "noexec"}
    assert flags[1] >= {"rw", "nosuid", "nodev", "noexec"}
    assert flags[2] >= {"nosuid", "noexec"}


# --- swap ---------------------------------------------------------------------------------------------------------

HEADER = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("table", "devices"),
    [
        (None, ["what cannot be seen here"]),
        ("", []),
        (HEADER, []),
        (f"{HEADER}/dev/zram0 partition 1 0 5\n", []),
        (f"{HEADER}/dev/sda2 partition 1 0 -2\n/dev/zram0 partition 1 0 5\n", ["/dev/sda2"]),
        (f"{HEADER}/swapfile file 1 0 -2\n", ["/swapfile"]),
        (f"{HEADER}/dev/zram0x partition 1 0 5\n", ["/dev/zram0x"]),
    ],
)
def test_what_a_machine_swaps_to(tmp_path, table, devices):
    assert swap_devices(machine(tmp_path, {} if table is None else {"proc/swaps": table})) == devices


def test_a_kernel_without_swap_is_told_from_a_hidden_proc(tmp_path):
    (tmp_path / "proc" / "sys").mkdir(parents=True)
    assert swap_devices(tmp_path) == []


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        ({}, False),
        ({"proc/self/cgroup": "1:memory:/a\n"}, False),
        ({"proc/self/cgroup": "0::/a/b\n"}, False),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.swap.max": "max\n"}, False),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.swap.max": "0\n"}, True),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.swap.max": "0\n"}, True),
        ({"proc/self/cgroup": "0::/../../x\n", "x/memory.swap.max": "0\n"}, False),
    ],
)
def test_whether_the_control_group_may_swap(tmp_path, files, holds):
    assert group_may_not_swap(machine(tmp_path, files)) is holds
