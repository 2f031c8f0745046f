"""``warifu doctor``: what this machine lacks for safe operation."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.base import Command, examples, json_option
from warifu.cli.places import default_device_directory
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import HostUnsuitable
from warifu.host.check import State
from warifu.host.doctor import examine

_MARKS = {State.OK: ("+", "green"), State.MISSING: ("-", "red"), State.UNKNOWN: ("?", "yellow")}


@examples(
    "warifu doctor",
    "warifu doctor --strict",
    "warifu doctor --json | jq '.findings[] | select(.state==\"missing\")'",
)
@click.command("doctor", cls=Command)
@click.option(
    "--device-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where this device keeps its sealed store (default: ~/.local/share/warifu/device).",
)
@click.option("--strict", is_flag=True, help="End with exit code 14 where anything is missing.")
@json_option
def command(device_dir: Path | None, strict: bool, as_json: bool) -> None:
    """Examine this machine: isolation, memory, disks, privileges, clock and hardening.

    Nothing is changed. What cannot be seen from here is shown as unknown, which is not the same as good.
    """
    screen = Screen(as_json)
    report = examine("/", device_dir or default_device_directory())
    screen.line(tr("Kernel: {kernel}", kernel=report.kernel), style="bold")
    for finding in report.findings:
        mark, style = _MARKS[finding.state]
        screen.line(f"{mark} {finding.name:<24} {finding.detail}", style=style)
        if finding.remedy and finding.state is State.MISSING:
            screen.line(f"    {tr('why')}: {finding.reason}", style="dim")
            screen.line(f"    {tr('what to do')}: {finding.remedy}", style="dim")
    counts = {state: sum(finding.state is state for finding in report.findings) for state in State}
    screen.line()
    screen.line(
        tr(
            "{ok} in order, {missing} missing, {unknown} unknown",
            ok=counts[State.OK],
            missing=counts[State.MISSING],
            unknown=counts[State.UNKNOWN],
        ),
        style="bold",
    )
    screen.result(
        {
            "kernel": report.kernel,
            "findings": [
                {
                    "name": finding.name,
                    "state": finding.state.value,
                    "detail": finding.detail,
                    "reason": finding.reason,
                    "source": finding.source,
                    "remedy": finding.remedy,
                }
                for finding in report.findings
            ],
        }
    )
    if strict and counts[State.MISSING]:
        raise HostUnsuitable(
            "missing",
            f"{counts[State.MISSING]} things that safe operation wants are missing",
            not_done="",
            remedy="See the list.",
        )
