"""The steps, in the order in which they are made. To add one is to add a file and a line."""

from __future__ import annotations

from warifu.host.hardening.step import Step
from warifu.host.hardening.steps import (
    apparmor,
    boot,
    core_dumps,
    firewall,
    kernel_module,
    modules,
    mounts,
    services,
    sysctl,
    updates,
)

STEPS: tuple[Step, ...] = (
    sysctl.STEP,
    boot.STEP,
    modules.STEP,
    core_dumps.STEP,
    mounts.STEP,
    services.STEP,
    firewall.STEP,
    apparmor.STEP,
    updates.STEP,
    kernel_module.LKRG,
    kernel_module.VED,
)
