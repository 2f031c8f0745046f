"""From a passphrase envelope to an open lock: one counted try."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.errors import HostUnsuitable, PassphraseRefused, PlatformRefused
from warifu.protocol.envelope import Envelope
from warifu.protocol.events.wallets import WrongPassphrase
from warifu.protocol.journal import Asker
from warifu.signer.device import Device
from warifu.signer.gate import TryState, wrong_passphrase
from warifu.signer.vault import OpenLock, Role
from warifu.signer.wallets import Locked, Wallet
from warifu.threshold.wiping import Secret


def require_try(device: Device, wallet: Wallet, envelope: Envelope, now: int) -> TryState:
    """How it stands with tries, if one with this envelope may be made now; nothing is used up or counted."""
    state = device.tries.require(wallet.id, device.rules.of(wallet.id).policy.passphrase_tries, now)
    device.envelope_keys.require(envelope, now)
    return state


def unlock(
    device: Device, wallet: Wallet, roles: Sequence[Role], envelope: Envelope, request: bytes, by: Asker
) -> tuple[OpenLock, tuple[Secret, ...]]:
    """Open the envelope, count the try, stretch, open these records and no others. The caller wipes all.

    ``request``: digest of what the owner authorized; ``by``: which owner. Raises ``PassphraseRefused``, and
    ``StoreDamaged``, ``PlatformRefused`` or ``HostUnsuitable`` where it could not be tried; the envelope's key is used
    up.
    """
    now = device.clock.now()
    before = require_try(device, wallet, envelope, now)
    locked = device.wallets.locked(wallet.id)
    passphrase = device.envelope_keys.open(envelope, request, now)
    try:
        wrong = device.tries.count(wallet.id, before, now)
        lock, secrets = _tried(device, wallet.id, locked, roles, passphrase)
    except PassphraseRefused as refused:
        if refused.reason != "wrong":  # the platform is locked, and looked at no passphrase
            device.tries.restore(wallet.id, before)
            raise
        with device.store.transaction():
            device.journal.append(WrongPassphrase(wallet.id, request, wrong), now, by)
        raise wrong_passphrase(wrong, device.rules.of(wallet.id).policy.passphrase_tries) from None
    except (HostUnsuitable, PlatformRefused):
        # Without the memory to stretch it, or the platform to open its half, no passphrase was tried. Were this a wrong
        # one, a program that fills the machine's memory, or an updated kernel that its owner has not approved yet,
        # could lock the owner out by his own right passphrase.
        device.tries.restore(wallet.id, before)
        raise
    finally:
        passphrase[:] = bytes(len(passphrase))
    try:
        device.tries.clear(wallet.id)
    except BaseException:
        _wipe(lock, *secrets)
        raise
    return lock, secrets


def _tried(
    device: Device, wallet: bytes, locked: Locked, roles: Sequence[Role], passphrase: bytearray
) -> tuple[OpenLock, tuple[Secret, ...]]:
    lock = device.vault.open(wallet, locked.lock, passphrase)
    try:
        return lock, _opened(lock, [(role, locked.records[role]) for role in roles])
    except BaseException:
        lock.wipe()
        raise


def _opened(lock: OpenLock, records: Sequence[tuple[Role, bytes]]) -> tuple[Secret, ...]:
    opened: list[Secret] = []
    try:
        for role, record in records:
            opened.append(lock.unlock(role, record))
    except BaseException:
        _wipe(*opened)
        raise
    return tuple(opened)


def _wipe(*held: OpenLock | Secret) -> None:
    for each in held:
        each.wipe()
