"""Questions that only the running kernel answers, by system calls that change nothing."""

from __future__ import annotations

import ctypes
import os
import resource

_LANDLOCK_CREATE_RULESET, _ASK_VERSION = 444, 1
_MEMFD_SECRET = 447
_PR_GET_MDWE = 66
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 512  # struct timex is 208 bytes on 64-bit machines


class Kernel:
    """The kernel under this process."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def landlock_abi(self) -> int | None:
        """The version of Landlock's interface; None where there is none or it is switched off."""
        version = self._libc.syscall(
            ctypes.c_long(_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0), _ASK_VERSION
        )
        return int(version) if version > 0 else None

    def memfd_secret(self) -> bool:
        """Whether memory can be taken out of the kernel's own sight (memfd_secret(2))."""
        descriptor = self._libc.syscall(ctypes.c_long(_MEMFD_SECRET), ctypes.c_uint(0))
        if descriptor < 0:
            return False
        os.close(descriptor)
        return True

    def refuses_new_code(self) -> bool:
        """Whether the kernel knows PR_SET_MDWE."""
        zeros = [ctypes.c_ulong(0)] * 4
        return bool(self._libc.prctl(ctypes.c_int(_PR_GET_MDWE), *zeros) >= 0)

    def lockable_bytes(self) -> int | None:
        """The hard limit of locked memory; None where there is none."""
        hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        return None if hard == resource.RLIM_INFINITY else hard

    def clock_synchronised(self) -> bool | None:
        """What the kernel's clock discipline says (adjtimex(2)); None where the call is closed (ProtectClock=)."""
        state = self._libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        return None if state == -1 else bool(state != _TIME_ERROR)

    def release(self) -> str:
        """Version and processor."""
        name = os.uname()
        return f"{name.release} {name.machine}"


class NoKernel:
    """In the place of :class:`Kernel` where only recorded files are looked at."""
