"""Of which exchanges all that was made can be listed: one line each. No signer loads it."""

from __future__ import annotations

from warifu.exchanges.binance.ledgers import BinanceLedger
from warifu.exchanges.coinbase.exchange import SANDBOX
from warifu.exchanges.coinbase.ledgers import CoinbaseExchangeLedger, CoinbaseLedger
from warifu.exchanges.ledger import Ledger

LEDGERS: dict[str, Ledger] = {
    "coinbase": CoinbaseLedger(),
    "coinbase-exchange": CoinbaseExchangeLedger(),
    "coinbase-exchange-sandbox": CoinbaseExchangeLedger(SANDBOX),
    "binance": BinanceLedger(),
}
