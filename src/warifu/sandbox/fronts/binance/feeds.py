"""Binance's feeds: market data streams, and a customer's events by the WebSocket API. Forms as in its documents.

Of the streams some are simulated: ``trade``, ``aggTrade``, ``miniTicker``, ``ticker``, ``bookTicker``, ``depth`` and
``depth5`` to ``depth20``. Updates of a book are numbered anew on each connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from warifu.sandbox.amounts import ZERO, fixed
from warifu.sandbox.faults import Faults
from warifu.sandbox.fronts.binance.front import AHEAD, DEFAULT_WINDOW, REFUSALS, verify
from warifu.sandbox.fronts.binance.orders import order_form
from warifu.sandbox.market_feed import MarketFeed
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Order, Side
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue

STREAM_HOST, API_HOST = "stream.binance.com", "ws-api.binance.com"
_STREAMS, _API = "/stream", "/ws-api/v3"
_BOOKS = {"depth5": 5, "depth10": 10, "depth20": 20}
_CHANNELS = ("trade", "aggTrade", "miniTicker", "ticker", "bookTicker", "depth", *_BOOKS)
_EXECUTIONS = {"open": "NEW", "waiting": "NEW", "cancelled": "CANCELED", "expired": "EXPIRED"}


def binance_feed(venue: Venue, faults: Faults, host: str, path: str) -> MarketFeed | None:
    """What is opened at this place; None where nothing is."""
    if (host, path) == (STREAM_HOST, _STREAMS):
        return MarketStreams(venue, faults, host)
    if (host, path) == (API_HOST, _API):
        return UserStream(venue, faults, host)
    return None


class MarketStreams(MarketFeed):
    """One connection to combined streams."""

    api = "binance"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._streams: list[tuple[str, Market]] = []
        """(channel, market)."""
        self._shown: dict[str, object] = {}
        self._updates: dict[str, int] = {}

    def _heard(self, said: dict[str, Any]) -> list[object]:
        params = said.get("params")
        if said.get("method") != "SUBSCRIBE" or not isinstance(params, list) or not params:
            raise Refusal("form", "unknown variant")
        streams = [self._stream(one) for one in params]
        for channel in dict.fromkeys(channel for channel, _ in streams):
            self._go_wrong(channel)
        for channel, market in streams:
            if channel == "depth":
                self._levels.pop(market.name, None)
                self._level_changes(market.name)
        self._streams += streams
        self.subscribed = True
        self._new_fills()
        return [{"result": None, "id": said.get("id")}]

    def _stream(self, name: object) -> tuple[str, Market]:
        symbol, _, channel = str(name).partition("@")
        for market in self.venue.engine.markets.values():
            if (market.base + market.quote).lower() == symbol and channel in _CHANNELS:
                return channel, market
        raise Refusal("form", "stream")

    def _refused(self, refusal: Refusal) -> object:
        return {"code": 2, "msg": f"Invalid request: {refusal.detail or refusal.reason}"}

    def _news(self) -> Iterator[object]:
        fills = [fill for fill in self._new_fills() if not fill.maker]
        second = self._second_passed()
        for channel, market in self._streams:
            for message in self._of(channel, market, fills, second=second):
                yield {"stream": f"{_symbol(market).lower()}@{channel}", "data": message}

    def _of(self, channel: str, market: Market, fills: list[Fill], *, second: bool) -> Iterator[object]:
        if channel in ("trade", "aggTrade"):
            for fill in fills:
                if fill.pair == market.name:
                    yield self._trade(channel, market, fill)
        elif channel == "depth":
            yield from self._changes(market)
        elif channel == "bookTicker":
            yield from self._if_new(channel, market, self._best(market))
        elif second:
            shown = self._top(market, _BOOKS[channel]) if channel in _BOOKS else self._day(channel, market)
            yield from self._if_new(channel, market, shown)

    def _if_new(self, channel: str, market: Market, shown: dict[str, object]) -> Iterator[object]:
        key = f"{market.name}@{channel}"
        if self._shown.get(key) != shown:
            self._shown[key] = shown
            moment = {} if "bids" in shown or channel == "bookTicker" else {"E": self.venue.now()}
            yield {**shown, **moment}

    def _trade(self, channel: str, market: Market, fill: Fill) -> dict[str, object]:
        number = self.venue.engine.number_of(fill)
        of_one = {"t": number} if channel == "trade" else {"a": number, "f": number, "l": number}
        return {
            "e": channel,
            "E": self.venue.now(),
            "s": _symbol(market),
            **of_one,
            "p": fixed(fill.price),
            "q": fixed(fill.size),
            "T": fill.moment,
            "m": fill.side == "sell",
            "M": True,
        }

    def _changes(self, market: Market) -> Iterator[object]:
        changes = self._level_changes(market.name)
        if not changes:
            return
        first = self._updates.get(market.name, 0) + 1
        self._updates[market.name] = first + len(changes) - 1
        sides = {
            name: [[fixed(price), fixed(size)] for side, price, size in changes if side == of]
            for name, of in (("b", "bid"), ("a", "offer"))
        }
        yield {
            "e": "depthUpdate",
            "E": self.venue.now(),
            "s": _symbol(market),
            "U": first,
            "u": first + len(changes) - 1,
            **sides,
        }

    def _best(self, market: Market) -> dict[str, object]:
        top = self._top(market, 1)
        bids, asks = top["bids"], top["asks"]
        assert isinstance(bids, list) and isinstance(asks, list), "made below"
        bid, ask = (side[0] if side else [fixed(ZERO), fixed(ZERO)] for side in (bids, asks))
        return {
            "u": top["lastUpdateId"],
            "s": _symbol(market),
            "b": bid[0],
            "B": bid[1],
            "a": ask[0],
            "A": ask[1],
        }

    def _top(self, market: Market, levels: int) -> dict[str, object]:
        book = self.venue.engine.books[market.name]
        wanted: tuple[tuple[str, Side], ...] = (("bids", "buy"), ("asks", "sell"))
        sides = {
            name: [[fixed(price), fixed(size)] for price, size, _ in book.levels(side)[:levels]]
            for name, side in wanted
        }
        return {"lastUpdateId": self.venue.state.trading.trades, **sides}

    def _day(self, channel: str, market: Market) -> dict[str, object]:
        """A day without a beginning: everything that was ever traded."""
        fills = [one for one in self.venue.state.trading.fills if one.pair == market.name and not one.maker]
        last = self.venue.engine.price(market.name)
        prices = [fill.price for fill in fills] or [last]
        shown: dict[str, object] = {
            "e": "24hrMiniTicker" if channel == "miniTicker" else "24hrTicker",
            "s": _symbol(market),
            "c": fixed(last),
            "o": fixed(prices[0]),
            "h": fixed(max(prices)),
            "l": fixed(min(prices)),
            "v": fixed(sum((fill.size for fill in fills), ZERO)),
            "q": fixed(sum((fill.value for fill in fills), ZERO)),
        }
        if channel == "miniTicker":
            return shown
        best = self._best(market)
        return {**shown, "n": len(fills), **{name: best[name] for name in ("b", "B", "a", "A")}}


class UserStream(MarketFeed):
    """One connection to the WebSocket API, which knows one method: to subscribe by a signature."""

    api = "binance"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._account = ""
        self._balances: dict[str, tuple[Decimal, Decimal]] = {}

    def _heard(self, said: dict[str, Any]) -> list[object]:
        if said.get("method") != "userDataStream.subscribe.signature":
            raise Refusal("form", "method")
        self._go_wrong("user")
        self._account = self._customer(said.get("params"))
        self.subscribed = True
        self._changed_orders()
        self._new_fills()
        self._changed_balances()
        result = {"subscriptionId": 0}
        return [{"id": said.get("id"), "status": 200, "result": result, "rateLimits": []}]

    def _customer(self, params: object) -> str:
        """Whose signature it is: over all parameters but itself, by their names. ``Refusal``."""
        if not isinstance(params, dict):
            raise Refusal("missing", "apiKey")
        signature = str(params.get("signature", ""))
        others = {name: value for name, value in sorted(params.items()) if name != "signature"}
        credential = self.venue.state.people.credential("binance", str(others.get("apiKey", "")))
        stamp, now = others.get("timestamp"), self.venue.now()
        if not isinstance(stamp, int) or not now - DEFAULT_WINDOW <= stamp < now + AHEAD:
            raise Refusal("clock")
        payload = "&".join(f"{name}={value}" for name, value in others.items())
        verify(credential, payload.encode(), [quote(signature, safe="")])
        credential.require("view")
        return credential.account

    def _refused(self, refusal: Refusal) -> object:
        status, code, words = REFUSALS[refusal.reason]
        return {"id": 1, "status": status, "error": {"code": code, "msg": words.format(refusal.detail)}}

    def _news(self) -> Iterator[object]:
        for event in self._events():
            yield {"subscriptionId": 0, "event": event}

    def _events(self) -> Iterator[object]:
        fills = [fill for fill in self._new_fills() if fill.account == self._account]
        for order in self._changed_orders():
            mine = [fill for fill in fills if fill.order == order.number]
            yield self._report(order, mine[-1] if mine else None)
        changed = self._changed_balances()
        if changed:
            moment = self.venue.now()
            yield {"e": "outboundAccountPosition", "E": moment, "u": moment, "B": changed}

    def _changed_orders(self) -> list[Order]:
        """Those that are new or other than before, also such as were filled at once; the oldest first."""
        changed = []
        for order in reversed(list(self.venue.engine.orders_of(self._account))):
            state = (order.status, order.filled)
            if self._orders.get(order.uuid) != state:
                changed.append(order)
            self._orders[order.uuid] = state
        return changed

    def _changed_balances(self) -> list[dict[str, str]]:
        ledger = self.venue.state.ledger
        now = {
            asset: (ledger.free_of(self._account, asset), ledger.held_of(self._account, asset))
            for asset in ledger.assets_of(self._account)
        }
        changed = [asset for asset, held in now.items() if self._balances.get(asset) != held]
        self._balances = now
        return [{"a": asset, "f": fixed(now[asset][0]), "l": fixed(now[asset][1])} for asset in changed]

    def _report(self, order: Order, fill: Fill | None) -> dict[str, object]:
        shown, moment = order_form(order), self.venue.now()
        return {
            "e": "executionReport",
            "E": moment,
            "s": shown["symbol"],
            "c": shown["clientOrderId"],
            "S": shown["side"],
            "o": shown["type"],
            "f": shown["timeInForce"],
            "q": shown["origQty"],
            "p": shown["price"],
            "P": shown["stopPrice"],
            "F": fixed(ZERO),
            "g": -1,
            "C": "",
            "x": "TRADE" if fill is not None else _EXECUTIONS.get(order.status, "TRADE"),
            "X": shown["status"],
            "r": "NONE",
            "i": order.number,
            "l": fixed(fill.size if fill is not None else ZERO),
            "z": shown["executedQty"],
            "L": fixed(fill.price if fill is not None else ZERO),
            "n": fixed(fill.fee if fill is not None else ZERO),
            "N": fill.fee_asset if fill is not None else None,
            "T": moment,
            "t": self.venue.engine.number_of(fill) if fill is not None else -1,
            "w": shown["isWorking"],
            "m": fill is not None and fill.maker,
            "O": order.moment,
            "Z": shown["cummulativeQuoteQty"],
            "Y": fixed(fill.value if fill is not None else ZERO),
            "Q": shown["origQuoteOrderQty"],
            "V": "EXPIRE_MAKER",
        }


def _symbol(market: Market) -> str:
    return market.base + market.quote
