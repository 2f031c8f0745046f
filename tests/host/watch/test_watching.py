"""The watch for real: bpftrace over a running device; each attack freezes its signer, and ordinary use does not.

Root and bpftrace are needed. Where tracefs is not mounted, it is mounted in a namespace of the watch's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.host.watch import attacker
from tests.support.enclaves import enclave_device
from tests.support.running_device import running_device
from tests.support.simulator import Household, signed

from warifu.agent.device import DeviceDirectory
from warifu.agent.door import ask_at_door
from warifu.errors import InputRefused
from warifu.host.watch.processes import listener_at, with_children
from warifu.protocol.operator import UnfreezeDevice

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE = 60
ABOUT_THE_MACHINE = ("descriptor", "bpf", "module", "module-loaded", "kexec", "opened-device")
"""Alarms that another test on this machine may cause: they are about its kernel, not about one process."""
MOUNTED = "[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing"


@dataclass
class Watching:
    """``warifu host watch`` in a process of its own, and what it says."""

    process: subprocess.Popen[bytes]
    log: Path
    _said: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)

    def until(self, kind: str, pid: int | None = None) -> dict[str, Any]:
        """The next of this kind (and of this process, if one is named); what comes before it is read over."""
        while True:
            said = self._said.get(timeout=PATIENCE)
            assert said is not None and "kind" in said, f"the watch ended: {said}"
            if said["kind"] == kind and pid in (None, said.get("pid")):
                return said

    def rest(self) -> list[dict[str, Any]]:
        """End the watch; everything that it said and nobody heard yet."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 130
        return [said for said in iter(lambda: self._said.get(timeout=PATIENCE), None) if said is not None]


@contextlib.contextmanager
def watching(log: Path, *arguments: str | Path) -> Iterator[Watching]:
    watch = [
        sys.executable,
        "-m",
        "warifu.cli",
        "host",
        "watch",
        "--json",
        "--log",
        str(log),
        *map(str, arguments),
    ]
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f'{MOUNTED}; exec "$@"', "sh", *watch],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    watched = Watching(process, log)
    try:
        watched.until("watching")
        yield watched
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture(autouse=True, scope="module")
def able() -> None:
    if os.geteuid() != 0 or any(shutil.which(tool) is None for tool in ("bpftrace", "unshare")):
        pytest.skip("root, bpftrace and unshare are needed to watch a machine")
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{MOUNTED} && timeout 30 bpftrace -e 'BEGIN {{ exit(); }}'"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if tried.returncode != 0:
        pytest.skip(f"bpftrace does not work here: {tried.stderr.decode(errors='replace')[-200:]}")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DeviceDirectory, Watching]]:
    place = tmp_path_factory.mktemp("watched")
    with (
        running_device(place / "device") as device,
        watching(place / "alarms.jsonl", "--device-dir", device.path) as watch,
    ):
        yield device, watch


def frozen(device: DeviceDirectory) -> str | None:
    return asyncio.run(ask_at_door(device.door)).frozen


def enclave_of(device: DeviceDirectory) -> int:
    """The process that holds the store: the youngest child of the agent."""
    agent = listener_at(device.door)
    assert agent is not None
    named = [pid for pid in with_children([agent]) if b"warifu.signer.process" in _command_line(pid)]
    return max(named)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("attack", "kind"),
    [
        (attacker.ptrace, "ptrace"),
        (attacker.open_memory, "opened-memory"),
        (attacker.open_memory_by_another_way, "opened-memory"),
        (attacker.try_to_open_memory, "named-memory"),
        (attacker.read_memory, "memory-read"),
        (attacker.write_memory, "memory-write"),
        (attacker.take_descriptor, "descriptor"),
        (attacker.measure, "measure"),
        (attacker.load_tracing_program, "bpf"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_attack_freezes_the_signer_and_says_who_it_was(watched, attack, kind):
    device, watch = watched
    thaw(device)
    attacking = subprocess.Popen(
        [sys.executable, attacker.__file__, attack.__name__, str(enclave_of(device))],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert attacking.wait(PATIENCE) == 0, attacking.stderr.read() if attacking.stderr else ""
    alarm = watch.until(kind, attacking.pid)
    assert alarm["uid"] == (65534 if attack is attacker.try_to_open_memory else 0)
    if alarm["name"]:
        assert alarm["name"] == attacker.NAME.decode().replace("\n", "?")
    assert frozen_soon(device)
    written = [json.loads(line) for line in watch.log.read_bytes().splitlines()]
    assert kind in [line["kind"] for line in written if line.get("pid") == attacking.pid]


def thaw(device: DeviceDirectory) -> None:
    """After the attack before, or one by somebody else's test: some alarms are about the whole machine."""
    threading.Event().wait(1.2)  # alarms within a second freeze once
    with contextlib.suppress(InputRefused):
        asyncio.run(ask_at_door(device.door, UnfreezeDevice()))
    assert frozen(device) is None


def frozen_soon(device: DeviceDirectory) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if frozen(device) is not None:
            return True
        time.sleep(0.05)
    return False


def test_the_log_is_the_owners_alone(watched):
    _, watch = watched
    assert watch.log.stat().st_mode & 0o077 == 0


def test_a_whole_life_of_a_wallet_raises_no_alarm(tmp_path):
    """Two real enclaves make a wallet and sign with it; status is asked, processes are listed and read about."""
    home = Household(tmp_path / "home", 2, make_device=enclave_device)
    pids = ",".join(str(device.enclave.process.pid) for device in home.devices.values())  # type: ignore[attr-defined]
    try:
        with watching(tmp_path / "alarms.jsonl", "--pids", pids) as watch:
            home.make_wallet(2)
            payment = home.pay()
            assert signed(payment, home.sign(payment))
            subprocess.run(["ps", "-eLf"], stdout=subprocess.DEVNULL, check=True)
            for pid in pids.split(","):
                for name in ("status", "stat", "cmdline", "limits"):
                    Path(f"/proc/{pid}/{name}").read_bytes()
            said = watch.rest()
    finally:
        home.close()
    assert [each for each in said if each["kind"] not in (*ABOUT_THE_MACHINE, "watching")] == []
    assert not {each.get("pid") for each in said} & {int(pid) for pid in pids.split(",")}


@pytest.mark.parametrize("wanted", [True, False])
def test_when_bpftrace_dies_it_is_told_and_freezes_only_where_that_is_wanted(tmp_path, wanted):
    """The other tests' watch is still there: what is about the machine, such as its bpftrace, must not freeze first."""
    with (
        running_device(tmp_path / "device") as device,
        watching(
            tmp_path / "alarms.jsonl",
            *("--device-dir", device.path),
            *(argument for kind in ABOUT_THE_MACHINE for argument in ("--only-log", kind)),
            *(["--freeze-when-lost"] if wanted else []),
        ) as watch,
    ):
        children = with_children([watch.process.pid]) - {watch.process.pid}
        tracers = [pid for pid in children if _command_line(pid).startswith(b"/usr/bin/bpftrace")]
        assert tracers  # more than one where a process got a new thread just now
        for tracer in tracers:
            os.kill(tracer, signal.SIGKILL)
        watch.until("watch-lost")
        reason = frozen(device) if not wanted else frozen_soon(device) and frozen(device)
        assert ("the watch ended" in (reason or "")) is wanted
        watch.until("watching")
        attacking = subprocess.Popen(
            [sys.executable, attacker.__file__, "read_memory", str(enclave_of(device))]
        )
        assert attacking.wait(PATIENCE) == 0
        assert watch.until("memory-read", attacking.pid)
