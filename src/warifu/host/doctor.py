"""The whole examination: one table of checks, one report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warifu.host.check import Check, Finding, Seen, State, unknown
from warifu.host.checks import (
    boot,
    boot_settings,
    clock,
    external,
    guards,
    isolation,
    memory,
    privileges,
    processor,
    settings,
    storage,
    updates,
)
from warifu.host.kernel import Kernel, NoKernel
from warifu.host.machine import CannotTell, Machine
from warifu.host.programs import NoPrograms, Programs


@dataclass(frozen=True)
class Group:
    """Checks that a reader wants to see together."""

    name: str
    checks: tuple[Check, ...]


GROUPS = (
    Group("guard", guards.CHECKS),
    Group("isolation", isolation.CHECKS),
    Group("memory", (*memory.CHECKS, *storage.CHECKS)),
    Group("boot", boot.CHECKS),
    Group("processor", processor.CHECKS),
    Group("upkeep", (*clock.CHECKS, *updates.CHECKS)),
    Group("privileges", privileges.CHECKS),
    Group("settings", settings.CHECKS),
    Group("kernel", (*boot_settings.CHECKS, *external.CHECKS)),
)
CHECKS: tuple[Check, ...] = tuple(check for group in GROUPS for check in group.checks)


class HostReport(msgspec.Struct, frozen=True):
    """What the machine is, as far as can be seen."""

    kernel: str
    """Version and processor; empty where only recorded files were looked at."""
    measured_at: int
    """Unix time of the look; 0 where only recorded files were looked at."""
    score: int
    """``score_of`` the findings: unknown and declared count as not ok."""
    findings: tuple[Finding, ...]

    def state(self, name: str) -> State:
        """How the check ``name`` ended; ``KeyError`` for an unknown name."""
        return {finding.name: finding.state for finding in self.findings}[name]

    def count(self, state: State) -> int:
        """How many checks that have a weight ended so."""
        return sum(finding.state is state for finding in self.findings if finding.weight)


def examine(root: str | Path = "/", store: Path | None = None, *, checker: bool = False) -> HostReport:
    """Look at the machine whose files lie below ``root``; ``store``: the device's data directory on it.

    With a root other than ``/`` the running kernel, which is another's, is not asked. ``checker``: also run
    kernel-hardening-checker where it is installed. Never raises for what it finds.
    """
    if Path(root).resolve() != Path("/"):
        return examine_machine(Machine(Path(root), NoKernel(), store))
    programs = Programs() if checker else NoPrograms()
    store = store.resolve() if store else None
    return examine_machine(Machine(Path("/"), Kernel(), store, int(time.time()), programs))


def examine_machine(machine: Machine) -> HostReport:
    """As :func:`examine`, for a machine in any form."""
    kernel = machine.kernel.release() if isinstance(machine.kernel, Kernel) else ""
    findings = tuple(_finding(group.name, check, machine) for group in GROUPS for check in group.checks)
    return HostReport(kernel, machine.now or 0, score_of(findings), findings)


def to_json(report: HostReport) -> bytes:
    """The report as JSON, for scripts; docs/host.md says what is in it."""
    return msgspec.json.encode(report)


def score_of(findings: tuple[Finding, ...]) -> int:
    """0 to 100: the weights of what is ok among all weights."""
    whole = sum(finding.weight for finding in findings)
    return 100 * sum(finding.weight for finding in findings if finding.state is State.OK) // whole


def _finding(group: str, check: Check, machine: Machine) -> Finding:
    seen = _look(check, machine)
    remedy = "" if seen.state is State.OK else check.remedy
    return Finding(
        check.name, seen.state, seen.detail, check.reason, check.source, remedy, group, check.weight
    )


def _look(check: Check, machine: Machine) -> Seen:
    try:
        return check.look(machine)
    except CannotTell as error:
        return unknown(str(error))
