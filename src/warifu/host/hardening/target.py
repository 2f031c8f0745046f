"""The machine to be prepared: this one, or an image below a directory.

An image may come from anywhere. Its symbolic links are followed as they would be inside it, so that a link in it to
``/etc`` never makes this machine's files the ones that are read or written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from warifu.errors import HostUnsuitable
from warifu.host.hardening.states import MAX_FILE_BYTES, Regular, State, look

_MAX_LINKS = 40
_PROGRAMS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_INSTALLED_UNITS = ("/usr/lib/systemd/system", "/lib/systemd/system")
OWN_UNITS = "/etc/systemd/system"
"""Where the administrator's units and drop-ins lie."""
_DEBIAN = ("debian", "raspbian")


@dataclass(frozen=True)
class Target:
    """``root``: where its files are. ``live``: whether it runs, so that commands can be run on it."""

    root: Path = Path("/")
    live: bool = True

    def place(self, path: str) -> Path:
        """Where ``path`` lies. Its directories may be links; what it names itself is not followed."""
        parent, name = os.path.split(path)
        return self._followed(parent) / name

    def state(self, path: str) -> State:
        """What is at ``path`` itself."""
        return look(self.place(path))

    def read(self, path: str, limit: int = MAX_FILE_BYTES) -> str | None:
        """The text of a file, links followed; None where there is none, or it is no file, or over ``limit``."""
        place = self._followed(path)
        try:
            if not place.is_file() or place.stat().st_size > limit:
                return None
            return place.read_bytes()[: limit + 1].decode("utf-8", "replace")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Whether anything is there, links followed."""
        return os.path.lexists(self._followed(path))

    def names(self, path: str) -> list[str]:
        """The names in a directory, in order; empty where there is none."""
        try:
            return sorted(place.name for place in self._followed(path).iterdir())
        except OSError:
            return []

    def program(self, name: str) -> bool:
        """Whether a program of this name is installed."""
        return any(self.exists(f"{folder}/{name}") for folder in _PROGRAMS)

    def unit(self, name: str) -> bool:
        """Whether systemd would find a unit of this name that somebody installed."""
        installed = any(self.exists(f"{folder}/{name}") for folder in _INSTALLED_UNITS)
        return installed or isinstance(self.state(f"{OWN_UNITS}/{name}"), Regular)

    def active(self, unit: str) -> bool:
        """Whether the unit runs now; never in an image."""
        if not self.live or shutil.which("systemctl") is None:
            return False
        asked = subprocess.run(  # noqa: S603  # a name from the table of services
            ["systemctl", "is-active", "--quiet", unit],  # noqa: S607  # root's own PATH
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
        return asked.returncode == 0

    def x86(self) -> bool:
        """Whether it is a 64-bit PC; anything else gets only what every architecture knows."""
        return any(self.exists(f"{folder}/x86_64-linux-gnu") for folder in ("/usr/lib", "/lib"))

    def require_debian(self) -> None:
        """``HostUnsuitable`` (``not-debian``) for anything else: settings and paths are Debian's."""
        release = self.read("/etc/os-release") or ""
        named = re.search(r'^ID="?([a-z0-9._-]+)"?$', release, re.MULTILINE)
        if named is None or named[1] not in _DEBIAN or not self.exists("/var/lib"):
            raise HostUnsuitable(
                "not-debian",
                f"{self.root} is not a Debian system" + (f" but '{named[1]}'" if named else ""),
                not_done="Nothing was changed.",
                remedy="Harden other systems by their own means; 'warifu doctor' shows what is missing.",
            )

    def require_systemd(self) -> None:
        """``HostUnsuitable`` (``no-systemd``) for a running machine whose services systemd does not run."""
        if self.live and not self.exists("/run/systemd/system"):
            raise HostUnsuitable(
                "no-systemd",
                "this machine is not run by systemd (a container?)",
                not_done="Nothing was changed.",
                remedy="Harden the machine that it runs on, or an image: --root DIR.",
            )

    def _followed(self, path: str) -> Path:
        """Every link on the way resolved as inside the root (what ``chroot`` would see)."""
        waiting = [part for part in reversed(PurePosixPath(path).parts) if part != "/"]
        way: list[str] = []
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                way = way[:-1]
                continue
            place = self.root.joinpath(*way, part)
            if not place.is_symlink():
                way.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise HostUnsuitable("links", f"{path} is a circle of links", not_done="It was not changed.")
            aim = PurePosixPath(place.readlink())
            if aim.is_absolute():
                way = []
            waiting += [each for each in reversed(aim.parts) if each != "/"]
        return self.root.joinpath(*way)
