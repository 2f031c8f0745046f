"""The whole examination: one table of checks, one report."""

from __future__ import annotations

from pathlib import Path

import msgspec

from warifu.host.check import Check, Finding, Seen, State, unknown
from warifu.host.checks import clock, hardening, isolation, memory, privileges, storage
from warifu.host.kernel import Kernel, NoKernel
from warifu.host.machine import CannotTell, Machine

CHECKS: tuple[Check, ...] = (
    *isolation.CHECKS,
    *memory.CHECKS,
    *storage.CHECKS,
    *privileges.CHECKS,
    *clock.CHECKS,
    *hardening.CHECKS,
)


class HostReport(msgspec.Struct, frozen=True):
    """What the machine is, as far as can be seen."""

    kernel: str
    """Version and processor; empty where only recorded files were looked at."""
    findings: tuple[Finding, ...]

    def state(self, name: str) -> State:
        """How the check ``name`` ended; ``KeyError`` for an unknown name."""
        return {finding.name: finding.state for finding in self.findings}[name]


def examine(root: str | Path = "/", store: Path | None = None) -> HostReport:
    """Look at the machine whose files lie below ``root``; ``store``: the device's data directory on it.

    With a root other than ``/`` the running kernel, which is another's, is not asked. Never raises for what it finds.
    """
    live = Path(root).resolve() == Path("/")
    machine = Machine(
        Path(root), Kernel() if live else NoKernel(), store.resolve() if store and live else store
    )
    return examine_machine(machine)


def examine_machine(machine: Machine) -> HostReport:
    """As :func:`examine`, for a machine in any form."""
    release = machine.kernel.release() if isinstance(machine.kernel, Kernel) else ""
    return HostReport(release, tuple(_finding(check, machine) for check in CHECKS))


def to_json(report: HostReport) -> bytes:
    """The report as JSON, for scripts."""
    return msgspec.json.encode(report)


def _finding(check: Check, machine: Machine) -> Finding:
    seen = _look(check, machine)
    remedy = "" if seen.state is State.OK else check.remedy
    return Finding(check.name, seen.state, seen.detail, check.reason, check.source, remedy)


def _look(check: Check, machine: Machine) -> Seen:
    try:
        return check.look(machine)
    except CannotTell as error:
        return unknown(str(error))
