"""Devices under different rules: a change that the service delivered to some of them, two changes for two devices, a
corrupted signer that says it goes by what the others go by. They sign nothing together, and it is said who is behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.attacker import PAIR, Attacker, shares_that_leave
from tests.support.founding import founded
from tests.support.instructing import Owner
from tests.support.simulator import BTC, Household, Tamper, bitcoin_policy, signed

from warifu.protocol.channel import Hello, HelloStatement
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import Relay
from warifu.protocol.rules import rules_hash

pytestmark = [pytest.mark.unit, pytest.mark.slow]

POLICY = bitcoin_policy(per_transaction=100_000)
TIGHT = bitcoin_policy(per_transaction=50_000)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    household = founded(tmp_path, 2, POLICY)
    yield household
    household.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def hello_of(home: Household, name: str, **said: Any) -> Tamper:
    """A corrupted device's Hello says something else, signed by itself."""

    def tamper(sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
        if sender != home[name].identity or b"hello" not in frame.body[:16]:
            return [(receiver, frame)]
        told = decode(HelloStatement, decode(Hello, frame.body, 2**18).statement, 2**17)
        statement = encode(msgspec.structs.replace(told, **said))
        made = Hello(statement, home[name].device.identity.sign("hello", statement))
        return [(receiver, Relay(frame.session, frame.peer, encode(made)))]

    return tamper


def test_a_tightening_that_reached_one_of_two(home: Household, attacker: Attacker, owner: Owner):
    """The service would have the other sign by the old rules. The one that knows takes no part."""
    owner.tell("device0", owner.change(TIGHT))
    for amount in (60_000, 10_000):
        attacker.refused(
            {"policy.per-transaction-limit", "peer.policy-differs"}, home.sign, home.pay(amount), PAIR
        )
    assert owner.status("device0").revision == 2


def test_in_every_pair_in_which_one_of_them_is_behind_somebody_says_so(
    home: Household, attacker: Attacker, owner: Owner
):
    owner.tell("device0", owner.change(TIGHT))
    for other in ("device1", "device2"):
        attacker.refused("peer.policy-differs", home.sign, home.pay(10_000), ("device0", other))
        assert attacker.outcome.failed["device0"].blame == other


def test_two_different_changes_of_one_revision(home: Household, attacker: Attacker, owner: Owner):
    """The owner asked for two, one after the other by mistake; the service gave each device another one."""
    one, other = owner.change(TIGHT), owner.change(bitcoin_policy(per_transaction=40_000))
    owner.tell("device0", one)
    owner.tell("device1", other)
    assert owner.status("device0").revision == owner.status("device1").revision == 2
    assert rules_hash(one.rules) != rules_hash(other.rules)
    attacker.refused("peer.policy-differs", home.sign, home.pay(10_000), PAIR)


def test_a_change_that_arrives_while_a_session_runs(home: Household, attacker: Attacker, owner: Owner):
    """At one of the two, after both have said what they go by."""
    payment = home.pay(60_000)
    openings = home.openings(payment.request, PAIR, payment.unsigned)
    relayed = []

    def meanwhile(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
        relayed.append(frame)
        if len(relayed) == 4:
            owner.tell("device0", owner.change(TIGHT))
        return [(receiver, frame)]

    with shares_that_leave() as shares:
        outcome = home.run(openings, meanwhile)
    assert not outcome.finished and "device0" not in shares
    assert "started" not in home["device0"].kinds()


def test_a_corrupted_signer_says_that_it_goes_by_the_same_rules(
    home: Household, attacker: Attacker, owner: Owner
):
    """It does not. What counts is what the honest one goes by."""
    request = owner.change(TIGHT)
    owner.tell("device0", request)
    attacker.corrupt("device1")
    lie = hello_of(home, "device1", rules_hash=rules_hash(request.rules), revision=2)
    payment = home.pay(60_000)
    attacker.refused(
        {"policy.per-transaction-limit", "peer.policy-differs", "peer.record"},
        lambda: home.sign(payment, PAIR, lie),
    )


@pytest.mark.parametrize(
    "said", [{"rules_hash": bytes(32)}, {"revision": 9}, {"rules_hash": bytes(32), "revision": 0}]
)
def test_a_corrupted_signer_says_that_it_goes_by_others(home: Household, attacker: Attacker, said):
    attacker.corrupt("device1")
    lie = hello_of(home, "device1", **said)
    attacker.refused(
        {"peer.policy-differs", "peer.record", "input.malformed"},
        lambda: home.sign(home.pay(10_000), PAIR, lie),
    )


def test_a_freeze_that_reached_one_device(home: Household, attacker: Attacker, owner: Owner):
    owner.tell("device0", owner.freeze())
    attacker.refused("policy.frozen-wallet", home.sign, home.pay(10_000), PAIR)


def test_once_all_of_them_heard_of_it_they_work_together_again(home: Household, owner: Owner):
    owner.tell_all(owner.change(TIGHT))
    payment = home.pay(40_000)
    assert signed(payment, home.sign(payment))
    assert home.sign(home.pay(BTC)).code == "policy.per-transaction-limit"
