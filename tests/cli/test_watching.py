"""What becomes of alarms: written, shown, frozen; bounded, and tried again."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from warifu.cli import watching
from warifu.cli.commands import host
from warifu.cli.main import main, run
from warifu.cli.screen import Screen
from warifu.cli.watching import AlarmLog, Guard, watch_on
from warifu.errors import ServiceRefused, StoreDamaged
from warifu.host.watch.alarm import Alarm
from warifu.protocol.frames import Status

pytestmark = pytest.mark.unit


class Devices:
    """In place of the agents' doors: whom it was told to freeze, and why."""

    def __init__(self) -> None:
        self.frozen: dict[Path, str] = {}
        self.asked = 0
        self.away = False

    async def __call__(self, door: Path, question: Any) -> Status:
        self.asked += 1
        if self.away:
            raise ServiceRefused("device-not-running", "no device runs there")
        reason = self.frozen.setdefault(door, question.reason)
        return Status(
            name="pi",
            identity=bytes(32),
            version="0",
            platform="unsafe-software",
            tier=0,
            capabilities=(),
            release=bytes(32),
            host=None,
            isolation=(),
            journal_length=1,
            journal_head=bytes(32),
            wallets=(),
            banned=(),
            frozen=reason,
        )


@pytest.fixture
def devices(monkeypatch):
    played = Devices()
    monkeypatch.setattr(watching, "ask_at_door", played)
    return played


@pytest.fixture
def log(tmp_path: Path):
    opened = AlarmLog(tmp_path / "alarms.jsonl")
    yield opened
    opened.close()


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "alarms.jsonl").read_text().splitlines()]


DOORS = (Path("/devices/one/agent.sock"), Path("/devices/two/agent.sock"))
ALARM = Alarm("ptrace", 7, 1000, 41, "gdb")


def test_an_alarm_is_written_and_freezes_every_device(tmp_path, devices, log):
    Guard(Screen(json=True), log, DOORS, ()).hear(ALARM)
    assert devices.frozen == dict.fromkeys(DOORS, ALARM.words())
    first, *rest = lines(tmp_path)
    assert (first["kind"], first["pid"], first["uid"], first["target"], first["name"]) == (
        "ptrace",
        7,
        1000,
        41,
        "gdb",
    )
    assert [line["kind"] for line in rest] == ["frozen", "frozen"]


def test_a_kind_that_is_only_logged_freezes_nothing(tmp_path, devices, log):
    Guard(Screen(json=True), log, DOORS, {"ptrace"}).hear(ALARM)
    assert devices.asked == 0 and [line["kind"] for line in lines(tmp_path)] == ["ptrace"]


def test_a_device_that_does_not_answer_is_frozen_as_soon_as_it_does(tmp_path, devices, log):
    guard, devices.away = Guard(Screen(json=True), log, DOORS[:1], ()), True
    guard.hear(ALARM)
    guard.freeze()
    assert [line["kind"] for line in lines(tmp_path)] == [
        "ptrace",
        "not-frozen",
    ]  # said once, tried each time
    devices.away = False
    guard.freeze()
    assert devices.frozen == {DOORS[0]: ALARM.words()}
    asked = devices.asked
    guard.freeze()
    assert devices.asked == asked


def test_a_flood_of_alarms_freezes_once_and_fills_no_disk(tmp_path, devices, log):
    guard = Guard(Screen(json=True), log, DOORS[:1], ())
    for number in range(1000):
        guard.hear(Alarm("ptrace", number + 1, 0, 41, "x"))
    assert devices.asked <= 3
    assert len(lines(tmp_path)) <= 2 * watching._LINES_PER_MINUTE
    log._minute -= 1  # the next minute says how many it did not write
    guard.hear(ALARM)
    assert lines(tmp_path)[-1]["left_out"] > 500


def test_a_full_disk_and_a_screen_that_is_gone_keep_no_device_from_being_frozen(
    tmp_path, devices, log, monkeypatch
):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("warifu.cli.watching.os.fsync", refuse)
        patch.setattr("warifu.cli.watching.click.echo", refuse)
        Guard(Screen(json=True), log, DOORS, ()).hear(ALARM)
    assert devices.frozen == dict.fromkeys(DOORS, ALARM.words())
    log.write({"kind": "later"})
    assert lines(tmp_path)[-1]["left_out"] == 3


@pytest.mark.parametrize("obstacle", ["link", "folder"])
def test_a_log_that_somebody_laid_a_trap_at_is_refused(tmp_path, obstacle):
    place = tmp_path / "log"
    place.symlink_to(tmp_path / "elsewhere") if obstacle == "link" else place.mkdir()
    with pytest.raises(StoreDamaged):
        AlarmLog(place)
    assert not (tmp_path / "elsewhere").exists()


class Scripted:
    """A watch that says what the test wants, and then is ended."""

    def __init__(self, *rounds: tuple[bool, frozenset[int], list[Alarm]]) -> None:
        self._rounds = list(rounds)
        self.ended = threading.Event()
        self.ready, self.processes = False, frozenset[int]()

    def alarms(self, _seconds: float) -> list[Alarm]:
        self.ready, self.processes, alarms = self._rounds.pop(0)
        if not self._rounds:
            self.ended.set()
        return alarms


def test_it_says_when_it_watches_and_again_after_it_was_lost(capsys, devices, log):
    one, two = frozenset({1}), frozenset({1, 2})
    script = Scripted(
        (False, one, []), (True, one, []), (True, one, []), (True, two, []), (False, two, []), (True, two, [])
    )
    watch_on(script, Guard(Screen(json=True), log, (), ()), script.ended)  # type: ignore[arg-type]
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["processes"] for each in said] == [[1], [1, 2], [1, 2]]


@pytest.mark.parametrize("pids", ["0", "-1", "x", "1;2", "1,,2", "4194305", "\u0661"])
def test_what_is_no_process_id_is_refused(capsys, pids):
    assert run(main, ["host", "watch", f"--pids={pids}"], Screen()) == 2


def test_somebody_must_be_named(capsys):
    assert run(main, ["host", "watch", "--json"], Screen(json=True)) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "input.nothing-to-watch"


def test_without_root_nothing_is_watched(capsys, monkeypatch):
    monkeypatch.setattr("warifu.host.watch.tracer.os.geteuid", lambda: 1000)
    assert run(main, ["host", "watch", "--pids", "1", "--json"], Screen(json=True)) == 14
    (line,) = capsys.readouterr().out.splitlines()  # whoever reads line by line reads the refusal, too
    assert json.loads(line)["error"]["code"] == "host.not-root"


def test_the_kinds_that_can_be_left_out_are_all_that_there_are():
    (option,) = (each for each in host.watch_command.params if each.name == "only_log")
    assert "ptrace" in option.type.choices and "watch-lost" in option.type.choices  # type: ignore[attr-defined]
