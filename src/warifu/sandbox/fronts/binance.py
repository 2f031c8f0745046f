"""Binance's door: Ed25519 over all parameters, spot orders, the wallet. Forms as its documents show them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from warifu.sandbox.amounts import ZERO, amount_of, fixed, plain
from warifu.sandbox.custody import Chain, Deposit, Withdrawal
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Order, Terms
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, Visit, query_fields, said

HOST = "api.binance.com"
DEFAULT_WINDOW, LONGEST_WINDOW, AHEAD = 5_000, 60_000, 1_000
"""Milliseconds."""

_REFUSALS: dict[Reason, tuple[int, int, str]] = {
    # reason: status, code, words
    "address": (400, -4007, "The validation of the withdrawal address failed."),
    "address-not-allowed": (400, -4035, "This address is not on the whitelist. Please join and try again."),
    "authentication": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "clock": (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    "delisted": (400, -1121, "Invalid symbol."),
    "duplicate": (400, -2010, "Duplicate order sent."),
    "form": (400, -1100, "Illegal characters found in parameter '{}'."),
    "funds": (400, -2010, "Account has insufficient balance for requested action."),
    "identity": (400, -4041, "Insufficient identity verification."),
    "maintenance": (400, -1016, "This service is no longer available."),
    "memo": (400, -4008, "Address tag validation is not passed."),
    "missing": (400, -1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."),
    "network": (400, -4019, "Current asset is not open for withdrawal."),
    "no-order": (400, -2011, "Unknown order sent."),
    "no-such": (400, -2013, "Order does not exist."),
    "order-form": (400, -1106, "Parameter '{}' sent when not required."),
    "passphrase": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "permission": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "post-only": (400, -2010, "Order would immediately match and take."),
    "price-step": (400, -1013, "Filter failure: PRICE_FILTER"),
    "rate-limit": (429, -1003, "Too many requests; current limit of IP is 6000 requests per minute."),
    "rate-limit-body": (400, -1015, "Too many new orders; current limit is 100 orders per 10 SECOND."),
    "second-factor": (400, -4013, "2FA is not opened."),
    "server-fault": (500, -1000, "An unknown error occurred while processing the request."),
    "signature": (400, -1022, "Signature for this request is not valid."),
    "size-step": (400, -1013, "Filter failure: LOT_SIZE"),
    "too-large": (400, -1013, "Filter failure: LOT_SIZE"),
    "too-small": (400, -1013, "Filter failure: LOT_SIZE"),
    "travel-rule": (400, -4104, "Please fill in the travel rule questionnaire."),
    "value-too-small": (400, -1013, "Filter failure: NOTIONAL"),
    "withdrawal-precision": (400, -4021, "Asset withdrawal must be an {} multiple of 1."),
    "withdrawal-too-small": (400, -4022, "Asset withdrawal amount must be at least {}."),
}
_STATUSES = {
    "waiting": "NEW",
    "open": "NEW",
    "filled": "FILLED",
    "cancelled": "CANCELED",
    "expired": "EXPIRED",
}
_LIFETIMES = {"until-cancelled": "GTC", "immediate": "IOC", "whole-or-none": "FOK"}
_WITHDRAWALS = {"pending": 2, "sent": 4, "done": 6, "failed": 5}
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
_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


class Binance(Front):
    """Spot and its wallet."""

    name = "binance"

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/api/v3/ping", lambda _: said({}), None),
            Route("GET", "/api/v3/time", lambda _: said({"serverTime": self.venue.now()}), None),
            Route("GET", "/api/v3/exchangeInfo", self._exchange_info, None),
            Route("GET", "/api/v3/depth", self._depth, None),
            Route("GET", "/api/v3/ticker/bookTicker", self._best, None),
            Route("GET", "/api/v3/ticker/price", self._price, None),
            Route("GET", "/api/v3/account", self._account),
            Route("GET", "/api/v3/account/commission", self._commission),
            Route("POST", "/api/v3/order", self._place, "trade"),
            Route("POST", "/api/v3/order/test", self._test, "trade"),
            Route("GET", "/api/v3/order", self._order),
            Route("DELETE", "/api/v3/order", self._cancel, "trade"),
            Route("GET", "/api/v3/openOrders", self._open_orders),
            Route("DELETE", "/api/v3/openOrders", self._cancel_all, "trade"),
            Route("GET", "/api/v3/allOrders", self._all_orders),
            Route("GET", "/api/v3/myTrades", self._trades),
            Route("GET", "/sapi/v1/account/status", lambda _: said({"data": "Normal"})),
            Route("GET", "/sapi/v1/account/apiRestrictions", self._restrictions),
            Route("GET", "/sapi/v1/capital/config/getall", self._coins),
            Route("GET", "/sapi/v1/capital/deposit/address", self._deposit_address),
            Route("GET", "/sapi/v1/capital/deposit/hisrec", self._deposits),
            Route("POST", "/sapi/v1/capital/withdraw/apply", self._withdraw, "transfer"),
            Route("GET", "/sapi/v1/capital/withdraw/history", self._withdrawals),
        )

    # --- who asks, and what ---------------------------------------------------------------------------------------

    def fields(self, request: Request) -> Mapping[str, Any]:
        """Of the query and the body, which is a form; nothing is in both."""
        query = query_fields(request.query)
        body = query_fields(_ascii(request.body))
        if query.keys() & body.keys():
            raise Refusal("form", "query")
        return {**query, **body}

    def credential(self, request: Request) -> Credential:
        """The signature is over query and body as they stand, without itself."""
        credential = self.venue.state.people.credential("binance", request.headers.get("x-mbx-apikey", ""))
        query, in_query = _without_signature(request.query)
        body, in_body = _without_signature(_ascii(request.body))
        signatures = [one for one in (in_query, in_body) if one is not None]
        if not signatures:
            raise Refusal("missing", "signature")
        fields = Visit(request, {}, None, self.fields(request))
        window = fields.whole("recvWindow", DEFAULT_WINDOW, LONGEST_WINDOW)
        stamp, now = fields.whole("timestamp", None, 10**15), self.venue.now()
        if not now - window <= stamp < now + AHEAD:
            raise Refusal("clock")
        _verify(credential, (query + body).encode("ascii"), signatures)
        return credential

    def refused(self, refusal: Refusal) -> Answer:
        if refusal.reason == "no-path":
            found = {"timestamp": self.venue.now(), "status": 404, "error": "Not Found"}
            return said({**found, "message": "No message available", "path": refusal.detail}, 404)
        status, code, words = _REFUSALS[refusal.reason]
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        return said({"code": code, "msg": words.format(refusal.detail)}, status, headers)

    # --- market data ----------------------------------------------------------------------------------------------

    def _market(self, visit: Visit, name: str = "symbol") -> Market:
        symbol = visit.text(name)
        for market in self.venue.engine.markets.values():
            if market.base + market.quote == symbol and market.state != "delisted":
                return market
        raise Refusal("delisted", symbol)

    def _exchange_info(self, visit: Visit) -> Answer:
        markets = (
            [self._market(visit)]
            if "symbol" in visit.fields
            else [one for one in self.venue.engine.markets.values() if one.state != "delisted"]
        )
        return said(
            {
                "timezone": "UTC",
                "serverTime": self.venue.now(),
                "rateLimits": [],
                "exchangeFilters": [],
                "symbols": [_symbol_info(market) for market in markets],
            }
        )

    def _depth(self, visit: Visit) -> Answer:
        market = self._market(visit)
        limit = visit.whole("limit", 100, 5000)
        book = self.venue.engine.books[market.name]
        sides = {"bids": book.levels("buy"), "asks": book.levels("sell")}
        shown = {
            name: [[fixed(price), fixed(size)] for price, size, _ in levels[:limit]]
            for name, levels in sides.items()
        }
        return said({"lastUpdateId": self.venue.state.trading.trades, **shown})

    def _best(self, visit: Visit) -> Answer:
        market = self._market(visit)
        book = self.venue.engine.books[market.name]
        best = [(book.levels(side) or [(ZERO, ZERO, 0)])[0] for side in ("buy", "sell")]
        return said(
            {
                "symbol": market.base + market.quote,
                "bidPrice": fixed(best[0][0]),
                "bidQty": fixed(best[0][1]),
                "askPrice": fixed(best[1][0]),
                "askQty": fixed(best[1][1]),
            }
        )

    def _price(self, visit: Visit) -> Answer:
        market = self._market(visit)
        return said(
            {"symbol": market.base + market.quote, "price": fixed(self.venue.engine.price(market.name))}
        )

    # --- orders ---------------------------------------------------------------------------------------------------

    def _terms(self, visit: Visit) -> Terms:
        unread = set(visit.fields) - _ORDER_FIELDS
        if unread:
            raise Refusal("form", min(unread))
        market = self._market(visit)
        kind, side = visit.text("type"), visit.text("side")
        if kind not in _TYPES:
            raise Refusal("missing", "type")
        if side not in ("BUY", "SELL"):
            raise Refusal("missing", "side")
        stops = kind in ("STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
        _require_only(visit, kind)
        return Terms(
            account=visit.account,
            pair=market.name,
            side="buy" if side == "BUY" else "sell",
            kind="market" if kind == "MARKET" else "limit",
            client_id=visit.text("newClientOrderId", "") or f"sandbox{self.venue.now()}",
            size=_amount(visit, "quantity"),
            funds=_amount(visit, "quoteOrderQty"),
            price=_amount(visit, "price"),
            lifetime=_lifetime(visit),
            post_only=kind == "LIMIT_MAKER",
            stop_price=_amount(visit, "stopPrice") if stops else None,
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
        found = {**_order(order), "transactTime": order.moment, "workingTime": order.moment}
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
        market = self._market(visit)
        number, client_id = visit.text("orderId", ""), visit.text("origClientOrderId", "")
        if not number and not client_id:
            raise Refusal("missing", "orderId")
        for order in self._orders(visit):  # the newest of an identifier that was used again
            fits = str(order.number) == number if number else order.terms.client_id == client_id
            if fits and order.terms.pair == market.name:
                return order
        raise Refusal(missing)

    def _order(self, visit: Visit) -> Answer:
        return said(_order(self._found(visit, "no-such")))

    def _cancel(self, visit: Visit) -> Answer:
        order = self._found(visit, "no-order")
        self.venue.engine.cancel(order, self.venue.now())
        return said(_cancelled(order))

    def _cancel_all(self, visit: Visit) -> Answer:
        market = self._market(visit)
        orders = [one for one in self._orders(visit) if one.live and one.terms.pair == market.name]
        if not orders:
            raise Refusal("no-order")
        for order in orders:
            self.venue.engine.cancel(order, self.venue.now())
        return said([_cancelled(order) for order in orders])

    def _open_orders(self, visit: Visit) -> Answer:
        pair = self._market(visit).name if "symbol" in visit.fields else ""
        orders = [one for one in self._orders(visit) if one.live and pair in ("", one.terms.pair)]
        return said([_order(order) for order in reversed(orders)])

    def _all_orders(self, visit: Visit) -> Answer:
        market, limit = self._market(visit), visit.whole("limit", 500, 1000)
        start = visit.whole("orderId", 0, 10**15)
        orders = [one for one in reversed(self._orders(visit)) if one.terms.pair == market.name]
        later = [one for one in orders if one.number >= start]
        return said([_order(one) for one in (later[:limit] if start else later[-limit:])])

    def _trades(self, visit: Visit) -> Answer:
        market, limit = self._market(visit), visit.whole("limit", 500, 1000)
        order, start = visit.whole("orderId", 0, 10**15), visit.whole("fromId", 0, 10**15)
        fills = [
            fill
            for fill in self.venue.engine.fills_of(visit.account)
            if fill.pair == market.name and order in (0, fill.order) and fill.trade >= start
        ][::-1]
        return said([_trade(fill) for fill in (fills[:limit] if start else fills[-limit:])])

    # --- the account ----------------------------------------------------------------------------------------------

    def _account(self, visit: Visit) -> Answer:
        ledger, credential = self.venue.state.ledger, visit.credential
        assert credential is not None, "this path wants one"
        assets = self.venue.assets()
        if visit.text("omitZeroBalances", "false") == "true":
            assets = ledger.assets_of(visit.account)
        balances = [
            {
                "asset": asset,
                "free": fixed(ledger.free_of(visit.account, asset)),
                "locked": fixed(ledger.held_of(visit.account, asset)),
            }
            for asset in assets
        ]
        return said(
            {
                "makerCommission": 10,
                "takerCommission": 10,
                "buyerCommission": 0,
                "sellerCommission": 0,
                "canTrade": True,
                "canWithdraw": True,
                "canDeposit": True,
                "brokered": False,
                "requireSelfTradePrevention": False,
                "updateTime": self.venue.now(),
                "accountType": "SPOT",
                "balances": balances,
                "permissions": ["SPOT"],
                "uid": self.venue.account(visit.account).number,
            }
        )

    def _commission(self, visit: Visit) -> Answer:
        market = self._market(visit)
        rates = {"maker": fixed(market.maker_rate), "taker": fixed(market.taker_rate)}
        nothing = {"maker": fixed(ZERO), "taker": fixed(ZERO)}
        return said(
            {
                "symbol": market.base + market.quote,
                "standardCommission": {**rates, "buyer": fixed(ZERO), "seller": fixed(ZERO)},
                "taxCommission": {**nothing, "buyer": fixed(ZERO), "seller": fixed(ZERO)},
                "discount": {"enabledForAccount": False, "enabledForSymbol": False},
            }
        )

    def _restrictions(self, visit: Visit) -> Answer:
        credential = visit.credential
        assert credential is not None, "this path wants one"
        may = credential.permissions
        return said(
            {
                "ipRestrict": False,
                "createTime": self.venue.now(),
                "enableReading": "view" in may,
                "enableWithdrawals": "transfer" in may,
                "enableInternalTransfer": False,
                "enableMargin": False,
                "enableFutures": False,
                "permitsUniversalTransfer": False,
                "enableVanillaOptions": False,
                "enableFixApiTrade": False,
                "enableFixReadOnly": False,
                "enableSpotAndMarginTrading": "trade" in may,
                "enablePortfolioMarginTrading": False,
            }
        )

    # --- the wallet -----------------------------------------------------------------------------------------------

    def _coins(self, visit: Visit) -> Answer:
        ledger = self.venue.state.ledger
        return said(
            [
                {
                    "coin": asset,
                    "depositAllEnable": asset in self.venue.custody.chains,
                    "withdrawAllEnable": asset in self.venue.custody.chains,
                    "name": asset,
                    "free": plain(ledger.free_of(visit.account, asset)),
                    "locked": plain(ledger.held_of(visit.account, asset)),
                    "freeze": "0",
                    "withdrawing": "0",
                    "trading": True,
                    "isLegalMoney": False,
                    "networkList": [
                        self._network(chain)
                        for chain in self.venue.custody.chains.values()
                        if chain.asset == asset
                    ],
                }
                for asset in self.venue.assets()
            ]
        )

    def _network(self, chain: Chain) -> dict[str, object]:
        return {
            "network": chain.symbol,
            "coin": chain.asset,
            "name": f"{chain.network} (simulation)",
            "depositEnable": True,
            "withdrawEnable": not self.venue.state.vaults.stuck,
            "withdrawFee": plain(chain.fee),
            "withdrawMin": plain(chain.least),
            "withdrawMax": "1000000",
            "withdrawIntegerMultiple": fixed(Decimal(1).scaleb(-chain.places), chain.places),
            "addressRegex": "",
            "memoRegex": "",
            "sameAddress": False,
            "isDefault": True,
            "minConfirm": self.venue.custody.depth,
            "unLockConfirm": self.venue.custody.depth,
            "specialTips": "",
        }

    def _deposit_address(self, visit: Visit) -> Answer:
        place = self.venue.custody.address(visit.account, visit.text("coin"), visit.text("network", ""))
        return said({"address": place.address, "coin": place.asset, "tag": "", "url": ""})

    def _deposits(self, visit: Visit) -> Answer:
        coin, txid = visit.text("coin", ""), visit.text("txId", "")
        status, start = visit.text("status", ""), visit.whole("offset", 0, 10**6)
        found = [
            self._deposit(one)
            for one in reversed(self.venue.state.vaults.deposits)
            if one.account == visit.account and coin in ("", one.asset) and txid in ("", one.txid)
        ]
        kept = [one for one in found if status in ("", str(one["status"]))]
        return said(kept[start : start + visit.whole("limit", 1000, 1000)])

    def _deposit(self, deposit: Deposit) -> dict[str, object]:
        depth = self.venue.custody.depth
        return {
            "id": str(int(deposit.uuid.replace("-", "")[:15], 16)),
            "amount": plain(deposit.amount),
            "coin": deposit.asset,
            "network": self.venue.custody.chain(deposit.asset).symbol,
            "status": 1 if deposit.credited is not None else 0,
            "address": deposit.address,
            "addressTag": "",
            "txId": deposit.txid,
            "insertTime": deposit.moment,
            "transferType": 0,
            "confirmTimes": f"{min(deposit.confirmations, depth)}/{depth}",
            "unlockConfirm": depth,
            "walletType": 0,
        }

    def _withdraw(self, visit: Visit) -> Answer:
        amount = _amount(visit, "amount")
        if amount is None:
            raise Refusal("missing", "amount")
        withdrawal = self.venue.custody.withdraw(
            self.venue.account(visit.account),
            asset=visit.text("coin"),
            network=visit.text("network", ""),
            address=visit.text("address"),
            memo=visit.text("addressTag", ""),
            amount=amount,
            on_top=False,
            client_id=visit.text("withdrawOrderId", ""),
        )
        return said({"id": withdrawal.uuid.replace("-", "")})

    def _withdrawals(self, visit: Visit) -> Answer:
        coin, ours = visit.text("coin", ""), visit.text("withdrawOrderId", "")
        status, start = visit.text("status", ""), visit.whole("offset", 0, 10**6)
        found = [
            self._withdrawal(one)
            for one in reversed(self.venue.state.vaults.withdrawals)
            if one.account == visit.account and coin in ("", one.asset) and ours in ("", one.client_id)
        ]
        kept = [one for one in found if status in ("", str(one["status"]))]
        return said(kept[start : start + visit.whole("limit", 1000, 1000)])

    def _withdrawal(self, withdrawal: Withdrawal) -> dict[str, object]:
        applied = datetime.fromtimestamp(withdrawal.moment / 1000, UTC)
        return {
            "id": withdrawal.uuid.replace("-", ""),
            "amount": plain(withdrawal.amount),
            "transactionFee": plain(withdrawal.fee),
            "coin": withdrawal.asset,
            "status": _WITHDRAWALS[withdrawal.status],
            "address": withdrawal.address,
            "addressTag": "",
            "txId": withdrawal.txid,
            "applyTime": applied.strftime("%Y-%m-%d %H:%M:%S"),
            "network": self.venue.custody.chain(withdrawal.asset).symbol,
            "transferType": 0,
            "withdrawOrderId": withdrawal.client_id,
            "info": withdrawal.words,
            "confirmNo": withdrawal.confirmations,
            "walletType": 0,
            "txKey": "",
        }


# --- signatures and parameters ------------------------------------------------------------------------------------


def _ascii(data: bytes) -> str:
    if not data.isascii():
        raise Refusal("form", "body")
    return data.decode("ascii")


def _without_signature(text: str) -> tuple[str, str | None]:
    """What was signed, and the signature if it is in this part."""
    parts = text.split("&")
    signatures = [part for part in parts if part.startswith("signature=")]
    rest = "&".join(part for part in parts if not part.startswith("signature="))
    return rest, signatures[0].removeprefix("signature=") if len(signatures) == 1 else None


def _verify(credential: Credential, payload: bytes, signatures: list[str]) -> None:
    key = load_pem_public_key(credential.verifier.encode("ascii"))
    try:
        [signature] = signatures
        assert isinstance(key, Ed25519PublicKey), "checked when it was added"
        key.verify(base64.b64decode(unquote(signature), validate=True), payload)
    except (ValueError, binascii.Error, InvalidSignature):
        raise Refusal("signature") from None


def _amount(visit: Visit, name: str) -> Decimal | None:
    text = visit.text(name, "")
    if not text:
        return None
    found = amount_of(text)
    if found is None:
        raise Refusal("form", name)
    return found


def _lifetime(visit: Visit) -> Any:  # noqa: ANN401  # one of the lifetimes' names
    wanted = visit.text("timeInForce", "GTC")
    for name, shown in _LIFETIMES.items():
        if shown == wanted:
            return name
    raise Refusal("missing", "timeInForce")


def _require_only(visit: Visit, kind: str) -> None:
    """Each type has parameters that must be there, and others that must not."""
    needed = {
        "LIMIT": ("timeInForce", "quantity", "price"),
        "LIMIT_MAKER": ("quantity", "price"),
        "MARKET": (),
        "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
        "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    }[kind]
    for name in needed:
        visit.text(name)
    allowed = {*needed, *(("quantity", "quoteOrderQty") if kind == "MARKET" else ())}
    for name in ("timeInForce", "quantity", "quoteOrderQty", "price", "stopPrice"):
        if name in visit.fields and name not in allowed:
            raise Refusal("order-form", name)
    if kind == "MARKET" and not {"quantity", "quoteOrderQty"} & visit.fields.keys():
        raise Refusal("missing", "quantity")


# --- what is said -------------------------------------------------------------------------------------------------


def _symbol_info(market: Market) -> dict[str, object]:
    return {
        "symbol": market.base + market.quote,
        "status": "TRADING" if market.state == "open" else "BREAK",
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": fixed(market.price_step),
                "maxPrice": "1000000.00000000",
                "tickSize": fixed(market.price_step),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": fixed(market.least_size),
                "maxQty": fixed(market.most_size),
                "stepSize": fixed(market.size_step),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": fixed(market.least_value),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }


def _order(order: Order) -> dict[str, object]:
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
        "timeInForce": _LIFETIMES[terms.lifetime],
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
    found = {**_order(order), "origClientOrderId": order.terms.client_id, "transactTime": order.done}
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
