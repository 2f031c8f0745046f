"""Runs the service: database, backends, HTTPS and WebSocket on one port. No secret is taken from or left anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import uvicorn

from warifu.errors import HostUnsuitable
from warifu.protocol.frames import MAX_FRAME_BYTES
from warifu.protocol.types_known import know_types
from warifu.service.account_chains import make_account_chains
from warifu.service.api.app import build_app
from warifu.service.chain import make_backend
from warifu.service.config import ServiceConfig, with_backends
from warifu.service.service import Service
from warifu.service.store.backends import stored_backends
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

    async def until_told() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve_until(config, storage_key, ready, stop)

    asyncio.run(until_told())


async def serve_until(
    config: ServiceConfig, storage_key: bytes, ready: Callable[[Listening], None], stop: asyncio.Event
) -> None:
    """As ``serve``, in a loop that runs already, until ``stop`` is set."""
    know_types()
    database = await asyncio.to_thread(open_database, Path(config.data_dir), storage_key)
    try:
        await _serve(config, database, ready, stop)
    finally:
        database.close()


async def _serve(
    config: ServiceConfig, database: Database, ready: Callable[[Listening], None], stop: asyncio.Event
) -> None:
    file_config = config
    config = with_backends(config, [item for _, item in stored_backends(database)])
    backend = make_backend(config)
    chains = make_account_chains(config, database)
    identity = tls_identity(database)
    service = Service(config, database, backend, chains, file_config)

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
    bound = _bind(settings)
    server = _Server(settings, listening)
    stopper = asyncio.create_task(_stop_when(stop, server))
    try:
        await service.start()
        await server.serve(sockets=[bound])
    finally:
        stopper.cancel()
        bound.close()
        await service.stop()
        for opened in (*chains, *([backend] if backend is not None else ())):
            opened.close()


def _bind(settings: uvicorn.Config) -> socket:
    """First of all the port: where it is taken, another service may be at work there."""
    try:
        return settings.bind_socket()
    except SystemExit:  # how uvicorn says that it cannot
        raise HostUnsuitable(
            "listen",
            f"the service cannot listen on {settings.host} port {settings.port}",
            not_done="The service did not start.",
            remedy="Choose another port, or stop what uses this one.",
        ) from None


class _Server(uvicorn.Server):
    """Tells the port that it got, and leaves signals to its caller: uvicorn would die of them before all is closed."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            assert sockets, "bound before"
            self._listening(sockets[0].getsockname()[1])


async def _stop_when(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True
