"""Which wallets a round of work looks at: those that somebody named, and those of which a device has come."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue

from warifu.service.hub.hub import Hub
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet, list_wallets


class Attention:
    """Of one kind of work. In memory only: after a start every device has just come."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._named: SimpleQueue[str] = SimpleQueue()
        self._connected: frozenset[bytes] = frozenset()

    def soon(self, name: str) -> None:
        """Look at the wallet ``name`` in the next round. From any thread."""
        self._named.put(name)

    async def round(self) -> list[tuple[StoredWallet, bool]]:
        """Every wallet, and whether it was named, or a device of its came, since the round before."""
        named = {self._named.get() for _ in range(self._named.qsize())}
        wallets = await asyncio.to_thread(list_wallets, self._database)
        there = frozenset(
            device.identity
            for wallet in wallets
            for device in wallet.request.devices
            if self._hub.connected(device.identity)
        )
        new, self._connected = there - self._connected, there
        return [
            (wallet, wallet.name in named or any(item.identity in new for item in wallet.request.devices))
            for wallet in wallets
        ]
