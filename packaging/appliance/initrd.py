"""Write a folder as an initial RAM file system, the same bytes for the same content.

``initrd.py FOLDER >FILE``. The format is "newc" (kernel: driver-api/early-userspace/buffer-format). Owner, time, inode
number and device are the same for all files and on all machines, and names are sorted, so that nothing of the machine
that built it gets into what is measured. Regular files, folders and links only.
"""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import BinaryIO

_FIELDS = 13


def write(folder: Path, out: BinaryIO) -> None:
    paths = sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts)
    for number, path in enumerate(paths, 1):
        _entry(out, number, path.relative_to(folder).as_posix(), *_content(path))
    _entry(out, 0, "TRAILER!!!", 0, b"")


def _content(path: Path) -> tuple[int, bytes]:
    """(mode, content): everything belongs to root, can be read by all and written by nobody."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return stat.S_IFLNK | 0o777, str(path.readlink()).encode()
    if stat.S_ISDIR(mode):
        return stat.S_IFDIR | 0o555, b""
    if stat.S_ISREG(mode):
        return stat.S_IFREG | (0o555 if mode & stat.S_IXUSR else 0o444), path.read_bytes()
    raise SystemExit(f"initrd: {path} is neither a file nor a folder nor a link")


def _entry(out: BinaryIO, number: int, name: str, mode: int, content: bytes) -> None:
    encoded = name.encode() + b"\x00"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
    assert len(fields) == _FIELDS
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    out.write(header + bytes(-len(header) % 4) + content + bytes(-len(content) % 4))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.stdout.buffer)
