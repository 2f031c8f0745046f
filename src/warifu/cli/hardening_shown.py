"""The plan of the hardening, and what became of it: for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.host.hardening.carrying_out import Outcome
from warifu.host.hardening.changes import Act, FileChange, Symlink, Verify, Write
from warifu.host.hardening.plan import PlannedChange, PlannedStep, Standing

_STYLES = {
    Standing.TO_DO: "yellow",
    Standing.DONE: "green",
    Standing.CHANGED_SINCE: "red",
    Standing.INAPPLICABLE: "dim",
}


def show_plan(screen: Screen, plan: Sequence[PlannedStep]) -> None:
    """Every step; of one that changes something also why, what may break, how it is undone, and each change."""
    for planned in plan:
        step, standing = planned.step, planned.standing
        screen.line(f"{step.name}: {step.title} [{_said(standing)}]", style=_STYLES[standing])
        if standing is Standing.INAPPLICABLE:
            screen.line(f"    {planned.wanted.inapplicable}", style="dim")
        elif standing is not Standing.DONE:
            screen.line(f"    {tr('why')}: {step.reason} ({step.source})")
            screen.line(f"    {tr('may break')}: {step.may_break}")
            screen.line(f"    {tr('undo')}: {step.undo}")
            for note in planned.wanted.notes:
                screen.line(f"    - {note}")
            for change in planned.changes:
                _show_change(screen, change)


def _said(standing: Standing) -> str:
    return {
        Standing.TO_DO: tr("to do"),
        Standing.DONE: tr("done"),
        Standing.CHANGED_SINCE: tr("somebody else changed it since: left alone"),
        Standing.INAPPLICABLE: tr("nothing to do here"),
    }[standing]


def _show_change(screen: Screen, planned: PlannedChange) -> None:
    change = planned.change
    if planned.standing is Standing.DONE:
        return
    if isinstance(change, Act):
        if change.do:
            screen.line(f"    $ {' '.join(change.do)}")
        return
    if isinstance(change, Verify):
        screen.line(f"    $ {' '.join(change.command)}   ({tr('checked first')})")
        return
    mode = f" ({change.mode:04o})" if isinstance(change, Write) else ""
    screen.line(f"    {change.path}{mode} [{_said(planned.standing)}]")
    for line in planned.difference.splitlines()[2:]:
        screen.line(f"      {line}", style={"+": "green", "-": "red"}.get(line[:1], "dim"))


def describe_plan(plan: Sequence[PlannedStep]) -> list[dict[str, Any]]:
    """The plan for scripts."""
    return [
        {
            "name": planned.step.name,
            "title": planned.step.title,
            "state": planned.standing.value,
            "reason": planned.step.reason,
            "may_break": planned.step.may_break,
            "undo": planned.step.undo,
            "source": planned.step.source,
            "notes": [*planned.wanted.notes, *filter(None, [planned.wanted.inapplicable])],
            "changes": [_describe_change(change) for change in planned.changes],
        }
        for planned in plan
    ]


def _describe_change(planned: PlannedChange) -> dict[str, Any]:
    change = planned.change
    if isinstance(change, Act):
        said: dict[str, Any] = {"command": list(change.do), "undo": list(change.undo)}
    elif isinstance(change, Verify):
        said = {"checked_by": list(change.command)}
    else:
        said = {"path": change.path, "difference": planned.difference, **_details(change)}
    return {"state": planned.standing.value, **said}


def _details(change: FileChange) -> dict[str, Any]:
    if isinstance(change, Write):
        return {"kind": "file", "mode": f"{change.mode:04o}"}
    if isinstance(change, Symlink):
        return {"kind": "link", "target": change.target}
    return {"kind": "tree", "sha256": change.sha256}


def show_outcomes(screen: Screen, outcomes: Sequence[Outcome]) -> None:
    """A line for each change that was made or could not be."""
    for outcome in outcomes:
        mark, style = ("-", "red") if outcome.trouble else ("+", "green")
        screen.line(f"{mark} {outcome.step}: {outcome.what}", style=style)
        if outcome.trouble:
            screen.line(f"    {outcome.trouble}", style="red")


def describe_outcomes(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """What became of each change, for scripts; ``trouble`` is empty where it went well."""
    return [{"step": each.step, "what": each.what, "trouble": each.trouble} for each in outcomes]
