"""The cache: one file for each document, written whole or not at all, never replaced by an older one.

A source that lies cannot forge a document, but it could serve an old one from before a chip's key was revoked. So the
newest that was ever seen counts, as long as its file is there.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from warifu.endorsements.entry import MAX_DOCUMENT_BYTES, Entry
from warifu.errors import EvidenceRefused, InputRefused, StoreDamaged
from warifu.protocol.encoding import decode, encode

MAX_ENTRIES = 256
_MAX_FILE_BYTES = MAX_DOCUMENT_BYTES + 1024
_SUFFIX = ".endorsement"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


class EndorsementStore:
    """The documents in one directory, which is made with the first of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, name: str) -> Entry | None:
        """The document ``name``; None where none was kept. ``StoreDamaged`` (``endorsement``)."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _damaged(f"cannot be read: {error.strerror}", name) from None
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        try:
            entry = decode(Entry, content, _MAX_FILE_BYTES)
        except InputRefused:
            raise _damaged("is not what was written there", name) from None
        if entry.name != name:
            raise _damaged("holds another document", name)
        return entry

    def put(self, entry: Entry) -> bool:
        """Keep ``entry``; durable when this returns. False where the same document is kept already and is as new.

        ``EvidenceRefused`` (``older-endorsement``) where a newer one is kept; ``StoreDamaged`` (``endorsement``).
        """
        kept = self.get(entry.name)
        if kept is not None and entry.is_older_than(kept):
            raise EvidenceRefused(
                "older-endorsement",
                f"the source gave an older {entry.name} than the one that is kept",
                not_done="It was not kept; the newer one stays.",
                remedy="Ask another source. If this one is the vendor's own, somebody is between you and the vendor.",
            )
        if kept is None and len(self.names()) >= MAX_ENTRIES:
            raise StoreDamaged(
                "full",
                f"{MAX_ENTRIES} documents are kept already",
                not_done="Nothing was kept.",
                remedy=f"Remove what is no longer used from {self._directory}.",
            )
        self._write(entry)
        return kept is None or kept.content != entry.content

    def names(self) -> tuple[str, ...]:
        """Of all documents that are kept, sorted."""
        try:
            found = [
                each.name.removesuffix(_SUFFIX)
                for each in self._directory.iterdir()
                if each.suffix == _SUFFIX
            ]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _damaged(f"cannot be read: {error.strerror}", "directory") from None
        return tuple(sorted(name for name in found if _NAME.fullmatch(name)))

    def _path(self, name: str) -> Path:
        assert _NAME.fullmatch(name), "names come from our own code"
        return self._directory / f"{name}{_SUFFIX}"

    def _write(self, entry: Entry) -> None:
        path = self._path(entry.name)
        new = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(
                new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644
            )
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(encode(entry))
                    file.flush()
                    os.fsync(descriptor)
                new.rename(path)
            finally:
                new.unlink(missing_ok=True)
            _sync(self._directory)
        except OSError as error:
            raise _damaged(f"cannot be written: {error.strerror}", entry.name) from None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(what: str, name: str) -> StoreDamaged:
    return StoreDamaged(
        "endorsement",
        f"the kept document {name} {what}",
        not_done="Nothing was changed.",
        remedy="Remove the file; it can be fetched again.",
    )
