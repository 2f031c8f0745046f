"""What signers asked of the kernel once their walls stood, read from strace's records.

``python -m tests.support.traces`` makes them and compares them with the allowlist (``tools/trace-signer.sh``).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from warifu.signer.isolation.layers.seccomp_rules import ALLOWED, TRACED, conditional

_CALL = re.compile(r"(\w+)\(")
_LAST_WALL = re.compile(r"seccomp\(SECCOMP_SET_MODE_FILTER,.*\) = 0\Z")
_REFUSED = re.compile(r"= -1 EPERM \(")
_ANSWERED = re.compile(r"\) += (?!\?\Z)")
_NEVER_ANSWERED = {"exit", "exit_group"}


PROBED = {"socket", "execve", "kill"}
"""What the last layer tries, to see it refused."""
DONE_WITHOUT = {"fchown", "getpeername", "getsockname", "ioctl", "mbind", "munlock"}
"""Refused, and whoever asked goes on: SQLite gives a file of root to its owner, Python shows a socket in a message and
looks whether a file is a terminal, OpenBLAS would like its memory near its processor, SQLCipher unlocks what it frees.
"""


@dataclass
class Seen:
    """Names of calls."""

    made: set[str] = field(default_factory=set)
    """Answered by the kernel, well or not."""
    refused: set[str] = field(default_factory=set)
    """Refused with EPERM at least once, as the filter does."""
    signers: int = 0
    """How many processes put up the last wall, and went on."""


def trace(folder: Path) -> Seen:
    """Run ``signer_at_work`` in ``folder`` under strace, which must be installed."""
    strace = shutil.which("strace")
    assert strace is not None, "see needs_strace"
    (folder / "work").mkdir()
    work = (sys.executable, "-m", "tests.support.signer_at_work", folder / "work")
    subprocess.run(
        [strace, "-f", "-ff", "-qq", "-o", folder / "trace", *work],
        check=True,
        timeout=600,
        capture_output=True,
    )
    return read(folder)


def read(folder: Path) -> Seen:
    """What the records in ``folder`` say, one file for each process."""
    seen = Seen()
    for record in sorted(folder.glob("trace.*")):
        lines = record.read_text(errors="replace").splitlines()
        walls = [number for number, line in enumerate(lines) if _LAST_WALL.match(line)]
        if walls:
            seen.signers += 1
            _count(lines[walls[-1] + 1 :], seen)
    return seen


def _count(lines: list[str], seen: Seen) -> None:
    """What a process was killed in got no answer, and so does not say whether it would have been refused."""
    for line in lines:
        call = _CALL.match(line)
        if call is not None and (call[1] in _NEVER_ANSWERED or _ANSWERED.search(line)):
            (seen.refused if _REFUSED.search(line) else seen.made).add(call[1])


def differences(seen: Seen) -> list[str]:
    """Where the traces and the allowlist do not agree; none is what should be."""
    allowed = set(ALLOWED) | {rule.call for rule in conditional(1)}
    found = {
        "said to be traced, and not seen": TRACED - seen.made,
        "seen, and allowed without being said to be traced": (seen.made & allowed) - TRACED,
        "answered although it is not allowed": seen.made - allowed,
        "refused, and not known as done without": seen.refused - PROBED - DONE_WITHOUT,
    }
    return [f"{what}: {', '.join(sorted(names))}" for what, names in found.items() if names]


def main() -> int:
    if shutil.which("strace") is None:
        sys.stderr.write("strace is not installed (Debian: sudo apt-get install strace)\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="warifu-trace-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # signers have a user of their own where root runs this
        seen = trace(folder)
    wrong = differences(seen)
    said = [
        f"{seen.signers} signers; calls after the walls stood: {' '.join(sorted(seen.made))}",
        f"refused: {' '.join(sorted(seen.refused))}",
        *(wrong or ["the allowlist is what the traces show, and what has its reason there"]),
    ]
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
