"""``warifu appliance``: a device whose signer runs in a small measured system of its own, in a virtual machine."""

from __future__ import annotations

from pathlib import Path

import click
from nacl.utils import random

from warifu.agent.appliance.image import Image
from warifu.agent.appliance.port import KEY_BYTES, Begin, Purpose
from warifu.agent.appliance.running import approved
from warifu.agent.appliance.setting import image_folder, set_image_folder
from warifu.agent.device import DeviceDirectory
from warifu.cli.base import Group, examples, json_option
from warifu.cli.boot_approval import read_approval, read_update_key, write_request
from warifu.cli.commands.signer import directory_option, unlock_option
from warifu.cli.places import default_device_directory
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.unlocking import new_unlock_key, unlock_key
from warifu.errors import InputRefused
from warifu.tee.tpm.policy import Approval, ApprovalRequest

image_option = click.option(
    "--image",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that tools/build-appliance.sh printed.",
)


@examples(
    "warifu appliance set-up --image IMAGE --unlock-key /media/usb/pc.key --new-unlock-key "
    "--update-key warifu-update-key:...",
)
@click.group("appliance", cls=Group)
def group() -> None:
    """A device whose signer runs in a virtual machine: a small measured system, and a share that opens only in it.

    It is no enclave: whoever controls this computer can read the virtual machine's memory and its virtual TPM.
    """


@examples(
    "warifu appliance set-up --image IMAGE --unlock-key /media/usb/pc.key --new-unlock-key "
    "--update-key warifu-update-key:...",
)
@group.command("set-up")
@image_option
@directory_option
@unlock_option
@click.option("--new-unlock-key", "new_key", is_flag=True, help="Make the unlock key file first.")
@click.option(
    "--update-key", "key_text", required=True, help="What 'warifu tpm update-key' printed for the owner."
)
@json_option
def set_up_command(
    folder: Path, device_dir: Path | None, unlock_file: Path, new_key: bool, key_text: str, as_json: bool
) -> None:
    """Make this machine's device an appliance, before it is enrolled.

    It is started once, sets its virtual TPM up, and asks for your approval of what it booted. Then enrol it with
    'warifu signer join' and start it with 'warifu signer run', as every device.
    """
    screen, point, image = Screen(as_json), read_update_key(key_text), Image.at(folder)
    directory = DeviceDirectory(device_dir or default_device_directory())
    _require_unused(directory)
    if new_key:
        new_unlock_key(unlock_file, directory, screen)
    begin = Begin(Purpose.SET_UP, unlock_key(unlock_file, directory), bytearray(random(KEY_BYTES)), point)
    try:
        # Before it is used: a secret that nobody wrote down would be lost for good.
        click.echo(
            tr("Write this down, away from the device: it alone ends a lock-out of the TPM."), err=True
        )
        click.echo(f"\n    {begin.lockout_secret.hex()}\n", err=True)
        click.confirm(tr("Is it written down?"), abort=True, err=True)
        _have_approved(screen, directory, image, begin)
    finally:
        begin.wipe()


@examples("warifu appliance update --image IMAGE --unlock-key /media/usb/pc.key")
@group.command("update")
@image_option
@directory_option
@unlock_option
@json_option
def update_command(folder: Path, device_dir: Path | None, unlock_file: Path, as_json: bool) -> None:
    """Start the device from another image, from now on. It must not be running.

    The new image is started once and asks for your approval; without it the share stays shut in it.
    """
    directory, image = DeviceDirectory(device_dir or default_device_directory()), Image.at(folder)
    if image_folder(directory.path) is None:
        raise InputRefused(
            "no-appliance",
            "this device is no appliance",
            not_done="Nothing was changed.",
            remedy="Make a new device one with 'warifu appliance set-up'.",
        )
    begin = Begin(Purpose.APPROVE, unlock_key(unlock_file, directory))
    try:
        _have_approved(Screen(as_json), directory, image, begin)
    finally:
        begin.wipe()


def _have_approved(screen: Screen, directory: DeviceDirectory, image: Image, begin: Begin) -> None:
    """The owner's answer is asked for while the machine waits; the image is the device's only after it opened."""
    directory.make()
    screen.line(tr("The appliance is started; this can take some minutes."))
    approved(directory, image, begin, lambda request: _ask(screen, request), screen.line)
    set_image_folder(directory.path, image.folder)
    screen.line(tr("The approval is kept: what is sealed opens under this boot."), style="green")
    screen.result({"image": str(image.folder), "directory": str(directory.path)})


def _ask(screen: Screen, request: ApprovalRequest) -> Approval:
    click.echo(tr("On the owner's client:"), err=screen.json)
    click.echo(f"  warifu tpm approve {write_request(request)}", err=screen.json)
    return read_approval(click.prompt(tr("What it printed (warifu-approval:...)"), err=screen.json))


def _require_unused(directory: DeviceDirectory) -> None:
    if directory.store.exists() and any(directory.store.iterdir()):
        raise InputRefused(
            "device-used",
            "this device's signer has run as a process of this machine already",
            not_done="Nothing was changed.",
            remedy="Use an empty --device-dir for the appliance.",
        )
