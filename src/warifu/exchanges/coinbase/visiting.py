"""What a visit asks of Coinbase with a CDP key: addresses of the App, orders of Advanced Trade."""

from __future__ import annotations

from warifu.exchanges.adapter import DepositAddress
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase import advanced, app
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood

_PAGE = 100
"""Of addresses, and of orders: as many as one request cancels."""


class CoinbaseVisited:
    """Of Advanced Trade and of the App."""

    def __init__(self, exchange: Coinbase) -> None:
        self._exchange = exchange

    def address(self, asset: str, network: str, wallet: str) -> Call[DepositAddress | None]:
        """Of the newest hundred of the account."""
        ask = app.Addresses(account_id=wallet, limit=_PAGE)

        def oldest(page: app.AddressPage) -> DepositAddress | None:
            found = [one for one in page.data if one.network == network]
            if not found:
                return None
            one = min(found, key=lambda each: (each.created_at or "", each.address))
            memo = one.destination_tag or one.address_info.destination_tag
            return DepositAddress(asset, network, one.address, memo)

        return app.api(self._exchange.host).call(app.ADDRESSES, ask).map(oldest)

    def new_address(self, asset: str, network: str, wallet: str) -> Call[None]:
        return self._exchange.deposit_address(asset, network, wallet).map(lambda _: None)

    def open_orders(self, pair: Pair) -> Call[tuple[str, ...]]:
        ask = advanced.orders.Orders(product_ids=(str(pair),), order_status=("OPEN",), limit=_PAGE)
        return (
            advanced.api(self._exchange.host)
            .call(advanced.orders.ORDERS, ask)
            .map(lambda page: tuple(sorted(one.order_id for one in page.orders))[:_PAGE])
        )

    def cancel(self, orders: tuple[str, ...]) -> Call[None]:
        ask = advanced.orders.CancelOrders(order_ids=orders)
        return advanced.api(self._exchange.host).call(advanced.orders.CANCEL_ORDERS, ask).map(lambda _: None)

    def cancelled(self, understood: Understood) -> tuple[str, ...]:
        ask = understood.ask
        return ask.order_ids if isinstance(ask, advanced.orders.CancelOrders) else ()
