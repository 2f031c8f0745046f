"""A policy can be written as text again, and that text is read as the same policy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.support.policies import policies

from warifu.cli.recipes import RECIPES, recipe
from warifu.errors import InputRefused
from warifu.protocol.policy import POLICY_VERSION, AssetLimits, ChainRules, Policy, Price, Window
from warifu.protocol.policy_text import read_policy
from warifu.protocol.policy_writing import write_policy

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@settings(max_examples=100, deadline=None)
@given(policies())
def test_what_is_written_is_read_as_the_same_policy(policy):
    assert read_policy(write_policy(policy)) == policy


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_it(name):
    policy = read_policy(recipe(name))
    assert read_policy(write_policy(policy)) == policy


def test_it_is_a_text_that_a_person_would_write():
    text = write_policy(read_policy(recipe("saver")))
    assert 'per_month = "0.1 BTC"' in text
    assert 'fee_share = "2 %"' in text
    assert 'loosening_delay = "7d"' in text


def asset(
    token: str, symbol: str, per_unit: str = "", per_transaction: int = 1, decimals: int = 18
) -> AssetLimits:
    price = (
        Price("EUR", per_unit, 'a page of "quotes" \\ and 円', 1_795_737_600, 86_400) if per_unit else None
    )
    windows = (Window(24, str(2**256 - 1)),)
    return AssetLimits(token, symbol, decimals, str(per_transaction), windows, price=price)


def with_assets(*assets: AssetLimits, **fields: Any) -> Policy:
    rules = ChainRules("eip155:1", "1", True, (), assets, (), False)
    return Policy(POLICY_VERSION, 5, (msgspec.structs.replace(rules, **fields),))


@pytest.mark.parametrize(
    "per_unit", ["0.000000000000000001", "3", "58123.45", "999999999999999999.999999999999999999"]
)
@pytest.mark.parametrize("amount", [0, 1, 10**18 + 1, 2**256 - 1])
def test_limits_in_money_come_to_the_same_unit(per_unit, amount):
    policy = with_assets(asset("", "ETH", per_unit, amount))
    assert read_policy(write_policy(policy)) == policy


def test_what_no_text_can_say_is_refused_and_not_written_as_something_else():
    twins = (asset("0x" + "a" * 40, "USDC"), asset("0x" + "b" * 40, "USDC"))
    with pytest.raises(InputRefused, match="called the same"):
        write_policy(with_assets(asset("", "ETH"), *twins))
    with pytest.raises(InputRefused, match="two prices"):
        write_policy(with_assets(asset("", "ETH", "1"), asset("0x" + "a" * 40, "eth", "2")))
