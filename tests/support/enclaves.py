"""Real enclave processes for the household of ``simulator``: isolated, and spoken to over their one descriptor."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from nacl.utils import random
from tests.support.simulator import SimulatedDevice

from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import AskStatus, Reply, Status, decode_from_signer
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import Ready, StartAgain, decode_for_operator
from warifu.signer.isolation.spawn import EnclaveProcess, spawn_python

_ANSWER_SECONDS = 30
PRODUCTION = ("-m", "warifu.signer.process")


class Enclave:
    """A running enclave process, seen from its agent."""

    def __init__(self, directory: Path, unlock_key: bytes, arguments: tuple[str, ...] = PRODUCTION) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        let_pass(directory)
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(_ANSWER_SECONDS)
        self._reader = FrameReader()
        self._waiting: list[Any] = []
        with theirs:
            self.process: EnclaveProcess = spawn_python(arguments, theirs, directory, unlock_key)

    def say(self, origin: Origin, payload: bytes) -> None:
        self.connection.sendall(frame(origin, payload))

    def say_raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hear(self) -> Any:
        """The next message, whoever it is for. ``EOFError`` at the end."""
        while not self._waiting:
            self._waiting += self.read()
        return self._waiting.pop(0)

    def read(self) -> list[Any]:
        """The messages that one read of the descriptor completes."""
        data = self.connection.recv(262144)
        if not data:
            raise EOFError
        return [
            decode_for_operator(payload) if origin is Origin.OPERATOR else decode_from_signer(payload)
            for origin, payload in self._reader.feed(data)
        ]

    def hang_up(self) -> None:
        self.connection.close()

    def close(self) -> None:
        self.connection.close()
        self.process.stop()

    def __enter__(self) -> Enclave:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class EnclaveDevice(SimulatedDevice):
    """A device of a household whose signer is a process of its own. Its clock is the machine's."""

    arguments: ClassVar[tuple[str, ...]] = PRODUCTION

    def __post_init__(self) -> None:
        self.markers = itertools.count(2**40)
        self.start()

    def start(self) -> None:
        self.enclave = Enclave(self.directory, self.unlock_key, self.arguments)
        ready = self.enclave.hear()
        assert isinstance(ready, Ready), ready
        self.isolation = dict(ready.isolation)
        self._identity = self.status().identity

    def crash(self) -> None:
        self.enclave.process.kill()
        self.enclave.process.wait(60)
        self.enclave.close()

    def close(self) -> None:
        self.enclave.close()

    @property
    def identity(self) -> bytes:
        return self._identity

    def send_bytes(self, payload: bytes) -> list[Any]:
        return self._exchange(Origin.SERVICE, payload)

    def operator(self, message: object) -> list[Any]:
        return self._exchange(Origin.OPERATOR, encode(message))

    def status(self) -> Status:
        (reply,) = self.send_bytes(encode(AskStatus(1)))
        return decode(Status, reply.answer, 2**20)

    def _exchange(self, origin: Origin, payload: bytes) -> list[Any]:
        """Everything that the signer answers: up to the answer to a question that is asked right afterwards."""
        marker = next(self.markers)
        self.enclave.say(origin, payload)
        self.enclave.say(Origin.SERVICE, encode(AskStatus(marker)))
        answers: list[Any] = []
        while True:
            answer = self.enclave.hear()
            if isinstance(answer, Reply) and answer.call == marker:
                return answers
            if not isinstance(answer, StartAgain):  # said once, at a moment of its own choosing
                answers.append(answer)


def let_pass(directory: Path) -> None:
    """Where root starts it, an enclave has a user of its own, who must be able to reach its store."""
    if os.geteuid() != 0:
        return
    for parent in list(directory.parents)[:4]:
        if parent.stat().st_uid == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)


Clock = Callable[[], int]


def enclave_device(name: str, directory: Path, clock: Clock) -> EnclaveDevice:
    """For ``Household(make_device=...)``."""
    return EnclaveDevice(name, directory, clock, unlock_key=random(32))
