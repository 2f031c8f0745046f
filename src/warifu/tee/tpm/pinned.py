"""What a device keeps about its TPM, in its own directory: the name of the storage root key, the keys and handles that
are its own, and the owner's approvals.

Nothing in it is secret, but a changed file could pin an interposer's key, so it is authenticated under the unlock key.
An older copy of it (a disk copied back) brings old approvals back at most, and the TPM's counter refuses those.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from warifu.errors import InputRefused, PlatformRefused
from warifu.protocol.encoding import Message, Name, decode, encode
from warifu.tee.tpm.keys import TAG_BYTES, Keys
from warifu.tee.tpm.policy import Approval, Name34, PcrIndices

FILE = "tpm.pinned"
ROOT_FILE = "tpm.root"
MAX_APPROVALS, MAX_COUNTERS = 8, 16
_HEADER = b"warifu-tpm\x00\x01"
_MAX_BYTES = 32 * 1024

Handle = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Structure = Annotated[bytes, msgspec.Meta(max_length=2048)]


_Word = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class GuessLimits(Message, frozen=True):
    """A TPM's own defence against guessing (TPM2_DictionaryAttackParameters)."""

    most_tries: _Word = 10
    """Wrong passphrases until it looks at none."""
    recovery_seconds: _Word = 7200
    """After so long it forgives one."""
    lockout_recovery_seconds: _Word = 86400
    """After a wrong lockout secret, none is accepted for so long."""


class NamedCounter(Message, frozen=True):
    """An NV index of ours."""

    name: Name
    index: Handle


class Pinned(Message, frozen=True):
    """The TPM that this device was set up with."""

    storage_root: Name34
    """Its name."""
    root_handle: Handle
    root_is_ours: bool
    """We made it persistent; it is removed with everything else."""
    lockout_is_ours: bool
    """We set the lockout secret; it is taken back with everything else."""
    limits_before: GuessLimits
    update_key: Annotated[bytes, msgspec.Meta(min_length=65, max_length=65)]
    """The owner's, P-256, SEC 1 uncompressed."""
    pcrs: PcrIndices
    approvals_counter: NamedCounter
    ak_public: Structure
    """TPMT_PUBLIC of the attestation key."""
    ak_private: Structure
    """TPM2B_PRIVATE, which the TPM encrypted under its storage root key."""
    ek_public: Structure
    """TPMT_PUBLIC of the certified endorsement key; empty where there is none, as the certificate."""
    ek_certificate: Annotated[bytes, msgspec.Meta(max_length=8192)]
    counters: Annotated[tuple[NamedCounter, ...], msgspec.Meta(max_length=MAX_COUNTERS)]
    approvals: Annotated[tuple[Approval, ...], msgspec.Meta(max_length=MAX_APPROVALS)]


def is_pinned(directory: Path) -> bool:
    """Whether a TPM was set up for the device in this directory."""
    return (directory / FILE).exists()


def read_pinned(directory: Path, keys: Keys) -> Pinned:
    """``PlatformRefused``: ``not-provisioned``, or ``pinned`` where the file is not what this device wrote."""
    try:
        descriptor = os.open(directory / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise PlatformRefused(
            "not-provisioned",
            "this device was not set up with the TPM",
            not_done="The device was not started; no other platform was tried.",
            remedy="Set it up first (docs/tpm.md).",
        ) from None
    except OSError as error:
        raise _altered(f"cannot be read: {error.strerror}") from None
    try:
        content = os.read(descriptor, _MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    body, tag = content[len(_HEADER) : -TAG_BYTES], content[-TAG_BYTES:]
    if not content.startswith(_HEADER) or not keys.is_tag(tag, "pinned", body):
        raise _altered("was altered, or is another device's, or the unlock key is another one")
    try:
        return decode(Pinned, body, _MAX_BYTES)
    except InputRefused:
        raise _altered("is of another version") from None


def write_pinned(directory: Path, keys: Keys, pinned: Pinned) -> None:
    """Durable, all of it or nothing, when this returns. ``PlatformRefused`` (``pinned``)."""
    body = encode(pinned)
    _write(directory, FILE, _HEADER + body + keys.tag("pinned", body))


def forget_pinned(directory: Path) -> None:
    """Remove the files, if they are there."""
    (directory / FILE).unlink(missing_ok=True)
    forget_root(directory)


def begin_root(directory: Path, keys: Keys, handle: int) -> None:
    """Write down, durably, that this device is about to keep its storage root key at ``handle``. ``PlatformRefused``
    (``pinned``)."""
    body = handle.to_bytes(4, "big")
    _write(directory, ROOT_FILE, body + keys.tag("root-begun", body))


def has_begun_root(directory: Path, keys: Keys, handle: int) -> bool:
    """Whether the key at ``handle`` can be this device's own, from a set-up that broke off. Its name does not tell:
    whoever shares the TPM has a storage root key of the same name, and would lose it with ours."""
    body = handle.to_bytes(4, "big")
    try:
        content = (directory / ROOT_FILE).read_bytes()
    except OSError:
        return False
    return content[:4] == body and keys.is_tag(content[4:], "root-begun", body)


def forget_root(directory: Path) -> None:
    """Remove what :func:`begin_root` wrote, if it is there."""
    (directory / ROOT_FILE).unlink(missing_ok=True)
    _sync(directory)


def _write(directory: Path, name: str, content: bytes) -> None:
    new = directory / f"{name}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        new.replace(directory / name)
        _sync(directory)
    except OSError as error:
        raise _altered(f"cannot be written: {error.strerror}") from None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _altered(what: str) -> PlatformRefused:
    return PlatformRefused(
        "pinned",
        f"the device's file about its TPM {what}",
        not_done="The device was not started; nothing was sent to the TPM.",
        remedy="Start the device with its own unlock key. If that is the right one, restore the file, or replace the "
        "device.",
    )
