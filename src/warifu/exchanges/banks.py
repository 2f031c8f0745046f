"""The exchanges that have banks for money of a country: one line each. No device asks for such a transfer by itself."""

from __future__ import annotations

from warifu.exchanges.banking import Banking
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange
from warifu.exchanges.coinbase.banking import CoinbaseBanking, CoinbaseExchangeBanking

BANKING: dict[str, Banking] = {
    "coinbase": CoinbaseBanking(Coinbase()),
    "coinbase-exchange": CoinbaseExchangeBanking(CoinbaseExchange()),
}
