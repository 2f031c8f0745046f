"""FIDO2 keys without a browser: the client speaks CTAP 2 to them itself. The key here is software; USB is not."""

from __future__ import annotations

import pytest
from tests.support.ctap_device import SoftKey

from warifu.cli.screen import Screen
from warifu.cli.webauthn.ceremony import approve_with, make_passkey
from warifu.cli.webauthn.security_key import SecurityKey, plugged_in
from warifu.errors import AuthorizationRefused, HostUnsuitable
from warifu.protocol.credential import check_approval

pytestmark = pytest.mark.unit

ASKED = bytes([7]) * 32


def road(key: SoftKey) -> SecurityKey:
    return SecurityKey(Screen(json=True), lambda: key)


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_a_key_is_enrolled_and_approves(kind: str) -> None:
    key = SoftKey(kind=kind)
    passkey = make_passkey(road(key), "yubikey", (), [])
    assert (passkey.rp_id, passkey.origin) == ("localhost", "http://localhost:24740")
    counters = [
        check_approval(approve_with(road(key), passkey, [], "approval", ASKED), "approval", ASKED)
        for _ in range(2)
    ]
    assert counters[0] is not None and counters[1] is not None and 0 < counters[0] < counters[1]
    assert all(4 not in asked for asked in key.asked[1:]), "no extension is asked for: signers take none"


def test_a_key_is_not_enrolled_twice() -> None:
    key = SoftKey()
    passkey = make_passkey(road(key), "yubikey", (), [])
    with pytest.raises(AuthorizationRefused) as refused:
        make_passkey(road(key), "again", [passkey], [])
    assert refused.value.code == "authorization.declined"


def test_a_key_that_verifies_nobody_is_not_enrolled() -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        make_passkey(road(SoftKey(finger=False)), "yubikey", (), [])
    assert refused.value.code == "authorization.declined"


def test_a_key_that_is_not_touched_approves_nothing() -> None:
    key = SoftKey()
    passkey = make_passkey(road(key), "yubikey", (), [])
    key.willing = False
    with pytest.raises(AuthorizationRefused) as refused:
        approve_with(road(key), passkey, [], "approval", ASKED)
    assert refused.value.code == "authorization.declined"


def test_another_key_than_the_one_that_is_asked_for_approves_nothing() -> None:
    passkey = make_passkey(road(SoftKey()), "yubikey", (), [])
    with pytest.raises(AuthorizationRefused):
        approve_with(road(SoftKey()), passkey, [], "approval", ASKED)


def test_a_key_that_speaks_otherwise_is_told_as_one_that_cannot_be_used() -> None:
    with pytest.raises(HostUnsuitable) as refused:
        make_passkey(road(SoftKey(protocols=())), "yubikey", (), [])
    assert refused.value.code == "host.security-key"


def test_a_machine_without_a_key_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter(()))
    with pytest.raises(HostUnsuitable) as refused:
        plugged_in()
    assert refused.value.code == "host.security-key"


def test_of_two_keys_none_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person would touch the one that blinks, and could not know which it is."""
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter((SoftKey(), SoftKey())))
    with pytest.raises(HostUnsuitable):
        plugged_in()
