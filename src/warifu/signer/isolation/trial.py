"""Try isolation on this machine and see what it gives: for ``warifu doctor``, before any key exists.

A short-lived process of the same kind as a signer shuts itself in, reports, and ends.
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import msgspec
from nacl.utils import random

from warifu.errors import HostUnsuitable
from warifu.signer.isolation.apply import apply_all
from warifu.signer.isolation.handover import KEY_BYTES, receive
from warifu.signer.isolation.layer import IsolationReport
from warifu.signer.isolation.spawn import spawn

_MAX_REPORT_BYTES = 64 * 1024
_PATIENCE_SECONDS = 30


def try_isolation(folder: Path | None = None, *, own_user: bool = True) -> IsolationReport:
    """What each layer would give to a signer whose store lies in ``folder`` (None: the temporary directory).

    Raises ``HostUnsuitable`` where the trial process itself does not come through.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="warifu-trial-") as made:
        ours, theirs = socket.socketpair()
        with (
            ours,
            spawn(__name__, theirs, Path(made), random(KEY_BYTES), required=(), own_user=own_user) as child,
        ):
            theirs.close()
            ours.settimeout(_PATIENCE_SECONDS)
            answer = _read_to_end(ours)
            child.wait(_PATIENCE_SECONDS)
    try:
        return msgspec.json.decode(answer, type=IsolationReport)
    except msgspec.DecodeError:
        raise HostUnsuitable(
            "isolation-trial",
            f"a trial of the signer's isolation ended without a report: {' / '.join(list(child.log)[-3:])}",
            not_done="Nothing was started.",
        ) from None


def _read_to_end(connection: socket.socket) -> bytes:
    answer = bytearray()
    try:
        while len(answer) < _MAX_REPORT_BYTES and (part := connection.recv(4096)):
            answer += part
    except OSError:  # patience ran out: an empty or cut report is refused by the caller
        return b""
    return bytes(answer)


def main() -> None:
    """The trial process: take the handover, shut in, report."""
    handover = receive()
    handover.unlock_key[:] = bytes(KEY_BYTES)
    handover.connection.sendall(msgspec.json.encode(apply_all(handover.profile)))


if __name__ == "__main__":
    main()
