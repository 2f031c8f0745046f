"""``warifu``: the command line. Every command is a thin verb; what it does lives in the modules beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from warifu import __version__
from warifu.cli.base import Group, translate
from warifu.cli.commands import COMMANDS
from warifu.cli.context import Setting
from warifu.cli.profile import default_home
from warifu.cli.screen import Screen
from warifu.cli.stopping import Stopped
from warifu.cli.text import LANGUAGES, language_of, speak, tr
from warifu.errors import HostUnsuitable, InputRefused, WarifuError
from warifu.signer.isolation.layers.privileges import close_to_others

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it (128 + SIGINT)."""


class Root(Group):
    """The root command. Called as a program, it turns every error into words or JSON and a stable exit code."""

    def __call__(self, *args: object, **extra: object) -> object:
        """The entry point ``warifu``."""
        assert not args, "the entry point is called without arguments"
        assert not extra, "the entry point is called without arguments"
        close_to_others()  # whatever a command reads or is told, no other program of this user reads it here
        arguments = sys.argv[1:]
        speak(_language(arguments))
        translate(self)
        sys.exit(run(self, arguments, Screen("--json" in arguments)))


def run(root: click.Command, arguments: list[str], screen: Screen) -> int:
    """Run a command; every error becomes words (or JSON) on ``screen``, and the exit code that is returned."""
    try:
        result = root.main(arguments, prog_name="warifu", standalone_mode=False)
    except WarifuError as error:
        screen.error(error)
        return error.exit_code
    except click.UsageError as error:
        return _usage(error, screen)
    except click.ClickException as error:
        screen.error(InputRefused("usage", error.format_message()))
        return InputRefused.exit_code
    except (click.Abort, KeyboardInterrupt, Stopped):
        screen.warn(tr("Stopped."))
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain about it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        screen.error(_of_the_system(error))
        return HostUnsuitable.exit_code
    return result if isinstance(result, int) else 0


def _of_the_system(error: OSError) -> HostUnsuitable:
    where = f": {error.filename}" if error.filename else ""
    return HostUnsuitable(
        "system",
        f"the operating system refused something that is needed: {error.strerror or type(error).__name__}{where}",
        not_done="The command did not end as it should; look at the state before you repeat it.",
        remedy="See 'warifu doctor', and whether the disk is full.",
    )


def _usage(error: click.UsageError, screen: Screen) -> int:
    if screen.json:
        screen.error(InputRefused("usage", error.format_message(), remedy="See --help."))
    else:
        error.show()
    return InputRefused.exit_code


def _language(arguments: list[str]) -> str:
    """Asked before click parses, because the help itself is translated."""
    for position, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--lang=") else ""
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value in LANGUAGES:
            return value
    return language_of(os.environ)


@click.group(
    cls=Root,
    commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The owner's profile (default: WARIFU_HOME, or ~/.config/warifu).",
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the output (default: from LANG).")
@click.option(
    "--pin-fd",
    type=click.IntRange(0, 1024),
    metavar="N",
    help="Read the PIN of this client from this open file descriptor instead of the terminal.",
)
@click.version_option(__version__, prog_name="warifu")
@click.pass_context
def main(context: click.Context, home: Path | None, lang: str | None, pin_fd: int | None) -> None:
    """A warm wallet whose key is born in pieces and signs only when the pieces meet."""
    _ = lang  # read before click parses: see Root.main
    context.obj = Setting((home or default_home()).absolute(), pin_fd)
