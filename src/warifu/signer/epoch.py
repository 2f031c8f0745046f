"""The platform's monotonic counter, bound to the store: an old disk image is recognised as old.

What must not be undone by copying an old disk back (what was spent, what was used up, which passphrases were tried)
is written in a *lasting* transaction. In it stands the number that the counter is about to take; only when both are so
does anything leave the device that depends on it. A power failure between the two leaves the store exactly one ahead,
and the next start counts up. A store that is behind the counter is an old one, and is refused.

Two runs from one disk must not come to the same number by different ways: one is cut short before the counter moves, in
the other something is done, and then the first one's disk is put back. So the first lasting transaction of a run is
preceded by one that only counts: a disk that was cut short before that is two behind by then.

An attacker with the power switch can make the last, unfinished transaction not have happened; nothing left the device
in it. What this cannot see: two signers that run on one platform at the same time, which takes the master of the
machine; and a platform whose own state is copied back together with the disk (a simulated TPM). That is what the other
devices' memory is for (``signer.peers``).
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
        self._begun = False
        """This run counted before."""
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
        if not self._begun:
            with self._counted(self._counter):
                pass
            self._begun = True
        with self._counted(self._counter):
            yield

    @contextmanager
    def _counted(self, counter: MonotonicCounter) -> Iterator[None]:
        with self._store.transaction():
            yield
            self._store.put(_KEY, (self._kept + 1).to_bytes(_NUMBER_BYTES, "big"))
        self._kept += 1
        self._behind = True
        self._count_up(counter)

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
                "the platform's counter was counted up by somebody else: another signer runs on this device's platform",
                not_done="Nothing was signed.",
                remedy="This store will not start again. Find out who ran the other one; sign with the other devices, "
                "and replace this one.",
            )
        self._behind = False
