"""Kernels that defend themselves: LKRG, VED, grsecurity/PaX, AKO; and VED-eBPF, which watches.

Written after the public sources of LKRG 1.0.1 (lkrg-org/lkrg) and VED (hardenedvault/ved, a fork of LKRG 0.9.5).
Both keep their settings in ``/proc/sys/lkrg``, readable by root only; VED alone has ``wcfi_validate`` there. Both can
take themselves off the lists of modules (``/sys/module``, ``/proc/modules``), so that absence there proves nothing;
the settings stay. Neither carries a version in the module: the version shown is that of the source that DKMS built.

A module of root's making can show all of these signs. They are what the machine says about itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from warifu.host.check import Check, Seen, State, declared, missing, ok, unknown
from warifu.host.checks.bpf_watch import VED_EBPF
from warifu.host.configuration import release
from warifu.host.declared import PATH, declaration
from warifu.host.machine import CannotTell, Machine

_SETTINGS = "/proc/sys/lkrg"
_VED_ONLY = f"{_SETTINGS}/wcfi_validate"
_GRSECURITY = "/proc/sys/kernel/grsecurity"
_VERSION = re.compile(r"[0-9A-Za-z.+~_-]{1,40}")
_LEVEL = re.compile(r"\d{1,4}")

# The level from which each setting does something: validation at all, and more than a line in a log.
_LKRG_LEVELS = {
    "kint_validate": 2,  # 1: only when somebody asks for it
    "pint_validate": 1,
    "pcfi_validate": 1,
    "umh_validate": 1,
    "kint_enforce": 1,
    "pint_enforce": 1,
    "pcfi_enforce": 1,
    "umh_enforce": 1,
}
_VED_LEVELS = {**_LKRG_LEVELS, "wcfi_validate": 1}

_ABSENT = missing("no sign of it")
_REPLACED = missing("VED is loaded in its place")
_NO_PATCH = missing("this kernel carries neither grsecurity nor PaX")

_REASON = "stops many kernel exploits, which no layer of the signer can stop"


def _is_ved(machine: Machine) -> bool:
    if machine.exists("/sys/module/ved") or "ved" in _listed_modules(machine):
        return True
    return machine.exists(_VED_ONLY)


def _is_loaded(machine: Machine) -> bool:
    """Any sign of LKRG or of what is built on it."""
    if {"lkrg", "p_lkrg"} & _listed_modules(machine):
        return True
    return any(machine.exists(path) for path in (_SETTINGS, "/sys/module/lkrg", "/sys/module/p_lkrg"))


def _listed_modules(machine: Machine) -> set[str]:
    return {line.partition(" ")[0] for line in (machine.read("/proc/modules") or "").splitlines()}


def _ved(machine: Machine) -> Seen:
    if not _is_ved(machine):
        return _ABSENT
    return _judged(machine, _VED_LEVELS, ("ved", "lkrg"))  # its sources call the DKMS package lkrg in places


def _lkrg(machine: Machine) -> Seen:
    if _is_ved(machine):
        return _REPLACED
    if not _is_loaded(machine):
        return _ABSENT
    return _judged(machine, _LKRG_LEVELS, ("lkrg",))


def _judged(machine: Machine, levels: dict[str, int], packages: tuple[str, ...]) -> Seen:
    loaded = f"loaded{_version(machine, packages)}{_hidden(machine)}"
    try:
        values = {name: _level(machine, name) for name in levels}
    except CannotTell:
        return unknown(f"{loaded}; whether it enforces, only root can see")
    weak = [
        f"{name} is {value}" for name, value in values.items() if value is not None and value < levels[name]
    ]
    if weak:
        return missing(f"{loaded}, but {', '.join(weak)}")
    if values["pint_enforce"] is None:
        return unknown(f"{loaded}; it does not show whether it enforces")
    return ok(f"{loaded}, enforcing{'' if values['kint_enforce'] != 1 else ' (kernel text is only logged)'}")


def _level(machine: Machine, name: str) -> int | None:
    text = machine.read(f"{_SETTINGS}/{name}")
    if text is None:
        return None
    if not _LEVEL.fullmatch(text.strip()):
        raise CannotTell(f"{_SETTINGS}/{name} has an unexpected form")
    return int(text)


def _version(machine: Machine, packages: tuple[str, ...]) -> str:
    """The one version that DKMS built; nothing where there are none or several."""
    try:
        found = [version for name in packages for version in machine.names(f"/var/lib/dkms/{name}")]
    except CannotTell:
        return ""
    versions = [version for version in found if version[0].isdigit() and _VERSION.fullmatch(version)]
    return f" (DKMS built {versions[0]})" if len(versions) == 1 else ""


def _hidden(machine: Machine) -> str:
    listed = any(machine.exists(f"/sys/module/{name}") for name in ("lkrg", "p_lkrg", "ved"))
    return "" if listed else ", not on the list of modules"


def _grsecurity(machine: Machine) -> Seen:
    status = machine.read("/proc/self/status") or ""
    pax = re.search(r"^PaX:[ \t]*([A-Za-z-]{1,16})$", status, re.MULTILINE)
    if not machine.exists(_GRSECURITY):
        return ok(f"PaX {pax[1]}") if pax else _NO_PATCH
    parts = [f"grsecurity{_grsecurity_version(machine)}", *([f"PaX {pax[1]}"] if pax else []), _lock(machine)]
    return ok(", ".join(parts))


def _grsecurity_version(machine: Machine) -> str:
    try:
        kernel = release(machine)
    except CannotTell:
        return ""
    return f" {kernel}" if "grsec" in kernel else ""


def _lock(machine: Machine) -> str:
    try:
        value = (machine.read(f"{_GRSECURITY}/grsec_lock") or "").strip()
    except CannotTell:
        return "only root can see whether its settings are locked"
    return {"1": "settings locked", "0": "settings not locked"}.get(value, "settings fixed when it was built")


def _ako(machine: Machine) -> Seen:
    statement = declaration(machine, "ako")
    if statement is None:
        return unknown("not declared; AKO shows no sign of itself to programs")
    return declared(f"by the owner: {statement}")


_GUARDS: tuple[tuple[str, Callable[[Machine], Seen]], ...] = (
    ("LKRG", _lkrg),
    ("VED", _ved),
    ("grsecurity", _grsecurity),
    ("AKO", _ako),
)


def _guard(machine: Machine) -> Seen:
    """The best of them: one is enough. VED-eBPF is not among them, as it tells of an attack and does not stop it."""
    found = {name: _blind_at_worst(look, machine) for name, look in _GUARDS}
    for state in (State.OK, State.DECLARED):
        for name, seen in found.items():
            if seen.state is state:
                return Seen(state, f"{name}: {seen.detail}")
    unseen = [name for name, seen in found.items() if seen.state is State.UNKNOWN and name != "AKO"]
    if unseen:
        return unknown(f"cannot be told: {found[unseen[0]].detail}")
    absent = (_ABSENT, _REPLACED, _NO_PATCH)
    weak = [
        f"{name}: {seen.detail}"
        for name, seen in found.items()
        if seen.state is State.MISSING and seen not in absent
    ]
    return missing(weak[0] if weak else "none of LKRG, VED, grsecurity; AKO is not declared")


def _blind_at_worst(look: Callable[[Machine], Seen], machine: Machine) -> Seen:
    try:
        return look(machine)
    except CannotTell as error:
        return unknown(str(error))


CHECKS = (
    Check(
        name="kernel-guard",
        reason=_REASON,
        source="the next four lines: one of them is enough",
        remedy="Install LKRG (package lkrg-dkms) or VED; see 'warifu host harden --help'.",
        look=_guard,
        weight=5,
    ),
    Check(
        name="lkrg",
        reason=_REASON,
        source="/proc/sys/lkrg, /sys/module/lkrg, /proc/modules; version: /var/lib/dkms/lkrg",
        remedy="Install LKRG (package lkrg-dkms) and leave profile_enforce at 2, or use another of these.",
        look=_lkrg,
        weight=0,
    ),
    Check(
        name="ved",
        reason=_REASON,
        source="/proc/sys/lkrg/wcfi_validate, /sys/module/ved, /proc/modules; version: /var/lib/dkms/ved",
        remedy="Install VED (Vault Exploit Defense), or use another of these.",
        look=_ved,
        weight=0,
    ),
    Check(
        name="grsecurity",
        reason=_REASON,
        source="/proc/sys/kernel/grsecurity and 'PaX:' in /proc/self/status",
        remedy="Use a grsecurity kernel, or another of these.",
        look=_grsecurity,
        weight=0,
    ),
    Check(
        name="ako",
        reason=_REASON,
        source=f"a declaration of the owner in {PATH}; nothing else shows it",
        remedy=f'Where your kernel has it: write  ako = "VERSION"  under [declared] in {PATH}.',
        look=_ako,
        weight=0,
    ),
    VED_EBPF,
)
