"""How orders meet: price first, then time, at the price of the one who was there; and who then owns what.

An order is either refused, with nothing changed, or taken. First it is planned whom it meets and what that costs; only
then something is moved. So a refusal needs no way back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal, localcontext
from random import Random

import msgspec

from warifu.sandbox.amounts import EXACT, ZERO, places_down, places_up, ratio, steps_down
from warifu.sandbox.book import Book, price_of
from warifu.sandbox.ledger import Ledger
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Order, Status, Terms
from warifu.sandbox.refusal import Refusal

FEES = "fees"
"""The account of what the exchange takes."""
FEE_PLACES = 8
RATIO_PLACES = 18

Plan = list[tuple[Order, Decimal]]
"""Whom an order meets, and for how much of the base."""


class Trading(msgspec.Struct):
    """All that is to be remembered."""

    orders: list[Order] = []
    numbers: int = 0
    """Of orders that were taken, forgotten ones included."""
    fills: list[Fill] = []
    last: dict[str, Decimal] = {}
    """The price of each market's last trade."""
    trades: int = 0
    ranks: int = 0


class Engine:
    """Markets, orders and trades over one ledger."""

    def __init__(self, markets: list[Market], ledger: Ledger, trading: Trading, seed: int = 0) -> None:
        self.markets = {market.name: market for market in markets}
        self.ledger, self.trading = ledger, trading
        self.books = {name: Book() for name in self.markets}
        self._random = Random(f"orders {seed} {trading.numbers}")  # noqa: S311  # names, not secrets
        for order in trading.orders:
            if order.status == "open":
                self.books[order.terms.pair].put(order)

    # --- asking ---------------------------------------------------------------------------------------------------

    def market(self, pair: str) -> Market:
        """``Refusal`` (``delisted``) for one that is not there (any more)."""
        found = self.markets.get(pair)
        if found is None or found.state == "delisted":
            raise Refusal("delisted", pair)
        return found

    def orders_of(self, account: str) -> Iterator[Order]:
        """Newest first."""
        return (order for order in reversed(self.trading.orders) if order.terms.account == account)

    def fills_of(self, account: str) -> Iterator[Fill]:
        """Newest first."""
        return (fill for fill in reversed(self.trading.fills) if fill.account == account)

    def number_of(self, fill: Fill) -> int:
        """Of a trade among those of its market, from 1: so exchanges number them."""
        fills = self.trading.fills
        return sum(one.maker and one.pair == fill.pair and one.trade <= fill.trade for one in fills)

    def price(self, pair: str) -> Decimal:
        """Of the last trade; where there was none yet, what the house began with."""
        return self.trading.last.get(pair, self.markets[pair].reference)

    # --- doing ----------------------------------------------------------------------------------------------------

    def place(self, terms: Terms, moment: int) -> Order:
        """Take an order and let it meet what is there. ``Refusal``: nothing happened."""
        with localcontext(EXACT):
            order = self._taken(terms, moment)
            if order.status == "open":
                self._meet(order, moment)
            self._trigger(terms.pair, moment)
        return order

    def check(self, terms: Terms) -> Plan:
        """Whom an order would meet now. ``Refusal`` as :meth:`place`; nothing happens in either case."""
        with localcontext(EXACT):
            market = self.market(terms.pair)
            _check_terms(terms, market)
            plan = self._planned(terms, market)
            _check_plan(terms, market, plan)
            if self.ledger.free_of(terms.account, _given(terms, market)) < _need(terms, market, plan):
                raise Refusal("funds", _given(terms, market))
            return plan

    def cancel(self, order: Order, moment: int, status: Status = "cancelled") -> None:
        """``Refusal`` (``no-order``) where there is nothing to cancel any more."""
        if not order.live:
            raise Refusal("no-order")
        self.books[order.terms.pair].drop(order)
        self._end(order, status, moment)

    def forget(self, account: str) -> None:
        """The account's orders that came to nothing: who makes offers all day would fill the memory with them."""
        self.trading.orders[:] = [
            one for one in self.trading.orders if one.live or one.filled or one.terms.account != account
        ]

    # --- taking an order ------------------------------------------------------------------------------------------

    def _taken(self, terms: Terms, moment: int) -> Order:
        plan = self.check(terms)
        market = self.markets[terms.pair]
        need = _need(terms, market, plan)
        self.ledger.hold(terms.account, _given(terms, market), need)
        self.trading.numbers += 1
        order = Order(
            number=self.trading.numbers,
            uuid=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            terms=terms,
            moment=moment,
            hold=need,
            status="open" if terms.stop_price is None else "waiting",
        )
        self.trading.orders.append(order)
        return order

    def _planned(self, terms: Terms, market: Market) -> Plan:
        if terms.stop_price is not None:
            return []
        plan: Plan = []
        left, budget = terms.size, _spendable(terms, market)
        for resting in self.books[terms.pair].against(terms.side, terms.price):
            if resting.terms.account == terms.account:
                continue
            size = resting.remaining
            if left is not None:
                size = min(size, left)
                left -= size
            if budget is not None:
                size = min(size, _affordable(budget, price_of(resting), market))
                budget -= size * price_of(resting)
            if size == 0:
                break
            plan.append((resting, size))
        return plan

    # --- letting orders meet --------------------------------------------------------------------------------------

    def _meet(self, order: Order, moment: int) -> None:
        terms, market = order.terms, self.markets[order.terms.pair]
        plan = self._planned(terms, market)
        if terms.lifetime == "whole-or-none" and not _is_whole(terms, plan):
            self._end(order, "expired", moment)  # a stop order whose price came too late
            return
        for own in [
            one for one in self.books[terms.pair].against(terms.side, terms.price) if _same(one, order)
        ]:
            self.cancel(own, moment, "expired")  # nobody trades with oneself: the older one goes
        for resting, size in plan:
            self._trade(order, resting, size, market, moment)
        if order.terms.size is not None and order.remaining == 0:
            self._end(order, "filled", moment)
        elif terms.funds is not None:
            self._end(order, "filled" if order.filled else "expired", moment)
        elif terms.kind == "market" or terms.lifetime != "until-cancelled":
            self._end(order, "expired", moment)
        else:
            self.trading.ranks += 1
            order.rank = self.trading.ranks
            self.books[terms.pair].put(order)

    def _trade(self, taker: Order, maker: Order, size: Decimal, market: Market, moment: int) -> None:
        """``size`` of the base changes hands, at the maker's price."""
        price = price_of(maker)
        value = size * price
        buyer, seller = (taker, maker) if taker.terms.side == "buy" else (maker, taker)
        self.trading.trades += 1
        self.trading.last[market.name] = price
        self._pay(seller, buyer, market.base, size, self._fee(buyer, taker, size, market, market.base))
        self._pay(buyer, seller, market.quote, value, self._fee(seller, taker, value, market, market.quote))
        if market.fee_in_quote:
            fee = _fee(value, _rate(buyer, taker, market))
            self.ledger.pay(buyer.terms.account, FEES, market.quote, fee)
            buyer.hold -= fee
            buyer.fees += fee
            self._record(buyer, taker, price, size, fee, market.quote, moment)
        else:
            fee = self._fee(buyer, taker, size, market, market.base)
            self._record(buyer, taker, price, size, fee, market.base, moment)
        fee = self._fee(seller, taker, value, market, market.quote)
        self._record(seller, taker, price, size, fee, market.quote, moment)
        for order in (taker, maker):
            order.filled += size
            order.value += value
        if maker.remaining == 0:
            self.books[market.name].drop(maker)
            self._end(maker, "filled", moment)

    def _fee(self, payee: Order, taker: Order, got: Decimal, market: Market, asset: str) -> Decimal:
        """What is taken out of what the payee gets."""
        if market.fee_in_quote and asset == market.base:
            return ZERO
        return _fee(got, _rate(payee, taker, market))

    def _pay(self, payer: Order, payee: Order, asset: str, amount: Decimal, fee: Decimal) -> None:
        self.ledger.pay(payer.terms.account, payee.terms.account, asset, amount - fee)
        self.ledger.pay(payer.terms.account, FEES, asset, fee)
        payer.hold -= amount
        payee.fees += fee

    def _record(
        self, order: Order, taker: Order, price: Decimal, size: Decimal, fee: Decimal, asset: str, moment: int
    ) -> None:
        self.trading.fills.append(
            Fill(
                trade=self.trading.trades,
                order=order.number,
                account=order.terms.account,
                pair=order.terms.pair,
                side=order.terms.side,
                price=price,
                size=size,
                fee=fee,
                fee_asset=asset,
                maker=order is not taker,
                moment=moment,
            )
        )

    def _end(self, order: Order, status: Status, moment: int) -> None:
        self.ledger.release(
            order.terms.account, _given(order.terms, self.markets[order.terms.pair]), order.hold
        )
        order.hold, order.status, order.done = ZERO, status, moment

    # --- stop orders ----------------------------------------------------------------------------------------------

    def _trigger(self, pair: str, moment: int) -> None:
        """Stop orders whose price was traded at become orders; what they trade at can wake others."""
        while True:
            price = self.price(pair)
            woken = next(
                (
                    order
                    for order in self.trading.orders
                    if order.status == "waiting" and order.terms.pair == pair and _reached(order.terms, price)
                ),
                None,
            )
            if woken is None:
                return
            woken.status = "open"
            woken.terms = msgspec.structs.replace(woken.terms, stop_price=None, said=_remembered(woken.terms))
            self._meet(woken, moment)


def _reached(terms: Terms, price: Decimal) -> bool:
    assert terms.stop_price is not None, "only a stop order waits"
    return price >= terms.stop_price if terms.rising else price <= terms.stop_price


def _remembered(terms: Terms) -> dict[str, str]:
    """A stop order that was triggered still shows its stop price."""
    return {**terms.said, "stop_price": format(terms.stop_price or ZERO, "f")}


def _same(one: Order, other: Order) -> bool:
    return one.terms.account == other.terms.account


def _given(terms: Terms, market: Market) -> str:
    """The asset that the order pays with."""
    return market.quote if terms.side == "buy" else market.base


def _rate(order: Order, taker: Order, market: Market) -> Decimal:
    return market.taker_rate if order is taker else market.maker_rate


def _fee(amount: Decimal, rate: Decimal) -> Decimal:
    return places_down(amount * rate, FEE_PLACES)


def _affordable(budget: Decimal, price: Decimal, market: Market) -> Decimal:
    return steps_down(ratio(budget, price, RATIO_PLACES), market.size_step)


def _spendable(terms: Terms, market: Market) -> Decimal | None:
    """Of funds, what may go into trades: where fees come on top of what is bought, they come out of the funds."""
    if terms.funds is None or terms.side == "sell" or not market.fee_in_quote:
        return terms.funds
    return ratio(terms.funds, 1 + market.taker_rate, FEE_PLACES)


def _need(terms: Terms, market: Market, plan: Plan) -> Decimal:
    """The most that the order can cost, in the asset that it gives."""
    if terms.side == "sell":
        return terms.size if terms.size is not None else sum((size for _, size in plan), ZERO)
    if terms.kind == "limit":
        assert terms.size is not None and terms.price is not None, "checked before"
        value = terms.size * terms.price
    else:
        value = sum((size * price_of(resting) for resting, size in plan), ZERO)
    return value + places_up(value * market.taker_rate, FEE_PLACES) if market.fee_in_quote else value


def _is_whole(terms: Terms, plan: Plan) -> bool:
    return sum((size for _, size in plan), ZERO) == terms.size


def _check_terms(terms: Terms, market: Market) -> None:
    """The order by itself, and whether the market takes such a one now."""
    if (terms.size is None) == (terms.funds is None) or (terms.price is None) != (terms.kind == "market"):
        raise Refusal("order-form", "size")
    if terms.kind == "market" and (terms.post_only or terms.stop_price is not None):
        raise Refusal("order-form", "type")
    if terms.post_only and terms.lifetime != "until-cancelled":
        raise Refusal("order-form", "post_only")
    if terms.kind == "limit" and terms.size is None:
        raise Refusal("order-form", "funds")
    if terms.size is not None:
        market.check_size(terms.size)
    if terms.funds is not None:
        market.check_funds(terms.funds)
    for price in (terms.price, terms.stop_price):
        if price is not None:
            market.check_price(price)
    if terms.price is not None and terms.size is not None:
        market.check_value(terms.price * terms.size)
    if market.state == "cancel-only":
        raise Refusal("maintenance", market.name)
    if (market.state == "limit-only" and terms.kind == "market") or (
        market.state == "post-only" and not terms.post_only
    ):
        raise Refusal("maintenance", market.name)


def _check_plan(terms: Terms, market: Market, plan: Plan) -> None:
    if terms.post_only and plan:
        raise Refusal("post-only")
    if terms.kind == "market" and terms.size is not None and plan:
        market.check_value(sum((size * price_of(resting) for resting, size in plan), ZERO))
