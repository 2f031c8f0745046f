"""A request for one wallet is used on another: of the same owner, of another owner, of other devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.attacker import PAIR, Attacker
from tests.support.simulator import BTC, Household, bitcoin_policy, signed

from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.protocol.encoding import encode
from warifu.protocol.frames import OpenCorrelating
from warifu.protocol.identity import IdentityKey

pytestmark = [pytest.mark.unit, pytest.mark.slow]


class Two:
    """A household with a purse and savings, which nothing may leave in one piece above a tenth of a bitcoin."""

    def __init__(self, root: Path) -> None:
        self.home = Household(root, 3)
        self._made = {}
        for name, policy in (("purse", bitcoin_policy()), ("savings", bitcoin_policy(BTC // 10))):
            birth = self.home.make_wallet(2, policy)
            self._made[name] = (self.home.wallet_request, birth, self.home.keys)
        self.of("purse")

    def of(self, name: str) -> None:
        """Have the household's client work with that wallet."""
        self.home.wallet_request, self.home.birth, self.home.keys = self._made[name]

    @property
    def purse(self) -> bytes:
        return self._made["purse"][1].wallet_id

    @property
    def savings(self) -> bytes:
        return self._made["savings"][1].wallet_id


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    both = Two(tmp_path)
    yield both
    both.home.close()


def test_the_owners_word_about_one_does_not_count_for_the_other(two: Two):
    home, attacker = two.home, Attacker(two.home)
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    moved = encode(msgspec.structs.replace(payment.request, wallet_id=two.savings))
    forged = msgspec.structs.replace(authorization, request=moved)
    attacker.refused(
        "authorization.signature", lambda: home.run(home.openings_of(forged, envelopes, payment.unsigned))
    )


def test_coins_of_one_are_not_spent_under_the_rules_of_the_other(two: Two):
    """The purse lets half a bitcoin leave; the savings, whose coins these are, do not."""
    home, attacker = two.home, Attacker(two.home)
    two.of("savings")
    theft = home.pay(BTC // 2)
    attacker.refused("policy.per-transaction-limit", lambda: home.sign(theft))
    under_the_purse = replace(
        theft, request=msgspec.structs.replace(theft.request, wallet_id=two.purse, request_id=random(16))
    )
    attacker.refused("transaction.foreign-input", lambda: home.sign(under_the_purse))


def test_coins_of_both_in_one_transaction(two: Two):
    home, attacker = two.home, Attacker(two.home)
    two.of("savings")
    foreign = home.pay(first_coin=7)
    two.of("purse")
    payment = home.pay()
    mine, theirs = parse_psbt(payment.unsigned), parse_psbt(foreign.unsigned)
    both = replace(
        mine,
        transaction=replace(mine.transaction, inputs=(*mine.transaction.inputs, *theirs.transaction.inputs)),
        inputs=(*mine.inputs, *theirs.inputs),
    )
    attacker.refused("transaction.foreign-input", lambda: attacker.show(payment, [both.serialize()]))


def test_a_wallet_that_a_device_has_no_share_of(two: Two):
    home, attacker = two.home, Attacker(two.home)
    home.make_wallet(2, names=PAIR)
    payment = home.pay()
    outsider = home.openings(payment.request, PAIR, payment.unsigned)["device0"]
    attacker.refused("input.unknown-wallet", lambda: attacker.send("device2", outsider))
    stranger = home.pay(wallet_id=random(32))
    attacker.refused("input.unknown-wallet", lambda: home.sign(stranger))


def test_another_owners_word(two: Two):
    """Somebody who has a wallet of his own on the same service."""
    home, attacker = two.home, Attacker(two.home)
    payment = home.pay()
    openings = home.openings(payment.request, PAIR, payment.unsigned, key=IdentityKey.generate())
    notes = attacker.refused("authorization.unknown-credential", lambda: home.run(openings))
    assert {note.by.kind for note in notes} == {"service"}


def test_devices_of_another_wallet_as_participants(two: Two):
    home, attacker = two.home, Attacker(two.home)
    home.make_wallet(2, names=PAIR)
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, PAIR)
    openings = home.openings_of(authorization, envelopes, payment.unsigned)
    with_another = tuple(sorted((home["device0"].identity, home["device2"].identity)))
    attacker.refused("input.participants", lambda: attacker.open(openings, participants=with_another))
    correlating = OpenCorrelating(random(16), two.purse, with_another, 1)
    attacker.refused("input.no-key", lambda: attacker.send("device0", correlating))


def test_afterwards_each_wallet_pays_what_its_owner_asks(two: Two):
    for name in ("purse", "savings"):
        two.of(name)
        payment = two.home.pay(first_coin=20)
        assert signed(payment, two.home.sign(payment))
