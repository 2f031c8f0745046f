"""The agent's side of the signer's own user: choose one, and give it the store. Only where the agent is root."""

from __future__ import annotations

import os
import pwd
import secrets
import stat
from pathlib import Path

from warifu.signer.isolation.layer import FIRST_UID, LAST_UID


def choose_user(store: Path) -> tuple[int | None, str]:
    """(user, "") or (None, why there is none). The store's owner stays its user at every start.

    ``store``: an existing directory. Nothing is changed.
    """
    if os.geteuid() != 0:
        return None, "the agent was not started as root"
    closed = _closed_ancestor(store.resolve())
    if closed is not None:
        return None, f"the folder {closed} is closed to other users; put the device's data below an open one"
    owner = store.stat().st_uid
    if FIRST_UID <= owner <= LAST_UID:
        return owner, ""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | _owners_of(store.resolve().parent) | _running()
    free = [uid for uid in range(FIRST_UID, LAST_UID + 1) if uid not in taken]
    return (secrets.choice(free), "") if free else (None, "no user number is free")


def give_store(store: Path, user: int) -> None:
    """Make ``user`` the owner of the store and of everything in it, once.

    A signer that was taken over can put names into its store. So a store that is already its own is not walked again,
    links are never followed, and a file with a second name (a hard link to a file of root) is not given away.
    """
    if store.stat().st_uid != user:
        for _path, folders, files, directory in os.fwalk(store, follow_symlinks=False):
            for name in (*folders, *files):
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) or status.st_nlink == 1:
                    os.chown(name, user, user, dir_fd=directory, follow_symlinks=False)
        os.chown(store, user, user, follow_symlinks=False)
    store.chmod(0o700)


def _closed_ancestor(store: Path) -> Path | None:
    """A folder on the way that a user without rights of its own cannot pass."""
    return next((folder for folder in store.parents if not folder.stat().st_mode & 0o001), None)


def _owners_of(folder: Path) -> set[int]:
    """Users of neighbouring devices, also of those that are switched off now."""
    return {entry.stat(follow_symlinks=False).st_uid for entry in os.scandir(folder)}


def _running() -> set[int]:
    owners = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                owners.add(entry.stat().st_uid)
            except OSError:  # it ended meanwhile
                continue
    return owners
