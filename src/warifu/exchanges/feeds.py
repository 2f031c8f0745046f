"""A watch: one channel of an exchange's feed, for a bounded time. Values; nothing here opens a connection.

As a request it has the method ``FEED``, the channel as its path, the seconds as its query, and as its body the text
that is said once the feed is open, without a credential. So it is judged, sealed, signed and carried as every other
request is, and its answer is all that came: one line of text for each message, as the exchange wrote it, with a line
feed at its end. It is read while it comes (:class:`Hearing`), or as a whole.

A feed tells early and may leave something out. What decides money is asked for by request; a feed says when to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Ask, Call, Effect, Unsigned
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import NOTHING, Understood, not_understood

FEED: Final = "FEED"
LEAST_SECONDS, MOST_SECONDS = 5, 3600
"""Of one watch."""
MAX_PRODUCTS = 20
MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message: the first picture of a large book is one of several megabytes."""
MAX_GAPS = 100
"""That are told of one watch; further ones are like these."""
_ENDED = "feed-ended"
"""The one header of a watch's answer: how it ended."""
TIME, FULL, SLOW, STOPPED = "time", "full", "slow", "stopped"
SILENT, FORBIDDEN = "silent", "forbidden"
"""Ends of a watch: its seconds are over; more came than is handed on; its owner did not take what came as fast as it
came; he has heard enough; the exchange is not there any more; it is not allowed any more. Others are the exchange's or
the road's."""


class FeedBroken(Exception):
    """What came cannot be read, or is not all: whatever was built from the feed is built anew."""


class FeedGap(FeedBroken):
    """A message is missing, or came twice. The one that shows it could be read."""


class Numbers:
    """Of messages: they go up by one, from whichever is the first."""

    def __init__(self) -> None:
        self._last: int | None = None

    def see(self, number: int, last: int | None = None) -> None:
        """FeedGap unless this is the number after the last one; what comes next is counted from here. ``last``: of a
        message that stands for several."""
        before, self._last = self._last, number if last is None else last
        if before is not None and number != before + 1:
            raise FeedGap(f"message {number} came after {before}")


@dataclass(frozen=True)
class Channel:
    """``signed``: the exchange wants a credential for it. ``of_products``: what comes is about pairs that one names;
    ``of_accounts``: about accounts that one names. ``target``: where its host opens the feed."""

    name: str
    host: str
    signed: bool = False
    of_products: bool = True
    of_accounts: bool = False
    target: str = "/"


class Watch(Ask, frozen=True, kw_only=True):
    """What is watched."""

    channel: str
    products: tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,16}(-[A-Z0-9]{1,16}|[A-Z0-9]{0,16})\Z")], ...
    ] = ()
    """As the exchange calls them."""
    accounts: tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")], ...
    ] = ()
    seconds: Annotated[int, msgspec.Meta(ge=LEAST_SECONDS, le=MOST_SECONDS)]


@dataclass(frozen=True)
class Watched:
    """What came of it."""

    texts: tuple[bytes, ...] = field(repr=False)
    """The exchange's messages in order, one line each."""
    gaps: tuple[str, ...]
    """As in :class:`Hearing`."""
    unreadable: int
    """Messages of a form that is not known here."""
    ended: str
    """:data:`TIME` and its like, ``closed CODE``, or why the connection broke."""


Reading = Callable[[bytes], object]
"""Reads one connection's messages, in order. FeedBroken; ``ExchangeFailed`` where the exchange complains."""


def product_ids(body: bytes) -> tuple[str, ...]:
    """The products that a subscription of Coinbase's names; nothing where it names none so."""
    try:
        return msgspec.json.decode(body, type=_Said).product_ids
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()


class _Said(msgspec.Struct):
    product_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feeds:
    """All channels of one exchange."""

    channels: tuple[Channel, ...]
    text: Callable[[str, tuple[str, ...]], bytes]
    """What one says for a channel and its products, or accounts, without a credential."""
    reading: Callable[[str], Reading]
    """Of one connection, for one channel."""
    product: Callable[[Pair], str] = str
    """What the exchange calls a pair."""
    products: Callable[[bytes], tuple[str, ...]] = product_ids
    """Which of these, or which accounts, a subscription's text names; :meth:`understand` makes the text anew."""

    def watch(
        self, channel: str, pairs: tuple[Pair, ...], seconds: int, accounts: tuple[str, ...] = ()
    ) -> Call[Watched]:
        """``accounts``: the exchange's identifiers of them. ``InputRefused`` (``exchange-feed``) for what cannot be
        watched so."""
        products = tuple(self.product(pair) for pair in pairs)
        ask = Watch(channel=channel, products=products, accounts=accounts, seconds=seconds)
        return self._call(self._named(channel), ask)

    def understand(self, unsigned: Unsigned) -> Understood:
        """``InputRefused`` (``exchange-not-understood``) for what is not, to its last byte, a watch of these."""
        for channel in self.channels:
            if unsigned.path != f"/{channel.name}":
                continue
            about = {"accounts" if channel.of_accounts else "products": self.products(unsigned.body)}
            ask = Watch(channel=channel.name, seconds=_seconds(unsigned.query), **about)
            try:
                call = self._call(channel, ask)
            except InputRefused:
                break
            if call.unsigned.same_bytes(unsigned):
                return Understood(f"FEED_{channel.name.upper()}", Effect.READS, ask, NOTHING, call)
        raise not_understood("this is no feed that is known here")

    def target(self, unsigned: Unsigned) -> str:
        """Where the host of a watch that was understood opens its feed."""
        return self._named(unsigned.path.removeprefix("/")).target

    def hearing(self, channel: str) -> Hearing:
        """Of one watch of this channel, to be read while it lasts. ``InputRefused`` (``exchange-feed``)."""
        return Hearing(self.reading(self._named(channel).name))

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
        for named, wanted, what in (
            (watch.products, channel.of_products, "pair"),
            (watch.accounts, channel.of_accounts, "account"),
        ):
            if len(set(named)) != len(named) or len(named) > MAX_PRODUCTS or bool(named) != wanted:
                raise InputRefused("exchange-feed", f"{channel.name} is {_about(channel, what)}")
        unsigned = Unsigned(
            FEED,
            channel.host,
            f"/{channel.name}",
            _query(watch.seconds),
            self.text(channel.name, watch.accounts or watch.products),
            Effect.READS,
            channel.signed,
        )
        return Call(unsigned, lambda answer: _read(answer, self.reading(channel.name)))


def _about(channel: Channel, what: str) -> str:
    if not {"pair": channel.of_products, "account": channel.of_accounts}[what]:
        return f"about no {what}"
    return f"watched for 1 to {MAX_PRODUCTS} {what}s, each named once"


def seconds_of(unsigned: Unsigned) -> int:
    """How long a watch lasts that was understood."""
    [(_, seconds)] = unsigned.query
    return int(seconds)


class Hearing:
    """What a watch hears, read while it comes."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._line = bytearray()
        """Of a message that is not whole yet."""
        self.messages = 0
        self.gaps: list[str] = []
        """Where the exchange's own numbers say that something is missing, or a message is not whole."""
        self.unreadable = 0

    def take(self, data: bytes) -> list[bytes]:
        """The messages that are whole with ``data``, in order. :class:`ExchangeFailed` where the exchange says no;
        ``InputRefused`` (``exchange-feed``) for one that is longer than :data:`MAX_MESSAGE`."""
        *whole, rest = data.split(b"\n")
        texts = []
        for part in whole:
            texts.append(bytes(self._line + part))
            self._line.clear()
            self._see(texts[-1])
        self._line += rest
        if len(self._line) > MAX_MESSAGE:
            raise InputRefused("exchange-feed", "a message of the feed is longer than one may be")
        return texts

    def end(self) -> None:
        """Nothing more comes."""
        if self._line:
            self._miss("the last message was cut off")

    def _see(self, text: bytes) -> None:
        self.messages += 1
        try:
            self._read(text)
        except FeedGap as gap:
            self._miss(str(gap))
        except FeedBroken:
            self.unreadable += 1

    def _miss(self, words: str) -> None:
        if len(self.gaps) < MAX_GAPS:
            self.gaps.append(words)


def as_line(text: bytes) -> bytes:
    """A message, or a part of one, as it is handed on: a line break in it is white space between its words, JSON has no
    other."""
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


def heard(texts: Iterable[bytes], ended: str) -> HttpAnswer:
    """What a watch heard, as its answer."""
    return HttpAnswer(200, ((_ENDED, ended),), b"".join((as_line(text) or b" ") + b"\n" for text in texts))


def over(body: bytes, ended: str) -> HttpAnswer:
    """As :func:`heard`, of what is in lines already."""
    return HttpAnswer(200, ((_ENDED, ended),), body)


def ended_by(answer: HttpAnswer) -> str:
    """How the watch ended whose answer this is."""
    return answer.header(_ENDED) or ""


def _read(answer: HttpAnswer, read: Reading) -> Watched:
    """What came. :class:`ExchangeFailed` where the exchange says no."""
    hearing = Hearing(read)
    texts = hearing.take(answer.body)
    hearing.end()
    return Watched(tuple(texts), tuple(hearing.gaps), hearing.unreadable, ended_by(answer))


def with_credential(body: bytes, fields: Mapping[str, Any]) -> bytes:
    """The text of a subscription with what proves who says it."""
    said: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({**said, **fields})


def _seconds(query: tuple[tuple[str, str], ...]) -> int:
    """What a watch's query says; 0, of which no watch is, where it says nothing of the kind."""
    match query:
        case (("seconds", text),) if (
            text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SECONDS))
        ):
            return int(text)
        case _:
            return 0


def _query(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("seconds", str(seconds)),)
