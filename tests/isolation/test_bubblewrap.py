"""Why signers make their namespaces themselves: what is *executed* in a user namespace is open to who made it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.isolation_outsider import attack

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
USER = 64125 if os.geteuid() == 0 else os.geteuid()
# Executed as an ordinary user: an interpreter that every user may start.
PYTHON = "/usr/bin/python3"
KEEP = """
import ctypes, sys
ctypes.CDLL(None).prctl(4, ctypes.c_ulong(0), *[ctypes.c_ulong(0)] * 3)
secret = ctypes.create_string_buffer(sys.stdin.buffer.read(32))
print(ctypes.addressof(secret), flush=True)
sys.stdin.buffer.read(1)
"""
SANDBOX = ("bwrap", "--unshare-user", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--")


def outcomes(*sandbox: str) -> dict[str, str]:
    """Of an attack by a program of the same user on one that keeps a secret, and is not dumpable."""
    secret = os.urandom(32)
    options = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(
        [*sandbox, PYTHON, "-I", "-c", KEEP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        **options,  # type: ignore[call-overload]  # chosen above
    ) as process:
        try:
            assert process.stdin and process.stdout and process.stderr, "pipes"
            process.stdin.write(secret)
            process.stdin.flush()
            said = process.stdout.readline()
            if not said:
                pytest.skip(f"bubblewrap does not work here: {process.stderr.read()!r}")
            return attack(_keeper(process.pid), USER, int(said), secret)
        finally:
            process.kill()


def _keeper(started: int) -> int:
    """Bubblewrap's child, or the program itself."""
    children = [int(word) for word in Path(f"/proc/{started}/task/{started}/children").read_text().split()]
    return _keeper(children[0]) if children else started


@pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"there is no {PYTHON}")
def test_under_bubblewrap_a_program_that_is_not_dumpable_is_traced_by_its_own_user():
    assert outcomes()["trace it"] == "EPERM", "alone it is closed"
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if yama.exists() and yama.read_text().strip() != "0":
        pytest.skip("Yama forbids tracing to everybody here")
    assert outcomes(*SANDBOX)["trace it"] == "secret"
