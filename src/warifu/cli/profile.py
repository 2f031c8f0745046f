"""The owner's profile: what this client trusts, in a directory that only its owner can enter.

    profile.json   the service (address, certificate), pinned devices, the births of wallets; public, but private
    credential     the owner's Ed25519 key, locked by a PIN of its own (``cli.device_key``)
    api-key        access to the service

The credential is *not* encrypted with the wallet's passphrase. If it were, whoever steals this machine could try
passphrases against the file at home, as fast as he can buy processors, and would end up with both things that a
transfer needs. So every try of a passphrase must go through the signers, which count, delay and lock
(``docs/adr/0003-the-credential-is-not-under-the-passphrase.md``), and a passphrase that is the PIN is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path

import msgspec
from nacl.utils import random

from warifu.agent.invitation import service_address
from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.files import private_directory, read_private, write_private
from warifu.cli.known_wallet import Asked, Wallet
from warifu.cli.passphrase import AskPin, pin_of_this_client
from warifu.cli.profile_records import (
    VERSION,
    ChangeRecord,
    Content,
    DeviceRecord,
    LocalRecord,
    OwnerRecord,
    PasskeyRecord,
    ServiceRecord,
    WalletRecord,
)
from warifu.errors import AuthorizationRefused, InputRefused, StoreDamaged
from warifu.protocol.attesting import Reference
from warifu.protocol.credential import Credential, DeviceKey, Passkey, credential_digest
from warifu.protocol.encoding import decode, encode
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.request import Network
from warifu.protocol.rules import Rules, rules_hash

MAX_PROFILE_BYTES = 8 * 1024 * 1024
MAX_API_KEY_CHARACTERS = 256


class Profile:
    """The profile in the directory ``home``. Changes are on disk when the method returns."""

    def __init__(self, home: Path, content: Content, ask_pin: AskPin = pin_of_this_client) -> None:
        self.home = home
        self.content = content
        self._ask_pin = ask_pin
        self._opened: tuple[IdentityKey, bytes] | None = None
        """The key, and what recognises its PIN."""

    @classmethod
    def create(
        cls, home: Path, network: Network, url: str, fingerprint: bytes, pin: bytearray | None = None
    ) -> Profile:
        """A new profile with a fresh credential, locked by ``pin``. ``StoreDamaged`` (``exists``) where there is one
        already."""
        private_directory(home)
        content = Content(VERSION, network, ServiceRecord(service_address(url), fingerprint))
        write_private(home / "profile.json", msgspec.json.encode(content), replace=False)
        DeviceKeyFile(home / "credential").write(IdentityKey.generate(), pin, replace=False)
        return cls(home, content)

    @classmethod
    def load(cls, home: Path, ask_pin: AskPin = pin_of_this_client) -> Profile:
        """The profile at ``home``; ``StoreDamaged`` for anything that is not exactly one."""
        private_directory(home)
        path = home / "profile.json"
        try:
            content = msgspec.json.decode(read_private(path, MAX_PROFILE_BYTES), type=Content)
            service_address(content.service.url)
        except (msgspec.DecodeError, UnicodeDecodeError, InputRefused) as error:
            raise StoreDamaged(
                "profile",
                f"{path} cannot be read: {error}",
                not_done="Nothing was changed.",
                remedy="Restore it from your backup.",
            ) from None
        return cls(home, content, ask_pin)

    @property
    def device_key(self) -> DeviceKey:
        """The credential of this client, as others know it. No PIN is needed."""
        return DeviceKeyFile(self.home / "credential").public

    def credential(self) -> IdentityKey:
        """The key with which the owner authorizes. Asks for its PIN, once, where it has one.

        Raises ``AuthorizationRefused`` (``pin``).
        """
        if self._opened is None:
            file = DeviceKeyFile(self.home / "credential")
            if file.locked:
                with self._ask_pin() as pin:
                    self._opened = file.open(pin), _recognised(pin)
            else:
                self._opened = file.open(None), b""
        return self._opened[0]

    def set_pin(self, pin: bytearray | None) -> None:
        """Lock the credential by another PIN, or by none."""
        key = self.credential()
        DeviceKeyFile(self.home / "credential").write(key, pin, replace=True)
        self._opened = key, _recognised(pin) if pin is not None else b""

    def refuse_pin_as_passphrase(self, passphrase: bytearray) -> None:
        """A thief of this machine tries PINs at home, uncounted: one that is the passphrase, too, would tell him it.

        Where the key was not opened (a passkey says yes in its place) the passphrase is tried on it: that takes as long
        as a guess. ``InputRefused`` (``passphrase-is-pin``).
        """
        if self._is_pin(passphrase):
            raise InputRefused(
                "passphrase-is-pin",
                "the wallet's passphrase is also the PIN of this client",
                remedy="Choose another PIN ('warifu credential pin'): a thief of this machine could try it at home.",
            )

    def _is_pin(self, passphrase: bytearray) -> bool:
        if self._opened is not None:
            return compare_digest(_recognised(passphrase), self._opened[1])
        file = DeviceKeyFile(self.home / "credential")
        if not file.locked:
            return False
        try:
            file.open(passphrase)
        except AuthorizationRefused:
            return False
        return True

    # --- credentials ------------------------------------------------------------------------------------------------

    def passkey(self, name: str) -> tuple[Passkey, bool]:
        """The passkey ``name``, and whether it is spoken to over USB. ``InputRefused`` where there is none."""
        for record in self.content.passkeys:
            if record.name == name:
                return decode(Passkey, record.credential, 4096), record.security_key
        known = ", ".join(record.name for record in self.content.passkeys) or "-"
        raise InputRefused(
            "unknown-credential",
            f"this client has no passkey {name[:40]!r}",
            remedy=f"Passkeys: {known}. Make one with 'warifu credential add'.",
        )

    def own_credentials(self) -> list[Credential]:
        """This client's key, and the passkeys that are used from here."""
        passkeys: list[Credential] = [
            decode(Passkey, record.credential, 4096) for record in self.content.passkeys
        ]
        return [self.device_key, *passkeys]

    def add_passkey(self, record: PasskeyRecord) -> None:
        """Keep a passkey. A name is used once."""
        with self._changing() as content:
            if any(known.name == record.name for known in content.passkeys):
                raise InputRefused(
                    "credential-exists",
                    f"there is a passkey {record.name!r} already",
                    not_done="The new passkey was not kept: delete it where it was made.",
                )
            self._write(content, passkeys=(*content.passkeys, record))

    def name_owner(self, name: str, credential: Credential) -> None:
        """From now on show ``credential`` by this name. ``InputRefused`` (``name-taken``): two that bear one name could
        be taken for each other."""
        encoded = encode(credential)
        with self._changing() as content:
            others = tuple(known for known in content.owners if known.credential != encoded)
            taken: tuple[PasskeyRecord | OwnerRecord, ...] = (*others, *content.passkeys)
            if any(known.name == name for known in taken):
                raise InputRefused(
                    "name-taken",
                    f"another credential is called {name!r} here already",
                    not_done="Nothing was changed.",
                    remedy="Have its owner export it under another name ('--as').",
                )
            self._write(content, owners=(*others, OwnerRecord(name, encoded)))

    def credential_name(self, credential: Credential) -> str:
        """How a person knows it: by its name here, or by the beginning of its digest where it has none."""
        if credential == self.device_key:
            return "this-client"
        encoded = encode(credential)
        known: tuple[PasskeyRecord | OwnerRecord, ...] = (*self.content.passkeys, *self.content.owners)
        names = (record.name for record in known if record.credential == encoded)
        return next(names, credential_digest(credential).hex()[:16])

    def api_key(self) -> str:
        """What the service knows this client by."""
        text = read_private(self.home / "api-key", MAX_API_KEY_CHARACTERS + 1)
        return text.decode("ascii", "replace").strip()

    def set_api_key(self, key: str) -> None:
        """Keep ``key`` in its own file, so that it is never shown together with the rest."""
        write_private(self.home / "api-key", key.encode() + b"\n")

    def set_local(self, local: LocalRecord) -> None:
        """Remember what runs on this machine."""
        with self._changing() as content:
            self._write(content, local=local)

    # --- devices --------------------------------------------------------------------------------------------------

    def device(self, name: str) -> DeviceRef:
        """The pinned device ``name``; ``InputRefused`` where the owner never compared one of that name."""
        for record in self.content.devices:
            if record.name == name:
                return DeviceRef(record.name, record.identity)
        known = ", ".join(record.name for record in self.content.devices) or "-"
        raise InputRefused(
            "unknown-device",
            f"no device {name[:40]!r} is enrolled with this client",
            remedy=f"Enrolled devices: {known}. Enrol another with 'warifu signer invite NAME'.",
        )

    def device_name(self, identity: bytes) -> str:
        """The name of the device with this identity, or the beginning of the identity where it is unknown."""
        names = (record.name for record in self.content.devices if record.identity == identity)
        return next(names, identity.hex()[:16])

    def pin_device(self, device: DeviceRef) -> None:
        """Remember a device that the owner compared. A name, and an identity, is pinned once."""
        with self._changing() as content:
            for record in content.devices:
                if (record.name, record.identity) == (device.name, device.identity):
                    return
                if record.name == device.name or record.identity == device.identity:
                    raise InputRefused(
                        "device-exists",
                        f"a device {record.name!r} is pinned already",
                        not_done="The new device was not pinned.",
                        remedy=f"Remove it ('warifu signer remove {record.name}') or choose another name.",
                    )
            self._write(content, devices=(*content.devices, DeviceRecord(device.name, device.identity)))

    def device_record(self, name: str) -> DeviceRecord:
        """All that is known here of the pinned device ``name``; ``InputRefused`` as ``device``."""
        self.device(name)
        return next(record for record in self.content.devices if record.name == name)

    def reference(self, identity: bytes) -> Reference | None:
        """What the pinned device with this identity was accepted as; None where it was not, or is not pinned."""
        references = (record.reference for record in self.content.devices if record.identity == identity)
        return next(references, None)

    def accept_device(self, name: str, reference: Reference, moment: int, release: bytes = b"") -> None:
        """From now on expect ``reference`` of the pinned device ``name``. ``release``: what its program says it is."""
        self.device(name)
        with self._changing() as content:
            self._write(
                content,
                devices=tuple(
                    msgspec.structs.replace(record, reference=reference, accepted=moment, release=release)
                    if record.name == name
                    else record
                    for record in content.devices
                ),
            )

    def forget_device(self, name: str) -> None:
        """Unpin a device; wallets that it has a share of keep it in their record."""
        self.device(name)
        with self._changing() as content:
            self._write(content, devices=tuple(record for record in content.devices if record.name != name))

    # --- wallets --------------------------------------------------------------------------------------------------

    def wallet(self, name: str) -> Wallet:
        """The wallet ``name``; ``InputRefused`` where this client never verified its birth."""
        for record in self.content.wallets:
            if record.name == name:
                return Wallet.read(record)
        known = ", ".join(record.name for record in self.content.wallets) or "-"
        raise InputRefused(
            "unknown-wallet",
            f"this client knows no wallet {name[:40]!r}",
            remedy=f"Wallets: {known}. Make one with 'warifu wallet create'.",
        )

    def wallets(self) -> list[Wallet]:
        """All wallets, in the order in which they were made."""
        return [Wallet.read(record) for record in self.content.wallets]

    def add_wallet(self, record: WalletRecord) -> None:
        """Keep a birth that was verified. A name is used once, so that no birth is ever overwritten."""
        with self._changing() as content:
            if any(known.name == record.name for known in content.wallets):
                raise InputRefused("wallet-exists", f"there is a wallet {record.name!r} already")
            self._write(content, wallets=(*content.wallets, record))

    def keep_epoch(self, name: str, certificate: bytes) -> None:
        """From now on the wallet's shares are of this (verified) epoch. What gave the shares of its birth goes."""
        with self._changing() as content:
            self._write(
                content,
                wallets=tuple(
                    msgspec.structs.replace(
                        record, certificate=certificate, recovery=(b"",) * len(record.recovery)
                    )
                    if record.name == name
                    else record
                    for record in content.wallets
                ),
            )

    def keep_rules(self, wallet_id: bytes, rules: Rules) -> None:
        """From now on these are in force by this record; what was asked for before is over."""
        with self._changing() as content:
            self._write(
                content, wallets=tuple(_with_rules(each, wallet_id, rules) for each in content.wallets)
            )

    def keep_asked(self, wallet_id: bytes, asked: Asked | None) -> None:
        """This was asked for and waits; None: nothing does (any more)."""
        record = ChangeRecord(asked.request, encode(asked.rules), asked.effect) if asked is not None else None
        with self._changing() as content:
            self._write(
                content,
                wallets=tuple(
                    msgspec.structs.replace(each, asked=record)
                    if Wallet.read(each).wallet_id == wallet_id
                    else each
                    for each in content.wallets
                ),
            )

    def saw_rules(self, wallet_id: bytes, shown: bytes) -> None:
        """Devices that were checked have the rules with this hash in force: where they were asked for here, they are in
        force by this record as well."""
        for wallet in self.wallets():
            asked = wallet.asked
            if wallet.wallet_id == wallet_id and asked is not None and rules_hash(asked.rules) == shown:
                self.keep_rules(wallet_id, asked.rules)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Content]:
        """The content as it is on disk now, while no other program of the owner's changes it ('warifu up' runs beside
        other commands: what one pins, the other must not write over)."""
        descriptor = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.content = Profile.load(self.home).content
            yield self.content
        finally:
            os.close(descriptor)

    def _write(self, content: Content, **fields: object) -> None:
        content = msgspec.structs.replace(content, **fields)
        write_private(self.home / "profile.json", msgspec.json.encode(content))
        self.content = content


_RECOGNISING = random(32)
"""Of this process: what recognises a PIN tells nothing outside of it."""


def _recognised(secret: bytearray) -> bytes:
    return blake2b(bytes(secret), key=_RECOGNISING).digest()


def default_home() -> Path:
    """``WARIFU_HOME``, or ``warifu`` in the user's configuration directory (XDG)."""
    named = os.environ.get("WARIFU_HOME")
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "warifu"


def _with_rules(record: WalletRecord, wallet_id: bytes, rules: Rules) -> WalletRecord:
    wallet = Wallet.read(record)
    if wallet.wallet_id != wallet_id or wallet.rules == rules:
        return record
    return msgspec.structs.replace(record, rules=encode(rules), asked=None)
