"""The demo itself: it ends well, shows the eight steps, and leaves nothing behind, also when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.spying import descendants
from tests.support.terminal import environment

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    return tmp_path


def demo(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "warifu.cli", "demo", *arguments],
        env=environment(place) | {"TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def test_the_demo_plays_every_act_and_leaves_nothing(place):
    output, errors = demo(place, "--json").communicate(timeout=110)
    shown = json.loads(output)
    assert shown.get("ok") is True, (shown, errors)
    names = {check["name"] for check in shown["checks"]}
    assert names >= {
        *("birth", "address", "sent", "confirmed", "journals"),
        *("accounts", "eip155-transfer", "solana-transfer", "engines"),
        *("swapped-output-home", "swapped-output-pi", "one-alone", "wrong-passphrase"),
        *("stolen-disk", "databases", "stolen-device-opens", "search-works"),
    }
    transfers = list(dict.fromkeys(step["transfer"] for step in shown["steps"]))
    for transfer in transfers[:2]:
        numbers = [step["step"] for step in shown["steps"] if step["transfer"] == transfer]
        assert sorted(set(numbers)) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert numbers == sorted(numbers)
    assert len(shown["txids"]) == 3
    assert list(place.glob("warifu-demo-*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_stopped_in_the_middle_it_ends_its_processes_and_removes_its_files(place, number):
    process = demo(place)
    assert process.stdout is not None
    for line in process.stdout:
        if b"nobody sits between them" in line:
            break
    started = descendants([process.pid]) - {process.pid}
    assert len(started) >= 5
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    end = time.monotonic() + 20
    while alive(started) and time.monotonic() < end:
        time.sleep(0.1)
    assert alive(started) == set()
    assert list(place.glob("warifu-demo-*")) == []
