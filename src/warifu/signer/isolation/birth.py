"""The first instructions of a signer's process: into namespaces of its own, before anything secret is handed to it.

No process can change its own process namespace; only a child is born into another one. So what the agent starts makes
one child and ends, and the agent, which is the reaper of its orphans, goes on with the child as if it had started it
itself: no keeper stays between them. The secret is handed over after that, to the child alone.

The namespace of users comes from unshare(2) in a process that runs already, and never from a program that is executed
inside it (as bubblewrap does it). Whoever made a user namespace has every capability over what was *executed* in it,
tracing included, and "not dumpable" would no longer keep out other programs of the agent's user.
See ``docs/isolation.md``.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from warifu.signer.isolation.kernel import (
    CLONE_NEWPID,
    CLONE_NEWUSER,
    PR_GET_CHILD_SUBREAPER,
    PR_SET_CHILD_SUBREAPER,
    prctl,
    prctl_told,
    unshare,
)
from warifu.signer.isolation.layers.locked_memory import raise_limit
from warifu.signer.isolation.layers.privileges import close_to_others

ANNOUNCE_FD = 5
"""Where the process that the agent started says which process takes its place."""

_OWN_USERS, _NO_OWN_USERS = b"+", b"-"
_MAX_ANNOUNCEMENT = 32


@dataclass(frozen=True)
class Born:
    """How it went; each reason is empty where the namespace is its own."""

    no_own_users: str
    no_own_processes: str


def be_born() -> Born:
    """Go on as the first process of a new process namespace, in a user namespace of its own, where the kernel gives
    them, and closed to other programs. Call it before anything else: it forks, and the caller goes on in the child.
    """
    user, group = os.geteuid(), os.getegid()
    privileged = user == 0
    raise_limit()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # not Python's, which would end it with a traceback
    own_users = "" if privileged else _try(CLONE_NEWUSER)
    if not privileged and not own_users:
        _map_only(user, group)
    close_to_others()
    own_processes = own_users or _try(CLONE_NEWPID)
    if own_processes:
        _announce(os.getpid(), _NO_OWN_USERS)
        return Born(own_users or "the process namespace failed before it", own_processes)
    return Born(_go_on_as_a_child(privileged), "")


def _go_on_as_a_child(privileged: bool) -> str:
    """Why the child has no user namespace of its own; empty where it has."""
    said, say = os.pipe()
    child = os.fork()
    if child:
        os.close(say)
        _announce(child, os.read(said, 1) or _NO_OWN_USERS)
        os._exit(0)
    os.close(said)
    own_users = _try(CLONE_NEWUSER) if privileged else ""
    os.write(say, _OWN_USERS if privileged and not own_users else _NO_OWN_USERS)
    os.close(say)
    os.close(ANNOUNCE_FD)
    return own_users


def await_birth(started: int, announcement: int, patience: float) -> int:
    """The agent's side: the number of the process that took the place of ``started``, now our own child.

    Where ``started`` ended without a word, it is ``started`` itself. ``TimeoutError`` after ``patience`` seconds; then
    nothing is left running.
    """
    words = _read_words(announcement, patience)
    if words is None:
        _end(started)
        raise TimeoutError(f"process {started} did not begin in {patience} seconds")
    if not words:
        return started
    number, own_users = int(words[:-1]), words[-1:]
    if number != started:
        os.waitpid(started, 0)
    if own_users == _OWN_USERS:
        try:
            _map_as_we_are(number)
        except OSError:
            _end(number)
            raise
    return number


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Within this block, the children of a child that ends become ours, and not those of the machine's first
    process."""
    before = prctl_told(PR_GET_CHILD_SUBREAPER)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, before)


def _try(namespaces: int) -> str:
    """Why the kernel refused; empty where it did not."""
    try:
        unshare(namespaces)
    except OSError as error:
        return f"the kernel refused it: {os.strerror(error.errno or 0)}"
    return ""


def _map_only(user: int, group: int) -> None:
    """An unprivileged user may bring nobody but himself along. Written while the process is still dumpable: afterwards
    these files are root's."""
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{user} {user} 1")
    (own / "gid_map").write_text(f"{group} {group} 1")


def _map_as_we_are(process: int) -> None:
    """Give the new user namespace all numbers that ours has, under the same names: the rights over the files of each
    stay what they are, and every right over the machine ends."""
    for kind in ("uid_map", "gid_map"):
        spans = [line.split() for line in Path("/proc/self", kind).read_text().splitlines()]
        same = "".join(f"{inside} {inside} {count}\n" for inside, _outside, count in spans)
        Path("/proc", str(process), kind).write_text(same)


def _end(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _announce(process: int, own_users: bytes) -> None:
    os.write(ANNOUNCE_FD, str(process).encode() + own_users)
    os.close(ANNOUNCE_FD)


def _read_words(pipe: int, patience: float) -> bytes | None:
    """What came through the pipe until its end; None where nothing did in time."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return os.read(pipe, _MAX_ANNOUNCEMENT) if poll.poll(patience * 1000) else None
