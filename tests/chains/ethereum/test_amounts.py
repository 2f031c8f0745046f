"""Amounts are exact, carry their unit, and are never rounded."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum.amounts import (
    format_ether,
    format_gwei,
    format_token_amount,
    parse_ether_amount,
    parse_token_amount,
)
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

WRITTEN = {
    "0.5 ETH": 5 * 10**17,
    "1 ether": 10**18,
    "3 gwei": 3 * 10**9,
    "2.000000001 Gwei": 2_000_000_001,
    "1 wei": 1,
    "0 ETH": 0,
    "0.000000000000000001 eth": 1,
    "  12   ETH ": 12 * 10**18,
}


@pytest.mark.parametrize(("text", "wei"), WRITTEN.items())
def test_what_people_write(text: str, wei: int):
    assert parse_ether_amount(text) == wei


def test_the_coin_of_another_chain_has_its_own_name():
    assert parse_ether_amount("0.5 POL", "POL") == 5 * 10**17
    for text, symbol in (("0.5 POL", "ETH"), ("0.5 ETH", "POL"), ("0.5 ether", "POL")):
        with pytest.raises(InputRefused):
            parse_ether_amount(text, symbol)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "1",
        "1.5",
        "ETH",
        "ETH 1",
        "1ETH",
        "-1 ETH",
        "+1 ETH",
        "1e3 ETH",
        "1,5 ETH",
        "1_000 ETH",
        ".5 ETH",
        "1. ETH",
        "0x1 ETH",
        "１ ETH",
        "1 ETH ETH",
        "0.0000000000000000001 ETH",
        "0.0000000001 gwei",
        "0.5 wei",
        "1 finney",
        "NaN ETH",
        "inf ETH",
        "1" * 79 + " wei",
        str(2**256) + " wei",
    ),
)
def test_what_is_no_exact_amount_is_refused(text: str):
    with pytest.raises(InputRefused):
        parse_ether_amount(text)


@given(st.integers(0, 2**256 - 1), st.integers(0, 77))
def test_what_is_shown_is_read_back_exactly(amount: int, decimals: int):
    shown = format_token_amount(amount, decimals)
    assert parse_token_amount(shown, decimals) == amount
    with localcontext() as context:
        context.prec = 400
        assert Decimal(shown) == Decimal(amount).scaleb(-decimals)


@pytest.mark.parametrize("decimals", (-1, 78, 255, True))
def test_decimals_that_no_token_has_are_refused(decimals: int):
    with pytest.raises(InputRefused):
        parse_token_amount("1", decimals)
    with pytest.raises(InputRefused):
        format_token_amount(1, decimals)


def test_more_decimals_than_a_token_has_are_refused_and_not_rounded():
    assert parse_token_amount("12.5", 6) == 12_500_000
    with pytest.raises(InputRefused, match="6 decimals"):
        parse_token_amount("12.5000000", 6)


def test_what_is_shown():
    assert format_ether(0) == "0 ETH"
    assert format_ether(15 * 10**17) == "1.5 ETH"
    assert format_ether(1, "POL") == "0.000000000000000001 POL"
    assert format_gwei(3_500_000_000) == "3.5 gwei"
    assert format_token_amount(-1_500_000, 6) == "-1.5"
    assert format_token_amount(100, 0) == "100"
