"""Something on the wires between processor and TPM: it sees all, and may change an answer or cut the wire."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

Alter = Callable[[bytes, bytes], bytes | None]
"""(command, answer) -> what is passed on as the answer; None cuts the wire."""


class Interposer:
    """Relays one connection at a time between ``path`` and the TPM's own socket, by a thread that ends with it."""

    def __init__(self, tpm: Path, path: Path, alter: Alter | None = None) -> None:
        self.seen: list[tuple[bytes, bytes]] = []
        self.alter: Alter = alter or (lambda _command, answer: answer)
        self._tpm = tpm
        self._connection: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.device = f"swtpm:path={path}"
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def close(self) -> None:
        """End the thread, also where somebody still holds the connection."""
        self._listener.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            if self._connection is not None:
                self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Interposer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            with ours, socket.socket(socket.AF_UNIX) as theirs, contextlib.suppress(OSError):
                self._connection = ours
                theirs.connect(str(self._tpm))
                self._relay(ours, theirs)

    def _relay(self, ours: socket.socket, theirs: socket.socket) -> None:
        while command := ours.recv(4096):
            theirs.sendall(command)
            answer = theirs.recv(4096)
            self.seen.append((command, answer))
            altered = self.alter(command, answer)
            if altered is None:
                return
            ours.sendall(altered)


def command_code(command: bytes) -> int:
    """Which command it is (TPM 2.0 Library, Part 2, 6.5.2)."""
    return int.from_bytes(command[6:10], "big")
