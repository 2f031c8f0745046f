"""On which line of a TOML text a key stands: ``tomllib`` reads strictly, and forgets where."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str, ...]
"""Tables and key, from the outermost in."""

_TOKEN = re.compile(
    r'''
    (?P<long>"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^']|'{1,2}(?!'))*'{3,5})
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    |(?P<comment>\#[^\n]*)
    |(?P<newline>\n)
    |(?P<open>[\[{])
    |(?P<close>[\]}])
    |(?P<equals>=)
    |(?P<word>[^\s"'\#\[\]{}=.,]+)
    ''',
    re.VERBOSE,
)


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key of a valid TOML text; keys of inline tables stand with the table's."""
    lines: dict[Path, int] = {}
    line, depth, in_value = 1, 0, False
    table: Path = ()
    key: list[str] = []
    for found in _TOKEN.finditer(text):
        token = found.group()
        match found.lastgroup:
            case "newline" if depth == 0:
                key, in_value = [], False
            case "open":
                depth += 1
            case "close":
                depth -= 1
                if depth == 0 and not in_value:
                    table, key = tuple(key), []
                    _note(lines, table, line)
            case "equals" if not in_value:
                in_value = True
                _note(lines, (*table, *key), line)
            case "text" | "word" if not in_value:
                key.append(tomllib.loads(f"key = {token}")["key"] if found.lastgroup == "text" else token)
            case _:
                pass
        line += token.count("\n")
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Of the key, or of the innermost table around it that is written; 1 where none is."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)


def _note(lines: dict[Path, int], path: Path, line: int) -> None:
    for end in range(1, len(path) + 1):
        lines.setdefault(path[:end], line)
