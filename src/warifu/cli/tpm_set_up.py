"""Setting a device of this machine up with its TPM, before it is enrolled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warifu.agent.device import DeviceDirectory
from warifu.errors import PlatformRefused
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, PlatformChoice
from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm import NAME, open_tpm, require_library
from warifu.tee.tpm.policy import BOOT_PCRS

if TYPE_CHECKING:
    from warifu.tee.tpm.platform import Tpm


def set_up(
    directory: DeviceDirectory,
    unlock: bytearray,
    choice: PlatformChoice,
    update_key: bytes,
    lockout_secret: bytearray,
    pcrs: tuple[int, ...] = BOOT_PCRS,
    *,
    secret_is_set: bool = False,
) -> None:
    """Make the TPM's part of the device; done before, it only checks. ``PlatformRefused``, ``InputRefused``.

    ``secret_is_set``: an interrupted set-up gave the TPM this ``lockout_secret`` already.
    """
    require_library()
    from warifu.tee.tpm.choices import Authorizations, Choices
    from warifu.tee.tpm.provisioning import provision

    directory.make()
    directory.set_platform(choice)
    (directory.store / PLATFORM_DIRECTORY).mkdir(mode=0o700, exist_ok=True)
    known = Authorizations(lockout=bytes(lockout_secret)) if secret_is_set else None
    provision(
        settings_of(directory), unlock, Choices(update_key=update_key, pcrs=pcrs), lockout_secret, known
    )
    _give(directory)


def undo(directory: DeviceDirectory, unlock: bytearray, lockout_secret: bytearray) -> None:
    """Take it back. What the device sealed never opens again."""
    settings = settings_of(directory)
    require_library()
    from warifu.tee.tpm.provisioning import unprovision

    unprovision(settings, unlock, lockout_secret)


def forgive(directory: DeviceDirectory, unlock: bytearray, lockout_secret: bytearray) -> None:
    """End the TPM's lock-out."""
    settings = settings_of(directory)
    require_library()
    from warifu.tee.tpm.provisioning import forgive_guesses

    forgive_guesses(settings, unlock, lockout_secret)


@contextmanager
def opened(directory: DeviceDirectory, unlock: bytearray) -> Iterator[Tpm]:
    """The device's TPM for the time of the block; its files belong to the enclave's user again afterwards."""
    tpm = open_tpm(settings_of(directory), unlock)
    try:
        yield tpm
    finally:
        tpm.forget()
        _give(directory)


def settings_of(directory: DeviceDirectory) -> PlatformSettings:
    """``PlatformRefused`` (``not-provisioned``) where the device was not set up with a TPM."""
    choice = directory.platform()
    if choice.name != NAME:
        raise PlatformRefused(
            "not-provisioned",
            "this device was not set up with a TPM",
            not_done="Nothing was changed.",
            remedy="Set it up with 'warifu tpm set-up', before it is enrolled.",
        )
    return PlatformSettings(
        name=choice.name,
        directory=directory.store / PLATFORM_DIRECTORY,
        device=choice.device,
        development=choice.development,
    )


def _give(directory: DeviceDirectory) -> None:
    """Files that root wrote beside the store of an enclave with a user of its own would be closed to it."""
    if os.geteuid() != 0:
        return
    owner = directory.store.stat()
    place = directory.store / PLATFORM_DIRECTORY
    for path in (place, *place.iterdir()):
        if not path.is_symlink():
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
