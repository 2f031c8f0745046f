"""What changes something at an exchange is on its owner's disk before the service hears of it, and asked for once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.service.test_exchange_permissions import owned
from tests.support.exchange_road import Road, road
from tests.support.simulator import FRIEND

from warifu.cli.commands import exchange
from warifu.errors import ExchangeRefused, ServiceRefused
from warifu.exchanges.patience import MOST_TRIES

pytestmark = pytest.mark.real

BUY = ("buy", "savings", "binance", "BTC-USDT", "--size", "0.01", "--limit", "50000", "--yes")
WITHDRAW = ("withdraw", "savings", "binance", "BTC", "0.05", "--network", "BTC", "--to", FRIEND, "--yes")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Road]:
    with road(tmp_path) as made:
        yield made


@pytest.mark.parametrize("wanted", [BUY, WITHDRAW], ids=["order", "withdrawal"])
async def test_where_the_service_dies_of_hearing_it_there_is_something_to_ask_for(
    home: Road, wanted: tuple[str, ...]
):
    async with owned(home) as (client, owner):
        await home.add_born(client)
        place, post = owner.profile().home / "exchange", owner._bridge.post
        seen: list[list[str]] = []

        def dying(path: str, question: object, kind: Any) -> Any:
            if path.endswith("/exchange-calls"):
                seen.append([file.name for file in place.glob("*")])
                if seen[-1]:
                    raise ServiceRefused("unreachable", "the service cannot be reached")
            return post(path, question, kind)

        owner._bridge.post = dying
        with pytest.raises(ServiceRefused):
            await owner.says(*wanted, of=exchange.group)
        [identifier] = seen[-1]
        kept = (await owner.says("orders", "savings", "binance", of=exchange.group))["kept"]
        assert [one["client_id"] for one in kept] == [identifier]


# --- a busy exchange --------------------------------------------------------------------------------------------------


async def test_a_question_is_asked_again_after_the_pause_that_a_busy_exchange_wants(home: Road):
    """And not for ever."""
    async with owned(home) as (client, owner):
        await home.add_born(client)
        limit = {
            "kind": "refuse",
            "reason": "rate-limit",
            "api": "binance",
            "path": "/api/v3/account",
            "seconds": 1,
        }
        home.fault(**limit, times=MOST_TRIES - 1)
        found = await owner.says("balances", "savings", "binance", of=exchange.group)
        assert "USDT" in [one["asset"] for one in found["balances"]]
        home.fault(**limit, times=MOST_TRIES)
        with pytest.raises(ExchangeRefused) as busy:
            await owner.says("balances", "savings", "binance", of=exchange.group)
        assert (busy.value.reason, busy.value.retry_after) == ("rate-limit", 1)
        assert (await owner.says("balances", "savings", "binance", of=exchange.group))["balances"]


async def test_an_order_is_asked_for_once_however_busy_the_exchange_is(home: Road):
    async with owned(home) as (client, owner):
        await home.add_born(client)
        home.fault(kind="refuse", reason="rate-limit", api="binance", method="POST", seconds=1)
        with pytest.raises(ExchangeRefused) as busy:
            await owner.says(*BUY, of=exchange.group)
        assert busy.value.reason == "rate-limit" and home.orders("binance") == []
