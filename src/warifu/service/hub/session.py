"""One ceremony among several signers, as the relay sees it: sealed bodies between them, then results or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from warifu.errors import InputRefused, SessionAborted, TransactionRefused, WarifuError
from warifu.protocol.frames import (
    AnswerPiece,
    CloseSession,
    Finished,
    Listens,
    OpenCall,
    OpenComparison,
    OpenCorrelating,
    OpenErrand,
    OpenExchangeKey,
    OpenSession,
    OpenTelling,
    Relay,
    SessionFailed,
    StopCall,
    ToSigner,
    error_of,
)
from warifu.service.hub.link import Link
from warifu.service.hub.tunnels import Note

MAX_SESSION_BYTES = 128 * 1024 * 1024
"""Bytes that one session relays in all, before it is given up."""
Opening = (
    OpenSession | OpenCorrelating | OpenExchangeKey | OpenCall | OpenComparison | OpenErrand | OpenTelling
)
LISTENING_SLACK = 90.0
"""Seconds beside those for which a feed is listened to: to hand on what came last, and to say how it ended."""
Entered = Callable[[str], None]
"""Told the name of a device when its first word to the others passes: it has judged the request and entered."""
Judge = Callable[[bytes, bytes], None]
"""Given a device's identity and its result; raises ``WarifuError`` for one that is not what it should be."""


class PieceTaker(Protocol):
    """Takes what the device whose result is wanted hands on before it."""

    def attach(self, session: bytes, say: Callable[[ToSigner], None]) -> None:
        """The session is there. ``say``: to that device."""

    def put(self, frame: AnswerPiece) -> None:
        """``InputRefused`` for what it may not say."""

    def listens(self) -> None:
        """It goes on for long, and hands on what it hears meanwhile."""


class Session:
    """Lives from the opening to the outcome. All of it runs on the hub's event loop.

    Signers are those *connections* that opened the session: a device that reconnects has lost its session's keys.
    """

    def __init__(
        self,
        openings: Mapping[bytes, Opening],
        links: Mapping[bytes, Link],
        names: Mapping[bytes, str],
        wanted: int,
        judge: Judge,
        entered: Entered,
        decisive: bytes | None = None,
        note: Note = lambda _: None,
        pieces: PieceTaker | None = None,
    ) -> None:
        """``wanted``: how many results are needed, 1 where any one will do. ``decisive``: the device whose result ends
        it, whoever else has handed one in by then. ``note``: told what became of tunnels.
        ``pieces``: takes what the decisive device hands on before its result."""
        first = next(iter(openings.values()))
        self.id = first.session
        self._openings = openings
        self._links = links
        self._names = names
        self._wanted = wanted
        self._judge = judge
        self._entered = entered
        self._decisive = decisive
        self.note = note
        self._pieces = pieces
        self.listening = False
        """Whether the decisive device said that it listens to a feed."""
        self._deadline: asyncio.Timeout | None = None
        self._heard: set[bytes] = set()
        self._results: dict[bytes, bytes] = {}
        self._ended: set[bytes] = set()
        self._bytes = 0
        self._outcome: asyncio.Future[dict[bytes, bytes]] = asyncio.get_running_loop().create_future()

    async def run(self, timeout: float) -> dict[bytes, bytes]:
        """Open, relay, and return the wanted results by identity. Raises the first refusal, or ``SessionAborted``."""
        why = "the ceremony is over"
        if self._pieces is not None and self._decisive is not None:
            self._pieces.attach(self.id, self._links[self._decisive].say)
        try:
            for identity, opening in self._openings.items():
                self._links[identity].say(opening)
            async with asyncio.timeout(timeout) as self._deadline:
                return await self._outcome
        except TimeoutError:
            why = "a device did not answer in time"
            silent = [
                self._names[identity]
                for identity in self._openings
                if identity not in self._heard | self._ended
            ]
            raise SessionAborted(
                "timeout",
                f"no result within {timeout:.0f} seconds; "
                + (
                    f"silent from the start: {', '.join(silent)}"
                    if silent
                    else "the devices stopped answering"
                ),
                remedy="Check that the devices are up and reachable, then ask again.",
                blame=silent[0] if len(silent) == 1 else None,
            ) from None
        except WarifuError as error:
            why = f"another device refused: {error.code}"
            raise
        finally:
            self._close(why)

    def holds(self, identity: bytes, link: Link) -> bool:
        """Whether this very connection of this device is in the session."""
        return self._links.get(identity) is link

    def name_of(self, identity: bytes) -> str:
        """What a participant is called."""
        return self._names[identity]

    @property
    def tunnels(self) -> bool:
        """Whether its devices speak to somebody outside: only where it is about an exchange."""
        return isinstance(next(iter(self._openings.values())), OpenCall | OpenComparison | OpenErrand)

    def relay(self, sender: bytes, frame: Relay) -> None:
        """Pass a body on to the participant it is for, with its sender's name on it."""
        if sender not in self._heard:
            self._heard.add(sender)
            self._entered(self._names[sender])
        receiver = self._links.get(frame.peer)
        if receiver is None or frame.peer == sender:
            self._fail(
                SessionAborted(
                    "relay", "a device wrote to one that is not in the session", blame=self._names[sender]
                )
            )
            return
        self._bytes += len(frame.body)
        if self._bytes > MAX_SESSION_BYTES:
            self._fail(
                SessionAborted(
                    "relay", "the devices said more than any ceremony needs", blame=self._names[sender]
                )
            )
            return
        receiver.say(Relay(frame.session, sender, frame.body))

    def listens(self, sender: bytes, frame: Listens, *, room: bool) -> None:
        """The decisive device listens to a feed: once, for a bounded time. ``room``: whether one more may; else it is
        told to stop. ``InputRefused`` (``out-of-turn``) for any other device, or again."""
        pieces = self._require_decisive(sender)
        if self.listening or self._deadline is None:
            raise InputRefused("out-of-turn", "a device says twice that it listens")
        self.listening = True
        if not room:
            self.note(f"{self._names[sender]} is to listen no more: too many devices listen to feeds")
            self._links[sender].say(StopCall(self.id))
            return
        when = asyncio.get_running_loop().time() + frame.seconds + LISTENING_SLACK
        self._deadline.reschedule(max(when, self._deadline.when() or when))
        self.note(f"{self._names[sender]} listens to a feed for {frame.seconds} seconds")
        pieces.listens()

    def piece(self, sender: bytes, frame: AnswerPiece) -> None:
        """Of an answer. As :meth:`listens`."""
        self._require_decisive(sender).put(frame)

    def _require_decisive(self, sender: bytes) -> PieceTaker:
        if self._pieces is None or sender != self._decisive or sender in self._ended:
            raise InputRefused("out-of-turn", "a device hands on what nobody asked it for")
        return self._pieces

    def finished(self, sender: bytes, frame: Finished) -> None:
        """Take in a result. A wrong one counts as a refusal of that device alone, where another's may still come."""
        if sender in self._ended:
            return
        self._ended.add(sender)
        if sender not in self._heard:
            self._heard.add(sender)
            self._entered(self._names[sender])
        try:
            self._judge(sender, frame.result)
        except WarifuError as error:
            self._missing(_with_blame(error, self._names[sender]))
            return
        self._results[sender] = frame.result
        enough = (
            len(self._results) >= self._wanted if self._decisive is None else self._decisive in self._results
        )
        if enough and not self._outcome.done():
            self._outcome.set_result(dict(self._results))

    def failed(self, sender: bytes, frame: SessionFailed) -> None:
        """A signer refused, or left."""
        if sender not in self._ended:
            self._ended.add(sender)
            self._heard.add(sender)
            self._fail(error_of(frame.refusal))

    def lost(self, identity: bytes) -> None:
        """A connection ended."""
        if identity not in self._ended:
            self._ended.add(identity)
            self._fail(
                SessionAborted(
                    "device-left",
                    f"the connection of device '{self._names[identity]}' ended during the ceremony",
                    remedy="Check that the device is up and reachable, then ask again.",
                    blame=self._names[identity],
                )
            )

    def _missing(self, error: WarifuError) -> None:
        """One result is not usable. Fatal unless enough of the others can still come."""
        if len(self._openings) - (len(self._ended) - len(self._results)) < self._wanted:
            self._fail(error)

    def _fail(self, error: WarifuError) -> None:
        if not self._outcome.done():
            self._outcome.set_exception(error)

    def _close(self, why: str) -> None:
        if self._outcome.done() and not self._outcome.cancelled():
            self._outcome.exception()  # seen, whoever else waited for it
        self._outcome.cancel()
        for identity, link in self._links.items():
            if identity not in self._ended:
                link.say(CloseSession(self.id, why))


def _with_blame(error: WarifuError, name: str) -> WarifuError:
    """The device that hands in a wrong result is proven at fault by it."""
    kind = type(error) if isinstance(error, InputRefused | TransactionRefused) else SessionAborted
    return kind(error.reason, f"device '{name}': {error.message}", remedy=error.remedy, blame=name)
