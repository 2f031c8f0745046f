"""Kernel modules that a server does not need, and that are loaded for whoever asks unless somebody forbids it."""

from __future__ import annotations

from warifu.host.hardening.changes import Write
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target

PATH = "/etc/modprobe.d/90-warifu.conf"
NETWORK = (
    "dccp",
    "sctp",
    "rds",
    "tipc",
    "ax25",
    "netrom",
    "rose",
    "x25",
    "n_hdlc",
    "af_802154",
    "can",
    "atm",
)
FILE_SYSTEMS = ("cramfs", "freevxfs", "jffs2", "hfs", "hfsplus")
DEVICES = ("firewire_core", "firewire_ohci", "firewire_sbp2", "vivid")


def _want(_target: Target, _wishes: Wishes) -> Wanted:
    lines = ["# Written by 'warifu host harden'; 'warifu host harden --undo' removes it."]
    for title, names in (
        ("Network protocols that nearly nobody uses", NETWORK),
        ("File systems that a hostile medium could be in", FILE_SYSTEMS),
        ("Devices that reach into memory by themselves, and a test driver with a bad history", DEVICES),
    ):
        lines.append(f"# {title}")
        lines += [f"install {name} /bin/false" for name in names]
    return Wanted(
        (Write(PATH, ("\n".join(lines) + "\n").encode()),),
        (
            "USB storage stays: the unlock key lies on such a medium.",
            "A module that is loaded already stays until the next start.",
        ),
    )


STEP = Step(
    name="modules",
    title="Kernel modules kept out",
    reason="old drivers and protocols are where bugs of the kernel are found, and any user can have them loaded",
    may_break="FireWire; CAN buses; SCTP (mobile networks); amateur radio; old Macintosh disks",
    undo="The modules can be loaded again at once.",
    source="CIS Debian 1.1.1 and 3.2; KSPP; HardenedLinux harbian-audit",
    want=_want,
)
