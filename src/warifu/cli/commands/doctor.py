"""``warifu doctor``: what this machine lacks for safe operation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from warifu.cli.base import Command, examples, json_option
from warifu.cli.layers_shown import show_layers
from warifu.cli.places import default_device_directory
from warifu.cli.platforms_shown import show_platforms
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import HostUnsuitable
from warifu.host.check import Finding, State
from warifu.host.doctor import GROUPS, HostReport, examine
from warifu.host.kept import keep as keep_report

_MARKS = {
    State.OK: ("+", "green"),
    State.MISSING: ("-", "red"),
    State.UNKNOWN: ("?", "yellow"),
    State.DECLARED: ("!", "yellow"),
}
_NAME_WIDTH = 24
_WITHOUT_REMEDIES = {"settings", "kernel"}
"""Their lines say by themselves what is wanted; one line tells how to set them all."""


@examples(
    "warifu doctor",
    "warifu doctor --all",
    "warifu doctor --strict",
    "warifu doctor --json | jq '.findings[] | select(.state==\"missing\")'",
)
@click.command("doctor", cls=Command)
@click.option(
    "--device-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where this device keeps its sealed store (default: ~/.local/share/warifu/device).",
)
@click.option("--all", "show_all", is_flag=True, help="Show every check, with its reason and what to do.")
@click.option("--checker", is_flag=True, help="Also run kernel-hardening-checker, where it is installed.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the report to this file, for devices whose agent sees less (see docs/host.md).",
)
@click.option("--strict", is_flag=True, help="End with exit code 14 where anything is missing.")
@json_option
def command(
    device_dir: Path | None, show_all: bool, checker: bool, keep: Path | None, strict: bool, as_json: bool
) -> None:
    """Examine this machine: guards of the kernel, isolation, memory, start, processor, updates and settings.

    The layers of a signer's isolation are tried out in a short-lived process. Nothing is changed. What cannot be seen
    from here is shown as unknown, which is not the same as good.
    """
    screen = Screen(as_json)
    directory = device_dir or default_device_directory()
    report = examine("/", directory, checker=checker)
    if keep is not None:
        keep_report(report, keep)
    _show_summary(screen, report)
    for group in GROUPS:
        found = [finding for finding in report.findings if finding.group == group.name]
        _show_group(screen, group.name, found, show_all)
    platforms = show_platforms(screen)
    layers = (
        show_layers(screen, directory) if keep is None else []
    )  # a service that keeps a look shuts nobody in
    if not show_all:
        screen.line()
        screen.line(tr("Every check with its reason and remedy: warifu doctor --all"), style="dim")
    screen.result(
        {
            **msgspec.to_builtins(report),
            "counts": {str(state): report.count(state) for state in State},
            "layers": layers,
            "platforms": platforms,
        }
    )
    if strict and report.count(State.MISSING):
        raise HostUnsuitable(
            "missing",
            f"{report.count(State.MISSING)} things that safe operation wants are missing",
            not_done="",
            remedy="See the list.",
        )


def _show_summary(screen: Screen, report: HostReport) -> None:
    screen.line(tr("Kernel: {kernel}", kernel=report.kernel), style="bold")
    counts = {state: report.count(state) for state in State}
    screen.line(
        tr(
            "{ok} in order, {missing} missing, {unknown} unknown",
            ok=counts[State.OK],
            missing=counts[State.MISSING],
            unknown=counts[State.UNKNOWN] + counts[State.DECLARED],
        ),
        style="bold",
    )
    screen.line(tr("Score: {score} of 100 (for information only)", score=report.score))


def _show_group(screen: Screen, name: str, findings: Sequence[Finding], show_all: bool) -> None:
    shown = [finding for finding in findings if show_all or _is_gap(finding)]
    fine = [finding.name for finding in findings if finding.state is State.OK]
    screen.line()
    screen.line(_titles()[name], style="bold")
    for finding in shown:
        _show_finding(screen, finding, full=show_all, remedy=name not in _WITHOUT_REMEDIES)
    if not show_all and fine:
        screen.line(f"  + {tr('in order')}: {', '.join(fine)}", style="green")


def _is_gap(finding: Finding) -> bool:
    """What somebody might do something about. Guards beside the one that counts are only shown with --all."""
    return finding.state is not State.OK and bool(finding.weight)


def _show_finding(screen: Screen, finding: Finding, *, full: bool, remedy: bool) -> None:
    mark, style = _MARKS[finding.state]
    screen.line(f"  {mark} {finding.name:<{_NAME_WIDTH}} {finding.detail}", style=style)
    if full:
        screen.line(f"      {tr('why')}: {finding.reason}", style="dim")
    if finding.remedy and (full or (remedy and finding.state is State.MISSING)):
        screen.line(f"      {tr('what to do')}: {finding.remedy}", style="dim")


def _titles() -> dict[str, str]:
    return {
        "guard": tr("Guard of the kernel"),
        "isolation": tr("Isolation of the signer"),
        "memory": tr("Memory and disk"),
        "boot": tr("Start and modules"),
        "processor": tr("Processor"),
        "upkeep": tr("Clock and updates"),
        "privileges": tr("What ordinary programs may do"),
        "settings": tr("Kernel settings (sysctl)"),
        "kernel": tr("Kernel command line and build"),
    }
