"""What the owner sees: lines and tables for people, or one JSON object for scripts.

Much of what is shown comes from the service or from a device, and may be hostile. Control characters (terminal
escape sequences could redraw an amount or an address) and direction marks (which can turn text around) are shown as
``?``, and no markup is interpreted.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from warifu.cli.text import spoken, tr
from warifu.errors import WarifuError

_HANGING = 4


def clean(text: str) -> str:
    """``text`` with everything replaced that could make a terminal show something else than it says."""
    return "".join("?" if unicodedata.category(mark) in ("Cc", "Cf", "Zl", "Zp") else mark for mark in text)


class Screen:
    """Where a command puts what it has to say. With ``json`` everything but the one result is kept quiet."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        # With --json the notes for people (a prompt's explanation) go where they do not disturb the object.
        self.console = Console(markup=False, highlight=False, emoji=False, stderr=json)
        self._errors = Console(markup=False, highlight=False, emoji=False, stderr=True)

    def line(self, text: str = "", style: str = "") -> None:
        """One line for people; where it is wrapped, what follows is indented deeper than its beginning."""
        if not self.json:
            _print_hanging(self.console, clean(text), style)

    def exact(self, text: str) -> None:
        """One line that must stay whole, to be copied: never wrapped."""
        if not self.json:
            click.echo(clean(text))

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A spinner with ``text`` while the context lasts, where somebody looks."""
        if self.json or not self.console.is_terminal:
            yield
            return
        with self.console.status(clean(text), spinner="dots"):
            yield

    def warn(self, text: str) -> None:
        """A warning; on standard error, so that it is seen also where output goes to a file."""
        _print_hanging(self._errors, f"{tr('Warning')}: {clean(text)}", "yellow")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table for people; a column whose name ends with ``>`` is aligned to the right."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            right = column.endswith(">")
            table.add_column(column.rstrip(">"), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        if not self.json:
            self.console.print(table)

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Names and values, one pair a line."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(Text(clean(name)), Text(clean(value)))
        if not self.json:
            self.console.print(table)

    def result(self, value: dict[str, Any]) -> None:
        """The one object of a ``--json`` run; nothing otherwise."""
        if self.json:
            click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())

    def error(self, error: WarifuError) -> None:
        """What happened, what was not done, what to do, who did it where that is known, and the code.

        With ``json`` on one line: a command that prints one object a line (``host watch``) may end with an error, too.
        """
        if self.json:
            click.echo(msgspec.json.encode({"error": error_object(error)}).decode())
            return
        gist, not_done, remedy = _in_the_language(error)
        lines = [
            # Messages come from many machines, in English, with the values of the case; what kind of case it is, is
            # said in the language spoken, above them.
            (tr("Error"), gist, "bold red"),
            ("" if gist else tr("Error"), error.message, "bold red"),
            (tr("Not done"), not_done, ""),
            (tr("What to do"), remedy, ""),
            ("" if remedy else tr("What to do"), error.remedy, ""),
            (tr("At fault"), error.blame or "", ""),
            (tr("Wait"), tr("{seconds} seconds", seconds=error.retry_after) if error.retry_after else "", ""),
            (tr("Code"), f"{error.code} ({error.exit_code})", "dim"),
        ]
        for name, value, style in lines:
            if value:
                _print_hanging(self._errors, f"{name + ': ' if name else '  '}{clean(value)}", style)


def _in_the_language(error: WarifuError) -> tuple[str, str, str]:
    """What happened, what was not done, and what to do, in the language spoken. The first and the last are empty where
    nothing is known but what the error itself says. A code that is not known here is said by its family."""
    if spoken() != "ja":
        return "", error.not_done, ""
    from warifu.cli.errors_ja import japanese, not_done  # only where they are needed: they are long

    said = japanese(error.code)
    if said is not None:
        return said.gist, not_done(error.not_done), said.remedy
    family = " ".join((type(error).__doc__ or "").split())
    return (tr(family) if tr(family) != family else ""), not_done(error.not_done), ""


def _print_hanging(console: Console, text: str, style: str) -> None:
    body = text.lstrip()
    indent = len(text) - len(body)
    lines = Text(body, style=style).wrap(console, max(20, console.width - indent - _HANGING))
    for number, line in enumerate(lines or [Text()]):
        line.rstrip()
        console.print(Text(" " * (indent + (_HANGING if number else 0))) + line, soft_wrap=True)


def error_object(error: WarifuError) -> dict[str, Any]:
    """An error as scripts get it."""
    return {
        "code": error.code,
        "exit_code": error.exit_code,
        "message": error.message,
        "not_done": error.not_done,
        "remedy": error.remedy,
        "blame": error.blame,
        "retry_after": error.retry_after,
    }
