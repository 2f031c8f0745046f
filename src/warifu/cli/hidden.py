"""A secret that is neither a passphrase nor kept: typed without echo, or over a descriptor that a script opens for it.

Never as an argument or in the environment, where every process of the user (and often every user) can read it.
"""

from __future__ import annotations

import getpass
import sys

from warifu.cli.passphrase import read_descriptor
from warifu.errors import InputRefused
from warifu.signer.isolation.layers.privileges import close_to_others


def hidden_line(prompt: str, descriptor: int | None, *, reason: str, remedy: str) -> str:
    """One line of ASCII without its margins. Raises ``InputRefused``: ``reason`` where nothing usable comes, or
    ``no-terminal`` with ``remedy`` where nobody can be asked."""
    # From here on no other program of this user may read this process, and a crash leaves no core file.
    close_to_others()
    if descriptor is not None:
        text = _read(descriptor)
    elif sys.stdin.isatty():
        text = getpass.getpass(prompt)
    else:
        raise InputRefused("no-terminal", "there is no terminal to type it at", remedy=remedy)
    if not text.strip() or not text.isascii():
        raise InputRefused(reason, "nothing usable was given", not_done="Nothing was changed.")
    return text.strip()


def _read(descriptor: int) -> str:
    line = read_descriptor(descriptor)
    try:
        return line.decode("ascii")
    except UnicodeDecodeError:
        return ""
    finally:
        line[:] = bytes(len(line))
