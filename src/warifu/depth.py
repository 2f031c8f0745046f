"""How deeply JSON is nested, told before it is decoded.

A decoder goes down by recursion, as far as Python's limit lets it. A library may have raised that limit beyond what the
stack holds (py_ecc: 100,000 levels), and then a text of brackets alone ends the whole process.
"""

from __future__ import annotations

import re

MAX_DEPTH = 64
"""Lists and objects within each other: nothing that is spoken here has more than a dozen."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_deep(text: bytes, limit: int = MAX_DEPTH) -> bool:
    """Whether more than ``limit`` arrays and objects are open at once in ``text``, or more than ``limit`` do not pair,
    and it is no JSON."""
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", text).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(limit):
        before, brackets = len(brackets), brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    return bool(brackets)
