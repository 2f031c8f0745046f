"""The sealing key of a device whose platform has none (TDX, Nitro): dealt to its keepers, given back at each start.

The key is 32 random bytes, born at the very first start. Until the owner has it handed out (``signer.hand_outs``) it
lives in memory only, and nothing of the device outlives the process. Each dealing has a *released secret* of its own
(``tee.peer_release``): the key lies on the disk encrypted under that and under what follows from the unlock key. So a
new dealing replaces one small file, in one step, and what was sealed stays as it is.

``boot.record`` is needed before the store opens, so it lies beside it in clear. The set in it is signed by the boot
key: a host cannot name keepers of its own. The keepers' names are for people only, and so they are not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from nacl.utils import random

from warifu.errors import AuthorizationRefused, InputRefused, PlatformRefused, StoreDamaged
from warifu.protocol.encoding import Bytes32, Bytes64, Message, Name, decode, encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import MAX_KEEPERS, Handing, ReleaseSet, Signed
from warifu.signer.store import Store, sync_directory, write_durably
from warifu.tee.peer_release import Peer, Released, hand_out, read_record, write_record
from warifu.tee.sealing_key import SealingKey
from warifu.threshold.release import new_secret
from warifu.threshold.wiping import Secret

_FILE, _NEW = "boot.record", "boot.record.new"
_MAX_FILE = 16 * 1024
_CONTEXT = b"warifu/v1/entrusted-key"


class BootRecord(Message, frozen=True):
    """The file."""

    set: Signed
    """The ``ReleaseSet``, signed by the boot key."""
    identity: Bytes32
    certificate: Bytes64
    """The device's word that the boot key is its own (``frames.BootPresence``)."""
    names: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    """Of the keepers, in their order."""
    key: Annotated[bytes, msgspec.Meta(max_length=256)]
    """The sealing key, encrypted under the released secret."""


@dataclass(frozen=True)
class Dealing:
    """A set that is on its way to its keepers, and not in use yet."""

    described: ReleaseSet
    handings: dict[bytes, Handing]
    signed: Signed
    key: bytes


class Entrusted:
    """The sealing key, in memory. Its boot key is there too: each dealing is signed by it."""

    def __init__(self, directory: Path, platform: str, boot: IdentityKey, key: Secret) -> None:
        """Internal: takes ownership of ``key``. ``platform``: its name."""
        self._directory = directory
        self._platform = platform
        self._boot = boot
        self._key = key
        self._described: ReleaseSet | None = None

    @classmethod
    def first(cls, directory: Path, platform: str, boot: IdentityKey) -> Entrusted:
        """Of a device's very first start. ``StoreDamaged`` (``never-handed-out``) where there was one before."""
        if Store.there(directory):
            raise StoreDamaged(
                "never-handed-out",
                "this device ended before its sealing secret was handed to its keepers: its store can never be opened",
                not_done="The device was not started, and nothing of the store was changed.",
                remedy="Enrol it anew from an empty --device-dir, and have its secret handed out before money comes "
                "('warifu devices hand-out').",
            )
        return cls(directory, platform, boot, Secret(random(32)))

    @classmethod
    def released(
        cls, directory: Path, platform: str, boot: IdentityKey, record: BootRecord, released: Released
    ) -> Entrusted:
        """Of a boot that its keepers let in; wipes what they released. ``StoreDamaged`` (``boot-record``)."""
        described = read_set(record, boot)
        with released.secret:
            wrapping = released.sealing_key(platform, boot.seed())
        try:
            key = wrapping.unseal(record.key, _context(described))
        except PlatformRefused:
            raise _damaged("its key does not open with what the keepers released") from None
        finally:
            wrapping.forget()
        entrusted = cls(directory, platform, boot, Secret(key))
        key[:] = bytes(len(key))
        entrusted._described = described
        return entrusted

    @property
    def described(self) -> ReleaseSet | None:
        """The set that this device boots by; None before the first was dealt."""
        return self._described

    def sealing_key(self) -> SealingKey:
        """What the platform seals by."""
        return SealingKey.of_platform(self._platform, self._key.buffer, self._boot.seed())

    def deal(self, threshold: int, peers: Sequence[Peer]) -> Dealing:
        """Deal a new secret that opens the key. Nothing of this device changes by it. ``InputRefused``."""
        with new_secret() as secret:
            signed, handings = hand_out(secret, threshold, peers, self._boot)
            wrapping = SealingKey.of_platform(self._platform, secret.buffer, self._boot.seed())
        described = next(iter(handings.values())).set
        try:
            return Dealing(
                described, handings, signed, wrapping.seal(self._key.expose(), _context(described))
            )
        finally:
            wrapping.forget()

    def put_to_use(self, dealing: Dealing, identity: IdentityKey, names: Sequence[str]) -> None:
        """Boot by ``dealing`` from now on: durable when this returns, in one step. Every keeper has its piece.

        ``names``: the keepers', in their order. ``StoreDamaged``: the earlier set is in use still.
        """
        certificate = identity.sign("boot-key", self._boot.public)
        record = BootRecord(dealing.signed, identity.public, certificate, tuple(names), dealing.key)
        new = self._directory / _NEW
        try:
            with suppress(FileNotFoundError):
                new.unlink()  # of an attempt that broke off
            write_durably(new, encode(record))
            new.rename(self._directory / _FILE)
            sync_directory(self._directory)
        except OSError as error:
            raise StoreDamaged(
                "boot-record",
                f"what this device boots by cannot be written: {error.strerror}",
                not_done="The device boots by its earlier keepers, if it had any.",
                remedy="Make room on the device's disk, then ask again.",
            ) from None
        self._described = dealing.described

    def __repr__(self) -> str:
        return "Entrusted()"


def read_boot_record(directory: Path) -> BootRecord | None:
    """What the device in ``directory`` boots by; None where nothing was dealt. ``StoreDamaged`` (``boot-record``)."""
    try:
        descriptor = os.open(directory / _FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(error.strerror) from None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(_MAX_FILE + 1)
    try:
        return decode(BootRecord, content, _MAX_FILE)
    except InputRefused:
        raise _damaged("it is not what this program wrote") from None


def read_set(record: BootRecord, boot: IdentityKey) -> ReleaseSet:
    """The set, if this device's own boot key signed it. ``StoreDamaged`` (``sealed``, ``boot-record``)."""
    try:
        described = read_record(write_record(record.set), boot)
    except AuthorizationRefused:
        raise StoreDamaged(
            "sealed",
            "what this device boots by was not written with this unlock key",
            not_done="No keeper was asked for anything.",
            remedy="Start the device with its own unlock key. If it is the right one, the file was altered: restore "
            "the device from its backup, or replace it.",
        ) from None
    except InputRefused:
        raise _damaged("its set cannot be read") from None
    if len(record.names) != len(described.keepers):
        raise _damaged("it does not name each keeper")
    return described


def _context(described: ReleaseSet) -> bytes:
    return _CONTEXT + described.id


def _damaged(why: str | None) -> StoreDamaged:
    return StoreDamaged(
        "boot-record",
        f"what this device boots by cannot be used: {why}",
        not_done="The device was not started, and nothing of its store was changed.",
        remedy="Restore the device's directory from its backup, or replace the device.",
    )
