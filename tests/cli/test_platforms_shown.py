"""``warifu doctor`` shows what a machine offers of each platform, and prefers none."""

import pytest

from warifu.cli.platforms_shown import show_platforms
from warifu.cli.screen import Screen
from warifu.tee.registry import PLATFORMS

pytestmark = pytest.mark.unit


@pytest.fixture
def shown(tmp_path, capsys, monkeypatch):
    """(lines, JSON) for a machine with these files."""
    monkeypatch.setenv("COLUMNS", "200")

    def look(*files: str):
        for directory in ("proc", "sys", "dev"):
            (tmp_path / directory).mkdir(exist_ok=True)
        for name in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("2\n")
        found = show_platforms(Screen(), tmp_path)
        return capsys.readouterr().out.splitlines(), found

    return look


def test_every_platform_is_shown_offered_or_not(shown):
    lines, found = shown()
    assert lines[1] == "Platforms that a device could be set up for here"
    assert {entry["platform"] for entry in found} == set(PLATFORMS) | {"tpm"}
    assert [entry["platform"] for entry in found if entry["usable"]] == ["unsafe-software"]
    assert any(line.startswith("  * unsafe-software") and "no TEE" in line for line in lines)
    assert any(line.startswith("  . sev-snp") for line in lines)


def test_a_simulator_is_called_one(shown):
    lines, found = shown(
        "dev/tpmrm0", "sys/class/tpm/tpm0/tpm_version_major", "sys/devices/virtual/tpm/tpm0/x"
    )
    (tpm,) = [line for line in lines if line.startswith("  * tpm")]
    assert "for development only" in " ".join(lines[lines.index(tpm) :])
    assert next(entry for entry in found if entry["platform"] == "tpm")["simulated"]
