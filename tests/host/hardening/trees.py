"""Small Debian trees to be hardened, and what is compared of them: kind, content, mode and owner of everything."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from warifu.host.hardening.changes import Command
from warifu.host.hardening.hand import Hand
from warifu.host.hardening.target import Target

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n'


def debian(root: Path, files: dict[str, str] | None = None, *, live: bool = False) -> Target:
    """A tree with an ``os-release`` and ``files``; an empty text makes an empty file."""
    basis = {"/etc/os-release": DEBIAN, "/var/lib/dpkg/status": "", "/usr/lib/systemd/systemd": ""}
    for path, text in {**basis, **(files or {})}.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    if live:
        (root / "run/systemd/system").mkdir(parents=True)
    return Target(root, live)


def everything(root: Path) -> dict[str, tuple[str, int, int, int, bytes]]:
    """Each entry below ``root``: (kind, mode, uid, gid, digest of its content, or its aim)."""
    found: dict[str, tuple[str, int, int, int, bytes]] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            place = Path(folder) / name
            seen = place.lstat()
            kind, content = stat.filemode(seen.st_mode)[0], b""
            if kind == "l":
                content = os.fsencode(place.readlink())
            elif kind == "-":
                content = hashlib.sha256(place.read_bytes()).digest()
            named = str(place.relative_to(root))
            found[named] = (kind, stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid, content)
    return found


@dataclass(frozen=True)
class RecordingHand(Hand):
    """Touches files for real, and only writes down the commands. ``answers``: what a command that failed said."""

    commands: list[Command] = field(default_factory=list)
    answers: dict[Command, str] = field(default_factory=dict)

    def run(self, command: Command, given: bytes = b"") -> str:
        self.before()
        self.commands.append(command)
        return self.answers.get(command, "")
