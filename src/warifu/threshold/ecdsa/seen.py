"""What was used once and is never used again: identifiers of sessions and of correlations."""

from __future__ import annotations

from collections import deque

from warifu.threshold.errors import AlreadyUsed

WINDOW = 65_536
"""How many identifiers are remembered: about 9 MiB."""


class Seen:
    """The identifiers that were used with one key in this run of the signer, so that none is used twice.

    In memory, like the sessions themselves: after a restart all secrets of a replayed session are drawn anew. What
    must outlast a restart (a correlation is used up) is deleted from where it lies. Make a new one for each run.

    The last ``WINDOW`` are remembered, because whoever asks for sessions would otherwise fill the memory. That is
    enough: a session's identifier comes from a transcript to which this signer gave a fresh key of its own, so nobody
    can have an old one come again, and a correlation that was used is gone before this is asked. What is refused here
    is the caller's mistake, and that repeats itself at once.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def claim(self, *identifiers: bytes) -> None:
        """AlreadyUsed where any of these was claimed before, or twice now; then none of them is claimed."""
        fresh = set(map(bytes, identifiers))
        if len(fresh) < len(identifiers) or fresh & self._seen:
            raise AlreadyUsed("this identifier of a session or correlation was used before")
        self._seen |= fresh
        self._order.extend(fresh)
        while len(self._order) > WINDOW:
            self._seen.remove(self._order.popleft())
