"""What somebody asks Binance who signed for a request that another one carried: how often was it made?

The signature covers every parameter, the identifier among them, so what is made by it is what was signed for, and bears
that identifier. But Binance takes an order's identifier again once its order is done, and does not say whether it takes
a withdrawal's twice: whoever carries the request can send it again while its window lasts. So only what bears the
identifier is looked at. What else is there was made by hand, or signed for at another time, and proves nothing.
"""

from __future__ import annotations

from typing import Any

from warifu.exchanges.afterwards import Comparison, Found, Once, Thing, Wanted
from warifu.exchanges.binance import capital, meanings, spot
from warifu.exchanges.calls import Call, Endpoint, Unsigned
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.reading import Understood

_MOST = 1000
"""Of one page. An account may place no more in the time that is looked at (100 orders in ten seconds, by Binance's
usual limit)."""


class _Numbered(spot.Said, frozen=True, kw_only=True):
    """An order, of whatever kind: nothing in one that was made by hand keeps the others from being read."""

    order_id: int
    client_order_id: str = ""
    orig_client_order_id: str = ""


class _Applied(spot.Said, frozen=True, kw_only=True):
    """A withdrawal."""

    id: str
    withdraw_order_id: str = ""


class _Stated(spot.Said, frozen=True, kw_only=True):
    """One that says who is paid."""

    tr_id: int
    withdraw_order_id: str = ""


_ORDERS = Endpoint(spot.ORDERS.method, spot.ORDERS.path, spot.OrdersOf, tuple[_Numbered, ...])
_WITHDRAWALS = Endpoint(
    capital.WITHDRAWALS.method, capital.WITHDRAWALS.path, capital.WithdrawalsOf, tuple[_Applied, ...]
)
_LOCAL_WITHDRAWALS = Endpoint(
    capital.LOCAL_WITHDRAWALS.method,
    capital.LOCAL_WITHDRAWALS.path,
    capital.LocalWithdrawalsOf,
    tuple[_Stated, ...],
)


class BinanceLooker:
    """Of spot orders and withdrawals. An order list has no list of its own that is read here."""

    def __init__(self, host: str) -> None:
        self._api = spot.api(host)
        self._language = meanings.language(host)

    def wanted(self, unsigned: Unsigned) -> Once | None:
        """By what it is found again; None for what is not found so. An order that is only tried out has the signature
        of a real one."""
        match self._language.request(unsigned):
            case spot.NewOrder() as ask:
                return Once(ask.new_client_order_id, "order", ask.symbol)
            case capital.LocalWithdraw() as ask:
                return Once(ask.withdraw_order_id, "stated withdrawal", ask.coin)
            case capital.Withdraw() as ask:
                return Once(ask.withdraw_order_id, "withdrawal", ask.coin)
        return None

    def look(self, wanted: Wanted, first: int, last: int, after: str = "") -> Call[Found]:  # noqa: ARG002  # a page is all
        """Ask for what was made of its kind from ``first`` to ``last`` (milliseconds)."""
        assert isinstance(wanted, Once), "that is how it says what is wanted"
        asked = self._question(wanted, first, last)

        def read(answer: HttpAnswer) -> Found:
            page = asked.read(answer)
            there = tuple(
                thing
                for thing in (_thing(one, wanted) for one in page)
                if thing.client_id == wanted.client_id
            )

            def compare(other: Wanted) -> tuple[Comparison, ...]:
                return tuple(
                    Comparison((), (), thing.id) for thing in there if thing.client_id == other.client_id
                )

            return Found(compare, there, len(page) < _MOST)

        return Call(asked.unsigned, read)

    def is_look(self, understood: Understood) -> bool:
        """Whether a request is such a question."""
        ask = understood.ask
        if isinstance(ask, spot.OrdersOf):
            exact = ask == spot.OrdersOf(
                symbol=ask.symbol, start_time=ask.start_time, end_time=ask.end_time, limit=_MOST
            )
        elif isinstance(ask, capital.WithdrawalsOf | capital.LocalWithdrawalsOf):
            exact = bool(ask.coin and ask.withdraw_order_id) and ask == type(ask)(
                coin=ask.coin,
                withdraw_order_id=ask.withdraw_order_id,
                start_time=ask.start_time,
                end_time=ask.end_time,
                limit=_MOST,
            )
        else:
            return False
        return exact and ask.start_time is not None and ask.end_time is not None

    def _question(self, wanted: Once, first: int, last: int) -> Call[tuple[Any, ...]]:
        first = max(0, first)
        if wanted.kind == "order":
            ask = spot.OrdersOf(symbol=wanted.of, start_time=first, end_time=last, limit=_MOST)
            return self._api.call(_ORDERS, ask)
        named: dict[str, Any] = {
            "coin": wanted.of,
            "withdraw_order_id": wanted.client_id,
            "start_time": first,
            "end_time": last,
            "limit": _MOST,
        }
        if wanted.kind == "withdrawal":
            return self._api.call(_WITHDRAWALS, capital.WithdrawalsOf(**named))
        return self._api.call(_LOCAL_WITHDRAWALS, capital.LocalWithdrawalsOf(**named))


def _thing(one: _Numbered | _Applied | _Stated, wanted: Once) -> Thing:
    words = f"{wanted.kind} of {wanted.of}"
    match one:
        case _Numbered():
            ours = one.orig_client_order_id or one.client_order_id
            return Thing(str(one.order_id), ours, words)
        case _Applied():
            return Thing(one.id, one.withdraw_order_id, words)
    return Thing(str(one.tr_id), one.withdraw_order_id, words)
