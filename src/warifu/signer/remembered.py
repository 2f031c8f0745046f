"""What a part of the device read from the store, kept for as long as it stays true.

One process has the store, and each table is written by one part of it. So what that part read holds until it writes
there itself, which it tells (:meth:`Remembered.forget`, :meth:`Remembered.written`), or until a transaction is undone,
within which it may have read or written what then never was. The disk is what counts: nothing is here that did not come
from there or went there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from warifu.signer.store import Store

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Answers of one question to the store, the newest few."""

    def __init__(self, store: Store, read: Callable[[K], V], most: int = 64) -> None:
        """``read`` asks the store. ``most``: how many answers are kept."""
        self._store = store
        self._read = read
        self._most = most
        self._answers: OrderedDict[K, V] = OrderedDict()
        self._undone = store.undone

    def get(self, key: K) -> V:
        """What ``read`` says of ``key``. Raises what it raises."""
        self._clear_what_never_was()
        if key not in self._answers:
            self._keep(key, self._read(key))
        return self._answers[key]

    def written(self, key: K, answer: V) -> None:
        """Inside a transaction: this was written, so that ``read`` would say it now."""
        self._clear_what_never_was()
        self._keep(key, answer)

    def forget(self, key: K) -> None:
        """It was written: ask the store the next time."""
        self._answers.pop(key, None)

    def _clear_what_never_was(self) -> None:
        if self._undone != self._store.undone:
            self._answers.clear()
            self._undone = self._store.undone

    def _keep(self, key: K, answer: V) -> None:
        self._answers[key] = answer
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
