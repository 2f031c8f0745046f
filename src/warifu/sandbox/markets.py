"""What is traded, and in which steps. The numbers are made up, in the range of the real ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from warifu.sandbox.amounts import EXACT, is_multiple
from warifu.sandbox.refusal import Refusal

State = Literal["open", "limit-only", "post-only", "cancel-only", "delisted"]


class Market(msgspec.Struct, kw_only=True):
    """A pair with its rules. ``fee_in_quote``: fees come on top, in the quote; otherwise out of what is got."""

    base: str
    quote: str
    size_step: Decimal
    price_step: Decimal
    least_size: Decimal
    most_size: Decimal
    least_value: Decimal
    """Of price times size, or of funds."""
    maker_rate: Decimal
    taker_rate: Decimal
    fee_in_quote: bool
    reference: Decimal
    """The price that the house begins with."""
    state: State = "open"

    @property
    def name(self) -> str:
        return f"{self.base}-{self.quote}"

    def check_size(self, size: Decimal) -> None:
        """``Refusal``: ``too-small``, ``too-large``, ``size-step``."""
        if size <= 0 or size < self.least_size:
            raise Refusal("too-small", format(self.least_size, "f"))
        if size > self.most_size:
            raise Refusal("too-large", format(self.most_size, "f"))
        if not is_multiple(size, self.size_step):
            raise Refusal("size-step", format(self.size_step, "f"))

    def check_price(self, price: Decimal) -> None:
        """``Refusal`` (``price-step``); zero is no price."""
        if price <= 0 or not is_multiple(price, self.price_step):
            raise Refusal("price-step", format(self.price_step, "f"))

    def check_funds(self, funds: Decimal) -> None:
        """``Refusal``: ``value-too-small``, ``price-step`` (money has the digits of a price)."""
        self.check_value(funds)
        if not is_multiple(funds, self.price_step):
            raise Refusal("price-step", format(self.price_step, "f"))

    def check_value(self, value: Decimal) -> None:
        """``Refusal`` (``value-too-small``)."""
        if value < self.least_value:
            raise Refusal("value-too-small", format(self.least_value, "f"))


def _market(pair: str, reference: str, steps: tuple[str, str], least: str, coinbase: bool) -> Market:
    base, quote = pair.split("-")
    size_step, price_step = steps
    return Market(
        base=base,
        quote=quote,
        size_step=Decimal(size_step),
        price_step=Decimal(price_step),
        least_size=Decimal(size_step),
        most_size=EXACT.multiply(Decimal(size_step), Decimal(10**11)),
        least_value=Decimal(least),
        maker_rate=Decimal("0.004" if coinbase else "0.001"),
        taker_rate=Decimal("0.006" if coinbase else "0.001"),
        fee_in_quote=coinbase,
        reference=Decimal(reference),
    )


def coinbase_markets() -> list[Market]:
    return [
        _market("BTC-USD", "60000", ("0.00000001", "0.01"), "1", True),
        _market("ETH-USD", "3000", ("0.00000001", "0.01"), "1", True),
        _market("SOL-USD", "150", ("0.00000001", "0.01"), "1", True),
        _market("ETH-BTC", "0.05", ("0.00000001", "0.00001"), "0.00001", True),
    ]


def binance_markets() -> list[Market]:
    return [
        _market("BTC-USDT", "60000", ("0.00001", "0.01"), "5", False),
        _market("ETH-USDT", "3000", ("0.0001", "0.01"), "5", False),
        _market("SOL-USDT", "150", ("0.001", "0.01"), "5", False),
        _market("ETH-BTC", "0.05", ("0.0001", "0.00001"), "0.0001", False),
    ]
