"""The house: it offers on both sides of each market, so that there is somebody to trade with. From a seed, so that it
does the same each time."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec

from warifu.sandbox.amounts import EXACT, steps_down
from warifu.sandbox.custody import HOUSE
from warifu.sandbox.engine import Engine
from warifu.sandbox.orders import Order, Side, Terms
from warifu.sandbox.refusal import Refusal

LEVELS = 5
_APART = Decimal("0.0005")
"""Of the price: from the middle to the best offer, and from one offer to the next."""
_WORTH = 20_000
"""Of the quote, roughly, an offer: a size is between half of it and all of it."""


class Mood(msgspec.Struct):
    """All that is to be remembered: what the house thinks that things are worth."""

    prices: dict[str, Decimal] = {}
    turns: int = 0


class House:
    """It trades for the account ``house``, within what that account has."""

    def __init__(self, engine: Engine, mood: Mood, seed: int = 0) -> None:
        self._engine, self._mood, self._seed = engine, mood, seed

    def turn(self, moment: int, *, steady: bool = False) -> None:
        """Take the old offers back and make new ones; the price moves a little, unless it is to be ``steady``."""
        self._mood.turns += 1
        random = Random(f"house {self._seed} {self._mood.turns}")  # noqa: S311  # a made-up price, no secret
        for order in [one for one in self._engine.orders_of(HOUSE) if one.live]:
            self._engine.cancel(order, moment)
        self._engine.forget(HOUSE)
        for name, market in self._engine.markets.items():
            price = self._mood.prices.get(name, market.reference)
            if not steady:
                price = steps_down(
                    EXACT.multiply(price, 1 + Decimal(random.randint(-10, 10)) / 10_000), market.price_step
                )
            self._mood.prices[name] = price
            if market.state != "open":
                continue
            for level in range(1, LEVELS + 1):
                for side in ("sell", "buy"):
                    self._offer(name, side, price, level, random, moment)

    def values(self, name: str, price: Decimal, moment: int) -> None:
        """What it thinks that a pair is worth from now on; its offers are made anew. ``Refusal`` (``no-such``)."""
        if name not in self._engine.markets:
            raise Refusal("no-such", name)
        self._mood.prices[name] = steps_down(price, self._engine.markets[name].price_step)
        self.turn(moment, steady=True)

    def _offer(self, name: str, side: Side, price: Decimal, level: int, random: Random, moment: int) -> None:
        market = self._engine.markets[name]
        away = 1 + (level if side == "sell" else -level) * _APART
        offered = steps_down(EXACT.multiply(price, away), market.price_step)
        worth = Decimal(random.randint(_WORTH // 2, _WORTH)) * market.least_value
        size = steps_down((worth / offered).quantize(Decimal("0.00000001")), market.size_step)
        try:
            self.trade(name, side, size, offered, moment)
        except Refusal:  # it has no more of that
            return

    def trade(self, name: str, side: Side, size: Decimal, price: Decimal, moment: int) -> Order:
        """One offer of the house's; what it meets at that price or a better one is traded with at once."""
        return self._engine.place(
            Terms(account=HOUSE, pair=name, side=side, kind="limit", size=size, price=price), moment
        )
