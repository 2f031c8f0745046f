"""What opens a device's store: keys from keys, records under both locks, the unlock key as text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from bench.leakage.target import Target

from warifu.errors import PassphraseRefused
from warifu.protocol.request import Stretching
from warifu.signer.derive import derived_key
from warifu.signer.vault import OpenLock, Role
from warifu.tee.unlock_key import parse_unlock_key
from warifu.threshold.wiping import Secret

_ROLE = Role("share", "bip340")


def targets() -> Iterator[Target]:
    wallet, identity, stretching = os.urandom(16), os.urandom(32), Stretching(memory_mib=64, passes=3)
    record = OpenLock(Secret(os.urandom(32)), wallet, identity, stretching).lock(_ROLE, Secret(bytes(32)))

    def refused(lock: OpenLock) -> None:
        with suppress(PassphraseRefused):
            lock.unlock(_ROLE, record)

    def locked(key: bytearray) -> OpenLock:
        return OpenLock(Secret(key), wallet, identity, stretching)

    share = Secret(os.urandom(32))
    yield Target(
        "vault: a record that does not open, key", bytes(32), lambda: os.urandom(32), locked, refused
    )
    yield Target(
        "vault: locking a record, key",
        bytes(32),
        lambda: os.urandom(32),
        locked,
        lambda lock: lock.lock(_ROLE, share),
    )
    opened = locked(bytearray(32))
    yield Target(
        "vault: locking a record, secret",
        bytes(32),
        lambda: os.urandom(32),
        Secret,
        lambda secret: opened.lock(_ROLE, secret),
    )
    yield Target(
        "derived_key, secret",
        bytes(64),
        lambda: os.urandom(64),
        bytearray,
        lambda secret: derived_key(secret, "vault-record"),
    )
    yield Target(
        "unlock_key.parse_unlock_key",
        bytes(32),
        lambda: os.urandom(32),
        lambda key: key.hex(),
        parse_unlock_key,
    )
