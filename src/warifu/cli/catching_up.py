"""``warifu policy sync``: this client's record, and devices that are behind, brought to the rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import click

from warifu.cli.changing import known_rules, rules_request, shown_rules, tell, tell_sealed
from warifu.cli.changing_shown import show_changes
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.profile import Profile, Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.credential import approver
from warifu.protocol.identity import DeviceRef
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.policy.compare import compare, loosening

State = Literal["same", "told", "waits", "ahead", "unknown", "away"]


@dataclass(frozen=True)
class Caught:
    """One device, and how it stands now. ``unknown``: it shows rules that are on no record."""

    device: DeviceRef
    state: State
    refusal: str | None
    words: str


@dataclass(frozen=True)
class Outcome:
    rules: Rules
    devices: tuple[Caught, ...]


def catch_up(
    client: Client, profile: Profile, screen: Screen, wallet: Wallet, yes: bool, passphrase_fd: int | None
) -> Outcome:
    """First the record, then the devices that are behind it. Raises what the service refuses."""
    known = known_rules(client, wallet)
    shown = {device: shown_rules(client, profile, wallet, device) for device in wallet.request.devices}
    wallet = _record(
        profile, screen, wallet, known, [each for each in shown.values() if isinstance(each, bytes)], yes
    )
    return Outcome(
        wallet.rules,
        tuple(
            _device(client, profile, wallet, known, device, found, passphrase_fd)
            for device, found in shown.items()
        ),
    )


def _record(
    profile: Profile, screen: Screen, wallet: Wallet, known: list[Rules], shown: list[bytes], yes: bool
) -> Wallet:
    """What as many devices show as can sign is in force. What was asked for here and they do not wait for any more was
    vetoed: it is off the record once its moment is long over."""
    in_force = [rules for rules in known if shown.count(rules_hash(rules)) >= wallet.request.threshold]
    newest = in_force[-1] if in_force else wallet.rules
    if newest.revision > wallet.rules.revision:
        asked_here = wallet.asked is not None and newest == wallet.asked.rules
        if not asked_here:
            screen.line(tr("Another owner changed the rules:"), style="bold")
            show_changes(screen, compare(wallet.rules, newest))
            if not yes:
                click.confirm(tr("Is that right?"), abort=True, err=screen.json)
        profile.keep_rules(wallet.wallet_id, newest)
    elif wallet.asked is not None and in_force and now() > wallet.asked.effect + _GRACE:
        profile.keep_asked(wallet.wallet_id, None)
    return profile.wallet(wallet.name)


_GRACE = 3600
"""Seconds after its moment for which a change that no device has is still expected."""


def _device(
    client: Client,
    profile: Profile,
    wallet: Wallet,
    known: list[Rules],
    device: DeviceRef,
    shown: bytes | WarifuError,
    passphrase_fd: int | None,
) -> Caught:
    if isinstance(shown, WarifuError):
        return Caught(device, "away", shown.code, f"{shown.message} ({shown.code})")
    if shown == rules_hash(wallet.rules):
        return Caught(device, "same", None, tr("has the rules in force"))
    before = next((rules for rules in known if rules_hash(rules) == shown), None)
    if before is None:
        words = tr("has rules that are on no record here: find out who changed them, or leave it out")
        return Caught(device, "unknown", None, words)
    if before.revision > wallet.rules.revision:
        return Caught(device, "ahead", None, tr("is ahead: not enough devices have what it has yet"))
    return _tell(client, profile, wallet, device, before, passphrase_fd)


def _tell(
    client: Client,
    profile: Profile,
    wallet: Wallet,
    device: DeviceRef,
    before: Rules,
    passphrase_fd: int | None,
) -> Caught:
    """It is behind. What it has was an owner's word once, so the passphrase may be sealed to it."""
    request = rules_request(wallet, rules_hash(before), wallet.rules)
    if loosening(compare(before, wallet.rules)):
        told = tell_sealed(client, profile, wallet, request, [device], (before,), passphrase_fd)
    else:
        told = tell(client, approver(profile.credential()), request)
    return _caught(device, told)


def _caught(device: DeviceRef, told: api.Instruction) -> Caught:
    for answer in told.devices:
        if answer.identity == device.identity and answer.refusal is not None:
            refusal = answer.refusal
            return Caught(device, "unknown", refusal.code, f"{refusal.message} ({refusal.code})")
        if answer.identity == device.identity and answer.state == "waits":
            return Caught(device, "waits", None, tr("was told, and waits"))
        if answer.identity == device.identity and answer.state == "done":
            return Caught(device, "same", None, tr("was told, and has the rules in force"))
    return Caught(device, "told", None, tr("was not reached"))
