"""What each layer of a signer's isolation gives on this machine, and what it costs: tried out, not looked up."""

from __future__ import annotations

from pathlib import Path

import msgspec

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import HostUnsuitable
from warifu.signer.isolation.layer import IsolationReport, LayerResult, State
from warifu.signer.isolation.trial import try_isolation

_MARKS = {State.ON: ("+", "green"), State.UNAVAILABLE: ("-", "red"), State.REFUSED: ("-", "red")}
_NAME_WIDTH = 24


def show_layers(screen: Screen, device_directory: Path) -> list[dict[str, object]]:
    """Shut a trial process in, as a signer whose store lies in ``device_directory``, and show how that went.

    The same as builtins, for JSON; empty where the trial did not come through, which is shown.
    """
    screen.line()
    screen.line(tr("Layers of the signer's isolation, tried just now"), style="bold")
    folder = device_directory if device_directory.is_dir() else None
    try:
        report = try_isolation(folder)
    except (HostUnsuitable, OSError) as error:
        screen.line(f"  - {error}", style="red")
        return []
    for result in report.layers:
        _show_layer(screen, result)
    screen.line(
        tr(
            "{on} of {count} on; they cost {total:.0f} ms, once, when the signer starts",
            on=len(report.layers) - len(report.missing),
            count=len(report.layers),
            total=_total(report),
        )
    )
    return [msgspec.to_builtins(result) for result in report.layers]


def _show_layer(screen: Screen, result: LayerResult) -> None:
    mark, style = _MARKS[result.state]
    cost = f"{result.milliseconds:7.2f} ms"
    screen.line(f"  {mark} {result.name:<{_NAME_WIDTH}} {cost}  {result.detail}".rstrip(), style=style)
    if result.state is not State.ON:
        screen.line(f"      {tr('why')}: {result.reason}", style="dim")


def _total(report: IsolationReport) -> float:
    return sum(result.milliseconds for result in report.layers)
