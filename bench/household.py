"""Real enclave processes, shut in as in production, with a relay of a few lines between them: no HTTP, no database.

``without_argon2id`` starts them from ``bench/cheap_signer.py``, in which the passphrase is stretched by one hash: a
signer that exists for measuring and nowhere else.
"""

from __future__ import annotations

import contextlib
import select
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from nacl.utils import random
from tests.support.simulator import Household, Outcome, Tamper, honest

from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import (
    CallRefused,
    Finished,
    JoinCommit,
    JoinOwner,
    JoinReveal,
    OpenSession,
    Relay,
    Reply,
    SessionFailed,
    decode_from_signer,
    error_of,
)
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.operator import (
    BeginJoin,
    ConfirmJoin,
    Joined,
    Ready,
    ShowAuthenticationString,
    decode_for_operator,
)
from warifu.signer.isolation.spawn import EnclaveProcess, spawn_python

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
PRODUCTION = ("-m", "warifu.signer.process")
CHEAP = (
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.cheap_signer import main; sys.exit(main())",
)


class ProcessDevice:
    """One enclave process, spoken to over its descriptor."""

    def __init__(self, name: str, directory: Path, arguments: tuple[str, ...]) -> None:
        self.name = name
        directory.mkdir(parents=True)
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(60)
        with theirs:
            self.process: EnclaveProcess = spawn_python(arguments, theirs, directory, random(32))
        self._reader = FrameReader()
        self._waiting: list[Any] = []
        assert isinstance(self.hear(), Ready), list(self.process.log)
        self.identity = b""

    @property
    def ref(self) -> DeviceRef:
        return DeviceRef(self.name, self.identity)

    def post(self, message: object, origin: Origin = Origin.SERVICE) -> None:
        self.connection.sendall(frame(origin, encode(message)))

    def read(self) -> list[Any]:
        """What one read of the descriptor completes."""
        data = self.connection.recv(262144)
        if not data:
            raise EOFError(f"{self.name} ended: {list(self.process.log)}")
        return [
            decode_for_operator(payload) if origin is Origin.OPERATOR else decode_from_signer(payload)
            for origin, payload in self._reader.feed(data)
        ]

    def hear(self) -> Any:  # noqa: ANN401  # a frame to the service or a word to the operator
        while not self._waiting:
            self._waiting += self.read()
        return self._waiting.pop(0)

    def call(self, message: object, kind: type[T]) -> T:
        self.post(message)
        answer = self.hear()
        if isinstance(answer, CallRefused):
            raise error_of(answer.refusal)
        assert isinstance(answer, Reply)
        return decode(kind, answer.answer, 2**20)

    def join(self, owner: IdentityKey) -> None:
        self.post(BeginJoin(self.name, random(16)), Origin.OPERATOR)
        assert isinstance(self.hear(), JoinCommit)
        self.post(JoinOwner(owner.public, random(32)))
        assert isinstance(self.hear(), JoinReveal)
        assert isinstance(self.hear(), ShowAuthenticationString)
        self.post(ConfirmJoin(True), Origin.OPERATOR)
        joined = self.hear()
        assert isinstance(joined, Joined)
        self.identity = joined.identity

    def close(self) -> None:
        self.connection.close()
        self.process.stop()


class Processes(Household):
    """A household whose signers are processes that work at the same time."""

    def __init__(self, root: Path, n: int, arguments: tuple[str, ...]) -> None:
        super().__init__(root, 0)
        self.clock = lambda: int(time.time())  # type: ignore[assignment]  # the processes look at the real clock
        for number in range(n):
            name = f"device{number}"
            self.devices[name] = ProcessDevice(name, root / name / "enclave", arguments)  # type: ignore[assignment]
        for device in self.devices.values():
            device.join(self.owner)

    def run(
        self,
        openings: dict[str, OpenSession],
        tamper: Tamper = honest,
        opened: Callable[[], None] = lambda: None,
    ) -> Outcome:
        outcome = Outcome()
        chosen: dict[str, Any] = {name: self.devices[name] for name in openings}
        by_identity = {device.identity: device for device in chosen.values()}
        by_descriptor = {device.connection: device for device in chosen.values()}
        for name, opening in openings.items():
            chosen[name].post(opening)
        opened()
        assert tamper is honest, "the relay of the bench is honest"
        while len(outcome.finished) + len(outcome.failed) < len(openings):
            ready, _, _ = select.select(list(by_descriptor), [], [], 60)
            assert ready, "the signers are silent"
            for connection in ready:
                sender = by_descriptor[connection]
                for message in sender.read():
                    if isinstance(message, Relay):
                        by_identity[message.peer].post(Relay(message.session, sender.identity, message.body))
                    elif isinstance(message, Finished):
                        outcome.finished[sender.name] = message.result
                    elif isinstance(message, SessionFailed):
                        outcome.failed[sender.name] = error_of(message.refusal)
        return outcome

    def close(self) -> None:
        for device in self.devices.values():
            device.close()  # type: ignore[attr-defined]  # these are processes

    def resident_mib(self, field: str = "VmRSS") -> list[float]:
        """Resident memory of each enclave process now (``VmRSS``) or at its highest (``VmHWM``)."""
        sizes = []
        for device in self.devices.values():
            status = Path(f"/proc/{device.process.pid}/status").read_text(encoding="ascii")  # type: ignore[attr-defined]
            (line,) = [line for line in status.splitlines() if line.startswith(f"{field}:")]
            sizes.append(int(line.split()[1]) / 1024)
        return sizes


@contextlib.contextmanager
def processes(n: int, arguments: tuple[str, ...]) -> Iterator[Processes]:
    """``n`` enrolled signers in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="warifu-bench-") as folder:
        root = Path(folder)
        root.chmod(0o711)
        (root / "x").mkdir()
        household = Processes(root, n, arguments)
        try:
            yield household
        finally:
            household.close()
