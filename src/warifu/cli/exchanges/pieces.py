"""An exchange's answer as the owner's client puts it together, or hears it while it comes.

The service keeps the pieces and says when the call is over. Neither is believed: each piece is the carrier's, and the
next one, and only the carrier says how many there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from warifu.cli.client import Client, Nothing
from warifu.errors import InputRefused, ServiceRefused, SessionAborted, WarifuError
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import MAX_ANSWER_BYTES, AnswerKey, SealedAnswer, Told
from warifu.protocol.exchange_pieces import Pieces, not_whole

T = TypeVar("T")

MAX_WHOLE = 8 * 1024 * 1024
"""Bytes of an answer that this client puts together: no carrier hands on as much."""
_WAIT = 20
_STOP_SECONDS = 20.0
"""For the carrier to say how a watch ended that was stopped."""
_AWAY_SECONDS = 15.0
"""For which a service may be away in the middle of a watch: what it has kept is there when it comes back."""
_PAUSE = 0.5
_NOBODY_SAYS = (
    "nobody says how the watch ended: the device that listened, or the service, was lost on the way"
)
_SLACK_SECONDS = 150.0
"""Beside the watch itself: for the devices to begin, and to say how it ended."""


@dataclass(frozen=True)
class Begun:
    """A call that was handed in."""

    road: str
    """Its path at the service."""
    reader: AnswerKey
    named: bytes
    """Digest of its request."""
    carrier: bytes
    """Its pinned identity."""

    @property
    def pieces(self) -> Pieces:
        """None of its pieces was taken yet."""
        return Pieces(self.reader, self.named, self.carrier)


def told_in(shown: api.ExchangeCallShown, begun: Begun, read: Callable[[int], Iterator[bytes]]) -> Told:
    """What the carrier tells, with the whole answer. ``read``: the encoded pieces after the one with that number.

    ``OutcomeUnknown`` where nothing of the carrier's is in it: that the exchange refused it is then the service's own
    word, and an owner who believed it would ask once more for what was done. ``InputRefused`` (``answer-pieces``) where
    not all of the answer is there.
    """
    if shown.answer is None:
        raise OutcomeUnknown("no-answer")
    sealed, pieces = decode(SealedAnswer, shown.answer, 2 * MAX_ANSWER_BYTES), begun.pieces
    if isinstance(told := pieces.ending(sealed), Told):
        return told
    wanted, body = told.pieces, bytearray()
    for piece in read(0):
        body += pieces.take(decode(SealedAnswer, piece, 2 * MAX_ANSWER_BYTES))
        if len(body) > MAX_WHOLE:
            raise not_whole("the answer is longer than one may be")
        if pieces.count == wanted:
            break
    whole = pieces.end(sealed)
    assert whole.answer is not None, "only an answer has pieces"
    answer = msgspec.structs.replace(whole.answer, body=bytes(body) + whole.answer.body)
    return msgspec.structs.replace(whole, answer=answer)


def kept_pieces(client: Client, road: str, after: int) -> Iterator[bytes]:
    """What the service has kept of a call that is over, encoded."""
    while True:
        shown = client.get(f"{road}/pieces", api.ExchangePieces, after=after, wait=0)
        if not shown.pieces:
            return
        for piece in shown.pieces:
            yield piece.piece
        after += len(shown.pieces)


class Listener:
    """Hears a watch while it lasts. Single use."""

    def __init__(self, client: Client, begun: Begun, take: Callable[[bytes], None], seconds: int) -> None:
        """``take`` is given what comes, as it comes. ``seconds``: of the watch."""
        self._client, self._begun, self._take = client, begun, take
        self._pieces = begun.pieces
        self._end = time.monotonic() + seconds + _SLACK_SECONDS

    def run(self) -> Told:
        """What the carrier tells at the end. An interruption (Ctrl-C) ends the watch at the device, too, and what was
        heard stands; a second one ends this client.

        Raises what ``take`` raises, ``ExchangeFailed`` where there was no watch, ``SessionAborted`` (``watch-lost``)
        where nobody says how it ended, and what a device or the service refuses."""
        try:
            self._follow()
        except KeyboardInterrupt:
            self._stop()
            self._follow()
        except (ExchangeFailed, WarifuError) as error:
            self._stop()
            raise self._said(error) from None
        try:
            return self._told()
        except InputRefused as error:
            raise self._said(error) from None

    def _said(self, error: Exception) -> Exception:
        """A piece that is missing ends a watch, and takes nothing from those before it: they came in their turn, each
        signed by the carrier."""
        if isinstance(error, InputRefused) and error.reason == "answer-pieces":
            return _lost(self._pieces.count, f"a part of the watch was lost on the way: {error.message}")
        return error

    def _stop(self) -> None:
        self._end = min(self._end, time.monotonic() + _STOP_SECONDS)
        try:
            self._client.post(f"{self._begun.road}/stop", None, Nothing)
        except WarifuError:
            return  # it notices by itself that nobody reads any more

    def _follow(self) -> None:
        """Until the service says that it is over."""
        road = self._begun.road
        while time.monotonic() < self._end:
            shown = self._asked(f"{road}/pieces", api.ExchangePieces, after=self._pieces.count, wait=_WAIT)
            for piece in shown.pieces:
                self._take(self._pieces.take(decode(SealedAnswer, piece.piece, 2 * MAX_ANSWER_BYTES)))
            if shown.pieces:
                self._client.delete(f"{road}/pieces/{self._pieces.count}")
            elif shown.state not in ("waiting", "running"):
                return
            else:
                time.sleep(_PAUSE)

    def _told(self) -> Told:
        road = self._begun.road
        shown = self._asked(road, api.ExchangeCallShown)
        if shown.state == "refused" and shown.refusal is not None:
            raise error_from(shown.refusal)
        if shown.answer is None:
            raise _lost(self._pieces.count)
        told = self._pieces.end(decode(SealedAnswer, shown.answer, 2 * MAX_ANSWER_BYTES))
        if told.answer is not None:
            self._take(told.answer.body)
        elif told.outcome == "unknown" and self._pieces.count:
            raise _lost(self._pieces.count)
        self._client.delete(f"{road}/answer")
        return told

    def _asked(self, road: str, kind: type[T], **query: int) -> T:
        """The service's answer, also where it was away for a moment."""
        until = time.monotonic() + _AWAY_SECONDS
        while True:
            try:
                return self._client.get(road, kind, **query)
            except ServiceRefused as error:
                if error.reason != "unreachable" or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)


def _lost(pieces: int, what: str = _NOBODY_SAYS) -> SessionAborted:
    return SessionAborted(
        "watch-lost",
        what,
        not_done="What was shown is the exchange's own; what came after it is not known."
        if pieces
        else "Nothing was heard.",
        remedy="See that the device is on and connected ('warifu devices'), then watch again.",
    )
