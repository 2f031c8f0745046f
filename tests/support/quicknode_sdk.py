"""QuickNode's official SDKs for one test; a visible skip where there are none.

``tools/fetch-quicknode-sdk.sh`` brings them.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[2] / ".cache/quicknode-sdk"


def python_sdk() -> Any:
    """The module ``quicknode_sdk``."""
    path = HOME / "python"
    if not path.is_dir():
        pytest.skip("no quicknode-sdk: run tools/fetch-quicknode-sdk.sh")
    sys.path.append(str(path))
    try:
        return importlib.import_module("quicknode_sdk")
    except ImportError:
        pytest.skip("quicknode-sdk does not load here: it was fetched for another machine or Python")
    finally:
        sys.path.remove(str(path))


def node_sdk(script: str, *arguments: str) -> Any:
    """What ``script``, an ES module beside ``@quicknode/sdk``, prints as JSON."""
    node = shutil.which("node")
    if node is None or not (HOME / "node/node_modules/@quicknode/sdk").is_dir():
        pytest.skip("no node or no @quicknode/sdk: run tools/fetch-quicknode-sdk.sh")
    ended = subprocess.run(
        [node, "--input-type=module", "-", *arguments],
        input=script,
        cwd=HOME / "node",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
