"""What the host and the appliance agreed on for the one port between them, before the frames begin.

First the host hands over what a signer on its own machine gets by a pipe: a mark and the 32 bytes of the unlock key.
Everything after that is frames (``protocol.framing``), in both directions, until one side ends. The host can read the
appliance's memory, so the key is no more exposed on this road than in the place where it arrives.
"""

from __future__ import annotations

from warifu.errors import InputRefused

PORT = "org.warifu.signer"
"""The port's name, in QEMU's arguments and below /sys/class/virtio-ports."""

_MARK = b"warifu-appliance/1\n"
_KEY_BYTES = 32
HANDOVER_BYTES = len(_MARK) + _KEY_BYTES


def handover(unlock_key: bytearray) -> bytearray:
    """What the host sends first; the caller wipes both."""
    if len(unlock_key) != _KEY_BYTES:
        raise InputRefused("handover", f"an unlock key has {_KEY_BYTES} bytes, not {len(unlock_key)}")
    return bytearray(_MARK) + unlock_key


def unlock_key_of(received: bytearray) -> bytearray:
    """The key, for the caller to wipe; wipes ``received``. ``InputRefused`` where the host said something else."""
    try:
        if len(received) != HANDOVER_BYTES or not received.startswith(_MARK):
            raise InputRefused("handover", "the host did not begin with the appliance's handover")
        return received[len(_MARK) :]
    finally:
        received[:] = bytes(len(received))
