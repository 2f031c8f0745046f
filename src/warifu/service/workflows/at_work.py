"""What somebody works on, or is about to, in this process (transfers, calls). On the others nobody will: they are
orphans."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator


class AtWork:
    """Counted, because several may have to do with one: the request that brings it, and its workflow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def __contains__(self, identifier: str) -> bool:
        with self._lock:
            return identifier in self._counts

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._counts)

    def all(self) -> frozenset[str]:
        """Each of them."""
        with self._lock:
            return frozenset(self._counts)

    def begins(self, identifier: str) -> None:
        """One more has to do with it."""
        with self._lock:
            self._counts[identifier] += 1

    def ends(self, identifier: str) -> None:
        """One of those who began is done with it."""
        with self._lock:
            self._counts[identifier] -= 1
            if not self._counts[identifier]:
                del self._counts[identifier]

    @contextlib.contextmanager
    def on(self, identifier: str) -> Iterator[None]:
        """While inside."""
        self.begins(identifier)
        try:
            yield
        finally:
            self.ends(identifier)
