"""One SHA-256 for a whole directory of source, the same wherever and whenever it lies.

Every entry goes in with its kind, its path and its content, each with its length before it, in the order of the paths'
bytes; of the mode only whether its owner may execute it, of owners and times nothing. Two trees with one digest are
the same to a compiler.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from warifu.errors import InputRefused

MAX_ENTRIES = 20_000
MAX_BYTES = 256 * 1024 * 1024


def digest_of(root: Path) -> str:
    """In hexadecimal. ``InputRefused`` (``source-tree``) for what is no source: devices, or far too much of it."""
    state, total = hashlib.sha256(b"warifu/v1/source-tree"), 0
    for path, place in _entries(root):
        kind, content = _entry(place)
        total += len(content)
        if total > MAX_BYTES:
            raise _refused(f"it has more than {MAX_BYTES // 2**20} MiB")
        for part in (kind, path, content):
            state.update(len(part).to_bytes(8, "big"))
            state.update(part)
    return state.hexdigest()


def _entries(root: Path) -> list[tuple[bytes, Path]]:
    found: list[tuple[bytes, Path]] = []
    for folder, folders, files in os.walk(root, followlinks=False, onerror=_cannot_be_read):
        folders[:] = [name for name in folders if not (Path(folder) == root and name == ".git")]
        for name in (*folders, *files):
            place = Path(folder) / name
            found.append((os.fsencode(place.relative_to(root)), place))
        if len(found) > MAX_ENTRIES:
            raise _refused(f"it has more than {MAX_ENTRIES} files")
    return sorted(found)


def _entry(place: Path) -> tuple[bytes, bytes]:
    mode = place.lstat().st_mode
    if stat.S_ISLNK(mode):
        return b"link", os.fsencode(place.readlink())
    if stat.S_ISDIR(mode):
        return b"folder", b""
    if not stat.S_ISREG(mode):
        raise _refused(f"{place.name} is not a file")
    return (b"program" if mode & stat.S_IXUSR else b"file"), place.read_bytes()


def _cannot_be_read(error: OSError) -> None:
    raise _refused(f"{error.filename} cannot be read")


def _refused(why: str) -> InputRefused:
    return InputRefused(
        "source-tree",
        f"this is not a source tree: {why}",
        not_done="Nothing was changed.",
        remedy="Name the source.",
    )
