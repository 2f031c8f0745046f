"""A real minimal Debian, made by mmdebstrap once, is hardened, checked by Debian's own programs, and comes back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.host.hardening.trees import everything

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = "systemd,nftables,apparmor,openssh-server,kmod,procps"
FILES = 10
PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of the image."""
    tools = {name: shutil.which(name, path=PROGRAMS) for name in ("mmdebstrap", "nft", "apparmor_parser")}
    missing = [name for name, place in tools.items() if place is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"no image can be made and hardened: {missing or 'this is not root'}")
    root = tmp_path_factory.mktemp("debian") / "image"
    made = subprocess.run(
        [
            str(tools["mmdebstrap"]),
            "--quiet",
            "--variant=minbase",
            f"--include={PACKAGES}",
            "--format=directory",
            "bookworm",
            str(root),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(
            f"mmdebstrap cannot make an image here: {made.stderr.decode(errors='replace').strip()[-300:]}"
        )
    (root / "etc/default").mkdir(exist_ok=True)
    (root / "etc/default/grub").write_text("GRUB_TIMEOUT=5\n")
    (root / "lib/systemd/system/cups.socket").write_text("[Socket]\nListenStream=631\n")
    (root / "etc/ssh/sshd_config.d/port.conf").write_text("Port 2222\n")
    yield root
    shutil.rmtree(root)


def harden(image: Path, *arguments: str) -> dict[str, Any]:
    """``warifu host harden`` on the image; its JSON."""
    command = [
        sys.executable,
        "-m",
        "warifu.cli",
        "host",
        "harden",
        "--root",
        str(image),
        "--json",
        *arguments,
    ]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def inside(image: Path, *command: str) -> None:
    """Run a program of the image in it; it must have nothing to complain about."""
    ended = subprocess.run(
        ["chroot", str(image), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, (command, ended.stdout, ended.stderr)


def misread_settings(image: Path, path: str) -> list[str]:
    """What ``sysctl`` says about the file's form. An image has no /proc, so that it knows none of the keys there."""
    ended = subprocess.run(
        ["chroot", str(image), "sysctl", "--dry-run", f"--load={path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [
        line for line in ended.stderr.splitlines() if not line.startswith("sysctl: cannot stat /proc/sys/")
    ]


def test_planned_hardened_checked_by_debian_hardened_again_and_undone(image):
    before = everything(image)
    planned = harden(image, "--plan", "--open", "8443")
    assert everything(image) == before
    states = {step["name"]: step["state"] for step in planned["steps"]}
    assert states == {
        "sysctl": "to do",
        "boot": "to do",
        "modules": "to do",
        "core-dumps": "to do",
        "mounts": "to do",
        "services": "to do",
        "firewall": "to do",
        "apparmor": "to do",
        "updates": "to do",
        "lkrg": "not applicable",
        "ved": "not applicable",
    }
    paths = {change["path"] for step in planned["steps"] for change in step["changes"] if "path" in change}

    outcomes = harden(image, "--yes", "--open", "8443")["outcomes"]
    assert {outcome["what"] for outcome in outcomes} == paths and len(paths) > FILES
    rules = (image / "etc/warifu/firewall.nft").read_text()
    assert "tcp dport 2222 accept" in rules and "tcp dport 8443 accept" in rules

    units = [
        f"/{path.relative_to(image)}" for path in (image / "etc/systemd/system").iterdir() if path.is_file()
    ]
    assert "/etc/systemd/system/warifu-firewall.service" in units and "/etc/systemd/system/tmp.mount" in units
    assert not misread_settings(image, "/etc/sysctl.d/99-warifu.conf")
    inside(image, "nft", "--check", "--file", "/etc/warifu/firewall.nft")
    for profile in ("warifu-signer", "warifu-service"):
        inside(image, "apparmor_parser", "--skip-kernel-load", "--skip-cache", f"/etc/apparmor.d/{profile}")
    inside(image, "systemd-analyze", "verify", "--man=no", *units)
    shutil.rmtree(image / "run/systemd")  # which systemd-analyze left there
    inside(image, "modprobe", "--showconfig")
    inside(image, "apt-config", "dump")
    inside(
        image,
        "sh",
        "-c",
        '. /etc/default/grub; . /etc/default/grub.d/90-warifu.cfg; test -n "$GRUB_CMDLINE_LINUX"',
    )

    hardened = everything(image)
    assert harden(image, "--yes", "--open", "8443")["outcomes"] == []
    assert everything(image) == hardened

    harden(image, "--undo", "--yes")
    assert everything(image) == before


def test_the_checks_can_fail(image):
    """Or they would not have said anything above."""
    for name, text in (
        ("broken.nft", "table inet x { chain y { nonsense } }\n"),
        ("broken.conf", "no setting at all\n"),
    ):
        (image / "tmp" / name).write_text(text)
    try:
        assert misread_settings(image, "/tmp/broken.conf")
        with pytest.raises(AssertionError):
            inside(image, "nft", "--check", "--file", "/tmp/broken.nft")
    finally:
        for name in ("broken.nft", "broken.conf"):
            (image / "tmp" / name).unlink()
