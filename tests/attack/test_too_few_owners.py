"""A wallet of which two owners must want each payment, and whoever has only one of them, or less."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.simulator import Household, Spend, bitcoin_policy, signed

from warifu.protocol.authorization import APPROVAL, AUTHORIZATION, approve_request, refuse_request
from warifu.protocol.credential import Approval, DeviceKey, Passkey, approver
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import request_digest

pytestmark = pytest.mark.unit

PAIR = ["device0", "device1"]
PARTNER = IdentityKey(bytes([8]) * 32)
EVIL_PAGE, EVIL_RP = "http://localhost:8080", "evil.example"


@pytest.fixture
def key() -> Authenticator:
    """The third owner's security key."""
    return Authenticator(counter=10)


@pytest.fixture
def couple(home: Household, key: Authenticator) -> Household:
    """The household with a wallet of three owners, two of whom must approve whatever leaves."""
    policy = msgspec.structs.replace(bitcoin_policy(), approvals_needed=2)
    home.make_wallet(2, policy, others=[DeviceKey(PARTNER.public), key.credential])
    return home


def attempt(home: Household, payment: Spend, *further: Approval):
    authorization, envelopes = home.authorized(payment.request, PAIR, further=further)
    return home.run(home.openings_of(authorization, envelopes, payment.unsigned))


@pytest.mark.parametrize("times", [0, 1, 7])
def test_the_stolen_laptop_with_pin_and_passphrase_is_one_owner(couple, attacker, times):
    payment = couple.pay()
    again = [approve_request(approver(couple.owner), payment.request)] * times
    attacker.refused("policy.approvals", lambda: attempt(couple, payment, *again))


@pytest.mark.parametrize(
    "forged",
    [
        lambda payment: Approval(
            DeviceKey(PARTNER.public),
            approver(IdentityKey.generate())(APPROVAL, payment.digest).proof,
        ),
        lambda payment: approver(PARTNER)(APPROVAL, bytes(32)),
        lambda payment: approver(PARTNER)(AUTHORIZATION, payment.digest),
        lambda payment: refuse_request(approver(PARTNER), payment.request),
        lambda payment: approver(PARTNER)("presence", payment.digest),
    ],
    ids=["another key's", "another request's", "another purpose", "a no", "another protocol's"],
)
def test_an_approval_that_the_partner_never_gave(couple, attacker, forged):
    payment = couple.pay()
    attacker.refused("authorization.signature", lambda: attempt(couple, payment, forged(payment)))


def test_an_owner_of_the_services_own(couple, attacker):
    payment = couple.pay()
    stranger = approve_request(approver(IdentityKey.generate()), payment.request)
    attacker.refused("authorization.unknown-credential", lambda: attempt(couple, payment, stranger))
    fake = Authenticator().approval(APPROVAL, payment.digest)
    attacker.refused("authorization.unknown-credential", lambda: attempt(couple, payment, fake))


@pytest.mark.parametrize(
    "how",
    [
        {"origin": EVIL_PAGE},
        {"rp_id": EVIL_RP},
        {"crossOrigin": True},
        {"topOrigin": "https://evil.example"},
        {"type": "webauthn.create"},
        {"flags": 0x01},
        {"flags": 0x04},
    ],
    ids=["another page", "another site", "in a frame", "under a page", "a new key", "no PIN", "no touch"],
)
def test_a_hostile_page_has_the_security_key_sign(couple, attacker, key, how):
    """The person touched the key, on a page of the attacker's that asked with the right challenge."""
    payment = couple.pay()
    lured = key.approval(APPROVAL, payment.digest, **how)
    attacker.refused("authorization.assertion", lambda: attempt(couple, payment, lured))


def test_what_a_hostile_page_got_is_not_saved_by_another_description_of_the_credential(couple, attacker, key):
    payment = couple.pay()
    lured = key.approval(APPROVAL, payment.digest, origin=EVIL_PAGE)
    told: Passkey = msgspec.structs.replace(key.credential, origin=EVIL_PAGE)
    moved = msgspec.structs.replace(lured, credential=told)
    attacker.refused("authorization.unknown-credential", lambda: attempt(couple, payment, moved))


def test_the_keys_yes_to_a_small_payment_beside_a_large_one(couple, attacker, key):
    small, large = couple.pay(1_000), couple.pay(90_000, first_coin=3)
    yes = key.approval(APPROVAL, small.digest)
    attacker.refused("authorization.assertion", lambda: attempt(couple, large, yes))


def test_a_copy_of_the_security_key(couple, attacker, key):
    """The thief's copy counts from where it was copied; the owner's own went on."""
    copied_at = key.counter
    payment = couple.pay()
    key.counter = (copied_at or 0) + 5
    assert signed(payment, attempt(couple, payment, key.approval(APPROVAL, payment.digest)))
    stolen = couple.pay(70_000, first_coin=5)
    copy = key.approval(APPROVAL, request_digest(stolen.request), counter=copied_at)
    attacker.refused("authorization.counter", lambda: attempt(couple, stolen, copy))
