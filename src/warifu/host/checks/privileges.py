"""What other programs, and root, may do to the kernel and to processes."""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import Machine

_SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def _ptrace(machine: Machine) -> Seen:
    scope = machine.read("/proc/sys/kernel/yama/ptrace_scope")
    if scope is None:
        return missing("the kernel has no Yama: programs of one user may trace each other")
    return (
        missing("programs of one user may trace each other")
        if scope.strip() == "0"
        else ok(f"scope {scope.strip()}")
    )


def _bpf(machine: Machine) -> Seen:
    setting = machine.read("/proc/sys/kernel/unprivileged_bpf_disabled")
    if setting is None:
        return ok("the kernel has no bpf(2)")
    return missing("any user may load bpf programs") if setting.strip() == "0" else ok("for root only")


def _lockdown(machine: Machine) -> Seen:
    modes = machine.read("/sys/kernel/security/lockdown")
    if modes is None:
        if not machine.exists("/sys/kernel/security/lsm"):
            return unknown("securityfs is not mounted at /sys/kernel/security")
        return missing("the kernel was built without lockdown")
    chosen = re.search(r"\[(\w+)\]", modes)
    mode = chosen[1] if chosen else "none"
    return missing("root may change the running kernel") if mode == "none" else ok(mode)


def _secure_boot(machine: Machine) -> Seen:
    if not machine.exists("/sys/firmware/efi"):
        return unknown(
            "the machine was not started by UEFI; whether its own firmware verifies cannot be seen"
        )
    variable = machine.read_bytes(_SECURE_BOOT)
    if variable is None:
        if not machine.names("/sys/firmware/efi/efivars"):
            return unknown("efivarfs is not mounted")
        return missing("the firmware does not know Secure Boot")
    if len(variable) != 5:  # four bytes of attributes, one of value
        return unknown("the firmware's variable has an unexpected form")
    return ok("on") if variable[4] == 1 else missing("off")


CHECKS = (
    Check(
        name="ptrace-scope",
        reason="a program of the same user must not trace the agent or the owner's client",
        source="/proc/sys/kernel/yama/ptrace_scope",
        remedy="sysctl kernel.yama.ptrace_scope=2 (a signer itself cannot be traced either way).",
        look=_ptrace,
    ),
    Check(
        name="unprivileged-bpf",
        reason="bpf for everybody was the root of many kernel exploits and side channels",
        source="/proc/sys/kernel/unprivileged_bpf_disabled",
        remedy="sysctl kernel.unprivileged_bpf_disabled=2",
        look=_bpf,
    ),
    Check(
        name="lockdown",
        reason="keeps root from reading and changing kernel memory, and so from reading the signer's",
        source="/sys/kernel/security/lockdown",
        remedy="Add lockdown=confidentiality to the kernel command line.",
        look=_lockdown,
    ),
    Check(
        name="secure-boot",
        reason="without verified start, someone with the device in hand can put another kernel under the signer",
        source=_SECURE_BOOT,
        remedy="Switch on Secure Boot in the firmware, with keys of your own where you can.",
        look=_secure_boot,
    ),
)
