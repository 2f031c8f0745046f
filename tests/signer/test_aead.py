"""The same cipher as PyNaCl's binding, with results in buffers that can be wiped."""

from __future__ import annotations

import pytest
from nacl import bindings
from nacl.utils import random

from warifu.signer import aead
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("length", [1, 32, 1024])
def test_it_is_pynacls_xchacha20poly1305(length):
    key, nonce, secret = Secret(random(32)), random(24), Secret(random(length))
    sealed = aead.encrypt(secret, b"about", nonce, key)
    assert sealed == bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        secret.expose(), b"about", nonce, key.expose()
    )
    assert aead.decrypt(sealed, b"about", nonce, key) == secret


def test_whatever_is_altered_does_not_open():
    key, nonce, secret = Secret(random(32)), random(24), Secret(random(32))
    sealed = aead.encrypt(secret, b"about", nonce, key)
    for position in range(len(sealed)):
        altered = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        assert aead.decrypt(altered, b"about", nonce, key) is None
    for length in range(len(sealed)):
        assert aead.decrypt(sealed[:length], b"about", nonce, key) is None
    assert aead.decrypt(sealed + b"\0", b"about", nonce, key) is None
    assert aead.decrypt(sealed, b"another", nonce, key) is None
    assert aead.decrypt(sealed, b"about", random(24), key) is None
    assert aead.decrypt(sealed, b"about", nonce, Secret(random(32))) is None


def test_what_was_opened_can_be_wiped():
    key, nonce = Secret(random(32)), random(24)
    opened = aead.decrypt(aead.encrypt(Secret(b"\x07" * 32), b"", nonce, key), b"", nonce, key)
    assert opened is not None
    buffer = opened.buffer
    opened.wipe()
    assert bytes(buffer) == bytes(32)
