"""A request out of its time: kept back until it has expired, made ahead, or valid for ever."""

from __future__ import annotations

import pytest
from tests.support.attacker import PAIR, Attacker
from tests.support.simulator import START, Household, Tamper, signed

pytestmark = pytest.mark.unit

DAY = 24 * 3600


@pytest.mark.parametrize(
    ("created", "expires", "code"),
    [
        (START - 600, START - 1, "authorization.expired"),
        (START - DAY, START - 1, "authorization.expired"),
        (0, 0, "authorization.expired"),
        (START + 301, START + 600, "authorization.not-yet"),
        (START + 365 * DAY, START + 366 * DAY, "authorization.not-yet"),
        (START, START + DAY + 1, "authorization.lifetime"),
        (START, 2**40 - 1, "authorization.lifetime"),
        (0, START + 60, "authorization.lifetime"),
        (START + 60, START + 59, "authorization.lifetime"),
        (2**40 - 2, 2**40 - 1, "authorization.not-yet"),
    ],
)
def test_it_is_refused_before_anything_else_is_looked_at(home, attacker, created, expires, code):
    payment = home.pay(created=created, expires=expires)
    codes = {code, "authorization.expired"} if expires < created else code
    notes = attacker.refused(codes, lambda: home.sign(payment, passphrase="wrong"))
    assert {note.by.kind for note in notes} == {"service"}, "what has expired is nobody's word any more"
    assert home["device0"].status().wallets[0].tries_left == 5


def test_one_that_the_service_kept_until_a_day_of_its_own_choice(home: Household, attacker: Attacker):
    """The owner gave up on it long ago, and paid otherwise."""
    payment = home.pay()
    kept = home.authorized(payment.request, PAIR)
    home.clock.pass_(601)
    attacker.refused(
        "authorization.expired", lambda: attacker.show(payment, [payment.unsigned], authorized=kept)
    )


def late(home: Household, seconds: int) -> Tamper:
    """A relay that lets so much time pass before it delivers the last messages: the partial signatures wait."""
    relayed = []

    def tamper(_sender, receiver, frame):
        relayed.append(frame)
        if len(relayed) == 5:
            home.clock.pass_(seconds)
        return [(receiver, frame)]

    return tamper


def test_one_that_expires_while_its_session_runs(home: Household, attacker: Attacker):
    payment = home.pay(expires=START + 60)
    openings = home.openings(payment.request, PAIR, payment.unsigned)
    attacker.refused("authorization.expired", lambda: home.run(openings, late(home, 61)))


def test_with_a_corrupted_signer_that_has_all_the_time_in_the_world(home: Household, attacker: Attacker):
    attacker.corrupt("device1")
    payment = home.pay(expires=START + 60)
    kept = home.authorized(payment.request, PAIR)
    home.clock.pass_(61)
    attacker.refused(
        "authorization.expired", lambda: attacker.show(payment, [payment.unsigned], authorized=kept)
    )


def test_at_the_last_second_it_is_the_owners_word(home: Household):
    payment = home.pay(expires=START + 60)
    kept = home.openings(payment.request, PAIR, payment.unsigned)
    home.clock.pass_(60)
    assert signed(payment, home.run(kept))
