"""The script that brings a node: it says what it found, and never pretends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.bitcoind import bitcoind_path

pytestmark = pytest.mark.real

SCRIPT = Path(__file__).parents[3] / "tools/fetch-knots.sh"


def run(**environment) -> subprocess.CompletedProcess[str]:
    names = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([SCRIPT], env=names, capture_output=True, text=True, timeout=120, check=False)


def test_a_named_node_that_starts_is_enough(tmp_path):
    node = tmp_path / "bitcoind"
    node.write_text("#!/bin/sh\necho a node\n")
    node.chmod(0o755)
    assert run(BITCOIND=str(node)).returncode == 0


def test_a_named_node_that_does_not_start_is_an_error():
    ended = run(BITCOIND="/bin/false")
    assert ended.returncode == 1
    assert "does not start" in ended.stderr


def test_what_was_brought_is_a_bitcoin_node_beside_the_system():
    version = subprocess.run(
        [bitcoind_path(), "-version"], capture_output=True, text=True, timeout=30, check=True
    )
    assert "Bitcoin" in version.stdout.splitlines()[0]
