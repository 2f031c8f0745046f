"""Frames on a byte stream: between the enclave process and the agent that holds its connection.

Each frame is a 4-byte big-endian length, one byte of *origin*, and the payload. The origin tells the enclave
whether the device's own operator speaks (through the agent) or the service does: the agent marks every byte that
came from the network as ``SERVICE``, so a hostile service can never confirm an enrolment in the owner's place.
"""

from __future__ import annotations

from enum import IntEnum

from warifu.errors import InputRefused
from warifu.protocol.frames import MAX_FRAME_BYTES

_HEADER = 5


class Origin(IntEnum):
    """Who speaks."""

    OPERATOR = 0
    SERVICE = 1


def frame(origin: Origin, payload: bytes) -> bytes:
    """One frame; ``InputRefused`` when the payload is over the limit."""
    if len(payload) > MAX_FRAME_BYTES:
        raise InputRefused(
            "too-long", f"a frame of {len(payload)} bytes is over the limit of {MAX_FRAME_BYTES}"
        )
    return (len(payload) + 1).to_bytes(4, "big") + bytes([origin]) + payload


class FrameReader:
    """Cuts a stream into frames. Feed it bytes as they come; it never holds more than one frame's worth."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Origin, bytes]]:
        """The frames that ``data`` completes; ``InputRefused`` for an impossible length or an unknown origin."""
        self._buffer += data
        frames: list[tuple[Origin, bytes]] = []
        while len(self._buffer) >= _HEADER:
            length = int.from_bytes(self._buffer[:4], "big")
            if not 1 <= length <= MAX_FRAME_BYTES + 1:
                raise InputRefused("framing", f"a frame announces {length} bytes")
            if self._buffer[4] not in (Origin.OPERATOR, Origin.SERVICE):
                raise InputRefused("framing", "a frame has an unknown origin")
            if len(self._buffer) < 4 + length:
                break
            frames.append((Origin(self._buffer[4]), bytes(self._buffer[_HEADER : 4 + length])))
            del self._buffer[: 4 + length]
        return frames
