"""Runs the service: database, backends, HTTPS and WebSocket on one port. No secret is taken from or left anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import uvicorn

from warifu.errors import HostUnsuitable
from warifu.protocol.frames import MAX_FRAME_BYTES
from warifu.service.api.app import build_app
from warifu.service.chain import make_backend
from warifu.service.config import ServiceConfig
from warifu.service.service import Service
from warifu.service.store.database import Database, open_database
from warifu.service.tls import server_context, tls_identity

_GRACE = 5
_MAX_CONNECTIONS = 512


@dataclass(frozen=True)
class Listening:
    """Where the service is to be found. ``fingerprint``: SHA-256 of its certificate, 32 bytes."""

    host: str
    port: int
    fingerprint: bytes

    @property
    def url(self) -> str:
        """Its address, as a profile names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"


def serve(config: ServiceConfig, storage_key: bytes, ready: Callable[[Listening], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called once connections are accepted.

    ``storage_key``: 32 bytes. Raises ``StoreDamaged``, ``InputRefused``, or ``HostUnsuitable`` (``listen``).
    """
    asyncio.run(serve_until(config, storage_key, ready, asyncio.Event()))


async def serve_until(
    config: ServiceConfig, storage_key: bytes, ready: Callable[[Listening], None], stop: asyncio.Event
) -> None:
    """As ``serve``, in a loop that runs already, until ``stop`` is set."""
    database = await asyncio.to_thread(open_database, Path(config.data_dir), storage_key)
    try:
        await _serve(config, database, ready, stop)
    finally:
        database.close()


async def _serve(
    config: ServiceConfig, database: Database, ready: Callable[[Listening], None], stop: asyncio.Event
) -> None:
    backend = make_backend(config)
    identity = tls_identity(database)
    service = Service(config, database, backend)

    def listening(port: int) -> None:
        ready(Listening(config.host, port, identity.fingerprint))

    settings = uvicorn.Config(
        build_app(service),
        host=config.host,
        port=config.port,
        ssl_context_factory=lambda _config, _default: server_context(identity),
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,  # who asked for which wallet is history, and history is not for logs
        log_config=None,
        log_level="error",
        server_header=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(settings, listening)
    await service.start()
    stopper = asyncio.create_task(_stop_when(stop, server))
    try:
        await server.serve()
    except SystemExit:  # how uvicorn says that it cannot listen
        raise HostUnsuitable(
            "listen",
            f"the service cannot listen on {config.host} port {config.port}",
            not_done="The service did not start.",
            remedy="Choose another port, or stop what uses this one.",
        ) from None
    finally:
        stopper.cancel()
        await service.stop()
        if backend is not None:
            backend.close()


class _Server(uvicorn.Server):
    """Tells the port that it got."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening(self.servers[0].sockets[0].getsockname()[1])


async def _stop_when(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True
