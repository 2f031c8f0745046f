"""What somebody asks Coinbase who signed for a request that another one carried: was it that, and nothing else?

A JWT says the method and the path, and is good for two minutes. Whoever carries it can send another body under it, also
one with another identifier. So it is not enough to look for the identifier: where it is not there, everything is looked
at that the same path made in these two minutes.
"""

from __future__ import annotations

from typing import Any

from warifu.errors import InputRefused
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.afterwards import (
    Comparison,
    Found,
    Thing,
    Wanted,
    compare_terms,
    compare_withdrawal,
    number,
)
from warifu.exchanges.calls import Call, Unsigned
from warifu.exchanges.coinbase import advanced, app
from warifu.exchanges.coinbase.adapters import Coinbase, send_of, terms_of
from warifu.exchanges.coinbase.moments import is_before, is_between, written
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Order, Side
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Understood, pair_of
from warifu.exchanges.travel_rule import as_text

_ORDERS, _TRANSACTIONS = 250, 100
"""Of one page."""
_LONGEST_CURSOR = 500
BY_TRADING = ("advanced_trade_fill",)
"""What orders move, and no send."""


class CoinbaseLooker:
    """Of Advanced Trade and of the App."""

    def __init__(self, exchange: Coinbase) -> None:
        self._exchange = exchange

    def wanted(self, unsigned: Unsigned) -> Wanted | None:
        """What was asked for, in no exchange's words; None where it cannot be found again and compared wholly.

        It is right where it makes the same request again."""
        wanted: Wanted
        try:
            understood = self._exchange.understand(unsigned)
            if isinstance(understood.ask, advanced.orders.NewOrder):
                wanted = _order(understood.ask)
                made = self._exchange.place(wanted).unsigned
            elif isinstance(understood.ask, app.Send):
                wanted = _withdrawal(understood.ask)
                made = self._exchange.withdraw(wanted).unsigned
            else:
                return None
        except InputRefused:
            return None
        return wanted if made.same_bytes(unsigned) else None

    def look(self, wanted: Wanted, first: int, last: int, after: str = "") -> Call[Found]:
        """Ask for all that the path made from ``first`` to ``last`` (milliseconds), from the page ``after`` on."""
        if isinstance(wanted, Order):
            return self._orders(first, last, after)
        assert isinstance(wanted, Withdrawal), "it says all that is wanted"
        return self._transactions(wanted, first, last, after)

    def is_look(self, understood: Understood) -> bool:
        """Whether a request is such a question. It can be asked by nobody's leave, so it is read from its type."""
        ask = understood.ask
        if isinstance(ask, advanced.orders.Orders):
            return ask == advanced.orders.Orders(
                limit=_ORDERS, cursor=ask.cursor, start_date=ask.start_date, end_date=ask.end_date
            ) and bool(ask.start_date and ask.end_date)
        return isinstance(ask, app.Transactions) and ask == app.Transactions(
            account_id=ask.account_id, limit=_TRANSACTIONS, starting_after=ask.starting_after
        )

    def _orders(self, first: int, last: int, after: str) -> Call[Found]:
        ask = advanced.orders.Orders(
            limit=_ORDERS,
            cursor=after or None,
            start_date=written(first - 1000),
            end_date=written(last + 1000),
        )
        found = advanced.api(self._exchange.host).call(advanced.orders.ORDERS, ask)

        def read(answer: HttpAnswer) -> Found:
            page = found.read(answer)

            def compare(wanted: Wanted) -> tuple[Comparison, ...]:
                if not isinstance(wanted, Order):
                    return ()
                return tuple(
                    _compared(wanted, one) for one in page.orders if one.client_order_id == wanted.client_id
                )

            whole = not (page.has_next or len(page.orders) >= _ORDERS)
            things = tuple(map(made_order, page.orders))
            return Found(compare, things, whole, "" if whole else _readable(page.cursor))

        return Call(found.unsigned, read)

    def _transactions(self, wanted: Withdrawal, first: int, last: int, after: str) -> Call[Found]:
        """The list has no bounds in time, and the newest come first: it is whole where it reaches back to before the
        first moment, or is at its end."""
        ask = app.Transactions(account_id=wanted.wallet, limit=_TRANSACTIONS, starting_after=after or None)
        found = app.api(self._exchange.host).call(app.TRANSACTIONS, ask)

        def read(answer: HttpAnswer) -> Found:
            page = found.read(answer)

            def compare(wanted: Wanted) -> tuple[Comparison, ...]:
                if not isinstance(wanted, Withdrawal):
                    return ()
                networks = self._exchange.networks
                return tuple(
                    _sent_as(wanted, one, networks) for one in page.data if one.idem == wanted.client_id
                )

            things = tuple(
                left(one)
                for one in page.data
                if one.amount.amount < 0
                and one.type not in BY_TRADING
                and is_between(one.created_at, first, last)
            )
            reaches = any(is_before(one.created_at, first) for one in page.data)
            next_one = page.pagination.next_starting_after
            whole = reaches or not next_one
            return Found(compare, things, whole, "" if whole else _readable(next_one))

        return Call(found.unsigned, read)


def _readable(cursor: str | None) -> str:
    """Where the next page begins; empty for what could not be asked for."""
    return cursor if cursor is not None and 0 < len(cursor) <= _LONGEST_CURSOR else ""


def _compared(wanted: Order, one: advanced.orders.Order) -> Comparison:
    """From what the order is for, and from nothing else: neither a state nor a product that nobody here knows keeps it
    from being compared. What was filled of it says what it was for, too; what it leaves there once it is filled is
    another order, of which nobody would see anything in time."""
    compared = compare_terms(wanted, one.order_id, one.client_order_id, one.product_id, terms_of(one))
    further = {
        "attached order": bool(one.attached_order_id),
        "filled": (wanted.size is not None and one.filled_size > wanted.size)
        or (wanted.funds is not None and one.filled_value > wanted.funds),
    }
    more = tuple(what for what, differs in further.items() if differs)
    words = tuple(f"{what}: more than was signed for" for what in more)
    return Comparison((*compared.differs, *more), compared.unsaid, compared.id, (*compared.words, *words))


def _sent_as(wanted: Withdrawal, one: app.Transaction, networks: Networks) -> Comparison:
    """A send is for an amount of whatever its body names: also of something else than the account is of."""
    compared = compare_withdrawal(wanted, send_of(one, "pending"), networks)
    amounts = (one.amount, one.network.transaction_amount)
    others = sorted({each.currency for each in amounts if each is not None} - {wanted.asset})
    if not others:
        return compared
    words = tuple(f"asset: {other} (signed for: {wanted.asset})" for other in others)
    return Comparison((*compared.differs, "asset"), compared.unsaid, compared.id, (*compared.words, *words))


def made_order(one: advanced.orders.Order) -> Thing:
    configured = list((one.order_configuration or {}).values())
    said = configured[0] if len(configured) == 1 else advanced.orders.Configured()
    much = (
        number(said.base_size) if said.quote_size is None else f"for {number(said.quote_size)} of the quote"
    )
    price = "" if said.limit_price is None else f" at {number(said.limit_price)}"
    return Thing(one.order_id, one.client_order_id, f"{one.side} {much} {one.product_id}{price}")


def left(one: app.Transaction) -> Thing:
    to = (one.to.address if one.to else None) or ""
    much = f"{number(abs(one.amount.amount))} {one.amount.currency}"
    return Thing(one.id, one.idem or "", f"{much} to {to or '?'}", to)


def _order(ask: advanced.orders.NewOrder) -> Order:
    """``InputRefused`` for a kind that an order here is not of, or has not all of."""
    sizes: dict[str, Any] = {}
    match ask.order_configuration:
        case advanced.orders.OrderConfiguration(market_market_ioc=advanced.orders.MarketIoc() as market):
            sizes = {"kind": "market", "size": market.base_size, "funds": market.quote_size}
        case advanced.orders.OrderConfiguration(limit_limit_gtc=advanced.orders.LimitGtc() as limit):
            sizes = {**_priced(limit), "post_only": limit.post_only}
        case advanced.orders.OrderConfiguration(sor_limit_ioc=advanced.orders.LimitIoc() as limit):
            sizes = {**_priced(limit), "lifetime": "immediate"}
        case advanced.orders.OrderConfiguration(limit_limit_fok=advanced.orders.LimitIoc() as limit):
            sizes = {**_priced(limit), "lifetime": "whole-or-none"}
        case advanced.orders.OrderConfiguration(stop_limit_stop_limit_gtc=advanced.orders.StopGtc() as stop):
            rising = stop.stop_direction == "STOP_DIRECTION_STOP_UP"
            sizes = {
                "kind": "stop-limit",
                "size": stop.base_size,
                "price": stop.limit_price,
                "stop_price": stop.stop_price,
                "rising": rising,
            }
        case _:
            raise InputRefused("exchange-order", "this kind of order is not compared here")
    side: Side = "buy" if ask.side == "BUY" else "sell"
    return Order(client_id=ask.client_order_id, pair=pair_of(ask.product_id), side=side, **sizes)


def _priced(limit: advanced.orders.LimitGtc | advanced.orders.LimitIoc) -> dict[str, Any]:
    return {"kind": "limit", "size": limit.base_size, "price": limit.limit_price}


def _withdrawal(ask: app.Send) -> Withdrawal:
    """``InputRefused`` for one with a memo: Coinbase does not say it afterwards, and it can make an address somebody
    else's. Without a network the exchange chooses one."""
    if ask.destination_tag is not None or ask.network is None:
        raise InputRefused("exchange-withdrawal", "this could not be compared afterwards")
    return Withdrawal(
        client_id=ask.idem,
        asset=ask.currency,
        network=ask.network,
        address=ask.to,
        amount=ask.amount,
        wallet=ask.account_id,
        travel_rule="" if ask.travel_rule_data is None else as_text(ask.travel_rule_data),
    )
