"""What the demo says, and what it found to be true: every claim is a check, and one that fails fails the demo."""

from __future__ import annotations

import time
from typing import Any

from warifu.cli.progress import step_line
from warifu.cli.screen import Screen
from warifu.errors import SessionAborted
from warifu.protocol.api import Event


class Telling:
    """The story for people and the record for scripts."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.checks: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return round(time.monotonic() - self._started, 1)

    def act(self, title: str) -> None:
        """A new part of the story."""
        self.screen.line()
        self.screen.line(f"== {title}", style="bold")

    def say(self, text: str) -> None:
        """One line of it."""
        self.screen.line(f"   {text}")

    def step(self, transfer: str, event: Event) -> None:
        """One of the eight steps, as it happens."""
        self.screen.line(f"   {step_line(event)}", style="cyan")
        self.steps.append(
            {"transfer": transfer, "step": event.step, "device": event.device, "text": event.text}
        )

    def check(self, name: str, true: bool, text: str) -> None:
        """``text`` is shown as true only if it is; otherwise the demo ends here, with ``SessionAborted``."""
        self.checks.append({"name": name, "ok": true, "text": text})
        if not true:
            raise SessionAborted(
                "demo",
                f"a check failed ({name}): {text}",
                not_done="The demo did not go on.",
                remedy="This should not happen: please report it, with the output of 'warifu demo --keep'.",
            )
        self.screen.line(f" + {text}", style="green")
