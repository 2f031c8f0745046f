"""A signer that asks no exchange carries nothing of what would, and none carries the service's Solana engine."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

SCRIPT = """
import json, sys
import warifu.signer.process, warifu.signer.running, warifu.signer.signer
from warifu.signer.isolation.preload import preload
preload()
heavy = ("h11", "solders", "ssl", "wsproto", "warifu.exchanges", "warifu.signer.egress")
print(json.dumps([name for name in sys.modules if name.startswith(heavy)]))
"""


def test_an_idle_signer_loads_no_tls_no_exchange_and_no_engine():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == []
