"""The three things that a person does: look at the plan, carry it out, take it back."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from warifu.errors import HostUnsuitable, InputRefused
from warifu.host.hardening.carrying_out import CarryingOut, Outcome, alone
from warifu.host.hardening.hand import Hand
from warifu.host.hardening.manifest import Manifest
from warifu.host.hardening.plan import PlannedStep, chosen, make_plan
from warifu.host.hardening.step import Wishes
from warifu.host.hardening.steps import STEPS
from warifu.host.hardening.target import Target


def target_at(root: Path | None) -> Target:
    """This machine, or the image below ``root``. Refuses what is not Debian, or has nobody to start services."""
    if root is None:
        target = Target()
    elif not root.is_dir() or root.resolve() == Path("/"):
        raise InputRefused("root", f"{root} is no directory with an image", not_done="Nothing was changed.")
    else:
        target = Target(root.resolve(), live=False)
    target.require_debian()
    return target


def require_root() -> None:
    """``HostUnsuitable`` (``not-root``) for anybody else."""
    if os.geteuid() != 0:
        raise HostUnsuitable(
            "not-root",
            "only root can harden a machine",
            not_done="Nothing was changed.",
            remedy="Look at the plan with --plan, then repeat as root (sudo).",
        )


def plan_for(
    target: Target, wishes: Wishes, only: Collection[str] = (), skip: Collection[str] = ()
) -> tuple[PlannedStep, ...]:
    """What would be changed. Nothing is."""
    return make_plan(chosen(STEPS, only, skip), target, Manifest(target, Hand()), wishes)


def harden(
    target: Target,
    wishes: Wishes,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    hand: Hand | None = None,
) -> list[Outcome]:
    """Carry the plan out; looks anew, as the machine may have changed since the plan was shown."""
    target.require_systemd()
    with alone(target):
        manifest = Manifest(target, hand or Hand())
        plan = make_plan(chosen(STEPS, only, skip), target, manifest, wishes)
        return CarryingOut(target, manifest, hand or Hand()).apply(plan)


def undo(target: Target, hand: Hand | None = None) -> list[Outcome]:
    """Take back what is recorded."""
    target.require_systemd()
    with alone(target):
        manifest = Manifest(target, hand or Hand())
        return CarryingOut(target, manifest, hand or Hand()).undo()
