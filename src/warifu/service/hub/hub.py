"""The connected signers: who proved to be there, calls to them with their answers, and the sessions among them.

Of two connections of one device the newer one wins. Both proved the identity with a fresh challenge, and the older one
is usually a dead socket behind a router that forgot it; refusing the newer would lock the device out until a time-out.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warifu.errors import InputRefused, ServiceRefused, SessionAborted, WarifuError
from warifu.protocol.frames import (
    AnswerPiece,
    BootPresence,
    CallRefused,
    Carried,
    Challenge,
    Finished,
    FromSigner,
    JoinCommit,
    JoinReveal,
    Listens,
    OpenTunnel,
    Presence,
    Relay,
    Reply,
    SessionFailed,
    ToSigner,
    TunnelEnded,
    error_of,
)
from warifu.protocol.identity import verify
from warifu.service.hub.boots import Boots, not_there
from warifu.service.hub.joins import Joins
from warifu.service.hub.link import Link, LinkClosed, Transport
from warifu.service.hub.session import Entered, Judge, Opening, PieceTaker, Session
from warifu.service.hub.tunnels import Note, Reach, Tunnels
from warifu.service.store.database import Database
from warifu.service.store.devices import device_of, list_devices, saw_device

MAX_STRANGERS = 32
"""Connections that may be open without having proved who they are."""
MAX_CALLS = 64
"""Calls that may wait for one device."""
MAX_SESSIONS = 64
MAX_LISTENING = 16
"""Of these, how many may be such in which a device listens to a feed."""
INTRODUCTION_TIMEOUT = 15.0
CALL_TIMEOUT = 30.0


@dataclass(frozen=True)
class _Call:
    identity: bytes
    link: Link
    answer: asyncio.Future[bytes]


class Hub:
    """Runs on one event loop. Nothing in it survives a restart: the signers simply connect again."""

    def __init__(
        self, database: Database, changed: Callable[[], None] = lambda: None, reach: Reach | None = None
    ) -> None:
        """``changed`` is called whenever somebody who waits should look again. ``reach``: where devices' tunnels may
        lead; nowhere unless it is said."""
        self._database = database
        self._changed = changed
        self._links: dict[bytes, Link] = {}
        self._calls: dict[int, _Call] = {}
        self._last_call = 0
        self._sessions: dict[bytes, Session] = {}
        self._strangers = 0
        self._all: set[Link] = set()
        self.tunnels = Tunnels(reach or Reach())
        self.joins = Joins(database, changed)
        self.boots = Boots(database, self.call)

    # --- connections ---------------------------------------------------------------------------------------------

    async def attend(self, transport: Transport) -> None:
        """Serve one connection until it ends. Whatever the other end does, this returns."""
        if self._strangers >= MAX_STRANGERS:
            await transport.close()
            return
        async with Link(transport) as link:
            self._all.add(link)
            try:
                nonce, first = await self._introduction(link)
                if isinstance(first, BootPresence):
                    await self.boots.attend(link, nonce, first)
                else:
                    await self._listen(link, await self._introduced(link, nonce, first))
            except (LinkClosed, WarifuError, TimeoutError):
                pass  # whoever breaks the rules is disconnected; there is nobody to tell
            finally:
                self._all.discard(link)
                self._gone(link)

    def connected(self, identity: bytes) -> bool:
        """Whether the device with this identity is there."""
        return identity in self._links

    def connected_count(self) -> int:
        """How many devices are there."""
        return len(self._links)

    async def wait_connected(self, identities: tuple[bytes, ...], timeout: float) -> bool:
        """Whether all of them are there, now or within ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while not all(map(self.connected, identities)):
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(0.05)
        return True

    def disconnect(self, identity: bytes) -> None:
        """End the device's connection (it was removed)."""
        link = self._links.get(identity)
        if link is not None:
            link.drop()
        self.boots.disconnect(identity)

    def close(self) -> None:
        """End every connection."""
        for link in list(self._all):
            link.drop()

    async def _introduction(self, link: Link) -> tuple[bytes, FromSigner]:
        """This connection's nonce, and the first word of whoever is at its other end."""
        self._strangers += 1
        try:
            nonce = secrets.token_bytes(32)
            link.say(Challenge(nonce))
            async with asyncio.timeout(INTRODUCTION_TIMEOUT):
                return nonce, await link.next_frame()
        finally:
            self._strangers -= 1

    async def _introduced(self, link: Link, nonce: bytes, frame: FromSigner) -> bytes | None:
        """The identity that the device proved; None for one that is being enrolled."""
        if isinstance(frame, JoinCommit):
            self.joins.commit(link, frame)
            return None
        if not isinstance(frame, Presence):
            raise InputRefused("out-of-turn", "a connection began with another frame than an introduction")
        await self._prove(frame, nonce)
        self._enter(frame.identity, link)
        return frame.identity

    async def _prove(self, presence: Presence, nonce: bytes) -> None:
        """The nonce is this connection's own: a presence that was heard elsewhere does not verify."""
        verify(presence.identity, presence.signature, "presence", nonce)
        device = await asyncio.to_thread(device_of, self._database, presence.identity)
        if device is None or device.name != presence.name:
            raise ServiceRefused("unknown-device", "this device is not enrolled here")
        await asyncio.to_thread(saw_device, self._database, presence.identity)

    def _enter(self, identity: bytes, link: Link) -> None:
        earlier = self._links.get(identity)
        if earlier is not None:
            self._fail_all(identity, earlier)
            earlier.drop()
        self._links[identity] = link
        self._changed()

    def enrolled(self, identity: bytes, link: Link) -> None:
        """A device's enrolment is confirmed: its connection counts as its own from now on."""
        if not link.closed.is_set():
            self._enter(identity, link)

    def _gone(self, link: Link) -> None:
        self.joins.lost(link)
        for identity in [identity for identity, other in self._links.items() if other is link]:
            del self._links[identity]
            self._fail_all(identity, link)
        self._changed()

    def _fail_all(self, identity: bytes, link: Link) -> None:
        for call in [call for call in self._calls.values() if call.link is link and not call.answer.done()]:
            call.answer.set_exception(self._offline(identity))
        for session in list(self._sessions.values()):
            if session.holds(identity, link):
                session.lost(identity)

    async def _listen(self, link: Link, identity: bytes | None) -> None:
        while True:
            frame = await link.next_frame()
            if identity is None:
                identity = self._enrolling(link, frame)
            else:
                self._take(link, identity, frame)

    def _enrolling(self, link: Link, frame: FromSigner) -> bytes | None:
        """A device that is being enrolled may reveal itself, and is an ordinary one once the owner confirmed it."""
        for identity, other in self._links.items():
            if other is link:
                self._take(link, identity, frame)
                return identity
        if not isinstance(frame, JoinReveal):
            raise InputRefused("out-of-turn", "a device that is not enrolled spoke as one that is")
        self.joins.reveal(link, frame)
        return None

    def _take(self, link: Link, identity: bytes, frame: FromSigner) -> None:
        match frame:
            case Reply(call=number) | CallRefused(call=number):
                call = self._calls.get(number)
                # Only the device that was asked may answer, on the connection on which it was asked.
                if call is not None and call.link is link and not call.answer.done():
                    if isinstance(frame, Reply):
                        call.answer.set_result(frame.answer)
                    else:
                        call.answer.set_exception(error_of(frame.refusal))
            case Relay() | Finished() | SessionFailed() | Listens() | AnswerPiece():
                session = self._sessions.get(frame.session)
                if session is not None and session.holds(identity, link):
                    self._in_session(session, identity, frame)
            case OpenTunnel() | Carried() | TunnelEnded():
                self._outside(link, identity, frame)
            case _:
                raise InputRefused("out-of-turn", "a device introduced itself twice")

    def _in_session(
        self,
        session: Session,
        identity: bytes,
        frame: Relay | Finished | SessionFailed | Listens | AnswerPiece,
    ) -> None:
        match frame:
            case AnswerPiece():
                session.piece(identity, frame)
            case Listens():
                listening = sum(other.listening for other in self._sessions.values())
                room = listening < MAX_LISTENING
                session.listens(identity, frame, room=room)
                if room:
                    self.tunnels.listens(identity, frame)
            case Relay():
                session.relay(identity, frame)
            case Finished():
                session.finished(identity, frame)
            case SessionFailed():
                session.failed(identity, frame)

    def _outside(self, link: Link, identity: bytes, frame: OpenTunnel | Carried | TunnelEnded) -> None:
        """Only who is in a session that is about an exchange speaks to somebody outside."""
        session = self._sessions.get(frame.session)
        within = session is not None and session.tunnels and session.holds(identity, link)
        match frame:
            case OpenTunnel() if session is not None and within:
                self.tunnels.open(link, identity, session.name_of(identity), frame, session.note)
            case OpenTunnel():  # perhaps of a session that has just ended
                link.say(TunnelEnded(frame.session, frame.tunnel))
            case Carried() if within:
                self.tunnels.carry(identity, frame)
            case TunnelEnded() if within:
                self.tunnels.end(identity, frame)
            case _:
                pass

    # --- calls ---------------------------------------------------------------------------------------------------

    async def call(
        self, identity: bytes, make: Callable[[int], ToSigner], timeout: float = CALL_TIMEOUT
    ) -> bytes:
        """Ask one device; its encoded answer. ``make`` builds the frame from the call's number.

        Raises the device's refusal, or ``ServiceRefused``: ``device-offline``, ``device-busy``, ``device-silent``.
        """
        link = self._links.get(identity)
        if link is None:
            raise self._offline(identity)
        if sum(call.link is link for call in self._calls.values()) >= MAX_CALLS:
            raise ServiceRefused(
                "device-busy",
                "too many questions wait for this device",
                blame=self.name_of(identity),
                retry_after=5,
            )
        self._last_call += 1
        number = self._last_call
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[number] = _Call(identity, link, answer)
        try:
            link.say(make(number))
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise ServiceRefused(
                "device-silent",
                f"device '{self.name_of(identity)}' did not answer within {timeout:.0f} seconds",
                remedy="Check the device, then ask again.",
                blame=self.name_of(identity),
            ) from None
        finally:
            del self._calls[number]

    # --- sessions ------------------------------------------------------------------------------------------------

    async def run_session(
        self,
        openings: Mapping[bytes, Opening],
        *,
        wanted: int,
        judge: Judge,
        entered: Entered,
        timeout: float,
        decisive: bytes | None = None,
        note: Note = lambda _: None,
        pieces: PieceTaker | None = None,
    ) -> dict[bytes, bytes]:
        """Run one ceremony among the devices of ``openings``; the wanted results by identity.

        ``decisive``: the device whose result ends it. ``note``: told what became of the devices' tunnels.
        ``pieces``: takes what the decisive device hands on before its result.

        Raises the first refusal of a device, ``SessionAborted``, or ``ServiceRefused`` (``device-offline``).
        """
        if len(self._sessions) >= MAX_SESSIONS:
            raise SessionAborted("too-many", "too many ceremonies run at the same time", retry_after=10)
        for identity in openings:
            if identity not in self._links:
                raise self._offline(identity)
        links = {identity: self._links[identity] for identity in openings}
        names = {identity: self.name_of(identity) for identity in openings}
        session = Session(openings, links, names, wanted, judge, entered, decisive, note, pieces)
        self._sessions[session.id] = session
        try:
            return await session.run(timeout)
        finally:
            del self._sessions[session.id]
            self.tunnels.end_session(session.id)

    def name_of(self, identity: bytes) -> str:
        """What the device is called; the beginning of its identity where it was removed."""
        with contextlib.suppress(WarifuError):
            for device in list_devices(self._database):
                if device.identity == identity:
                    return device.name
        return identity.hex()[:16]

    def _offline(self, identity: bytes) -> ServiceRefused:
        return not_there(self.name_of(identity))
