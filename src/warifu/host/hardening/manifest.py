"""What was there before: written durably ahead of each change, so that undo knows it whatever happens in between.

It lies in ``/var/lib/warifu/hardening``: ``manifest.json``, and the earlier contents by their digests. The directory
appears and goes by one rename; with nothing left to take back there is none.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import msgspec

from warifu.errors import StoreDamaged
from warifu.host.hardening.hand import Hand
from warifu.host.hardening.states import Absent, State, digest
from warifu.host.hardening.target import Target

PLACE = "/var/lib/warifu/hardening"
_MAX_BYTES = 16 * 1024 * 1024
_MANIFEST = "manifest.json"


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="path"):
    """A path that was, or was about to be, changed."""

    step: str
    path: str
    before: State
    ours: tuple[State, ...]
    """What this program put there, or was about to; more than one after a repeated run with other wishes."""

    def knows(self, state: State) -> bool:
        """Whether nobody else changed it: as before, as we left it, or away."""
        return isinstance(state, Absent) or state == self.before or state in self.ours


class ActEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="command"):
    """A command that was, or was about to be, run."""

    step: str
    do: tuple[str, ...]
    undo: tuple[str, ...]
    done: bool


Entry = FileEntry | ActEntry


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    made_parent: bool
    """Whether ``/var/lib/warifu`` came with it."""
    entries: tuple[Entry, ...]


class Manifest:
    """The record of one machine; every change of it is durable when it returns."""

    def __init__(self, target: Target, hand: Hand) -> None:
        """Read it. ``StoreDamaged`` (``manifest``) where it cannot be read."""
        self._hand = hand
        self._folder = target.place(PLACE)
        content = _read(self._folder / _MANIFEST)
        self._made_parent = content is not None and content.made_parent
        self.exists = content is not None
        self.entries: list[Entry] = list(content.entries) if content is not None else []

    def sweep(self) -> None:
        """Remove what a crash left of a record that was about to appear, or was going."""
        for place in (self._folder, self._folder.parent):
            self._hand.sweep(place)

    def path(self, path: str) -> FileEntry | None:
        """What is recorded about a path."""
        return next(
            (entry for entry in self.entries if isinstance(entry, FileEntry) and entry.path == path), None
        )

    def act(self, step: str, do: tuple[str, ...], undo: tuple[str, ...]) -> ActEntry | None:
        """What is recorded about a command. One that only takes something back is known by that."""
        for entry in self.entries:
            if (
                isinstance(entry, ActEntry)
                and (entry.step, entry.do) == (step, do)
                and (do or entry.undo == undo)
            ):
                return entry
        return None

    def add(self, entry: Entry) -> None:
        """Record one more."""
        self.entries.append(entry)
        self._save()

    def replace(self, old: Entry, new: Entry) -> None:
        """Record it otherwise, in its place."""
        self.entries[self.entries.index(old)] = new
        self._save()

    def drop(self, entry: Entry) -> None:
        """It was taken back. With the last one the whole record goes."""
        self.entries.remove(entry)
        if self.entries:
            self._save()
        else:
            self._remove()

    def end_if_empty(self) -> None:
        """Remove a record in which nothing is (a run that broke off at its very beginning)."""
        if self.exists and not self.entries:
            self._remove()

    def keep(self, content: bytes) -> None:
        """Keep an earlier content; it is found again by its digest."""
        if not self.exists:
            self._create()
        place = self._folder / digest(content)
        if not place.exists():
            self._hand.write(place, content, 0o600, _ours(self._folder))

    def kept(self, sha256: str) -> bytes:
        """An earlier content. ``StoreDamaged`` (``manifest``) where it is not what was kept."""
        try:
            content = (self._folder / sha256).read_bytes()
        except OSError:
            content = b""
        if digest(content) != sha256:
            raise _damaged(f"an earlier content ({sha256[:16]}) is missing or altered")
        return content

    def _save(self) -> None:
        if not self.exists:
            self._create()
            return
        self._hand.write(self._folder / _MANIFEST, self._encoded(), 0o600, _ours(self._folder))

    def _encoded(self) -> bytes:
        content = _Content(1, self._made_parent, tuple(self.entries))
        return msgspec.json.format(msgspec.json.encode(content), indent=1)

    def _create(self) -> None:
        """Make it beside its place, whole, and give it its name."""
        self._made_parent = not self._folder.parent.exists()
        place = self._folder.parent if self._made_parent else self._folder
        new = place.with_name(f".{place.name}.warifu-new")
        self._hand.sweep(place)
        self._hand.before()
        folder = new / self._folder.name if self._made_parent else new
        folder.mkdir(parents=True)
        for each in {folder, new}:
            each.chmod(0o755 if each == new and self._made_parent else 0o700)
        self._hand.write(folder / _MANIFEST, self._encoded(), 0o600, _ours(folder))
        self._hand.rename(new, place)
        self.exists = True

    def _remove(self) -> None:
        alone = {each.name for each in self._folder.parent.iterdir()} == {self._folder.name}
        place = self._folder.parent if self._made_parent and alone else self._folder
        gone = place.with_name(f".{place.name}.warifu-new")
        self._hand.sweep(place)
        self._hand.rename(place, gone)
        shutil.rmtree(gone)
        self.exists = False


def _read(place: Path) -> _Content | None:
    try:
        if place.stat().st_size > _MAX_BYTES:
            raise _damaged("it is too long")
        return msgspec.json.decode(place.read_bytes(), type=_Content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged("it cannot be read") from None


def _ours(folder: Path) -> tuple[int, int]:
    seen = folder.stat()
    return seen.st_uid, seen.st_gid


def _damaged(why: str) -> StoreDamaged:
    return StoreDamaged(
        "manifest",
        f"the record of the hardening ({PLACE}) is damaged: {why}",
        not_done="Nothing more was changed.",
        remedy="Restore that directory from a backup; without it the earlier state is not known.",
    )
