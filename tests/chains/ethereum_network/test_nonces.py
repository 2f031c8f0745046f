"""Which nonce a transaction takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum_network.nonces import MAX_WAITING, next_nonce
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("executed", "taken", "expected"),
    [
        (0, [], 0),
        (7, [], 7),
        (7, [7, 8], 9),
        (7, [8, 9], 7),  # a gap is filled first: 8 and 9 wait for it
        (7, [7, 9], 8),
        (7, [3, 4], 7),  # executed in the meantime
        (7, [7, 7, 7], 8),
    ],
)
def test_the_lowest_free_nonce(executed, taken, expected):
    assert next_nonce(executed, taken) == expected


@given(st.integers(0, 2**40), st.sets(st.integers(0, 40), max_size=MAX_WAITING - 1))
def test_it_is_free_and_nothing_below_it_is(executed, offsets):
    taken = {executed + offset for offset in offsets}
    nonce = next_nonce(executed, taken)
    assert nonce >= executed
    assert nonce not in taken
    assert all(below in taken for below in range(executed, nonce))


@given(st.integers(0, 2**40), st.integers(1, MAX_WAITING))
def test_drafts_one_after_the_other_never_share_a_nonce(executed, count):
    taken: list[int] = []
    for _ in range(count):
        taken.append(next_nonce(executed, taken))
    assert taken == list(range(executed, executed + count))


def test_no_more_than_nodes_keep():
    with pytest.raises(InputRefused) as refused:
        next_nonce(7, range(7, 7 + MAX_WAITING))
    assert refused.value.code == "input.too-many-waiting"
    assert next_nonce(8, range(7, 7 + MAX_WAITING)) == 7 + MAX_WAITING, "one is executed, so there is room"
