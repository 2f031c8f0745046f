"""A limit is split over many small requests, each authorized by the owner, by two replicas of the service that hand
them out at the same moment: to the same signers, to different ones, with a corrupted one among them. A replica is
simulated here, frame by frame, so that dice decide the order; ``test_two_replicas.py`` has real ones.

The coins are real ones of an embedded chain, whose engine (Bitcoin Core's) judges in the end what has left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from tests.support.attacker import Attacker, Replica, at_the_same_moment
from tests.support.simulator import COIN, Household, Spend, bitcoin_policy, signed, with_witnesses

from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import OutPoint, TxInput
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.errors import WarifuError
from warifu.units import Satoshi

pytestmark = [pytest.mark.real, pytest.mark.slow]

LIMIT = 200_000
EACH, FEE = 60_000, 1_000
FIT = LIMIT // (EACH + FEE)
"""So many of them are within the limit: one more is not."""
PAIRS = list(combinations(("device0", "device1", "device2"), 2))


@dataclass
class Ledger:
    """A household whose coins lie on a chain of its own."""

    home: Household
    chain: EmbeddedChain
    coins: list[OutPoint]

    def pay(self) -> Spend:
        """A small payment from a coin of its own, authorized by the owner."""
        payment = self.home.pay(EACH, fee=FEE, coins=((COIN, 100_000),))
        psbt = parse_psbt(payment.unsigned)
        real = replace(psbt.transaction, inputs=(TxInput(self.coins.pop(), sequence=0xFFFFFFFD),))
        request = msgspec.structs.replace(payment.request, transaction=real.txid)
        return Spend(request, replace(psbt, transaction=real).serialize())

    def left(self, payments: Sequence[Spend], replicas: Sequence[Replica]) -> int:
        """Send what has been signed; what left the wallet by the chain's account, fees and all."""
        for payment, replica in zip(payments, replicas, strict=True):
            if replica.outcome.finished:
                self.chain.send(signed(payment, replica.outcome))
        self.chain.mine()
        paid = [self.chain.find(payment.request.transaction) for payment in payments]
        return sum(100_000 - each.outputs[1].amount for each in paid if each is not None)


@pytest.fixture
def ledger(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    strict = getattr(request, "param", False)
    home, chain = Household(tmp_path, 3), EmbeddedChain(tmp_path / "chain")
    home.make_wallet(2, msgspec.structs.replace(bitcoin_policy(per_day=LIMIT), strict=strict))
    assert home.keys is not None
    coins = []
    for _ in range(9):
        txid = chain.fund(home.keys.address(COIN), Satoshi(100_000))
        chain.mine()
        funded = chain.find(txid)
        assert funded is not None
        (vout,) = (at for at, output in enumerate(funded.outputs) if output.script == home.keys.script(COIN))
        coins.append(OutPoint(txid, vout))
    yield Ledger(home, chain, coins)
    chain.close()
    home.close()


def handed_out(
    ledger: Ledger, quorums: Sequence[Sequence[str]], seed: int
) -> tuple[list[Spend], list[Replica]]:
    """One payment to each of ``quorums``, all at once."""
    payments = [ledger.pay() for _ in quorums]
    replicas = [
        Replica(ledger.home, ledger.home.openings(payment.request, quorum, payment.unsigned))
        for payment, quorum in zip(payments, quorums, strict=True)
    ]
    at_the_same_moment(replicas, random.Random(seed))
    return payments, replicas


def codes(replicas: Sequence[Replica], honest: Sequence[str]) -> set[str]:
    return {code for replica in replicas for name, code in replica.outcome.codes.items() if name in honest}


@pytest.mark.parametrize("seed", range(4))
def test_by_two_replicas_to_the_same_two_signers(ledger: Ledger, seed):
    """Whatever the order, the limit is not passed, and what is over it is refused by its name."""
    payments, replicas = handed_out(ledger, [PAIRS[0]] * 8, seed)
    assert 0 < ledger.left(payments, replicas) <= LIMIT
    assert sum(bool(replica.outcome.finished) for replica in replicas) <= FIT
    assert codes(replicas, ledger.home.names) == {"policy.window-limit"}
    attacker = Attacker(ledger.home)
    assert any("policy.window-limit" in attacker.told(name) for name in PAIRS[0])


@pytest.mark.parametrize("seed", range(4))
def test_by_replicas_to_all_pairs_before_any_has_told_of_its_own(ledger: Ledger, seed):
    """Each signer counts what it signs itself, so the pairs together pass half the limit again and no more: L n / t
    (docs/limits.md). Where that is too much, a wallet is strict."""
    quorums = [PAIRS[number % 3] for number in range(8)]
    payments, replicas = handed_out(ledger, quorums, seed)
    assert 0 < ledger.left(payments, replicas) <= LIMIT * 3 // 2
    assert codes(replicas, ledger.home.names) == {"policy.window-limit"}


@pytest.mark.parametrize("seed", range(4))
def test_with_a_corrupted_signer_in_every_pair(ledger: Ledger, seed):
    """It counts nothing and tells nothing: each honest one lets the limit pass once, L (n - 1) / (t - 1)."""
    attacker = Attacker(ledger.home)
    attacker.corrupt("device1")
    payments, replicas = handed_out(ledger, [PAIRS[0], PAIRS[2]] * 4, seed)
    assert 0 < ledger.left(payments, replicas) <= LIMIT * 2
    for name in attacker.honest:
        by_it = [replica for replica in replicas if name in replica.openings and replica.outcome.finished]
        assert len(by_it) <= FIT


def test_one_after_the_other_to_other_pairs_each_time(ledger: Ledger):
    """What one pair signed is known to the next: its notes come with the session."""
    home, attacker, payments, replicas = ledger.home, Attacker(ledger.home), [], []
    for number in range(FIT):
        payment = ledger.pay()
        replica = Replica(home, home.openings(payment.request, PAIRS[number % 3], payment.unsigned))
        at_the_same_moment([replica], random.Random(0))
        payments.append(payment)
        replicas.append(replica)
    assert 0 < ledger.left(payments, replicas) <= LIMIT
    for pair in PAIRS:
        over = ledger.pay()
        attacker.refused("policy.window-limit", home.sign, over, pair)


@pytest.mark.parametrize("ledger", [True], indirect=True, ids=["strict"])
@pytest.mark.parametrize("seed", range(2))
def test_in_a_strict_wallet_not_a_satoshi_over_the_limit_by_any_pair(ledger: Ledger, seed):
    home, payments, replicas = ledger.home, [], []
    for number in range(8):
        payment = ledger.pay()
        try:
            said = home.acknowledged(payment, home.names)
            heard = home.confirmed(payment, home.names, said)
        except WarifuError as refused:
            assert refused.code == "policy.window-limit"
            continue
        openings = home.openings(payment.request, PAIRS[number % 3], payment.unsigned)
        payments.append(payment)
        replicas.append(Replica(home, with_witnesses(openings, said, heard)))
    assert 0 < len(replicas) <= FIT
    at_the_same_moment(replicas, random.Random(seed))
    assert 0 < ledger.left(payments, replicas) <= LIMIT


def test_pieces_below_every_other_limit_are_still_counted_with_their_fees(ledger: Ledger):
    """The fee leaves, too: a thousand payments of nothing would empty the wallet."""
    home, attacker = ledger.home, Attacker(ledger.home)
    for number in range(4):
        dear = home.pay(1_000, fee=45_000, first_coin=50 + number, coins=((COIN, 100_000),))
        assert signed(dear, home.sign(dear))
    last = home.pay(1_000, fee=45_000, first_coin=60, coins=((COIN, 100_000),))
    attacker.refused("policy.window-limit", lambda: home.sign(last))
