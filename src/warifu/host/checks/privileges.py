"""What programs of ordinary users may do to the kernel and to each other."""

from __future__ import annotations

from warifu.host.check import Check, Seen, missing, ok
from warifu.host.machine import Machine

_USERNS_CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
_USERNS_MAX = "/proc/sys/user/max_user_namespaces"
_USERNS_APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"


def _yama(machine: Machine) -> Seen:
    scope = machine.read("/proc/sys/kernel/yama/ptrace_scope")
    if scope is None:
        return missing("the kernel has no Yama: programs of one user may trace each other")
    if scope.strip() not in ("1", "2", "3"):
        return missing("programs of one user may trace each other")
    return ok(f"scope {scope.strip()}")


def _bpf(machine: Machine) -> Seen:
    setting = machine.read("/proc/sys/kernel/unprivileged_bpf_disabled")
    if setting is None:
        return ok("the kernel has no bpf(2)")
    return ok("for root only") if setting.strip() in ("1", "2") else missing("any user may load bpf programs")


def _user_namespaces(machine: Machine) -> Seen:
    if (machine.read(_USERNS_MAX) or "").strip() == "0":
        return ok("none can be made")
    if not machine.exists(_USERNS_MAX):
        return ok("the kernel has none")
    if (machine.read(_USERNS_CLONE) or "").strip() == "0":
        return ok("for root only")
    if (machine.read(_USERNS_APPARMOR) or "").strip() == "1":
        return ok("only for programs that AppArmor lets")
    return missing("any user may make them")


CHECKS = (
    Check(
        name="yama",
        reason="a program of the same user must not trace the agent or the owner's client",
        source="/proc/sys/kernel/yama/ptrace_scope",
        remedy="sysctl kernel.yama.ptrace_scope=2 (a signer itself cannot be traced either way)",
        look=_yama,
        weight=2,
    ),
    Check(
        name="unprivileged-bpf-off",
        reason="bpf for everybody was the root of many kernel exploits and side channels",
        source="/proc/sys/kernel/unprivileged_bpf_disabled",
        remedy="sysctl kernel.unprivileged_bpf_disabled=2",
        look=_bpf,
        weight=2,
    ),
    Check(
        name="user-namespaces-off",
        reason="as root of a namespace of its own, any program reaches much more of the kernel",
        source=f"{_USERNS_MAX}, {_USERNS_CLONE} (Debian), {_USERNS_APPARMOR} (Ubuntu)",
        remedy="sysctl kernel.unprivileged_userns_clone=0; not where a signer that root does not start needs its own",
        look=_user_namespaces,
    ),
)
