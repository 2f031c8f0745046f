"""The script that brings Anvil: it says what it found, and never pretends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.anvil import anvil_path, running_anvil

pytestmark = pytest.mark.real

SCRIPT = Path(__file__).parents[3] / "tools/fetch-anvil.sh"


def run(script: Path = SCRIPT, **environment: str) -> subprocess.CompletedProcess[str]:
    names = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([script], env=names, capture_output=True, text=True, timeout=120, check=False)


def executable(path: Path, content: str) -> Path:
    path.write_text(content)
    path.chmod(0o755)
    return path


def test_a_named_node_that_starts_is_enough(tmp_path):
    node = executable(tmp_path / "anvil", "#!/bin/sh\necho anvil\n")
    assert run(ANVIL=str(node)).returncode == 0


def test_a_named_node_that_does_not_start_is_an_error():
    ended = run(ANVIL="/bin/false")
    assert ended.returncode == 1
    assert "does not start" in ended.stderr


def elsewhere(tmp_path: Path, npm: str) -> tuple[Path, dict[str, str]]:
    """The script in a place of its own, with another npm in front of the path."""
    for folder in ("tools", "bin"):
        (tmp_path / folder).mkdir()
    script = executable(tmp_path / "tools/fetch-anvil.sh", SCRIPT.read_text())
    executable(tmp_path / "bin/npm", npm)
    return script, {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}


def test_an_archive_that_is_not_the_pinned_one_is_not_used(tmp_path):
    forged = "#!/bin/sh\necho forged > package.tgz\n"
    script, environment = elsewhere(tmp_path, forged)
    ended = run(script, **environment)
    assert ended.returncode == 1
    assert "not the one that is pinned" in ended.stderr
    assert list((tmp_path / ".cache/anvil").iterdir()) == [], "nothing is left behind"


def test_a_registry_that_is_not_there_is_told(tmp_path):
    script, environment = elsewhere(tmp_path, "#!/bin/sh\necho 'no such host' >&2\nexit 1\n")
    ended = run(script, **environment)
    assert ended.returncode == 1
    assert "no such host" in ended.stderr


def test_what_was_brought_is_anvil():
    version = subprocess.run(
        [anvil_path(), "--version"], capture_output=True, text=True, timeout=30, check=True
    )
    assert "anvil" in version.stdout.lower()
    with running_anvil() as node:
        assert node.rpc("web3_clientVersion").lower().startswith("anvil")
