"""Landlock: of the whole file system only the store (and a TEE's own files in the kernel), and no TCP.

Written on the three system calls (Documentation/userspace-api/landlock.rst) because rules for the network (ABI 4) and
scopes (ABI 6: no abstract UNIX socket and no signal out of the process) are needed. ABI 7 only adds logging. What an
older kernel does not know is left out of the rule set, and the detail is in the host's report (``landlock``).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.kernel import (
    LANDLOCK_ADD_RULE,
    LANDLOCK_CREATE_RULESET,
    LANDLOCK_RESTRICT_SELF,
    syscall,
)
from warifu.signer.isolation.layer import IsolationProfile, Unavailable
from warifu.signer.isolation.layers.private_root import RANDOM_DEVICE

_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_FILE_RIGHTS = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
_TCP_RIGHTS = {4: 0b11}  # bind, connect
_SCOPES = {6: 0b11}  # abstract UNIX sockets, signals

_STORE_RIGHTS = (
    _WRITE_FILE
    | _READ_FILE
    | _READ_DIR
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _REFER
    | _TRUNCATE
)


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class Landlock:
    name: ClassVar[str] = "landlock"
    reason: ClassVar[str] = (
        "a signer that was taken over must not read the device's other files nor write anywhere"
    )

    def apply(self, profile: IsolationProfile) -> None:
        abi = _abi()
        handled = _known(_FILE_RIGHTS, abi)
        ruleset = _create(handled, _known(_TCP_RIGHTS, abi), _known(_SCOPES, abi))
        try:
            _allow(ruleset, ".", _STORE_RIGHTS & handled)  # the directory that was entered at the start
            _allow(ruleset, RANDOM_DEVICE, _READ_FILE)
            if profile.platform is not None and stat.S_ISDIR(os.fstat(profile.platform).st_mode):
                _allow_below(ruleset, profile.platform, _READ_FILE | _WRITE_FILE)
            syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
        finally:
            os.close(ruleset)

    def probe(self, profile: IsolationProfile) -> str | None:
        store = Path(profile.store)
        for path in (Path("/"), Path("/proc/self"), store.parent):
            if _can_list(path):
                return f"{path} can be read"
        return None if _can_list(store) else "not even the store can be read"


def _can_list(path: Path) -> bool:
    try:
        list(path.iterdir())
    except (PermissionError, FileNotFoundError):  # in a private root most do not exist
        return False
    return True


def _abi() -> int:
    try:
        return syscall(LANDLOCK_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError as error:
        if error.errno == errno.ENOSYS:
            raise Unavailable("the kernel was built without Landlock or is older than 5.13") from None
        if error.errno == errno.EOPNOTSUPP:
            raise Unavailable("Landlock is switched off; add it to lsm= on the kernel command line") from None
        raise


def _known(rights: dict[int, int], abi: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= abi)


def _create(files: int, tcp: int, scopes: int) -> int:
    """A rule set's descriptor. An older kernel accepts the longer structure as long as the new fields are zero."""
    attributes = _RulesetAttr(files, tcp, scopes)
    return syscall(LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _allow_below(ruleset, descriptor, rights)
    finally:
        os.close(descriptor)


def _allow_below(ruleset: int, descriptor: int, rights: int) -> None:
    rule = _PathBeneathAttr(rights, descriptor)
    syscall(LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
