"""The firmware's log of what it measured (TCG PC Client Platform Firmware Profile, section 10): it explains the PCRs.

The log proves nothing by itself; a verifier replays it and compares with the quote. It does not change after boot, so
it is read once, before the signer is shut in: the file belongs to root.
"""

from __future__ import annotations

import os
from pathlib import Path

from warifu.attestation.tpm.bundle import MAX_EVENT_LOG_BYTES

KERNEL_FILE = Path("/sys/kernel/security/tpm0/binary_bios_measurements")


def read_event_log(path: Path = KERNEL_FILE) -> bytes:
    """The log; empty where there is none, or one that is too long to travel (half a log explains nothing)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return b""
    try:
        log = b""
        while part := os.read(descriptor, MAX_EVENT_LOG_BYTES + 1 - len(log)):
            log += part
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return log if len(log) <= MAX_EVENT_LOG_BYTES else b""
