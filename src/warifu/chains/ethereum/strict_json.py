"""JSON in which nothing can be read two ways: no duplicate keys, no fractions, no numbers that JavaScript rounds.

Two programs that see one text must see one value; what the owner's browser shows and what a signer hashes would
otherwise differ. Depth and length are bounded.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from warifu.depth import is_deep
from warifu.errors import InputRefused

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_SAFE_INTEGER = (1 << 53) - 1
"""The largest whole number that JavaScript holds exactly."""


def parse_json(data: bytes) -> Any:  # noqa: ANN401  # JSON is of any type until it is looked at
    """The value; ``InputRefused`` (``json-form``, ``too-long``)."""
    if len(data) > MAX_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes of JSON are over the limit of {MAX_BYTES}")
    if is_deep(data, MAX_DEPTH):
        raise refusal(f"it nests deeper than {MAX_DEPTH}")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except InputRefused:
        raise
    except ValueError as error:
        # Its own text would quote what was read; the place is enough.
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise refusal(f"the text ends early or breaks a rule{place}") from None


def refusal(message: str) -> InputRefused:
    """The error for unusable JSON."""
    return InputRefused("json-form", f"not usable JSON: {message}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refusal("a key stands twice in one object")
    return found


def _integer(text: str) -> int:
    value = int(text) if len(text) <= 17 else MAX_SAFE_INTEGER + 1
    if text == "-0" or abs(value) > MAX_SAFE_INTEGER:
        raise refusal(
            f"the number {text[:80]} is not one that every reader holds exactly; write it as a string"
        )
    return value


def _no_fraction(text: str) -> NoReturn:
    raise refusal(f"{text[:40]} is no whole number")
