"""A TEE's files go on to work behind the signer's walls, and nothing else of the machine does."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.support.isolated import open_folder

from warifu.signer.isolation.spawn import spawn_python

pytestmark = pytest.mark.real

_PROGRAM = """
import json, os
from pathlib import Path
from warifu.signer.isolation.handover import receive
handover = receive()
import msgspec
from warifu.signer.isolation import apply
from warifu.tee.kernel_files import configfs_entry
entry = configfs_entry(Path({root!r}), "warifu-signer", handover.profile.user)
report = apply.apply_all(msgspec.structs.replace(handover.profile, platform=entry.descriptor))

def outcome(deed):
    try:
        return repr(deed())
    except OSError as error:
        return type(error).__name__

answer = {{
    "layers": dict(report.pairs()),
    "read": outcome(lambda: entry.read("outblob", 100)),
    "write": outcome(lambda: entry.write("inblob", b"question")),
    "make": outcome(lambda: os.mkdir("more", dir_fd=entry.descriptor)),
    "up": outcome(lambda: os.open("../secret", os.O_RDONLY, dir_fd=entry.descriptor)),
    "path": outcome(lambda: os.open({root!r} + "/warifu-signer/outblob", os.O_RDONLY)),
}}
handover.connection.sendall(json.dumps(answer).encode())
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A directory like configfs: its files are there already, and can be written or read, not made."""
    root = tmp_path / "tsm"
    entry = root / "warifu-signer"
    entry.mkdir(parents=True)
    (root / "secret").write_text("secret")
    (entry / "inblob").touch(0o200)
    (entry / "outblob").write_text("report")
    (entry / "outblob").chmod(0o400)
    return root


def test_the_entry_works_behind_the_walls_and_leads_nowhere_else(tmp_path, kernel):
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    program = _PROGRAM.format(root=str(kernel))
    with ours, spawn_python(("-c", program), theirs, open_folder(tmp_path), bytes(32)) as process:
        theirs.close()
        received = b""
        while part := ours.recv(65536):
            received += part
        process.wait(30)
    assert received, list(process.log)
    answer: dict[str, Any] = json.loads(received)
    assert answer["layers"]["only-the-connection"] == "on"
    assert answer["layers"]["seccomp"] == "on"
    assert (answer["read"], answer["write"]) == ("b'report'", "None")
    assert (kernel / "warifu-signer" / "inblob").read_bytes() == b"question"
    assert {answer[deed] for deed in ("make", "up", "path")} <= {"PermissionError", "FileNotFoundError"}
    if os.geteuid() == 0:
        assert answer["layers"]["own-user"] == "on", (
            "and that as another user than the one who made the entry"
        )
