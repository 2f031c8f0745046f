"""What a step wants: files, links, source trees and commands. Values only; ``carrying_out.py`` does them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warifu.host.hardening.states import Link, Regular, State, Tree, digest

Command = tuple[str, ...]


@dataclass(frozen=True)
class Write:
    """``path`` holds ``content``, root's, with ``mode``."""

    path: str
    content: bytes
    mode: int = 0o644

    def wanted(self, owner: tuple[int, int]) -> State:
        """As it is when done; ``owner``: (uid, gid) of whoever does it."""
        return Regular(digest(self.content), self.mode, *owner)


@dataclass(frozen=True)
class Symlink:
    """``path`` is a symbolic link to ``target``."""

    path: str
    target: str

    def wanted(self, _owner: tuple[int, int]) -> State:
        """As it is when done."""
        return Link(self.target)


@dataclass(frozen=True)
class CopyTree:
    """``path`` is a copy of ``source``, whose digest was shown to the owner. What is copied is measured again."""

    path: str
    source: Path
    sha256: str

    def wanted(self, _owner: tuple[int, int]) -> State:
        """As it is when done."""
        return Tree(self.sha256)


@dataclass(frozen=True)
class Act:
    """A command on the running machine, and the one that takes it back. Either may be empty. Never in an image."""

    do: Command
    undo: Command
    why: str


@dataclass(frozen=True)
class Verify:
    """A command that must accept ``given`` on its standard input before anything of the step is done.

    Always this machine's own: to run an image's programs as root would be to trust it with this machine.
    """

    command: Command
    given: bytes


FileChange = Write | Symlink | CopyTree
Change = FileChange | Act | Verify
