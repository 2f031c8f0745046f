"""Fees from what blocks paid, and fees that replace others."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.ethereum_network.scripted import fee_history

from warifu.chains.ethereum_network.fees import GWEI, FeeBounds, Fees, bumped, estimate, replacement
from warifu.chains.ethereum_network.profiles import DEFAULT, fee_bounds
from warifu.chains.ethereum_network.wire import FeeHistory
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.unit

BOUNDS = FeeBounds(least_priority=10**8, most_priority=50 * GWEI, most=500 * GWEI)


def history(**fields) -> FeeHistory:
    return msgspec.json.decode(msgspec.json.encode(fields), type=FeeHistory)


def test_twice_the_base_fee_and_the_usual_tip():
    fees = estimate(history(**fee_history(20 * GWEI, tip=2 * GWEI)), BOUNDS)
    assert fees == Fees(max_fee=42 * GWEI, priority=2 * GWEI, base_fee=20 * GWEI)
    assert fees.likely == 22 * GWEI


def test_the_base_fee_is_that_of_the_next_block():
    fields = fee_history(20 * GWEI)
    fields["baseFeePerGas"] = [hex(20 * GWEI)] * 20 + [hex(22 * GWEI)]
    assert estimate(history(**fields), BOUNDS).base_fee == 22 * GWEI


def test_the_usual_tip_is_the_median_of_the_blocks_that_had_transactions():
    fields = fee_history(GWEI, blocks=5)
    fields["reward"] = [["0x0", hex(tip), hex(tip)] for tip in (0, 3 * GWEI, 5 * GWEI, 40 * GWEI, 0)]
    fields["gasUsedRatio"] = [0, 0.4, 0.9, 0.1, 0]
    assert estimate(history(**fields), BOUNDS).priority == 5 * GWEI


@pytest.mark.parametrize("fields", [fee_history(GWEI, tip=0), fee_history(GWEI, used=0), {"reward": None}])
def test_an_empty_chain_pays_the_least(fields):
    assert estimate(history(**{**fee_history(GWEI), **fields}), BOUNDS).priority == BOUNDS.least_priority


def test_a_node_cannot_raise_the_tip_beyond_the_bound():
    assert estimate(history(**fee_history(GWEI, tip=10**6 * GWEI)), BOUNDS).priority == BOUNDS.most_priority


def test_the_headroom_ends_at_the_bound():
    assert estimate(history(**fee_history(400 * GWEI, tip=GWEI)), BOUNDS).max_fee == BOUNDS.most


def test_a_chain_that_is_dearer_than_the_bound_is_not_paid():
    with pytest.raises(InputRefused) as refused:
        estimate(history(**fee_history(500 * GWEI, tip=GWEI)), BOUNDS)
    assert refused.value.code == "input.fee-cap"


@pytest.mark.parametrize(
    "wrong",
    [
        {"reward": [["0x1", "0x1", "0x1"]] * 19},
        {"reward": [["0x1", "0x1"]] * 20},
        {"gasUsedRatio": []},
        {"gasUsedRatio": ["NaN"] * 20},  # a string, of which a decimal can be made
    ],
)
def test_a_history_that_does_not_fit_together_is_no_history(wrong):
    with pytest.raises(ChainUnavailable) as failed:
        estimate(history(**{**fee_history(GWEI), **wrong}), BOUNDS)
    assert failed.value.code == "chain.answer-form"


@given(st.integers(0, 10**30))
def test_a_bump_is_at_least_ten_percent_and_at_least_one(value):
    assert Fraction(bumped(value)) >= Fraction(value) * Fraction(11, 10)
    assert bumped(value) > value
    assert bumped(value) <= max(value + 1, value * 11 // 10 + 1), "and no more than it must be"


@given(
    st.integers(1, 100 * GWEI),
    st.integers(1, 10 * GWEI),
    st.integers(1, 100 * GWEI),
    st.integers(0, 10 * GWEI),
)
def test_a_replacement_beats_the_old_fees_and_suffices_now(old_max, old_priority, base_fee, priority):
    old_max = max(old_max, old_priority)
    now = Fees(2 * base_fee + priority, priority, base_fee)
    new = replacement(old_max, old_priority, now, BOUNDS)
    assert new.max_fee * 10 >= old_max * 11
    assert new.priority * 10 >= old_priority * 11 or new.priority == new.max_fee
    assert new.max_fee >= now.max_fee
    assert new.priority >= now.priority
    assert new.priority <= new.max_fee


def test_a_replacement_beyond_the_bound_is_not_made():
    now = Fees(3 * GWEI, GWEI, GWEI)
    with pytest.raises(InputRefused) as refused:
        replacement(460 * GWEI, GWEI, now, BOUNDS)
    assert refused.value.code == "input.fee-cap"


def test_each_known_chain_has_bounds_and_any_other_the_wide_ones():
    assert fee_bounds(1).most == 5_000 * GWEI
    assert fee_bounds(137).least_priority == 25 * GWEI
    assert fee_bounds(987654) == DEFAULT
