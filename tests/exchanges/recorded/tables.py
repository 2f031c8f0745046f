"""All that is recorded of Coinbase, by API."""

from typing import Any

from tests.exchanges.recorded import (
    coinbase_app,
    coinbase_exchange,
    coinbase_fiat,
    coinbase_lending,
    coinbase_margin,
    coinbase_records,
    coinbase_wrapped,
)

COINBASE_EXCHANGE: dict[str, Any] = {
    **coinbase_exchange.RECORDED,
    **coinbase_lending.RECORDED,
    **coinbase_margin.RECORDED,
    **coinbase_records.RECORDED,
    **coinbase_wrapped.RECORDED,
}
COINBASE_APP: dict[str, Any] = {**coinbase_app.RECORDED, **coinbase_fiat.RECORDED}
