"""Fund, trade, sweep home, twice: the service is another process, which dies in a sweep, and a signer is lost with it.

What left is home to the satoshi, and the service never held a credential: not in its memory, looked at from outside at
the worst moments, and not on its disk.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from nacl.utils import random
from tests.cli.test_exchange_keys import cdp_file
from tests.service.test_visits import all_are, request_for, tell, until
from tests.support.exchange_road import ALL, CUSTOMER, Record, Road, record_database
from tests.support.sandbox import (
    BINANCE_KEY,
    CDP_KEY,
    EXCHANGE_KEY,
    EXCHANGE_PASSPHRASE,
    EXCHANGE_SECRET,
    sandbox,
)
from tests.support.service_process import SWEEPING
from tests.support.service_world import Client, World, embedded_chain, now
from tests.support.spying import in_memory
from tests.support.visiting import BTC, visiting_policy
from tests.support.ward import Ward

from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.exchange_requests import EndVisitRequest
from warifu.sandbox.control import Turn
from warifu.service.store.database import open_database
from warifu.signer.exchanges.opening import KeyShare

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]

BINANCE = EXCHANGES["binance"]
SEED = sha256(b"of no pattern, so that it is in no memory by chance").digest()
FEE = BTC // 10_000
"""Of a withdrawal."""


@dataclass
class Stage:
    """A wallet with an account of each kind, whose credentials came to its devices through the process."""

    road: Road
    ward: Ward
    secrets: dict[str, bytes] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.road.world

    @property
    def ledger(self) -> Any:
        return self.road.simulation.venues["binance"].state.ledger

    async def credentials(self) -> None:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
        file = cdp_file(key, name=CDP_KEY)
        async with self.ward.client() as client:
            await self.road.add_born(client)
            await self.road.add_split(client, file, key.public_key().public_bytes_raw())
            await self.road.add_triplet(client)
        self.secrets |= {
            "Binance's API key": BINANCE_KEY.encode(),
            "the CDP key's name": CDP_KEY.encode(),
            "the CDP key's file": file.encode(),
            "its seed": SEED,
            "the triplet's API key": EXCHANGE_KEY.encode(),
            "its secret": base64.b64decode(EXCHANGE_SECRET),
            "its secret in base64": EXCHANGE_SECRET.encode(),
            "its passphrase": EXCHANGE_PASSPHRASE.encode(),
        }
        for name, device in self.world.devices.items():
            for account in ("binance", "coinbase"):
                with device.device.accounts.load(self.world.wallet_id, account) as opened:
                    assert isinstance(opened.key, KeyShare)
                    self.secrets[f"{name}'s share of {account}'s key"] = opened.key.share.expose()
        assert len(set(self.secrets.values())) == 8 + 6

    def require_that_the_service_knows_nothing(self, wallets: bytes) -> None:
        """``wallets``: what it must know, so that the search would have found the rest."""
        assert self.ward.process is not None and self.ward.process.pid is not None
        control = {"control": wallets, "a device's name": b"device0"}
        found = in_memory(self.ward.process.pid, {**self.secrets, **control})
        assert found == set(control)

    def require_that_its_disk_knows_nothing(self) -> None:
        """Every file, and every cell of the database, once nobody has it open."""
        record, world = Record(), self.world
        world.database = open_database(world.data_dir, world.storage_key)
        try:
            record_database(record, world)
        finally:
            world.database.close()
        assert record.holds(b"device0"), "what it may know is there, so this could have found the rest"
        for name, secret in self.secrets.items():
            assert not record.holds(secret), name
        assert not any(secret in self.ward.output.encode() for secret in self.secrets.values())

    # --- the owner -------------------------------------------------------------------------------------------------

    async def balance(self, client: Client) -> int:
        await asyncio.to_thread(self.world.chain.mine, 1)
        return int((await client.get("/wallets/savings/balance", api.Balance)).confirmed)

    async def brought(self, client: Client, amount: int) -> tuple[bytes, int]:
        """A visit whose funds are at the exchange, and what the chain took for bringing them."""
        before = await self.balance(client)
        request = request_for(self.world, amount)
        [shown, *_] = await tell(client, type(request)(**{**asdict(request), "account": "binance"}))
        found = await until(client, shown.visit, all_are("proven"))
        assert len({each.address for each in found}) == 1
        paid = await self.world.send(
            client, await self.world.payment(client, amount, to=found[0].address), ALL[::2]
        )
        assert paid.state in ("broadcast", "confirmed"), paid
        await asyncio.to_thread(self.world.chain.mine, 2)
        await until(client, shown.visit, lambda each: any(one.state == "trading" for one in each))
        return shown.visit, before - amount - await self.balance(client)

    async def trades(self, client: Client) -> int:
        """Sells some of it, and buys it back with what that brought; by how much there is more (less) bitcoin now."""
        before, pair = self.free("BTC"), Pair("BTC", "USDT")
        self.road.simulation.do(Turn(exchange="binance", steady=True))
        sale = Order(str(uuid.uuid4()), pair, "sell", "market", size=Decimal("0.05"))
        sold = await self.road.answer(client, "binance", BINANCE.place(sale), ALL[::2])
        assert (sold.status, sold.filled) == ("filled", Decimal("0.05"))
        money = self.ledger.free_of(CUSTOMER, "USDT").quantize(Decimal("0.01"), "ROUND_DOWN")
        purchase = Order(str(uuid.uuid4()), pair, "buy", "market", funds=money)
        bought = await self.road.answer(client, "binance", BINANCE.place(purchase), ALL[::2])
        assert bought.filled > Decimal("0.049")
        return int((self.free("BTC") - before) * BTC)

    def free(self, asset: str) -> Decimal:
        return Decimal(self.ledger.free_of(CUSTOMER, asset))

    async def ends(self, client: Client, visit: bytes) -> None:
        await tell(client, EndVisitRequest(random(16), self.world.wallet_id, visit, now(), now() + 600))


def asdict(request: Any) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


class Poor(Road):
    """Whose customers have nothing but what comes from the wallet."""

    def customer(
        self, name: str, key: str, algorithm: Any, verifier: str, passphrase: str = "", **_gives: str
    ) -> None:
        super().customer(name, key, algorithm, verifier, passphrase)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with (
        embedded_chain(tmp_path / "chain") as (chain, url),
        sandbox(tmp_path / "sandbox", bitcoin=url) as simulation,
        contextlib.closing(asyncio.new_event_loop()) as loop,
    ):
        host, port = simulation.address
        settings = {
            "simulated_exchanges": dict.fromkeys(simulation.hosts, f"{host}:{port}"),
            "signer_wait": 2.0,
            "session_seconds": 30.0,
        }
        world = World(tmp_path, chain, url, settings=settings)
        world.found()
        ward = Ward(loop, world, [{"kind": "esplora", "url": url}], settings=settings)
        made = Stage(Poor(world, simulation), ward)

        async def prepare() -> None:
            async with world.running() as client:
                for name in ALL:
                    await world.add_device(client, name)
                assert (await world.create_wallet(client, policy=visiting_policy())).state == "finished"
                await world.fund(client, BTC)

        ward.run(prepare())
        ward.run(_adopted(ward))
        yield made
        ward.close()


async def _adopted(ward: Ward) -> None:
    ward.adopt()


def stopped(pid: int) -> bool:
    """Whether a signal keeps it from going on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_there_traded_and_home_twice_to_the_satoshi_with_the_service_killed_in_a_sweep_and_a_signer_lost(
    stage: Stage,
) -> None:
    ward, world = stage.ward, stage.world
    ward.start()
    ward.run(stage.credentials())
    wallet = world.wallet_id
    stage.require_that_the_service_knows_nothing(wallet)

    async def first() -> tuple[int, int]:
        async with ward.client() as client:
            before = await stage.balance(client)
            visit, fee = await stage.brought(client, BTC // 2)
            gained = await stage.trades(client)
            stage.require_that_the_service_knows_nothing(wallet)
            await stage.ends(client, visit)
            await until(client, visit, all_are("home"))
            after = await stage.balance(client)
            assert after == before - fee + gained - FEE, "to the satoshi"
            assert stage.free("BTC") == 0
            return after, fee

    async def second() -> tuple[bytes, int, int]:
        async with ward.client() as client:
            visit, fee = await stage.brought(client, BTC // 5)
            return visit, fee, await stage.trades(client)

    async def dies(visit: bytes) -> None:
        """It is stopped as a sweep has just left, looked at, and killed."""
        async with ward.client() as client:
            ward.arm(SWEEPING, signal.SIGSTOP, "")
            assert ward.process is not None and ward.process.pid is not None
            pid = ward.process.pid
            ending = asyncio.create_task(stage.ends(client, visit))
            async with asyncio.timeout(60):
                while not stopped(pid):
                    await asyncio.sleep(0.05)
            stage.require_that_the_service_knows_nothing(wallet)
            ward.process.kill()
            with contextlib.suppress(httpx.HTTPError):
                await ending

    async def third(visit: bytes) -> int:
        """Another start of the service; nobody asks for anything."""
        async with ward.client() as client:
            found = await until(client, visit, all_are("home"))
            assert len(found) == 2
            return await stage.balance(client)

    before, _ = ward.run(first())
    visit, fee, gained = ward.run(second())
    ward.run(dies(visit))
    assert ward.run(ward.ended()) == -signal.SIGKILL
    lose(ward, "device1")
    ward.start()
    after = ward.run(third(visit))
    assert after == before - fee + gained - FEE, "to the satoshi, and sent once"
    assert stage.free("BTC") == 0
    withdrawals = stage.road.simulation.venues["binance"].state.vaults.withdrawals
    assert [each.asset for each in withdrawals] == ["BTC", "BTC"]
    stage.require_that_the_service_knows_nothing(wallet)
    assert ward.stop() == 0
    stage.require_that_its_disk_knows_nothing()


def lose(ward: Ward, name: str) -> None:
    """With its disk."""
    number = list(ward.world.devices).index(name)
    ward.agents.pop(number).cancel()
    ward.run(asyncio.sleep(0))
    ward.world.devices.pop(name).crash()
