"""The two locks on every share: the platform's seal AND the owner's passphrase (``docs/protocol.md``, section 8).

A *lock* belongs to one wallet: a secret that the platform seals, and the parameters with which the passphrase is
stretched (Argon2id version 1.3, RFC 9106). Opened, it locks and unlocks *records*: the share, and ChillDKG's host
secret key, which together with public recovery data *is* the share. Whoever has the disk lacks both locks; whoever
has disk and unlock key still has to guess the passphrase, at the price of one Argon2id for each guess. The platform
opens its half only for a value out of the stretched passphrase, so one that counts wrong values (a TPM) ends that
guessing, whatever becomes of this program's own count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Annotated, NamedTuple

import msgspec
from nacl import pwhash
from nacl.exceptions import RuntimeError as NaClRuntimeError
from nacl.utils import random

from warifu.errors import (
    HostUnsuitable,
    InputRefused,
    PassphraseRefused,
    PlatformRefused,
    StoreDamaged,
    WarifuError,
)
from warifu.protocol.encoding import Bytes16, Message, decode, digest, encode
from warifu.protocol.request import Stretching
from warifu.signer import aead
from warifu.signer.derive import derived_key
from warifu.tee.platform import Platform
from warifu.threshold.wiping import Secret

LEAST_MEMORY_MIB, LEAST_PASSES = 64, 3
_HALF_BYTES = 32
_MAX_RECORD = 4096


class Role(NamedTuple):
    """What a record holds: ``share`` or ``host-key``, of the key of this scheme."""

    what: str
    scheme: str


Stretch = Callable[[bytearray, bytes, Stretching], Secret]
"""(passphrase, 16-byte salt, parameters) -> 32 bytes."""


class Lock(Message, frozen=True):
    """A wallet's lock as it is stored. Nothing in it is secret without the platform."""

    sealed: Annotated[bytes, msgspec.Meta(max_length=16 * 1024)]
    salt: Bytes16
    stretching: Stretching


class Record(Message, frozen=True):
    """A secret under both locks."""

    nonce: Annotated[bytes, msgspec.Meta(min_length=aead.NONCE_BYTES, max_length=aead.NONCE_BYTES)]
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=16, max_length=1024)]


def argon2id(passphrase: bytearray, salt: bytes, stretching: Stretching) -> Secret:
    """Argon2id v1.3 with one lane (libsodium). ``HostUnsuitable`` where the machine lacks the memory."""
    try:
        return Secret(
            pwhash.argon2id.kdf(
                32,
                bytes(passphrase),
                salt,
                opslimit=stretching.passes,
                memlimit=stretching.memory_mib * 1024 * 1024,
            )
        )
    except (NaClRuntimeError, MemoryError):
        raise HostUnsuitable(
            "memory",
            f"stretching the passphrase needs {stretching.memory_mib} MiB, which this device does not have free",
            remedy="Free memory on the device.",
        ) from None


class Vault:
    """Makes locks and opens them."""

    def __init__(self, platform: Platform, identity: bytes, stretch: Stretch = argon2id) -> None:
        """``stretch`` is a parameter for tests that open hundreds of locks; everything else leaves it alone."""
        self._platform = platform
        self._identity = identity
        self._stretch = stretch

    def new_lock(self, wallet: bytes, stretching: Stretching, passphrase: bytearray) -> tuple[Lock, OpenLock]:
        """A fresh lock for the wallet with this id, opened: what is put under it is known to come out again.

        ``InputRefused`` for parameters that are too weak; ``PlatformRefused``, ``HostUnsuitable`` as :meth:`open`.
        """
        if stretching.memory_mib < LEAST_MEMORY_MIB or stretching.passes < LEAST_PASSES:
            raise InputRefused(
                "stretching", f"Argon2id needs at least {LEAST_MEMORY_MIB} MiB and {LEAST_PASSES} passes"
            )
        salt = random(16)
        with self._stretch(passphrase, salt, stretching) as stretched:
            with _copied(random(_HALF_BYTES)) as half, _auth(stretched) as auth:
                sealed = self._platform.seal(half, _context(wallet), auth=auth)
            lock = Lock(sealed, salt, stretching)
            return lock, self._opened(wallet, lock, stretched)

    def open(self, wallet: bytes, lock: Lock, passphrase: bytearray) -> OpenLock:
        """Stretch the passphrase (dear!) and have the platform open its half.

        ``PassphraseRefused``: ``wrong``, or ``platform-locked-out`` where the platform counted too many wrong ones and
        looked at none. ``StoreDamaged`` where that half is damaged. ``PlatformRefused`` where the platform cannot or
        will not work; nothing was learnt about the passphrase then, nor where there is no memory to stretch it
        (``HostUnsuitable``).
        """
        with self._stretch(passphrase, lock.salt, lock.stretching) as stretched:
            return self._opened(wallet, lock, stretched)

    def _opened(self, wallet: bytes, lock: Lock, stretched: Secret) -> OpenLock:
        with Secret(bytes(_HALF_BYTES * 2)) as both:
            self._unseal_into(both, wallet, lock, stretched)
            both.buffer[_HALF_BYTES:] = stretched.buffer
            key = derived_key(both.buffer, "vault-record")
        return OpenLock(key, wallet, self._identity, lock.stretching)

    def _unseal_into(self, both: Secret, wallet: bytes, lock: Lock, stretched: Secret) -> None:
        """The platform's half. A wrong passphrase is a wrong auth value: a platform that counts those counts it."""
        try:
            with _auth(stretched) as auth:
                half = self._platform.unseal(lock.sealed, _context(wallet), auth=auth)
        except PlatformRefused as refused:
            raise _meaning(refused) from None
        try:
            if len(half) != _HALF_BYTES:
                raise _damaged()
            both.buffer[:_HALF_BYTES] = half
        finally:
            half[:] = bytes(len(half))


class OpenLock:
    """A wallet's lock with both halves in place. Use it in a ``with`` block, so that its key is wiped."""

    def __init__(self, key: Secret, wallet: bytes, identity: bytes, stretching: Stretching) -> None:
        self._key = key
        self._binding = (wallet, identity, encode(stretching))

    def lock(self, role: Role, secret: Secret) -> bytes:
        """``secret`` (at most 1 KiB) as a record."""
        nonce = random(aead.NONCE_BYTES)
        return encode(Record(nonce, aead.encrypt(secret, self._bound(role), nonce, self._key)))

    def unlock(self, role: Role, record: bytes) -> Secret:
        """The secret, the caller's to wipe. ``PassphraseRefused`` (``wrong``) where the passphrase was another one."""
        try:
            locked = decode(Record, record, _MAX_RECORD)
        except InputRefused:
            raise _damaged() from None
        secret = aead.decrypt(locked.ciphertext, self._bound(role), locked.nonce, self._key)
        if secret is None:
            raise PassphraseRefused("wrong", "the passphrase is wrong")
        return secret

    def wipe(self) -> None:
        """Forget the key."""
        self._key.wipe()

    def __enter__(self) -> OpenLock:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.wipe()

    def _bound(self, role: Role) -> bytes:
        """A record moved to another wallet, role or device, or with weakened parameters, does not open."""
        wallet, identity, stretching = self._binding
        return digest("vault-record", wallet, role.what.encode(), role.scheme.encode(), identity, stretching)


def _context(wallet: bytes) -> bytes:
    return b"warifu/v1/wallet-secret" + wallet


@contextmanager
def _auth(stretched: Secret) -> Iterator[bytearray]:
    """What the platform is shown: it tells nothing about the key of the records."""
    with derived_key(stretched.buffer, "vault-auth") as key, _copied(key.buffer) as shown:
        yield shown


@contextmanager
def _copied(secret: bytes | bytearray | memoryview) -> Iterator[bytearray]:
    """For a platform's interface, which takes no view; wiped afterwards."""
    copy = bytearray(secret)
    try:
        yield copy
    finally:
        copy[:] = bytes(len(copy))


def _meaning(refused: PlatformRefused) -> WarifuError:
    """What a platform's refusal to open its half means for the owner."""
    if refused.reason == "auth":
        return PassphraseRefused("wrong", "the passphrase is wrong")
    if refused.reason == "locked-out":
        return PassphraseRefused(
            "platform-locked-out", refused.message, remedy=refused.remedy, retry_after=refused.retry_after
        )
    return _damaged() if refused.reason == "unseal" else refused


def _damaged() -> StoreDamaged:
    return StoreDamaged(
        "lock",
        "the wallet's lock does not open on this device: it was altered or belongs to another device",
        remedy="Sign with the other devices and replace this one.",
    )
