"""Orders and fills."""

from __future__ import annotations

import uuid
from typing import Any

from warifu.sandbox.amounts import ZERO, fixed, number_of, plain, ratio
from warifu.sandbox.fronts.coinbase_exchange.forms import MONEY_PLACES, iso, page
from warifu.sandbox.orders import Fill, Lifetime, Order, Terms
from warifu.sandbox.people import Account
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, listed, said

_LIFETIMES: dict[str, Lifetime] = {"GTC": "until-cancelled", "IOC": "immediate", "FOK": "whole-or-none"}
_SHOWN_LIFETIMES = {lifetime: name for name, lifetime in _LIFETIMES.items()}
_DONE = {"filled": "filled", "cancelled": "canceled", "expired": "canceled"}
_NOT_SIMULATED = ("cancel_after", "max_floor", "stop_limit_price")


class Orders(Part):
    """Orders of the kinds that the engine matches."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("POST", "/orders", self._place, "trade"),
            Route("GET", "/orders", self._orders),
            Route("DELETE", "/orders", self._cancel_all, "trade"),
            Route("GET", "/orders/client:{client_oid}", self._order),
            Route("DELETE", "/orders/client:{client_oid}", self._cancel, "trade"),
            Route("GET", "/orders/{order_id}", self._order),
            Route("DELETE", "/orders/{order_id}", self._cancel, "trade"),
            Route("GET", "/fills", self._fills),
        )

    def _terms(self, visit: Visit) -> Terms:
        kind, side = visit.text("type", "limit"), visit.text("side")
        if kind not in ("limit", "market"):
            raise Refusal("form", "type")
        if side not in ("buy", "sell"):
            raise Refusal("form", "side")
        for name in _NOT_SIMULATED:
            if name in visit.fields:
                raise Refusal("order-form", name)
        lifetime = visit.text("time_in_force", "GTC")
        if lifetime not in _LIFETIMES:
            raise Refusal("form", "time_in_force")
        stop = visit.text("stop", "")
        if stop not in ("", "loss", "entry") or bool(stop) != ("stop_price" in visit.fields):
            raise Refusal("form", "stop")
        return Terms(
            account=visit.account,
            pair=visit.text("product_id"),
            side="buy" if side == "buy" else "sell",
            kind="limit" if kind == "limit" else "market",
            client_id=_client_id(visit),
            size=visit.amount("size", read=number_of),
            funds=visit.amount("funds", read=number_of),
            price=visit.amount("price", read=number_of),
            lifetime=_LIFETIMES[lifetime],
            post_only=visit.fields.get("post_only") in (True, "true"),
            stop_price=visit.amount("stop_price", read=number_of),
            rising=stop == "entry",
            said={"stop": stop} if stop else {},
        )

    def _place(self, visit: Visit) -> Answer:
        terms = self._terms(visit)
        known = {one.terms.client_id for one in self.venue.engine.orders_of(visit.account)}
        if terms.client_id and terms.client_id in known:
            raise Refusal("duplicate", "client_oid")
        order = self.venue.engine.place(terms, self.venue.now())
        nothing = fixed(ZERO, MONEY_PLACES)
        # What becomes of it is not said here: it is asked for.
        begun = {"status": "pending", "settled": False, "fill_fees": nothing, "executed_value": nothing}
        return said({**self._order_info(order), **begun, "filled_size": fixed(ZERO), "done_reason": ""})

    def _found(self, visit: Visit) -> Order:
        number, client_oid = visit.places.get("order_id", ""), visit.places.get("client_oid", "")
        for order in self.venue.engine.orders_of(visit.account):
            if (order.uuid == number) if number else (order.terms.client_id == client_oid):
                return order
        raise Refusal("no-order")

    def _order(self, visit: Visit) -> Answer:
        return said(self._order_info(self._found(visit)))

    def _orders(self, visit: Visit) -> Answer:
        statuses = listed(visit.request.query, "status") or ["open", "pending", "active"]
        pair = visit.text("product_id", "")
        found = [
            (order.number, self._order_info(order))
            for order in self.venue.engine.orders_of(visit.account)
            if pair in ("", order.terms.pair)
        ]
        return page(visit, [one for one in found if "all" in statuses or one[1]["status"] in statuses])

    def _cancel(self, visit: Visit) -> Answer:
        order = self._found(visit)
        self.venue.engine.cancel(order, self.venue.now())
        return said(order.terms.client_id if "client_oid" in visit.places else order.uuid)

    def _cancel_all(self, visit: Visit) -> Answer:
        pair = visit.text("product_id", "")
        orders = [one for one in self.venue.engine.orders_of(visit.account) if one.live]
        gone = [one for one in orders if pair in ("", one.terms.pair)]
        for order in gone:
            self.venue.engine.cancel(order, self.venue.now())
        return said([order.uuid for order in gone])

    def _order_info(self, order: Order) -> dict[str, Any]:
        terms, market = order.terms, self.venue.engine.markets[order.terms.pair]
        stop = terms.said.get("stop_price") or (plain(terms.stop_price) if terms.stop_price else "")
        found: dict[str, Any] = {
            "id": order.uuid,
            "product_id": terms.pair,
            "profile_id": self.venue.account(terms.account).uuid,
            "side": terms.side,
            "type": terms.kind,
            "time_in_force": _SHOWN_LIFETIMES[terms.lifetime] if terms.kind == "limit" else "",
            "post_only": terms.post_only,
            "created_at": iso(order.moment),
            "done_at": None if order.done is None else iso(order.done),
            "done_reason": _DONE.get(order.status, ""),
            "reject_reason": "",
            "fill_fees": fixed(order.fees, MONEY_PLACES),
            "filled_size": fixed(order.filled),
            "executed_value": fixed(order.value, MONEY_PLACES),
            "status": {"waiting": "active", "open": "open"}.get(order.status, "done"),
            "settled": not order.live,
            "stop": terms.said.get("stop", ""),
            "stop_price": stop,
            "client_oid": terms.client_id,
            "market_type": "spot",
            "funding_currency": market.quote if terms.side == "buy" else market.base,
        }
        if terms.size is not None:
            found["size"] = fixed(terms.size)
        if terms.price is not None:
            found["price"] = fixed(terms.price)
        if terms.funds is not None:
            found["specified_funds"] = fixed(terms.funds, MONEY_PLACES)
            found["funds"] = fixed(ratio(terms.funds, 1 + market.taker_rate, 8), MONEY_PLACES)
        return found

    def _fills(self, visit: Visit) -> Answer:
        wanted, pair = visit.text("order_id", ""), visit.text("product_id", "")
        if not wanted and not pair:
            raise Refusal("missing", "order_id or product_id")
        orders = {one.number: one for one in self.venue.engine.orders_of(visit.account)}
        number = self.venue.engine.number_of
        return page(
            visit,
            [
                (fill.trade, _fill(fill, number(fill), orders[fill.order], self.venue.account(fill.account)))
                for fill in self.venue.engine.fills_of(visit.account)
                if wanted in ("", orders[fill.order].uuid) and pair in ("", fill.pair)
            ],
        )


def _client_id(visit: Visit) -> str:
    text = visit.text("client_oid", "")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        raise Refusal("form", "client_oid") from None


def _fill(fill: Fill, number: int, order: Order, customer: Account) -> dict[str, object]:
    return {
        "trade_id": number,
        "product_id": fill.pair,
        "order_id": order.uuid,
        "user_id": customer.name,
        "profile_id": customer.uuid,
        "liquidity": "M" if fill.maker else "T",
        "price": fixed(fill.price),
        "size": fixed(fill.size),
        "fee": fixed(fill.fee, MONEY_PLACES),
        "created_at": iso(fill.moment),
        "side": fill.side,
        "settled": True,
        "usd_volume": fixed(fill.value, MONEY_PLACES),
        "market_type": "spot",
        "funding_currency": fill.fee_asset,
    }
