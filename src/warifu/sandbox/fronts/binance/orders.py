"""Spot orders and trades."""

from __future__ import annotations

from warifu.sandbox.amounts import ZERO, amount_of, fixed
from warifu.sandbox.fronts.binance.parameters import (
    LIFETIMES,
    TYPES,
    lifetime_of,
    market_of,
    require_only,
    span_of,
)
from warifu.sandbox.orders import Fill, Order, Terms
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said

_STATUSES = {
    "waiting": "NEW",
    "open": "NEW",
    "filled": "FILLED",
    "cancelled": "CANCELED",
    "expired": "EXPIRED",
}
_ORDER_FIELDS = {
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "stopPrice",
    "newClientOrderId",
    "newOrderRespType",
    "selfTradePreventionMode",
    "recvWindow",
    "timestamp",
    "signature",
}


class Orders(Part):
    """Of the types that the engine matches."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("POST", "/api/v3/order", self._place, "trade"),
            Route("POST", "/api/v3/order/test", self._test, "trade"),
            Route("GET", "/api/v3/order", self._order),
            Route("DELETE", "/api/v3/order", self._cancel, "trade"),
            Route("GET", "/api/v3/openOrders", self._open_orders),
            Route("DELETE", "/api/v3/openOrders", self._cancel_all, "trade"),
            Route("GET", "/api/v3/allOrders", self._all_orders),
            Route("GET", "/api/v3/myTrades", self._trades),
        )

    def _terms(self, visit: Visit) -> Terms:
        unread = set(visit.fields) - _ORDER_FIELDS
        if unread:
            raise Refusal("form", min(unread))
        market = market_of(self.venue, visit)
        kind, side = visit.text("type"), visit.text("side")
        if kind not in TYPES:
            raise Refusal("missing", "type")
        if side not in ("BUY", "SELL"):
            raise Refusal("missing", "side")
        stops = kind in ("STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
        require_only(visit, kind)
        return Terms(
            account=visit.account,
            pair=market.name,
            side="buy" if side == "BUY" else "sell",
            kind="market" if kind == "MARKET" else "limit",
            client_id=visit.text("newClientOrderId", "") or f"sandbox{self.venue.now()}",
            size=visit.amount("quantity"),
            funds=visit.amount("quoteOrderQty"),
            price=visit.amount("price"),
            lifetime=lifetime_of(visit),
            post_only=kind == "LIMIT_MAKER",
            stop_price=visit.amount("stopPrice") if stops else None,
            rising=stops and (kind == "STOP_LOSS_LIMIT") == (side == "BUY"),
            said={"type": kind},
        )

    def _place(self, visit: Visit) -> Answer:
        terms = self._terms(visit)
        if any(one.live and one.terms.client_id == terms.client_id for one in self._orders(visit)):
            raise Refusal("duplicate")
        shown = visit.text("newOrderRespType", "FULL" if terms.said["type"] in ("LIMIT", "MARKET") else "ACK")
        if shown not in ("ACK", "RESULT", "FULL"):
            raise Refusal("form", "newOrderRespType")
        order = self.venue.engine.place(terms, self.venue.now())
        found = {**order_form(order), "transactTime": order.moment, "workingTime": order.moment}
        del found["time"], found["updateTime"], found["isWorking"], found["stopPrice"], found["icebergQty"]
        if shown == "ACK":
            kept = ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")
            found = {name: found[name] for name in kept}
        if shown == "FULL":
            fills = [one for one in self.venue.state.trading.fills if one.order == order.number]
            found["fills"] = [_filled(fill) for fill in fills]
        return said(found)

    def _test(self, visit: Visit) -> Answer:
        self.venue.engine.check(self._terms(visit))
        return said({})

    def _orders(self, visit: Visit) -> list[Order]:
        return list(self.venue.engine.orders_of(visit.account))

    def _found(self, visit: Visit, missing: Reason) -> Order:
        market = market_of(self.venue, visit)
        number, client_id = visit.text("orderId", ""), visit.text("origClientOrderId", "")
        if not number and not client_id:
            raise Refusal("missing", "orderId")
        for order in self._orders(visit):  # the newest of an identifier that was used again
            fits = str(order.number) == number if number else order.terms.client_id == client_id
            if fits and order.terms.pair == market.name:
                return order
        raise Refusal(missing)

    def _order(self, visit: Visit) -> Answer:
        return said(order_form(self._found(visit, "no-such")))

    def _cancel(self, visit: Visit) -> Answer:
        order = self._found(visit, "no-order")
        self.venue.engine.cancel(order, self.venue.now())
        return said(_cancelled(order))

    def _cancel_all(self, visit: Visit) -> Answer:
        market = market_of(self.venue, visit)
        orders = [one for one in self._orders(visit) if one.live and one.terms.pair == market.name]
        if not orders:
            raise Refusal("no-order")
        for order in orders:
            self.venue.engine.cancel(order, self.venue.now())
        return said([_cancelled(order) for order in orders])

    def _open_orders(self, visit: Visit) -> Answer:
        pair = market_of(self.venue, visit).name if "symbol" in visit.fields else ""
        orders = [one for one in self._orders(visit) if one.live and pair in ("", one.terms.pair)]
        return said([order_form(order) for order in reversed(orders)])

    def _all_orders(self, visit: Visit) -> Answer:
        market, limit = market_of(self.venue, visit), visit.whole("limit", 500, 1000)
        start = visit.whole("orderId", 0, 10**15)
        first, last = span_of(visit, 86_400_000)
        orders = [
            one
            for one in reversed(self._orders(visit))
            if one.terms.pair == market.name and first <= one.moment <= last
        ]
        later = [one for one in orders if one.number >= start]
        return said([order_form(one) for one in (later[:limit] if start else later[-limit:])])

    def _trades(self, visit: Visit) -> Answer:
        market, limit = market_of(self.venue, visit), visit.whole("limit", 500, 1000)
        order, start = visit.whole("orderId", 0, 10**15), visit.whole("fromId", 0, 10**15)
        fills = [
            fill
            for fill in self.venue.engine.fills_of(visit.account)
            if fill.pair == market.name and order in (0, fill.order) and fill.trade >= start
        ][::-1]
        return said([_trade(fill) for fill in (fills[:limit] if start else fills[-limit:])])


def order_form(order: Order) -> dict[str, object]:
    """As it is shown."""
    terms = order.terms
    status = _STATUSES[order.status]
    if order.status == "open" and order.filled:
        status = "PARTIALLY_FILLED"
    size = terms.size if terms.size is not None else order.filled
    stop = amount_of(str(terms.said.get("stop_price", ""))) or terms.stop_price or ZERO
    return {
        "symbol": terms.pair.replace("-", ""),
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": terms.client_id,
        "price": fixed(terms.price or ZERO),
        "origQty": fixed(size),
        "executedQty": fixed(order.filled),
        "origQuoteOrderQty": fixed(terms.funds or ZERO),
        "cummulativeQuoteQty": fixed(order.value),
        "status": status,
        "timeInForce": LIFETIMES[terms.lifetime],
        "type": terms.said["type"] if "type" in terms.said else terms.kind.upper(),
        "side": terms.side.upper(),
        "stopPrice": fixed(stop),
        "icebergQty": fixed(ZERO),
        "time": order.moment,
        "updateTime": order.done or order.moment,
        "isWorking": order.status != "waiting",
        "workingTime": order.moment,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def _cancelled(order: Order) -> dict[str, object]:
    found = {**order_form(order), "origClientOrderId": order.terms.client_id, "transactTime": order.done}
    found["clientOrderId"] = f"cancel{order.uuid[:8]}"
    del found["time"], found["updateTime"], found["isWorking"], found["workingTime"]
    return found


def _filled(fill: Fill) -> dict[str, object]:
    return {
        "price": fixed(fill.price),
        "qty": fixed(fill.size),
        "commission": fixed(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade,
    }


def _trade(fill: Fill) -> dict[str, object]:
    return {
        "symbol": fill.pair.replace("-", ""),
        "id": fill.trade,
        "orderId": fill.order,
        "orderListId": -1,
        "price": fixed(fill.price),
        "qty": fixed(fill.size),
        "quoteQty": fixed(fill.value),
        "commission": fixed(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.moment,
        "isBuyer": fill.side == "buy",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }
