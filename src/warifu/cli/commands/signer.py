"""``warifu signer``: invite, join, run and look at the devices that hold the shares."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click

from warifu.agent.device import DeviceDirectory
from warifu.agent.door import ask_at_door, ask_for
from warifu.agent.invitation import read_invitation, write_invitation
from warifu.agent.joining import digits_differ
from warifu.cli.audits.export import json_lines
from warifu.cli.audits.journal_words import Names
from warifu.cli.audits.journals import own_journal
from warifu.cli.base import Group, examples, json_option
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.device_shown import describe_status, show_status
from warifu.cli.devices import join_device, run_device
from warifu.cli.enrolling import await_digits, confirm, invite
from warifu.cli.files import write_private
from warifu.cli.judged_shown import describe_judged, show_judged
from warifu.cli.places import default_device_directory
from warifu.cli.saved_request import read_saved
from warifu.cli.screen import Screen
from warifu.cli.stopping import run_until_stopped
from warifu.cli.text import tr
from warifu.cli.unlocking import key_once_more, new_unlock_key, unlock_key
from warifu.cli.waiting_shown import ids_of
from warifu.errors import InputRefused
from warifu.protocol.api import Devices, DeviceStatus
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Status
from warifu.protocol.operator import (
    MAX_WHY,
    AskJudged,
    FreezeDevice,
    LiftBan,
    LookAt,
    ShowJudged,
    UnfreezeDevice,
    VetoWaiting,
)

directory_option = click.option(
    "--device-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where this device keeps its sealed store (default: ~/.local/share/warifu/device).",
)
unlock_option = click.option(
    "--unlock-key",
    "unlock_file",
    type=click.Path(path_type=Path, allow_dash=True),
    required=True,
    help="File with this device's unlock key, on another medium than its store; '-' to type it.",
)


@examples("warifu signer invite pi", "warifu signer list")
@click.group("signer", cls=Group)
def group() -> None:
    """The devices that hold the pieces of the key."""


@examples("warifu signer invite pi", "warifu signer invite pi --url https://192.168.1.10:8443")
@group.command("invite")
@click.argument("name")
@click.option("--url", help="The service's address as the device reaches it (default: as this client does).")
@json_option
@click.pass_obj
def invite_command(setting: Setting, name: str, url: str | None, as_json: bool) -> None:
    """Invite a device, wait until it joins, and compare the digits.

    Run the line that is printed on the device. Then both screens show nine digits: only where they are the same does
    the device have your key and you have the device's, with nobody between.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        invitation = invite(client, profile, name, url)
        text = write_invitation(invitation)
        screen.line(tr("On the device, within 15 minutes:"))
        screen.exact(f"  warifu signer join '{text}'")
        if as_json:
            click.echo(text, err=True)  # the one object on standard output comes at the end
        with screen.waiting(tr("waiting for the device")):
            owner, digits = await_digits(client, profile, name)
        click.echo(f"\n    {digits}\n", err=as_json)
        same = click.confirm(tr("Does the device show exactly these digits?"), err=as_json)
        device = confirm(client, profile, name, owner, same)
        if not same:
            raise digits_differ()
    screen.line(tr("The device {name} is enrolled.", name=name), style="green")
    screen.result({"name": device.name, "identity": device.identity.hex()})


@examples(
    "warifu signer join 'warifu-invite:...' --unlock-key /media/usb/pi.key --new-unlock-key",
    "warifu signer join 'warifu-invite:...' --unlock-key /media/usb/pi.key --run",
)
@group.command("join")
@click.argument("invitation")
@directory_option
@unlock_option
@click.option("--new-unlock-key", "new_key", is_flag=True, help="Make the unlock key file first.")
@click.option("--run", "stay", is_flag=True, help="Stay connected afterwards, as 'warifu signer run' does.")
@json_option
def join_command(
    invitation: str,
    device_dir: Path | None,
    unlock_file: Path,
    new_key: bool,
    stay: bool,
    as_json: bool,
) -> None:
    """Enrol this device with an INVITATION of its owner.

    The two screens show nine digits; say yes only where they are the same.
    """
    screen, invited = Screen(as_json), read_invitation(invitation)
    directory = DeviceDirectory(device_dir or default_device_directory())
    if new_key:
        new_unlock_key(unlock_file, directory, screen)
    key = unlock_key(unlock_file, directory)
    once_more = key_once_more(unlock_file, directory, key)
    run_until_stopped(join_device(screen, directory, key, invited, stays=stay, unlock=once_more))


@examples("warifu signer run --unlock-key /media/usb/pi.key")
@group.command("run")
@directory_option
@unlock_option
def run_command(device_dir: Path | None, unlock_file: Path) -> None:
    """Keep this enrolled device connected, until Ctrl-C."""
    directory = DeviceDirectory(device_dir or default_device_directory())
    key = unlock_key(unlock_file, directory)
    once_more = key_once_more(unlock_file, directory, key)
    run_until_stopped(run_device(Screen(), directory, key, once_more))


@examples("warifu signer list", "warifu signer list --json | jq '.devices[] | select(.connected)'")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List the enrolled devices, and whether they are connected."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        known = {device.identity: device for device in client.get("/devices", Devices).devices}
    devices = []
    for record in profile.content.devices:
        seen = known.pop(record.identity, None)
        devices.append(
            {
                "name": record.name,
                "identity": record.identity.hex(),
                "pinned": True,
                "connected": seen is not None and seen.connected,
                "waiting": seen is not None and seen.waiting,
            }
        )
    # What only the service knows is shown as such: this client would never seal a passphrase to it.
    devices += [
        {
            "name": other.name,
            "identity": other.identity.hex(),
            "pinned": False,
            "connected": other.connected,
            "waiting": other.waiting,
        }
        for other in known.values()
    ]
    screen.table(
        (tr("device"), tr("identity"), tr("connected"), tr("compared by you")),
        [
            (
                str(device["name"]),
                str(device["identity"])[:16],
                tr("yes")
                if device["connected"]
                else tr("waits for its keepers")
                if device["waiting"]
                else tr("no"),
                tr("yes") if device["pinned"] else tr("NO"),
            )
            for device in devices
        ],
    )
    screen.result({"devices": devices})


@examples("warifu signer status", "warifu signer status pi")
@group.command("status")
@click.argument("name", required=False)
@directory_option
@json_option
@click.pass_obj
def status_command(setting: Setting, name: str | None, device_dir: Path | None, as_json: bool) -> None:
    """Ask a device how it is: the one on this machine, or the enrolled device NAME through the service."""
    screen = Screen(as_json)
    if name is None:
        status = asyncio.run(ask_at_door(DeviceDirectory(device_dir or default_device_directory()).door))
    else:
        profile = setting.profile()
        with setting.client(profile) as client:
            answer = client.get(f"/devices/{segment(name)}/status", DeviceStatus)
        status = decode(Status, answer.status, MAX_BODY_BYTES)
    show_status(screen, status)
    screen.result(describe_status(status))


@examples(
    "warifu signer show",
    "warifu signer show 0123456789abcdef0123456789abcdef",
    "warifu signer show --file payment.req",
    "ssh laptop cat payment.req | warifu signer show --file -",
)
@group.command("show")
@click.argument("request", required=False)
@click.option(
    "--file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="What 'warifu send --dry-run --save' wrote ('-': standard input): the device reads and judges it now.",
)
@directory_option
@json_option
@click.pass_obj
def show_command(
    setting: Setting, request: str | None, file: Path | None, device_dir: Path | None, as_json: bool
) -> None:
    """Show a request as this machine's device itself reads it in the transaction's bytes, and judges it.

    Compare it, by eye, with what the client shows: two displays that nobody could alter together. The digits say that
    both speak of the same request. Nothing is signed or counted by it.

    REQUEST is the id of one that the device judged since its start, or let be signed before; without one it is the
    newest that an owner authorized, else the newest dry run. With --file no service is asked: bring the request over.
    """
    _ = setting
    screen = Screen(as_json)
    door = DeviceDirectory(device_dir or default_device_directory()).door
    shown = asyncio.run(ask_for(door, ShowJudged, _what_to_show(request, file)))
    show_judged(screen, shown)
    screen.result(describe_judged(shown))


def _what_to_show(request: str | None, file: Path | None) -> AskJudged | LookAt:
    if file is not None:
        if request is not None:
            raise InputRefused("usage", "name a REQUEST or a --file, not both", not_done="Nothing is shown.")
        saved, unsigned = read_saved(file)
        return LookAt(encode(saved), unsigned)
    if request is not None and not re.fullmatch("[0-9a-f]{32}", request):
        raise InputRefused(
            "request-id", f"{request[:40]!r} is not the id of a request", not_done="Nothing is shown."
        )
    return AskJudged(bytes.fromhex(request or ""))


@examples("warifu signer journal --output pi.jsonl", "warifu signer journal | jq -r .words")
@group.command("journal")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file in place of standard output; it is written whole or not at all.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@directory_option
@click.pass_obj
def journal_command(setting: Setting, output: Path | None, force: bool, device_dir: Path | None) -> None:
    """Write this machine's device's own journal as JSON Lines, with every proof.

    No service is asked. 'warifu audit verify WALLET --offline FILE...' checks the files of several devices against each
    other. All of the device's wallets are in it: give it to their owners alone.
    """
    _ = setting
    taken = asyncio.run(own_journal(DeviceDirectory(device_dir or default_device_directory()).door))
    lines = json_lines(taken, Names())
    if output is None:
        for line in lines:
            click.echo(line)
        return
    write_private(output, b"".join(line + b"\n" for line in lines), replace=force)
    Screen().line(tr("Written: {path}", path=output))


@examples("warifu signer lift-ban pi")
@group.command("lift-ban")
@click.argument("name")
@directory_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def lift_ban_command(setting: Setting, name: str, device_dir: Path | None, yes: bool, as_json: bool) -> None:
    """Have this machine's device work again with the device NAME, which it caught cheating in an ECDSA ceremony.

    A device that cheats is taken over, or its memory fails: replace it. This is for one that you repaired.
    """
    _ = setting
    screen, door = Screen(as_json), DeviceDirectory(device_dir or default_device_directory()).door
    banned = [
        identity
        for known, identity in asyncio.run(ask_at_door(door)).banned
        if name in (known, identity.hex())
    ]
    if len(banned) != 1:
        raise InputRefused(
            "not-banned",
            f"this device has no single ban of {name[:64]!r}",
            not_done="Nothing was changed.",
            remedy="See 'warifu signer status'.",
        )
    if not yes:
        click.confirm(tr("Work with {name} again?", name=name), abort=True)
    status = asyncio.run(ask_at_door(door, LiftBan(banned[0])))
    screen.line(tr("The ban of {name} is lifted.", name=name))
    screen.result(describe_status(status))


@examples("warifu signer freeze", "warifu signer freeze --wallets --reason 'the door was open'")
@group.command("freeze")
@click.option(
    "--reason",
    default="the operator said so",
    show_default=True,
    help="Shown with every refusal until the freeze is lifted; at most 200 characters.",
)
@click.option(
    "--wallets",
    is_flag=True,
    help="Freeze its wallets too, on all of their devices: only 'warifu policy unfreeze' and a wait undo that.",
)
@directory_option
@json_option
@click.pass_obj
def freeze_command(
    setting: Setting, reason: str, wallets: bool, device_dir: Path | None, as_json: bool
) -> None:
    """Have this machine's device sign nothing, whoever asks, until 'warifu signer unfreeze'.

    What it is signing at this moment ends. A restart does not thaw it. The wallet's other devices sign without it where
    enough of them are left, unless --wallets stops them as well.
    """
    _ = setting
    screen, door = Screen(as_json), DeviceDirectory(device_dir or default_device_directory()).door
    if not 1 <= len(reason) <= MAX_WHY:
        raise InputRefused(
            "reason", f"the reason must have 1 to {MAX_WHY} characters", not_done="Nothing was frozen."
        )
    status = asyncio.run(ask_at_door(door, FreezeDevice(reason, wallets)))
    screen.line(tr("The device {name} is frozen: it signs nothing.", name=status.name), style="yellow")
    screen.result(describe_status(status))


@examples("warifu signer veto 3f2a", "warifu signer status")
@group.command("veto")
@click.argument("beginning")
@directory_option
@json_option
@click.pass_obj
def veto_command(setting: Setting, beginning: str, device_dir: Path | None, as_json: bool) -> None:
    """Veto, on this machine's device, what waits for one of its wallets or was announced to it.

    BEGINNING is that of its id, as 'warifu signer status' shows it here. The device tells the wallet's other devices,
    and none of them lets it happen from then on.
    """
    _ = setting
    screen, door = Screen(as_json), DeviceDirectory(device_dir or default_device_directory()).door
    waiting = [
        (wallet.wallet_id, named)
        for wallet in asyncio.run(ask_at_door(door)).wallets
        for named in ids_of(wallet)
        if named.hex().startswith(beginning.lower())
    ]
    if len(waiting) != 1:
        raise InputRefused(
            "unknown-id",
            f"nothing that waits here, or more than one thing, has an id that begins with {beginning[:64]!r}",
            not_done="Nothing was vetoed.",
            remedy="See 'warifu signer status'.",
        )
    status = asyncio.run(ask_at_door(door, VetoWaiting(*waiting[0])))
    screen.line(tr("Vetoed. This device tells the others."), style="green")
    screen.result(describe_status(status))


@examples("warifu signer unfreeze")
@group.command("unfreeze")
@directory_option
@json_option
@click.pass_obj
def unfreeze_command(setting: Setting, device_dir: Path | None, as_json: bool) -> None:
    """Have this machine's device sign again.

    Where the watch froze it, somebody reached for its memory or its kernel: find out who before you lift the freeze.
    To confirm, type the device's name.
    """
    _ = setting
    screen, door = Screen(as_json), DeviceDirectory(device_dir or default_device_directory()).door
    before = asyncio.run(ask_at_door(door))
    if before.frozen is not None:
        screen.line(tr("It is frozen because: {reason}", reason=before.frozen), style="yellow")
    typed = click.prompt(
        tr("Type the device's name ({name}) to lift the freeze", name=before.name), err=as_json
    )
    if typed != before.name:
        raise InputRefused("not-confirmed", "that is not the device's name", not_done="It stays as it was.")
    status = asyncio.run(ask_at_door(door, UnfreezeDevice()))
    screen.line(tr("The freeze of {name} is lifted.", name=status.name), style="green")
    screen.result(describe_status(status))


@examples("warifu signer remove pi")
@group.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def remove_command(setting: Setting, name: str, yes: bool, as_json: bool) -> None:
    """Forget the device NAME, here and at the service. Wallets that it has a share of keep needing it."""
    screen, profile = Screen(as_json), setting.profile()
    profile.device(name)
    if not yes:
        click.confirm(tr("Forget the device {name}?", name=name), abort=True, err=as_json)
    with setting.client(profile) as client:
        client.delete(f"/devices/{segment(name)}")
    profile.forget_device(name)
    screen.line(tr("The device {name} is forgotten.", name=name))
    screen.result({"name": name})
