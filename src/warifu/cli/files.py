"""Files of the owner's client. Private ones are written whole or not at all, and read only where nobody else could
touch them; those that the owner names are read with a bound."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from pathlib import Path

from warifu.errors import InputRefused, StoreDamaged

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_directory(path: Path) -> Path:
    """Make ``path`` (mode 0700) where it is missing; ``StoreDamaged`` where other users could enter it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.stat()
    except OSError as error:
        raise _refused(path, f"cannot be used: {error.strerror}") from None
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
        raise _refused(path, "can be entered by other users", f"chmod 700 {path}")
    return path


def write_private(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Put ``content`` at ``path`` (mode 0600) so that a reader, also after a power cut, sees the old or the new.

    With ``replace=False`` an existing file stays and ``StoreDamaged`` (``exists``) is raised.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if replace:
                temporary.rename(path)
            else:
                os.link(temporary, path)  # unlike rename, never overwrites
        finally:
            temporary.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except FileExistsError:
        raise _refused(path, "exists already", "", reason="exists") from None
    except OSError as error:
        remedy = "Make room on the disk, or see who may write there; then run it again."
        raise _refused(path, f"cannot be written: {error.strerror}", remedy) from None


def read_private(path: Path, limit: int) -> bytes:
    """The content of at most ``limit`` bytes; ``StoreDamaged`` where it is missing, too long, or open to others."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _refused(path, "does not exist", "Run 'warifu init' first.", reason="missing") from None
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0):
            raise _refused(path, "is not a file of yours")
        if status.st_mode & _OTHERS:
            raise _refused(path, "can be read by other users", f"chmod 600 {path}")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise _refused(path, f"is longer than {limit} bytes")
    return content


def read_input(path: Path, limit: int) -> bytes:
    """What the owner's file (``-``: standard input) holds: 1 to ``limit`` bytes; else ``InputRefused`` (``file``)."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with path.open("rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise InputRefused("file", f"{path} cannot be read: {error.strerror}") from None
    if not 0 < len(data) <= limit:
        raise InputRefused("file", f"{path} must have from 1 to {limit} bytes")
    return data


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, what: str, remedy: str = "", reason: str = "profile") -> StoreDamaged:
    return StoreDamaged(reason, f"{path} {what}", not_done="Nothing was changed.", remedy=remedy)
