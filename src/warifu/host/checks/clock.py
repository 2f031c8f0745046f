"""Whether the machine knows what time it is."""

from __future__ import annotations

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.checks.isolation import running_kernel
from warifu.host.machine import Machine


def _synchronised(machine: Machine) -> Seen:
    synchronised = running_kernel(machine).clock_synchronised()
    if synchronised is None:
        return unknown("this process may not ask the kernel about the clock")
    return ok("synchronised") if synchronised else missing("nothing keeps the clock right")


CHECKS = (
    Check(
        name="time-synchronised",
        reason="expiry of requests, windows of limits and delays of a policy are judged by the device's own clock",
        source="adjtimex(2)",
        remedy="Run systemd-timesyncd, chrony (with NTS where you can), or another time service.",
        look=_synchronised,
        weight=3,
    ),
)
