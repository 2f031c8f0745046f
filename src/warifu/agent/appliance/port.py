"""What the host and the appliance say to each other on the one port between them, before the signer's frames begin.

First the host hands over, in a fixed form, what the start is for and the 32 bytes of the unlock key, which a signer on
its own machine gets by a pipe. Where its TPM is to be set up, or the owner is to approve what was booted, one question
and one answer follow. After that come the signer's frames (``protocol.framing``), in both directions, until one side
ends. The host can read the appliance's memory, so a secret is no more exposed on this road than where it arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from warifu.errors import InputRefused

PORT = "org.warifu.signer"
"""The port's name, in QEMU's arguments and below /sys/class/virtio-ports."""

KEY_BYTES, UPDATE_KEY_BYTES = 32, 65
_MARK = b"warifu-appliance/1\n"
BEGIN_BYTES = len(_MARK) + 1 + KEY_BYTES + KEY_BYTES + UPDATE_KEY_BYTES
MAX_QUESTION_BYTES = 4096


class Purpose(IntEnum):
    """What a start is for."""

    WORK = 0
    """Start the signer."""
    SET_UP = 1
    """Set the TPM up for the owner's update key, have this boot approved, and start the signer."""
    APPROVE = 2
    """Have this boot approved, and start the signer."""


@dataclass(frozen=True)
class Begin:
    """The first thing that the host says. The lockout secret and the update key belong to ``SET_UP`` alone."""

    purpose: Purpose
    unlock_key: bytearray = field(repr=False)
    lockout_secret: bytearray = field(default_factory=lambda: bytearray(KEY_BYTES), repr=False)
    update_key: bytes = bytes(UPDATE_KEY_BYTES)

    def packed(self) -> bytearray:
        """On the wire; the caller wipes it."""
        parts = (self.unlock_key, self.lockout_secret, self.update_key)
        if [len(part) for part in parts] != [KEY_BYTES, KEY_BYTES, UPDATE_KEY_BYTES]:
            raise InputRefused("handover", "a key that is handed to the appliance has a wrong length")
        packed = bytearray(_MARK) + bytes([self.purpose])
        for part in parts:
            packed += part
        return packed

    @classmethod
    def unpacked(cls, received: bytearray) -> Begin:
        """The mirror of :meth:`packed`; wipes ``received``. ``InputRefused`` for anything else."""
        try:
            at = len(_MARK)
            known = [int(purpose) for purpose in Purpose]
            if len(received) != BEGIN_BYTES or not received.startswith(_MARK) or received[at] not in known:
                raise InputRefused("handover", "the host did not begin with the appliance's handover")
            keys = at + 1
            return cls(
                Purpose(received[at]),
                received[keys : keys + KEY_BYTES],
                received[keys + KEY_BYTES : keys + 2 * KEY_BYTES],
                bytes(received[keys + 2 * KEY_BYTES :]),
            )
        finally:
            received[:] = bytes(len(received))

    def wipe(self) -> None:
        """Both secrets (best effort)."""
        for secret in (self.unlock_key, self.lockout_secret):
            secret[:] = bytes(len(secret))
