"""Which of an owner's credentials says yes: the one that he names, or the one that the wallet obeys."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.simulator import bitcoin_policy

from warifu.cli import approvers
from warifu.cli.approvers import THIS_CLIENT, own_credential
from warifu.cli.authorizing import authorized
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.profile_records import PasskeyRecord
from warifu.cli.screen import Screen
from warifu.errors import AuthorizationRefused, InputRefused, WarifuError
from warifu.protocol.authorization import Authorization, approve_request, check_authorization
from warifu.protocol.credential import Credential, DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import WalletBirth
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.request import RefreshRequest, Stretching, WalletRequest, request_digest

pytestmark = pytest.mark.unit

PARTNER = IdentityKey(bytes([2]) * 32)
FACTS = [("To", "a friend")]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32))


def with_passkey(profile: Profile, name: str) -> Authenticator:
    key = Authenticator()
    profile.add_passkey(PasskeyRecord(name, encode(key.credential), security_key=False))
    return key


def obeying(*owners: Credential) -> Wallet:
    request = WalletRequest(
        bytes(16),
        "regtest",
        ("bip340",),
        1,
        (DeviceRef("pi", bytes(32)),),
        owners,
        bitcoin_policy(),
        Stretching(64, 3),
        1,
        2,
    )
    return Wallet("savings", request, WalletBirth(request_digest(request), ()))


def chosen(profile: Profile, wallet: Wallet, name: str | None = None) -> Credential:
    return own_credential(profile, Screen(json=True), wallet, name, FACTS).credential


def test_the_clients_own_key_comes_first_where_the_wallet_obeys_it(profile):
    key = with_passkey(profile, "laptop")
    wallet = obeying(key.credential, profile.device_key)
    assert chosen(profile, wallet) == chosen(profile, wallet, THIS_CLIENT) == profile.device_key
    assert chosen(profile, wallet, "laptop") == key.credential


def test_where_it_does_not_the_only_passkey_that_it_obeys_is_taken(profile):
    with_passkey(profile, "phone")
    key = with_passkey(profile, "laptop")
    assert chosen(profile, obeying(DeviceKey(PARTNER.public), key.credential)) == key.credential


def test_of_several_the_owner_names_one(profile):
    first, second = with_passkey(profile, "laptop"), with_passkey(profile, "phone")
    wallet = obeying(first.credential, second.credential)
    with pytest.raises(InputRefused) as refused:
        chosen(profile, wallet)
    assert refused.value.code == "input.which-credential" and "laptop, phone" in refused.value.message
    assert chosen(profile, wallet, "phone") == second.credential


@pytest.mark.parametrize("name", [None, THIS_CLIENT, "laptop", "unheard-of"])
def test_a_credential_that_the_wallet_does_not_obey_is_refused_before_anything_is_asked(profile, name):
    """Nobody would count its word, and a passphrase would be typed for nothing."""
    with_passkey(profile, "laptop")
    with pytest.raises(WarifuError) as refused:
        chosen(profile, obeying(DeviceKey(PARTNER.public)), name)
    assert refused.value.reason == "unknown-credential"


def test_a_passkey_alone_authorizes_and_its_page_shows_what(profile, monkeypatch):
    """The first approval, which covers the envelopes; another owner's stands behind it."""
    key, asked = with_passkey(profile, "laptop"), []

    def approve_with(_road, passkey, facts, tag, *parts):
        asked.append((passkey, facts, tag))
        return key.approval(tag, *parts)

    monkeypatch.setattr(approvers, "approve_with", approve_with)
    wallet = obeying(key.credential, DeviceKey(PARTNER.public))
    own = own_credential(profile, Screen(), wallet, None, FACTS)
    assert asked == [], "not before it is needed"
    request = RefreshRequest(bytes(16), wallet.wallet_id, 1, 1, 2)
    further = [approve_request(approver(PARTNER), request)]
    encoded, envelopes = authorized(profile, own, request, (), bytearray(b"a passphrase"), further)
    assert asked == [(key.credential, FACTS, "authorization")] and envelopes == ()
    found = check_authorization(decode(Authorization, encoded, 2**20), wallet.rules.owners, None, 1)
    assert found.credentials == (key.credential, DeviceKey(PARTNER.public))


def test_a_script_does_not_speak_for_the_person_whom_a_passkey_asks(profile):
    with_passkey(profile, "laptop")
    wallet = obeying(*profile.own_credentials()[1:])
    own = own_credential(profile, Screen(json=True), wallet, None, FACTS)
    with pytest.raises(InputRefused) as refused:
        approve_request(own.approve, msgspec.structs.replace(RefreshRequest(bytes(16), bytes(32), 1, 1, 2)))
    assert refused.value.code == "input.confirmation"


def test_a_no_on_the_page_authorizes_nothing(profile, monkeypatch):
    with_passkey(profile, "laptop")
    wallet = obeying(*profile.own_credentials()[1:])

    def no(*_):
        raise AuthorizationRefused("declined", "you said no")

    monkeypatch.setattr(approvers, "approve_with", no)
    own = own_credential(profile, Screen(), wallet, None, FACTS)
    with pytest.raises(AuthorizationRefused):
        authorized(
            profile, own, RefreshRequest(bytes(16), bytes(32), 1, 1, 2), (), bytearray(b"a passphrase")
        )
