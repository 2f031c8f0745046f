"""Tables of the owner's TOML, read field by field: what is missing, unknown or of another kind is named with its
place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import MAX_POLICY_BYTES
from warifu.protocol.policy_forms import parse_duration
from warifu.protocol.toml_lines import Path

T = TypeVar("T")
M = TypeVar("M")


class Fault(Exception):
    """What is wrong, and with which field or table."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Table:
    """One table, with where it stands."""

    path: Path
    content: Mapping[str, Any]

    def fault(self, field: str, why: str) -> Fault:
        """That something is wrong with ``field``; with the table as a whole where it is empty."""
        return Fault((*self.path, field) if field else self.path, why)

    def require_fields(self, needed: Sequence[str], optional: Sequence[str]) -> None:
        """Only these fields, and all that are needed."""
        for name in self.content:
            if name not in (*needed, *optional):
                raise self.fault(name, f"unknown field; known are {', '.join((*needed, *optional))}")
        for name in needed:
            if name not in self.content:
                raise self.fault("", f"missing field '{name}'")

    def number(self, field: str, low: int, high: int, default: int | None = None) -> int:
        value = self.content.get(field, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.fault(field, f"it must be a whole number from {low} to {high}")
        return value

    def flag(self, field: str) -> bool:
        """False where it is left out."""
        value = self.content.get(field, False)
        if not isinstance(value, bool):
            raise self.fault(field, "it must be true or false")
        return value

    def text(self, field: str) -> str:
        value = self.content.get(field)
        if not isinstance(value, str):
            raise self.fault(field, "it must be a text in quotes")
        return value

    def texts(self, field: str, what: str, most: int, form: object = str) -> list[str]:
        """Sorted, none twice; empty where it is left out. ``what`` they are, in which ``form``, and the ``most``."""
        value = self.content.get(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(field, f"it must be a list of {what}")
        found = sorted(set(value))
        if len(found) > most:
            raise self.fault(field, f"{len(found)} are more than {most}")
        for item in found:
            try:
                msgspec.convert(item, cast("type[str]", form))
            except msgspec.ValidationError:
                raise self.fault(field, f"{item[:100]!r} does not belong into a list of {what}") from None
        return found

    def seconds(self, field: str, low: int, high: int, default: int) -> int:
        """``"24h"``, in seconds."""
        if field not in self.content:
            return default
        value = self.formed(field, parse_duration)
        if not low <= value <= high:
            raise self.fault(field, f"it must be from {low} to {high} seconds")
        return value

    def formed(self, field: str, parse: Callable[[str], T]) -> T:
        """A text that ``parse`` understands; its ``ValueError`` or ``InputRefused`` becomes a fault of the field."""
        text = self.text(field)
        try:
            return parse(text)
        except (ValueError, InputRefused) as error:
            raise self.fault(field, str(error)) from None

    def table(self, field: str) -> Table:
        """An empty one where it is left out."""
        value = self.content.get(field, {})
        if not isinstance(value, dict):
            raise self.fault(field, f"it must be a table: [{'.'.join((*self.path, field))}]")
        return Table((*self.path, field), value)

    def checked(self, kind: type[M], make: Callable[[], M], field: str = "") -> M:
        """What ``make`` makes, through the door by which it will enter each signer: what they would refuse is refused
        here, with the table or its ``field``."""
        try:
            return decode(kind, encode(make()), MAX_POLICY_BYTES)
        except (ValueError, InputRefused) as error:
            raise self.fault(field, str(error)) from None
