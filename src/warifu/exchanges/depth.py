"""How deeply JSON is nested, told before it is decoded.

A decoder goes down by recursion, as far as Python's limit lets it. A library may have raised that limit beyond what the
stack holds, and then an answer of brackets alone ends the whole process.
"""

from __future__ import annotations

import re

_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"


def is_deep(text: bytes, limit: int) -> bool:
    """Whether more than ``limit`` arrays and objects are open at once, in what is JSON or not."""
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token[0][:1]
        if first in _OPENING:
            depth += 1
            if depth > limit:
                return True
        elif first in _CLOSING:
            depth -= 1
    return False
