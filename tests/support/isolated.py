"""Run one deed of ``isolation_deeds`` in a process of the same kind as a signer, under full isolation.

Or ``bare``: the same process without it (but under its own user, and as dumpable as programs are), which is the control
that shows that an attack would succeed. Or with ``only`` some of the layers: what do these hold by themselves?
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warifu.signer.isolation.layer import DEFAULT_REQUIRED
from warifu.signer.isolation.spawn import EnclaveProcess, spawn_python

_REPOSITORY = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
sys.path.insert(0, {repository!r})
only = {only}
if only is not None:
    from tests.support import isolated
    isolated.leave_out_others(only)
from warifu.signer.isolation.handover import receive
handover = receive()
import json
from tests.support import isolation_deeds
from warifu.signer.isolation import apply
isolation_deeds.AGENT = {agent}
before = set(sys.modules)
report = apply.apply_all(handover.profile)
if {bare}:
    isolation_deeds.become_dumpable()
before |= set(sys.modules)
answer = {{"layers": dict(report.pairs()), "result": isolation_deeds.{deed}(handover)}}
answer["imported later"] = sorted(set(sys.modules) - before)
handover.connection.sendall(json.dumps(answer).encode())
"""


@contextmanager
def isolated(
    deed: str,
    store: Path,
    *,
    key: bytes = bytes(32),
    own_user: bool = True,
    required: tuple[str, ...] = DEFAULT_REQUIRED,
    bare: bool = False,
    only: tuple[str, ...] | None = None,
) -> Iterator[tuple[EnclaveProcess, socket.socket]]:
    """The running process and our end of its connection."""
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    if bare:
        only = ("own-user",)
    program = _PROGRAM.format(repository=str(_REPOSITORY), deed=deed, bare=bare, only=only, agent=os.getpid())
    demanded = required if only is None else ()
    with (
        ours,
        spawn_python(("-c", program), theirs, store, key, own_user=own_user, required=demanded) as process,
    ):
        theirs.close()
        yield process, ours


def leave_out_others(names: tuple[str, ...]) -> None:
    """In the process itself, before it begins: only these layers; and where none needs it, it is born into nothing."""
    from warifu.signer.isolation import apply, birth, handover  # what is exchanged here

    def be_born() -> birth.Born:
        birth._announce(os.getpid(), birth._NO_OWN_USERS)
        return birth.Born("bare", "bare")

    if "namespaces" not in names:
        handover.be_born = be_born  # type: ignore[attr-defined]  # imported there by name
    apply.LAYERS = tuple(layer for layer in apply.LAYERS if layer.name in names)


def answer_of(process: EnclaveProcess, connection: socket.socket) -> dict[str, Any]:
    """What the deed answered; fails with the process's log where there is none."""
    received = b""
    while part := connection.recv(65536):
        received += part
    process.wait(30)
    assert received, f"no answer (status {process.returncode}): {list(process.log)}"
    answer: dict[str, Any] = json.loads(received)
    return answer


def open_folder(folder: Path) -> Path:
    """Let other users pass through ``folder`` and its parents below /tmp, so that a signer can have its own user."""
    for ancestor in (folder, *folder.parents):
        if ancestor.stat().st_mode & 0o001 == 0 and Path("/tmp") in ancestor.parents:
            ancestor.chmod(ancestor.stat().st_mode | 0o011)
    store = folder / "store"
    store.mkdir(mode=0o700)
    return store
