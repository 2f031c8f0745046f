"""No process leaves its memory on a disk."""

from __future__ import annotations

from warifu.host.hardening.changes import Act, Write
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target

_HEAD = "# Written by 'warifu host harden'; 'warifu host harden --undo' removes it.\n"
LIMITS = "/etc/security/limits.d/90-warifu.conf"
COREDUMP = "/etc/systemd/coredump.conf.d/90-warifu.conf"
MANAGER = "/etc/systemd/system.conf.d/90-warifu.conf"


def _want(_target: Target, _wishes: Wishes) -> Wanted:
    reload = ("systemctl", "daemon-reexec")
    return Wanted(
        (
            Act((), reload, "have systemd read its settings"),
            Write(LIMITS, f"{_HEAD}* hard core 0\nroot hard core 0\n".encode()),
            Write(COREDUMP, f"{_HEAD}[Coredump]\nStorage=none\nProcessSizeMax=0\n".encode()),
            Write(MANAGER, f"{_HEAD}[Manager]\nDefaultLimitCORE=0\n".encode()),
            Act(reload, (), ""),
        ),
        ("Running services keep their limits until they are started again.",),
    )


STEP = Step(
    name="core-dumps",
    title="No core dumps",
    reason="a core dump is a copy of a process's memory, with everything secret that was in it",
    may_break="finding out why a program crashed",
    undo="The earlier limits count for what starts afterwards.",
    source="CIS Debian 1.5 (core dumps are restricted); systemd's coredump.conf and system.conf manuals",
    want=_want,
)
