"""The two locks: each alone opens nothing, and a record opens in its own place only."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl import pwhash
from nacl.exceptions import RuntimeError as NaClRuntimeError
from nacl.utils import random
from tests.support.simulator import cheap_stretch

from warifu.errors import (
    HostUnsuitable,
    InputRefused,
    PassphraseRefused,
    PlatformRefused,
    StoreDamaged,
    WarifuError,
)
from warifu.protocol.encoding import decode, encode
from warifu.protocol.request import Stretching
from warifu.signer.vault import Lock, Record, Role, Vault, argon2id
from warifu.tee.unsafe_software import UnsafeSoftware
from warifu.threshold.errors import AlreadyUsed
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
KEY, IDENTITY, WALLET = bytes(range(32)), b"i" * 32, b"w" * 32
SHARE_ROLE = Role("share", "ecdsa")
SHARE = random(32)
FLOOR = Stretching(64, 3)
PASSPHRASE = b"open sesame"


def vault(key: bytes = KEY, identity: bytes = IDENTITY) -> Vault:
    return Vault(UnsafeSoftware(key), identity, cheap_stretch)


@pytest.fixture
def lock() -> Lock:
    lock, opened = vault().new_lock(WALLET, FLOOR, bytearray(PASSPHRASE))
    opened.wipe()
    return lock


@pytest.fixture
def record(lock) -> bytes:
    with vault().open(WALLET, lock, bytearray(PASSPHRASE)) as opened:
        return opened.lock(SHARE_ROLE, Secret(SHARE))


def test_what_was_locked_is_unlocked_with_both_locks(lock, record):
    with (
        vault().open(WALLET, lock, bytearray(PASSPHRASE)) as opened,
        opened.unlock(SHARE_ROLE, record) as share,
    ):
        assert share == Secret(SHARE)


def test_the_record_shows_nothing(record, lock):
    assert SHARE not in record and PASSPHRASE not in record
    assert PASSPHRASE not in lock.sealed


def test_a_new_lock_is_open_already(lock):
    made, opened = vault().new_lock(WALLET, FLOOR, bytearray(PASSPHRASE))
    with opened:
        record = opened.lock(SHARE_ROLE, Secret(SHARE))
    with vault().open(WALLET, made, bytearray(PASSPHRASE)) as again:
        assert again.unlock(SHARE_ROLE, record) == Secret(SHARE)


def test_the_wrong_passphrase_opens_nothing(lock):
    for wrong in (b"open sesamE", b"open sesame ", b"o", b""):
        with pytest.raises(PassphraseRefused) as refused:
            vault().open(WALLET, lock, bytearray(wrong))
        assert refused.value.reason == "wrong"


def test_every_try_is_stretched_also_a_wrong_one_and_one_that_meets_damage(lock):
    """Else whoever has disk and unlock key guesses for nothing."""
    stretched = []

    def counted(passphrase, salt, stretching):
        stretched.append(bytes(passphrase))
        return cheap_stretch(passphrase, salt, stretching)

    counting = Vault(UnsafeSoftware(KEY), IDENTITY, counted)
    with pytest.raises(PassphraseRefused):
        counting.open(WALLET, lock, bytearray(b"wrong"))
    with pytest.raises(StoreDamaged):
        counting.open(WALLET, msgspec.structs.replace(lock, sealed=lock.sealed[:-1]), bytearray(b"damaged"))
    assert stretched == [b"wrong", b"damaged"]


class Answering(UnsafeSoftware):
    """A platform that refuses to open, for this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(KEY)
        self.refusal = PlatformRefused(reason, "no", remedy="wait", retry_after=7)
        self.shown: list[bytes] = []

    def unseal(self, sealed, context, *, auth=None):
        self.shown.append(bytes(auth or b""))
        raise self.refusal


@pytest.mark.parametrize(
    ("reason", "means"),
    [
        ("auth", "passphrase.wrong"),
        ("locked-out", "passphrase.platform-locked-out"),
        ("unseal", "store.lock"),
        ("measurements", "platform.measurements"),
        ("unreachable", "platform.unreachable"),
    ],
)
def test_what_a_platforms_refusal_means(lock, reason, means):
    with pytest.raises(WarifuError) as refused:
        Vault(Answering(reason), IDENTITY, cheap_stretch).open(WALLET, lock, bytearray(PASSPHRASE))
    assert refused.value.code == means
    if reason == "locked-out":
        assert (refused.value.remedy, refused.value.retry_after) == ("wait", 7)


def test_what_the_platform_is_shown_is_neither_passphrase_nor_stretched_passphrase(lock):
    platform = Answering("auth")
    with pytest.raises(PassphraseRefused):
        Vault(platform, IDENTITY, cheap_stretch).open(WALLET, lock, bytearray(PASSPHRASE))
    stretched = cheap_stretch(bytearray(PASSPHRASE), lock.salt, lock.stretching).expose()
    [shown] = platform.shown
    assert len(shown) == 32
    assert shown != stretched and PASSPHRASE not in shown


def test_the_passphrase_without_the_platform_opens_nothing(lock):
    with pytest.raises(StoreDamaged):
        vault(key=random(32)).open(WALLET, lock, bytearray(PASSPHRASE))


@pytest.mark.parametrize("moved", ["role", "scheme", "device", "wallet", "salt", "parameters"])
def test_a_record_that_was_moved_or_weakened_does_not_open(lock, record, moved):
    identity = b"j" * 32 if moved == "device" else IDENTITY
    role = {"role": Role("host-key", "ecdsa"), "scheme": Role("share", "bip340")}.get(moved, SHARE_ROLE)
    wallet = b"v" * 32 if moved == "wallet" else WALLET
    if moved == "salt":
        lock = msgspec.structs.replace(lock, salt=bytes(16))
    if moved == "parameters":
        lock = msgspec.structs.replace(lock, stretching=Stretching(65, 3))
    with pytest.raises((PassphraseRefused, StoreDamaged)):
        vault(identity=identity).open(wallet, lock, bytearray(PASSPHRASE)).unlock(role, record)


def test_an_altered_record_does_not_open(lock, record):
    stored = decode(Record, record, 4096)
    flipped = bytes([stored.ciphertext[0] ^ 1]) + stored.ciphertext[1:]
    with vault().open(WALLET, lock, bytearray(PASSPHRASE)) as opened:
        with pytest.raises(PassphraseRefused):
            opened.unlock(SHARE_ROLE, encode(Record(stored.nonce, flipped)))
        with pytest.raises(StoreDamaged):
            opened.unlock(SHARE_ROLE, record[:-1])


def test_two_records_of_one_secret_have_nothing_in_common(lock):
    with vault().open(WALLET, lock, bytearray(PASSPHRASE)) as opened:
        first, second = (decode(Record, opened.lock(SHARE_ROLE, Secret(SHARE)), 4096) for _ in range(2))
    assert first.nonce != second.nonce and first.ciphertext != second.ciphertext


def test_a_closed_lock_opens_nothing(lock, record):
    with vault().open(WALLET, lock, bytearray(PASSPHRASE)) as opened:
        pass
    with pytest.raises(AlreadyUsed):
        opened.unlock(SHARE_ROLE, record)


@pytest.mark.parametrize("weak", [Stretching(63, 3), Stretching(1, 1), Stretching(64, 2)])
def test_weak_stretching_makes_no_lock(weak):
    with pytest.raises(InputRefused):
        vault().new_lock(WALLET, weak, bytearray(PASSPHRASE))


def test_stretching_is_argon2id_as_another_library_computes_it():
    """RFC 9106 with one lane, as OpenSSL does it."""
    expected = Argon2id(salt=b"s" * 16, length=32, iterations=3, lanes=1, memory_cost=64 * 1024).derive(
        PASSPHRASE
    )
    with argon2id(bytearray(PASSPHRASE), b"s" * 16, FLOOR) as stretched:
        assert stretched == Secret(expected)


def test_stretching_that_the_machine_has_no_memory_for_is_said(monkeypatch):
    def no_memory(*_args, **_kwargs):
        raise NaClRuntimeError("Key derivation failed")

    monkeypatch.setattr(pwhash.argon2id, "kdf", no_memory)
    with pytest.raises(HostUnsuitable) as refused:
        argon2id(bytearray(b"x"), bytes(16), FLOOR)
    assert refused.value.reason == "memory"
