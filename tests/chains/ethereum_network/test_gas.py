"""Gas limits: a margin where state can change, none where it cannot, and a bound that no node moves."""

from __future__ import annotations

import pytest

from warifu.chains.ethereum_network.gas import MAX_TRANSACTION_GAS, gas_limit
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

BLOCK = 30_000_000


@pytest.mark.parametrize(
    ("estimated", "data", "expected"),
    [
        (21_000, b"", 21_000),
        (21_001, b"", 25_201),  # the recipient runs code
        (50_000, b"\x01", 60_000),
        (21_000, b"\x01", 25_200),
        (MAX_TRANSACTION_GAS, b"\x01", MAX_TRANSACTION_GAS),
    ],
)
def test_estimate_and_margin(estimated, data, expected):
    assert gas_limit(estimated, data, BLOCK) == expected


@pytest.mark.parametrize("estimated", [0, 20_999, MAX_TRANSACTION_GAS + 1, 1 << 200])
def test_out_of_bounds(estimated):
    with pytest.raises(InputRefused) as refused:
        gas_limit(estimated, b"", BLOCK)
    assert refused.value.code == "input.gas"


def test_never_more_than_a_block_holds():
    assert gas_limit(900_000, b"\x01", 1_000_000) == 1_000_000
    with pytest.raises(InputRefused):
        gas_limit(1_000_001, b"\x01", 1_000_000)
