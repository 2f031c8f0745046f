"""The appliance's first process: it prepares the machine, starts the signer, and carries bytes to it and back.

What runs here was measured before it ran: kernel, command line, and the initial RAM file system that holds this file
and all that the signer imports. The appliance has no shell, no network device and no console that reads; its doors are
one virtio-serial port and one disk. Both belong to the host and are hostile: from the port comes first the handover,
of a fixed length, and then frames that the signer parses; the disk holds the signer's sealed store and no program.

The signer is started as on any machine, with all layers of its isolation and as a user of its own. This process never
looks into a frame. When either side ends, the machine is switched off.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from warifu.agent.appliance import boots
from warifu.agent.appliance.port import BEGIN_BYTES, MAX_QUESTION_BYTES, Begin, Purpose
from warifu.agent.appliance.system import (
    enter_own_root,
    load_modules,
    mount_kernel_files,
    mounted_store,
    opened_port,
    say,
    say_measurements,
    switch_off,
    unmount,
)
from warifu.errors import InputRefused, WarifuError
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import refusal_of
from warifu.protocol.framing import Origin, frame
from warifu.protocol.operator import OperatorRefused
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY
from warifu.signer.isolation.spawn import spawn
from warifu.tee.tpm.policy import Approval

SIGNER = "warifu.signer.process"
_LAST_WORDS = 10.0
"""Seconds in which a signer whose connection ended has closed its store, and the host has read an error."""
_HEADER_BYTES = 5
_CHUNK = 64 * 1024


def main() -> int:
    """Work until the host hangs up or the signer ends, then switch the machine off. Ending is a kernel panic, which
    stops the machine too."""
    try:
        enter_own_root()
        mount_kernel_files()
        load_modules()
        say_measurements()
        port = opened_port()
        try:
            _serve(port)
        except WarifuError as error:
            say(f"{error.code}: {error}")
            _write_all(port, frame(Origin.OPERATOR, encode(OperatorRefused(refusal_of(error)))))
            _drain(port)
    except Exception as error:  # noqa: BLE001  # there is nobody above to tell, and a traceback could show secrets
        say(f"the appliance ended by an unforeseen {type(error).__name__}")
    switch_off()
    return 70


def _serve(port: int) -> None:
    begin = Begin.unpacked(_read_exactly(port, BEGIN_BYTES))
    try:
        store = mounted_store()
        directory = store / "signer"
        directory.mkdir(mode=0o700, exist_ok=True)
        if begin.purpose is not Purpose.WORK:
            _have_boot_approved(port, begin, directory / PLATFORM_DIRECTORY)
        ours, theirs = socket.socketpair()
        process = spawn(
            SIGNER,
            theirs,
            directory,
            begin.unlock_key,
            platform=boots.CHOICE,
            on_log=lambda line: say(f"signer: {line}"),
        )
    finally:
        begin.wipe()
    theirs.close()
    say("the signer was started")
    _carry(port, ours)
    try:
        process.wait(_LAST_WORDS)
    except TimeoutError:
        process.stop()
    say(f"the signer ended with status {process.returncode}")
    unmount(store)


def _have_boot_approved(port: int, begin: Begin, directory: Path) -> None:
    """One question and one answer. A host that hangs up instead approves nothing."""
    request = boots.prepare(begin, directory)
    _write_all(port, frame(Origin.OPERATOR, encode(request)))
    header = _read_exactly(port, _HEADER_BYTES)
    length = int.from_bytes(header[:4], "big") - 1
    if not 0 < length <= MAX_QUESTION_BYTES or header[4] != Origin.OPERATOR:
        raise InputRefused("framing", "the host's answer is no frame of its operator")
    answer = bytes(_read_exactly(port, length))
    boots.keep(begin, directory, decode(Approval, answer, MAX_QUESTION_BYTES))
    say("the owner's approval of this boot is kept")


def _carry(port: int, signer: socket.socket) -> None:
    """Bytes in both directions until one side ends. Two threads, because each side may wait for the other to read."""
    ended = threading.Event()

    def one_way(receive: Callable[[], bytes], send: Callable[[bytes], None]) -> None:
        try:
            while data := receive():
                send(data)
        except OSError as error:
            say(f"a connection broke: {error.strerror}")
        finally:
            ended.set()

    ways = (
        (lambda: os.read(port, _CHUNK), signer.sendall),
        (lambda: signer.recv(_CHUNK), lambda data: _write_all(port, data)),
    )
    for receive, send in ways:
        threading.Thread(target=one_way, args=(receive, send), daemon=True).start()
    ended.wait()
    signer.shutdown(socket.SHUT_WR)  # it sees that its connection ended, and closes its store in order


def _read_exactly(port: int, length: int) -> bytearray:
    received = bytearray()
    while len(received) < length:
        part = os.read(port, length - len(received))
        if not part:
            raise ConnectionError
        received += part
    return received


def _write_all(port: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(port, rest) :]


def _drain(port: int) -> None:
    """Until the host hangs up (or for a while): switching off at once could lose what was just written."""
    end = time.monotonic() + _LAST_WORDS
    while time.monotonic() < end and os.read(port, _CHUNK):
        pass
