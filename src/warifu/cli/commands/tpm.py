"""``warifu tpm``: set a device up with this machine's TPM, and approve what it boots."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.agent.device import DeviceDirectory
from warifu.cli.base import Group, examples, json_option, require_yes
from warifu.cli.boot_approval import (
    read_approval,
    read_request,
    read_update_key,
    update_key,
    write_approval,
    write_request,
    write_update_key,
)
from warifu.cli.commands.signer import directory_option, unlock_option
from warifu.cli.context import Setting
from warifu.cli.places import default_device_directory
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.tpm_set_up import forgive, opened, set_up, undo
from warifu.cli.unlocking import new_unlock_key, unlock_key
from warifu.errors import InputRefused
from warifu.signer.isolation.layer import PlatformChoice
from warifu.tee.tpm import NAME, require_library
from warifu.tee.tpm.policy import BOOT_PCRS, approve

_SECRET_DIGITS = 64


@examples(
    "warifu tpm update-key",
    "warifu tpm set-up --unlock-key /media/usb/pi.key --new-unlock-key --update-key warifu-update-key:...",
)
@click.group("tpm", cls=Group)
def group() -> None:
    """A device whose share is sealed by its machine's TPM, and opens only as its owner approved that it boots."""


@examples("warifu tpm update-key")
@group.command("update-key")
@json_option
@click.pass_obj
def update_key_command(setting: Setting, as_json: bool) -> None:
    """Print the public key by which devices know your approvals. The key itself stays in your profile."""
    screen = Screen(as_json)
    setting.profile()
    text = write_update_key(update_key(setting.home, make=True))
    screen.exact(text)
    screen.result({"update_key": text})


@examples(
    "warifu tpm set-up --unlock-key /media/usb/pi.key --new-unlock-key --update-key warifu-update-key:...",
)
@group.command("set-up")
@directory_option
@unlock_option
@click.option("--new-unlock-key", "new_key", is_flag=True, help="Make the unlock key file first.")
@click.option(
    "--update-key", "key_text", required=True, help="What 'warifu tpm update-key' printed for the owner."
)
@click.option(
    "--tpm", "device", default="device:/dev/tpmrm0", show_default=True, help="How the TPM is reached."
)
@click.option(
    "--pcrs",
    "pcrs_text",
    metavar="0,2,..",
    help="What is measured that must not change (default: 0,2,4,7,8,9).",
)
@click.option(
    "--lockout-secret",
    "known_secret",
    is_flag=True,
    help="Type the secret that an interrupted set-up showed.",
)
@click.option("--development", is_flag=True, help="Accept a simulator (swtpm), which protects nothing.")
@json_option
def set_up_command(
    device_dir: Path | None,
    unlock_file: Path,
    new_key: bool,
    key_text: str,
    device: str,
    pcrs_text: str | None,
    known_secret: bool,
    development: bool,
    as_json: bool,
) -> None:
    """Set this machine's device up with its TPM, before it is enrolled.

    It keeps a key in the TPM, sets how wrong passphrases are counted, and shows a secret that alone can end a lock-out:
    write it down. Then it asks for your approval of what is booted now; without it nothing that is sealed ever opens.
    """
    require_library()
    from warifu.tee.tpm.choices import new_lockout_secret

    screen, point, pcrs = Screen(as_json), read_update_key(key_text), _pcrs(pcrs_text)
    directory = DeviceDirectory(device_dir or default_device_directory())
    if new_key:
        new_unlock_key(unlock_file, directory, screen)
    key, secret = (
        unlock_key(unlock_file, directory),
        _typed_secret() if known_secret else new_lockout_secret(),
    )
    try:
        if not known_secret:
            # On the terminal only, and before it is used: a secret that nobody wrote down would be lost for good.
            click.echo(
                tr("Write this down, away from the device: it alone ends a lock-out of the TPM."), err=True
            )
            click.echo(f"\n    {secret.hex()}\n", err=True)
            click.confirm(tr("Is it written down?"), abort=True, err=True)
        choice = PlatformChoice(name=NAME, device=device, development=development)
        set_up(directory, key, choice, point, secret, pcrs, secret_is_set=known_secret)
        with opened(directory, key) as tpm:
            request = write_request(tpm.approval_request())
    finally:
        key[:], secret[:] = bytes(len(key)), bytes(len(secret))
    _tell_request(screen, request)


@examples("warifu tpm request --unlock-key /media/usb/pi.key")
@group.command("request")
@directory_option
@unlock_option
@json_option
def request_command(device_dir: Path | None, unlock_file: Path, as_json: bool) -> None:
    """Ask the owner to approve what this machine booted, after an update. The device must not be running."""
    directory = DeviceDirectory(device_dir or default_device_directory())
    key = unlock_key(unlock_file, directory)
    try:
        with opened(directory, key) as tpm:
            request = write_request(tpm.approval_request())
    finally:
        key[:] = bytes(len(key))
    _tell_request(Screen(as_json), request)


@examples("warifu tpm approve warifu-boot:...")
@group.command("approve")
@click.argument("request")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def approve_command(setting: Setting, request: str, yes: bool, as_json: bool) -> None:
    """Approve what a device booted. REQUEST is what it shows.

    Approve only a change that you made yourself: a new kernel, new firmware. From then on the device's store opens
    when it boots so.
    """
    require_yes(yes, as_json)
    screen, asked = Screen(as_json), read_request(request)
    setting.profile()
    screen.facts(
        [
            (tr("TPM"), asked.storage_root.hex()),
            (tr("approval number"), str(asked.version)),
            (tr("measured"), "PCR " + ", ".join(map(str, asked.pcrs))),
            (tr("values"), asked.values.hex()),
        ]
    )
    if not yes:
        click.confirm(
            tr("Did you change what this device boots, or set it up just now?"), abort=True, err=as_json
        )
    text = write_approval(approve(update_key(setting.home, make=False), asked))
    screen.line(tr("On the device:"))
    screen.exact(f"  warifu tpm take {text}")
    screen.result({"approval": text})


@examples("warifu tpm take warifu-approval:... --unlock-key /media/usb/pi.key")
@group.command("take")
@click.argument("approval")
@directory_option
@unlock_option
@click.option(
    "--retire",
    is_flag=True,
    help="Take back, for good, every approval older than the one of this boot.",
)
@json_option
def take_command(
    approval: str, device_dir: Path | None, unlock_file: Path, retire: bool, as_json: bool
) -> None:
    """Give this device the owner's APPROVAL. The device must not be running."""
    screen, given = Screen(as_json), read_approval(approval)
    directory = DeviceDirectory(device_dir or default_device_directory())
    key = unlock_key(unlock_file, directory)
    try:
        with opened(directory, key) as tpm:
            tpm.authorize_pcrs(given)
            if retire:
                tpm.retire_older_approvals()
    finally:
        key[:] = bytes(len(key))
    screen.line(tr("The approval is kept: what is sealed opens under this boot."), style="green")
    screen.result({"version": given.version, "retired_older": retire})


@examples("warifu tpm forgive --unlock-key /media/usb/pi.key")
@group.command("forgive")
@directory_option
@unlock_option
@json_option
def forgive_command(device_dir: Path | None, unlock_file: Path, as_json: bool) -> None:
    """End a lock-out of the TPM after too many wrong passphrases. Needs the secret that 'set-up' showed."""
    screen, directory = Screen(as_json), DeviceDirectory(device_dir or default_device_directory())
    key, secret = unlock_key(unlock_file, directory), _typed_secret()
    try:
        forgive(directory, key, secret)
    finally:
        key[:], secret[:] = bytes(len(key)), bytes(len(secret))
    screen.line(tr("The TPM counts from zero again."), style="green")
    screen.result({"forgiven": True})


@examples("warifu tpm undo --unlock-key /media/usb/pi.key")
@group.command("undo")
@directory_option
@unlock_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def undo_command(device_dir: Path | None, unlock_file: Path, yes: bool, as_json: bool) -> None:
    """Remove from the TPM what 'set-up' put there, and nothing else. What this device sealed never opens again."""
    screen, directory = Screen(as_json), DeviceDirectory(device_dir or default_device_directory())
    if not yes:
        click.confirm(tr("The device's share will be lost. Go on?"), abort=True, err=as_json)
    key, secret = unlock_key(unlock_file, directory), _typed_secret()
    try:
        undo(directory, key, secret)
    finally:
        key[:], secret[:] = bytes(len(key)), bytes(len(secret))
    screen.line(tr("The TPM is as it was before."))
    screen.result({"undone": True})


def _tell_request(screen: Screen, request: str) -> None:
    screen.line(tr("On the owner's client:"))
    screen.exact(f"  warifu tpm approve {request}")
    screen.result({"request": request})


def _pcrs(text: str | None) -> tuple[int, ...]:
    """``InputRefused`` (``pcrs``) for what is no list of numbers; which numbers make sense is the TPM room's to say."""
    if text is None:
        return BOOT_PCRS
    try:
        return tuple(sorted({int(number) for number in text.split(",")}))
    except ValueError:
        raise InputRefused(
            "pcrs",
            f"{text[:40]!r} is no list of PCRs",
            not_done="Nothing was changed.",
            remedy="Give numbers with commas between them, such as 0,2,4,7,8,9.",
        ) from None


def _typed_secret() -> bytearray:
    typed = click.prompt(tr("Secret that 'warifu tpm set-up' showed"), hide_input=True, err=True)
    text = "".join(str(typed).split())
    if len(text) != _SECRET_DIGITS or any(digit not in "0123456789abcdefABCDEF" for digit in text):
        raise InputRefused(
            "lockout-secret", "the secret has 64 hexadecimal digits", not_done="Nothing was changed."
        )
    return bytearray.fromhex(text)
