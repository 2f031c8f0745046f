"""The service changes what a transfer costs: into a miner's pocket, or so low that it never happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.accounts import ETHER, GWEI, LOCAL, ether_payment, ethereum_rules
from tests.support.attacker import ALL_CHAINS, Attacker, ether, of_account, with_outputs
from tests.support.founding import founded
from tests.support.simulator import COIN, FRIEND_SCRIPT, Household, bitcoin_policy

from warifu.chains.bitcoin.transaction import TxOutput
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def shave(satoshi: int, output: int):
    """``satoshi`` of an output go to the miner (less than nothing: come from him)."""

    def change(outputs: list[TxOutput]) -> list[TxOutput]:
        less = replace(outputs[output], amount=Satoshi(outputs[output].amount - satoshi))
        return [less if number == output else each for number, each in enumerate(outputs)]

    return change


@pytest.mark.parametrize(
    ("satoshi", "output", "code"),
    [
        (1, 1, "transaction.fee-over-ceiling"),
        (1, 0, "transaction.fee-over-ceiling"),
        (50_000_000, 1, "transaction.fee-rate"),  # over what Bitcoin Core itself would send
        (-1, 1, "transaction.other-transaction"),  # so cheap that it never confirms
        (-1, 0, "transaction.wrong-amount"),
        (-200_000_000, 1, "transaction.negative-fee"),
    ],
)
def test_on_bitcoin(home, attacker, satoshi, output, code):
    payment = home.pay()
    lie = with_outputs(payment, shave(satoshi, output))
    attacker.refused(code, lambda: attacker.show(payment, [lie]))


def test_within_the_owners_ceiling_the_fee_is_still_that_of_the_transaction_which_the_owner_named(
    home, attacker
):
    payment = home.pay(fee=1_000, fee_ceiling="5000")
    lie = with_outputs(payment, shave(2_000, 1))
    attacker.refused("transaction.other-transaction", lambda: attacker.show(payment, [lie]))


def test_the_whole_change_as_a_fee(home, attacker):
    payment = home.pay(coins=((COIN, 100_000),))
    lie = with_outputs(payment, lambda outputs: outputs[:1])
    attacker.refused("transaction.fee-over-ceiling", lambda: attacker.show(payment, [lie]))


def test_one_of_the_signers_is_corrupted(home, attacker):
    attacker.corrupt("device0")
    payment = home.pay()
    lie = with_outputs(payment, shave(40_000, 1))
    attacker.refused("transaction.fee-over-ceiling", lambda: attacker.show(payment, [lie]))
    attacker.refused("peer.transaction-differs", lambda: attacker.show(payment, [lie, payment.unsigned]))


def test_an_owner_who_was_talked_into_it_has_the_policys_ceiling_left(tmp_path):
    household = founded(tmp_path, 2, bitcoin_policy(fee_ceiling=2_000))
    attacker, payment = Attacker(household), household.pay(fee=2_001)
    attacker.refused("policy.fee-ceiling", lambda: household.sign(payment))
    household.close()


@pytest.mark.parametrize(
    ("built", "code"),
    [
        ({"max_fee": 31 * GWEI}, "transaction.fee-over-ceiling"),
        ({"max_fee": 2**200}, "transaction.fee-over-ceiling"),
        ({"max_fee": 2 * GWEI}, "transaction.other-transaction"),  # it would hang, and block the account
    ],
)
def test_on_ethereum(wide_home: Household, wide_attacker: Attacker, built, code):
    payment = ether(wide_home)
    wide_attacker.refused(code, lambda: wide_attacker.show(payment, [ether_payment(**built)]))


def test_a_fee_that_is_more_than_the_payment_is_a_payment_to_the_block_builder(tmp_path):
    household = Household(tmp_path, 2)
    rules = ethereum_rules(fee_ceiling=str(ETHER // 100))
    household.make_wallet(2, bitcoin_policy(others=[rules]), schemes=ALL_CHAINS[:2])
    attacker, dear = Attacker(household), of_account(household, LOCAL, ether_payment(1, max_fee=1000 * GWEI))
    attacker.refused("policy.fee-ceiling", lambda: household.sign(dear))
    household.close()


def test_the_recipient_is_not_paid_less_to_pay_the_miner(home, attacker):
    payment = home.pay(fee_ceiling="100000")
    lie = with_outputs(payment, lambda outputs: [TxOutput(Satoshi(59_000), FRIEND_SCRIPT), *outputs[1:]])
    attacker.refused("transaction.wrong-amount", lambda: attacker.show(payment, [lie]))
