"""Amounts keep their unit and their last satoshi."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.units import MAX_SATOSHI, format_bitcoin_amount, parse_bitcoin_amount, satoshi

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.5 BTC", 50_000_000), ("1 btc", 100_000_000), ("0.00000001", 1), ("1200 sat", 1200), ("7 sats", 7)],
)
def test_amounts_are_read(text: str, expected: int) -> None:
    assert parse_bitcoin_amount(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "100000",
        "1.5 sat",
        "-1 sat",
        "1e3 sat",
        "1,5 BTC",
        "0.123456789 BTC",
        "BTC",
        "1 BTC 2",
        "1 ETH",
        "٣ sat",
        ".5 BTC",
        "5. BTC",
        "22000000 BTC",
    ],
)
def test_anything_doubtful_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        parse_bitcoin_amount(text)


@given(st.integers(0, MAX_SATOSHI))
def test_what_is_shown_reads_back_to_the_last_satoshi(amount: int) -> None:
    assert parse_bitcoin_amount(format_bitcoin_amount(amount)) == amount


@pytest.mark.parametrize("value", [-1, MAX_SATOSHI + 1, True])
def test_an_amount_outside_bitcoin_is_refused(value: int) -> None:
    with pytest.raises(InputRefused):
        satoshi(value)
