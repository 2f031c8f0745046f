"""What a hostile service can spend in a window when it keeps notes back: docs/limits.md, theorem 1, with real
ceremonies for all small households. The bound is attained, and then not one satoshi more is signed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.interleaving import Attack, watched, wrapped_around
from tests.support.simulator import Household, Spend, bitcoin_policy

from warifu.chains.bitcoin.address import address_for
from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.protocol.policy import DAY, HOUR

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LIMIT = 100_003
"""A prime: nothing divides it, so the bound's rounding shows."""
SIZES = [(threshold, devices) for devices in range(1, 6) for threshold in range(1, devices + 1)]


def bound(limit: int, threshold: int, devices: int, hostile: int) -> int:
    """Theorem 1."""
    return limit * (devices - hostile) // (threshold - hostile)


@pytest.mark.parametrize(("threshold", "devices"), SIZES)
def test_the_schedule_is_one_within_every_signers_limit(threshold, devices):
    for hostile in range(threshold):
        honest, needed = devices - hostile, threshold - hostile
        spends = wrapped_around(LIMIT, honest, needed)
        assert sum(amount for amount, _ in spends) == bound(LIMIT, threshold, devices, hostile)
        assert len(spends) <= honest + 1
        assert all(len(signers) == needed for _, signers in spends)
        for number in range(honest):
            assert sum(amount for amount, signers in spends if number in signers) <= LIMIT


def interleave(attack: Attack, spends: Sequence[tuple[int, tuple[str, ...]]], first_coin: int) -> None:
    """All are opened, and all have shown themselves, before any share leaves: nobody tells of anything in time."""
    home = attack.home
    sessions = []
    for number, (amount, signers) in enumerate(spends):
        spend = home.pay(amount, fee=0, first_coin=first_coin + number)
        sessions.append(attack.open(home.openings(spend.request, signers, spend.unsigned)))
    for _ in range(2):  # the Hellos, then what each shows and tells
        for session in sessions:
            session.round()
    for session in sessions:
        session.to_the_end()
        assert not session.failed


def of_one_satoshi(home: Household, coin: int) -> Spend:
    """Nothing leaves by it but a fee of that."""
    assert home.keys is not None
    own = home.keys.script(KeyPath(Branch.RECEIVE, 1))
    address = address_for(own, Network.REGTEST)
    assert address is not None
    return home.pay(60_000, to=address, script=own, fee=1, first_coin=coin)


@pytest.mark.parametrize(("threshold", "devices"), SIZES)
def test_it_is_attained_and_never_exceeded_by_one_satoshi(tmp_path: Path, threshold, devices):
    for hostile in range(threshold):
        home = Household(tmp_path / str(hostile), devices)
        home.make_wallet(threshold, bitcoin_policy(per_day=LIMIT))
        liars, honest = home.names[:hostile], home.names[hostile:]
        attack = Attack(home, threshold, set(liars))
        with watched(attack):
            schedule = wrapped_around(LIMIT, len(honest), threshold - hostile)
            interleave(
                attack,
                [(amount, (*liars, *(honest[number] for number in signers))) for amount, signers in schedule],
                first_coin=0,
            )
            assert attack.most_in(DAY) == bound(LIMIT, threshold, devices, hostile)
            spend = of_one_satoshi(home, coin=100)
            refusing = {
                name for name in honest if not home[name].decide(spend.request, spend.unsigned).allowed
            }
            quorums = list(itertools.combinations(honest, threshold - hostile))
            assert all(refusing & set(quorum) for quorum in quorums)
            session = attack.open(home.openings(spend.request, (*liars, *quorums[0]), spend.unsigned))
            session.to_the_end()
            assert "policy.window-limit" in session.failed.values() and not session.finished
            assert attack.most_in(DAY) == bound(LIMIT, threshold, devices, hostile)
        home.close()


def test_with_notes_in_time_it_is_the_limit_itself(tmp_path: Path):
    """The same schedule, one after the other, and the service carries what is told."""
    home = Household(tmp_path, 3)
    home.make_wallet(2, bitcoin_policy(per_day=LIMIT))
    attack = Attack(home, 2, set())
    with watched(attack):
        for number, (amount, signers) in enumerate(wrapped_around(LIMIT, 3, 2)):
            spend = home.pay(amount, fee=0, first_coin=number)
            names = [home.names[signer] for signer in signers]
            attack.open(home.openings(spend.request, names, spend.unsigned)).to_the_end()
            for source, target in itertools.permutations(home.names, 2):
                home.carry(source, target)
    assert 0 < attack.most_in(DAY) <= LIMIT
    home.close()


def test_what_is_signed_anew_counts_from_then_on(tmp_path: Path):
    """device0 let its share go in a session that broke off, and again twenty hours later with another device. Were the
    first moment to count, it could let a whole limit pass again a few hours after that."""
    home = Household(tmp_path, 3)
    home.make_wallet(2, bitcoin_policy(per_day=LIMIT))
    attack = Attack(home, 2, set())
    spend = home.pay(LIMIT, fee=0, first_coin=1, expires=home.clock() + DAY)
    with watched(attack):
        session = attack.open(home.openings(spend.request, ["device0", "device1"], spend.unsigned))
        session.round()
        session.round()
        session.deliver((home["device1"].identity, home["device0"].identity))
        session.give_up()
        assert [item.device for item in attack.left] == ["device0"]
        home.clock.pass_(20 * HOUR)
        assert home.sign(spend, ["device0", "device2"]).finished
        home.clock.pass_(5 * HOUR)
        again = home.pay(LIMIT, fee=0, first_coin=2)
        assert home.sign(again, ["device0", "device1"]).codes["device0"] == "policy.window-limit"
        home.clock.pass_(23 * HOUR)  # device1 was told: there it counts a day from the end of the request
        assert home.sign(home.pay(LIMIT, fee=0, first_coin=2), ["device0", "device1"]).finished
    home.close()
