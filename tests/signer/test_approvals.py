"""Passkeys before the signers: a counter that goes back is refused, and what was seen outlives the device's restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.simulator import (
    THIEF_SCRIPT,
    Household,
    Spend,
    bitcoin_policy,
    replaced_output,
    signed,
)

from warifu.chains.bitcoin.transaction import TxOutput
from warifu.protocol.authorization import APPROVAL, approve_request
from warifu.protocol.credential import Approval, DeviceKey, approver
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import ApprovalTier, Policy
from warifu.units import Satoshi

pytestmark = pytest.mark.unit
PAIR = ["device0", "device1"]


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    yield household
    household.close()


@pytest.fixture
def key(home: Household) -> Authenticator:
    """A security key that is an owner of the household's wallet, beside the client's device key."""
    made = Authenticator(counter=5)
    home.make_wallet(2, others=[made.credential])
    return made


def sent(home: Household, payment: Spend, names: list[str] = PAIR, **how: Any):
    authorization, envelopes = home.authorized(payment.request, names, **how)
    return home.run(home.openings_of(authorization, envelopes, payment.unsigned))


def approved(key: Authenticator, payment: Spend, **twists: object) -> Approval:
    return key.approval(APPROVAL, payment.digest, **twists)


def test_a_passkey_authorizes_like_a_device_key(home, key):
    payment = home.pay()
    assert signed(payment, sent(home, payment, approve=key.approval))


def test_both_owners_approve_one_request(home, key):
    payment = home.pay()
    assert signed(payment, sent(home, payment, further=[approved(key, payment)]))


def test_a_further_approval_that_is_not_genuine_spoils_the_request(home, key):
    payment, other = home.pay(), home.pay(70_000)
    for given in (
        approved(key, other),
        approved(key, payment, flags=1),
        approved(key, payment, rp_id="evil"),
    ):
        assert sent(home, payment, further=[given]).code == "authorization.assertion"


def test_a_passkey_that_is_no_owner_of_the_wallet_is_refused(home, key):
    payment = home.pay()
    assert sent(home, payment, approve=Authenticator().approval).code == "authorization.unknown-credential"


def test_the_same_key_for_another_page_is_another_credential(home, key):
    """Whoever gets a credential to sign on a page of his own presents it in vain."""
    payment = home.pay()
    origin = "http://localhost:24741"
    elsewhere = msgspec.structs.replace(
        approved(key, payment, origin=origin),
        credential=msgspec.structs.replace(key.credential, origin=origin),
    )
    assert sent(home, payment, further=[elsewhere]).code == "authorization.unknown-credential"


def test_a_counter_that_goes_back_is_refused_whatever_it_approves(home, key):
    first, second = home.pay(), home.pay(70_000, first_coin=1)
    assert signed(first, sent(home, first, further=[approved(key, first, counter=9)]))
    for counter in (9, 8, 0):
        late = approved(key, second, counter=counter)
        assert sent(home, second, further=[late]).code == "authorization.counter"
    assert signed(second, sent(home, second, further=[approved(key, second, counter=10)]))


def test_the_refusal_is_in_the_journal(home, key):
    first, second = home.pay(), home.pay(70_000, first_coin=1)
    sent(home, first, further=[approved(key, first, counter=9)])
    sent(home, second, further=[approved(key, second, counter=3)])
    codes = [getattr(event, "code", "") for _, event in home["device0"].device.journal.entries()]
    assert "authorization.counter" in codes


def test_the_very_same_approval_may_come_again(home, key):
    """A session that broke off is tried once more with the same approvals."""
    payment = home.pay()
    given = approved(key, payment)
    assert sent(home, payment, further=[given], passphrase="wrong passphrase").code == "passphrase.wrong"
    assert signed(payment, sent(home, payment, further=[given]))


def test_what_was_seen_outlives_a_restart(home, key):
    first, second = home.pay(), home.pay(70_000, first_coin=1)
    sent(home, first, further=[approved(key, first, counter=9)])
    for name in PAIR:
        home[name].restart()
    assert sent(home, second, further=[approved(key, second, counter=9)]).code == "authorization.counter"


def test_each_device_remembers_for_itself(home, key):
    """The third device did not see the first approval; the one that did refuses for both."""
    first, second = home.pay(), home.pay(70_000, first_coin=1)
    sent(home, first, further=[approved(key, first, counter=9)])
    outcome = sent(home, second, ["device1", "device2"], further=[approved(key, second, counter=9)])
    assert outcome.codes["device1"] == "authorization.counter"
    assert not outcome.finished


def test_a_synced_passkey_has_no_counter_to_go_back(home):
    key = Authenticator(counter=None)
    home.make_wallet(2, others=[key.credential])
    for number in range(2):
        payment = home.pay(60_000 + number, first_coin=number)
        assert signed(payment, sent(home, payment, further=[approved(key, payment)]))


def test_one_that_counted_and_then_shows_nothing_went_back(home, key):
    first, second = home.pay(), home.pay(70_000, first_coin=1)
    sent(home, first, further=[approved(key, first)])
    key.counter = None
    assert sent(home, second, further=[approved(key, second)]).code == "authorization.counter"


# --- k of m owners ------------------------------------------------------------------------------------------------

PARTNER, THIRD = (IdentityKey(bytes([number]) * 32) for number in (8, 9))


def demanding(needed: int, **limits: Any) -> Policy:
    """So many owners for every transfer, and whatever else for bitcoin."""
    policy = bitcoin_policy()
    (chain,) = policy.chains
    assets = (msgspec.structs.replace(chain.assets[0], **limits), *chain.assets[1:])
    chains = (msgspec.structs.replace(chain, assets=assets),)
    return msgspec.structs.replace(policy, chains=chains, approvals_needed=needed)


def family(home: Household, policy: Policy) -> None:
    others = [DeviceKey(PARTNER.public), DeviceKey(THIRD.public)]
    home.make_wallet(2, policy, others=others)


def by(key: IdentityKey, payment: Spend) -> Approval:
    return approve_request(approver(key), payment.request)


def test_one_approval_of_two_is_refused_by_every_signer_and_two_pass(home):
    family(home, demanding(2))
    payment = home.pay()
    outcome = sent(home, payment, home.names)
    assert set(outcome.codes) == set(home.names)
    assert outcome.code == "policy.approvals"
    assert signed(payment, sent(home, payment, further=[by(PARTNER, payment)]))


def test_the_same_owner_twice_is_one_owner(home):
    family(home, demanding(2))
    payment = home.pay()
    twice = [by(home.owner, payment), by(home.owner, payment)]
    assert sent(home, payment, further=twice).code == "policy.approvals"


def test_three_owners_where_three_are_asked_for(home):
    family(home, demanding(3))
    payment = home.pay()
    assert (
        sent(home, payment, further=[by(PARTNER, payment), by(PARTNER, payment)]).code == "policy.approvals"
    )
    assert signed(payment, sent(home, payment, further=[by(PARTNER, payment), by(THIRD, payment)]))


def test_a_larger_amount_needs_more_owners(home):
    family(home, demanding(1, approvals=(ApprovalTier("100000", 2),)))
    small, exact, large = home.pay(60_000), home.pay(99_000, first_coin=1), home.pay(99_001, first_coin=2)
    assert signed(small, sent(home, small))
    assert signed(exact, sent(home, exact)), "the fee of 1000 included it is not more than 100000"
    assert sent(home, large).code == "policy.approvals"
    assert signed(large, sent(home, large, further=[by(PARTNER, large)]))


def test_the_approval_of_another_payment_does_not_count(home):
    """A partner who approved a small payment approved no large one, whatever the service pairs."""
    family(home, demanding(2))
    small, large = home.pay(10_000), home.pay(90_000)
    assert sent(home, large, further=[by(PARTNER, small)]).code == "authorization.signature"


def test_what_was_approved_cannot_be_signed_with_other_bytes(home):
    family(home, demanding(2))
    payment = home.pay()
    swapped = replaced_output(payment, 0, TxOutput(Satoshi(60_000), THIEF_SCRIPT))
    outcome = sent(home, swapped, further=[by(PARTNER, payment)])
    assert outcome.code.startswith("transaction.")


def test_a_refused_lack_of_approvals_costs_no_passphrase_try(home):
    family(home, demanding(2))
    payment = home.pay()
    sent(home, payment, passphrase="a guess at the passphrase")
    assert home["device0"].status().wallets[0].tries_left == 5
