"""Profiles of AppArmor for the two services of Warifu, tied to their units.

They are named, not attached by a path: a Python program has no path of its own that would tell it from others.
"""

from __future__ import annotations

from warifu.host.hardening.changes import Act, Change, Verify, Write
from warifu.host.hardening.packaged import packaged
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import OWN_UNITS, Target

_HEAD = "# Written by 'warifu host harden'; 'warifu host harden --undo' removes it.\n"
PROFILES = {"warifu-signer": "warifu-signer@.service", "warifu-service": "warifu-service.service"}
_RELOAD = ("systemctl", "daemon-reload")


def _want(target: Target, _wishes: Wishes) -> Wanted:
    if not target.program("apparmor_parser"):
        return Wanted(inapplicable="the package apparmor is missing: apt-get install apparmor")
    changes: list[Change] = []
    files: list[Change] = []
    for name, unit in PROFILES.items():
        profile, text = f"/etc/apparmor.d/{name}", packaged(f"apparmor-{name}").encode()
        base = ("--base", str(target.place("/etc/apparmor.d")))
        changes.append(Verify(("apparmor_parser", "--skip-kernel-load", "--skip-cache", *base), text))
        files.append(Write(profile, text))
        # The dash: where AppArmor is off, the service starts all the same.
        drop_in = f"{_HEAD}[Service]\nAppArmorProfile=-{name}\n".encode()
        files.append(Write(f"{OWN_UNITS}/{unit}.d/90-warifu-apparmor.conf", drop_in))
        if target.exists("/sys/kernel/security/apparmor"):
            load = ("apparmor_parser", "--replace", profile)
            files.append(Act(load, ("apparmor_parser", "--remove", profile), ""))
    return Wanted(
        (*changes, Act((), _RELOAD, "have systemd read its units"), *files, Act(_RELOAD, (), "")),
        (
            "The profiles complain and do not enforce, until you say so: aa-enforce warifu-signer warifu-service.",
            "Running services get theirs when they are started again.",
        ),
    )


STEP = Step(
    name="apparmor",
    title="AppArmor profiles",
    reason="one more wall around the agent and the service, held by the kernel from their first instruction on",
    may_break="nothing while they complain; enforced, a program that lies elsewhere than in /opt/warifu",
    undo="The profiles are unloaded and removed.",
    source="CIS Debian 1.3 (AppArmor is used); AppArmor documentation",
    want=_want,
)
