"""Kernels that defend themselves: VED, LKRG, grsecurity/PaX, AKO."""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import CannotTell, Machine

_LKRG_SETTINGS = "/proc/sys/lkrg"  # VED is built on LKRG and has its settings in the same place
_ENFORCE = f"{_LKRG_SETTINGS}/kint_enforce"
_REASON = "stops many kernel exploits, which no layer of the signer can stop"


def _ved(machine: Machine) -> Seen:
    if not machine.exists("/sys/module/ved"):
        return missing("the module is not loaded")
    return _enforcing(machine)


def _lkrg(machine: Machine) -> Seen:
    if machine.exists("/sys/module/ved"):
        return missing("VED is loaded in its place")
    if any(machine.exists(path) for path in ("/sys/module/lkrg", "/sys/module/p_lkrg", _LKRG_SETTINGS)):
        return _enforcing(machine)
    return missing("the module is not loaded")


def _enforcing(machine: Machine) -> Seen:
    try:
        level = machine.read(_ENFORCE)
    except CannotTell:
        return ok("loaded; only root can see whether it enforces")
    if level is None:
        return ok("loaded")
    return (
        missing("loaded, but it only logs (kint_enforce is 0)")
        if level.strip() == "0"
        else ok("loaded, enforcing")
    )


def _grsecurity(machine: Machine) -> Seen:
    status = machine.read("/proc/self/status") or ""
    pax = re.search(r"^PaX:\s*(\S+)", status, re.MULTILINE)
    if machine.exists("/proc/sys/kernel/grsecurity"):
        return ok(f"grsecurity, PaX {pax[1]}" if pax else "grsecurity")
    return ok(f"PaX {pax[1]}") if pax else missing("this kernel carries neither grsecurity nor PaX")


def _ako(_machine: Machine) -> Seen:
    return unknown("AKO shows no sign of itself to programs: it can only be declared by the owner")


CHECKS = (
    Check(
        name="ved",
        reason=_REASON,
        source="/sys/module/ved and /proc/sys/lkrg",
        remedy="Install VED (Vault Exploit Defense), or another of these four.",
        look=_ved,
    ),
    Check(
        name="lkrg",
        reason=_REASON,
        source="/sys/module/lkrg and /proc/sys/lkrg",
        remedy="Install LKRG (package lkrg-dkms), or another of these four.",
        look=_lkrg,
    ),
    Check(
        name="grsecurity",
        reason=_REASON,
        source="/proc/sys/kernel/grsecurity and 'PaX:' in /proc/self/status",
        remedy="Use a grsecurity kernel, or another of these four.",
        look=_grsecurity,
    ),
    Check(
        name="ako",
        reason=_REASON,
        source="nowhere: a declaration of the owner",
        remedy="Declare it if your kernel has it, or use another of these four.",
        look=_ako,
    ),
)
