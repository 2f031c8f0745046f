"""From a passphrase envelope to an open lock: one counted try."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.errors import HostUnsuitable, PassphraseRefused
from warifu.protocol.envelope import Envelope
from warifu.signer.device import Device
from warifu.signer.gate import wrong_passphrase
from warifu.signer.journal import WrongPassphrase
from warifu.signer.vault import OpenLock, Role
from warifu.signer.wallets import Wallet
from warifu.threshold.wiping import Secret


def require_try(device: Device, wallet: Wallet, envelope: Envelope, now: int) -> None:
    """Return if a try with this envelope may be made now; nothing is used up or counted."""
    device.tries.require(wallet.id, wallet.request.policy.passphrase_tries, now)
    device.envelope_keys.require(envelope, now)


def unlock(
    device: Device, wallet: Wallet, roles: Sequence[Role], envelope: Envelope, request: bytes
) -> tuple[OpenLock, tuple[Secret, ...]]:
    """Open the envelope, count the try, stretch, open these records and no others. The caller wipes all.

    ``request``: digest of what the owner authorized. Raises ``PassphraseRefused``; the envelope's key is used up.
    """
    now = device.clock.now()
    require_try(device, wallet, envelope, now)
    locked = device.wallets.locked(wallet.id)
    before = device.tries.state(wallet.id)
    passphrase = device.envelope_keys.open(envelope, request, now)
    try:
        wrong = device.tries.count(wallet.id, now)
        lock = device.vault.open(wallet.id, locked.lock, passphrase)
    except HostUnsuitable:
        # Without the memory to stretch it no passphrase was tried. Were this a wrong one, a program that fills the
        # machine's memory could lock the owner out by his own right passphrase.
        device.tries.restore(wallet.id, before)
        raise
    finally:
        passphrase[:] = bytes(len(passphrase))
    try:
        secrets = _opened(lock, [(role, locked.records[role]) for role in roles])
    except PassphraseRefused:
        lock.wipe()
        with device.store.transaction():
            device.journal.append(WrongPassphrase(wallet.id, request, wrong), now)
        raise wrong_passphrase(wrong, wallet.request.policy.passphrase_tries) from None
    except BaseException:
        lock.wipe()
        raise
    try:
        device.tries.clear(wallet.id)
    except BaseException:
        _wipe(lock, *secrets)
        raise
    return lock, secrets


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
