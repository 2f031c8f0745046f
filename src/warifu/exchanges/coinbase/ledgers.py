"""All orders and all that left, as Coinbase lists them."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.exchanges.afterwards import number
from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.coinbase import advanced, app, exchange
from warifu.exchanges.coinbase.looking import BY_TRADING, left, made_order
from warifu.exchanges.coinbase.moments import is_before, milliseconds_of, written
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.ledger import Entry
from warifu.exchanges.market import Pair

_PAGE = 100
"""So that an answer is no long one, which its carrier would hand on in pieces."""


class CoinbaseLedger:
    """Of Advanced Trade and of the App."""

    def orders(self, pairs: Sequence[Pair], since: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # it lists all
        ask = advanced.orders.Orders(limit=_PAGE, start_date=written(since))
        return (advanced.api().listed(advanced.orders.ORDERS, ask, _orders),)

    def withdrawals(self, wallets: Sequence[str], since: int, now: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # it has no bounds in time
        return tuple(_left(app.Transactions(account_id=wallet, limit=_PAGE), since) for wallet in wallets)


def _left(ask: app.Transactions, since: int) -> Call[Listed[Entry]]:
    """The newest come first, and the list has no bounds in time: it is left where it is old enough."""
    listed = app.api().listed(app.TRANSACTIONS, ask, lambda page: page.data)

    def on(listed: Call[Listed[app.Transaction]]) -> Call[Listed[Entry]]:
        def read(answer: HttpAnswer) -> Listed[Entry]:
            page = listed.read(answer)
            old = any(is_before(one.created_at, since) for one in page.items)
            return Listed(_sends(page.items), None if old or page.more is None else on(page.more))

        return Call(listed.unsigned, read)

    return on(listed)


def _orders(page: advanced.orders.OrderPage) -> tuple[Entry, ...]:
    return tuple(
        Entry("order", thing.id, thing.client_id, thing.words, milliseconds_of(one.created_time))
        for one in page.orders
        for thing in (made_order(one),)
    )


def _sends(data: Sequence[app.Transaction]) -> tuple[Entry, ...]:
    return tuple(
        Entry("withdrawal", thing.id, thing.client_id, thing.words, milliseconds_of(one.created_at))
        for one in data
        if one.amount.amount < 0 and one.type not in BY_TRADING
        for thing in (left(one),)
    )


class CoinbaseExchangeLedger:
    """Of the Exchange API, in the profile of its key."""

    def __init__(self, host: str = exchange.HOST) -> None:
        self._api = exchange.api(host)

    def orders(self, pairs: Sequence[Pair], since: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # it lists all
        ask = exchange.orders.Orders(status=("all",), limit=_PAGE, start_date=written(since))
        return (self._api.listed(exchange.orders.ORDERS, ask, lambda page: tuple(map(_placed, page))),)

    def withdrawals(self, wallets: Sequence[str], since: int, now: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # it lists all
        ask = exchange.funds.Transfers(type="withdraw", limit=_PAGE)
        return (self._api.listed(exchange.funds.TRANSFERS, ask, lambda page: tuple(map(_moved, page))),)


def _placed(one: exchange.orders.Order) -> Entry:
    much = number(one.size) if one.size is not None else f"for {number(one.funds)} of the quote"
    price = "" if one.price is None else f" at {number(one.price)}"
    words = f"{one.side} {much} {one.product_id}{price}"
    return Entry("order", one.id, one.client_oid or "", words, milliseconds_of(one.created_at))


def _moved(one: exchange.accounts.Transfer) -> Entry:
    nonce = "" if one.user_nonce is None else str(one.user_nonce)
    words = f"{number(one.amount)} {one.currency or '?'}"
    return Entry("withdrawal", one.id, nonce, words, milliseconds_of(one.created_at))
