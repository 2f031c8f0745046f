"""Directories that everybody writes to hold no programs, and nobody sees the processes of others.

By units of systemd, which go as they came; ``/etc/fstab`` is left alone, and what is in it wins.
"""

from __future__ import annotations

from warifu.host.hardening.changes import Act, Change, Symlink, Write
from warifu.host.hardening.packaged import packaged
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import OWN_UNITS, Target

_HEAD = "# Written by 'warifu host harden'; 'warifu host harden --undo' removes it.\n"
REMOUNT = "warifu-remount.service"
_RELOAD = ("systemctl", "daemon-reload")
_SHARED = {"/tmp": "tmp.mount", "/var/tmp": "var-tmp.mount"}  # noqa: S108  # the places that are made safer
_TMPFS = "mode=1777,strictatime,nosuid,nodev,noexec,size=50%%,nr_inodes=1m"
SEES_PROCESSES = ("systemd-logind.service", "polkit.service")
"""They serve every user's processes, without the capability that would let them see these."""
TEMPLATES = "/etc/apt/apt.conf.d/90warifu-templates"


def _want(target: Target, _wishes: Wishes) -> Wanted:
    if not target.exists("/usr/lib/systemd") and not target.exists("/lib/systemd"):
        return Wanted(inapplicable="systemd is not installed")
    in_fstab = _mounted_by_fstab(target)
    notes = [
        f"{path} is in /etc/fstab and was left alone: add nosuid,nodev,noexec there." for path in in_fstab
    ]
    notes.append("Members of the group adm, and root, still see all processes.")
    starts: list[Act] = [_start(REMOUNT)]
    changes: list[Change] = [
        Act((), _RELOAD, "have systemd read its units"),
        Write(f"{OWN_UNITS}/{REMOUNT}", packaged(REMOUNT).encode()),
        Symlink(f"{OWN_UNITS}/sysinit.target.wants/{REMOUNT}", f"{OWN_UNITS}/{REMOUNT}"),
        *(
            Write(
                f"{OWN_UNITS}/{unit}.d/90-warifu.conf",
                f"{_HEAD}[Service]\nSupplementaryGroups=adm\n".encode(),
            )
            for unit in SEES_PROCESSES
            if target.unit(unit)
        ),
        # debconf's questions are programs, and apt would put them into /tmp
        Write(
            TEMPLATES,
            b"// Written by 'warifu host harden'.\nAPT::ExtractTemplates::TempDir \"/var/cache/apt\";\n",
        ),
    ]
    for path, unit in _SHARED.items():
        if path not in in_fstab:
            changes += _shared(target, path, unit)
            notes.append(f"{path}: it counts from the next start on, as programs have files open there.")
    return Wanted((*changes, Act(_RELOAD, (), ""), *starts), tuple(notes))


def _shared(target: Target, path: str, unit: str) -> list[Change]:
    """Where Debian mounts it by a unit of its own, other options for it; else the directory over itself."""
    if target.exists(f"/usr/lib/systemd/system/{unit}") or target.exists(f"/lib/systemd/system/{unit}"):
        return [Write(f"{OWN_UNITS}/{unit}.d/90-warifu.conf", f"{_HEAD}[Mount]\nOptions={_TMPFS}\n".encode())]
    return [
        Write(f"{OWN_UNITS}/{unit}", packaged("tmp.mount").replace("@PATH@", path).encode()),
        Symlink(f"{OWN_UNITS}/local-fs.target.wants/{unit}", f"{OWN_UNITS}/{unit}"),
    ]


def _start(unit: str) -> Act:
    return Act(("systemctl", "restart", unit), ("systemctl", "stop", unit), "")


def _mounted_by_fstab(target: Target) -> list[str]:
    lines = (line.split() for line in (target.read("/etc/fstab") or "").splitlines())
    listed = {fields[1] for fields in lines if len(fields) > 1 and not fields[0].startswith("#")}
    return [path for path in _SHARED if path in listed]


STEP = Step(
    name="mounts",
    title="Stricter /proc, /dev/shm, /tmp and /var/tmp",
    reason="a program dropped into a shared directory does not run, and a user does not see what others run",
    may_break="programs that unpack programs into /tmp (some installers); monitoring that is not in the group adm; "
    "desktop prompts of polkit",
    undo="/proc and /dev/shm at once, /tmp and /var/tmp with the next start.",
    source="CIS Debian 1.1.2 and following; HardenedLinux harbian-audit; kernel.org, Documentation/filesystems/proc",
    want=_want,
)
