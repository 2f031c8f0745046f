"""Forth and back on small trees: exact, idempotent, and from wherever a crash left them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.host.hardening.trees import RecordingHand, debian, everything

from warifu.errors import HostUnsuitable, InputRefused, StoreDamaged
from warifu.host.hardening.carrying_out import CarryingOut, Outcome, alone
from warifu.host.hardening.changes import Act, Change, CopyTree, Symlink, Verify, Write
from warifu.host.hardening.hand import Hand
from warifu.host.hardening.manifest import PLACE, Manifest
from warifu.host.hardening.plan import PlannedStep, Standing, chosen, make_plan
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target
from warifu.host.hardening.trees import digest_of

pytestmark = [pytest.mark.unit, pytest.mark.slow]

RELOAD = ("systemctl", "daemon-reload")


def step(*changes: Change, name: str = "one") -> Step:
    return Step(
        name=name,
        title="",
        reason="",
        may_break="",
        undo="",
        source="",
        want=lambda _target, _wishes: Wanted(changes),
    )


def plan(target: Target, *steps: Step, hand: Hand | None = None) -> tuple[PlannedStep, ...]:
    return make_plan(steps, target, Manifest(target, hand or Hand()), Wishes())


def apply(target: Target, *steps: Step, hand: Hand | None = None) -> list[Outcome]:
    hand = hand or Hand()
    manifest = Manifest(target, hand)
    return CarryingOut(target, manifest, hand).apply(make_plan(steps, target, manifest, Wishes()))


def undo(target: Target, hand: Hand | None = None) -> list[Outcome]:
    hand = hand or Hand()
    return CarryingOut(target, Manifest(target, hand), hand).undo()


def troubles(outcomes: list[Outcome]) -> list[str]:
    return [outcome.what for outcome in outcomes if outcome.trouble]


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return debian(tmp_path / "root", {"/etc/there": "as it was\n", "/etc/deep/other": "x"})


WRITES = step(
    Write("/etc/new/folder/file.conf", b"new\n"),
    Write("/etc/there", b"changed\n", 0o600),
    Symlink("/etc/systemd/system/x.service", "/dev/null"),
)


def test_done_then_nothing_to_do_then_exactly_as_before(target):
    (target.root / "etc/there").chmod(0o640)
    before = everything(target.root)
    assert [planned.standing for planned in plan(target, WRITES)] == [Standing.TO_DO]
    assert everything(target.root) == before  # a plan changes nothing
    assert not troubles(apply(target, WRITES))
    assert (target.root / "etc/there").read_bytes() == b"changed\n"
    assert [planned.standing for planned in plan(target, WRITES)] == [Standing.DONE]
    hardened = everything(target.root)
    assert apply(target, WRITES) == []
    assert everything(target.root) == hardened
    assert not troubles(undo(target))
    assert everything(target.root) == before
    assert undo(target) == []


def test_what_was_there_already_is_not_ours_to_remove(target):
    before = everything(target.root)
    same = step(Write("/etc/there", b"as it was\n", 0o644))
    (target.root / "etc/there").chmod(0o644)
    assert apply(target, same) == [] and undo(target) == []
    assert everything(target.root) == before


def test_a_link_in_the_place_of_a_file_comes_back_as_a_link(target):
    (target.root / "etc/there").unlink()
    (target.root / "etc/there").symlink_to("deep/other")
    before = everything(target.root)
    apply(target, WRITES)
    assert (target.root / "etc/deep/other").read_bytes() == b"x"  # what it led to was not written
    undo(target)
    assert everything(target.root) == before


def test_with_other_wishes_it_is_written_anew_and_undo_leads_to_the_very_beginning(target):
    before = everything(target.root)
    for content in (b"first", b"second", b"third"):
        assert not troubles(apply(target, step(Write("/etc/there", content))))
    assert (target.root / "etc/there").read_bytes() == b"third"
    undo(target)
    assert everything(target.root) == before


def test_what_somebody_else_changed_since_is_neither_overwritten_nor_forgotten(target):
    apply(target, WRITES)
    (target.root / "etc/there").write_text("somebody else's")
    (planned,) = plan(target, WRITES)
    assert planned.standing is Standing.CHANGED_SINCE
    assert troubles(apply(target, WRITES)) == ["/etc/there"]
    assert troubles(undo(target)) == ["/etc/there"]
    assert (target.root / "etc/there").read_text() == "somebody else's"
    assert not (target.root / "etc/new").exists()  # the rest was taken back
    (target.root / "etc/there").unlink()  # moved away: now it can be restored without overwriting anything
    assert not troubles(undo(target))
    assert (target.root / "etc/there").read_text() == "as it was\n"
    assert not target.exists(PLACE)


@pytest.mark.parametrize("obstacle", ["folder", "fifo"])
def test_a_directory_or_device_is_never_replaced(target, obstacle):
    place = target.root / "etc/new"
    place.mkdir() if obstacle == "folder" else os.mkfifo(place)
    before = everything(target.root)
    assert troubles(apply(target, step(Write("/etc/new", b"x")))) == ["/etc/new"]
    assert everything(target.root) == before


def test_a_directory_that_somebody_removed_is_reported_until_it_is_there_again(target):
    before = everything(target.root)
    apply(target, step(Write("/etc/deep/other", b"changed")))
    (target.root / "etc/deep/other").unlink()
    (target.root / "etc/deep").rmdir()
    assert troubles(undo(target)) == ["/etc/deep/other"]
    (target.root / "etc/deep").mkdir()
    assert not troubles(undo(target))
    assert everything(target.root) == before


def test_a_folder_that_others_use_meanwhile_stays(target):
    apply(target, WRITES)
    (target.root / "etc/new/folder/theirs").write_text("theirs")
    assert not troubles(undo(target))
    assert (target.root / "etc/new/folder/theirs").read_text() == "theirs"
    assert not (target.root / "etc/new/folder/file.conf").exists()


def test_another_program_in_our_place_of_records_is_left_alone(target):
    (target.root / "var/lib/warifu").mkdir()
    (target.root / "var/lib/warifu/wallet").write_text("x")
    before = everything(target.root)
    apply(target, WRITES)
    undo(target)
    assert everything(target.root) == before


def test_the_record_is_closed_to_others_and_holds_what_was_there(target):
    apply(target, WRITES)
    folder = target.place(PLACE)
    assert folder.stat().st_mode & 0o077 == 0
    assert b"as it was\n" in [place.read_bytes() for place in folder.iterdir()]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"version":2,"made_parent":true,"entries":[]}', b"\xff"])
def test_a_damaged_record_is_reported_and_nothing_is_touched(target, damage):
    apply(target, WRITES)
    (target.place(PLACE) / "manifest.json").write_bytes(damage)
    before = everything(target.root)
    for act in (lambda: undo(target), lambda: apply(target, WRITES)):
        with pytest.raises(StoreDamaged):
            act()
    assert everything(target.root) == before


def test_an_earlier_content_that_was_altered_is_not_restored(target):
    apply(target, WRITES)
    for place in target.place(PLACE).iterdir():
        if place.name != "manifest.json":
            place.write_bytes(b"forged")
    with pytest.raises(StoreDamaged):
        undo(target)
    assert (target.root / "etc/there").read_bytes() == b"changed\n"


# --- images ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aim", ["{outside}", "../../../../../../../..{outside}"])
def test_links_in_an_image_never_lead_out_of_it(tmp_path, aim):
    outside = tmp_path / "host"
    outside.mkdir()
    target = debian(tmp_path / "root")
    (target.root / "etc/sysctl.d").symlink_to(aim.format(outside=outside))
    before = everything(target.root)
    assert troubles(apply(target, step(Write("/etc/sysctl.d/x.conf", b"x")))) == ["/etc/sysctl.d/x.conf"]
    assert list(outside.iterdir()) == []
    assert everything(target.root) == before
    (target.root / str(outside).lstrip("/")).mkdir(parents=True)  # now it leads somewhere, inside
    assert not troubles(apply(target, step(Write("/etc/sysctl.d/x.conf", b"x"))))
    assert list(outside.iterdir()) == []
    assert (target.root / str(outside).lstrip("/") / "x.conf").read_bytes() == b"x"


def test_links_inside_an_image_are_followed(tmp_path):
    target = debian(tmp_path / "root", {"/usr/lib/x": ""})
    (target.root / "lib").symlink_to("usr/lib")
    apply(target, step(Write("/lib/y", b"y")))
    assert (target.root / "usr/lib/y").read_bytes() == b"y"


def test_a_circle_of_links_is_refused(tmp_path):
    target = debian(tmp_path / "root")
    (target.root / "etc/a").symlink_to("b")
    (target.root / "etc/b").symlink_to("a")
    with pytest.raises(HostUnsuitable):
        apply(target, step(Write("/etc/a/x", b"")))


# --- commands -------------------------------------------------------------------------------------------------------

UNIT = step(
    Act((), RELOAD, ""),
    Write("/etc/systemd/system/x.service", b"[Service]\n"),
    Act(RELOAD, (), ""),
    Act(("systemctl", "restart", "x"), ("systemctl", "stop", "x"), ""),
)


def test_commands_follow_their_files_and_are_taken_back_before_them(tmp_path):
    target, hand = debian(tmp_path, live=True), RecordingHand()
    before = everything(tmp_path)
    apply(target, UNIT, hand=hand)
    assert hand.commands == [RELOAD, ("systemctl", "restart", "x")]
    assert apply(target, UNIT, hand=hand) == []
    hand.commands.clear()
    undo(target, hand)
    assert hand.commands == [("systemctl", "stop", "x"), RELOAD]
    assert everything(tmp_path) == before


def test_an_image_gets_files_and_no_commands(tmp_path):
    target, hand = debian(tmp_path), RecordingHand()
    apply(target, UNIT, hand=hand)
    undo(target, hand)
    assert hand.commands == []


def test_a_command_that_fails_stops_its_step_and_is_tried_again(tmp_path):
    target = debian(tmp_path, live=True)
    failing = RecordingHand(answers={RELOAD: "no"})
    assert troubles(apply(target, UNIT, hand=failing)) == ["systemctl daemon-reload"]
    assert failing.commands == [RELOAD]
    (planned,) = plan(target, UNIT)
    assert planned.standing is Standing.TO_DO
    hand = RecordingHand()
    assert not troubles(apply(target, UNIT, hand=hand))
    assert hand.commands == [RELOAD, ("systemctl", "restart", "x")]


def test_new_content_has_its_commands_run_again(tmp_path):
    target, hand = debian(tmp_path, live=True), RecordingHand()
    load = Act(("load",), ("unload",), "")
    apply(target, step(Write("/etc/x", b"1"), load), hand=hand)
    apply(target, step(Write("/etc/x", b"2"), load), hand=hand)
    assert hand.commands == [("load",), ("load",)]


def test_what_a_checker_refuses_is_not_installed(tmp_path):
    target = debian(tmp_path, live=True)
    before = everything(tmp_path)
    check = Verify(("nft", "--check"), b"nonsense")
    hand = RecordingHand(answers={check.command: "syntax error"})
    outcomes = apply(target, step(check, Write("/etc/x", b"nonsense")), hand=hand)
    assert [(outcome.what, outcome.trouble) for outcome in outcomes] == [("nft --check", "syntax error")]
    assert everything(tmp_path) == before


def test_no_program_of_an_image_is_run_not_even_to_check(tmp_path):
    """It may come from anywhere, and ``chroot`` holds no root."""
    hand = RecordingHand()
    apply(debian(tmp_path), step(Verify(("nft", "--check"), b"rules"), Write("/etc/x", b"rules")), hand=hand)
    assert hand.commands == [("nft", "--check")]


# --- source trees ---------------------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "source"
    (place / "src").mkdir(parents=True)
    (place / "Makefile").write_text("all:\n")
    (place / "src/main.c").write_text("int x;\n")
    (place / "configure").write_text("#!/bin/sh\n")
    (place / "configure").chmod(0o755)
    (place / ".git").mkdir()
    (place / ".git/HEAD").write_text("x")
    return place


def test_a_source_tree_is_copied_without_its_history_and_removed_again(target, source):
    before = everything(target.root)
    copy = step(CopyTree("/usr/src/lkrg-1", source, digest_of(source)))
    assert not troubles(apply(target, copy))
    assert (target.root / "usr/src/lkrg-1/src/main.c").read_text() == "int x;\n"
    assert not (target.root / "usr/src/lkrg-1/.git").exists()
    assert plan(target, copy)[0].standing is Standing.DONE
    undo(target)
    assert everything(target.root) == before


def test_a_source_that_changed_after_it_was_confirmed_is_not_installed(target, source):
    confirmed = digest_of(source)
    (source / "src/main.c").write_text("int evil;\n")
    assert troubles(apply(target, step(CopyTree("/usr/src/lkrg-1", source, confirmed)))) == [
        "/usr/src/lkrg-1"
    ]
    assert not (target.root / "usr/src/lkrg-1").exists()


def test_a_copied_tree_that_somebody_changed_stays(target, source):
    apply(target, step(CopyTree("/usr/src/lkrg-1", source, digest_of(source))))
    (target.root / "usr/src/lkrg-1/mine").write_text("x")
    assert troubles(undo(target)) == ["/usr/src/lkrg-1"]
    assert (target.root / "usr/src/lkrg-1/mine").exists()


def _other_content(place: Path) -> None:
    (place / "src/main.c").write_text("int y;\n")


def _other_name(place: Path) -> None:
    (place / "src/main.c").rename(place / "src/Main.c")


def _boundary(place: Path) -> None:
    (place / "src/main.c").rename(place / "srcmain.c")


def _no_program(place: Path) -> None:
    (place / "configure").chmod(0o644)


def _empty_folder(place: Path) -> None:
    (place / "empty").mkdir()


def _link(place: Path) -> None:
    (place / "Makefile").unlink()
    (place / "Makefile").symlink_to("src/main.c")


@pytest.mark.parametrize(
    "change",
    [_other_content, _other_name, _boundary, _no_program, _empty_folder, _link],
    ids=lambda f: f.__name__,
)
def test_every_difference_that_a_compiler_could_see_changes_the_digest(
    source, change: Callable[[Path], None]
):
    before = digest_of(source)
    change(source)
    assert digest_of(source) != before


def test_times_owners_and_history_do_not_change_the_digest(source):
    before = digest_of(source)
    os.utime(source / "Makefile", (1, 1))
    (source / "Makefile").chmod(0o600)
    (source / ".git/HEAD").write_text("y")
    assert digest_of(source) == before


def test_a_device_is_no_source(source):
    os.mkfifo(source / "fifo")
    with pytest.raises(InputRefused):
        digest_of(source)


# --- crashes --------------------------------------------------------------------------------------------------------


def killed(work: Callable[[Hand], object], at: int) -> bool:
    """Do ``work`` in a child that dies, with no chance to tidy up, before its touch number ``at``. Whether it died."""
    child = os.fork()
    if child == 0:
        touches = iter(range(at))

        def die_in_time() -> None:
            if next(touches, None) is None:
                os._exit(137)

        try:
            work(RecordingHand(before=die_in_time))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137


@pytest.fixture
def crashing(tmp_path: Path, source: Path):
    """(make a fresh tree, the steps that are made on it)"""
    steps = (
        step(
            Act((), RELOAD, ""),
            Write("/etc/there", b"changed\n", 0o600),
            Write("/etc/deep/er/new", b"new\n"),
            Symlink("/etc/x", "/dev/null"),
            Act(RELOAD, (), ""),
        ),
        step(
            CopyTree("/usr/src/lkrg-1", source, digest_of(source)),
            Write("/etc/deep/er/two", b"2"),
            name="two",
        ),
    )
    numbers = iter(range(10_000))
    return lambda: debian(tmp_path / f"{next(numbers)}", {"/etc/there": "as it was\n"}, live=True), steps


def test_killed_at_any_touch_it_goes_on_to_the_end_and_back_to_the_beginning(crashing):
    fresh, steps = crashing
    target = fresh()
    before = everything(target.root)
    apply(target, *steps, hand=RecordingHand())
    done = {path: entry for path, entry in everything(target.root).items() if "var/lib/warifu" not in path}

    def applied(aim: Target) -> Callable[[Hand], object]:
        return lambda hand: apply(aim, *steps, hand=hand)

    at, died = 0, True
    while died:
        onward, back = fresh(), fresh()
        died = killed(applied(onward), at)
        assert killed(applied(back), at) is died
        assert not troubles(apply(onward, *steps, hand=RecordingHand()))
        there = everything(onward.root)
        assert {path: entry for path, entry in there.items() if "var/lib/warifu" not in path} == done, at
        for each in (onward, back):
            assert not troubles(undo(each, RecordingHand()))
            assert everything(each.root) == before, at
        at += 1
    assert at > 25


def test_killed_at_any_touch_of_undo_both_ways_are_open(crashing):
    fresh, steps = crashing
    before = everything(fresh().root)
    at, died = 0, True
    while died:
        onward, back = fresh(), fresh()
        for each in (onward, back):
            apply(each, *steps, hand=RecordingHand())
        died = killed(partial(undo, back), at)
        killed(partial(undo, onward), at)
        assert not troubles(undo(back, RecordingHand()))
        assert everything(back.root) == before, at
        assert not troubles(apply(onward, *steps, hand=RecordingHand()))
        assert all(planned.standing is Standing.DONE for planned in plan(onward, *steps))
        undo(onward, RecordingHand())
        assert everything(onward.root) == before, at
        at += 1
    assert at > 15


def test_two_runs_at_a_time_are_refused(target):
    with alone(target), pytest.raises(HostUnsuitable) as caught, alone(target):
        pass
    assert caught.value.reason == "busy"


def test_steps_are_chosen_by_name_and_a_wrong_name_is_refused():
    steps = (step(name="one"), step(name="two"), step(name="three"))
    assert [each.name for each in chosen(steps, (), ("two",))] == ["one", "three"]
    assert [each.name for each in chosen(steps, ("two",), ())] == ["two"]
    for only, skip in ((("four",), ()), ((), ("four",))):
        with pytest.raises(InputRefused):
            chosen(steps, only, skip)
