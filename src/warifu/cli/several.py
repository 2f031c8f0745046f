"""Options that take one or several values after their name, as ``--endorsements a.pem b.pem``.

click knows repeated options only. Both ways of writing mean the same here, and an argument may stand behind the values:
the last of them is it, where there is no other.
"""

from __future__ import annotations

from collections.abc import Collection

import click

from warifu.cli.base import Command


class SeveralValues(Command):
    """A command whose repeatable options may be given several values at once."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's hook: what the user typed, before it is parsed."""
        options = [each for each in self.params if isinstance(each, click.Option)]
        many = {name for each in options if each.multiple for name in each.opts}
        single = {name for each in options if not each.multiple and not each.is_flag for name in each.opts}
        return super().parse_args(ctx, spread(args, many, single))


def spread(arguments: list[str], many: Collection[str], single: Collection[str]) -> list[str]:
    """``arguments`` with the name of the option before each of several values.

    ``many``: names of options that take several values; ``single``: of those that take one.
    """
    waiting, spread_out = list(arguments), list[str]()
    has_argument, last_value = False, -1
    while waiting:
        name = waiting.pop(0)
        spread_out.append(name)
        if name == "--":
            has_argument, waiting = True, _moved(waiting, spread_out, len(waiting))
        elif name in single:
            waiting = _moved(waiting, spread_out, 1)
        elif name in many:
            waiting = _moved(waiting, spread_out, 1)
            while waiting and not _is_option(waiting[0]):
                last_value = len(spread_out)
                spread_out += [name, waiting.pop(0)]
        else:
            has_argument = has_argument or not _is_option(name)
    if not has_argument and last_value >= 0:
        del spread_out[last_value]
    return spread_out


def _moved(waiting: list[str], spread_out: list[str], count: int) -> list[str]:
    spread_out += waiting[:count]
    return waiting[count:]


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"
