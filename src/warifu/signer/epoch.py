"""The platform's monotonic counter, bound to the store: an old disk image is recognised as old.

What must not be undone by copying an old disk back (what was spent, what was used up, which passphrases were tried)
is written in a *lasting* transaction. In it stands the number that the counter is about to take; only when both are so
does anything leave the device that depends on it. A power failure between the two leaves the store exactly one ahead,
and the next start counts up. A store that is behind the counter is an old one, and is refused.

An attacker with the power switch can make the last, unfinished transaction not have happened; nothing left the device
in it. What this cannot see is a platform whose own state is copied back together with the disk (a simulated TPM): that
is what the other devices' memory is for (``signer.peers``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warifu.errors import StoreDamaged
from warifu.signer.store import Store
from warifu.tee.platform import MonotonicCounter

COUNTER = "epoch"
_KEY = "epoch"
_NUMBER_BYTES = 8


class Epoch:
    """Lasting transactions of one store."""

    def __init__(self, store: Store, counter: MonotonicCounter | None) -> None:
        """``counter``: None where the platform has none; then a lasting transaction is like any other.

        Raises ``StoreDamaged`` (``rolled-back``), ``PlatformRefused``.
        """
        self._store = store
        self._counter = counter
        self._kept = 0
        self._behind = False
        """The counter was not counted up yet for what the store holds."""
        if counter is not None:
            self._settle(counter)

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """As ``Store.transaction``, and what was written inside cannot be undone by an old disk once this returns.

        Raises what ``Store.transaction`` does, and ``PlatformRefused``: then it is in the store, and nothing may leave.
        """
        if self._counter is None:
            with self._store.transaction():
                yield
            return
        self._count_up(self._counter)
        with self._store.transaction():
            yield
            self._store.put(_KEY, (self._kept + 1).to_bytes(_NUMBER_BYTES, "big"))
        self._kept += 1
        self._behind = True
        self._count_up(self._counter)

    def _settle(self, counter: MonotonicCounter) -> None:
        now, kept = counter.read(), self._store.get(_KEY)
        if kept is None:
            with self._store.transaction():
                self._store.put(_KEY, now.to_bytes(_NUMBER_BYTES, "big"))
            self._kept = now
            return
        self._kept = int.from_bytes(kept, "big")
        self._behind = self._kept == now + 1
        if not self._behind and self._kept != now:
            raise StoreDamaged(
                "rolled-back",
                f"the device's store is of epoch {self._kept} and its platform has counted to {now}: one of them is an "
                "old copy",
                not_done="The device did not start, and nothing was signed.",
                remedy="Put the newest store back. If there is none, sign with the other devices and replace this one.",
            )
        self._count_up(counter)

    def _count_up(self, counter: MonotonicCounter) -> None:
        if not self._behind:
            return
        if counter.increment() != self._kept:
            raise StoreDamaged(
                "rolled-back",
                "the platform's counter was counted up by somebody else",
                not_done="Nothing was signed.",
                remedy="Start the device again; find out what else uses its counter.",
            )
        self._behind = False
