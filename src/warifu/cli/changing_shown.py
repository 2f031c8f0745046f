"""A change of rules, and what devices made of it, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import moment
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.signer.policy.compare import Change

_STYLES = {"loosens": "yellow", "tightens": "green", "same": ""}


def show_changes(screen: Screen, changes: Sequence[Change]) -> None:
    """Rule by rule, what loosens first."""
    for effect in ("loosens", "tightens", "same"):
        for change in changes:
            if change.effect == effect:
                screen.line(f"{_word(effect)}: {change.words}", style=_STYLES[effect])


def _word(effect: str) -> str:
    return {"loosens": tr("loosens"), "tightens": tr("tightens"), "same": tr("the same")}[effect]


def changes_object(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [{"rule": change.rule, "effect": change.effect, "words": change.words} for change in changes]


def show_told(screen: Screen, told: api.Instruction) -> None:
    """What each device made of it."""
    screen.table(
        (tr("device"), tr("state"), ""),
        [(device.device, _state(device.state), _beside(device)) for device in told.devices],
    )


def _state(state: str) -> str:
    return {
        "done": tr("done"),
        "waits": tr("waits"),
        "refused": tr("refused"),
        "away": tr("away: told when it comes"),
    }[state]


def _beside(device: api.Told) -> str:
    if device.refusal is not None:
        return f"{device.refusal.message} ({device.refusal.code})"
    return tr("until {moment}", moment=moment(device.effect)) if device.state == "waits" else ""


def told_object(told: api.Instruction) -> dict[str, Any]:
    return {
        "id": told.id,
        "kind": told.kind,
        "devices": [
            {
                "device": device.device,
                "state": device.state,
                "effect": device.effect,
                "words": list(device.words),
                "refusal": device.refusal.code if device.refusal is not None else None,
            }
            for device in told.devices
        ],
    }


def exit_code_of(told: api.Instruction) -> int:
    """0 where at least one device took it; else that of the first refusal, or of a service without devices."""
    if any(device.state in ("done", "waits") for device in told.devices):
        return 0
    refusals = [device.refusal for device in told.devices if device.refusal is not None]
    error: WarifuError = api.error_from(refusals[0]) if refusals else _nobody()
    return type(error).exit_code


def _nobody() -> WarifuError:
    from warifu.errors import ServiceRefused

    return ServiceRefused("device-offline", "no device was told")
