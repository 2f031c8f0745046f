"""What was used once and is never used again: identifiers of sessions and of correlations."""

from __future__ import annotations

from warifu.threshold.errors import AlreadyUsed


class Seen:
    """The identifiers that were used with one key in this run of the signer, so that none is used twice.

    In memory, like the sessions themselves: after a restart all secrets of a replayed session are drawn anew. What
    must outlast a restart (a correlation is used up) is deleted from where it lies. Make a new one for each run.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def claim(self, *identifiers: bytes) -> None:
        """AlreadyUsed where any of these was claimed before, or twice now; then none of them is claimed."""
        fresh = set(map(bytes, identifiers))
        if len(fresh) < len(identifiers) or fresh & self._seen:
            raise AlreadyUsed("this identifier of a session or correlation was used before")
        self._seen |= fresh
