"""The one descriptor through which a TPM is spoken to, as ESAPI's transport (TCTI).

Ours instead of the TSS's own: it is one descriptor, opened before the signer is shut in, and needs nothing but
``write``, ``poll`` and ``read`` afterwards (the TSS's transport for swtpm connects anew for each command); and it never
waits for ever. No other transport is ever loaded: ``cmd:`` would start a program named in a setting.
"""

from __future__ import annotations

import os
import re
import select
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tpm2_pytss import TSS2_RC, PollData, PyTCTI, TSS2_Exception

from warifu.errors import PlatformRefused

_DEVICE = re.compile(r"device:(/dev/tpmrm[0-9]{1,2})")
_SWTPM = re.compile(r"swtpm:path=(/[\x21-\x7e]{1,99})")
_HEADER_BYTES, _MOST_BYTES = 10, 4096
_TIMEOUT_MS = 300_000
"""The longest that a TPM of the PC Client profile may take for one command (making an RSA key)."""


@dataclass(frozen=True)
class Address:
    """Where a TPM is found, read from the setting once."""

    kind: Literal["device", "swtpm"]
    path: Path


def read_address(device: str) -> Address:
    """``device:/dev/tpmrm0`` or ``swtpm:path=/absolute/path``; ``PlatformRefused`` for anything else.

    The device is always the kernel's resource manager (``tpmrm``): without it another program's keys and sessions
    would get in our way, and ours in its.
    """
    if found := _DEVICE.fullmatch(device):
        return Address("device", Path(found[1]))
    if found := _SWTPM.fullmatch(device):
        return Address("swtpm", Path(found[1]))
    raise PlatformRefused(
        "device",
        f"{device[:80]!r} is not how a TPM is reached",
        not_done="Nothing was opened.",
        remedy="Give device:/dev/tpmrm0 (a TPM) or swtpm:path=/absolute/path (a simulator, for development).",
    )


class Transport(PyTCTI):  # type: ignore[misc]  # the library has no types
    """Commands out, answers in, over one descriptor. After a failure it stays closed: half an answer may be left."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._descriptor: int | None = _open(address)
        super().__init__()

    @property
    def descriptor(self) -> int:
        """What must stay open, and may be written, polled and read, when everything else is shut."""
        if self._descriptor is None:
            raise _failure()
        return self._descriptor

    def do_transmit(self, command: bytes) -> None:
        try:
            while command:
                command = command[os.write(self.descriptor, command) :]
        except OSError:
            self.close()
            raise _failure() from None

    def do_receive(self, timeout: int) -> bytes:
        """One whole answer; the kernel's device gives it in one piece, a socket perhaps not."""
        answer, wanted = b"", _HEADER_BYTES
        try:
            while len(answer) < wanted:
                answer += self._part(_MOST_BYTES - len(answer), timeout)
                if len(answer) >= _HEADER_BYTES:
                    wanted = int.from_bytes(answer[2:6], "big")
                if not _HEADER_BYTES <= wanted <= _MOST_BYTES or len(answer) > wanted:
                    raise OSError("an answer of a wrong length")
        except OSError:
            self.close()
            raise _failure() from None
        return answer

    def do_get_poll_handles(self) -> tuple[PollData, ...]:
        return (PollData(self.descriptor, select.POLLIN),)

    def close(self) -> None:
        """Close the descriptor; whatever comes afterwards is refused."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _part(self, most: int, timeout: int) -> bytes:
        waiting = select.poll()
        waiting.register(self.descriptor, select.POLLIN)
        if not waiting.poll(_TIMEOUT_MS if timeout < 0 else min(timeout, _TIMEOUT_MS)):
            raise OSError("no answer in time")
        part = os.read(self.descriptor, most)
        if not part:
            raise OSError("closed")
        return part


def _open(address: Address) -> int:
    try:
        if address.kind == "swtpm":
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(str(address.path))
                return os.dup(connection.fileno())
        descriptor = os.open(address.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise PlatformRefused(
            "unreachable",
            f"the TPM at {address.path} cannot be opened: {error.strerror}",
            not_done="Nothing was opened, and no other platform was tried.",
            remedy="Check that the TPM is switched on in the firmware, and that this user may open its device.",
        ) from None
    if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PlatformRefused("device", f"{address.path} is not a device")
    return descriptor


def _failure() -> TSS2_Exception:
    return TSS2_Exception(TSS2_RC.TCTI_RC_IO_ERROR)
