"""Fee bumps: the same payment again, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.bitcoin_coins import (
    COIN,
    FRIEND_SCRIPT,
    KEYS,
    THIEF_SCRIPT,
    WINDOW,
    change,
    ordinary,
    outpoint,
    pay,
    spend,
    with_transaction,
)

from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import Psbt
from warifu.chains.bitcoin.rbf import (
    SignedPayment,
    check_replacement,
    is_replacement,
    minimum_replacement_fee,
    remember,
)
from warifu.chains.bitcoin.transaction import TxInput, TxOutput
from warifu.errors import TransactionRefused
from warifu.units import Satoshi

pytestmark = pytest.mark.unit


def remembered(psbt: Psbt) -> SignedPayment:
    return remember(read_payment(psbt.serialize(), KEYS, WINDOW))


def paying(*outputs: TxOutput) -> SignedPayment:
    return remembered(spend([(COIN, 100_000)], outputs))


OLD = remembered(ordinary())
"""60,000 sat to a friend, fee 1,000 sat, 142 vB, spending coin 0."""


def test_less_change_and_more_fee_is_a_replacement():
    new = paying(pay(FRIEND_SCRIPT, 60_000), change(35_000))
    assert is_replacement(OLD, new)
    check_replacement([OLD], new)


def test_giving_up_the_change_or_reordering_is_a_replacement_too():
    assert is_replacement(OLD, paying(pay(FRIEND_SCRIPT, 60_000)))
    assert is_replacement(OLD, paying(change(35_000), pay(FRIEND_SCRIPT, 60_000)))


@pytest.mark.parametrize(
    "outputs",
    [
        (pay(FRIEND_SCRIPT, 59_999), change(35_000)),
        (pay(FRIEND_SCRIPT, 60_001), change(35_000)),
        (pay(THIEF_SCRIPT, 60_000), change(35_000)),
        (change(95_000),),
        (pay(FRIEND_SCRIPT, 60_000), pay(THIEF_SCRIPT, 1_000), change(34_000)),
        (pay(FRIEND_SCRIPT, 30_000), pay(FRIEND_SCRIPT, 30_000), change(35_000)),
    ],
)
def test_another_payment_is_no_replacement(outputs: tuple[TxOutput, ...]):
    new = paying(*outputs)
    assert not is_replacement(OLD, new)
    with pytest.raises(TransactionRefused) as caught:
        check_replacement([OLD], new)
    assert caught.value.code == "transaction.not-a-replacement"


def test_the_same_payment_from_other_coins_would_pay_twice():
    other = with_transaction(ordinary(), inputs=(TxInput(outpoint(7)),))
    assert not is_replacement(OLD, remembered(other))


def test_the_same_transaction_is_no_replacement_of_itself():
    assert not is_replacement(OLD, OLD)


def test_a_chain_of_replacements_that_loses_the_first_coin_would_pay_twice():
    """B replaces A, C replaces B, but A and C share no coin: both could confirm."""
    a = replace(OLD, inputs=frozenset({outpoint(0)}))
    b = replace(OLD, txid=b"b" * 32, inputs=frozenset({outpoint(0), outpoint(1)}), fee=Satoshi(2_000))
    c = replace(OLD, txid=b"c" * 32, inputs=frozenset({outpoint(1)}), fee=Satoshi(3_000))
    assert is_replacement(a, b)
    assert is_replacement(b, c)
    check_replacement([b], c)
    with pytest.raises(TransactionRefused):
        check_replacement([a, b], c)


@pytest.mark.parametrize(("new_vsize", "least"), [(142, 1_142), (100, 1_100), (300, 2_113), (1, 1_001)])
def test_the_least_fee_pays_the_old_one_its_own_relay_and_a_higher_rate(new_vsize: int, least: int):
    assert minimum_replacement_fee(OLD, new_vsize) == least


def test_a_fee_below_the_least_is_refused():
    check_replacement([OLD], paying(pay(FRIEND_SCRIPT, 60_000), change(38_858)))
    with pytest.raises(TransactionRefused, match="1142 sat are needed") as caught:
        check_replacement([OLD], paying(pay(FRIEND_SCRIPT, 60_000), change(38_859)))
    assert caught.value.code == "transaction.fee-bump"


@given(st.integers(0, 10**9), st.integers(60, 10**5), st.integers(60, 10**5), st.integers(1, 10))
def test_the_least_fee_satisfies_every_rule_and_one_less_breaks_one(
    fee: int, old_size: int, size: int, relay: int
):
    old = replace(OLD, fee=Satoshi(fee), vsize=old_size)

    def allowed(new_fee: int) -> bool:
        return new_fee >= fee + relay * size and new_fee * old_size > fee * size

    least = minimum_replacement_fee(old, size, relay)
    assert allowed(least)
    assert not allowed(least - 1)
