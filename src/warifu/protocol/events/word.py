"""A word in an event: a name, a code, an amount as text."""

from __future__ import annotations

from typing import Annotated

import msgspec

MAX_WORD = 128
"""Characters."""
Word = Annotated[str, msgspec.Meta(max_length=MAX_WORD)]
