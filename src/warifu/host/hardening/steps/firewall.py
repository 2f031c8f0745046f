"""A packet filter: nothing comes in but answers, what the network itself needs, and the ports that the owner names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from warifu.host.hardening.changes import Act, Symlink, Verify, Write
from warifu.host.hardening.packaged import packaged
from warifu.host.hardening.step import Port, Step, Wanted, Wishes
from warifu.host.hardening.target import OWN_UNITS, Target

RULES = "/etc/warifu/firewall.nft"
UNIT = "warifu-firewall.service"
_RELOAD = ("systemctl", "daemon-reload")
_PORTS = "\t\t# ports\n"
_LISTENING = "0A"


def rules(ports: Iterable[Port]) -> str:
    """The rule set with these ports open."""
    chosen = sorted({(port.protocol, port.number) for port in ports})
    lines = "".join(f"\t\t{protocol} dport {number} accept\n" for protocol, number in chosen)
    text = packaged("warifu-firewall.nft")
    assert text.count(_PORTS) == 1, "the frame has one place for ports"
    return text.replace(_PORTS, lines)


def ssh_ports(target: Target, wishes: Wishes) -> list[int]:
    """Every port at which this machine may be administered: what the settings say, what runs, and this session's."""
    found: set[int] = set()
    if target.program("sshd"):
        texts = [target.read("/etc/ssh/sshd_config") or ""]
        texts += [
            target.read(f"/etc/ssh/sshd_config.d/{name}") or ""
            for name in target.names("/etc/ssh/sshd_config.d")
        ]
        for text in texts:
            found |= {int(port) for port in re.findall(r"(?im)^\s*port[\s=]+(\d{1,5})\s*(?:#.*)?$", text)}
            found |= {
                int(port) for port in re.findall(r"(?im)^\s*listenaddress[\s=]+\S*:(\d{1,5})\s*$", text)
            }
        found = found or {22}
    for unit in ("ssh.socket.d", "sshd.socket.d"):
        for name in target.names(f"{OWN_UNITS}/{unit}"):
            text = target.read(f"{OWN_UNITS}/{unit}/{name}") or ""
            found |= {int(port) for port in re.findall(r"(?m)^ListenStream=(?:\S*:)?(\d{1,5})\s*$", text)}
    if target.live:
        found |= _ports_of(target, "sshd")
        if wishes.session_port is not None:
            found.add(wishes.session_port)
    return sorted(port for port in found if 0 < port < 65536)


def _ports_of(target: Target, program: str) -> set[int]:
    """Ports on which a process of this name listens; none where its descriptors cannot be seen."""
    by_inode: dict[str, int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (target.read(table) or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENING:
                by_inode[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    found: set[int] = set()
    for pid in filter(str.isdigit, target.names("/proc")):
        if (target.read(f"/proc/{pid}/comm") or "").strip() != program:
            continue
        for descriptor in target.names(f"/proc/{pid}/fd"):
            socket = _link(target, f"/proc/{pid}/fd/{descriptor}")
            inode = socket.removeprefix("socket:[").removesuffix("]")
            if inode in by_inode:
                found.add(by_inode[inode])
    return found


def _link(target: Target, path: str) -> str:
    try:
        return str((target.root / path.lstrip("/")).readlink())
    except OSError:
        return ""


def _want(target: Target, wishes: Wishes) -> Wanted:
    if not target.program("nft"):
        return Wanted(inapplicable="the package nftables is missing: apt-get install nftables")
    ssh = ssh_ports(target, wishes)
    notes = [f"SSH stays reachable: port {port} is open." for port in ssh]
    notes += [f"Open because you named it: {port.number}/{port.protocol}." for port in wishes.open_ports]
    notes.append(
        "Everything else that waits for connections from outside is shut, also the custody service's port (8443) "
        "unless you name it (--open 8443)."
    )
    text = rules([*(Port(port) for port in ssh), *wishes.open_ports]).encode()
    return Wanted(
        (
            Verify(("nft", "--check", "--file", "-"), text),
            Act((), _RELOAD, "have systemd read its units"),
            Write(RULES, text),
            Write(f"{OWN_UNITS}/{UNIT}", packaged(UNIT).encode()),
            Symlink(f"{OWN_UNITS}/sysinit.target.wants/{UNIT}", f"{OWN_UNITS}/{UNIT}"),
            Act(_RELOAD, (), ""),
            Act(("systemctl", "restart", UNIT), ("systemctl", "stop", UNIT), ""),
        ),
        tuple(notes),
    )


STEP = Step(
    name="firewall",
    title="Packet filter",
    reason="what nobody needs from outside, nobody reaches from outside",
    may_break="every server on this machine whose port is not named; discovery in the local network",
    undo="The table is removed at once; other rules were never touched.",
    source="CIS Debian 3.5 (default deny); HardenedLinux harbian-audit; RFC 4890 for ICMPv6",
    want=_want,
)
