"""The device's one connection to the world: a WebSocket, outwards, to the service with the pinned certificate.

Outwards only: a home router needs no open port, and nobody can reach the device. Each binary message is the payload
of one frame; the agent does not look into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from warifu.agent.backoff import Backoff
from warifu.agent.invitation import signers_url
from warifu.agent.pinning import pinned_context
from warifu.errors import ServiceRefused
from warifu.protocol.frames import MAX_FRAME_BYTES

_OPENING = 15.0
_SENDING = 30.0
_STEADY_AFTER = 5.0
"""Seconds of connection after which the next loss begins with a short pause again."""


class Uplink:
    """Keeps the connection, reconnects, and hands every message to ``deliver``."""

    def __init__(
        self,
        url: str,
        fingerprint: bytes,
        deliver: Callable[[bytes], Awaitable[None]],
        report: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        """``url``: the service's https address. ``report`` is told of each change, in words."""
        self._url = signers_url(url)
        self._context = pinned_context(fingerprint)
        self._deliver = deliver
        self._report = report
        self._backoff = backoff or Backoff()
        self._connection: ClientConnection | None = None
        self.connected = asyncio.Event()

    async def send(self, payload: bytes) -> bool:
        """Send one frame's payload; False where there is no connection, and the frame is dropped.

        Nothing is queued: each message belongs to the connection (challenge, session) in which it was made.
        """
        connection = self._connection
        if connection is None:
            return False
        try:
            async with asyncio.timeout(_SENDING):
                await connection.send(payload)
        except TimeoutError:
            connection.transport.abort()  # a service that reads nothing must not block the enclave
            return False
        except (ConnectionClosed, OSError):
            return False
        return True

    async def run(self, *, once: bool = False) -> None:
        """Stay connected until cancelled. With ``once``, return at the first loss or raise the first failure.

        Raises ``ServiceRefused`` (``certificate``) where the very first connection meets another certificate.
        """
        first = True
        while True:
            try:
                await self._connect_and_listen()
                self._report("the connection to the service ended")
            except ssl.SSLCertVerificationError:
                if first or once:
                    raise _wrong_certificate() from None
                self._report(
                    "REFUSED: the service's address answers with another certificate than the pinned one"
                )
            except (OSError, WebSocketException, TimeoutError, EOFError) as error:
                if once:
                    raise _unreachable(error) from None
                self._report(f"the service cannot be reached ({type(error).__name__})")
            first = False
            if once:
                return
            await asyncio.sleep(self._backoff.next())

    async def _connect_and_listen(self) -> None:
        loop = asyncio.get_running_loop()
        async with connect(
            self._url,
            ssl=self._context,
            max_size=MAX_FRAME_BYTES,
            open_timeout=_OPENING,
            close_timeout=2,
            compression=None,  # ciphertext does not shrink, and compressing attacker-chosen text leaks lengths
            proxy=None,  # the pinned service and no one between
            user_agent_header=None,
        ) as connection:
            since = loop.time()
            self._connection = connection
            self.connected.set()
            self._report("connected to the service")
            try:
                async for message in connection:
                    if not isinstance(message, bytes):
                        self._report("the service sent text where only frames are spoken")
                        return
                    await self._deliver(message)
            except ConnectionClosed as closed:
                if closed.sent is not None and closed.sent.code == 1009:
                    self._report("the service sent a frame that is over the limit")
            finally:
                self._connection = None
                self.connected.clear()
                if loop.time() - since > _STEADY_AFTER:
                    self._backoff.reset()
                with contextlib.suppress(Exception):
                    await connection.close()


def _wrong_certificate() -> ServiceRefused:
    return ServiceRefused(
        "certificate",
        "the service's address answers with another certificate than the one that is pinned",
        not_done="Nothing was sent to it.",
        remedy="Somebody may sit between. If the service has a new certificate, get its fingerprint by another road.",
    )


def _unreachable(error: BaseException) -> ServiceRefused:
    return ServiceRefused(
        "unreachable",
        f"the service cannot be reached ({type(error).__name__})",
        not_done="Nothing was sent.",
        remedy="Check that it runs ('warifu up') and that this machine reaches its address.",
    )
