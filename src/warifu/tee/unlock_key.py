"""The device unlock key: 32 secret bytes without which a signer's store is noise.

It lies on another medium than the store (a USB stick, a systemd credential) or is typed by the owner. The file is
one line of 64 hexadecimal digits, so that it can be printed, kept in a safe and typed again.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from pathlib import Path

from nacl.utils import random

from warifu.errors import InputRefused, PlatformRefused

KEY_BYTES = 32
_LINE = re.compile(rb"[0-9a-fA-F]{64}\n?")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

# POSIX access control list as the kernel hands it out (linux/posix_acl_xattr.h): version, then (tag, perm, id) each.
_ACL_HEADER = struct.Struct("<I")
_ACL_ENTRY = struct.Struct("<HHI")
_ACL_USER_OBJ, _ACL_USER, _ACL_MASK = 0x01, 0x02, 0x10


def create_unlock_key(path: Path, data_directory: Path) -> None:
    """Write a fresh key to ``path`` (mode 0600). ``PlatformRefused`` where a file already lies there, or where it
    would lie inside ``data_directory``."""
    _refuse_inside(path, data_directory)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise _refused(
            f"the unlock key file {path} cannot be created: {error.strerror}",
            "Choose a new file on another medium than the device's data; an existing key is never overwritten.",
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask says
        file.write(random(KEY_BYTES).hex().encode() + b"\n")
        file.flush()
        os.fsync(descriptor)
    _sync_directory(path.parent)


def read_unlock_key(path: Path, data_directory: Path) -> bytearray:
    """The 32 bytes, for the caller to wipe. ``PlatformRefused`` where others could read or replace the file, where it
    lies inside ``data_directory``, or where it is not a key."""
    _refuse_inside(path, data_directory)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _refused(
            f"the unlock key file {path} cannot be read: {error.strerror}",
            "Put in the medium that holds the key, or give the right path.",
        ) from None
    text = bytearray(KEY_BYTES * 2 + 2)
    try:
        _refuse_open_to_others(path, descriptor)
        del text[os.readv(descriptor, [text]) :]
    finally:
        os.close(descriptor)
    try:
        return _parse(text)
    except InputRefused:
        raise _refused(
            f"the unlock key file {path} does not hold a key",
            "A key file is one line of 64 hexadecimal digits.",
        ) from None
    finally:
        text[:] = bytes(len(text))


def parse_unlock_key(typed: str) -> bytearray:
    """The 32 bytes of a key that the owner typed; spaces are ignored. ``InputRefused``, which never repeats it."""
    return _parse(bytearray("".join(typed.split()).encode("utf-8", "replace")))


def on_same_filesystem(path: Path, data_directory: Path) -> bool:
    """Whether one pulled disk would hold both key and data: worth a warning, though partitions may hide it."""
    return path.stat().st_dev == data_directory.stat().st_dev


def _parse(text: bytearray) -> bytearray:
    if not _LINE.fullmatch(text):
        raise InputRefused(
            "unlock-key",
            "this is not an unlock key",
            not_done="Nothing was unlocked.",
            remedy="An unlock key is 64 hexadecimal digits.",
        )
    return bytearray.fromhex(text.decode("ascii"))


def _sync_directory(directory: Path) -> None:
    """Until then a power failure may take the file away, and what is sealed with the key by then would never open."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_inside(path: Path, data_directory: Path) -> None:
    """A key beside what it locks is no lock: whoever takes the disk takes both."""
    if path.resolve().is_relative_to(data_directory.resolve()):
        raise _refused(
            f"the unlock key file {path} lies inside the device's own data",
            "Keep it on another medium than the device's data.",
        )


def _refuse_open_to_others(path: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    remedy = f"Make it your own and closed to others: chmod 600 {path}"
    if not stat.S_ISREG(status.st_mode):
        raise _refused(f"the unlock key {path} is not a regular file", remedy)
    if status.st_uid not in (os.geteuid(), 0):
        raise _refused(f"the unlock key file {path} belongs to another user", remedy)
    if status.st_mode & _OTHERS and not _opened_to_me_alone(descriptor, status):
        raise _refused(f"the unlock key file {path} can be read by other users", remedy)


def _opened_to_me_alone(descriptor: int, status: os.stat_result) -> bool:
    """systemd credentials (LoadCredential=) belong to root and are opened to the service's user by an access list,
    whose mask then looks like group permission. True where that list names nobody but this user."""
    if status.st_mode & (stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP):
        return False
    try:
        acl = os.getxattr(descriptor, "system.posix_acl_access")
    except OSError:
        return False
    if _ACL_HEADER.unpack_from(acl) != (2,) or (len(acl) - _ACL_HEADER.size) % _ACL_ENTRY.size:
        return False
    granted = [entry for entry in _ACL_ENTRY.iter_unpack(acl[_ACL_HEADER.size :]) if entry[1]]
    return all(
        tag in (_ACL_USER_OBJ, _ACL_MASK) or (tag == _ACL_USER and user == os.geteuid())
        for tag, _permission, user in granted
    )


def _refused(message: str, remedy: str) -> PlatformRefused:
    return PlatformRefused("unlock-key", message, not_done="The device was not unlocked.", remedy=remedy)
