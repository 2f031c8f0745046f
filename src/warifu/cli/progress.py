"""The eight steps of a transfer on the screen, as they happen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.cells import cell_len
from rich.status import Status

from warifu.cli.screen import Screen, clean
from warifu.cli.text import tr
from warifu.protocol.api import Event

STEPS = (
    "Request",
    "Authorization",
    "Judgement",
    "Signature",
    "Broadcast",
    "Network",
    "Confirmation",
    "Result",
)
"""DESIGN's eight steps in a word each; ``tr`` has them in other languages."""
_NAME_CELLS = 14


def step_line(event: Event) -> str:
    """One event in one line: the step's number and name, the device where it is one's, and what happened."""
    who = f"{event.device}: " if event.device else ""
    if not 1 <= event.step <= len(STEPS):
        return f"{who}{event.text}"
    name, number = tr(STEPS[event.step - 1]), event.step
    gap = " " * max(1, _NAME_CELLS - cell_len(name))  # Japanese letters are two cells wide
    return f"{number}  {name}{gap}{who}{event.text}"


@contextlib.contextmanager
def live_steps(screen: Screen) -> Iterator[Callable[[Event], None]]:
    """What shows events while the context lasts; between them a spinner says that it still waits."""
    if screen.json or not screen.console.is_terminal:
        yield lambda event: screen.line(step_line(event))
        return
    with screen.console.status(tr("waiting for the devices"), spinner="dots") as status:

        def show(event: Event) -> None:
            screen.line(step_line(event), style="green" if event.step in (6, 7, 8) else "")
            _say_next(status, event.step)

        yield show


def _say_next(status: Status, step: int) -> None:
    if 1 <= step < len(STEPS):
        status.update(clean(tr("waiting: {step}", step=tr(STEPS[step]))))
