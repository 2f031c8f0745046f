"""Sealing under a platform's own key: nothing but all that went into it opens what was sealed."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import PlatformRefused
from warifu.tee.platform import MAX_CONTEXT_BYTES, MAX_SEALED_BYTES
from warifu.tee.sealing_key import SealingKey, require_sealer

pytestmark = pytest.mark.unit

SECRET, UNLOCK, AUTH = b"s" * 32, b"u" * 32, b"a" * 32


@pytest.fixture
def key() -> SealingKey:
    return SealingKey.of_platform("sev-snp", SECRET, UNLOCK)


@given(plaintext=st.binary(max_size=300), context=st.binary(max_size=100), with_auth=st.booleans())
def test_what_is_sealed_opens_for_its_context(plaintext, context, with_auth):
    key, auth = SealingKey.of_platform("sgx", SECRET[:16], UNLOCK), AUTH if with_auth else None
    opened = key.unseal(key.seal(plaintext, context, auth=auth), context, auth=auth)
    assert isinstance(opened, bytearray)
    assert opened == plaintext


@pytest.mark.parametrize(
    "other",
    [
        SealingKey.of_platform("sev-snp", b"t" * 32, UNLOCK),
        SealingKey.of_platform("sev-snp", SECRET, b"v" * 32),
        SealingKey.of_platform("sev-snp", SECRET[:16], UNLOCK),
        SealingKey.of_platform("sgx", SECRET, UNLOCK),
    ],
    ids=["another chip or image", "another unlock key", "a part of the secret", "another platform"],
)
@pytest.mark.parametrize("auth", [None, AUTH])
def test_every_part_of_the_key_is_needed(key, other, auth):
    with pytest.raises(PlatformRefused) as refusal:
        other.unseal(key.seal(b"share", b"c", auth=auth), b"c", auth=auth)
    assert refusal.value.reason == "unseal"


def test_a_wrong_auth_value_is_told_from_damage(key):
    sealed = key.seal(b"share", b"c", auth=AUTH)
    with pytest.raises(PlatformRefused) as refusal:
        key.unseal(sealed, b"c", auth=b"b" * 32)
    assert refusal.value.reason == "auth"
    with pytest.raises(PlatformRefused) as refusal:
        key.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), b"c", auth=AUTH)
    assert refusal.value.reason == "unseal"


def test_sealed_with_auth_never_opens_without_and_the_other_way_round(key):
    for sealed_with, opened_with in ((AUTH, None), (None, AUTH)):
        with pytest.raises(PlatformRefused) as refusal:
            key.unseal(key.seal(b"share", b"c", auth=sealed_with), b"c", auth=opened_with)
        assert refusal.value.reason == "unseal"


def test_another_context_is_refused(key):
    sealed = key.seal(b"share", b"wallet-a")
    for other in (b"wallet-b", b"", b"wallet-a\0", b"wallet-"):
        with pytest.raises(PlatformRefused):
            key.unseal(sealed, other)


@pytest.mark.parametrize("auth", [None, AUTH])
def test_every_altered_byte_and_every_length_is_refused(key, auth):
    sealed = key.seal(b"share", b"c", auth=auth)
    altered = (sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed)))
    for bad in (*altered, *(sealed[:n] for n in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(PlatformRefused):
            key.unseal(bad, b"c", auth=auth)


def test_no_secret_no_sealing(key):
    for secret in (b"", b"s", b"s" * 31, b"s" * 64, bytes(32), bytes(16)):
        with pytest.raises(PlatformRefused, match="no usable sealing key"):
            SealingKey.of_platform("sev-snp", secret, UNLOCK)
    with pytest.raises(PlatformRefused, match="unlock key"):
        SealingKey.of_platform("sev-snp", SECRET, b"u" * 31)
    assert require_sealer(key, "tdx") is key
    with pytest.raises(PlatformRefused) as refusal:
        require_sealer(None, "tdx")
    assert refusal.value.code == "platform.no-sealing-key"
    assert "peer release" in refusal.value.remedy


def test_absurd_sizes_are_refused(key):
    for refused in (
        lambda: key.seal(bytes(MAX_SEALED_BYTES + 1), b"c"),
        lambda: key.unseal(key.seal(b"", b"") + bytes(MAX_SEALED_BYTES + 1000), b"c"),
        lambda: key.seal(b"x", bytes(MAX_CONTEXT_BYTES + 1)),
        lambda: key.seal(b"x", b"c", auth=b"short"),
    ):
        with pytest.raises(PlatformRefused):
            refused()


def test_after_forgetting_it_neither_seals_nor_unseals(key):
    sealed = key.seal(b"share", b"c")
    key.forget()
    for refused in (lambda: key.seal(b"share", b"c"), lambda: key.unseal(sealed, b"c")):
        with pytest.raises(PlatformRefused, match="locked"):
            refused()


def test_no_key_shows_in_its_representation():
    assert repr(SealingKey.of_platform("tdx", os.urandom(32), UNLOCK)) == "SealingKey()"
