"""A root directory that holds the store and nothing else, read-only but for the store (mount_namespaces(7)).

After all imports a signer needs no file: no program, no library, no /proc, no /tmp. So the machine's file system is
not made read-only but left: a small tmpfs takes its place, with the store's directory at its old path, so that messages
name it as the operator does, and /dev/urandom, which SQLite opens for itself. Landlock says the same again, and
would hold if this did not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_int, c_ulong
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.kernel import call
from warifu.signer.isolation.layer import IsolationProfile, Unavailable

RANDOM_DEVICE = "/dev/urandom"

# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_BARE = _NOSUID | _NODEV | _NOEXEC
_STAGE = Path("/proc")
"""Where the new root is put together: a directory that every machine has, and that is no parent of a store. What is
mounted on it is seen in this mount namespace only."""
_SMALL = "mode=0755,size=64k,nr_inodes=256"


class PrivateRoot:
    name: ClassVar[str] = "private-root"
    reason: ClassVar[str] = (
        "a signer that was taken over must find no file of the machine, and be able to change none but its own"
    )

    def apply(self, profile: IsolationProfile) -> None:
        if profile.no_own_processes:
            raise Unavailable(f"it has no mount namespace of its own: {profile.no_own_processes}")
        _mount(None, "/", None, _REC | _PRIVATE)
        _mount("tmpfs", _STAGE, "tmpfs", _BARE, _SMALL)
        with _open_to_all():
            store = _below(_STAGE, profile.store)
            store.mkdir(parents=True)
            device = _below(_STAGE, RANDOM_DEVICE)
            device.parent.mkdir(exist_ok=True)
            device.touch()
        # The store by the directory that was entered at the start, and not by a name that may have changed hands.
        _mount(".", store, None, _BIND | _REC)
        _mount(None, store, None, _REMOUNT | _BIND | _BARE)
        _mount(RANDOM_DEVICE, device, None, _BIND)
        _mount(None, device, None, _REMOUNT | _BIND | _NOSUID | _NOEXEC)
        os.chdir(_STAGE)
        call("pivot_root", c_char_p(b"."), c_char_p(b"."))
        call("umount2", c_char_p(b"."), c_int(_MNT_DETACH))
        _mount(None, "/", None, _REMOUNT | _BIND | _BARE | _RDONLY)
        os.chdir(profile.store)

    def probe(self, profile: IsolationProfile) -> str | None:
        own = {Path("/", Path(path).parts[1]) for path in (profile.store, RANDOM_DEVICE)}
        found = set(Path("/").iterdir()) | {
            Path("/") / name for name in ("proc", "sys") if Path("/", name).exists()
        }
        if found != own:
            return f"the root holds {', '.join(sorted(map(str, found)))}"
        if Path("/..").stat().st_ino != Path("/").stat().st_ino:
            return "there is something above the root"
        for folder in (Path("/"), Path(profile.store).parent):
            if _can_write(folder):
                return f"{folder} can be written to"
        return None if Path(profile.store).samefile(".") else "its store is elsewhere"


def _mount(source: str | None, target: str | Path, kind: str | None, flags: int, options: str = "") -> None:
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    call("mount", *map(c_char_p, encoded), c_ulong(flags), c_char_p(options.encode() or None))


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


@contextmanager
def _open_to_all() -> Iterator[None]:
    """The user that the signer becomes has to pass through these directories."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def _can_write(folder: Path) -> bool:
    try:
        (folder / "written").mkdir()
    except OSError:
        return False
    return True
