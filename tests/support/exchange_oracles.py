"""Other people's exchange clients, each asked in a process of its own; a visible skip where there are none.

``tools/fetch-exchange-oracles.sh`` brings them. They never share an interpreter with what is tested.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parents[2] / ".cache/exchange-oracles/site"


def ask(script: str, question: object) -> Any:
    """What ``script`` prints as JSON; it finds the question, as JSON, in its standard input."""
    if not SITE.is_dir():
        pytest.skip("no ccxt and no coinbase-advanced-py: run tools/fetch-exchange-oracles.sh")
    ended = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(question),
        env={**os.environ, "PYTHONPATH": str(SITE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
