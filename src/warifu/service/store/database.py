"""The encrypted database: SQLCipher through SQLAlchemy, shared by the service's own tables and the workflow engine.

Everything on disk is a page of the encrypted database or of its encrypted write-ahead log (SQLCipher encrypts both);
temporary tables and sort files stay in memory. A page that was altered fails its HMAC-SHA512, so a damaged or foreign
file is noticed when it is opened, not when it is too late. Another database (PostgreSQL) is another ``Engine``: nothing
above this file knows which one it is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

from warifu.errors import StoreDamaged
from warifu.service.store.schema import SCHEMA_VERSION, meta, metadata

KEY_BYTES = 32
DATABASE_FILE = "service.db"
_LOCK_FILE = "service.lock"
_BUSY_MILLISECONDS = 30_000


class Database:
    """An open database. ``reading`` and ``writing`` are the only ways to it."""

    def __init__(self, engine: sa.Engine, lock: int) -> None:
        self.engine = engine
        self._lock = lock

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions."""
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock from its first statement; on disk when it ends without error."""
        with _told(), self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                # Else two threads could both read, both decide, and one overwrite what the other decided.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def close(self) -> None:
        """Close every connection and let another process open the directory."""
        self.engine.dispose()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def create_database(directory: Path, key: bytes) -> Database:
    """A new, empty database in ``directory`` (made with mode 0700), encrypted with ``key`` (32 bytes).

    Raises ``StoreDamaged`` (``exists``, ``write``).
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / DATABASE_FILE
    lock = _lock_directory(directory)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        os.close(lock)
        raise StoreDamaged(
            "exists",
            f"there is a service database in {directory} already",
            not_done="It was not touched.",
            remedy="Choose another directory, or start the service that is there.",
        ) from None
    database = Database(_engine(path, key), lock)
    with database.writing() as connection:
        metadata.create_all(connection)
        connection.execute(meta.insert().values(name="schema", value=str(SCHEMA_VERSION).encode()))
    return database


def open_database(directory: Path, key: bytes) -> Database:
    """The database in ``directory``. Every page's authenticity and the database's structure are checked.

    Raises ``StoreDamaged``: ``missing``, ``in-use``, ``locked`` (another key, or damaged), ``damaged``, ``version``.
    """
    path = directory / DATABASE_FILE
    if not path.is_file():
        raise StoreDamaged(
            "missing",
            f"there is no service database in {directory}",
            not_done="The service did not start.",
            remedy="Run 'warifu init' first, or name the right directory.",
        )
    lock = _lock_directory(directory)
    database = Database(_engine(path, key), lock)
    try:
        _check(database, path)
        with database.writing() as connection:
            metadata.create_all(connection)  # tables that an older version did not have
    except BaseException:
        database.close()
        raise
    return database


def _check(database: Database, path: Path) -> None:
    if path.stat().st_size == 0:  # to SQLite an empty file is an empty database, to be filled
        raise _damaged()
    try:
        with database.engine.connect() as connection:
            found = connection.execute(sa.select(meta.c.value).where(meta.c.name == "schema")).scalar()
            faults = connection.exec_driver_sql("PRAGMA cipher_integrity_check").fetchall()
            structure = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except sa.exc.DBAPIError:
        raise StoreDamaged(
            "locked",
            "the service's database does not open with this key",
            not_done="The service did not start; the file was not touched.",
            remedy="Use the key it was made with. If it is the right one the file is damaged: restore a backup.",
        ) from None
    if faults or structure != "ok":
        raise _damaged()
    if found != str(SCHEMA_VERSION).encode():
        raise StoreDamaged(
            "version",
            "the service's database is of another version of Warifu",
            not_done="The service did not start; the file was not touched.",
            remedy="Start the version that made it.",
        )


def _damaged() -> StoreDamaged:
    return StoreDamaged(
        "damaged",
        "the service's database was altered or truncated",
        not_done="The service did not start; the file was not touched.",
        remedy="Restore a backup. The keys are with the signers: no money depends on this file.",
    )


def _engine(path: Path, key: bytes) -> sa.Engine:
    if len(key) != KEY_BYTES:
        raise StoreDamaged("locked", f"the key of the service's database has {KEY_BYTES} bytes")

    def connect() -> Any:  # noqa: ANN401 - sqlcipher3 has no types
        connection = sqlcipher.connect(
            str(path), isolation_level="IMMEDIATE", check_same_thread=False, timeout=_BUSY_MILLISECONDS / 1000
        )
        # A raw key: SQLCipher's own password stretching would add nothing to 32 random bytes.
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        with contextlib.suppress(sqlcipher.DatabaseError):  # a wrong key shows at the first question
            connection.execute("PRAGMA journal_mode = WAL")
            # A commit is on the disk when it returns: "stored before it is sent" must survive a power cut.
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    return sa.create_engine(
        f"sqlite:///{path}",
        creator=connect,
        module=sqlcipher,
        poolclass=sa.pool.QueuePool,
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,  # a failing statement must not carry addresses or amounts into a message
    )


def _lock_directory(directory: Path) -> int:
    """One service per directory: a second one would resume the same workflows beside the first."""
    lock = os.open(directory / _LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreDamaged(
            "in-use",
            f"another service is running in {directory}",
            not_done="This one did not start.",
            remedy="Stop the other one first.",
        ) from None
    return lock


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Database failures in the words of the one tree of errors; statements and values stay out of the message."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise  # a rule of the schema: the caller knows which one and what it means
    except sa.exc.DBAPIError as error:
        raise StoreDamaged(
            "write",
            f"the service's database does not work: {str(error.orig)[:100]}",
            not_done="What was asked was not done, or is not known to be done.",
            remedy="Check that the disk is neither full nor read-only, then ask again: repeating is safe.",
        ) from None
