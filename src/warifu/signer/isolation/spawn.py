"""The agent's side of a start: a new process with an empty environment, one connection, and a secret in a pipe."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from warifu.signer.isolation.birth import ANNOUNCE_FD, adopting_orphans, await_birth
from warifu.signer.isolation.handover import SECRET_FD, pack
from warifu.signer.isolation.kernel import namespaces_of_this_process
from warifu.signer.isolation.layer import (
    CONNECTION_FD,
    DEFAULT_REQUIRED,
    UNSAFE_SOFTWARE,
    IsolationProfile,
    PlatformChoice,
)
from warifu.signer.isolation.own_user import choose_user, give_store

MAX_LOG_LINES = 200
MAX_LINE_BYTES = 500

_BIRTH_SECONDS = 60.0
_ONE_BIRTH_AT_A_TIME = threading.Lock()
"""Whether this process adopts orphans is one setting for all its threads."""

_ABOVE_STANDARD = (
    16  # descriptors are moved up here first, so that putting one in place never overwrites another
)


class EnclaveProcess:
    """A running signer process. Use it as a context manager, or end it with :meth:`stop`."""

    def __init__(
        self, pid: int, user: int | None, log_pipe: int, on_log: Callable[[str], None] | None
    ) -> None:
        self.pid = pid
        self.user = user
        """The user that it becomes; None: the agent's own."""
        self.returncode: int | None = None
        """Exit status; minus the signal's number where a signal ended it; None while it runs."""
        self.log: deque[str] = deque(maxlen=MAX_LOG_LINES)
        """The last lines that it wrote to its standard error, each cut and made printable."""
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read_log, args=(log_pipe, on_log), daemon=True)
        self._reader.start()

    def poll(self) -> int | None:
        """``returncode``, without waiting."""
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """``returncode`` once it ended; ``TimeoutError`` after ``timeout`` seconds."""
        code = self.poll()
        if code is None:
            _await_end(self.pid, timeout)
            code = self.poll()
        if code is None:
            raise TimeoutError(f"process {self.pid} did not end in {timeout} seconds")
        self._reader.join(timeout=1)
        return code

    def kill(self, signal_number: int = signal.SIGKILL) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal_number)

    def stop(self, timeout: float = 5) -> int:
        """End it at once. The polite way is to close the connection; a store stands an end at any instruction, and the
        first process of a process namespace is deaf to every signal that it does not handle, but for this one."""
        self.kill()
        return self.wait(timeout)

    def __enter__(self) -> EnclaveProcess:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _read_log(self, pipe: int, on_log: Callable[[str], None] | None) -> None:
        """Lines are data of a process that may have been taken over: bounded, and without control characters."""
        with os.fdopen(pipe, "rb") as stream:
            while line := stream.readline(MAX_LINE_BYTES):
                text = "".join(c if c.isprintable() else " " for c in line.decode("utf-8", "replace")).strip()
                self.log.append(text)
                if on_log is not None:
                    on_log(text)


def spawn(
    module: str,
    connection: socket.socket,
    store: Path,
    unlock_key: bytes | bytearray,
    *,
    platform: PlatformChoice = UNSAFE_SOFTWARE,
    required: tuple[str, ...] = DEFAULT_REQUIRED,
    own_user: bool = True,
    on_log: Callable[[str], None] | None = None,
) -> EnclaveProcess:
    """Start ``python -m module`` as an enclave process.

    ``connection``: the child's end of a stream socket pair; it stays open here, the caller closes it. ``store``: an
    existing directory, which becomes the child's own where the agent is root. ``unlock_key``: 32 secret bytes, the
    caller's to wipe. ``platform``: what the device was set up for. ``required``: the layers without which it must not
    work. ``on_log`` is called from a thread. Raises ``InputRefused``, ``OSError``.
    """
    return spawn_python(
        ("-m", module),
        connection,
        store,
        unlock_key,
        platform=platform,
        required=required,
        own_user=own_user,
        on_log=on_log,
    )


def spawn_python(
    arguments: tuple[str, ...],
    connection: socket.socket,
    store: Path,
    unlock_key: bytes | bytearray,
    *,
    platform: PlatformChoice = UNSAFE_SOFTWARE,
    required: tuple[str, ...] = DEFAULT_REQUIRED,
    own_user: bool = True,
    on_log: Callable[[str], None] | None = None,
) -> EnclaveProcess:
    """As :func:`spawn`, with the interpreter's own arguments (which anybody can read: nothing secret)."""
    store = store.resolve(strict=True)
    user, because = choose_user(store) if own_user else (None, "its starter did not want another")
    if user is not None:
        give_store(store, user)
    else:
        store.chmod(0o700)
    profile = IsolationProfile(
        store=str(store),
        user=user,
        no_user_because=because or "it has one",
        starters=namespaces_of_this_process(),
        required=required,
    )
    handover = pack(unlock_key, profile, platform)
    log_read, log_write = os.pipe()
    try:
        pid = _start(arguments, connection, handover, log_write)
    except BaseException:
        os.close(log_read)
        raise
    finally:
        os.close(log_write)
        handover[:] = bytes(len(handover))
    return EnclaveProcess(pid, user, log_read, on_log)


def _start(arguments: tuple[str, ...], connection: socket.socket, handover: bytearray, log: int) -> int:
    """The number of the signer's process, born and holding the handover."""
    secret, give = os.pipe()
    announcement, announce = os.pipe()
    try:
        with _ONE_BIRTH_AT_A_TIME, adopting_orphans():
            try:
                started = _execute(arguments, connection, secret, announce, log)
            finally:
                os.close(secret)
                os.close(announce)
            process = await_birth(started, announcement, _BIRTH_SECONDS)
        # Nobody reads where it has ended meanwhile: whoever waits for its first word sees that.
        with suppress(BrokenPipeError):
            os.write(give, handover)
    finally:
        os.close(announcement)
        os.close(give)
    return process


def _execute(
    arguments: tuple[str, ...], connection: socket.socket, secret: int, announce: int, log: int
) -> int:
    null = os.open(os.devnull, os.O_RDWR)
    wanted = {
        0: null,
        1: null,
        2: log,
        CONNECTION_FD: connection.fileno(),
        SECRET_FD: secret,
        ANNOUNCE_FD: announce,
    }
    moved = {target: _moved_up(source) for target, source in wanted.items()}
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-B", *arguments],
            {},
            file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for target, source in moved.items()],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD),
        )
    finally:
        for descriptor in (null, *moved.values()):
            os.close(descriptor)


def _moved_up(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD)


def _await_end(pid: int, timeout: float | None) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(None if timeout is None else timeout * 1000)
    finally:
        os.close(descriptor)
