"""What a visit is worth at the exchange, as one device measures it for itself, and when it has lost too much.

A *look* is one answer about what is there, and then one about each price that is needed to say what it comes to in the
asset that was brought. What was there before anything was brought does not count, and what was signed away on
purpose (owners' withdrawals, sweeps) counts as there. What is held is worth what somebody offers for it at once;
what is missing costs what somebody asks for it.

The loss is measured from the most that a look found, but from no more than what the visit may bring. Two looks in a row
must find too little, some time apart, so that no moment of an empty book ends a visit. What cannot be valued ends
nothing, and is said: taken for a loss, any garbled answer would end a visit; taken for no loss, it would hide one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext

import msgspec

from warifu.protocol.encoding import Message, Seconds
from warifu.protocol.exchange_visits import MAX_WANTED, Unvalued, Worth

APART = 20
"""Seconds, at least, between the two looks that find too little."""
TOGETHER = 600
"""Seconds, at most: what was found longer ago begins anew."""
FRESH_LOOK = 120
"""Seconds within which the prices of a look come after what is there."""
MOST_WITHDRAWALS = 100
"""Of owners, in one visit."""
WHOLE = 10_000
"""Hundredths of a percent."""
_LEAST_BID = Decimal("0.9")
"""Of the ask: where the offers are further apart, nobody can say what something is worth."""
_PLACES = 12
"""Decimals in which a value is kept and said; more are cut off, downwards."""
_DIGITS = 400
"""Of the arithmetic: an amount by two prices, each of the most digits that an exchange's number has, is exact."""
_ABSURD = Decimal(10) ** 60
"""From here on a value is none: it could not be told of, and no exchange means it."""


class Holding(Message, frozen=True):
    """So much of an asset."""

    symbol: str
    amount: str


class Priced(Message, frozen=True):
    """The best offers of a pair, as this device saw them."""

    pair: str
    bid: str
    ask: str
    at: Seconds


@dataclass(frozen=True)
class Gone:
    """What a call of an owner's takes out of an account."""

    request: bytes
    """Digest of the request."""
    created: int
    """When the owner asked for it, in seconds."""
    gives: Mapping[str, Decimal]
    """At most, by asset, in whole units."""


class Gauge(Message, frozen=True):
    """Of one visit at one device. Stored with it."""

    bound: int
    """Most that may be lost, in hundredths of a percent."""
    brings: str
    """Symbol of the asset that everything is valued in."""
    most: str
    """Most that the visit brings, in whole units."""
    symbols: tuple[str, ...]
    """Of all that counts, ascending."""
    pairs: tuple[str, ...]
    """That connect them, as the policy had them when the visit was opened."""
    before: tuple[Holding, ...] | None = None
    """What was there at the first look, before anything was brought."""
    began: Seconds = 0
    """When this was."""
    holds: tuple[Holding, ...] = ()
    """What was there at the last one."""
    at: Seconds = 0
    """When this was."""
    prices: tuple[Priced, ...] = ()
    withdrew: tuple[Holding, ...] = ()
    """What was signed away for owners since then, by this device or by others that told it so."""
    calls: tuple[bytes, ...] = ()
    """Digests of the requests by which it was."""
    credited: str = "0"
    """What the loss is measured from."""
    value: str = ""
    """At the last whole look; empty before there was one."""
    valued: Seconds = 0
    """When that look was."""
    low: Seconds = 0
    """Of the first of the looks in a row that found too little; 0 where the last one found enough."""
    over: bool = False
    """Whether too much is lost."""

    def sees(self, totals: Mapping[str, Decimal], now: int) -> Gauge:
        """What the exchange says is there: free and held, by asset. A look begins: prices of before are no part of
        it."""
        holds = tuple(
            Holding(symbol, _text(amount))
            for symbol in self.symbols
            if (amount := totals.get(symbol, Decimal(0)))
        )
        before, began = (holds, now) if self.before is None else (self.before, self.began)
        return msgspec.structs.replace(self, before=before, began=began, holds=holds, at=now, prices=())

    def priced(self, pair: str, bid: Decimal, ask: Decimal, now: int) -> Gauge | None:
        """The best offers of one pair. None where they are too far apart to say what something is worth."""
        if bid < ask * _LEAST_BID:
            return None
        others = tuple(each for each in self.prices if each.pair != pair)
        seen = Priced(pair, _text(bid), _text(ask), now)
        return msgspec.structs.replace(self, prices=(*others, seen))

    def withdraws(self, gone: Gone) -> Gauge:
        """It leaves for where an owner wants it. What an owner asked for before the first look had left by then, and
        counted once more it would hide a loss; what is told twice counts once; what is more than anybody withdraws by
        hand in a visit is a loss."""
        if self.before is None or gone.created < self.began or gone.request in self.calls:
            return self
        if len(self.calls) == MOST_WITHDRAWALS:
            return self
        left = {each.symbol: Decimal(each.amount) for each in self.withdrew}
        for symbol in gone.gives.keys() & set(self.symbols):
            left[symbol] = left.get(symbol, Decimal(0)) + gone.gives[symbol]
        kept = tuple(Holding(symbol, _text(amount)) for symbol, amount in sorted(left.items()))
        return msgspec.structs.replace(self, withdrew=kept, calls=(*self.calls, gone.request))

    def wanted(self, swept: Sequence[Holding], now: int) -> tuple[str, ...]:
        """Pairs whose price the look under way still lacks; none where it is whole, or too old to be finished."""
        if self.before is None or now > self.at + FRESH_LOOK:
            return ()
        return tuple(sorted(self._needed(swept) - {each.pair for each in self.prices}))[:MAX_WANTED]

    def measured(self, swept: Sequence[Holding], now: int) -> Gauge:
        """The verdict of a whole look; unchanged where the look is not whole, or nothing can be said. ``swept``: what
        this device signed to go home."""
        if self.over or self.unvalued(swept, now):
            return self
        value = self._worth(swept)
        assert value is not None, "else nothing could be said"
        with localcontext() as context:
            context.prec = _DIGITS
            credited = min(Decimal(self.most), max(Decimal(self.credited), value))
            is_low = value * WHOLE < credited * (WHOLE - self.bound)
        low = 0
        if is_low:
            low = self.low if self.low and self.at <= self.low + TOGETHER else self.at
        over = bool(low) and self.at >= low + APART
        return msgspec.structs.replace(
            self, credited=_text(credited), value=_text(value), valued=self.at, low=low, over=over
        )

    def unvalued(self, swept: Sequence[Holding], now: int) -> Unvalued:
        """Why nothing can be said of the look that is under way; empty where it is whole."""
        if self.before is None:
            return "no-look"
        if self._unreachable(swept):
            return "no-pair"
        if len(self._needed(swept)) > MAX_WANTED:
            return "too-many"
        fresh = {each.pair for each in self.prices if each.at <= self.at + FRESH_LOOK}
        if self._needed(swept) - fresh or self._worth(swept) is None:
            return "no-price"
        return "old" if now > self.at + FRESH_LOOK else ""

    def shown(self, swept: Sequence[Holding], now: int) -> Worth:
        """For the service and the owner."""
        return Worth(
            self.bound,
            self.credited,
            self.value,
            self.valued,
            self.at,
            self.low,
            self.wanted(swept, now),
            self.unvalued(swept, now),
        )

    # --- what a look comes to ---------------------------------------------------------------------------------------

    def _deltas(self, swept: Sequence[Holding]) -> dict[str, Decimal]:
        """What changed of each asset since before, but for what was signed away."""
        assert self.before is not None, "there was a look"
        changed: dict[str, Decimal] = {}
        with localcontext() as context:
            context.prec = _DIGITS
            for parts, sign in ((self.holds, 1), (self.before, -1), (self.withdrew, 1), (swept, 1)):
                for each in parts:
                    if each.symbol in self.symbols:
                        amount = changed.get(each.symbol, Decimal(0)) + sign * Decimal(each.amount)
                        changed[each.symbol] = amount
        return {symbol: amount for symbol, amount in changed.items() if amount}

    def _worth(self, swept: Sequence[Holding]) -> Decimal | None:
        """Of a look whose prices are all there; None where it comes to what cannot be."""
        prices = {each.pair: each for each in self.prices}
        with localcontext() as context:
            context.prec, context.rounding = _DIGITS, ROUND_FLOOR
            value = sum(
                (self._converted(symbol, amount, prices) for symbol, amount in self._deltas(swept).items()),
                Decimal(0),
            ).quantize(Decimal(1).scaleb(-_PLACES))
        return value if abs(value) < _ABSURD else None

    def _unreachable(self, swept: Sequence[Holding]) -> bool:
        return any(route(self.pairs, symbol, self.brings) is None for symbol in self._deltas(swept))

    def _needed(self, swept: Sequence[Holding]) -> set[str]:
        """Pairs by which what changed is valued."""
        return {
            pair for symbol in self._deltas(swept) for pair in route(self.pairs, symbol, self.brings) or ()
        }

    def _converted(self, symbol: str, amount: Decimal, prices: Mapping[str, Priced]) -> Decimal:
        for name in route(self.pairs, symbol, self.brings) or ():
            base, quote = name.split("-", 1)
            bid, ask = Decimal(prices[name].bid), Decimal(prices[name].ask)
            if symbol == base:
                amount, symbol = amount * (bid if amount > 0 else ask), quote
            else:
                amount, symbol = amount / (ask if amount > 0 else bid), base
        return amount


def gauge_for(bound: int, brings: str, most: Decimal, others: Iterable[str], pairs: Sequence[str]) -> Gauge:
    """Nothing seen yet. ``pairs``: the policy's; what they connect to what is brought counts, and ``others``, the
    visit's further assets, even where nothing connects them."""
    known = {symbol for pair in pairs for symbol in pair.split("-", 1)}
    symbols = {symbol for symbol in known if route(pairs, symbol, brings) is not None} | {brings, *others}
    used = {pair for symbol in symbols for pair in route(pairs, symbol, brings) or ()}
    return Gauge(bound, brings, _text(most), tuple(sorted(symbols)), tuple(sorted(used)))


def route(pairs: Sequence[str], symbol: str, to: str) -> tuple[str, ...] | None:
    """The pairs by which one asset becomes the other: one that has both, or else two with something between them, the
    first by its name; None where there are none. Nothing for itself."""
    if symbol == to:
        return ()
    direct = _pair_of(pairs, symbol, to)
    if direct is not None:
        return (direct,)
    for between in sorted({each for pair in pairs for each in pair.split("-", 1)} - {symbol, to}):
        first, second = _pair_of(pairs, symbol, between), _pair_of(pairs, between, to)
        if first is not None and second is not None:
            return first, second
    return None


def _pair_of(pairs: Sequence[str], one: str, other: str) -> str | None:
    return next((pair for pair in (f"{one}-{other}", f"{other}-{one}") if pair in pairs), None)


def _text(number: Decimal) -> str:
    """In its one form: no exponent, no zeros at the end."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
