"""On a machine that only signs, the command line works without anything of the service's extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

MISSING = ("httpx", "litestar", "uvicorn", "dbos", "sqlalchemy", "bdkpython", "pbk")
PROGRAM = """
import sys
for name in {missing}:
    sys.modules[name] = None  # importing it fails, as if it were not installed
sys.argv = ["warifu", *{arguments}]
from warifu.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "signer"),
        (["signer", "join", "--help"], "INVITATION"),
        (["signer", "run", "--help"], "Ctrl-C"),
        (["doctor", "--json"], "findings"),
        (["decode", "/dev/null", "--json"], "input."),
        (["--version"], "warifu"),
    ],
)
def test_what_a_signer_needs_works(arguments, expected):
    program = PROGRAM.format(missing=MISSING, arguments=arguments)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, text=True, check=False
    )
    assert expected in ended.stdout, ended.stderr
    assert "Traceback" not in ended.stderr
