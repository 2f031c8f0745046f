"""What a request means, read from its bytes: the signer's own eyes, before it signs or lets anything sign.

A request comes from somebody who may lie about it. It is taken apart into the endpoint and the typed request that it
must have been made from, put together again, and refused unless every byte is the same. So nothing is in it that was
not understood: no second parameter, no other spelling, no field that this version does not know.

What it can give away is counted at its most. What cannot be counted is refused: a market order to buy so much base
costs whatever it costs. Fees are not in it; the exchange takes them where it likes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import parse_qsl, unquote

import msgspec

from warifu.depth import is_deep
from warifu.errors import InputRefused
from warifu.exchanges.amounts import MAX_DIGITS, MAX_PLACES
from warifu.exchanges.calls import MAX_DEPTH, Api, Ask, Call, Effect, Endpoint, Unsigned
from warifu.exchanges.market import Pair


@dataclass(frozen=True)
class Destination:
    """Where funds go. ``address`` is on a chain; ``inside`` is the exchange's own name of an account or a bank."""

    asset: str
    address: str = ""
    network: str | None = None
    memo: str | None = None
    inside: str = ""


@dataclass(frozen=True)
class Meaning:
    """What one request does, as far as money is concerned."""

    pair: Pair | None = None
    gives: Mapping[str, Decimal] = field(default_factory=dict)
    """The most that it can give away, by asset, without fees."""
    destination: Destination | None = None


NOTHING = Meaning()
_IDENTIFIERS = (
    "client_order_id",
    "client_oid",
    "new_client_order_id",
    "withdraw_order_id",
    "list_client_order_id",
    "idem",
    "nonce",
)
"""What exchanges call it."""


@dataclass(frozen=True)
class Understood:
    """A request that was understood to the last byte."""

    name: str
    """The endpoint's, as in its module: ``PLACE_ORDER``."""
    effect: Effect
    ask: Ask
    meaning: Meaning
    call: Call[Any] = field(repr=False, compare=False)
    """The same request, made anew, and the way to read its answer."""

    @property
    def identifier(self) -> str:
        """By what the exchange knows an order or a withdrawal again, as who asked for it named it; empty where the
        request names none."""
        named = (getattr(self.ask, name, None) for name in _IDENTIFIERS)
        return next((str(each) for each in named if each is not None), "")


Pairs = Collection[Pair]
"""Those that may be traded: an exchange that writes ``BTCUSDT`` does not say where one symbol ends."""
Means = Callable[[Any, Pairs], Meaning]


@dataclass(frozen=True)
class Language:
    """One API: all its endpoints, and what those that can give something away mean."""

    api: Api
    modules: tuple[ModuleType, ...]
    """Where the endpoints are."""
    meanings: Mapping[str, Means]
    """By the endpoint's name. What trades or pays out and is not in here is refused."""

    def endpoints(self) -> dict[str, Endpoint[Any, Any]]:
        found = {
            name: value
            for module in self.modules
            for name, value in vars(module).items()
            if isinstance(value, Endpoint)
        }
        return dict(
            sorted(found.items(), key=lambda item: item[1].path.count("{"))
        )  # what is named comes first

    def understand(self, unsigned: Unsigned, pairs: Pairs = ()) -> Understood:
        """``InputRefused`` (``exchange-not-understood``) for whatever is not, to the last byte, one of its requests."""
        for name, endpoint in self.endpoints().items():
            found = self._taken_apart(endpoint, unsigned)
            if found is not None:
                ask, call = found
                meaning = self._meaning(name, endpoint, ask, pairs)
                return Understood(name, endpoint.effect, ask, meaning, call)
        raise not_understood("this is no request that is known here")

    def request(self, unsigned: Unsigned) -> Ask | None:
        """The typed request, whatever it means; None for whatever is not, to the last byte, one of its requests."""
        found = (self._taken_apart(endpoint, unsigned) for endpoint in self.endpoints().values())
        return next((each[0] for each in found if each is not None), None)

    def _taken_apart(self, endpoint: Endpoint[Any, Any], unsigned: Unsigned) -> tuple[Ask, Call[Any]] | None:
        """The typed request, if it makes exactly these bytes. What they do, and whether they want a credential, is the
        endpoint's to say."""
        place = re.escape(endpoint.path).replace(r"\{", "(?P<").replace(r"\}", ">[^/]+)")
        path = re.fullmatch(place, unsigned.path)
        if path is None or unsigned.method != endpoint.method:
            return None
        fields = {name: unquote(value) for name, value in path.groupdict().items()}
        try:
            ask = msgspec.convert(fields | _said(endpoint.asks, unsigned), endpoint.asks, strict=False)
            call = self.api.call(endpoint, ask)
        except (msgspec.MsgspecError, InputRefused, UnicodeDecodeError, RecursionError):
            return None
        return (ask, call) if call.unsigned.same_bytes(unsigned) else None

    def _meaning(self, name: str, endpoint: Endpoint[Any, Any], ask: Ask, pairs: Pairs) -> Meaning:
        means = self.meanings.get(name)
        if means is not None:
            return means(ask, pairs)
        if endpoint.effect in (Effect.TRADES, Effect.PAYS_OUT):
            raise not_understood(f"what {name} gives away cannot be counted")
        return NOTHING


def not_understood(message: str) -> InputRefused:
    return InputRefused("exchange-not-understood", message)


def traded(pair: Pair, *, buys: bool, base: Decimal | None, quote: Decimal | None) -> Meaning:
    """An order: a buyer gives at most ``quote``, a seller at most ``base``; refused where that is not said."""
    given = quote if buys else base
    if given is None:
        raise not_understood("this order has no bound of what it gives away")
    return Meaning(pair, {pair.quote if buys else pair.base: given})


def worth(size: Decimal | None, *prices: Decimal | None) -> Decimal | None:
    """The most that ``size`` costs at the highest of these prices; None where a part of it is not said. Exact: rounded
    to a program's usual 28 digits, a product can be less than it is."""
    known = [price for price in prices if price is not None]
    if size is None or not known:
        return None
    with localcontext() as context:
        context.prec = 2 * (MAX_DIGITS + MAX_PLACES)
        return size * max(known)


def pair_of(product: str) -> Pair:
    """``BTC-USD``; refused for a product with other parts (futures)."""
    base, _, quote = product.partition("-")
    if "-" in quote:
        raise not_understood("this is no pair of two currencies")
    return Pair(base, quote)


def pair_among(symbol: str, pairs: Pairs) -> Pair:
    """The one of ``pairs`` that is written ``BTCUSDT``; refused where there are none or two."""
    found = {pair for pair in pairs if pair.base + pair.quote == symbol}
    if len(found) != 1:
        raise not_understood(f"{symbol} is none of the pairs that may be traded")
    return found.pop()


def _said(kind: type[Ask], unsigned: Unsigned) -> dict[str, Any]:
    """The fields in the query or the body, not yet of their types."""
    if unsigned.body:
        if is_deep(unsigned.body, MAX_DEPTH):
            raise not_understood("its body is nested without end")
        found = msgspec.json.decode(unsigned.body)
        return found if isinstance(found, dict) else {}
    many = {one.encode_name for one in msgspec.structs.fields(kind) if _is_list(one.type)}
    said: dict[str, Any] = {}
    for name, value in parse_qsl(
        unsigned.query_text, keep_blank_values=True, strict_parsing=bool(unsigned.query)
    ):
        if name in many:
            said.setdefault(name, []).append(value)
        else:
            said[name] = value
    return said


def _is_list(kind: Any) -> bool:  # noqa: ANN401  # a type form
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_origin(bare) is tuple
