"""Agent and custody service are closed to other programs of their own user before they hold anything."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.isolation_outsider import attack

from warifu.cli.main import main as command_line
from warifu.cli.service_lines import CLOSED

pytestmark = pytest.mark.real
USER = 64124 if os.geteuid() == 0 else os.geteuid()
REFUSED = {"EPERM", "EACCES"}
# Becomes an ordinary user first where it is root, and as open as programs are; closes itself, or not; holds a secret.
PROGRAM = """
import ctypes, os, sys
import {module} as victim
if os.geteuid() == 0:
    os.setgroups([]); os.setresgid({user}, {user}, {user}); os.setresuid({user}, {user}, {user})
ctypes.CDLL(None).prctl(4, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)
{deed}
"""
HOLD = """
secret = ctypes.create_string_buffer(os.read(0, 32))
print(ctypes.addressof(secret), flush=True)
os.read(0, 1)
"""


@contextmanager
def victim(module: str, deed: str) -> Iterator["subprocess.Popen[bytes]"]:
    program = PROGRAM.format(module=module, user=USER, deed=deed)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None, "a pipe"
    return process.stdout.readline().strip()


def give(process: "subprocess.Popen[bytes]", secret: bytes) -> None:
    assert process.stdin is not None, "a pipe"
    process.stdin.write(secret)
    process.stdin.flush()


def test_the_service_says_that_it_is_closed_before_it_is_given_its_key():
    deed = "from pathlib import Path; sys.exit(victim.main(Path('/nonexistent')))"
    with victim("warifu.cli.service_process", deed) as process:
        assert first_line(process) == CLOSED.encode()
        outcomes = attack(process.pid, USER, 4096, os.urandom(32))
    assert set(outcomes.values()) <= REFUSED, outcomes


def test_every_command_is_closed_before_it_reads_a_key():
    """Through the entry point: with a command that does what one does that reads an unlock key."""
    deed = "sys.argv[1:] = ['hold']; command = victim.click.command('hold')(lambda: hold()); "
    deed += f"victim.main.add_command(command)\ndef hold():{HOLD.replace(chr(10), chr(10) + '    ')}\nvictim.main()"
    secret = os.urandom(32)
    with victim("warifu.cli.main", deed) as process:
        give(process, secret)
        where = int(first_line(process))
        outcomes = attack(process.pid, USER, where, secret)
    assert set(outcomes.values()) <= REFUSED, outcomes
    assert callable(command_line)


def test_a_program_that_does_not_close_itself_gives_its_secret_away():
    secret = os.urandom(32)
    with victim("os", HOLD) as process:
        give(process, secret)
        where = int(first_line(process))
        outcomes = attack(process.pid, USER, where, secret)
    assert outcomes["environment"] == outcomes["descriptors"] == "done"
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if yama.exists() and yama.read_text().strip() != "0":
        pytest.skip("Yama forbids tracing to everybody here: the rest of the control has nothing to show")
    assert outcomes["its memory file"] == "secret"
