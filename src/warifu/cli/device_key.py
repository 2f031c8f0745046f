"""The Ed25519 key with which this client approves, at rest: locked by a PIN of its own.

The PIN is not the wallet's passphrase, and must not be: whoever steals this machine can try PINs against the file at
home, and would learn with the key what the signers guard by counting tries (``docs/adr/0003``). Argon2id makes each
guess dear (256 MiB, about a second); a PIN of eight digits holds for years, not for ever. Without a PIN
(``--no-pin``) the key lies in the clear; then the disk should be encrypted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as NaClRuntimeError
from nacl.secret import SecretBox
from nacl.utils import random

from warifu.cli.files import read_private, write_private
from warifu.errors import AuthorizationRefused, HostUnsuitable, StoreDamaged
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import Bytes16, Bytes32
from warifu.protocol.identity import IdentityKey

MEMORY_MIB, PASSES = 256, 4
"""Of Argon2id (RFC 9106), for one guess."""
_MAX_BYTES = 4096


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what the file holds."""


class _Locked(_Part, frozen=True):
    memory_mib: Annotated[int, msgspec.Meta(ge=8, le=4096)]
    passes: Annotated[int, msgspec.Meta(ge=1, le=100)]
    salt: Bytes16
    box: Annotated[bytes, msgspec.Meta(min_length=72, max_length=72)]
    """Nonce and XSalsa20-Poly1305 of the seed."""


class _Content(_Part, frozen=True):
    """``credential``: exactly one of ``seed`` and ``locked``."""

    public: Bytes32
    seed: Bytes32 | None = None
    locked: _Locked | None = None


class DeviceKeyFile:
    """The file at ``path``; ``StoreDamaged`` where it does not hold exactly one key."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(
        self,
        key: IdentityKey,
        pin: bytearray | None,
        *,
        replace: bool,
        memory_mib: int = MEMORY_MIB,
        passes: int = PASSES,
    ) -> None:
        """Keep ``key``, locked by ``pin`` (None: in the clear)."""
        if pin is None:
            content = _Content(key.public, seed=key.seed())
        else:
            salt = random(pwhash.argon2id.SALTBYTES)
            box = SecretBox(_stretched(pin, salt, memory_mib, passes)).encrypt(key.seed())
            content = _Content(key.public, locked=_Locked(memory_mib, passes, salt, bytes(box)))
        write_private(self._path, msgspec.json.encode(content), replace=replace)

    @property
    def public(self) -> DeviceKey:
        """The credential that others know it by."""
        return DeviceKey(self._read().public)

    @property
    def locked(self) -> bool:
        """Whether a PIN opens it."""
        return self._read().locked is not None

    def open(self, pin: bytearray | None) -> IdentityKey:
        """The key. ``AuthorizationRefused`` (``pin``) for a wrong PIN, or where there is one and none was given."""
        content = self._read()
        locked = content.locked
        if locked is None:
            seed = content.seed or b""
        elif pin is None:
            raise _wrong("this client's key is locked by a PIN, and none was given")
        else:
            try:
                seed = SecretBox(_stretched(pin, locked.salt, locked.memory_mib, locked.passes)).decrypt(
                    locked.box
                )
            except CryptoError:
                raise _wrong("the PIN is wrong") from None
        key = IdentityKey(seed)
        if key.public != content.public:
            raise self._damaged()
        return key

    def _read(self) -> _Content:
        try:
            content = msgspec.json.decode(read_private(self._path, _MAX_BYTES), type=_Content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._damaged() from None
        if (content.seed is None) == (content.locked is None):
            raise self._damaged()
        return content

    def _damaged(self) -> StoreDamaged:
        return StoreDamaged(
            "profile",
            f"{self._path} does not hold a credential",
            not_done="Nothing was signed.",
            remedy="Restore it from your backup.",
        )


def _stretched(pin: bytearray, salt: bytes, memory_mib: int, passes: int) -> bytes:
    try:
        return pwhash.argon2id.kdf(32, bytes(pin), salt, opslimit=passes, memlimit=memory_mib * 1024 * 1024)
    except (NaClRuntimeError, MemoryError):
        raise HostUnsuitable(
            "memory",
            f"stretching the PIN needs {memory_mib} MiB, which this machine does not have free",
            remedy="Free memory.",
        ) from None


def _wrong(why: str) -> AuthorizationRefused:
    return AuthorizationRefused(
        "pin",
        why,
        remedy="Type the PIN of this client ('warifu credential pin'), or hand it over with --pin-fd.",
    )
