"""A device's store: one SQLCipher database, whose key the platform seals, in a directory of the device's own.

``root.sealed`` holds 32 random bytes, sealed by the platform; from them come the database's key and the key that the
custody service's own database gets. Both files appear together, by one rename of their directory, so half a store is
always damage and never a beginning. Damage is reported; nothing is overwritten, repaired or begun anew.

What is committed is on the disk before ``transaction`` returns (write-ahead log, ``synchronous=FULL``). A failed
write other than for lack of space leaves the state unknown: the store then refuses everything until it is reopened.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nacl.utils import random
from sqlcipher3 import dbapi2

from warifu.errors import PlatformRefused, StoreDamaged
from warifu.signer import schema
from warifu.signer.derive import derived_key
from warifu.tee.platform import Platform
from warifu.threshold.wiping import Secret

_ROOT_CONTEXT = b"warifu/v1/store-root"
_HOME, _NEW = "store", "store.new"
_ROOT, _DATABASE = "root.sealed", "store.db"
_MAX_ROOT_FILE = 64 * 1024
_SQLITE_FULL, _SQLITE_BUSY = 13, 5
PRAGMAS = (
    "cipher_memory_security = ON",
    "temp_store = MEMORY",
    "locking_mode = EXCLUSIVE",
    "synchronous = FULL",
    "wal_autocheckpoint = 200",
    "secure_delete = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",
)
"""What each connection to a store is told, before anything is read."""


class Store:
    """The open store. One process at a time; use :meth:`open`."""

    def __init__(self, connection: dbapi2.Connection, lock: int, root: Secret, directory: Path) -> None:
        """Internal: takes ownership of the first three."""
        self.directory = directory
        """The device's own, in which the store is."""
        self._connection = connection
        self._lock = lock
        self._root = root
        self._broken = False
        self.undone = 0
        """How many transactions were undone since it was opened."""

    @classmethod
    def open(cls, directory: Path, platform: Platform) -> Store:
        """Open the store in ``directory``; the first start makes it there.

        Raises ``StoreDamaged``: ``in-use``, ``full``, ``missing-part``, ``sealed``, ``altered``, ``version``,
        ``unreadable``.
        """
        lock = _take_lock(directory)
        try:
            with _translated():
                home = directory / _HOME
                if not home.exists():
                    _create(directory, platform)
                root = _read_root(home, platform)
                return cls(_open_database(home, root), lock, root, directory)
        except BaseException:
            os.close(lock)
            raise

    @staticmethod
    def there(directory: Path) -> bool:
        """Whether a first start made a store in ``directory``."""
        return (directory / _HOME).exists()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside becomes durable at its end, or none of it. Not to be nested.

        Raises ``StoreDamaged``: ``full`` or ``failed``.
        """
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._commit()
        except dbapi2.Error as error:
            self._rollback()
            raise self._failure(error) from None
        except BaseException:
            self._rollback()
            raise

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one statement and return its rows. ``StoreDamaged`` as :meth:`transaction`."""
        if self._broken:
            raise _damaged("failed", "an earlier write to the device's store failed")
        try:
            return list(self._connection.execute(sql, tuple(values)).fetchall())
        except dbapi2.Error as error:
            raise self._failure(error) from None

    def get(self, name: str) -> bytes | None:
        """A value of the device itself."""
        rows = self.execute("SELECT value FROM device WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else None

    def put(self, name: str, value: bytes) -> None:
        """Set a value of the device itself, inside a transaction."""
        self.execute("INSERT OR REPLACE INTO device VALUES (?, ?)", (name, value))

    def remove(self, name: str) -> None:
        """Forget a value of the device itself, inside a transaction."""
        self.execute("DELETE FROM device WHERE name = ?", (name,))

    def forget_deleted(self) -> None:
        """What was deleted is in no file any more: in the database it was overwritten (``secure_delete``), and the log,
        which still has it, is emptied. What a flash disk keeps of old blocks is encrypted. Outside transactions."""
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def storage_key(self) -> Secret:
        """32 bytes for the custody service's own database; the same at every start."""
        return self.key_for("service-storage")

    def key_for(self, purpose: str) -> Secret:
        """32 bytes for one purpose, the same at every start; the caller wipes them."""
        return derived_key(self._root.buffer, purpose)

    def close(self) -> None:
        """Close the database, wipe the root secret, and let others open the store."""
        self._root.wipe()
        self._connection.close()
        os.close(self._lock)

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _rollback(self) -> None:
        self.undone += 1
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except dbapi2.Error:
                self._broken = True

    def _failure(self, error: dbapi2.Error) -> StoreDamaged:
        if getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL:
            return _full()
        self._broken = True
        return _damaged("failed", "the device's store cannot be read or written any more")


def _take_lock(directory: Path) -> int:
    """The lock file's descriptor. Two processes with one share could use one nonce counter, one limit, twice."""
    try:
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _of_system(error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreDamaged(
            "in-use",
            "another process has the device's store open",
            remedy="Stop the other signer of this device first.",
        ) from None
    return lock


def _create(directory: Path, platform: Platform) -> None:
    """Make both halves beside their place and move them there in one step."""
    new = directory / _NEW
    if new.exists():
        shutil.rmtree(new)  # a first start that was interrupted: nothing in it was ever used
    new.mkdir(mode=0o700)
    with Secret(random(32)) as root:
        write_durably(new / _ROOT, platform.seal(root.expose(), _ROOT_CONTEXT))
        connection = _connect(new / _DATABASE, root, "rwc")
        try:
            connection.executescript(
                f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;"
                f"{schema.TABLES} PRAGMA user_version = {schema.VERSION}; COMMIT;"
            )
        finally:
            connection.close()
    sync_directory(new)
    new.rename(directory / _HOME)
    sync_directory(directory)


def _read_root(home: Path, platform: Platform) -> Secret:
    for part in (_ROOT, _DATABASE):
        if not (home / part).is_file():
            raise _damaged("missing-part", f"the device's store lacks its file '{part}'")
    descriptor = os.open(home / _ROOT, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        sealed = os.read(descriptor, _MAX_ROOT_FILE)
    finally:
        os.close(descriptor)
    try:
        root = platform.unseal(sealed, _ROOT_CONTEXT)
    except PlatformRefused as refused:
        if refused.reason != "unseal":
            raise  # a platform that will not work says why: booted otherwise, another TPM
        raise _damaged(
            "sealed",
            "the device's store does not open with this unlock key on this platform",
            remedy="Start the device with its own unlock key. If it is the right one, the file was altered: "
            "restore the device from its backup, or replace it.",
        ) from None
    try:
        return Secret(root)
    finally:
        root[:] = bytes(len(root))


def _open_database(home: Path, root: Secret) -> dbapi2.Connection:
    connection = _connect(home / _DATABASE, root, "rw")
    try:
        version = _version_of(connection)
        # First let the log heal what a crash left torn; only then does the check see the truth.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        altered = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        sound = connection.execute("PRAGMA quick_check(1)").fetchall()
        if altered or sound != [("ok",)]:
            raise _damaged("altered", "the device's store was altered or is damaged")
        _bring_up(connection, version)
        _index(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _index(connection: dbapi2.Connection) -> None:
    """Make the indexes that stores of this version were first made without. They save time and mean nothing: where the
    disk has no room for them the device starts all the same."""
    try:
        for index in schema.LATER_INDEXES:
            connection.execute(index)
    except dbapi2.Error as error:
        if getattr(error, "sqlite_errorcode", None) != _SQLITE_FULL:
            raise


def _version_of(connection: dbapi2.Connection) -> int:
    """One that this program knows, or knows how to bring up."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != schema.APPLICATION_ID:  # an emptied file looks like a new database
        raise _damaged("altered", "the device's store was emptied or replaced")
    if version != schema.VERSION and version + 1 not in schema.SINCE:
        raise _damaged(
            "version",
            f"the device's store has version {version}; this program knows version {schema.VERSION}",
            remedy="Start it with the version of Warifu that wrote it.",
        )
    return version


def _bring_up(connection: dbapi2.Connection, version: int) -> None:
    """Make what an older version did not have: all of it, or none."""
    if version < schema.VERSION:
        later = "".join(schema.SINCE[number] for number in range(version + 1, schema.VERSION + 1))
        connection.executescript(f"BEGIN IMMEDIATE; {later} PRAGMA user_version = {schema.VERSION}; COMMIT;")


def _connect(path: Path, root: Secret, mode: str) -> dbapi2.Connection:
    connection = dbapi2.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE").fetchall()
        with derived_key(root.buffer, "store") as key:
            connection.execute(f"PRAGMA key = \"x'{key.buffer.hex()}'\"").fetchall()
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def write_durably(path: Path, content: bytes) -> None:
    """A new file, on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_directory(path: Path) -> None:
    """What was renamed in ``path`` is so on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    """While opening: what SQLite or the system says, as what it means for the device."""
    try:
        yield
    except dbapi2.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == _SQLITE_FULL:
            raise _full() from None
        if code == _SQLITE_BUSY:
            raise StoreDamaged("in-use", "another process has the device's store open") from None
        raise _damaged("altered", "the device's store was altered or is damaged") from None
    except OSError as error:
        raise _of_system(error) from None


def _of_system(error: OSError) -> StoreDamaged:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full()
    return _damaged("unreadable", f"the device's store cannot be opened: {error.strerror}")


def _full() -> StoreDamaged:
    return StoreDamaged(
        "full",
        "the disk of the device's store is full",
        remedy="Make room on the device's disk, then ask again.",
    )


def _damaged(reason: str, message: str, *, remedy: str = "") -> StoreDamaged:
    return StoreDamaged(
        reason,
        message,
        not_done="Nothing was signed, and nothing of the store was changed.",
        remedy=remedy
        or "Start the device again; if that does not help, restore it from its backup or replace it.",
    )
