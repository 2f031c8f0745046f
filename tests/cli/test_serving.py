"""``warifu up`` starts the service as a process of its own: the one that gets the key of the database."""

from __future__ import annotations

import subprocess

import pytest

from warifu.cli.serving import SERVICE

pytestmark = pytest.mark.real


def test_a_module_in_the_working_directory_is_not_run(tmp_path):
    """Another user of the machine puts a module where the owner happens to stand."""
    sprung = tmp_path / "sprung"
    for name in ("asyncio", "uvicorn", "warifu"):
        (tmp_path / f"{name}.py").write_text(f"open({str(sprung)!r}, 'w').close()\n")
    ended = subprocess.run(
        [*SERVICE, "nowhere.toml"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,  # no key: it ends at once
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert not sprung.exists()
