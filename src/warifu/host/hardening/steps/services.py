"""Services that announce, print, share or steer, and that a machine with a share of a wallet does not need.

Only what systemd finds installed is masked, by the one link that ``systemctl mask`` makes. What somebody installs on
purpose to serve others (files, web, mail, DNS) is not in the list; SSH never is.
"""

from __future__ import annotations

from warifu.host.hardening.changes import Act, Change, Symlink
from warifu.host.hardening.states import Regular
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import OWN_UNITS, Target

UNITS = (
    "avahi-daemon.socket",
    "avahi-daemon.service",
    "bluetooth.service",
    "cups-browsed.service",
    "cups.path",
    "cups.socket",
    "cups.service",
    "ModemManager.service",
    "rpcbind.socket",
    "rpcbind.service",
    "snmpd.service",
    "telnet.socket",
    "inetd.service",
    "rsync.service",
    "triggerhappy.socket",
    "triggerhappy.service",
    "apport.service",
)
_RELOAD = ("systemctl", "daemon-reload")


def _want(target: Target, _wishes: Wishes) -> Wanted:
    present = [unit for unit in UNITS if target.unit(unit)]
    owned = [unit for unit in present if isinstance(target.state(f"{OWN_UNITS}/{unit}"), Regular)]
    masked = [unit for unit in present if unit not in owned]
    notes = [f"{unit} has a unit file of your own and was left alone." for unit in owned]
    notes.append("SSH stays as it is.")
    if not masked:
        return Wanted(notes=tuple(notes), inapplicable="none of the services of the list is installed")
    changes: list[Change] = [
        Act(("systemctl", "stop", unit), ("systemctl", "start", unit), "")
        for unit in masked
        if target.active(unit)
    ]
    changes.append(Act((), _RELOAD, "have systemd read its units"))
    changes += [Symlink(f"{OWN_UNITS}/{unit}", "/dev/null") for unit in masked]
    changes.append(Act(_RELOAD, (), ""))
    return Wanted(tuple(changes), tuple(notes))


STEP = Step(
    name="services",
    title="Services that are not needed",
    reason="what does not run is not attacked",
    may_break="printing, finding the machine as NAME.local, Bluetooth, mobile modems, old NFS, serving by rsync",
    undo="The links are removed, and what ran is started again.",
    source="CIS Debian 2 (special purpose services); HardenedLinux harbian-audit",
    want=_want,
)
