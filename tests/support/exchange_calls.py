"""Calls at exchanges for a household in memory: the owner's side, and a service whose tunnels a test can bend."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nacl.utils import random
from tests.support.exchange_stand_in import StandIn
from tests.support.simulator import Household, Outcome, Tamper, honest

from warifu.exchanges.calls import Call, Unsigned
from warifu.protocol.acknowledging import Acknowledgement, Confirmation
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AnswerKey, CallResult, Told
from warifu.protocol.exchange_pieces import Pieces
from warifu.protocol.exchange_requests import CallRequest, ExchangeCall, call_digest
from warifu.protocol.frames import (
    AnswerPiece,
    AskAcknowledgeCall,
    AskConfirmation,
    Carried,
    CloseSession,
    Finished,
    Listens,
    OpenCall,
    OpenComparison,
    OpenTelling,
    OpenTunnel,
    PieceTaken,
    SessionFailed,
    TunnelEnded,
    error_of,
)
from warifu.protocol.frames import Relay as RelayFrame
from warifu.protocol.request import request_digest

Opening = OpenCall | OpenComparison | OpenTelling
Bend = Callable[[str, Carried], Sequence[Carried | TunnelEnded]]
"""(device, frame) -> what is carried instead."""


def as_it_is(_name: str, frame: Carried) -> list[Carried]:
    return [frame]


@dataclass
class Tunnels:
    """The service's: to the stand-ins, whatever host a signer names; all that went through is recorded."""

    stand_in: StandIn
    outward: Bend = as_it_is
    inward: Bend = as_it_is
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Hosts in whose place another one is dialled."""
    opened: list[tuple[str, str]] = field(default_factory=list)
    """(device, host)."""
    record: bytearray = field(default_factory=bytearray)
    _lines: dict[tuple[bytes, int], tuple[str, socket.socket]] = field(default_factory=dict)

    def take(self, name: str, frame: OpenTunnel | Carried | TunnelEnded) -> list[Any]:
        """A frame of the signer's; what the service says to that at once."""
        place = frame.session, frame.tunnel
        if isinstance(frame, OpenTunnel):
            self.opened.append((name, frame.host))
            address = self.stand_in.address(self.elsewhere.get(frame.host, frame.host))
            self._lines[place] = name, socket.create_connection(address, timeout=20)
        elif isinstance(frame, TunnelEnded):
            self._end(place)
        elif place in self._lines:
            for bent in self.outward(name, frame):
                if isinstance(bent, TunnelEnded):
                    self._end(place)
                    return [bent]
                self.record += bent.data
                try:
                    self._lines[place][1].sendall(bent.data)
                except (ConnectionResetError, BrokenPipeError):
                    self._end(place)
                    return [TunnelEnded(*place)]
        return []

    def wait(self) -> list[tuple[str, Any]] | None:
        """What came through any of them, as the test bends it; None where none is open."""
        if not self._lines:
            return None
        ready, _, _ = select.select([line for _, line in self._lines.values()], [], [], 20)
        assert ready, "nothing comes, and something is waited for"
        found: list[tuple[str, Any]] = []
        for place, (name, line) in list(self._lines.items()):
            if line not in ready:
                continue
            try:
                data = line.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                self._end(place)
                found.append((name, TunnelEnded(*place)))
                continue
            self.record += data
            for bent in self.inward(name, Carried(*place, data)):
                if isinstance(bent, TunnelEnded):
                    self._end(place)
                found.append((name, bent))
        return found

    def close(self, session: bytes = b"") -> None:
        """Those of one session, or all."""
        for place in list(self._lines):
            if not session or place[0] == session:
                self._end(place)

    def _end(self, place: tuple[bytes, int]) -> None:
        line = self._lines.pop(place, None)
        if line is not None:
            line[1].close()


@dataclass
class Asked:
    """A call as the owner's client has it."""

    home: Household
    request: CallRequest
    reader: AnswerKey
    contents: dict[str, bytes]
    openings: dict[str, OpenCall]
    """Of those that make it."""
    witnesses: dict[str, AskAcknowledgeCall] = field(default_factory=dict)
    """What all that have a parcel are asked in a strict wallet."""

    @property
    def digest(self) -> bytes:
        return request_digest(self.request)

    def acknowledged(self, names: Sequence[str]) -> tuple[Acknowledgement, ...]:
        """What these devices of a strict wallet say once they count it; raises a refusal."""
        ordered = sorted(names, key=lambda name: self.home[name].identity)
        return tuple(self.home[name].call(self.witnesses[name], Acknowledgement) for name in ordered)

    def confirmed(
        self, names: Sequence[str], acknowledgements: tuple[Acknowledgement, ...]
    ) -> tuple[Confirmation, ...]:
        """What they count beside it then."""
        ask = AskConfirmation(8, self.request.wallet_id, self.digest, acknowledgements)
        ordered = sorted(names, key=lambda name: self.home[name].identity)
        return tuple(self.home[name].call(ask, Confirmation) for name in ordered)

    def witnessed(
        self, acknowledgements: tuple[Acknowledgement, ...], confirmations: tuple[Confirmation, ...]
    ) -> dict[str, OpenCall]:
        """A strict wallet's openings."""
        return {
            name: msgspec.structs.replace(
                opening, acknowledgements=acknowledgements, confirmations=confirmations
            )
            for name, opening in self.openings.items()
        }

    def again(self) -> dict[str, OpenCall]:
        """The very same request for another session, in fresh parcels."""
        return _openings(self.home, self.request, self.contents)

    def told(self, result: bytes, pieces: Sequence[AnswerPiece] = ()) -> Told:
        """What the carrier tells, opened with the reader's key: the whole answer, put together of its pieces."""
        read = decode(CallResult, result, 2**18)
        assert read.request == self.digest and read.told is not None
        came = Pieces(self.reader, self.digest, self.request.carrier)
        begins = b"".join(came.take(piece.piece) for piece in pieces)
        told = came.end(read.told)
        if told.answer is not None:
            whole = msgspec.structs.replace(told.answer, body=begins + told.answer.body)
            told = msgspec.structs.replace(told, answer=whole)
        assert (told.outcome, told.reason, told.retry_after) == (read.outcome, read.reason, read.retry_after)
        return told


def exchange_call(unsigned: Unsigned) -> ExchangeCall:
    return ExchangeCall(
        unsigned.method, unsigned.host, unsigned.path, unsigned.query, unsigned.body, random(32)
    )


def prepare(
    home: Household,
    call: Call[Any],
    names: Sequence[str] = ("device0", "device1"),
    *,
    account: str = "main",
    carrier: str = "device0",
    further: Sequence[Any] = (),
    told: Mapping[str, ExchangeCall] | None = None,
    makers: Sequence[str] = (),
    **fields: object,
) -> Asked:
    """Authorized and sealed for these devices. ``told``: another call in some device's parcel; ``makers``: who of them
    makes it, where that is not all."""
    assert home.birth is not None
    content, reader = exchange_call(call.unsigned), AnswerKey()
    now = home.clock()
    carrying = home[carrier].identity if carrier else bytes(32)
    request = CallRequest(
        random(16),
        home.birth.wallet_id,
        account,
        call_digest(content),
        carrying,
        reader.public,
        now,
        now + 600,
    )
    request = msgspec.structs.replace(request, **fields)
    contents = {name: encode((told or {}).get(name, content)) for name in names}
    openings = _openings(home, request, contents, further, makers)
    witnesses = {
        name: AskAcknowledgeCall(7, opening.authorization, opening.parcel)
        for name, opening in openings.items()
    }
    made = {name: opening for name, opening in openings.items() if name in (makers or names)}
    return Asked(home, request, reader, contents, made, witnesses)


def _openings(
    home: Household,
    request: CallRequest,
    contents: Mapping[str, bytes],
    further: Sequence[Any] = (),
    makers: Sequence[str] = (),
) -> dict[str, OpenCall]:
    authorization, parcels = home.authorized_parcels(request, contents, further)
    participants = tuple(sorted(home[name].identity for name in makers or contents))
    session = random(16)
    return {name: OpenCall(session, authorization, parcel, participants) for name, parcel in parcels.items()}


def compare(
    home: Household,
    about: bytes,
    carrier: str,
    names: Sequence[str],
    tunnels: Tunnels,
    *,
    stays: bool = False,
    **fields: Any,
) -> Outcome:
    """The session of a comparison."""
    assert home.birth is not None
    participants = tuple(sorted(home[name].identity for name in names))
    opening = OpenComparison(
        random(16), home.birth.wallet_id, "main", about, participants, home[carrier].identity
    )
    opening = msgspec.structs.replace(opening, **fields)
    return run(home, dict.fromkeys(names, opening), tunnels, stays=stays)


def run(
    home: Household, openings: Mapping[str, Opening], tunnels: Tunnels, *how: Any, **said: Any
) -> Outcome:
    """As :func:`_run`; whatever comes of it, no tunnel stays, unless all of it ``stays``."""
    try:
        return _run(home, openings, tunnels, *how, **said)
    finally:
        if not said.get("stays"):
            tunnels.close()


def _run(
    home: Household,
    openings: Mapping[str, Opening],
    tunnels: Tunnels,
    tamper: Tamper = honest,
    waits: Callable[[], bool] = lambda: False,
    beside: Mapping[str, OpenCall] | None = None,
    takes: Callable[[AnswerPiece], Sequence[int]] = lambda piece: [piece.number],
    stays: bool = False,
) -> Outcome:
    """Relay and carry until nothing is under way. ``waits``: called before the service waits for a tunnel; True ends it
    there, as a service does that goes away. ``beside``: another session at the same time. ``takes``: what a carrier is
    told to be kept when a piece of an answer came. ``stays``: what has not ended is left as it is."""
    outcome = Outcome()
    queue: deque[tuple[bytes, RelayFrame]] = deque()
    taken: deque[tuple[str, PieceTaken]] = deque()

    def post(name: str, frames: list[Any]) -> None:
        for frame in frames:
            match frame:
                case RelayFrame():
                    sender = home[name].identity
                    queue.extend(tamper(sender, frame.peer, RelayFrame(frame.session, sender, frame.body)))
                case Finished():
                    outcome.finished[name] = frame.result
                case SessionFailed():
                    outcome.failed[name] = error_of(frame.refusal)
                    tunnels.close(frame.session)
                    for other in openings:
                        if other != name:
                            home[other].send(CloseSession(frame.session, "another signer failed"))
                case AnswerPiece():
                    outcome.pieces.append(frame)
                    taken.extend((name, PieceTaken(frame.session, number)) for number in takes(frame))
                case Listens():
                    outcome.listens.append(frame.seconds)
                case OpenTunnel() | Carried() | TunnelEnded():
                    for answer in tunnels.take(name, frame):
                        post(name, home[name].send(answer))

    for each in (openings, beside or {}):
        for name, opening in each.items():
            post(name, home[name].send(opening))
    while True:
        while queue:
            links = {(to, frame.peer): place for place, (to, frame) in reversed(list(enumerate(queue)))}
            place = sorted(links.values())[home.choose(len(links))]
            receiver, frame = queue[place]
            del queue[place]
            name = home.name_of(receiver)
            post(name, home[name].send(frame))
        if taken:
            name, word = taken.popleft()
            post(name, home[name].send(word))
            continue
        over = openings.keys() <= outcome.finished.keys() | outcome.failed.keys()
        if waits() or (over and stays):
            break
        came = tunnels.wait()
        if came is None and not queue:
            break
        for name, carried in came or ():
            post(name, home[name].send(carried))
    if stays:
        return outcome
    for name, opening in openings.items():
        if name not in outcome.finished and name not in outcome.failed:
            home[name].send(
                CloseSession(opening.session, "another signer failed, or the carrier is finished")
            )
    tunnels.close()
    return outcome
