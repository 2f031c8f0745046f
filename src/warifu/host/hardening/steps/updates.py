"""Security updates without anybody's doing."""

from __future__ import annotations

from warifu.host.hardening.changes import Write
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target

PATH = "/etc/apt/apt.conf.d/90warifu-updates"
_CONTENT = """\
// Written by 'warifu host harden'; 'warifu host harden --undo' removes it.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
Unattended-Upgrade::Origins-Pattern:: "origin=Raspbian,codename=${distro_codename},label=Raspbian";
// A device whose signer is unlocked by hand must not restart by itself.
Unattended-Upgrade::Automatic-Reboot "false";
"""


def _want(target: Target, _wishes: Wishes) -> Wanted:
    notes = ["It never restarts the machine: a new kernel waits for you."]
    if not target.program("unattended-upgrade"):
        notes.append("The package unattended-upgrades is missing: apt-get install unattended-upgrades")
    return Wanted((Write(PATH, _CONTENT.encode()),), tuple(notes))


STEP = Step(
    name="updates",
    title="Unattended security updates",
    reason="a known hole that stays open is the most likely way in",
    may_break="services restart when their packages are updated",
    undo="Nothing is updated by itself any more, unless another file says so.",
    source="Debian wiki, UnattendedUpgrades; CIS Debian 1.9; HardenedLinux harbian-audit",
    want=_want,
)
