"""What the page on exchanges says of how much is covered is counted here."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from warifu.exchanges.binance import capital, spot
from warifu.exchanges.calls import Endpoint
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.registry import EXCHANGES

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs/exchanges.md"


def endpoints(*modules: ModuleType) -> int:
    return len(
        {
            (each.__name__, name)
            for each in modules
            for name, value in vars(each).items()
            if isinstance(value, Endpoint)
        }
    )


def channels(*names: str) -> int:
    return sum(len(EXCHANGES[name].feeds.channels) for name in names)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    said = dict(re.findall(r"^\| ([A-Z][^|]*?) \| (\d+)(?: channels)? \|", PAGE.read_text(), re.MULTILINE))
    assert {name: int(number) for name, number in said.items()} == {
        "Coinbase Exchange": endpoints(*exchange.MODULES),
        "Coinbase Advanced Trade": endpoints(*advanced.MODULES),
        "Coinbase App v2": endpoints(app, fiat),
        "Binance": endpoints(spot, capital),
        "Coinbase's feeds": channels("coinbase", "coinbase-exchange"),
        "Binance's feeds": channels("binance"),
    }


def test_every_channel_of_the_code_is_in_the_table_of_what_can_be_watched() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    for name, each in EXCHANGES.items():
        [row] = [row for row in rows if f"`{name}`" in row.split("|")[1] and "`user`" in row]
        for channel in each.feeds.channels:
            column = 3 if channel.signed else 2
            if channel.name.startswith("kline_"):
                continue  # said as a range
            assert f"`{channel.name}`" in row.split("|")[column], (name, channel.name)
