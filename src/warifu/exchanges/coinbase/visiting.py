"""What a visit asks of Coinbase with a CDP key: addresses of the App, orders of Advanced Trade."""

from __future__ import annotations

from typing import TypeVar

from warifu.errors import InputRefused
from warifu.exchanges.adapter import Balance, DepositAddress
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase import advanced, app
from warifu.exchanges.coinbase.adapters import SENDING, Coinbase, balances_of
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood
from warifu.exchanges.visited import Named, Paged

_PAGE = 100
"""Of addresses, and of orders: as many as one request cancels."""
_ACCOUNTS, _WALLETS = 250, 100
"""Of one page: the most that Advanced Trade and the App give at once. They can give fewer."""
_LONGEST_CURSOR = 500


class CoinbaseVisited:
    """Of Advanced Trade and of the App."""

    def __init__(self, exchange: Coinbase) -> None:
        self._exchange = exchange

    def wallets(self, after: str = "") -> Call[Paged[Named]]:
        """Of the App, whose paths bear them."""
        ask = app.Paged(limit=_WALLETS, starting_after=after or None)

        def read(page: app.AccountPage) -> Paged[Named]:
            found = tuple(
                Named(one.currency.code, one.id, one.type in SENDING, one.created_at or "")
                for one in page.data
            )
            return _paged(found, page.pagination.next_starting_after, after)

        return app.api(self._exchange.host).call(app.ACCOUNTS, ask).map(read)

    def balances(self, after: str = "") -> Call[Paged[Balance]]:
        """Of Advanced Trade, which tells what is free from what orders hold; its accounts are the App's."""
        ask = advanced.accounts.Accounts(limit=_ACCOUNTS, cursor=after or None)

        def read(page: advanced.accounts.AccountPage) -> Paged[Balance]:
            more = page.cursor if page.has_next is not False and page.accounts else None
            return _paged(balances_of(page), more, after)

        return advanced.api(self._exchange.host).call(advanced.accounts.ACCOUNTS, ask).map(read)

    def begins(self, understood: Understood) -> str:
        ask = understood.ask
        if isinstance(ask, advanced.accounts.Accounts):
            return ask.cursor or ""
        return ask.starting_after or "" if type(ask) is app.Paged else ""

    def leaves_from(self, understood: Understood) -> str:
        ask = understood.ask
        return ask.account_id if isinstance(ask, app.Send | app.Transactions) else ""

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


T = TypeVar("T")


def _paged(items: tuple[T, ...], after: str | None, before: str) -> Paged[T]:
    """``before``: where this page began. ``InputRefused`` (``exchange-answer``) for one that leads to itself, which
    would be read for ever."""
    if after and after == before:
        raise InputRefused("exchange-answer", "a page leads to itself")
    readable = after if after is not None and len(after) <= _LONGEST_CURSOR else ""
    return Paged(items, bool(after), readable)
