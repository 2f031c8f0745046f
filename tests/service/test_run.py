"""The service behind its port."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from nacl.utils import random
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from warifu.agent.pinning import pinned_context
from warifu.errors import HostUnsuitable
from warifu.protocol.frames import MAX_FRAME_BYTES, Challenge, decode_to_signer
from warifu.service.config import ServiceConfig
from warifu.service.run import Listening, serve_until
from warifu.service.setup import found_service
from warifu.service.store.database import open_database

pytestmark = pytest.mark.real


def config(data_dir: Path, port: int = 0) -> ServiceConfig:
    return ServiceConfig(data_dir=str(data_dir), network="regtest", port=port)


async def test_it_tells_its_port_and_ends_when_told(tmp_path: Path):
    key = random(32)
    founded = found_service(tmp_path / "data", key)
    stop = asyncio.Event()
    found: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_until(config(tmp_path / "data"), key, found.set_result, stop))
    listening = await asyncio.wait_for(found, 20)
    assert listening.fingerprint == founded.fingerprint
    assert listening.url == f"https://127.0.0.1:{listening.port}"
    # TLS with exactly this certificate; nobody else's.
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", listening.port, ssl=pinned_context(listening.fingerprint)
    )
    writer.write(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401") and b"server:" not in answer.lower()
    writer.close()
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection("127.0.0.1", listening.port, ssl=pinned_context(random(32)))
    await signers_are_bounded(listening)
    # A second one on the same port says so.
    other = random(32)
    found_service(tmp_path / "other", other)
    with pytest.raises(HostUnsuitable) as refused:
        await serve_until(
            config(tmp_path / "other", listening.port),
            other,
            lambda _: None,
            asyncio.Event(),
        )
    assert refused.value.reason == "listen"
    stop.set()
    await asyncio.wait_for(serving, 20)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", listening.port), 1):
        pass
    open_database(tmp_path / "data", key).close()


async def signers_are_bounded(listening: Listening) -> None:
    """Over a real WebSocket: a challenge first, then frames; text, or a frame that is too long, ends it."""
    url = f"wss://127.0.0.1:{listening.port}/v1/signers"
    for message in ("text", bytes(MAX_FRAME_BYTES + 1), b"no frame", b""):
        async with connect(url, ssl=pinned_context(listening.fingerprint), max_size=None) as connection:
            first = await connection.recv()
            assert isinstance(first, bytes) and isinstance(decode_to_signer(first), Challenge)
            with pytest.raises(ConnectionClosed):
                await connection.send(message)
                await asyncio.wait_for(connection.recv(), 60)
