"""All spot orders of some pairs, and all withdrawals, as Binance lists them."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.exchanges.afterwards import number
from warifu.exchanges.binance import capital, spot
from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.ledger import Entry
from warifu.exchanges.market import Pair

_PAGE = 200
"""So that an answer is no long one, which its carrier would hand on in pieces."""
_WINDOW = 80 * 86_400_000
"""Milliseconds of one question for withdrawals: Binance answers for at most 90 days."""


class BinanceLedger:
    """Spot."""

    def orders(self, pairs: Sequence[Pair], since: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # with a number it takes no time
        asks = (spot.OrdersOf(symbol=pair.base + pair.quote, order_id=1, limit=_PAGE) for pair in pairs)
        return tuple(
            spot.api().listed(spot.ORDERS, ask, lambda page: tuple(map(_placed, page))) for ask in asks
        )

    def withdrawals(self, wallets: Sequence[str], since: int, now: int) -> tuple[Call[Listed[Entry]], ...]:  # noqa: ARG002  # it has one
        asks = (
            capital.WithdrawalsOf(start_time=first, end_time=min(first + _WINDOW, now), offset=0, limit=_PAGE)
            for first in range(since, now, _WINDOW)
        )
        return tuple(
            spot.api().listed(capital.WITHDRAWALS, ask, lambda page: tuple(map(_left, page))) for ask in asks
        )


def _placed(one: spot.Order) -> Entry:
    price = f" at {number(one.price)}" if one.price else ""
    words = f"{one.side} {number(one.orig_qty)} {one.symbol}{price}"
    return Entry("order", str(one.order_id), one.client_order_id, words, one.time)


def _left(one: capital.Withdrawal) -> Entry:
    words = f"{number(one.amount)} {one.coin} to {one.address}"
    return Entry("withdrawal", one.id, one.withdraw_order_id or "", words, None)
