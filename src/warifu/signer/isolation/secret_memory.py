"""The memory that secrets lie in: one mapping, made before the first secret exists, and buffers taken from it.

Best is memfd_secret(2): the kernel takes such pages out of its own map, so that neither ptrace, /proc/PID/mem (root's
either), process_vm_readv, a core, a swap device nor a kernel bug that reads where it should not finds them. Where there
is none, it is ordinary memory, locked, and left out of cores.

A buffer goes back only when the last view of it is gone, numpy's and cffi's included; until then nothing else gets its
place. Buffers are zeroed before they are given and when they come back.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections import defaultdict
from typing import Any, Final

from warifu.signer.isolation.kernel import MEMFD_SECRET, call, map_memory, syscall

LEAST_BYTES, MOST_BYTES = 32, 64 * 1024
"""Buffers are rounded up to a power of two. Larger ones, and those that find no room, are ordinary memory."""

_O_CLOEXEC = os.O_CLOEXEC


class SecretMemory:
    """A mapping of ``size`` bytes, cut into buffers."""

    def __init__(self, size: int, *, hidden: bool) -> None:
        """``hidden``: by memfd_secret(2); otherwise locked memory. ``OSError`` where the kernel refuses."""
        self.address: Final = _hidden(size) if hidden else _locked(size)
        self.size: Final = size
        self.refused = 0
        """How many buffers lie in ordinary memory because there was no room for them here."""
        self._used = 0
        self._free: defaultdict[int, list[int]] = defaultdict(list)
        self._kinds: dict[int, type[ctypes.Array[ctypes.c_ubyte]]] = {}

    def take(self, length: int) -> bytearray | memoryview:
        """A zeroed buffer of ``length`` bytes."""
        room = max(LEAST_BYTES, 1 << (length - 1).bit_length())
        place = self._place(room) if room <= MOST_BYTES else None
        if place is None:
            self.refused += 1
            return bytearray(length)
        return memoryview(self._kind(room).from_address(place)).cast("B")[:length]

    def _place(self, room: int) -> int | None:
        if self._free[room]:
            return self._free[room].pop()
        if self._used + room > self.size:
            return None
        self._used += room
        return self.address + self._used - room

    def _kind(self, room: int) -> type[ctypes.Array[ctypes.c_ubyte]]:
        """The class of buffers of this size. All views of a buffer keep its one object alive, and its end is theirs."""
        if room not in self._kinds:
            free, address, overwrite = self._free[room], ctypes.addressof, ctypes.memset

            def give_back(buffer: Any) -> None:  # noqa: ANN401  # an instance of the class that is made here
                place = address(buffer)
                overwrite(place, 0, room)
                free.append(place)

            self._kinds[room] = type(f"Secret{room}", (ctypes.c_ubyte * room,), {"__del__": give_back})
        return self._kinds[room]


def _hidden(size: int) -> int:
    descriptor = syscall(MEMFD_SECRET, _O_CLOEXEC)
    try:
        os.ftruncate(descriptor, size)
        return map_memory(size, mmap.MAP_SHARED, descriptor)
    finally:
        os.close(descriptor)


def _locked(size: int) -> int:
    address = map_memory(size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    call("mlock", ctypes.c_void_p(address), ctypes.c_size_t(size))
    call("madvise", ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(_MADV_DONTDUMP))
    return address


_MADV_DONTDUMP = 16
