"""The service as a whole: its parts, started and stopped together."""

from __future__ import annotations

import asyncio

from warifu.chains.bitcoin_network.backends.base import Backend
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.store.database import Database
from warifu.service.wallets import Wallets
from warifu.service.workflows.follow import Follower
from warifu.service.workflows.keygen import Keygens
from warifu.service.workflows.transfer import Transfers


class Service:
    """Made once per process; ``start`` and ``stop`` run on the event loop that serves the connections."""

    def __init__(self, config: ServiceConfig, database: Database, backend: Backend | None) -> None:
        self.config = config
        self.database = database
        self.backend = backend
        self.bell = Bell()
        self.hub = Hub(database, self.bell.ring)
        self.wallets = Wallets(database, backend)
        self.keygens = Keygens(database, self.hub, self.bell, config.session_seconds, backend)
        self.transfers = Transfers(database, self.hub, self.wallets, self.bell, config)
        self.follower = Follower(database, self.wallets, self.transfers, self.bell, config)

    async def start(self) -> None:
        """Take up what was left unfinished."""
        self.bell.attach()
        self.keygens.end_interrupted()
        await asyncio.to_thread(self.transfers.start, asyncio.get_running_loop())
        if self.backend is not None:
            self.follower.start()

    async def stop(self) -> None:
        """End every connection and every thread; the database stays open for whoever opened it."""
        self.transfers.prepare_to_stop()
        self.hub.close()
        await self.keygens.close()
        if self.backend is not None:
            await asyncio.to_thread(self.follower.stop)
        await asyncio.to_thread(self.transfers.stop)
