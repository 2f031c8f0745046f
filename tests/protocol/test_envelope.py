"""The passphrase reaches exactly one signer, for exactly one request, once."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.attested import NOTHING

from warifu.errors import AuthorizationRefused, InputRefused, PassphraseRefused
from warifu.protocol.envelope import (
    ENVELOPE_KEY_LIFETIME,
    CertifiedEnvelopeKey,
    Envelope,
    EnvelopeKey,
    EnvelopeSecret,
    certify,
    check_envelope_key,
    seal,
)
from warifu.protocol.identity import IdentityKey

pytestmark = pytest.mark.unit

NOW = 1_800_000_000
IDENTITY = IdentityKey(bytes([1]) * 32)
NONCE, REQUEST = bytes([2]) * 32, bytes([3]) * 32
PASSPHRASE = "正直者の頭に神宿る".encode()


def statement(secret: EnvelopeSecret, **changes: object) -> EnvelopeKey:
    made = EnvelopeKey(
        "home",
        IDENTITY.public,
        secret.public,
        NONCE,
        NOW + ENVELOPE_KEY_LIFETIME,
        b"",
        NOTHING,
    )
    return msgspec.structs.replace(made, **changes)


def sealed() -> tuple[EnvelopeSecret, Envelope]:
    secret = EnvelopeSecret()
    key = check_envelope_key(certify(IDENTITY, statement(secret)), IDENTITY.public, NONCE, NOW)
    return secret, seal(key, REQUEST, PASSPHRASE)


def test_the_signer_reads_what_the_client_sealed() -> None:
    secret, envelope = sealed()
    assert secret.open(envelope, REQUEST, NOW) == PASSPHRASE


def test_an_envelope_key_opens_one_envelope_and_then_none() -> None:
    secret, envelope = sealed()
    secret.open(envelope, REQUEST, NOW)
    with pytest.raises(PassphraseRefused) as refused:
        secret.open(envelope, REQUEST, NOW)
    assert refused.value.code == "passphrase.envelope-used"


def test_a_failed_opening_uses_the_key_up_too() -> None:
    secret, envelope = sealed()
    with pytest.raises(PassphraseRefused):
        secret.open(envelope, bytes(32), NOW)
    with pytest.raises(PassphraseRefused) as refused:
        secret.open(envelope, REQUEST, NOW)
    assert refused.value.code == "passphrase.envelope-used"


@pytest.mark.parametrize(
    "change",
    [
        lambda e: msgspec.structs.replace(e, identity=bytes(32)),
        lambda e: msgspec.structs.replace(e, public=bytes(32)),
        lambda e: msgspec.structs.replace(e, expires=e.expires + 1),
        lambda e: msgspec.structs.replace(e, encapsulated=bytes([9]) * 32),
        lambda e: msgspec.structs.replace(e, ciphertext=e.ciphertext[:-1] + bytes([e.ciphertext[-1] ^ 1])),
        lambda e: msgspec.structs.replace(e, ciphertext=bytes([e.ciphertext[0] ^ 1]) + e.ciphertext[1:]),
    ],
    ids=["another signer", "another key", "a later expiry", "another sender", "tag", "ciphertext"],
)
def test_an_altered_envelope_does_not_open(change: Callable[[Envelope], Envelope]) -> None:
    secret, envelope = sealed()
    with pytest.raises(PassphraseRefused) as refused:
        secret.open(change(envelope), REQUEST, NOW)
    assert refused.value.code == "passphrase.envelope"


def test_an_envelope_of_another_request_does_not_open() -> None:
    secret, envelope = sealed()
    with pytest.raises(PassphraseRefused):
        secret.open(envelope, bytes([4]) * 32, NOW)


def test_an_expired_envelope_does_not_open() -> None:
    secret, envelope = sealed()
    with pytest.raises(PassphraseRefused) as refused:
        secret.open(envelope, REQUEST, NOW + ENVELOPE_KEY_LIFETIME + 1)
    assert refused.value.code == "passphrase.envelope-expired"


def test_another_signer_cannot_open_it() -> None:
    _, envelope = sealed()
    with pytest.raises(PassphraseRefused):
        EnvelopeSecret().open(envelope, REQUEST, NOW)


@given(st.binary(min_size=1, max_size=254))
def test_every_envelope_has_one_length_and_keeps_the_passphrase(passphrase: bytes) -> None:
    secret = EnvelopeSecret()
    envelope = seal(statement(secret), REQUEST, passphrase)
    assert len(envelope.ciphertext) == 272
    assert secret.open(envelope, REQUEST, NOW) == passphrase


@pytest.mark.parametrize("length", [0, 255])
def test_a_passphrase_of_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(InputRefused):
        seal(statement(EnvelopeSecret()), REQUEST, bytes(length))


def test_a_key_that_the_service_certified_itself_is_refused() -> None:
    """The hostile service's best try at the passphrase: offer its own envelope key."""
    thief = IdentityKey.generate()
    with pytest.raises(AuthorizationRefused):
        check_envelope_key(certify(thief, statement(EnvelopeSecret())), IDENTITY.public, NONCE, NOW)


def test_a_key_put_into_a_genuine_statement_is_refused() -> None:
    genuine = certify(IDENTITY, statement(EnvelopeSecret()))
    swapped = CertifiedEnvelopeKey(
        certify(IDENTITY, statement(EnvelopeSecret())).statement, genuine.signature
    )
    with pytest.raises(AuthorizationRefused):
        check_envelope_key(swapped, IDENTITY.public, NONCE, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": bytes(32)},
        {"identity": bytes(32)},
        {"expires": NOW - 1},
        {"expires": NOW + 10 * ENVELOPE_KEY_LIFETIME},
    ],
    ids=["replayed (another nonce)", "another device's", "expired", "too long a life"],
)
def test_a_stale_or_foreign_statement_is_refused(changes: dict[str, object]) -> None:
    certified = certify(IDENTITY, statement(EnvelopeSecret(), **changes))
    with pytest.raises(InputRefused):
        check_envelope_key(certified, IDENTITY.public, NONCE, NOW)


def test_secrets_do_not_show() -> None:
    secret = EnvelopeSecret()
    assert repr(secret) == f"EnvelopeSecret(public={secret.public.hex()})"
    assert IDENTITY.seed().hex() not in repr(IDENTITY)
