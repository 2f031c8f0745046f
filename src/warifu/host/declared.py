"""What the owner declares about the machine, because no program can see it: ``/etc/warifu/host.toml``.

    [declared]
    ako = "AKO 2.1 in kernel 5.15.0-ako1"

A declaration is the owner's word and is shown as that; it never becomes *ok*. A file that any user may write is
nobody's word, and a file with anything else in it is refused as a whole.
"""

from __future__ import annotations

import tomllib

from warifu.host.machine import CannotTell, Machine

PATH = "/etc/warifu/host.toml"
DECLARABLE = ("ako",)
_MAX_BYTES = 4096
_MAX_CHARACTERS = 120


def declaration(machine: Machine, name: str) -> str | None:
    """What is declared about ``name``; None where nothing is. ``CannotTell`` where the file is not to be believed."""
    text = machine.read(PATH, _MAX_BYTES)
    if text is None:
        return None
    if machine.writable_by_all(PATH):
        raise CannotTell(f"{PATH} is not believed: any user may write it")
    return _parse(text).get(name)


def _parse(text: str) -> dict[str, str]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise CannotTell(f"{PATH} is not TOML") from None
    table = document.get("declared")
    if set(document) != {"declared"} or not isinstance(table, dict) or not set(table) <= set(DECLARABLE):
        raise CannotTell(f"{PATH} must hold one table [declared] with no names but: {', '.join(DECLARABLE)}")
    if not all(_is_statement(value) for value in table.values()):
        raise CannotTell(f"{PATH}: a declaration is one line of 1 to {_MAX_CHARACTERS} printable characters")
    return table


def _is_statement(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_CHARACTERS and value.isprintable()
