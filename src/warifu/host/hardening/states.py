"""What is at a path: as it is seen, as it is written down, and as it is compared.

Times and extended attributes are not part of it; owner, mode and content are.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import msgspec

MAX_FILE_BYTES = 4 * 1024 * 1024


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """Nothing."""


class Regular(msgspec.Struct, frozen=True, tag="file"):
    """A file with this content."""

    sha256: str
    mode: int
    uid: int
    gid: int


class Link(msgspec.Struct, frozen=True, tag="link"):
    """A symbolic link."""

    target: str


class Folder(msgspec.Struct, frozen=True, tag="folder"):
    """A directory, whatever is in it."""


class Tree(msgspec.Struct, frozen=True, tag="tree"):
    """A directory with exactly this in it (``trees.digest_of``)."""

    sha256: str


class Other(msgspec.Struct, frozen=True, tag="other"):
    """A device, a socket, a FIFO, or a file too long to be a setting: never replaced."""


State = Absent | Regular | Link | Folder | Tree | Other


def look(place: Path) -> State:
    """What is at ``place``, a symbolic link not followed."""
    try:
        seen = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return Absent()
    if stat.S_ISLNK(seen.st_mode):
        return Link(str(place.readlink()))
    if stat.S_ISDIR(seen.st_mode):
        return Folder()
    if not stat.S_ISREG(seen.st_mode) or seen.st_size > MAX_FILE_BYTES:
        return Other()
    return Regular(digest(place.read_bytes()), stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid)


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
