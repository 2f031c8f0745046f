"""A service that is a process of its own behind TLS, started and killed as a test says; its signers live on here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tests.support.service_world import Client, World, drive
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from warifu.agent.pinning import pinned_context
from warifu.protocol import api
from warifu.protocol.frames import MAX_FRAME_BYTES
from warifu.service.hub.link import LinkClosed

T = TypeVar("T")


class Wire:
    """A device's end of a real WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> bytes:
        try:
            data = await self._connection.recv()
        except ConnectionClosed:
            raise LinkClosed from None
        assert isinstance(data, bytes)
        return data

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(data)


class Ward:
    """A world whose service is another process, started and killed as a test says."""

    def __init__(
        self, world: World, backends: list[dict[str, Any]], chains: Sequence[dict[str, Any]] = ()
    ) -> None:
        """``backends`` and ``chains``: as in the service's configuration."""
        self.world = world
        self.backends = backends
        self.chains = list(chains)
        self.loop = asyncio.new_event_loop()
        self.url = ""
        self.context = pinned_context(bytes(32))
        self.process: subprocess.Popen[str] | None = None
        self.output = ""
        self.agents: list[asyncio.Task[None]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def adopt(self) -> None:
        """From now on the devices look for the process."""
        for name in self.world.devices:
            self.agents.append(self.loop.create_task(self._agent(name)))

    def start(self) -> None:
        """A new process, or the one that is there."""
        if self.process is not None:
            return
        wanted = {
            "data_dir": str(self.world.data_dir),
            "key": self.world.storage_key.hex(),
            "backends": self.backends,
            "chains": self.chains,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.service_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            process, self.process = self.process, None
            assert process.stdout is not None
            said = line + process.stdout.read()
            process.wait(10)
            raise AssertionError(said)
        found = json.loads(line)
        self.context = pinned_context(bytes.fromhex(found["fingerprint"]))
        self.url = found["url"]

    def arm(self, point: str, number: int = signal.SIGKILL) -> None:
        """The process gets this signal when it next comes to ``point``."""
        assert self.process is not None and self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"point": point, "number": number}) + "\n")
        self.process.stdin.close()
        assert self.process.stdout.readline() == "armed\n"

    async def ended(self) -> int:
        """How the process ended."""
        assert self.process is not None and self.process.stdout is not None
        code = await asyncio.to_thread(self.process.wait, 30)
        self.output += self.process.stdout.read()
        self.process.stdout.close()
        self.process, self.url = None, ""
        return code

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.run(self.ended())

    async def _agent(self, name: str) -> None:
        while True:
            if self.url:
                with contextlib.suppress(OSError, WebSocketException, LinkClosed, EOFError, TimeoutError):
                    url = "wss" + self.url.removeprefix("https") + "/v1/signers"
                    async with connect(url, ssl=self.context, max_size=MAX_FRAME_BYTES) as connection:
                        await drive(self.world.devices[name], Wire(connection))
            await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def client(self) -> Any:
        """With all devices connected."""
        async with httpx.AsyncClient(
            base_url=self.url,
            verify=self.context,
            headers={"Authorization": f"Bearer {self.world.api_key}"},
            timeout=30,
        ) as http:
            client = Client(http, self.world.owner)
            while (await client.get("/health", api.Health)).connected < len(self.world.devices):
                await asyncio.sleep(0.02)
            yield client

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.run(self.ended())
        for task in self.agents:
            task.cancel()
        self.run(asyncio.sleep(0))
        self.loop.close()
