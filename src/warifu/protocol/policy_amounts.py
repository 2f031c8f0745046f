"""Amounts in a policy's text: limits of one asset, in its units or in money of a country, which is converted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from warifu.errors import InputRefused
from warifu.protocol.policy import (
    DAY,
    HOUR,
    MAX_APPROVALS,
    ApprovalTier,
    AssetLimits,
    Price,
    Window,
    WindowHours,
)
from warifu.protocol.policy_fields import Table
from warifu.protocol.policy_forms import parse_amount, parse_money

WINDOW_FIELDS: dict[str, WindowHours] = {"per_hour": 1, "per_day": 24, "per_week": 168, "per_month": 720}
"""In what field a window's limit is written, with its hours."""
LIMIT_FIELDS = ("approvals_above", "notice_above", *WINDOW_FIELDS)
"""All of an asset that may be left out, as long as one window is there."""


class Prices:
    """``[prices]``: at what price limits in money of a country are converted, by the asset's symbol."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._prices = {name.upper(): _price(table.table(name)) for name in table.content}
        self._used: set[str] = set()

    def use(self, symbol: str) -> Price | None:
        """The price of this asset, for an amount that needs it."""
        self._used.add(symbol.upper())
        return self._prices.get(symbol.upper())

    def require_used(self) -> None:
        """A price that nothing is converted by is a mistake somewhere."""
        for name in self._table.content:
            if name.upper() not in self._used:
                raise self._table.fault(name, "no limit is converted by this price")


def _price(table: Table) -> Price:
    table.require_fields(("price", "source", "stated", "max_age"), ())
    money = parse_money(table.text("price"))
    if money is None or not money[0]:
        raise table.fault("price", 'it must be what a whole unit costs, for example "58000 EUR"')
    stated = table.content["stated"]
    if not isinstance(stated, datetime) or stated.tzinfo is None:
        raise table.fault("stated", "it must be a moment with its offset, such as 2026-11-27T09:00:00Z")
    source = table.text("source")
    if not source.isprintable():
        raise table.fault("source", "it must be one line of words")
    return table.checked(
        Price,
        lambda: Price(
            money[1],
            table.text("price").split()[0],
            source,
            int(stated.timestamp()),
            table.seconds("max_age", HOUR, 366 * DAY, DAY),
        ),
    )


@dataclass
class Amounts:
    """Reads the amounts of one asset from its table, in its units or in money."""

    table: Table
    symbol: str
    decimals: int
    units: Mapping[str, int]
    prices: Prices | None = None
    price: Price | None = field(default=None, init=False)
    """That something was converted by."""

    def read(self, name: str) -> str:
        return str(self.table.formed(name, self.parse))

    def parse(self, text: str) -> int:
        """``ValueError`` or ``InputRefused``, in words."""
        money = parse_money(text)
        if self.prices is not None and money is not None and money[1].lower() not in self.units:
            self.price = self.prices.use(self.symbol)
        return parse_amount(text, self.units, self.price, self.decimals)

    def windows(self) -> tuple[Window, ...]:
        found = [
            Window(hours, self.read(name))
            for name, hours in WINDOW_FIELDS.items()
            if name in self.table.content
        ]
        if not found:
            raise self.table.fault(
                "", f"missing field '{next(iter(WINDOW_FIELDS))}', or another of {', '.join(WINDOW_FIELDS)}"
            )
        return tuple(found)

    def tiers(self) -> tuple[ApprovalTier, ...]:
        """``approvals_above = { "0.1 BTC" = 2 }``."""
        table = self.table.table("approvals_above")
        found: dict[int, int] = {}
        for text in table.content:
            try:
                above = self.parse(text)
            except (ValueError, InputRefused) as error:
                raise table.fault(text, str(error)) from None
            if above in found:
                raise table.fault(text, "the same amount stands there before")
            found[above] = table.number(text, 1, MAX_APPROVALS)
        return tuple(ApprovalTier(str(above), found[above]) for above in sorted(found))

    def limits(self, token: str) -> AssetLimits:
        """All of the asset. The price comes last: by then it is known whether it was needed."""
        table = self.table
        per_transaction, windows, tiers = self.read("per_transaction"), self.windows(), self.tiers()
        notice = self.read("notice_above") if "notice_above" in table.content else None
        return table.checked(
            AssetLimits,
            lambda: AssetLimits(
                token, self.symbol, self.decimals, per_transaction, windows, tiers, notice, self.price
            ),
        )
