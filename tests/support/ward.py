"""A service that is a process of its own behind TLS, started and killed as a test says; its signers live on here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any, TypeVar

import httpx
from tests.support import service_process
from tests.support.forked import PROCESSES
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
        self,
        loop: asyncio.AbstractEventLoop,
        world: World,
        backends: list[dict[str, Any]],
        chains: Sequence[dict[str, Any]] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """``backends``, ``chains`` and what else there is in ``settings``: as in the service's configuration. The
        devices live while ``loop`` runs."""
        self.world = world
        self.backends = backends
        self.chains = list(chains)
        self.settings = dict(settings or {})
        self.loop = loop
        self.url = ""
        self.context = pinned_context(bytes(32))
        self.process: ForkServerProcess | None = None
        self.output = ""
        self._lives = 0
        self._line: Connection | None = None
        self._written = world.root
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
        self._lives += 1
        output = self.world.root / f"output{self._lives}"
        line, theirs = PROCESSES.Pipe()
        with theirs:
            process = PROCESSES.Process(target=service_process.main, args=(theirs, str(output)))
            process.start()
        line.send(
            {
                "data_dir": str(self.world.data_dir),
                "key": self.world.storage_key,
                "backends": self.backends,
                "chains": self.chains,
                "settings": self.settings,
            }
        )
        try:
            self.url, fingerprint = line.recv()
        except EOFError:
            process.join()
            raise AssertionError(output.read_text()) from None
        self.process, self._line, self._written = process, line, output
        self.context = pinned_context(fingerprint)

    def arm(self, point: str, number: int, transfer: str) -> None:
        """The process gets this signal when it next comes to ``point`` of this transfer."""
        assert self._line is not None
        self._line.send({"point": point, "number": number, "transfer": transfer})
        assert self._line.recv() == "armed"

    async def ended(self) -> int:
        """How the process ended."""
        assert self.process is not None and self._line is not None
        await asyncio.to_thread(self.process.join, 30)
        code = self.process.exitcode
        assert code is not None, "it did not end"
        self._line.close()
        self.output += self._written.read_text()
        self.process, self.url = None, ""
        return code

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
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
