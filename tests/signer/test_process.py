"""The enclave process for real: started, shut in, spoken to over its one descriptor, killed and started again."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nacl.utils import random

from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskStatus,
    Challenge,
    JoinCommit,
    JoinOwner,
    JoinReveal,
    Presence,
    Reply,
    decode_from_signer,
)
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.operator import (
    AskStorageKey,
    BeginJoin,
    ConfirmJoin,
    Joined,
    OperatorRefused,
    Ready,
    ShowAuthenticationString,
    StorageKey,
    decode_for_operator,
)
from warifu.signer.isolation.spawn import EnclaveProcess, spawn

pytestmark = pytest.mark.real


class Enclave:
    """The agent's end of a running enclave process."""

    def __init__(self, process: EnclaveProcess, connection: socket.socket) -> None:
        self.process = process
        self._connection = connection
        self._reader = FrameReader()
        self._waiting: list[tuple[Origin, bytes]] = []

    def send(self, origin: Origin, payload: bytes) -> None:
        self._connection.sendall(frame(origin, payload))

    def hear(self) -> Any:
        while not self._waiting:
            data = self._connection.recv(65536)
            if not data:
                raise EOFError
            self._waiting += self._reader.feed(data)
        origin, payload = self._waiting.pop(0)
        return decode_for_operator(payload) if origin is Origin.OPERATOR else decode_from_signer(payload)


@contextlib.contextmanager
def enclave(directory: Path, unlock_key: bytes) -> Iterator[Enclave]:
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    with theirs:
        process = spawn("warifu.signer.process", theirs, directory, unlock_key)
    with ours, process:
        yield Enclave(process, ours)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "enclave"
    place.mkdir()
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        with contextlib.suppress(PermissionError):
            path.chmod(0o711)  # an enclave with a user of its own must be able to pass through
    return place


def join(signer: Enclave) -> Joined:
    signer.send(Origin.OPERATOR, encode(BeginJoin("kitchen", random(16))))
    assert isinstance(signer.hear(), JoinCommit)
    signer.send(Origin.SERVICE, encode(JoinOwner(IdentityKey.generate().public, random(32))))
    assert isinstance(signer.hear(), JoinReveal)
    assert isinstance(signer.hear(), ShowAuthenticationString)
    signer.send(Origin.OPERATOR, encode(ConfirmJoin(True)))
    joined = signer.hear()
    assert isinstance(joined, Joined)
    return joined


def test_a_device_joins_and_is_still_the_same_after_it_was_killed(directory):
    key = random(32)
    with enclave(directory, key) as signer:
        ready = signer.hear()
        assert isinstance(ready, Ready) and not ready.joined
        assert dict(ready.isolation)["seccomp"] == "on"
        joined = join(signer)
        signer.process.kill()
    with enclave(directory, key) as signer:
        ready = signer.hear()
        assert isinstance(ready, Ready) and ready.joined
        nonce = random(32)
        signer.send(Origin.SERVICE, encode(Challenge(nonce)))
        presence = signer.hear()
        assert isinstance(presence, Presence) and presence.identity == joined.identity
        verify(presence.identity, presence.signature, "presence", nonce)


def test_the_storage_key_is_the_operators_and_the_same_at_every_start(directory):
    key, storage_keys = random(32), set()
    for _ in range(2):
        with enclave(directory, key) as signer:
            signer.hear()
            signer.send(Origin.OPERATOR, encode(AskStorageKey()))
            answer = signer.hear()
            assert isinstance(answer, StorageKey)
            storage_keys.add(answer.key)
            signer.send(Origin.SERVICE, encode(AskStorageKey()))  # from the network: not even understood
            signer.send(Origin.SERVICE, encode(AskStatus(1)))
            assert isinstance(signer.hear(), Reply)
    assert len(storage_keys) == 1


def test_a_foreign_unlock_key_is_said_and_the_process_ends(directory):
    with enclave(directory, random(32)) as signer:
        assert isinstance(signer.hear(), Ready)
    with enclave(directory, random(32)) as signer:
        refused = signer.hear()
        assert isinstance(refused, OperatorRefused)
        assert (refused.refusal.family, refused.refusal.reason) == ("store", "sealed")
        assert signer.process.wait(10) == 9


def test_it_ends_by_itself_when_the_connection_does(directory):
    with enclave(directory, random(32)) as signer:
        signer.hear()
        signer._connection.close()
        assert signer.process.wait(10) == 0
        assert not list(signer.process.log)


def test_a_stream_that_is_no_frames_ends_it(directory):
    with enclave(directory, random(32)) as signer:
        signer.hear()
        signer._connection.sendall(b"\xff" * 64)
        assert signer.process.wait(10) == 2


def test_two_processes_never_share_a_store(directory):
    key = random(32)
    with enclave(directory, key) as first:
        assert isinstance(first.hear(), Ready)
        with enclave(directory, key) as second:
            refused = second.hear()
            assert isinstance(refused, OperatorRefused)
            assert refused.refusal.reason in ("in-use", "unreadable")


def test_its_argument_list_and_environment_hold_nothing_secret(directory):
    key = random(32)
    with enclave(directory, key) as signer:
        signer.hear()
        pid = signer.process.pid
        with contextlib.suppress(PermissionError):  # then nobody else can read it either
            seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            assert key not in seen and key.hex().encode() not in seen
