"""Tunnels: a device speaks TLS to an exchange through here, and this service carries the bytes without reading them.

What a device may reach is this service's own configuration, and nothing that a device says: hosts by name, on port 443,
resolved and dialled here. A device is as untrusted as anybody: without the list it could use this machine to reach the
machine's own network. A name that resolves to an address of such a network is refused as well: whoever lies in the
domain name system would else have this service knock there. A *simulation* is another matter: an address that the
configuration itself names in a host's place.

Nothing is parsed and nothing is kept. The owner is told the host and how many bytes went which way. Every bound is on
what the other ends decide: tunnels, bytes, silence, time, and what waits in memory for an end that is slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from warifu.errors import InputRefused
from warifu.protocol.frames import MAX_CARRIED, Carried, Listens, OpenTunnel, TunnelEnded
from warifu.service.hub.link import Link, LinkClosed

HTTPS = 443
MAX_OPEN = 64
"""Tunnels of all sessions together. Each session's are bounded by their numbers, each of which is used once."""
MAX_OUT = 256 * 1024
"""Bytes from a device through one tunnel: the longest request with its TLS. So much at most waits for a slow host."""
MAX_IN = 10 * 1024 * 1024
"""Bytes to a device through one tunnel: one long answer, and what TLS adds."""
DIAL_SECONDS = 12.0
"""For a name and all of its addresses."""
ADDRESS_SECONDS = 3.0
"""For one of them: an address that swallows everything must not keep the next one from being tried."""
IDLE_SECONDS = 60.0
TOTAL_SECONDS = 180.0
FEED_OUT, FEED_IN = 1024 * 1024, 192 * 1024 * 1024
"""The same where the device listens to a feed: pings and their answers, and what a feed may say in small messages."""
FEED_SLACK = 60.0
"""Seconds beside those for which it listens."""
_LINGER_SECONDS = 2.0
"""For the last bytes to leave, where a device is done with a tunnel."""
_MAX_ADDRESSES = 4
"""Of one host that are tried."""
_resolvers = ThreadPoolExecutor(4, "resolver")
"""Threads of their own: names that do not resolve block one for long, and the database is asked in the usual ones."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses in a network that has only IPv6 (RFC 6052)."""

Address = tuple[str, int]
Note = Callable[[str], None]
"""Told what happened to a tunnel, in words for the owner."""


class _Refused(Exception):
    """No tunnel, or no more of it: why, in words for the owner."""


@dataclass(frozen=True)
class Reach:
    """Where tunnels may lead."""

    hosts: Collection[str] = ()
    simulated: Mapping[str, Address] = field(default_factory=dict)
    """Host -> the address (an IP address and a port) that is dialled in its place."""

    def allows(self, host: str) -> bool:
        """Whether devices may be connected to ``host``."""
        return host in self.hosts or host in self.simulated

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """What to dial, in this order; addresses and no names, so that nobody resolves a second time."""
        if host in self.simulated:
            return (self.simulated[host],)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                _resolvers, lambda: socket.getaddrinfo(host, HTTPS, type=socket.SOCK_STREAM)
            )
        except OSError:
            raise _Refused("its name does not resolve") from None
        texts = dict.fromkeys(str(entry[4][0]) for entry in found)
        public = [text for text in texts if is_public(text)]
        if not public:
            raise _Refused("its name leads into a private network")
        return tuple((text, HTTPS) for text in public[:_MAX_ADDRESSES])


def is_public(text: str) -> bool:
    """Whether this is an address of the Internet: of no private, local or reserved network, however it is written."""
    try:
        address = ip_address(text)
    except ValueError:  # with a scope: link-local
        return False
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return is_public(str(IPv4Address(address.packed[-4:])))
        if address.ipv4_mapped or address.sixtofour or address.teredo:
            return False  # another address inside of it, by a road that nobody offers an exchange on
    return address.is_global and not address.is_multicast


class Tunnels:
    """All that are open. Runs on the hub's event loop."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self._sessions: dict[bytes, dict[tuple[bytes, int], _Tunnel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open_count(self) -> int:
        """How many are open."""
        return len(self._tasks)

    def open(self, link: Link, identity: bytes, name: str, frame: OpenTunnel, note: Note) -> None:
        """Connect this device, called ``name``, as it asks; or tell it that the tunnel has ended.

        Raises ``InputRefused`` (``out-of-turn``) for a number that it has used before in this session.
        """
        tunnels = self._sessions.setdefault(frame.session, {})
        if (identity, frame.tunnel) in tunnels:
            raise InputRefused("out-of-turn", "a device opened the same tunnel twice")
        tunnel = tunnels[identity, frame.tunnel] = _Tunnel(link, frame, self.reach)
        if not self.reach.allows(frame.host):
            tunnel.refuse()
            note(f"{name} asks for a tunnel to {frame.host}, which this service is not set up to allow")
            return
        if self.open_count >= MAX_OPEN:
            tunnel.refuse()
            note(f"{name} asks for a tunnel to {frame.host}, and too many are open")
            return
        task = tunnel.task = asyncio.create_task(tunnel.run(name, note))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def carry(self, identity: bytes, frame: Carried) -> None:
        """From a device. What comes too late, or too much, is not carried."""
        tunnel = self._sessions.get(frame.session, {}).get((identity, frame.tunnel))
        if tunnel is not None:
            tunnel.outward(frame.data)

    def listens(self, identity: bytes, frame: Listens) -> None:
        """A device goes on to listen to what it has opened in this session."""
        for (owner, _), tunnel in self._sessions.get(frame.session, {}).items():
            if owner == identity:
                tunnel.listens(frame.seconds)

    def end(self, identity: bytes, frame: TunnelEnded) -> None:
        """A device wants no more of a tunnel."""
        tunnel = self._sessions.get(frame.session, {}).get((identity, frame.tunnel))
        if tunnel is not None:
            tunnel.close()

    def end_session(self, session: bytes) -> None:
        """The session is over, and its tunnels with it."""
        for tunnel in self._sessions.pop(session, {}).values():
            tunnel.close()

    async def close(self) -> None:
        """End them all."""
        for session in list(self._sessions):
            self.end_session(session)
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Tunnel:
    """One: from the question for it until both directions are over."""

    def __init__(self, link: Link, frame: OpenTunnel, reach: Reach) -> None:
        self._link = link
        self._frame = frame
        self._reach = reach
        self._writer: asyncio.StreamWriter | None = None
        self._early = bytearray()
        """What the device said before there was a connection: its TLS begins with it."""
        self._out = self._in = 0
        self._max_out, self._max_in = MAX_OUT, MAX_IN
        self._total: asyncio.Timeout | None = None
        self._over = False
        self._why = ""
        self._moved = 0.0
        self.task: asyncio.Task[None] | None = None

    def refuse(self) -> None:
        """It does not come to be."""
        self._over = True
        self._link.say(TunnelEnded(self._frame.session, self._frame.tunnel))

    def close(self) -> None:
        """The device, or its session, is done with it."""
        self._over = True
        if self.task is not None:
            self.task.cancel()

    def listens(self, seconds: int) -> None:
        """It is for a feed: more may come, and for longer."""
        self._max_out, self._max_in = FEED_OUT, FEED_IN
        if self._total is not None and not self._over:
            when = asyncio.get_running_loop().time() + seconds + FEED_SLACK
            self._total.reschedule(max(when, self._total.when() or when))

    def outward(self, data: bytes) -> None:
        """To the host. There is no waiting: the total is bounded by what may wait."""
        if self._over:
            return
        self._out += len(data)
        if self._out > self._max_out:
            self._out -= len(data)
            self._why = ": more went out than any request has"
            self.refuse()
            self.close()
            return
        self._moved = asyncio.get_running_loop().time()
        if self._writer is None:
            self._early += data
        else:
            self._writer.write(data)

    async def run(self, name: str, note: Note) -> None:
        """Connect and carry until one end has enough. Never raises."""
        try:
            async with asyncio.timeout(TOTAL_SECONDS) as self._total:
                reader = await self._dial()
                await self._inward(reader)
        except _Refused as refused:
            self._why = f": {refused}"
        except TimeoutError:
            self._why = ": nothing moved for too long"
        except (OSError, LinkClosed):
            self._why = ": the connection broke"
        except asyncio.CancelledError:  # by ``close`` and by nobody else
            pass
        if not self._over:
            self.refuse()
        carried = f"{self._out} bytes out, {self._in} in"
        note(f"{name}'s tunnel to {self._frame.host} is over{self._why} ({carried})")
        await self._leave()

    async def _dial(self) -> asyncio.StreamReader:
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                reader, self._writer = await self._first_answer()
        except TimeoutError:
            raise _Refused("it cannot be reached") from None
        self._moved = asyncio.get_running_loop().time()
        if self._early:
            self._writer.write(bytes(self._early))
            self._early.clear()
        return reader

    async def _first_answer(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for address, port in await self._reach.addresses(self._frame.host):
            with contextlib.suppress(OSError):  # a time that is over is one, too
                async with asyncio.timeout(ADDRESS_SECONDS):
                    return await asyncio.open_connection(address, port, limit=MAX_CARRIED)
        raise _Refused("it cannot be reached")

    async def _inward(self, reader: asyncio.StreamReader) -> None:
        """From the host to the device, no faster than the device takes it."""
        while data := await self._read(reader):
            self._in += len(data)
            if self._in > self._max_in:
                raise _Refused("more came than any answer has")
            await self._link.room()
            self._link.say(Carried(self._frame.session, self._frame.tunnel, data))

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """The next bytes; ``TimeoutError`` once neither end said anything for too long."""
        loop = asyncio.get_running_loop()
        while True:
            deadline = self._moved + IDLE_SECONDS
            try:
                async with asyncio.timeout_at(deadline):
                    data = await reader.read(MAX_CARRIED)
            except TimeoutError:
                if self._moved + IDLE_SECONDS > loop.time():
                    continue  # the device spoke meanwhile
                raise
            self._moved = loop.time()
            return data

    async def _leave(self) -> None:
        """A host that takes no more is not waited for."""
        if self._writer is None:
            return
        self._writer.close()
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                await self._writer.wait_closed()
        except (OSError, TimeoutError, asyncio.CancelledError):
            self._writer.transport.abort()
