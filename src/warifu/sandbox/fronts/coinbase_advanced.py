"""Coinbase's Advanced Trade: orders for a CDP key. It refuses orders under status 200. Forms as in its documents."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import EXACT, ZERO, amount_of, places_down, plain, ratio
from warifu.sandbox.engine import Plan
from warifu.sandbox.fronts.cdp import UNAUTHORIZED, credential_of
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Lifetime, Order, Side, Terms
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, Visit, body_fields, listed, query_fields, said

P = "/api/v3/brokerage"
_LISTS = ("order_ids", "product_ids", "order_status", "trade_ids", "order_types")

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    # reason: status, error, words
    "identity": (403, "PERMISSION_DENIED", "identity verification is required"),
    "network": (400, "INVALID_ARGUMENT", "unsupported network"),
    "no-order": (404, "NOT_FOUND", "order with this orderID was not found"),
    "no-path": (404, "NOT_FOUND", "Not Found"),
    "no-such": (404, "NOT_FOUND", "not found"),
    "permission": (403, "PERMISSION_DENIED", "Missing required scopes"),
    "rate-limit": (429, "rate_limit_exceeded", "Too many requests"),
    "rate-limit-body": (400, "rate_limit_exceeded", "Too many requests"),
    "second-factor": (402, "two_factor_required", "Two-step verification code required"),
    "server-fault": (500, "INTERNAL", "internal error"),
    "clock": (401, "unauthorized", "request timestamp expired"),
}
_ORDER_REFUSALS: dict[Reason, tuple[str, str]] = {
    # what is said under status 200: error, words
    "delisted": ("INVALID_PRODUCT_ID", "The product is not available"),
    "funds": ("INSUFFICIENT_FUND", "Insufficient balance in source account"),
    "maintenance": ("ORDER_ENTRY_DISABLED", "Order entry is disabled: maintenance"),
    "order-form": ("UNSUPPORTED_ORDER_CONFIGURATION", "The order configuration was invalid"),
    "post-only": ("INVALID_LIMIT_PRICE_POST_ONLY", "Invalid limit price for a post only order"),
    "price-step": ("INVALID_PRICE_PRECISION", "Too many decimals in order price"),
    "size-step": ("INVALID_SIZE_PRECISION", "Too many decimals in order amount"),
    "too-large": ("INVALID_BASE_SIZE_TOO_LARGE", "The order is too large"),
    "too-small": ("INVALID_BASE_SIZE_TOO_SMALL", "The order is too small"),
    "value-too-small": ("INVALID_QUOTE_SIZE_TOO_SMALL", "The order is too small"),
}
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


class CoinbaseAdvanced(Front):
    """One portfolio for each customer."""

    name = "coinbase-advanced"

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", f"{P}/time", self._time, None),
            Route("GET", f"{P}/market/products", self._products, None),
            Route("GET", f"{P}/market/products/{{product_id}}", self._product, None),
            Route("GET", f"{P}/market/product_book", self._book, None),
            Route("GET", f"{P}/products", self._products),
            Route("GET", f"{P}/products/{{product_id}}", self._product),
            Route("GET", f"{P}/product_book", self._book),
            Route("GET", f"{P}/best_bid_ask", self._best),
            Route("GET", f"{P}/accounts", self._accounts),
            Route("GET", f"{P}/accounts/{{account_uuid}}", self._account),
            Route("GET", f"{P}/key_permissions", self._permissions),
            Route("GET", f"{P}/transaction_summary", self._summary),
            Route("POST", f"{P}/orders", self._place, "trade"),
            Route("POST", f"{P}/orders/preview", self._preview),
            Route("POST", f"{P}/orders/batch_cancel", self._cancel, "trade"),
            Route("GET", f"{P}/orders/historical/batch", self._orders),
            Route("GET", f"{P}/orders/historical/fills", self._fills),
            Route("GET", f"{P}/orders/historical/{{order_id}}", self._order),
        )

    # --- who asks, and what ---------------------------------------------------------------------------------------

    def fields(self, request: Request) -> Mapping[str, Any]:
        if request.method in ("POST", "PUT"):
            return body_fields(request.body)
        return query_fields(request.query, repeated=_LISTS)

    def credential(self, request: Request) -> Credential:
        return credential_of(self.venue, request)

    def refused(self, refusal: Refusal) -> Answer:
        if refusal.reason in ("authentication", "signature"):
            return UNAUTHORIZED
        if refusal.reason in _ORDER_REFUSALS:
            return said(_no_order(refusal, {}))
        status, error, words = _REFUSALS.get(
            refusal.reason, (400, "INVALID_ARGUMENT", f"invalid {refusal.detail}")
        )
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        return said({"error": error, "error_details": words, "message": words}, status, headers)

    # --- products -------------------------------------------------------------------------------------------------

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        iso = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return said({"iso": iso, "epochSeconds": str(now // 1000), "epochMillis": str(now)})

    def _market(self, name: str) -> Market:
        market = self.venue.engine.markets.get(name)
        if market is None:
            raise Refusal("no-such", name)
        return market

    def _products(self, visit: Visit) -> Answer:
        wanted = listed(visit.request.query, "product_ids")
        markets = [one for one in self.venue.engine.markets.values() if not wanted or one.name in wanted]
        if visit.text("product_type", "SPOT") != "SPOT":
            markets = []
        limit, offset = visit.whole("limit", 1000, 1000), visit.whole("offset", 0, 10**6)
        page = markets[offset : offset + limit]
        return said({"products": [self._product_info(one) for one in page], "num_products": len(page)})

    def _product(self, visit: Visit) -> Answer:
        return said(self._product_info(self._market(visit.places["product_id"])))

    def _product_info(self, market: Market) -> dict[str, object]:
        gone = market.state == "delisted"
        return {
            "product_id": market.name,
            "price": plain(self.venue.engine.price(market.name)),
            "price_percentage_change_24h": "0",
            "volume_24h": "0",
            "volume_percentage_change_24h": "0",
            "base_increment": plain(market.size_step),
            "quote_increment": plain(market.price_step),
            "price_increment": plain(market.price_step),
            "quote_min_size": plain(market.least_value),
            "quote_max_size": "150000000",
            "base_min_size": plain(market.least_size),
            "base_max_size": plain(market.most_size),
            "base_name": market.base,
            "quote_name": market.quote,
            "watched": False,
            "is_disabled": gone,
            "new": False,
            "status": "delisted" if gone else "online",
            "cancel_only": market.state == "cancel-only",
            "limit_only": market.state == "limit-only",
            "post_only": market.state == "post-only",
            "trading_disabled": gone,
            "auction_mode": False,
            "product_type": "SPOT",
            "quote_currency_id": market.quote,
            "base_currency_id": market.base,
            "fcm_trading_session_details": None,
            "mid_market_price": "",
            "alias": "",
            "alias_to": [],
            "base_display_symbol": market.base,
            "quote_display_symbol": market.quote,
            "view_only": False,
            "display_name": market.name,
            "product_venue": "CBE",
        }

    def _price_book(self, market: Market, limit: int) -> dict[str, object]:
        book = self.venue.engine.books[market.name]
        sides: tuple[tuple[str, Side], ...] = (("bids", "buy"), ("asks", "sell"))
        levels = {
            name: [
                {"price": plain(price), "size": plain(size)} for price, size, _ in book.levels(side)[:limit]
            ]
            for name, side in sides
        }
        return {"product_id": market.name, **levels, "time": _iso(self.venue.now())}

    def _book(self, visit: Visit) -> Answer:
        market, limit = self._market(visit.text("product_id")), visit.whole("limit", 50, 1000)
        last = plain(self.venue.engine.price(market.name))
        return said({"pricebook": self._price_book(market, limit), "last": last})

    def _best(self, visit: Visit) -> Answer:
        wanted = listed(visit.request.query, "product_ids") or list(self.venue.engine.markets)
        return said({"pricebooks": [self._price_book(self._market(name), 1) for name in wanted]})

    # --- the account ----------------------------------------------------------------------------------------------

    def _accounts(self, visit: Visit) -> Answer:
        assets = self.venue.assets()
        start, limit = visit.whole("cursor", 0, 10**6), visit.whole("limit", 49, 250)
        page = assets[start : start + limit]
        more = start + limit < len(assets)
        return said(
            {
                "accounts": [self._account_info(visit, asset) for asset in page],
                "has_next": more,
                "cursor": str(start + limit) if more else "",
                "size": len(page),
            }
        )

    def _account(self, visit: Visit) -> Answer:
        asset = self.venue.wallet(self.venue.account(visit.account), visit.places["account_uuid"])
        return said({"account": self._account_info(visit, asset)})

    def _account_info(self, visit: Visit, asset: str) -> dict[str, object]:
        customer, ledger = self.venue.account(visit.account), self.venue.state.ledger
        return {
            "uuid": customer.wallets[asset],
            "name": f"{asset} Wallet",
            "currency": asset,
            "available_balance": _money(ledger.free_of(visit.account, asset), asset),
            "default": asset == "BTC",
            "active": True,
            "created_at": _iso(0),
            "updated_at": _iso(self.venue.now()),
            "deleted_at": None,
            "type": "ACCOUNT_TYPE_FIAT" if asset == "USD" else "ACCOUNT_TYPE_CRYPTO",
            "ready": True,
            "hold": _money(ledger.held_of(visit.account, asset), asset),
            "retail_portfolio_id": customer.uuid,
            "platform": "ACCOUNT_PLATFORM_CONSUMER",
        }

    def _permissions(self, visit: Visit) -> Answer:
        assert visit.credential is not None, "this path wants one"
        may = visit.credential.permissions
        return said(
            {
                "can_view": "view" in may,
                "can_trade": "trade" in may,
                "can_transfer": "transfer" in may,
                "portfolio_uuid": self.venue.account(visit.account).uuid,
                "portfolio_type": "DEFAULT",
            }
        )

    def _summary(self, _: Visit) -> Answer:
        market = next(iter(self.venue.engine.markets.values()))
        tier = {"pricing_tier": "simulation", "usd_from": "0", "usd_to": ""}
        rates = {"taker_fee_rate": plain(market.taker_rate), "maker_fee_rate": plain(market.maker_rate)}
        return said({"total_volume": 0, "total_fees": 0, "fee_tier": {**tier, **rates}})

    # --- orders ---------------------------------------------------------------------------------------------------

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
            size=_amount(inner, "base_size"),
            funds=_amount(inner, "quote_size"),
            price=_amount(inner, "limit_price"),
            lifetime="until-cancelled" if is_market else _CONFIGURATIONS[name],
            post_only=configured.get("post_only") is True,
            stop_price=_amount(inner, "stop_price"),
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
            if refusal.reason not in _ORDER_REFUSALS:
                raise
            return said(_no_order(refusal, configuration))
        return said(_placed(order))

    def _preview(self, visit: Visit) -> Answer:
        terms = self._terms(visit, "")
        market = self._market(terms.pair)
        book = self.venue.engine.books[market.name]
        plan: Plan = []
        errs = []
        try:
            plan = self.venue.engine.check(terms)
        except Refusal as refusal:
            if refusal.reason not in _ORDER_REFUSALS:
                raise
            errs = [f"PREVIEW_{_ORDER_REFUSALS[refusal.reason][0]}"]
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
        return _page(visit, "orders", kept, {"sequence": "0"})

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
            "created_time": _iso(order.moment),
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
            "last_fill_time": _iso(fills[-1].moment) if fills else None,
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
        return _page(visit, "fills", found, {})


# --- parameters ---------------------------------------------------------------------------------------------------


def _amount(visit: Visit, name: str) -> Decimal | None:
    text = visit.text(name, "")
    if not text:
        return None
    found = amount_of(text)
    if found is None:
        raise Refusal("order-form", name)
    return found


def _page(
    visit: Visit, name: str, numbered: list[tuple[int, dict[str, object]]], extra: dict[str, object]
) -> Answer:
    """Newest first; the cursor is the number of the last one that was shown."""
    before, limit = visit.whole("cursor", 0, 10**15), visit.whole("limit", 100, 1000)
    rest = [one for one in numbered if not before or one[0] < before]
    page = rest[:limit]
    more = len(rest) > len(page)
    cursor = str(page[-1][0]) if more else ""
    return said({name: [one for _, one in page], **extra, "has_next": more, "cursor": cursor})


def _expected(terms: Terms, plan: Plan) -> tuple[Decimal, Decimal]:
    """Size and value, as far as an order would be filled at once; otherwise as it says itself."""
    if plan or terms.price is None or terms.size is None:
        size, value = ZERO, ZERO
        for resting, part in plan:
            size = EXACT.add(size, part)
            value = EXACT.add(value, EXACT.multiply(part, resting.terms.price or ZERO))
        return size, value
    return terms.size, EXACT.multiply(terms.size, terms.price)


# --- what is said -------------------------------------------------------------------------------------------------


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _money(amount: Decimal, asset: str) -> dict[str, str]:
    return {"value": plain(amount), "currency": asset}


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


def _no_order(refusal: Refusal, configuration: object) -> dict[str, object]:
    error, words = _ORDER_REFUSALS[refusal.reason]
    return {
        "success": False,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "order_id": "",
        "error_response": {
            "error": error,
            "message": words,
            "error_details": "",
            "preview_failure_reason": f"PREVIEW_{error}",
        },
        "order_configuration": configuration,
    }


def _fill(fill: Fill, order: Order) -> dict[str, object]:
    return {
        "entry_id": f"{order.uuid}-{fill.trade}",
        "trade_id": str(uuid.uuid5(uuid.UUID(order.uuid), str(fill.trade))),
        "order_id": order.uuid,
        "trade_time": _iso(fill.moment),
        "trade_type": "FILL",
        "price": plain(fill.price),
        "size": plain(fill.size),
        "commission": plain(fill.fee),
        "product_id": fill.pair,
        "sequence_timestamp": _iso(fill.moment),
        "liquidity_indicator": "MAKER" if fill.maker else "TAKER",
        "size_in_quote": False,
        "user_id": fill.account,
        "side": fill.side.upper(),
        "retail_portfolio_id": "",
    }
