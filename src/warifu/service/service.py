"""The service as a whole: its parts, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from warifu.chains.accounts import AccountChain
from warifu.chains.bitcoin.network import network_named
from warifu.chains.bitcoin_network.backends.base import Backend, check_network
from warifu.protocol.chains import BITCOIN, coin_symbol
from warifu.service.accounts import AccountWallets
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.network_checks import NetworkChecks
from warifu.service.roads.accounts import AccountRoad
from warifu.service.roads.bitcoin import BitcoinRoad
from warifu.service.roads.roads import Roads
from warifu.service.store.database import Database
from warifu.service.wallets import Wallets
from warifu.service.workflows.acknowledging import Acknowledging
from warifu.service.workflows.carrying import Carrier
from warifu.service.workflows.comparisons import Comparisons
from warifu.service.workflows.correlations import Correlations
from warifu.service.workflows.exchange_births import ExchangeBirths
from warifu.service.workflows.exchange_calls import ExchangeCalls
from warifu.service.workflows.exchange_successions import ExchangeSuccessions
from warifu.service.workflows.follow import Caretaker, Follower
from warifu.service.workflows.instructing import Instructor
from warifu.service.workflows.keygen import Keygens
from warifu.service.workflows.refresh import Refreshes
from warifu.service.workflows.transfer import Transfers
from warifu.service.workflows.visits import VisitsAtWork


class Service:
    """Made once per process; ``start`` and ``stop`` run on the event loop that serves the connections."""

    def __init__(
        self,
        config: ServiceConfig,
        database: Database,
        backend: Backend | None,
        chains: Sequence[AccountChain] = (),
        file_config: ServiceConfig | None = None,
    ) -> None:
        """``backend``: Bitcoin's. ``chains``: the chains of accounts. Both are closed by whoever made them.
        ``file_config``: ``config`` without the backends that the database has."""
        self.config = config
        self.file_config = file_config or config
        self.database = database
        self.backend = backend
        self.bell = Bell()
        self.hub = Hub(database, self.bell.ring, config.reach)
        self.wallets = Wallets(database, backend)
        self.roads = Roads(
            BitcoinRoad(self.wallets, config.settle_depth),
            [
                AccountRoad(item, database, config.particulars(item.chain).symbol or coin_symbol(item.chain))
                for item in chains
            ],
        )
        self.accounts = AccountWallets(database, self.roads)
        self.keygens = Keygens(database, self.hub, self.bell, config.session_seconds, backend)
        self.correlations = Correlations(database, self.hub, config.session_seconds)
        self.carrier = Carrier(database, self.hub)
        self.instructor = Instructor(database, self.hub, self.carrier)
        self.refreshes = Refreshes(database, self.hub, self.bell, config)
        self.comparisons = Comparisons(database, self.hub, self.bell, self.refreshes, config.session_seconds)
        self.visits = VisitsAtWork(
            database,
            self.hub,
            self.bell,
            self.refreshes,
            self._home,
            self.comparisons.soon,
            config.session_seconds,
        )
        self.exchange_births = ExchangeBirths(database, self.hub, self.bell, self.refreshes, config)
        self.exchange_successions = ExchangeSuccessions(database, self.hub)
        self.exchange_calls = ExchangeCalls(
            database,
            self.hub,
            self.bell,
            self.refreshes,
            Acknowledging(database, self.hub, self.carrier),
            config,
            self.comparisons.soon,
        )
        self.transfers = Transfers(
            database,
            self.hub,
            self.roads,
            self.correlations,
            self.carrier,
            self.refreshes,
            self.bell,
            config,
        )
        self.followers = [
            Follower(database, road, self.transfers, self.bell, config.poll_seconds)
            for road in self.roads
            if road.chain != BITCOIN or backend is not None
        ]
        self.checks = NetworkChecks(
            {item.chain: item.check for item in chains}
            | ({BITCOIN: partial(check_network, backend, network_named(config.network))} if backend else {})
        )
        self.caretaker = Caretaker(
            [self.transfers.end_orphans, self.transfers.end_expired],
            config.session_seconds,
            config.poll_seconds,
        )

    def _home(self, name: str, chain: str) -> str:
        """A fresh address of the wallet's own. Every signer derives it again."""
        if chain == BITCOIN:
            return self.wallets.next_address(name).address
        return self.roads.account(chain).address(name)

    async def start(self) -> None:
        """Take up what was left unfinished."""
        self.bell.attach()
        self.keygens.end_interrupted()
        await asyncio.to_thread(self.transfers.start, asyncio.get_running_loop())
        self.correlations.start()
        self.carrier.start()
        self.instructor.start()
        self.refreshes.start()
        self.comparisons.start()
        self.exchange_births.start()
        self.exchange_successions.start()
        self.exchange_calls.start()
        self.visits.start()
        self.caretaker.start()
        self.checks.start()
        for follower in self.followers:
            follower.start()

    async def stop(self) -> None:
        """End every connection and every thread; the database stays open for whoever opened it."""
        self.transfers.prepare_to_stop()
        for follower in self.followers:
            follower.tell_to_stop()
        await self.exchange_births.close()
        await self.exchange_successions.close()
        await self.exchange_calls.close()
        await self.visits.close()
        await self.comparisons.close()
        await self.refreshes.close()  # before the connections: what breaks off because of that is no outcome
        self.hub.close()
        await self.hub.tunnels.close()
        await self.correlations.close()
        await self.instructor.close()
        await self.carrier.close()
        await self.keygens.close()
        await asyncio.to_thread(self.caretaker.stop)
        for follower in self.followers:
            await asyncio.to_thread(follower.stop)
        await asyncio.to_thread(self.checks.stop)
        await asyncio.to_thread(self.transfers.stop)
