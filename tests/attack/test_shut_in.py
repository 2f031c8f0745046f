"""The same attempts against signers as they really run: each in a process of its own, shut in by every layer, with the
real Argon2id and a disk; and the journal as its operator reads it. One or two of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest
from nacl.utils import random
from tests.support.attacker import PAIR, Attacker, with_outputs
from tests.support.enclaves import enclave_device
from tests.support.simulator import (
    FRIEND,
    THIEF,
    THIEF_SCRIPT,
    Household,
    Outcome,
    bitcoin_policy,
    signed,
)

from warifu.chains.bitcoin.transaction import TxOutput
from warifu.protocol.encoding import encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Outflow
from warifu.units import Satoshi

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def shut_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    household = Household(tmp_path_factory.mktemp("shut-in"), 3, make_device=enclave_device)
    household.make_wallet(2, bitcoin_policy(per_transaction=1_000_000))
    yield household
    household.close()


def swapped(home: Household, attacker: Attacker) -> Outcome:
    payment = home.pay()
    lie = with_outputs(payment, lambda outputs: [TxOutput(outputs[0].amount, THIEF_SCRIPT), *outputs[1:]])
    return attacker.show(payment, [lie])


def dearer(home: Household, attacker: Attacker) -> Outcome:
    payment = home.pay()
    lie = with_outputs(
        payment, lambda outputs: [outputs[0], replace(outputs[1], amount=Satoshi(outputs[1].amount - 1))]
    )
    return attacker.show(payment, [lie])


def digest(home: Household, attacker: Attacker) -> Outcome:
    return attacker.show(home.pay(), [random(32)])


def described(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(
        home.pay(to=THIEF, script=THIEF_SCRIPT, outflows=(Outflow("payment", "", "60000", FRIEND),))
    )


def moved(home: Household, _attacker: Attacker) -> Outcome:
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    other = msgspec.structs.replace(payment.request, fee_ceiling="100000")
    forged = msgspec.structs.replace(authorization, request=encode(other))
    return home.run(home.openings_of(forged, envelopes, payment.unsigned))


def expired(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(home.pay(created=home.clock() - 60, expires=home.clock() - 1))


def from_the_future(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(home.pay(created=home.clock() + 4000, expires=home.clock() + 5000))


def a_stranger(home: Household, _attacker: Attacker) -> Outcome:
    payment = home.pay()
    return home.run(home.openings(payment.request, PAIR, payment.unsigned, key=IdentityKey.generate()))


def another_wallet(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(home.pay(wallet_id=random(32)))


def too_much(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(home.pay(1_000_001))


def other_network(home: Household, _attacker: Attacker) -> Outcome:
    return home.sign(
        home.pay(outflows=(Outflow("payment", "", "60000", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),))
    )


ATTEMPTS: list[tuple[Callable[[Household, Attacker], Outcome], str]] = [
    (swapped, "transaction.swapped-output"),
    (dearer, "transaction.fee-over-ceiling"),
    (digest, "input.psbt-form"),
    (described, "transaction.swapped-output"),
    (moved, "authorization.signature"),
    (expired, "authorization.expired"),
    (from_the_future, "authorization.not-yet"),
    (a_stranger, "authorization.unknown-credential"),
    (another_wallet, "input.unknown-wallet"),
    (too_much, "policy.per-transaction-limit"),
    (other_network, "input.wrong-network"),
]


@pytest.mark.parametrize(("attempt", "code"), ATTEMPTS, ids=[attempt.__name__ for attempt, _ in ATTEMPTS])
def test_what_is_tried_on_them(shut_in: Household, attempt, code):
    attacker = Attacker(shut_in)
    notes = attacker.refused(code, attempt, shut_in, attacker)
    assert {note.device for note in notes} == set(PAIR)
    assert shut_in["device0"].status().wallets[0].tries_left == 5


def test_an_id_that_was_used_is_used_up(shut_in: Household):
    attacker, payment = Attacker(shut_in), shut_in.pay(first_coin=30)
    assert signed(payment, shut_in.sign(payment))
    other = shut_in.pay(70_000, first_coin=31, request_id=payment.request.request_id)
    attacker.refused("authorization.replayed", shut_in.sign, other)
    shut_in["device0"].restart()
    shut_in["device1"].restart()
    third = shut_in.pay(70_000, first_coin=32, request_id=payment.request.request_id)
    attacker.refused("authorization.replayed", shut_in.sign, third)
