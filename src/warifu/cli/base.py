"""click commands with examples, and help in the language of the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import click

from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.protocol.chains import chain_named

C = TypeVar("C", bound=click.Command)
F = TypeVar("F", bound=Callable[..., object])


class Command(click.Command):
    """A command whose help ends with examples that can be copied."""

    examples: tuple[str, ...] = ()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """click's hook for what comes after the options."""
        _write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class Group(click.Group):
    """A group of such commands, listed in the order in which a person meets them."""

    command_class = Command
    examples: tuple[str, ...] = ()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """click's hook for what comes after the options."""
        _write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class CommandsByPlace(MutableMapping[str, click.Command]):
    """The commands of a group by their names, each imported when it is called for; in the order they are listed in."""

    def __init__(self, package: str, places: Mapping[str, str]) -> None:
        """``places``: by a command's name the module below ``package`` and the variable in it, ``module.variable``."""
        self._package = package
        self._places = dict(places)
        self._imported: dict[str, click.Command] = {}
        self._prepare: Callable[[click.Command], None] | None = None

    def prepare(self, how: Callable[[click.Command], None]) -> None:
        """Do ``how`` to every command: now where it is imported, else as soon as it is."""
        self._prepare = how
        for command in self._imported.values():
            how(command)

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._imported:
            module, variable = self._places[name].rsplit(".", 1)
            command = getattr(import_module(f"{self._package}.{module}"), variable)
            assert isinstance(command, click.Command), f"{module}.{variable} is no command"
            assert command.name == name, f"{module}.{variable} is called {command.name}"
            if self._prepare is not None:
                self._prepare(command)
            self._imported[name] = command
        return self._imported[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name] = ""
        self._imported[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._imported.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def examples(*lines: str) -> Callable[[C], C]:
    """Put ``lines`` at the end of a command's help. Outermost decorator."""

    def add(command: C) -> C:
        assert isinstance(command, Command | Group), "only our own commands have examples"
        command.examples = lines
        return command

    return add


def translate(command: click.Command) -> None:
    """Put the help of ``command``, and of all below it (also of what is not imported yet), into the language spoken."""
    if command.help:
        command.help = "\n\n".join(tr(paragraph) for paragraph in help_paragraphs(command.help))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = tr(parameter.help)
    if not isinstance(command, click.Group):
        return
    if isinstance(command.commands, CommandsByPlace):
        command.commands.prepare(translate)
        return
    for child in command.commands.values():
        translate(child)


def help_paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each as one line: the keys under which they are translated."""
    paragraphs = text.replace("\r", "").split("\n\n")
    return [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip()]


def _write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    if not examples:
        return
    with formatter.section(tr("Examples")):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def require_yes(yes: bool, as_json: bool) -> None:
    """A script that asks for one object is shown nothing to say yes to: it says so itself, or nothing is done."""
    if as_json and not yes:
        raise InputRefused(
            "confirmation",
            "with --json there is nobody to ask",
            not_done="Nothing was changed.",
            remedy="Look at it without --json, or add --yes.",
        )


def confirm(yes: bool, question: str) -> None:
    """Unless ``yes`` was said, the owner is asked; ``click.Abort`` where the answer is no."""
    if not yes:
        click.confirm(question, abort=True)


def json_option(function: F) -> F:
    """``--json``: one object on standard output, for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")(
        function
    )


def passphrase_option(function: F) -> F:
    """``--passphrase-fd``: where a script hands the passphrase over."""
    return click.option(
        "--passphrase-fd",
        type=click.IntRange(0, 1024),
        metavar="N",
        help="Read the passphrase from this open file descriptor instead of the terminal.",
    )(function)


def with_option(function: F) -> F:
    """``--with NAME``: which of the owner's credentials says yes."""
    return click.option(
        "--with",
        "credential",
        metavar="NAME",
        help="Say it with this credential of yours (default: this client's key; where the wallet does not obey that, "
        "your only passkey that it obeys).",
    )(function)


def chain_option(function: F) -> F:
    """``--chain``: on which chain; Bitcoin where nothing is said."""

    def named(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
        return chain_named(value)

    return click.option(
        "--chain",
        default="bitcoin",
        show_default=True,
        metavar="CHAIN",
        callback=named,
        help="bitcoin, solana, ethereum, base, arbitrum, optimism, polygon, sepolia, or eip155:CHAIN-ID.",
    )(function)


def yes_option(function: F) -> F:
    """``--yes``: no question."""
    return click.option("--yes", is_flag=True, help="Do not ask for confirmation.")(function)


def out_option(function: F) -> F:
    """``--out FILE``: what other owners must approve."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Where several owners must approve: a new file with what is asked, for you to hand to the others.",
    )(function)


def device_option(text: str) -> Callable[[F], F]:
    """``--device NAME``, repeated; also ``--devices a,b``."""

    def split(
        _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
    ) -> tuple[str, ...]:
        return tuple(name for value in values for name in value.split(",") if name)

    return click.option(
        "--device", "--devices", "devices", multiple=True, metavar="NAME", callback=split, help=text
    )
