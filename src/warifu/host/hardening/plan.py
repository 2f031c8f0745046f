"""The plan: every step beside what the machine is like now. It only looks; showing it changes nothing."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from warifu.errors import InputRefused
from warifu.host.hardening.changes import Act, Change, CopyTree, FileChange, Symlink, Verify, Write
from warifu.host.hardening.manifest import Manifest
from warifu.host.hardening.states import Absent, Folder, Link, Other, Regular, State, Tree, look
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target
from warifu.host.hardening.trees import digest_of


class Standing(StrEnum):
    """How a change, or a whole step, stands."""

    TO_DO = "to do"
    DONE = "done"
    CHANGED_SINCE = "changed since"
    """Somebody else changed it after this program did, or something is there that is never replaced."""
    INAPPLICABLE = "not applicable"


@dataclass(frozen=True)
class PlannedChange:
    """A change, and how it stands. ``difference``: the lines that go and come, for people."""

    change: Change
    standing: Standing
    difference: str = ""


@dataclass(frozen=True)
class PlannedStep:
    """A step with its changes, in the order in which they are made."""

    step: Step
    wanted: Wanted
    changes: tuple[PlannedChange, ...]

    @property
    def standing(self) -> Standing:
        """The worst of its changes'."""
        if self.wanted.inapplicable:
            return Standing.INAPPLICABLE
        standings = {planned.standing for planned in self.changes}
        for worse in (Standing.CHANGED_SINCE, Standing.TO_DO):
            if worse in standings:
                return worse
        return Standing.DONE


def chosen(steps: Sequence[Step], only: Collection[str], skip: Collection[str]) -> tuple[Step, ...]:
    """The steps that the owner wants. ``InputRefused`` (``step``) for a name that is none."""
    names = [step.name for step in steps]
    for name in (*only, *skip):
        if name not in names:
            raise InputRefused(
                "step",
                f"there is no step {name[:64]!r}",
                not_done="Nothing was changed.",
                remedy=f"The steps are: {', '.join(names)}.",
            )
    return tuple(step for step in steps if (not only or step.name in only) and step.name not in skip)


def make_plan(
    steps: Iterable[Step], target: Target, manifest: Manifest, wishes: Wishes
) -> tuple[PlannedStep, ...]:
    """What each step would change here."""
    return tuple(_planned(step, step.want(target, wishes), target, manifest) for step in steps)


def owner() -> tuple[int, int]:
    """To whom what is written belongs: root, but in a test."""
    return os.geteuid(), os.getegid()


def seen(place: Path, change: FileChange) -> State:
    """What is there; a directory is measured where a source tree is wanted."""
    state = look(place)
    if isinstance(change, CopyTree) and isinstance(state, Folder):
        return Tree(digest_of(place))
    return state


def standing_of(change: FileChange, step: str, target: Target, manifest: Manifest) -> Standing:
    """How a file, link or tree stands. ``step``: only for what two steps might want at one path."""
    state = seen(target.place(change.path), change)
    if state == change.wanted(owner()):
        return Standing.DONE
    entry = manifest.path(change.path)
    if entry is None:
        never = isinstance(state, Folder | Tree | Other)
        return Standing.CHANGED_SINCE if never else Standing.TO_DO
    return Standing.TO_DO if entry.step == step and entry.knows(state) else Standing.CHANGED_SINCE


def _planned(step: Step, wanted: Wanted, target: Target, manifest: Manifest) -> PlannedStep:
    files = {
        change: standing_of(change, step.name, target, manifest)
        for change in wanted.changes
        if isinstance(change, FileChange)
    }
    anew = Standing.TO_DO in files.values()
    planned: list[PlannedChange] = []
    for change in wanted.changes:
        if isinstance(change, Act):
            if target.live:
                planned.append(PlannedChange(change, _act_standing(change, step.name, manifest, anew)))
        elif isinstance(change, Verify):
            planned.append(PlannedChange(change, Standing.TO_DO if anew else Standing.DONE))
        else:
            planned.append(PlannedChange(change, files[change], _difference(change, files[change], target)))
    return PlannedStep(step, wanted, tuple(planned))


def _act_standing(act: Act, step: str, manifest: Manifest, anew: bool) -> Standing:
    entry = manifest.act(step, act.do, act.undo)
    return Standing.DONE if entry is not None and entry.done and not anew else Standing.TO_DO


def _difference(change: FileChange, standing: Standing, target: Target) -> str:
    if standing is Standing.DONE:
        return ""
    before, after = _lines(target, change.path), _wanted_lines(change)
    return "\n".join(difflib.unified_diff(before, after, change.path, change.path, lineterm="", n=1))


def _lines(target: Target, path: str) -> list[str]:
    place = target.place(path)
    state = look(place)
    if isinstance(state, Link):
        return [f"-> {state.target}"]
    if isinstance(state, Regular):
        return place.read_bytes().decode("utf-8", "replace").splitlines()
    return [] if isinstance(state, Absent) else ["(a directory, or no file)"]


def _wanted_lines(change: FileChange) -> list[str]:
    if isinstance(change, Symlink):
        return [f"-> {change.target}"]
    if isinstance(change, Write):
        return change.content.decode("utf-8", "replace").splitlines()
    return [f"(a copy of {change.source}, SHA-256 {change.sha256})"]
