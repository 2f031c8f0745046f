"""A device's tables in memory, for what needs nothing else of a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlcipher3 import dbapi2

from warifu.signer.schema import TABLES


class InMemory:
    """The part of a store that reads and writes."""

    def __init__(self) -> None:
        self._connection = dbapi2.connect(":memory:")
        self._connection.executescript(TABLES)

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        return list(self._connection.execute(sql, tuple(values)).fetchall())
