"""Coinbase's Exchange API: HMAC with a passphrase over time, method, path and body. Forms as in its documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from warifu.sandbox.amounts import EXACT, ZERO, amount_of, fixed, number_of, plain, ratio
from warifu.sandbox.custody import Chain, Deposit, Withdrawal
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Lifetime, Order, Side, Terms
from warifu.sandbox.people import Account, Allowed, Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, Visit, body_fields, listed, query_fields, said

HOST = "api.exchange.coinbase.com"
WINDOW = 30
"""Seconds that a request's time may be away from the exchange's."""
MONEY_PLACES = 16

_REFUSALS: dict[Reason, tuple[int, str]] = {
    "address": (400, "invalid crypto_address"),
    "address-not-allowed": (400, "Crypto address is not in your address book"),
    "authentication": (401, "Invalid API Key"),
    "clock": (401, "request timestamp expired"),
    "delisted": (400, "Trading pair not available"),
    "duplicate": (400, "Duplicate identifier: {}"),
    "form": (400, "{} is invalid"),
    "funds": (400, "Insufficient funds"),
    "identity": (403, "Forbidden: the profile is not verified"),
    "maintenance": (400, "Cancel only mode: under maintenance {}"),
    "memo": (400, "destination_tag is invalid"),
    "missing": (400, "{} is required"),
    "network": (400, "{} is not a supported network"),
    "no-order": (404, "order not found"),
    "no-path": (404, "NotFound"),
    "no-such": (404, "NotFound"),
    "order-form": (400, "{} is not allowed for this order"),
    "passphrase": (401, "Invalid Passphrase"),
    "permission": (403, "Forbidden"),
    "post-only": (400, "Post only mode: the order would be filled at once"),
    "price-step": (400, "price is too accurate. Smallest unit is {}"),
    "rate-limit": (429, "Private rate limit exceeded"),
    "rate-limit-body": (400, "Private rate limit exceeded"),
    "second-factor": (401, "2FA is required"),
    "server-fault": (500, "Internal server error"),
    "signature": (401, "invalid signature"),
    "size-step": (400, "size is too accurate. Smallest unit is {}"),
    "too-large": (400, "size is too large. Maximum size is {}"),
    "too-small": (400, "size is too small. Minimum size is {}"),
    "travel-rule": (400, "travel_rule_data is required"),
    "value-too-small": (400, "funds is too small. Minimum size is {}"),
    "withdrawal-precision": (400, "amount is too accurate. It has at most {} decimals"),
    "withdrawal-too-small": (400, "amount is too small. The minimum is {}"),
}
_LIFETIMES: dict[str, Lifetime] = {"GTC": "until-cancelled", "IOC": "immediate", "FOK": "whole-or-none"}
_SHOWN_LIFETIMES = {lifetime: name for name, lifetime in _LIFETIMES.items()}
_DONE = {"filled": "filled", "cancelled": "canceled", "expired": "canceled"}
_SIDES: tuple[tuple[str, Side], ...] = (("bids", "buy"), ("asks", "sell"))
_NOT_SIMULATED = ("cancel_after", "max_floor", "stop_limit_price")

T = TypeVar("T")


class CoinbaseExchange(Front):
    """One profile for each customer."""

    name = "coinbase-exchange"

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/time", self._time, None),
            Route("GET", "/products", self._products, None),
            Route("GET", "/products/{product_id}", self._product, None),
            Route("GET", "/products/{product_id}/book", self._book, None),
            Route("GET", "/products/{product_id}/ticker", self._ticker, None),
            Route("GET", "/currencies", self._currencies, None),
            Route("GET", "/currencies/{currency_id}", self._currency, None),
            Route("GET", "/accounts", self._accounts),
            Route("GET", "/accounts/{account_id}", self._account),
            Route("GET", "/accounts/{account_id}/transfers", self._account_transfers),
            Route("GET", "/profiles", self._profiles),
            Route("GET", "/fees", self._fees),
            Route("POST", "/orders", self._place, "trade"),
            Route("GET", "/orders", self._orders),
            Route("DELETE", "/orders", self._cancel_all, "trade"),
            Route("GET", "/orders/client:{client_oid}", self._order),
            Route("DELETE", "/orders/client:{client_oid}", self._cancel, "trade"),
            Route("GET", "/orders/{order_id}", self._order),
            Route("DELETE", "/orders/{order_id}", self._cancel, "trade"),
            Route("GET", "/fills", self._fills),
            Route("GET", "/coinbase-accounts", self._wallets),
            Route("POST", "/coinbase-accounts/{account_id}/addresses", self._new_address, "transfer"),
            Route("POST", "/withdrawals/crypto", self._withdraw, "transfer"),
            Route("GET", "/withdrawals/fee-estimate", self._fee_estimate),
            Route("GET", "/transfers", self._transfers),
            Route("GET", "/transfers/{transfer_id}", self._transfer),
            Route("GET", "/address-book", self._address_book),
            Route("POST", "/address-book", self._add_addresses, "transfer"),
            Route("DELETE", "/address-book/{id}", self._delete_address, "transfer"),
        )

    # --- who asks, and what ---------------------------------------------------------------------------------------

    def fields(self, request: Request) -> Mapping[str, Any]:
        return (
            body_fields(request.body)
            if request.method in ("POST", "PUT")
            else query_fields(request.query, repeated=("status",))
        )

    def credential(self, request: Request) -> Credential:
        heads = {}
        for name in ("key", "sign", "timestamp", "passphrase"):
            heads[name] = request.headers.get(f"cb-access-{name}", "")
            if not heads[name]:
                raise Refusal("missing", f"CB-ACCESS-{name.upper()} header")
        credential = self.venue.state.people.credential("coinbase-exchange", heads["key"])
        self._check_time(heads["timestamp"])
        signed = heads["timestamp"] + request.method + request.target
        secret = base64.b64decode(credential.verifier)
        due = hmac.new(secret, signed.encode("latin-1") + request.body, hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(due), heads["sign"].encode("latin-1")):
            raise Refusal("signature")
        if not hmac.compare_digest(credential.passphrase.encode(), heads["passphrase"].encode("latin-1")):
            raise Refusal("passphrase")
        return credential

    def _check_time(self, text: str) -> None:
        stamp = amount_of(text)  # seconds, with a fraction or without
        if stamp is None:
            raise Refusal("form", "timestamp")
        if (
            abs(EXACT.subtract(EXACT.multiply(stamp, Decimal(1000)), Decimal(self.venue.now())))
            > WINDOW * 1000
        ):
            raise Refusal("clock")

    def refused(self, refusal: Refusal) -> Answer:
        status, words = _REFUSALS[refusal.reason]
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        if refusal.reason == "missing" and "header" in refusal.detail:
            status = 401
        return said({"message": words.format(refusal.detail).strip()}, status, headers)

    # --- products and currencies ----------------------------------------------------------------------------------

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        return said({"iso": _iso(now), "epoch": now / 1000})

    def _market(self, visit: Visit) -> Market:
        market = self.venue.engine.markets.get(visit.places["product_id"])
        if market is None:
            raise Refusal("no-such")
        return market

    def _products(self, _: Visit) -> Answer:
        return said([_product(market) for market in self.venue.engine.markets.values()])

    def _product(self, visit: Visit) -> Answer:
        return said(_product(self._market(visit)))

    def _book(self, visit: Visit) -> Answer:
        market, level = self._market(visit), visit.whole("level", 1, 2)
        book = self.venue.engine.books[market.name]
        count = 1 if level == 1 else 50
        sides = {
            name: [[plain(price), plain(size), orders] for price, size, orders in book.levels(side)[:count]]
            for name, side in _SIDES
        }
        now = _iso(self.venue.now())
        return said({**sides, "sequence": self.venue.state.trading.ranks, "auction_mode": False, "time": now})

    def _ticker(self, visit: Visit) -> Answer:
        market = self._market(visit)
        book = self.venue.engine.books[market.name]
        trades = [one for one in self.venue.state.trading.fills if one.pair == market.name]
        return said(
            {
                "trade_id": self.venue.engine.number_of(trades[-1]) if trades else 0,
                "price": plain(self.venue.engine.price(market.name)),
                "size": plain(trades[-1].size) if trades else "0",
                "time": _iso(trades[-1].moment if trades else self.venue.now()),
                "bid": plain(book.best("buy") or ZERO),
                "ask": plain(book.best("sell") or ZERO),
                "volume": plain(sum((one.size for one in trades if one.maker), ZERO)),
            }
        )

    def _currencies(self, _: Visit) -> Answer:
        return said([self._currency_info(asset) for asset in self.venue.assets()])

    def _currency(self, visit: Visit) -> Answer:
        if visit.places["currency_id"] not in self.venue.assets():
            raise Refusal("no-such")
        return said(self._currency_info(visit.places["currency_id"]))

    def _currency_info(self, asset: str) -> dict[str, object]:
        chain = self.venue.custody.chains.get(asset)
        step = fixed(Decimal(1).scaleb(-chain.places), chain.places) if chain else "0.01"
        return {
            "id": asset,
            "name": f"{asset} (simulation)",
            "min_size": step,
            "status": "online",
            "message": "",
            "max_precision": step,
            "convertible_to": [],
            "details": {"type": "fiat" if asset == "USD" else "crypto", "sort_order": 0},
            "default_network": chain.network if chain else "",
            "supported_networks": [_network(chain, self.venue.custody.depth)] if chain else [],
        }

    # --- the profile ----------------------------------------------------------------------------------------------

    def _customer(self, visit: Visit) -> Account:
        return self.venue.account(visit.account)

    def _accounts(self, visit: Visit) -> Answer:
        return said([self._profile_account(visit, asset) for asset in self.venue.assets()])

    def _account(self, visit: Visit) -> Answer:
        return said(self._profile_account(visit, self._asset(visit)))

    def _asset(self, visit: Visit) -> str:
        for asset in self.venue.assets():
            if visit.places["account_id"] == _account_id(self._customer(visit), asset):
                return asset
        raise Refusal("no-such")

    def _profile_account(self, visit: Visit, asset: str) -> dict[str, object]:
        ledger = self.venue.state.ledger
        free, held = ledger.free_of(visit.account, asset), ledger.held_of(visit.account, asset)
        return {
            "id": _account_id(self._customer(visit), asset),
            "currency": asset,
            "balance": fixed(EXACT.add(free, held), MONEY_PLACES),
            "hold": fixed(held, MONEY_PLACES),
            "available": plain(free),
            "profile_id": self._customer(visit).uuid,
            "trading_enabled": True,
            "pending_deposit": fixed(ZERO, MONEY_PLACES),
            "display_name": asset,
        }

    def _profiles(self, visit: Visit) -> Answer:
        profile = {"id": self._customer(visit).uuid, "user_id": visit.account, "name": "default"}
        return said([{**profile, "active": True, "is_default": True, "created_at": _iso(0)}])

    def _fees(self, _: Visit) -> Answer:
        market = next(iter(self.venue.engine.markets.values()))
        rates = {"taker_fee_rate": plain(market.taker_rate), "maker_fee_rate": plain(market.maker_rate)}
        return said({**rates, "usd_volume": None})

    # --- orders ---------------------------------------------------------------------------------------------------

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
            size=_amount(visit, "size"),
            funds=_amount(visit, "funds"),
            price=_amount(visit, "price"),
            lifetime=_LIFETIMES[lifetime],
            post_only=visit.fields.get("post_only") in (True, "true"),
            stop_price=_amount(visit, "stop_price"),
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
        return _page(visit, [one for one in found if "all" in statuses or one[1]["status"] in statuses])

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
            "created_at": _iso(order.moment),
            "done_at": None if order.done is None else _iso(order.done),
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
        return _page(
            visit,
            [
                (fill.trade, _fill(fill, number(fill), orders[fill.order], self.venue.account(fill.account)))
                for fill in self.venue.engine.fills_of(visit.account)
                if wanted in ("", orders[fill.order].uuid) and pair in ("", fill.pair)
            ],
        )

    # --- what comes and goes --------------------------------------------------------------------------------------

    def _wallets(self, visit: Visit) -> Answer:
        return said(
            [
                {
                    "id": wallet,
                    "name": f"{asset} Wallet",
                    "balance": "0.00000000",
                    "currency": asset,
                    "type": "fiat" if asset == "USD" else "wallet",
                    "primary": asset == "BTC",
                    "active": True,
                    "available_on_consumer": True,
                    "ready": True,
                    "hold_balance": "0.00",
                    "hold_currency": "USD",
                    "destination_tag_name": "",
                    "destination_tag_regex": "",
                }
                for asset, wallet in self._customer(visit).wallets.items()
            ]
        )

    def _new_address(self, visit: Visit) -> Answer:
        asset = self.venue.wallet(self._customer(visit), visit.places["account_id"])
        place = self.venue.custody.new_address(visit.account, asset, visit.text("network", ""))
        return said(
            {
                "id": place.uuid,
                "address": place.address,
                "address_info": {"address": place.address, "destination_tag": ""},
                "name": "New exchange deposit address",
                "created_at": _iso(place.moment),
                "updated_at": _iso(place.moment),
                "network": place.network,
                "uri_scheme": place.network,
                "resource": "address",
                "resource_path": f"/v2/accounts/{visit.places['account_id']}/addresses/{place.uuid}",
                "warnings": [],
                "deposit_uri": f"{place.network}:{place.address}",
                "exchange_deposit_address": True,
            }
        )

    def _withdraw(self, visit: Visit) -> Answer:
        amount = _amount(visit, "amount")
        if amount is None:
            raise Refusal("missing", "amount")
        withdrawal = self.venue.custody.withdraw(
            self._customer(visit),
            asset=visit.text("currency"),
            network=visit.text("network", ""),
            address=visit.text("crypto_address"),
            memo=visit.text("destination_tag", ""),
            amount=amount,
            on_top=visit.fields.get("add_network_fee_to_total") in (True, "true"),
            client_id=visit.text("nonce", ""),
        )
        return said(
            {
                "id": withdrawal.uuid,
                "amount": fixed(withdrawal.total),
                "currency": withdrawal.asset,
                "payout_at": None,
                "fee": plain(withdrawal.fee),
                "subtotal": plain(withdrawal.amount),
            }
        )

    def _fee_estimate(self, visit: Visit) -> Answer:
        chain = self.venue.custody.chain(visit.text("currency"), visit.text("network", ""))
        if not chain.is_address(visit.text("crypto_address")):
            raise Refusal("address")
        return said({"fee": plain(chain.fee), "fee_before_subsidy": plain(chain.fee)})

    def _all_transfers(self, visit: Visit) -> list[dict[str, Any]]:
        """Newest first."""
        vaults, customer = self.venue.state.vaults, self._customer(visit)
        found = [_deposit(one, customer) for one in vaults.deposits if one.account == visit.account]
        found += [_withdrawal(one, customer) for one in vaults.withdrawals if one.account == visit.account]
        return sorted(found, key=lambda one: str(one["created_at"]), reverse=True)

    def _transfers(self, visit: Visit) -> Answer:
        return self._listed_transfers(visit, visit.text("currency", ""))

    def _account_transfers(self, visit: Visit) -> Answer:
        return self._listed_transfers(visit, self._asset(visit))

    def _listed_transfers(self, visit: Visit, currency: str) -> Answer:
        kind, everything = visit.text("type", ""), self._all_transfers(visit)
        return _page(
            visit,
            [
                (len(everything) - place, one)
                for place, one in enumerate(everything)
                if kind in ("", one["type"]) and currency in ("", one["currency"])
            ],
        )

    def _transfer(self, visit: Visit) -> Answer:
        for one in self._all_transfers(visit):
            if one["id"] == visit.places["transfer_id"]:
                return said(one)
        raise Refusal("no-such")

    # --- the address book -----------------------------------------------------------------------------------------

    def _address_book(self, visit: Visit) -> Answer:
        return said([_booked(one) for one in self._customer(visit).allowlist])

    def _add_addresses(self, visit: Visit) -> Answer:
        wanted = visit.fields.get("addresses")
        if not isinstance(wanted, list) or not wanted:
            raise Refusal("missing", "addresses")
        added = [self._booking(one) for one in wanted]
        self._customer(visit).allowlist.extend(added)
        return said([_booked(one) for one in added])

    def _booking(self, wanted: object) -> Allowed:
        to = wanted.get("to") if isinstance(wanted, dict) else None
        if not isinstance(wanted, dict) or not isinstance(to, dict):
            raise Refusal("form", "addresses")
        chain = self.venue.custody.chain(str(wanted.get("currency")), str(wanted.get("network") or ""))
        address = str(to.get("address"))
        if not chain.is_address(address):
            raise Refusal("address")
        return Allowed(
            uuid=str(uuid.uuid4()),
            asset=chain.asset,
            address=address,
            network=chain.network,
            label=str(wanted.get("label") or ""),
            moment=self.venue.now(),
        )

    def _delete_address(self, visit: Visit) -> Answer:
        customer = self._customer(visit)
        kept = [one for one in customer.allowlist if one.uuid != visit.places["id"]]
        if len(kept) == len(customer.allowlist):
            raise Refusal("no-such")
        customer.allowlist[:] = kept
        return said({})


# --- parameters ---------------------------------------------------------------------------------------------------


def _amount(visit: Visit, name: str) -> Decimal | None:
    text = visit.text(name, "")
    if not text:
        return None
    found = number_of(text)
    if found is None:
        raise Refusal("form", name)
    return found


def _client_id(visit: Visit) -> str:
    text = visit.text("client_oid", "")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        raise Refusal("form", "client_oid") from None


def _page(visit: Visit, numbered: Iterable[tuple[int, T]]) -> Answer:
    """The part of a list (newest first) that was asked for, and where what is older begins."""
    after, limit = visit.whole("after", 0, 10**15), visit.whole("limit", 100, 1000)
    page = [one for one in numbered if not after or one[0] < after][:limit]
    headers = [("cb-before", str(page[0][0])), ("cb-after", str(page[-1][0]))] if page else []
    return said([one for _, one in page], headers=headers)


# --- what is said -------------------------------------------------------------------------------------------------


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _iso(milliseconds: int) -> str:
    return _moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _stamp(milliseconds: int | None) -> str | None:
    """As transfers write a moment."""
    return None if milliseconds is None else _moment(milliseconds).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def _account_id(customer: Account, asset: str) -> str:
    return str(uuid.uuid5(uuid.UUID(customer.uuid), asset))


def _product(market: Market) -> dict[str, object]:
    return {
        "id": market.name,
        "base_currency": market.base,
        "quote_currency": market.quote,
        "quote_increment": plain(market.price_step),
        "base_increment": plain(market.size_step),
        "display_name": market.name.replace("-", "/"),
        "min_market_funds": plain(market.least_value),
        "margin_enabled": False,
        "post_only": market.state == "post-only",
        "limit_only": market.state == "limit-only",
        "cancel_only": market.state == "cancel-only",
        "status": "delisted" if market.state == "delisted" else "online",
        "status_message": "",
        "trading_disabled": market.state == "delisted",
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }


def _network(chain: Chain, depth: int) -> dict[str, object]:
    return {
        "id": chain.network,
        "name": chain.network.capitalize(),
        "status": "online",
        "contract_address": "",
        "min_withdrawal_amount": float(chain.least),
        "max_withdrawal_amount": 1000000,
        "network_confirmations": depth,
        "processing_time_seconds": None,
        "destination_tag_regex": "",
    }


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
        "created_at": _iso(fill.moment),
        "side": fill.side,
        "settled": True,
        "usd_volume": fixed(fill.value, MONEY_PLACES),
        "market_type": "spot",
        "funding_currency": fill.fee_asset,
    }


def _deposit(deposit: Deposit, customer: Account) -> dict[str, Any]:
    return {
        "id": deposit.uuid,
        "type": "deposit",
        "created_at": _stamp(deposit.moment),
        "completed_at": _stamp(deposit.credited),
        "canceled_at": None,
        "processed_at": _stamp(deposit.credited),
        "amount": fixed(deposit.amount),
        "currency": deposit.asset,
        "user_nonce": None,
        "details": {
            "network": deposit.network,
            "crypto_address": deposit.address,
            "coinbase_account_id": customer.wallets[deposit.asset],
            "crypto_transaction_hash": deposit.txid,
            "destination_tag": "",
        },
    }


def _withdrawal(withdrawal: Withdrawal, customer: Account) -> dict[str, Any]:
    sent = withdrawal.status in ("sent", "done")
    return {
        "id": withdrawal.uuid,
        "type": "withdraw",
        "created_at": _stamp(withdrawal.moment),
        "completed_at": _stamp(withdrawal.done) if withdrawal.status == "done" else None,
        "canceled_at": _stamp(withdrawal.done) if withdrawal.status == "failed" else None,
        "processed_at": _stamp(withdrawal.moment) if sent else None,
        "amount": fixed(withdrawal.total),
        "currency": withdrawal.asset,
        "user_nonce": withdrawal.client_id or None,
        "details": {
            "network": withdrawal.network,
            "crypto_address": withdrawal.address,
            "sent_to_address": withdrawal.address if sent else "",
            "coinbase_account_id": customer.wallets[withdrawal.asset],
            "crypto_transaction_hash": withdrawal.txid,
            "fee": fixed(withdrawal.fee),
            "coinbase_payment_method_id": "",
        },
    }


def _booked(allowed: Allowed) -> dict[str, object]:
    return {
        "id": allowed.uuid,
        "address": allowed.address,
        "currency": allowed.asset,
        "label": allowed.label,
        "address_book_added_at": _iso(allowed.moment),
        "destination_tag": "",
        "is_verified_self_hosted_wallet": True,
        "vasp_id": "",
        "network": allowed.network,
    }
