"""Running totals say what adding everything up says, in whatever order it comes, and whatever is taken back."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.in_memory import InMemory

from warifu.signer.totals import Row, Totals, dearest, parts

pytestmark = pytest.mark.unit

WALLETS = (b"one", b"other")
CHAINS = ("bitcoin", "eip155:1")
TOKENS = ("", "0xa", "0xb")


movements = st.lists(
    st.tuples(
        st.sampled_from(WALLETS),
        st.sampled_from(CHAINS),
        st.sampled_from(TOKENS),
        st.integers(0, 20),
        st.integers(-3, 2**130),
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(movements)
def test_a_window_is_what_everything_in_it_comes_to(moved):
    totals = Totals(cast("Any", InMemory()))
    for each in moved:
        totals.add(*each)
    for wallet in WALLETS:
        for chain in CHAINS:
            for token in TOKENS:
                mine = [(at, amount) for *place, at, amount in moved if place == [wallet, chain, token]]
                moments = list(range(-1, 22))
                expected = [sum(amount for at, amount in mine if at > moment) for moment in moments]
                assert totals.after(wallet, chain, token, moments) == expected
        places = {(chain, token) for owner, chain, token, _, amount in moved if owner == wallet and amount}
        assert totals.assets(wallet) == sorted(places)


def test_what_is_taken_back_never_was():
    totals = Totals(cast("Any", InMemory()))
    for moment in (5, 1, 9):
        totals.add(b"one", "bitcoin", "", moment, 10**30)
    totals.add(b"one", "bitcoin", "", 5, -(10**30))
    assert totals.after(b"one", "bitcoin", "", [0, 1, 5, 8, 9]) == [2 * 10**30, 10**30, 10**30, 10**30, 0]


rows = st.lists(
    st.builds(
        Row,
        st.just(b""),
        st.sampled_from((b"p", b"q")),
        st.integers(0, 6),
        st.dictionaries(st.sampled_from(TOKENS), st.integers(1, 9)).map(Counter),
    ),
    max_size=8,
)


@given(rows)
def test_the_parts_of_a_payment_come_to_its_dearest_transaction_in_every_window(known):
    for since in range(-1, 8):
        total: Counter[str] = Counter()
        for (token, moment), amount in parts(known).items():
            total[token] += amount if moment > since else 0
        assert +total == +dearest(known, since)
