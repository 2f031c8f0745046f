"""What is sealed opens on its own TPM, as the owner approved the boot, for who knows the auth value. And else not."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("tpm2_pytss", reason="no tpm2-pytss; tools/setup-tpm.sh brings it", exc_type=ImportError)

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
from nacl.exceptions import CryptoError
from tests.support.tpm_home import Home, extend
from tpm2_pytss import TPM2_SU

from warifu.errors import PlatformRefused
from warifu.protocol.encoding import decode, encode
from warifu.tee.platform import MAX_SEALED_BYTES
from warifu.tee.tpm.sealing import Sealed

pytestmark = pytest.mark.real

AUTH = bytes(range(1, 32)) + b"\0"  # TPMs cut zeros off the end of an auth value
WRONG = bytes(32)
CONTEXT = b"wallet-a"


def reason(call) -> str:
    with pytest.raises(PlatformRefused) as refused:
        call()
    return refused.value.reason


@pytest.mark.parametrize("auth", [None, AUTH], ids=["plain", "auth"])
@pytest.mark.parametrize("size", [0, 32, 128, 129, 5000])
def test_what_is_sealed_opens(platform, auth, size):
    secret = os.urandom(size)
    opened = platform.unseal(platform.seal(secret, CONTEXT, auth=auth), CONTEXT, auth=auth)
    assert isinstance(opened, bytearray)
    assert opened == secret


def test_it_opens_after_a_restart_of_the_machine(home, platform):
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)
    platform.forget()
    home.tpm.restart()
    again = home.open()
    assert again.unseal(sealed, CONTEXT, auth=AUTH) == b"share"
    again.forget()


def test_sealing_twice_gives_two_ciphertexts_that_show_nothing(platform):
    first, second = (platform.seal(b"secret share", CONTEXT) for _ in range(2))
    assert first != second
    assert b"secret" not in first


def test_three_wrong_auth_values_lock_the_right_one_out_too_until_the_owner_resets_it(home, platform):
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)
    assert platform.facts.wrong_tries == 0
    for tried in range(1, 4):
        assert reason(lambda: platform.unseal(sealed, CONTEXT, auth=WRONG)) == "auth"
        assert platform.facts.wrong_tries == tried
    assert reason(lambda: platform.unseal(sealed, CONTEXT, auth=WRONG)) == "locked-out"
    assert reason(lambda: platform.unseal(sealed, CONTEXT, auth=AUTH)) == "locked-out"
    platform.forget()
    home.tpm.restart()
    again = home.open()
    assert again.facts.in_lockout, "a restart forgives nothing"
    assert reason(lambda: again.unseal(sealed, CONTEXT, auth=AUTH)) == "locked-out"
    again.forget()
    home.forgive()
    recovered = home.open()
    assert recovered.unseal(sealed, CONTEXT, auth=AUTH) == b"share"
    recovered.forget()


@pytest.mark.parametrize("orderly", [True, False], ids=["shut down", "power cut"])
def test_a_power_cut_after_a_passphrase_was_used_costs_a_try_and_a_shutdown_none(home, platform, orderly):
    """Else whoever pulls the plug right after each guess would guess for nothing (Part 1, on dictionary attacks)."""
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)
    platform.unseal(sealed, CONTEXT, auth=AUTH)
    if orderly:
        platform._chip.esapi.shutdown(TPM2_SU.CLEAR)  # as the kernel does when the machine is switched off
    platform.forget()
    home.tpm.restart()
    again = home.open()
    assert again.unseal(sealed, CONTEXT, auth=AUTH) == b"share"
    assert again.facts.wrong_tries == (0 if orderly else 1)
    again.forget()


def test_what_needs_no_auth_value_opens_while_the_tpm_is_locked(platform):
    """Or three wrong passphrases would keep the device from even starting."""
    guarded, root = platform.seal(b"share", CONTEXT, auth=AUTH), platform.seal(b"root", b"store")
    for _ in range(3):
        reason(lambda: platform.unseal(guarded, CONTEXT, auth=WRONG))
    assert platform.facts.in_lockout
    assert platform.unseal(root, b"store") == b"root"
    assert platform.counter("epoch").increment() > 0


def test_a_changed_boot_opens_nothing_and_costs_no_try(home, platform):
    guarded, root = platform.seal(b"share", CONTEXT, auth=AUTH), platform.seal(b"root", b"store")
    extend(platform, 9)
    assert reason(lambda: platform.unseal(guarded, CONTEXT, auth=AUTH)) == "measurements"
    assert reason(lambda: platform.unseal(root, b"store")) == "measurements"
    assert platform.facts.wrong_tries == 0


def test_a_pcr_that_was_not_chosen_changes_nothing(platform):
    sealed = platform.seal(b"root", b"store")
    extend(platform, 10)
    assert platform.unseal(sealed, b"store") == b"root"


def test_the_tpm_itself_refuses_another_boot(platform, monkeypatch):
    """Not only our own comparison: told that all is well, the TPM still compares its PCRs."""
    sealed = platform.seal(b"root", b"store")
    approved = platform._approvals._present()
    extend(platform, 9)
    monkeypatch.setattr(platform._approvals, "_present", lambda: approved)
    assert reason(lambda: platform.unseal(sealed, b"store")) == "tpm"


@pytest.mark.parametrize("auth", [None, AUTH], ids=["plain", "auth"])
def test_with_and_without_an_auth_value_are_not_confused(platform, auth):
    other = AUTH if auth is None else None
    sealed = platform.seal(b"share", CONTEXT, auth=auth)
    assert reason(lambda: platform.unseal(sealed, CONTEXT, auth=other)) == "unseal"
    assert platform.facts.wrong_tries == 0


def test_another_context_is_refused_before_the_tpm_is_asked(platform):
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)
    for other in (b"wallet-b", b"", b"wallet-a\0"):
        assert reason(lambda context=other: platform.unseal(sealed, context, auth=WRONG)) == "unseal"
    assert platform.facts.wrong_tries == 0


def test_another_unlock_key_is_refused(home, platform):
    platform.forget()
    home.unlock_key = bytes(32)
    assert reason(home.open) == "pinned"


def test_another_tpm_opens_nothing(stranger, platform):
    """The thief has disk, unlock key and passphrase, and a TPM of his own that he set up with them."""
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)
    stranger.provision()
    stranger.approve_boot()
    other = stranger.open()
    other._sealer._keys = platform._keys
    assert reason(lambda: other.unseal(sealed, CONTEXT, auth=AUTH)) == "unseal"
    other.forget()


def test_truncated_extended_and_absurd_data_are_refused(platform):
    sealed = platform.seal(b"", b"c")
    for bad in (*(sealed[:n] for n in range(len(sealed))), sealed + b"\0", sealed * 2):
        assert reason(lambda data=bad: platform.unseal(data, b"c")) == "unseal"
    for refused in (
        lambda: platform.seal(bytes(MAX_SEALED_BYTES + 1), b"c"),
        lambda: platform.unseal(bytes(MAX_SEALED_BYTES + 10_000), b"c"),
        lambda: platform.seal(b"x", bytes(1025)),
        lambda: platform.seal(b"x", b"c", auth=bytes(31)),
        lambda: platform.attest(bytes(63)),
    ):
        reason(refused)


def test_no_flipped_bit_of_what_is_stored_opens(platform):
    sealed = platform.seal(b"share", CONTEXT, auth=AUTH)

    @given(st.integers(0, len(sealed) * 8 - 1))
    def holds(bit: int) -> None:
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        assert reason(lambda: platform.unseal(bytes(altered), CONTEXT, auth=AUTH)) == "unseal"

    holds()
    assert platform.facts.wrong_tries == 0


def test_no_flipped_bit_of_the_tpms_own_blobs_opens_even_with_our_tag_made_anew(platform):
    """Whoever has the unlock key can make the tag; what the TPM encrypted, only the TPM can."""
    sealed = platform.seal(b"share", CONTEXT)
    header, tag = len(b"warifu-tpm-sealed\0\1"), 32
    parts = decode(Sealed, sealed[header:-tag], 10_000)
    blobs = (parts.public, parts.private)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, sum(map(len, blobs)) * 8 - 1))
    def holds(bit: int) -> None:
        both = bytearray(b"".join(blobs))
        both[bit // 8] ^= 1 << bit % 8
        cut = len(parts.public)
        forged = encode(Sealed(False, bytes(both[:cut]), bytes(both[cut:]), parts.nonce, parts.ciphertext))
        retagged = sealed[:header] + forged + platform._keys.tag("sealed", CONTEXT, forged)
        reason(lambda: platform.unseal(retagged, CONTEXT))

    holds()


def test_the_chips_key_alone_opens_no_data(platform):
    """Whoever has broken the chip still needs the unlock key."""
    parts = decode(Sealed, platform.seal(b"share", CONTEXT)[len(b"warifu-tpm-sealed\0\1") : -32], 10_000)
    from_chip = bytes(platform._sealer._from_chip(parts, None))
    assert len(from_chip) == 32
    with pytest.raises(CryptoError):
        crypto_aead_xchacha20poly1305_ietf_decrypt(parts.ciphertext, CONTEXT, parts.nonce, from_chip)


def test_after_forgetting_it_neither_seals_nor_unseals(home: Home):
    platform = home.open()
    sealed = platform.seal(b"share", CONTEXT)
    platform.forget()
    assert reason(lambda: platform.unseal(sealed, CONTEXT)) == "locked"
    assert reason(lambda: platform.seal(b"share", CONTEXT)) == "locked"


def test_nothing_secret_shows_in_representations(home, platform):
    shown = repr(platform) + repr(platform._keys) + repr(platform._sealer)
    assert home.unlock_key.hex() not in shown
    assert repr(platform) == "Tpm()"
