"""VED-eBPF: a process whose probes watch the kernel's credentials and call stacks.

Written after hardenedvault/ved-ebpf: the program is called ``bpf_ed``, loads its probes with BCC, pins nothing in
/sys/fs/bpf and shows no other sign. The descriptors of its probes are visible to root and to its own user. Any
program can take this name and hold such probes, so this is the weakest of the signs.
"""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import CannotTell, Machine

_PROGRAM = "bpf_ed"
_FIRST_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h
_KPROBE = re.compile(r"^prog_type:\s*2$", re.MULTILINE)  # BPF_PROG_TYPE_KPROBE
_MAX_DESCRIPTORS = 1024


def _ved_ebpf(machine: Machine) -> Seen:
    if machine.link("/proc/self/ns/pid") != _FIRST_NAMESPACE:
        return unknown("from inside a container the machine's processes cannot be seen")
    processes = [name for name in machine.names("/proc") if name.isdecimal()]
    named = {process: _name(machine, process) for process in processes}
    running = [process for process, name in named.items() if name == _PROGRAM]
    if running:
        return _probes(machine, running[0])
    if "1" not in processes or None in named.values():
        return unknown("processes of other users are hidden from this one")
    return missing(f"no process {_PROGRAM} runs")


def _name(machine: Machine, process: str) -> str | None:
    """None where it is hidden; empty where the process has just ended."""
    try:
        return (machine.read(f"/proc/{process}/comm") or "").strip()
    except CannotTell:
        return None


def _probes(machine: Machine, process: str) -> Seen:
    folder = f"/proc/{process}/fdinfo"
    try:
        descriptors = machine.names(folder)[:_MAX_DESCRIPTORS]
        probes = sum(bool(_KPROBE.search(machine.read(f"{folder}/{name}") or "")) for name in descriptors)
    except CannotTell:
        return unknown(f"process {process} is called {_PROGRAM}; whether it holds probes, only root can see")
    if not probes:
        return missing(f"process {process} is called {_PROGRAM}, but holds no probes")
    return ok(f"process {process} holds {probes} kernel probes; it tells of attacks and does not stop them")


VED_EBPF = Check(
    name="ved-ebpf",
    reason="tells of credentials and call stacks in the kernel that were bent by an exploit",
    source="/proc/*/comm and /proc/PID/fdinfo (BPF programs of the kprobe type)",
    remedy="Run VED-eBPF on kernel 5.17 or later; one that stops attacks is worth more.",
    look=_ved_ebpf,
    weight=0,
)
