"""Secrets that can be wiped.

Python copies and moves objects as it likes, so wiping is best effort: what is promised is that the buffer owned
by a :class:`Secret` is overwritten on :meth:`Secret.wipe`, at the end of a ``with`` block, and when it is
collected. Arithmetic works on this buffer in place (see ``libsecp256k1.py``, ``ed25519.py``), so that a scalar
never becomes a Python integer.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

from warifu.threshold.errors import AlreadyUsed, InvalidInput

Buffer = bytearray | memoryview
"""What a secret lies in: writable, one byte an item."""

_take: Callable[[int], Buffer] = bytearray


def keep_secrets_in(take: Callable[[int], Buffer]) -> None:
    """From now on every new secret lies in a buffer that ``take(length)`` gives: zeroed, and nobody else's for as long
    as any view of it lives. For a process that has better memory than the ordinary; before it has any secret.
    """
    global _take  # one memory for the whole process, as the interpreter's own
    _take = take


class Secret:
    """A secret of fixed length in its own buffer.

    It never shows in ``repr``, compares in constant time, and can be neither pickled, copied nor hashed. Share it by
    reference; :meth:`clone` makes a second one on purpose. ``bytes`` handed to the constructor stay in the caller's
    hands and are the caller's to forget.
    """

    __slots__ = ("__weakref__", "_buffer", "_wiped")

    def __init__(self, value: bytes | bytearray | memoryview) -> None:
        if len(value) == 0:
            raise InvalidInput("a secret cannot be empty")
        self._buffer = _take(len(value))
        self._buffer[:] = value
        self._wiped = False

    @property
    def buffer(self) -> Buffer:
        """The live buffer, for arithmetic in place. Raises AlreadyUsed after :meth:`wipe`."""
        if self._wiped:
            raise AlreadyUsed("this secret was wiped")
        return self._buffer

    @property
    def wiped(self) -> bool:
        return self._wiped

    def expose(self) -> bytes:
        """An immutable copy, for sealing or for publication; it can no longer be wiped. AlreadyUsed if wiped."""
        return bytes(self.buffer)

    def clone(self) -> Secret:
        """A second secret of the same value, wiped on its own. AlreadyUsed if wiped."""
        return Secret(self.buffer)

    def wipe(self) -> None:
        """Overwrite with zeros. Any later use raises AlreadyUsed; wiping twice is harmless."""
        self._buffer[:] = bytes(len(self._buffer))
        self._wiped = True

    def __enter__(self) -> Secret:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.wipe()

    def __del__(self) -> None:
        buffer = getattr(self, "_buffer", None)  # absent where the constructor refused
        if buffer is not None:
            buffer[:] = bytes(len(buffer))

    def __len__(self) -> int:
        return len(self._buffer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.buffer, other.buffer)

    __hash__ = None  # type: ignore[assignment]  # a hash would leak the value; object declares one

    def __repr__(self) -> str:
        return f"Secret(<{len(self._buffer)} bytes>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret cannot be copied; clone() it on purpose")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a secret cannot be copied; clone() it on purpose")
