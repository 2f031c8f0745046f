"""One id for two things: requests, sessions, participants, coins, devices, calls."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from nacl.utils import random
from tests.support.attacker import PAIR, Attacker, altered
from tests.support.simulator import Household, signed

from warifu.protocol.frames import AskResult, OpenSession

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def test_two_requests_with_one_id_at_the_same_moment(home: Household, attacker: Attacker):
    """From two replicas of the service: one comes through, the other is refused by every signer that knows of it."""
    first = home.pay()
    second = home.pay(70_000, first_coin=5, request_id=first.request.request_id)
    openings = home.openings(first.request, PAIR, first.unsigned)
    overtaken = []
    outcome = home.run(openings, opened=lambda: overtaken.append(home.sign(second, PAIR)))
    assert signed(second, overtaken[0])
    assert outcome.code == "authorization.replayed" and not outcome.finished
    assert all("authorization.replayed" in attacker.told(name) for name in PAIR)


def test_a_second_request_with_the_id_of_one_that_was_signed(home: Household, attacker: Attacker):
    payment = home.pay()
    assert signed(payment, home.sign(payment))
    for changed in ({"expires": payment.request.expires + 1}, {"fee_ceiling": "1001"}):
        again = replace(payment, request=msgspec.structs.replace(payment.request, **changed))
        attacker.refused("authorization.replayed", home.sign, again)


def test_a_transfer_with_the_id_of_the_wallets_birth(home: Household, attacker: Attacker):
    assert home.wallet_request is not None
    payment = home.pay(request_id=home.wallet_request.request_id)
    attacker.refused("authorization.replayed", lambda: home.sign(payment))


def test_a_wallet_with_the_id_of_a_transfer(home: Household, attacker: Attacker):
    payment = home.pay()
    assert signed(payment, home.sign(payment))
    request = msgspec.structs.replace(home.new_wallet_request(2), request_id=payment.request.request_id)
    outcome = home.run(home.openings(request, home.names))
    assert outcome.finished or outcome.code == "authorization.replayed"
    assert home["device0"].result(payment.digest).state == "finished", (
        "and the transfer's result is still its own"
    )


def test_one_session_identifier_for_two_sessions(home: Household, attacker: Attacker):
    first, second = home.pay(), home.pay(70_000, first_coin=5)
    openings = home.openings(first.request, PAIR, first.unsigned)
    other = home.openings(second.request, PAIR, second.unsigned)
    same = openings["device0"].session
    assert home["device0"].send(openings["device0"]), "the first one is open"
    attacker.refused(
        "input.session-reused",
        lambda: attacker.send("device0", msgspec.structs.replace(other["device0"], session=same)),
    )


def test_the_messages_of_two_sessions_under_one_identifier_do_not_mix(home: Household, attacker: Attacker):
    """One device is told that the session is for one payment, the other that it is for another."""
    first, second = home.pay(), home.pay(70_000, first_coin=5)
    one, two = (home.openings(each.request, PAIR, each.unsigned) for each in (first, second))
    mixed = {
        "device0": one["device0"],
        "device1": msgspec.structs.replace(two["device1"], session=one["device0"].session),
    }
    attacker.refused("peer.hello", lambda: home.run(mixed))


@pytest.mark.parametrize(
    "names", [("device0", "device0"), ("device0", "device0", "device1"), ("device1", "device1")]
)
def test_a_device_that_is_counted_twice(home: Household, attacker: Attacker, names):
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, ("device0",))
    frame = OpenSession(
        random(16),
        authorization,
        envelopes["device0"],
        tuple(sorted(home[name].identity for name in names)),
        payment.unsigned,
    )
    attacker.refused("input.participants", lambda: attacker.send("device0", frame))


def test_an_owner_who_approves_twice_is_one(home: Household, attacker: Attacker):
    """More of the same approvals change nothing: what counts is whose they are."""
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    twice = msgspec.structs.replace(authorization, approvals=authorization.approvals * 2)
    attacker.refused(
        "authorization.signature", lambda: home.run(home.openings_of(twice, envelopes, payment.unsigned))
    )


def test_a_coin_that_is_spent_twice_in_one_transaction(home: Household, attacker: Attacker):
    """Counted twice it would seem to bring twice its amount, and a thief's output would pass as covered."""
    payment = home.pay()

    def doubled(psbt):
        inputs = psbt.transaction.inputs * 2
        return replace(psbt, transaction=replace(psbt.transaction, inputs=inputs), inputs=psbt.inputs * 2)

    lie = altered(payment, doubled)
    attacker.refused("transaction.duplicate-input", lambda: attacker.show(payment, [lie]))


def test_an_output_that_is_paid_twice(home: Household, attacker: Attacker):
    payment = home.pay()

    def doubled(psbt):
        first, change = psbt.transaction.outputs
        outputs = (first, first, replace(change, amount=change.amount - first.amount))
        return replace(
            psbt,
            transaction=replace(psbt.transaction, outputs=outputs),
            outputs=(*psbt.outputs[:1], *psbt.outputs),
        )

    lie = altered(payment, doubled)
    attacker.refused("transaction.extra-output", lambda: attacker.show(payment, [lie]))


def test_two_calls_with_one_number_get_an_answer_each(home: Household):
    for name in (bytes(32), bytes(31) + b"\1"):
        (answer,) = home["device0"].send(AskResult(7, name))
        assert answer.call == 7
