"""The software platform keeps what it seals to itself, and never claims to be more than software."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.attestation.registry import VERIFIERS
from warifu.errors import PlatformRefused
from warifu.tee.platform import MAX_SEALED_BYTES, Platform, PlatformSettings
from warifu.tee.registry import PLATFORMS, open_platform
from warifu.tee.unsafe_software import CAPABILITIES, UnsafeSoftware

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
NOW = 1_790_000_000


@pytest.fixture
def platform() -> UnsafeSoftware:
    return UnsafeSoftware(KEY)


@given(plaintext=st.binary(max_size=300), context=st.binary(max_size=100))
def test_what_is_sealed_opens_for_its_context(plaintext, context):
    platform = UnsafeSoftware(KEY)
    opened = platform.unseal(platform.seal(plaintext, context), context)
    assert isinstance(opened, bytearray)
    assert opened == plaintext


def test_it_opens_again_after_a_restart_with_the_same_unlock_key(platform):
    assert UnsafeSoftware(bytearray(KEY)).unseal(platform.seal(b"share", b"c"), b"c") == b"share"


def test_sealing_twice_gives_two_ciphertexts_that_show_no_plaintext(platform):
    first, second = platform.seal(b"secret share", b"c"), platform.seal(b"secret share", b"c")
    assert first != second
    assert b"secret" not in first


def test_another_context_is_refused(platform):
    sealed = platform.seal(b"share", b"wallet-a")
    for other in (b"wallet-b", b"", b"wallet-a\0", b"wallet-"):
        with pytest.raises(PlatformRefused) as refusal:
            platform.unseal(sealed, other)
        assert refusal.value.code == "platform.unseal"


AUTH = bytes(range(100, 132))


def test_what_was_sealed_with_an_auth_value_opens_with_it_alone(platform):
    sealed = platform.seal(b"share", b"c", auth=AUTH)
    assert platform.unseal(sealed, b"c", auth=bytearray(AUTH)) == b"share"
    with pytest.raises(PlatformRefused) as refusal:
        platform.unseal(sealed, b"c", auth=AUTH[:-1] + b"x")
    assert refusal.value.reason == "auth"


def test_a_wrong_auth_value_is_told_from_damage(platform):
    sealed = platform.seal(b"share", b"c", auth=AUTH)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        for auth in (AUTH, bytes(32)):
            with pytest.raises(PlatformRefused) as refusal:
                platform.unseal(bytes(altered), b"c", auth=auth)
            assert refusal.value.reason == "unseal"


def test_with_and_without_an_auth_value_are_not_confused(platform):
    for sealed_with, opened_with in ((AUTH, None), (None, AUTH)):
        with pytest.raises(PlatformRefused) as refusal:
            platform.unseal(platform.seal(b"share", b"c", auth=sealed_with), b"c", auth=opened_with)
        assert refusal.value.reason == "unseal"


def test_an_auth_value_of_another_length_is_refused(platform):
    for bad in (b"", bytes(31), bytes(33)):
        with pytest.raises(PlatformRefused):
            platform.seal(b"share", b"c", auth=bad)


def test_another_unlock_key_is_refused(platform):
    with pytest.raises(PlatformRefused, match="does not open"):
        UnsafeSoftware(os.urandom(32)).unseal(platform.seal(b"share", b"c"), b"c")


def test_every_altered_byte_is_refused(platform):
    sealed = platform.seal(b"share", b"c")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(PlatformRefused):
            platform.unseal(bytes(altered), b"c")


def test_truncated_extended_and_empty_data_are_refused(platform):
    sealed = platform.seal(b"", b"c")
    for bad in (*(sealed[:n] for n in range(len(sealed))), sealed + b"\0", sealed * 2):
        with pytest.raises(PlatformRefused):
            platform.unseal(bad, b"c")


def test_absurd_sizes_are_refused(platform):
    for refused in (
        lambda: platform.seal(bytes(MAX_SEALED_BYTES + 1), b"c"),
        lambda: platform.unseal(bytes(MAX_SEALED_BYTES + 1000), b"c"),
        lambda: platform.seal(b"x", bytes(1025)),
        lambda: UnsafeSoftware(bytes(31)),
        lambda: platform.attest(bytes(63)),
    ):
        with pytest.raises(PlatformRefused):
            refused()


def test_after_forgetting_it_neither_seals_nor_unseals(platform):
    sealed = platform.seal(b"share", b"c")
    platform.forget()
    with pytest.raises(PlatformRefused, match="locked"):
        platform.unseal(sealed, b"c")
    with pytest.raises(PlatformRefused, match="locked"):
        platform.seal(b"share", b"c")


def test_no_key_shows_in_its_representation(platform):
    assert KEY.hex() not in repr(platform)
    assert repr(platform) == "UnsafeSoftware()"


def test_it_claims_nothing_and_has_no_counter(platform):
    assert CAPABILITIES.tier == 0
    claims = {name: value for name, value in vars(CAPABILITIES).items() if value is True}
    assert claims == {"survives_upgrade": True}
    assert platform.counter("tries") is None


def test_the_registry_opens_by_name_and_never_falls_back():
    opened: Platform = open_platform(PlatformSettings(name="unsafe-software"), bytearray(KEY))
    assert opened.capabilities.name == "unsafe-software"
    for name in ("sev-snap", "", "UnsafeSoftware", "x" * 1000):
        with pytest.raises(PlatformRefused) as refusal:
            open_platform(PlatformSettings(name=name), bytearray(KEY))
        assert refusal.value.code == "platform.unknown-platform"
    assert set(PLATFORMS) <= set(VERIFIERS)
