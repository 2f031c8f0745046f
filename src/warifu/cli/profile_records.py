"""What ``profile.json`` holds (``cli.profile``): public things, by which this client knows whom it trusts."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.attesting import Reference
from warifu.protocol.encoding import Bytes32, Name, Seconds
from warifu.protocol.frames import Certificate, RecoveryData
from warifu.protocol.request import MAX_REQUEST_BYTES, Network
from warifu.protocol.rules import MAX_RULES_BYTES

VERSION = 2


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what ``profile.json`` holds: a field that is not known is damage, not decoration."""


class ServiceRecord(_Part, frozen=True):
    """The custody service: its address, and the SHA-256 of the one certificate that it is known by."""

    url: Annotated[str, msgspec.Meta(max_length=512)]
    fingerprint: Bytes32


class DeviceRecord(_Part, frozen=True):
    """A device whose identity the owner compared (nine digits) and pinned, and what it was accepted as."""

    name: Name
    identity: Bytes32
    reference: Reference | None = None
    """None: what it runs on was never looked at."""
    accepted: Seconds = 0
    """When ``reference`` was."""
    release: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """What its program said of itself then; empty where it was not asked."""


class ChangeRecord(_Part, frozen=True):
    """Rules that an owner asked for here and that wait, unless somebody vetoes them."""

    request: Bytes32
    """Digest of the request."""
    rules: Annotated[bytes, msgspec.Meta(max_length=MAX_RULES_BYTES)]
    effect: Seconds
    """The moment from which on a device may rightly have them in force, by this machine's clock."""


class WalletRecord(_Part, frozen=True):
    """A wallet: the request that made it, and what all of its signers stated when it was born."""

    name: Name
    request: Annotated[bytes, msgspec.Meta(max_length=MAX_REQUEST_BYTES)]
    birth: Annotated[bytes, msgspec.Meta(max_length=64 * 1024)]
    recovery: RecoveryData
    """ChillDKG's recovery data of each key: public, and with a device's own host key enough to restore its share. Each
    is empty after a refresh, which makes that share worthless."""
    rules: Annotated[bytes, msgspec.Meta(max_length=MAX_RULES_BYTES)] = b""
    """The rules in force by the owner's own record; empty: those that it was made with."""
    certificate: Certificate = b""
    """Of the epoch of its shares, verified; empty where they were never refreshed."""
    asked: ChangeRecord | None = None


class PasskeyRecord(_Part, frozen=True):
    """A passkey or security key of this owner, used from this machine. What is secret of it lies in the key."""

    name: Name
    credential: Annotated[bytes, msgspec.Meta(max_length=4096)]
    """Encoded ``Passkey``."""
    security_key: bool
    """Whether it is spoken to over USB; otherwise in a browser."""


class OwnerRecord(_Part, frozen=True):
    """Somebody else's credential, by the name that it was given here."""

    name: Name
    credential: Annotated[bytes, msgspec.Meta(max_length=4096)]


class LocalRecord(_Part, frozen=True):
    """What of Warifu runs on this machine, for ``warifu up``: absolute paths, and nothing secret."""

    service_config: Annotated[str, msgspec.Meta(max_length=4096)]
    storage_key: Annotated[str, msgspec.Meta(max_length=4096)] | None
    """File with the key of the service's database; None: the local device keeps it."""
    device_name: Name | None
    device_directory: Annotated[str, msgspec.Meta(max_length=4096)] | None
    unlock_key: Annotated[str, msgspec.Meta(max_length=4096)] | None


class Content(_Part, frozen=True):
    """``profile.json``."""

    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)]
    network: Network
    service: ServiceRecord
    local: LocalRecord | None = None
    devices: Annotated[tuple[DeviceRecord, ...], msgspec.Meta(max_length=256)] = ()
    wallets: Annotated[tuple[WalletRecord, ...], msgspec.Meta(max_length=256)] = ()
    passkeys: Annotated[tuple[PasskeyRecord, ...], msgspec.Meta(max_length=64)] = ()
    owners: Annotated[tuple[OwnerRecord, ...], msgspec.Meta(max_length=64)] = ()
