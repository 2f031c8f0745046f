"""How the kernel came to be what it is: verified start, lockdown, signed modules, measured files.

Documents: the kernel's admin-guide (module-signing, tainted-kernels, LSM), Documentation/ABI/testing/ima_policy and
securityfs, the UEFI specification for the two variables.
"""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import CannotTell, Machine

_VARIABLES = "/sys/firmware/efi/efivars"
_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
_SECURE_BOOT = f"{_VARIABLES}/SecureBoot-{_GLOBAL}"
_SETUP_MODE = f"{_VARIABLES}/SetupMode-{_GLOBAL}"
_SECURITYFS = "/sys/kernel/security"
_IMA = f"{_SECURITYFS}/ima"
_COUNT = re.compile(r"\d{1,12}")

_UNSIGNED = 13
_TAINTS = {
    1: "a module was loaded by force",
    3: "a module was unloaded by force",
    5: "a damaged page was found",
    6: "a program asked for the mark",
    7: "the kernel had a fault",
    8: "an ACPI table was replaced",
    _UNSIGNED: "a module without a valid signature was loaded",
}


def _secure_boot(machine: Machine) -> Seen:
    if not machine.exists("/sys/firmware/efi"):
        return unknown(
            "the machine was not started by UEFI; whether its own firmware verifies cannot be seen"
        )
    on = _variable(machine, _SECURE_BOOT)
    if on is None:
        if not machine.names(_VARIABLES):
            return unknown("efivarfs is not mounted")
        return missing("the firmware does not know Secure Boot")
    if on != 1:
        return missing("off")
    if _variable(machine, _SETUP_MODE) == 1:
        return missing("in setup mode: anybody may put in keys")
    return ok("on")


def _variable(machine: Machine, path: str) -> int | None:
    data = machine.read_bytes(path, 64)
    if data is None:
        return None
    if len(data) != 5:  # four bytes of attributes, one of value
        raise CannotTell("the firmware's variable has an unexpected form")
    return data[4]


def _lockdown(machine: Machine) -> Seen:
    mode = _lockdown_mode(machine)
    if mode is None:
        return missing("the kernel was built without lockdown")
    return missing("root may change the running kernel") if mode == "none" else ok(mode)


def _lockdown_mode(machine: Machine) -> str | None:
    modes = machine.read(f"{_SECURITYFS}/lockdown")
    if modes is None:
        _need_securityfs(machine)
        return None
    chosen = re.search(r"\[(\w+)\]", modes)
    return chosen[1] if chosen and chosen[1] in ("integrity", "confidentiality") else "none"


def _need_securityfs(machine: Machine) -> None:
    if not machine.exists(f"{_SECURITYFS}/lsm"):
        raise CannotTell(f"securityfs is not mounted at {_SECURITYFS}")


def _module_signatures(machine: Machine) -> Seen:
    if _taint(machine) >> _UNSIGNED & 1:
        return missing(_TAINTS[_UNSIGNED])
    if not machine.exists("/proc/modules"):
        return ok("the kernel loads no modules")
    if (machine.read("/sys/module/module/parameters/sig_enforce") or "").strip() == "Y":
        return ok("only signed modules are loaded")
    if (machine.read("/proc/sys/kernel/modules_disabled") or "").strip() == "1":
        return ok("no further modules are loaded")
    try:
        mode = _lockdown_mode(machine)
    except CannotTell as error:
        return unknown(f"not enforced by a parameter, and of lockdown: {error}")
    return (
        missing("modules without a signature are loaded")
        if mode in (None, "none")
        else ok(f"lockdown {mode}")
    )


def _taint(machine: Machine) -> int:
    text = (machine.read("/proc/sys/kernel/tainted") or "").strip()
    if not _COUNT.fullmatch(text):
        raise CannotTell("/proc/sys/kernel/tainted has an unexpected form")
    return int(text)


def _untainted(machine: Machine) -> Seen:
    taint = _taint(machine)
    bad = [words for bit, words in _TAINTS.items() if taint >> bit & 1]
    if bad:
        return missing("; ".join(bad))
    return ok("nothing untoward since the start" if taint == 0 else f"marks {taint}: nothing untoward")


def _ima(machine: Machine) -> Seen:
    if not machine.exists(_IMA):
        _need_securityfs(machine)
        return missing("the kernel does not measure files")
    count = (machine.read(f"{_IMA}/runtime_measurements_count") or "").strip()
    if not _COUNT.fullmatch(count):
        return unknown("it does not say how much it measured")
    if int(count) <= 1:  # the first entry is the start itself
        return missing("there, but no policy makes it measure anything")
    return ok(f"{count} measurements{_appraising(machine)}")


def _appraising(machine: Machine) -> str:
    """The policy is only readable where the kernel was built so."""
    try:
        policy = machine.read(f"{_IMA}/policy") or ""
    except CannotTell:
        return ""
    return ", and it refuses files by signature" if re.search(r"^appraise ", policy, re.MULTILINE) else ""


def _access_control(machine: Machine) -> Seen:
    active = machine.read(f"{_SECURITYFS}/lsm")
    if active is None:
        raise CannotTell(f"securityfs is not mounted at {_SECURITYFS}")
    found = [name for name in active.strip().split(",") if name in ("apparmor", "selinux", "smack", "tomoyo")]
    if not found:
        return missing("none of AppArmor, SELinux, Smack, Tomoyo is active")
    if found == ["selinux"] and (machine.read("/sys/fs/selinux/enforce") or "").strip() != "1":
        return missing("SELinux is there, but only logs")
    return ok(", ".join(found))


CHECKS = (
    Check(
        name="secure-boot",
        reason="without verified start, someone with the device in hand can put another kernel under the signer",
        source=f"{_SECURE_BOOT} and SetupMode beside it",
        remedy="Switch on Secure Boot in the firmware, with keys of your own where you can.",
        look=_secure_boot,
        weight=5,
    ),
    Check(
        name="lockdown",
        reason="keeps root from reading and changing kernel memory, and so from reading the signer's",
        source=f"{_SECURITYFS}/lockdown",
        remedy="Add lockdown=confidentiality to the kernel command line.",
        look=_lockdown,
        weight=4,
    ),
    Check(
        name="module-signatures",
        reason="a kernel module can read every signer's memory",
        source="/sys/module/module/parameters/sig_enforce, /proc/sys/kernel/tainted, modules_disabled, lockdown",
        remedy="Add module.sig_enforce=1 to the kernel command line; sign modules of your own (DKMS: mok.pub).",
        look=_module_signatures,
        weight=3,
    ),
    Check(
        name="kernel-untainted",
        reason="a kernel that had a fault, or took modules by force, is not the kernel that was measured",
        source="/proc/sys/kernel/tainted",
        remedy="Find the cause with 'dmesg', then restart the machine.",
        look=_untainted,
    ),
    Check(
        name="ima",
        reason="programs that were changed on the disk show in the measurements, and in a TPM quote",
        source=f"{_IMA}",
        remedy="Add ima_policy=tcb to the kernel command line.",
        look=_ima,
    ),
    Check(
        name="mandatory-access",
        reason="confines the services beside the signer, so that one that was taken over does not take the machine",
        source=f"{_SECURITYFS}/lsm",
        remedy="Install apparmor and apparmor-profiles and restart.",
        look=_access_control,
        weight=2,
    ),
)
