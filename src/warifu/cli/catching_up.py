"""``warifu policy sync``: this client's record, and devices that are behind, brought to the rules in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import click
import msgspec

from warifu.cli.approvers import OwnCredential
from warifu.cli.changing import known_rules, rules_request, shown_rules, tell, tell_with
from warifu.cli.changing_shown import show_changes
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.known_wallet import Asked, Wallet
from warifu.cli.passphrase import passphrase_when_needed
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.identity import DeviceRef
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.policy.compare import compare, loosening

Ask = Callable[[], bytearray]
"""The passphrase, asked for once, and only where it is needed."""
Choose = Callable[[Wallet], OwnCredential]
"""Which of the owner's credentials the wallet obeys, by its record as it is then: a new owner's, who has just taken the
wallet up, does not know him yet."""
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
    client: Client,
    profile: Profile,
    screen: Screen,
    own: Choose,
    wallet: Wallet,
    yes: bool,
    restore: bool,
    passphrase_fd: int | None,
) -> Outcome:
    """First the record, then the devices that are behind it. Raises what the service refuses.

    ``restore``: where devices have rules that an owner asked for and that are not on record, or differ among
    themselves, give all of them those on record, as a new revision.
    """
    with passphrase_when_needed(passphrase_fd) as ask:
        known = known_rules(client, wallet)
        shown = {device: shown_rules(client, profile, wallet, device) for device in wallet.request.devices}
        if restore:
            return _restore(client, profile, screen, own, wallet, known, shown, yes, ask)
        return _caught_up(client, profile, screen, own, wallet, known, shown, yes, ask)


def _caught_up(
    client: Client,
    profile: Profile,
    screen: Screen,
    own: Choose,
    wallet: Wallet,
    known: list[Rules],
    shown: Mapping[DeviceRef, bytes | WarifuError],
    yes: bool,
    ask: Ask,
) -> Outcome:
    wallet = _record(
        profile, screen, wallet, known, [each for each in shown.values() if isinstance(each, bytes)], yes
    )
    return Outcome(
        wallet.rules,
        tuple(
            _device(client, profile, own, wallet, known, device, found, ask)
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
    own: Choose,
    wallet: Wallet,
    known: list[Rules],
    device: DeviceRef,
    shown: bytes | WarifuError,
    ask: Ask,
) -> Caught:
    if isinstance(shown, WarifuError):
        return Caught(device, "away", shown.code, f"{shown.message} ({shown.code})")
    if shown == rules_hash(wallet.rules):
        return Caught(device, "same", None, tr("has the rules in force"))
    before = next((rules for rules in known if rules_hash(rules) == shown), None)
    if before is None:
        words = tr("has rules that are on no record here: find out who changed them, or leave it out")
        return Caught(device, "unknown", None, words)
    if before.revision >= wallet.rules.revision:
        words = tr("has rules of its own that too few devices have; see --restore")
        return Caught(device, "ahead", None, words)
    return _tell(client, profile, own, wallet, wallet.rules, device, before, ask)


def _restore(
    client: Client,
    profile: Profile,
    screen: Screen,
    own: Choose,
    wallet: Wallet,
    known: list[Rules],
    shown: Mapping[DeviceRef, bytes | WarifuError],
    yes: bool,
    ask: Ask,
) -> Outcome:
    """Each device is told what replaces the rules that it has, whatever they are, if an owner asked for them once."""
    has = {device: rules for device, found in shown.items() for rules in known if rules_hash(rules) == found}
    top = max((rules.revision for rules in has.values()), default=wallet.rules.revision)
    target = msgspec.structs.replace(wallet.rules, revision=top + 1)
    for device, rules in has.items():
        screen.line(device.name, style="bold")
        show_changes(screen, compare(rules, target))
    if not yes:
        click.confirm(tr("Give all of them the rules of this client's record?"), abort=True, err=screen.json)
    caught = [
        _tell(client, profile, own, wallet, target, device, has[device], ask)
        if device in has
        else _device(client, profile, own, wallet, known, device, found, ask)
        for device, found in shown.items()
    ]
    if any(found.state in ("same", "waits") for found in caught):
        delay = min(rules.policy.loosening_delay for rules in has.values())
        at_once = any(found.state == "same" for found in caught)
        asked = Asked(bytes(32), target, now() + (0 if at_once else delay))
        profile.keep_asked(wallet.wallet_id, asked)
    return Outcome(profile.wallet(wallet.name).rules, tuple(caught))


def _tell(
    client: Client,
    profile: Profile,
    own: Choose,
    wallet: Wallet,
    target: Rules,
    device: DeviceRef,
    before: Rules,
    ask: Ask,
) -> Caught:
    """What it has was an owner's word once, so the passphrase may be sealed to it."""
    request = rules_request(wallet, rules_hash(before), target)
    if loosening(compare(before, target)):
        told = tell_with(client, profile, own(wallet), wallet, request, [device], (before,), ask())
    else:
        told = tell(client, own(wallet), request)
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
