"""A watch: one channel of an exchange's feed, for a bounded time. Values; nothing here opens a connection.

As a request it has the method ``FEED``, the channel as its path, the seconds as its query, and as its body the text
that is said once the feed is open, without a credential. So it is judged, sealed, signed and carried as every other
request is, and its answer is all that came: one line of text for each message, as the exchange wrote it.

A feed tells early and may leave something out. What decides money is asked for by request; a feed says when to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Ask, Call, Effect, Unsigned
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import NOTHING, Understood, not_understood

FEED: Final = "FEED"
LEAST_SECONDS, MOST_SECONDS = 5, 50
"""Of one watch: with the opening before it, it has to fit into a session of the devices."""
MAX_PRODUCTS = 20
_ENDED = "feed-ended"
"""The one header of a watch's answer: how it ended."""
TIME, FULL = "time", "full"
"""Ends of a watch: its seconds are over; more came than can be handed on. Others are the exchange's or the road's."""


class FeedBroken(Exception):
    """What came cannot be read, or is not all: whatever was built from the feed is built anew."""


class FeedGap(FeedBroken):
    """A message is missing, or came twice. The one that shows it could be read."""


@dataclass(frozen=True)
class Channel:
    """``signed``: the exchange wants a credential for it. ``of_products``: what comes is about pairs that one names."""

    name: str
    host: str
    signed: bool = False
    of_products: bool = True


class Watch(Ask, frozen=True, kw_only=True):
    """What is watched."""

    channel: str
    products: tuple[Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}\Z")], ...]
    seconds: Annotated[int, msgspec.Meta(ge=LEAST_SECONDS, le=MOST_SECONDS)]


@dataclass(frozen=True)
class Watched:
    """What came of it."""

    texts: tuple[bytes, ...] = field(repr=False)
    """The exchange's messages in order, one line each."""
    gaps: tuple[str, ...]
    """Where its own numbers say that something is missing."""
    unreadable: int
    """Messages of a form that is not known here."""
    ended: str
    """:data:`TIME`, :data:`FULL`, ``closed CODE``, or why the connection broke."""


Reading = Callable[[bytes], object]
"""Reads one connection's messages, in order. FeedBroken; ``ExchangeFailed`` where the exchange complains."""


@dataclass(frozen=True)
class Feeds:
    """All channels of one exchange."""

    channels: tuple[Channel, ...]
    text: Callable[[str, tuple[str, ...]], bytes]
    """What one says for a channel and its products, without a credential."""
    reading: Callable[[str], Reading]
    """Of one connection, for one channel."""

    def watch(self, channel: str, pairs: tuple[Pair, ...], seconds: int) -> Call[Watched]:
        """``InputRefused`` (``exchange-feed``) for what cannot be watched so."""
        products = tuple(str(pair) for pair in pairs)
        return self._call(self._named(channel), Watch(channel=channel, products=products, seconds=seconds))

    def understand(self, unsigned: Unsigned) -> Understood:
        """``InputRefused`` (``exchange-not-understood``) for what is not, to its last byte, a watch of these."""
        for channel in self.channels:
            if unsigned.path != f"/{channel.name}":
                continue
            for seconds in range(LEAST_SECONDS, MOST_SECONDS + 1):
                if unsigned.query != _query(seconds):
                    continue
                ask = Watch(channel=channel.name, products=_products(unsigned.body), seconds=seconds)
                try:
                    call = self._call(channel, ask)
                except InputRefused:
                    break
                if call.unsigned.same_bytes(unsigned):
                    return Understood(f"FEED_{channel.name.upper()}", Effect.READS, ask, NOTHING, call)
        raise not_understood("this is no feed that is known here")

    def _named(self, name: str) -> Channel:
        for channel in self.channels:
            if channel.name == name:
                return channel
        names = ", ".join(channel.name for channel in self.channels)
        raise InputRefused("exchange-feed", f"there is no such channel; there are {names}")

    def _call(self, channel: Channel, watch: Watch) -> Call[Watched]:
        try:
            msgspec.convert(msgspec.to_builtins(watch), Watch)
        except msgspec.ValidationError as error:
            raise InputRefused("exchange-feed", f"this cannot be watched: {error}") from None
        distinct = len(set(watch.products)) == len(watch.products) <= MAX_PRODUCTS
        if not distinct or bool(watch.products) != channel.of_products:
            raise InputRefused(
                "exchange-feed",
                f"{channel.name} is watched for 1 to {MAX_PRODUCTS} pairs, each named once"
                if channel.of_products
                else f"{channel.name} is about no pair",
            )
        unsigned = Unsigned(
            FEED,
            channel.host,
            f"/{channel.name}",
            _query(watch.seconds),
            self.text(channel.name, watch.products),
            Effect.READS,
            channel.signed,
        )
        return Call(unsigned, lambda answer: _read(answer, self.reading(channel.name)))


def seconds_of(unsigned: Unsigned) -> int:
    """How long a watch lasts that was understood."""
    [(_, seconds)] = unsigned.query
    return int(seconds)


def heard(texts: list[bytes], ended: str) -> HttpAnswer:
    """What a watch heard, as its answer. A line break in a message is white space between its words: JSON has no
    other."""
    lines = (text.replace(b"\r", b" ").replace(b"\n", b" ") or b" " for text in texts)
    return HttpAnswer(200, ((_ENDED, ended),), b"\n".join(lines))


def _read(answer: HttpAnswer, read: Reading) -> Watched:
    """What came, line by line. :class:`ExchangeFailed` where the exchange says no."""
    texts = tuple(answer.body.split(b"\n")) if answer.body else ()
    gaps, unreadable = [], 0
    for text in texts:
        try:
            read(text)
        except FeedGap as gap:
            gaps.append(str(gap))
        except FeedBroken:
            unreadable += 1
    return Watched(texts, tuple(gaps), unreadable, answer.header(_ENDED) or "")


def with_credential(body: bytes, fields: dict[str, str]) -> bytes:
    """The text of a subscription with what proves who says it."""
    said: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({**said, **fields})


def _query(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("seconds", str(seconds)),)


def _products(body: bytes) -> tuple[str, ...]:
    """The pairs that a subscription names; nothing where it names none so."""
    try:
        return msgspec.json.decode(body, type=_Said).product_ids
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()


class _Said(msgspec.Struct):
    product_ids: tuple[str, ...] = ()
