"""The owner's account at QuickNode, for the length of one command.

Its API key can do all that QuickNode's dashboard can. So it is asked for each time, and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from warifu.chains.rpc.secret import Secret
from warifu.cli.hidden import hidden_line
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused

if TYPE_CHECKING:
    from warifu.chains.quicknode.admin import AdminApi

F = TypeVar("F", bound=Callable[..., object])


def key_option(function: F) -> F:
    """``--key-fd``: where a script hands the account's API key over."""
    return click.option(
        "--key-fd",
        type=click.IntRange(0, 1024),
        metavar="N",
        help="Read the account's API key from this open file descriptor instead of the terminal.",
    )(function)


@contextmanager
def account(key_fd: int | None) -> Iterator[AdminApi]:
    """The admin API with the key that the owner types or hands over."""
    # Its HTTP is part of the service's extra: a machine that only signs has the command line without it.
    from warifu.chains.quicknode.admin import AdminApi

    key = hidden_line(
        tr("API key of the QuickNode account (not shown): "),
        key_fd,
        reason="api-key",
        remedy="Run this at a terminal, or hand the key over with --key-fd.",
    )
    admin = AdminApi(Secret(key))
    try:
        yield admin
    finally:
        admin.close()


def confirm(question: str, yes: bool, screen: Screen) -> None:
    """Return only if the owner says yes, or said so with ``--yes``."""
    if yes:
        return
    if screen.json:
        raise InputRefused(
            "confirmation",
            "a script says --yes for the person that it cannot ask",
            not_done="Nothing was changed.",
        )
    click.confirm(question, abort=True)
