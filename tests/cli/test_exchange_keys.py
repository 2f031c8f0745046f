"""What an exchange handed out, on its way to the devices: read strictly, split where it can be, and never shown."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from nacl.utils import random
from tests.support.attested import NOTHING
from tests.support.dealer import deal

from warifu.cli.exchanges.keys import (
    NewAccount,
    agreed_key,
    for_born_key,
    from_cdp_file,
    from_triplet,
    new_key_request,
    require_kept,
)
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved
from warifu.protocol.encoding import decode
from warifu.protocol.envelope import EnvelopeKey, EnvelopeSecret
from warifu.protocol.exchange_answers import AccountKept, KeyBorn
from warifu.protocol.exchange_requests import AccountPart, terms_digest
from warifu.protocol.identity import IdentityKey
from warifu.protocol.parcel import open_parcel
from warifu.protocol.request import request_digest
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.importing import fits
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
DEVICES = tuple(sorted(bytes([number]) * 32 for number in (3, 1, 2)))
SECRET = bytes(range(64))
API_KEY = "0123456789abcdef" * 2
NAME = "organizations/one/apiKeys/two"


def cdp_file(key, **other) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return json.dumps({"name": NAME, "privateKey": pem, **other})


def parts(new: NewAccount) -> dict[bytes, Any]:
    """Each holder's ``AccountPart``."""
    return {identity: decode(AccountPart, part, 2**17) for identity, part in new.parts.items()}


def test_a_triplet_goes_to_one_device_whole():
    new = from_triplet(API_KEY, base64.b64encode(SECRET).decode(), "open sesame", DEVICES[1])
    (part,) = parts(new).values()
    assert (new.key, new.holders) == ("hmac", (DEVICES[1],))
    assert (part.secret.secret, part.secret.passphrase) == (SECRET, "open sesame")
    assert (part.terms.api_key, part.terms.public, part.terms.public_shares) == (API_KEY, b"", ())


@pytest.mark.parametrize("secret", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_a_secret_that_is_none_is_refused_without_showing_it(secret):
    with pytest.raises(InputRefused) as refused:
        from_triplet(API_KEY, secret, "open sesame", DEVICES[0])
    assert refused.value.reason == "exchange-key" and (not secret or secret not in str(refused.value))


@pytest.mark.parametrize(
    ("api_key", "passphrase"),
    [("", "open"), (API_KEY, "öffne dich"), (API_KEY, "open\r\nX: y"), ("a" * 257, "")],
)
def test_what_no_header_can_carry_is_refused_without_showing_it(api_key, passphrase):
    with pytest.raises(InputRefused) as refused:
        from_triplet(api_key, base64.b64encode(SECRET).decode(), passphrase, DEVICES[0])
    assert refused.value.reason == "exchange-key"
    assert not api_key or api_key not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_p256_key_goes_to_one_device_whole():
    key = ec.generate_private_key(ec.SECP256R1())
    new = from_cdp_file(cdp_file(key), DEVICES[0], DEVICES, 2)
    (part,) = parts(new).values()
    again = serialization.load_der_private_key(part.secret.private, password=None)
    assert (new.key, new.holders) == ("es256", (DEVICES[0],))
    assert isinstance(again, ec.EllipticCurvePrivateKey)
    assert again.private_numbers() == key.private_numbers()


@pytest.mark.parametrize("form", ["pem", "seed", "seed and public"])
def test_an_ed25519_key_is_split_among_all_devices_and_each_share_fits(form):
    key = ed25519.Ed25519PrivateKey.generate()
    seed, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    raw = seed if form == "seed" else seed + public
    text = cdp_file(key) if form == "pem" else cdp_file(key, privateKey=base64.b64encode(raw).decode())
    new = from_cdp_file(text, DEVICES[0], DEVICES[::-1], 2)
    assert (new.key, new.holders, new.terms.public) == ("ed25519-split", DEVICES, public)
    shared = ThresholdKey(2, 3, public, new.terms.public_shares)
    shares = [parts(new)[device].secret.share for device in new.holders]
    for place, share in enumerate(shares):
        assert fits(ED25519, shared, place, Secret(share))
    assert len(set(shares)) == 3 and seed not in b"".join(map(bytes, new.parts.values()))


def test_the_two_halves_of_a_key_file_must_belong_together():
    key = ed25519.Ed25519PrivateKey.generate()
    mixed = base64.b64encode(key.private_bytes_raw() + random(32)).decode()
    with pytest.raises(InputRefused) as refused:
        from_cdp_file(cdp_file(key, privateKey=mixed), DEVICES[0], DEVICES, 2)
    assert refused.value.reason == "exchange-key" and mixed not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", '{"name": "x"}', '{"privateKey": "AAAA"}', "[" * 5000])
def test_what_is_no_key_file_is_refused(text):
    with pytest.raises(InputRefused):
        from_cdp_file(text, DEVICES[0], DEVICES, 2)


def test_a_born_key_sends_no_secret_at_all():
    new = for_born_key("Aa1" * 21 + "B", bytes(32), DEVICES)
    assert new.holders == DEVICES and set(parts(new)) == set(DEVICES)
    assert len({bytes(part) for part in new.parts.values()}) == 1


def test_nothing_of_a_credential_is_shown_and_all_of_it_is_wiped():
    new = from_triplet(API_KEY, base64.b64encode(SECRET).decode(), "open sesame", DEVICES[1])
    assert API_KEY not in repr(new) and "sesame" not in repr(new) and "sesame" not in repr(parts(new))
    new.wipe()
    assert not any(any(part) for part in new.parts.values())


def test_the_request_names_the_terms_and_says_whether_it_is_a_simulation():
    real = for_born_key("Aa1" * 21 + "B", bytes(32), DEVICES)
    simulated = for_born_key("Aa1" * 21 + "B", bytes(32), DEVICES, "PEM")
    for new in (real, simulated):
        request = new.request(bytes(32), "main", "binance", 1, 2)
        assert request.terms == terms_digest(new.terms)
        assert request.simulation == (new is simulated)
        assert (request.key, request.holders) == (new.key, new.holders)


def test_a_parcel_opens_for_its_device_and_its_request_alone():
    secret = EnvelopeSecret()
    key = EnvelopeKey("device", DEVICES[1], secret.public, bytes(32), 100, b"", NOTHING)
    new = from_triplet(API_KEY, base64.b64encode(SECRET).decode(), "open sesame", DEVICES[1])
    request = new.request(bytes(32), "main", "coinbase-exchange", 1, 2)
    (parcel,) = new.seal([key], request)
    assert open_parcel(secret, parcel, request_digest(request), 50) == new.parts[DEVICES[1]]


# --- what devices answer ----------------------------------------------------------------------------------------------


class Devices:
    """Three devices that hold a real 2-of-3 key, and say so."""

    def __init__(self) -> None:
        self.identities = [IdentityKey.generate() for _ in range(3)]
        self.names = {key.public: f"device{number}" for number, key in enumerate(self.identities)}
        self.key = deal(2, 3, ED25519).key
        self.request = new_key_request(bytes(32), "main", "binance", 1, 2)

    def said(self, number: int, public: bytes = b"", shares: tuple[bytes, ...] = ()) -> KeyBorn:
        identity, named = self.identities[number], request_digest(self.request)
        public, shares = public or self.key.threshold_pubkey, shares or self.key.pubshares
        signature = identity.sign("exchange-key", named, public, *shares)
        return KeyBorn(named, public, shares, identity.public, signature)


@pytest.fixture(scope="module")
def devices():
    return Devices()


def test_the_key_that_all_devices_signed_is_the_one_for_the_exchange(devices):
    answers = [devices.said(number) for number in range(3)]
    assert agreed_key(answers, devices.request, devices.names, 2) == devices.key.threshold_pubkey


def test_a_key_whose_public_shares_lie_on_another_polynomial_is_nobodys(devices):
    """All three say the same, and no two of them could sign for it."""
    stranger = ED25519.base_mul(ED25519.random_secret()).encoded
    answers = [devices.said(number, public=stranger) for number in range(3)]
    with pytest.raises(PeerMisbehaved):
        agreed_key(answers, devices.request, devices.names, 2)
    with pytest.raises(PeerMisbehaved):
        agreed_key([devices.said(number) for number in range(3)], devices.request, devices.names, 1)


def test_one_device_that_tells_of_other_shares_is_enough_to_stop(devices):
    other = tuple(reversed(devices.key.pubshares))
    answers = [devices.said(0), devices.said(1), devices.said(2, shares=other)]
    with pytest.raises(PeerMisbehaved):
        agreed_key(answers, devices.request, devices.names, 2)


def test_a_devices_word_that_it_keeps_its_part_is_signed_for_this_request(devices):
    new = for_born_key("Aa1" * 21 + "B", bytes(32), list(devices.names))
    request = new.request(bytes(32), "main", "binance", 1, 2)
    other = new.request(bytes(32), "main", "binance", 1, 2)
    named, identity = request_digest(request), devices.identities[0]
    kept = AccountKept(named, identity.sign("exchange-account", named))
    require_kept(kept, request, identity.public)
    with pytest.raises(InputRefused):
        require_kept(kept, other, identity.public)
    with pytest.raises(AuthorizationRefused):
        require_kept(kept, request, devices.identities[1].public)
