"""What an owner states about who is paid, where the law has the exchange ask (the travel rule).

It is kept as one JSON text and put into each request in the exchange's own form. It names people: no error repeats a
value of it.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from warifu.depth import is_deep
from warifu.errors import InputRefused

MOST_CHARACTERS = 1800
"""Of the text: in a query it is one field, percent-encoded."""
_MOST_FIELDS = 40

T = TypeVar("T", bound=msgspec.Struct)


def read_as(kind: type[T], text: str) -> T:
    """The text as this exchange's form, every field known. ``InputRefused`` (``travel-rule``)."""
    fields = _object(text)
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise _unusable(_where(str(error))) from None


def as_text(form: msgspec.Struct) -> str:
    """What is said in an exchange's form, as :func:`read_as` takes it."""
    return msgspec.json.encode(_said(msgspec.to_builtins(form))).decode()


def read_answers(text: str) -> dict[str, str | int]:
    """The text as answers to questions, by name: words, whole numbers, yes and no. ``InputRefused``
    (``travel-rule``)."""
    fields = _object(text)
    if not all(isinstance(value, str | int) for value in fields.values()):
        raise _unusable("an answer is words, a whole number, true or false")
    return fields


def names_in(text: str) -> tuple[str, ...]:
    """Of the fields that are said, ascending; of those inside of others, after a dot."""
    return tuple(sorted(_names(_object(text))))


def _said(value: Any) -> Any:  # noqa: ANN401  # a tree of JSON's types
    """Without what is left out."""
    if isinstance(value, dict):
        return {name: _said(each) for name, each in value.items() if each is not None}
    return value


def _names(fields: dict[str, Any], before: str = "") -> list[str]:
    found: list[str] = []
    for name, value in fields.items():
        found += _names(value, f"{before}{name}.") if isinstance(value, dict) else [f"{before}{name}"]
    return found


def _object(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS or is_deep(text.encode(), 3):
        raise _unusable(f"it has more than {MOST_CHARACTERS} characters, or is nested too deeply")
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise _unusable("it is no JSON object") from None
    if not 0 < len(found) <= _MOST_FIELDS or not all(
        name.isascii() and name.isprintable() and len(name) <= 64 for name in found
    ):
        raise _unusable(f"it has from 1 to {_MOST_FIELDS} fields with short names")
    return found


def _where(error: str) -> str:
    """Of which field a reader complains, without the value that it quotes."""
    unknown, place = (
        re.search(r"(?:unknown|required) field `([^`]*)`", error),
        re.search(r"at `([^`]*)`", error),
    )
    found = unknown or place
    return (
        "a field is not of its form"
        if found is None
        else f"{found[1][:80]} is not of its form, or is no field"
    )


def _unusable(why: str) -> InputRefused:
    return InputRefused(
        "travel-rule",
        f"the travel-rule data cannot be used: {why}",
        remedy="See what your exchange asks for (docs/exchanges.md, 'The travel rule').",
    )
