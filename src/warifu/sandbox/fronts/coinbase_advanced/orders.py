"""Orders, previews and fills."""

from __future__ import annotations

import uuid
from decimal import Decimal

from warifu.sandbox.amounts import EXACT, ZERO, places_down, plain, ratio
from warifu.sandbox.engine import Plan
from warifu.sandbox.fronts.coinbase_advanced.forms import P, iso, market_named, page_of
from warifu.sandbox.fronts.coinbase_advanced.refusals import ORDER_REFUSALS, no_order
from warifu.sandbox.orders import Fill, Lifetime, Order, Terms
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, listed, said

_STATUSES = {
    "waiting": "OPEN",
    "open": "OPEN",
    "filled": "FILLED",
    "cancelled": "CANCELLED",
    "expired": "CANCELLED",
}
_LIFETIMES: dict[Lifetime, str] = {
    "until-cancelled": "GOOD_UNTIL_CANCELLED",
    "immediate": "IMMEDIATE_OR_CANCEL",
    "whole-or-none": "FILL_OR_KILL",
}
_CONFIGURATIONS: dict[str, Lifetime] = {
    "market_market_ioc": "immediate",
    "market_market_fok": "whole-or-none",
    "sor_limit_ioc": "immediate",
    "limit_limit_fok": "whole-or-none",
    "limit_limit_gtc": "until-cancelled",
    "stop_limit_stop_limit_gtc": "until-cancelled",
}
_CONFIGURED = (
    "base_size",
    "quote_size",
    "limit_price",
    "post_only",
    "stop_price",
    "stop_direction",
    "rfq_disabled",
)


class Orders(Part):
    """An order is refused under status 200."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("POST", f"{P}/orders", self._place, "trade"),
            Route("POST", f"{P}/orders/preview", self._preview),
            Route("POST", f"{P}/orders/batch_cancel", self._cancel, "trade"),
            Route("GET", f"{P}/orders/historical/batch", self._orders),
            Route("GET", f"{P}/orders/historical/fills", self._fills),
            Route("GET", f"{P}/orders/historical/{{order_id}}", self._order),
        )

    def _terms(self, visit: Visit, client_id: str) -> Terms:
        side = visit.text("side")
        if side not in ("BUY", "SELL"):
            raise Refusal("form", "side")
        configurations = visit.fields.get("order_configuration")
        if not isinstance(configurations, dict) or len(configurations) != 1:
            raise Refusal("order-form")
        [(name, configured)] = configurations.items()
        if (
            name not in _CONFIGURATIONS
            or not isinstance(configured, dict)
            or set(configured) - set(_CONFIGURED)
        ):
            raise Refusal("order-form")
        inner = Visit(visit.request, {}, visit.credential, configured)
        is_market = name.startswith("market_")
        return Terms(
            account=visit.account,
            pair=visit.text("product_id"),
            side="buy" if side == "BUY" else "sell",
            kind="market" if is_market else "limit",
            client_id=client_id,
            size=inner.amount("base_size", "order-form"),
            funds=inner.amount("quote_size", "order-form"),
            price=inner.amount("limit_price", "order-form"),
            lifetime="until-cancelled" if is_market else _CONFIGURATIONS[name],
            post_only=configured.get("post_only") is True,
            stop_price=inner.amount("stop_price", "order-form"),
            rising=configured.get("stop_direction") == "STOP_DIRECTION_STOP_UP",
            said={"configuration": {name: configured}},
        )

    def _place(self, visit: Visit) -> Answer:
        client_id = visit.text("client_order_id")
        for order in self.venue.engine.orders_of(visit.account):
            if (
                order.terms.client_id == client_id
            ):  # the same identifier: the same order, whatever else is said
                return said(_placed(order))
        configuration = visit.fields.get("order_configuration")
        try:
            order = self.venue.engine.place(self._terms(visit, client_id), self.venue.now())
        except Refusal as refusal:
            if refusal.reason not in ORDER_REFUSALS:
                raise
            return said(no_order(refusal, configuration))
        return said(_placed(order))

    def _preview(self, visit: Visit) -> Answer:
        terms = self._terms(visit, "")
        market = market_named(self.venue, terms.pair)
        book = self.venue.engine.books[market.name]
        plan: Plan = []
        errs = []
        try:
            plan = self.venue.engine.check(terms)
        except Refusal as refusal:
            if refusal.reason not in ORDER_REFUSALS:
                raise
            errs = [f"PREVIEW_{ORDER_REFUSALS[refusal.reason][0]}"]
        size, value = _expected(terms, plan)
        fee = places_down(EXACT.multiply(value, market.taker_rate), 8)
        total = EXACT.add(value, fee) if terms.side == "buy" else EXACT.subtract(value, fee)
        return said(
            {
                "order_total": plain(total),
                "commission_total": plain(fee),
                "errs": errs,
                "warning": [],
                "quote_size": plain(value),
                "base_size": plain(size),
                "best_bid": plain(book.best("buy") or ZERO),
                "best_ask": plain(book.best("sell") or ZERO),
                "is_max": False,
                "slippage": "0",
                "preview_id": str(uuid.uuid4()),
            }
        )

    def _cancel(self, visit: Visit) -> Answer:
        wanted = visit.fields.get("order_ids")
        if not isinstance(wanted, list) or not 0 < len(wanted) <= 100:
            raise Refusal("form", "order_ids")
        return said({"results": [self._cancelled(visit, str(one)) for one in wanted]})

    def _cancelled(self, visit: Visit, order_id: str) -> dict[str, object]:
        for order in self.venue.engine.orders_of(visit.account):
            if order.uuid == order_id:
                if not order.live:
                    return {
                        "success": False,
                        "failure_reason": "DUPLICATE_CANCEL_REQUEST",
                        "order_id": order_id,
                    }
                self.venue.engine.cancel(order, self.venue.now())
                return {
                    "success": True,
                    "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON",
                    "order_id": order_id,
                }
        return {"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER", "order_id": order_id}

    def _orders(self, visit: Visit) -> Answer:
        query = visit.request.query
        ids, statuses = listed(query, "order_ids"), listed(query, "order_status")
        pairs = listed(query, "product_ids") or listed(query, "product_id")
        found = [
            (order.number, self._order_info(order))
            for order in self.venue.engine.orders_of(visit.account)
            if (not ids or order.uuid in ids) and (not pairs or order.terms.pair in pairs)
        ]
        kept = [one for one in found if not statuses or one[1]["status"] in statuses]
        return page_of(visit, "orders", kept, {"sequence": "0"})

    def _order(self, visit: Visit) -> Answer:
        for order in self.venue.engine.orders_of(visit.account):
            if order.uuid == visit.places["order_id"]:
                return said({"order": self._order_info(order)})
        raise Refusal("no-order")

    def _order_info(self, order: Order) -> dict[str, object]:
        terms = order.terms
        value_after = EXACT.add(order.value, order.fees if terms.side == "buy" else -order.fees)
        fills = [one for one in self.venue.state.trading.fills if one.order == order.number]
        if terms.size is not None:
            share = ratio(order.filled * 100, terms.size, 2)
        else:
            share = Decimal(100) if order.filled else ZERO
        stops = terms.stop_price is not None or "stop_price" in terms.said
        return {
            "order_id": order.uuid,
            "product_id": terms.pair,
            "user_id": self.venue.account(terms.account).uuid,
            "order_configuration": terms.said.get("configuration", {}),
            "side": terms.side.upper(),
            "client_order_id": terms.client_id,
            "status": _STATUSES[order.status],
            "time_in_force": _LIFETIMES["immediate" if terms.kind == "market" else terms.lifetime],
            "created_time": iso(order.moment),
            "completion_percentage": plain(share),
            "filled_size": plain(order.filled),
            "average_filled_price": plain(ratio(order.value, order.filled, 8)) if order.filled else "0",
            "fee": "",
            "number_of_fills": str(len(fills)),
            "filled_value": plain(order.value),
            "pending_cancel": False,
            "size_in_quote": terms.funds is not None,
            "total_fees": plain(order.fees),
            "size_inclusive_of_fees": terms.funds is not None,
            "total_value_after_fees": plain(value_after),
            "trigger_status": "STOP_PENDING" if order.status == "waiting" else "INVALID_ORDER_TYPE",
            "order_type": "STOP_LIMIT" if stops else terms.kind.upper(),
            "reject_reason": "REJECT_REASON_UNSPECIFIED",
            "settled": not order.live,
            "product_type": "SPOT",
            "reject_message": "",
            "cancel_message": "User requested cancel" if order.status == "cancelled" else "",
            "order_placement_source": "RETAIL_ADVANCED",
            "outstanding_hold_amount": plain(order.hold),
            "last_fill_time": iso(fills[-1].moment) if fills else None,
            "retail_portfolio_id": self.venue.account(terms.account).uuid,
        }

    def _fills(self, visit: Visit) -> Answer:
        query = visit.request.query
        ids, pairs = listed(query, "order_ids"), listed(query, "product_ids") or listed(query, "product_id")
        orders = {one.number: one for one in self.venue.engine.orders_of(visit.account)}
        found = [
            (fill.trade, _fill(fill, orders[fill.order]))
            for fill in self.venue.engine.fills_of(visit.account)
            if (not ids or orders[fill.order].uuid in ids) and (not pairs or fill.pair in pairs)
        ]
        return page_of(visit, "fills", found, {})


def _expected(terms: Terms, plan: Plan) -> tuple[Decimal, Decimal]:
    """Size and value, as far as an order would be filled at once; otherwise as it says itself."""
    if plan or terms.price is None or terms.size is None:
        size, value = ZERO, ZERO
        for resting, part in plan:
            size = EXACT.add(size, part)
            value = EXACT.add(value, EXACT.multiply(part, resting.terms.price or ZERO))
        return size, value
    return terms.size, EXACT.multiply(terms.size, terms.price)


def _placed(order: Order) -> dict[str, object]:
    return {
        "success": True,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "order_id": order.uuid,
        "success_response": {
            "order_id": order.uuid,
            "product_id": order.terms.pair,
            "side": order.terms.side.upper(),
            "client_order_id": order.terms.client_id,
            "attached_order_id": "",
        },
        "order_configuration": order.terms.said["configuration"],
    }


def _fill(fill: Fill, order: Order) -> dict[str, object]:
    return {
        "entry_id": f"{order.uuid}-{fill.trade}",
        "trade_id": str(uuid.uuid5(uuid.UUID(order.uuid), str(fill.trade))),
        "order_id": order.uuid,
        "trade_time": iso(fill.moment),
        "trade_type": "FILL",
        "price": plain(fill.price),
        "size": plain(fill.size),
        "commission": plain(fill.fee),
        "product_id": fill.pair,
        "sequence_timestamp": iso(fill.moment),
        "liquidity_indicator": "MAKER" if fill.maker else "TAKER",
        "size_in_quote": False,
        "user_id": fill.account,
        "side": fill.side.upper(),
        "retail_portfolio_id": "",
    }
