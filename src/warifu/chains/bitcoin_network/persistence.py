"""Where a wallet's change sets go: a store that the service hands in, bytes that only this package understands."""

from __future__ import annotations

from typing import Protocol

import bdkpython as bdk

from warifu.chains.bitcoin_network.changes import encode_changes, from_bdk, merge

# BDK's bindings hang the variants of an error on its class at run time, where type checkers do not see them.
_Reason: type[Exception] = vars(bdk.PersistenceError)["Reason"]


class ChangeSetStore(Protocol):
    """Opaque entries of one wallet, kept in order. The service keeps them in its encrypted database.

    ``append`` returns only when the entry is durable. A store may at any time put the one entry
    ``changes.merge_stored(entries)`` in the place of ``entries``.
    """

    def load(self) -> list[bytes]:
        """Every entry, oldest first."""
        ...

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        ...


class MemoryStore:
    """A store that forgets with its process: for drafts, and for looking at a wallet without keeping anything."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []

    def load(self) -> list[bytes]:
        """Every entry, oldest first."""
        return list(self._entries)

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        self._entries.append(entry)


class StorePersistence(bdk.Persistence):
    """BDK's persister over a ``ChangeSetStore``.

    BDK can carry only its own error back through Rust, so the store's own is remembered in ``failure``. After a
    failure BDK keeps the changes and hands them over again at the next call: nothing is lost by a full disk.
    """

    def __init__(self, store: ChangeSetStore) -> None:
        self._store = store
        self.failure: Exception | None = None

    def initialize(self) -> bdk.ChangeSet:
        """The sum of all entries."""
        try:
            return merge(self._store.load())
        except Exception as error:
            self.failure = error
            raise _Reason(type(error).__name__) from error

    def persist(self, changeset: bdk.ChangeSet) -> None:
        """Append one entry."""
        try:
            self._store.append(encode_changes(from_bdk(changeset)))
        except Exception as error:
            self.failure = error
            raise _Reason(type(error).__name__) from error
