"""The Exchange API's feed: market data, and the user's own orders by the key's signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import plain
from warifu.sandbox.faults import Faults
from warifu.sandbox.fronts.coinbase_exchange.forms import account_id
from warifu.sandbox.fronts.coinbase_exchange.market_data import currency_form, product_form
from warifu.sandbox.fronts.coinbase_feeds.common import CoinbaseFeed, iso
from warifu.sandbox.orders import Fill, Order
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue

EXCHANGE_HOST = "ws-feed.exchange.coinbase.com"
_KNOWN = ("balance", "heartbeat", "ticker", "matches", "level2", "status", "user")
_DONE = {"filled": "filled", "cancelled": "canceled", "expired": "canceled"}


class ExchangeFeed(CoinbaseFeed):
    """One connection to the Exchange API's. Its messages about a product are numbered by that product's trades."""

    api = "coinbase-exchange"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._channels: dict[str, tuple[str, ...]] = {}
        self._account = ""
        self._status: object = None
        """What was told last."""
        self._balances: dict[str, tuple[Decimal, Decimal]] = {}
        """Asset -> what was told last."""

    def _heard(self, said: dict[str, Any]) -> list[object]:
        products = self._products(said.get("product_ids", []))
        wanted = said.get("channels")
        if said.get("type") != "subscribe" or not isinstance(wanted, list) or not wanted:
            raise Refusal("form", "channels")
        channels = [str(one.get("name")) if isinstance(one, dict) else str(one) for one in wanted]
        for channel in channels:
            if channel not in _KNOWN:
                raise Refusal("form", channel)
            self._go_wrong(channel)
        if {"balance", "level2", "user"} & set(channels):
            self._account = self._customer(said)
        accounts = [name for one in wanted if isinstance(one, dict) for name in one.get("account_ids") or ()]
        if "balance" in channels:
            self._balances = {asset: self._balance(asset) for asset in self._assets(accounts)}
        self.subscribed = True
        self._channels |= dict.fromkeys(channels, products)
        self._new_fills()
        shown = [
            {"name": name, "product_ids": list(of), "account_ids": accounts if name == "balance" else None}
            for name, of in self._channels.items()
        ]
        first = [
            one for channel in channels for product in products for one in self._snapshot(channel, product)
        ]
        self._orders.clear()
        self._order_news(self._account)
        self._status = None
        return [{"type": "subscriptions", "channels": shown}, *first]

    def _assets(self, names: list[object]) -> list[str]:
        """Of the customer's accounts of these names. ``Refusal`` (``no-such``)."""
        customer = self.venue.account(self._account)
        accounts = {account_id(customer, asset): asset for asset in self.venue.assets()}
        if not names or not all(isinstance(name, str) and name in accounts for name in names):
            raise Refusal("no-such", "account_ids")
        return [accounts[str(name)] for name in names]

    def _balance(self, asset: str) -> tuple[Decimal, Decimal]:
        ledger = self.venue.state.ledger
        return ledger.free_of(self._account, asset), ledger.held_of(self._account, asset)

    def _changed_balances(self) -> Iterator[object]:
        for asset, before in self._balances.items():
            now = self._balance(asset)
            if now == before:
                continue
            self._balances[asset] = now
            available, held = now
            yield {
                "type": "balance",
                "account_id": account_id(self.venue.account(self._account), asset),
                "currency": asset,
                "holds": plain(held),
                "available": plain(available),
                "updated": iso(self.venue.now()),
                "timestamp": iso(self.venue.now()),
            }

    def _customer(self, said: dict[str, Any]) -> str:
        """Whose signature it is: over the request to verify oneself. ``Refusal``."""
        key, signature, passphrase, moment = (
            str(said.get(name, "")) for name in ("key", "signature", "passphrase", "timestamp")
        )
        credential = self.venue.state.people.credential("coinbase-exchange", key)
        if not moment.isdigit() or abs(int(moment) * 1000 - self.venue.now()) > 30_000:
            raise Refusal("clock")
        secret = base64.b64decode(credential.verifier)
        due = hmac.new(secret, f"{moment}GET/users/self/verify".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(due), signature.encode()):
            raise Refusal("signature")
        if not hmac.compare_digest(credential.passphrase.encode(), passphrase.encode()):
            raise Refusal("passphrase")
        credential.require("view")
        return credential.account

    def _snapshot(self, channel: str, product: str) -> Iterator[object]:
        if channel == "ticker":
            yield self._ticker(product)
        elif channel == "matches":
            fills = [one for one in self.venue.state.trading.fills if not one.maker and one.pair == product]
            for fill in fills[-1:]:
                yield self._match(fill, "last_match")
        elif channel == "level2":
            self._levels.pop(product, None)
            self._level_changes(product)
            levels = self._levels[product]
            yield {
                "type": "snapshot",
                "product_id": product,
                **{
                    name: [[plain(price), plain(size)] for (of, price), size in levels.items() if of == side]
                    for name, side in (("bids", "bid"), ("asks", "offer"))
                },
            }

    def _news(self) -> Iterator[object]:
        yield from self._changed_balances()
        if "status" in self._channels:
            status = self._status_now()
            if status != self._status:
                self._status = status
                yield status
        if self._second_passed():
            for product in self._channels.get("heartbeat", ()):
                number = self._number(product)
                moment = iso(self.venue.now())
                yield self._about(product, "heartbeat", sequence=number, last_trade_id=number, time=moment)
        for fill in self._new_fills():
            if not fill.maker and fill.pair in self._channels.get("matches", ()):
                yield self._match(fill, "match")
            if not fill.maker and fill.pair in self._channels.get("ticker", ()):
                yield self._ticker(fill.pair)
            if fill.account == self._account and fill.pair in self._channels.get("user", ()):
                yield {**self._match(fill, "match"), **self._mine}
        for product in self._channels.get("level2", ()):
            changes = self._level_changes(product)
            if changes:
                shown = [
                    ["buy" if side == "bid" else "sell", plain(price), plain(size)]
                    for side, price, size in changes
                ]
                yield self._about(product, "l2update", time=iso(self.venue.now()), changes=shown)
        for order in self._order_news(self._account) if "user" in self._channels else ():
            if order.terms.pair in self._channels["user"]:
                yield self._order(order)

    def _status_now(self) -> object:
        venue = self.venue
        return {
            "type": "status",
            "products": [product_form(market) for market in venue.engine.markets.values()],
            "currencies": [currency_form(venue, asset) for asset in venue.assets()],
        }

    @property
    def _mine(self) -> dict[str, object]:
        named = self.venue.account(self._account).uuid
        return {"user_id": named, "profile_id": named}

    def _order(self, order: Order) -> object:
        terms = order.terms
        said = self._about(
            terms.pair,
            "open" if order.live else "done",
            sequence=self._number(terms.pair),
            order_id=order.uuid,
            side=terms.side,
            time=iso(order.moment if order.done is None else order.done),
            remaining_size=plain(order.remaining),
        )
        if terms.price is not None:
            said["price"] = plain(terms.price)
        if not order.live:
            said["reason"] = _DONE[order.status]
        return {**said, **self._mine}

    def _ticker(self, product: str) -> object:
        book, number = self.venue.engine.books[product], self._number(product)
        bid, ask = book.best("buy"), book.best("sell")
        return self._about(
            product,
            "ticker",
            sequence=number,
            price=plain(self.venue.engine.price(product)),
            best_bid="" if bid is None else plain(bid),
            best_ask="" if ask is None else plain(ask),
            volume_24h="0",
            trade_id=number,
            time=iso(self.venue.now()),
        )

    def _match(self, fill: Fill, kind: str) -> dict[str, object]:
        """The taker's side of it, or the customer's own."""
        orders = {one.number: one.uuid for one in self.venue.state.trading.orders}
        sides = [one for one in self.venue.state.trading.fills if one.trade == fill.trade]
        named = {one.maker: orders.get(one.order, "") for one in sides}
        number = self.venue.engine.number_of(fill)
        maker_side = fill.side if fill.maker else ("sell" if fill.side == "buy" else "buy")
        return self._about(
            fill.pair,
            kind,
            sequence=number,
            trade_id=number,
            maker_order_id=named[True],
            taker_order_id=named[False],
            side=maker_side,
            size=plain(fill.size),
            price=plain(fill.price),
            time=iso(fill.moment),
        )

    def _about(self, product: str, kind: str, **said: object) -> dict[str, object]:
        return {"type": kind, "product_id": product, **said}

    def _number(self, product: str) -> int:
        """Of the product's last trade."""
        fills = [one for one in self.venue.state.trading.fills if one.pair == product]
        return self.venue.engine.number_of(fills[-1]) if fills else 0
