"""Two real services with copies of one database, behind one address: processes of their own, with HTTPS and WebSocket
doors, a device's one connection split between them (``tests/support/splitter.py``), real coins on an embedded chain.

Neither knows what the other does, so each hands out in good faith what the other hands out at the same moment. What
holds is held by the signers alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from nacl.utils import random
from tests.support.service_world import Client, Payment, World, embedded_chain, now
from tests.support.simulator import COIN, FRIEND, FRIEND_SCRIPT, SimulatedDevice, bitcoin_policy, spend
from tests.support.splitter import split
from tests.support.ward import Ward

from warifu.agent.uplink import Uplink
from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.transaction import OutPoint, TxInput, TxOutput
from warifu.protocol import api
from warifu.protocol.events.transfers import FinishedTransfer, Started
from warifu.protocol.framing import Origin
from warifu.protocol.journal import decode_content
from warifu.protocol.operator import AskOwnJournal, OwnJournal
from warifu.protocol.request import Outflow, TransferRequest
from warifu.service.store.database import open_database
from warifu.service.tls import server_context, tls_identity
from warifu.units import Satoshi

pytestmark = [pytest.mark.real, pytest.mark.slow]

T = TypeVar("T")
E = TypeVar("E", Started, FinishedTransfer)

EACH, FEE, VALUE = 60_000, 1_000, 100_000
FIT = 3
LIMIT = FIT * (EACH + FEE)
"""Exactly: the last one that fits leaves not a satoshi."""
COINS = 7
PAIR = ("device0", "device1")
"""Both must sign, so what a limit is worth over all quorums is the limit (docs/limits.md)."""
WALLETS = ("split", "doubled")
SIGNED = ("broadcast", "confirmed")
ENDED = (*SIGNED, "refused", "rejected", "needs-authorization")


@dataclass
class Purse:
    """A wallet of the two devices, with coins on the chain."""

    world: World
    id: bytes
    keys: WalletKeys
    coins: list[OutPoint]
    payments: list[Payment] = field(default_factory=list)

    def pay(self) -> Payment:
        """A small payment from a coin of its own, as the owner wants it."""
        outputs = [
            TxOutput(Satoshi(EACH), FRIEND_SCRIPT),
            TxOutput(Satoshi(VALUE - EACH - FEE), self.keys.script(KeyPath(Branch.CHANGE, 0))),
        ]
        psbt = spend(self.keys, ((COIN, VALUE),), outputs)
        real = replace(psbt.transaction, inputs=(TxInput(self.coins.pop(), sequence=0xFFFFFFFD),))
        outflows = (Outflow("payment", "", str(EACH), FRIEND),)
        request = TransferRequest(
            random(16), self.id, "bitcoin", outflows, str(FEE), real.txid, None, now(), now() + 600
        )
        self.payments.append(Payment(request, replace(psbt, transaction=real).serialize()))
        return self.payments[-1]

    @property
    def left(self) -> int:
        """What left the wallet by the chain's account, fees and all."""
        self.world.chain.mine()
        found = [self.world.chain.find(payment.request.transaction) for payment in self.payments]
        return sum(VALUE - each.outputs[1].amount for each in found if each is not None)

    def entries(self, name: str, kind: type[E]) -> list[E]:
        """A device's entries of this kind about this wallet, oldest first."""
        device, found, first = self.world.devices[name], list[Any](), 1
        while True:
            (answer,) = device.operator(AskOwnJournal(first))
            assert isinstance(answer, OwnJournal)
            if not answer.page.entries:
                break
            first += len(answer.page.entries)
            found += [decode_content(entry.content).event for entry in answer.page.entries]
        return [event for event in found if isinstance(event, kind) and event.wallet == self.id]

    def check(self) -> None:
        """No device counts more than the limit, or starts or ends the same request or transaction twice."""
        for name in PAIR:
            started = self.entries(name, Started)
            assert len(started) <= FIT
            assert sum(int(moved.counted) for each in started for moved in each.moved) <= LIMIT
            for deeds in (started, self.entries(name, FinishedTransfer)):
                assert set(Counter(deed.request for deed in deeds).values()) <= {1}
                assert set(Counter(deed.transaction for deed in deeds).values()) <= {1}


@dataclass(frozen=True)
class Asked:
    """What an owner authorized, on its way to a replica (0 or 1)."""

    replica: int
    payment: Payment
    question: api.NewTransfer


@dataclass
class Attack:
    """Two services, which the operator runs, between an owner and his devices."""

    loop: asyncio.AbstractEventLoop
    world: World
    purses: dict[str, Purse]
    clients: Sequence[Client]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def authorized(self, payment: Payment, replica: int = 0) -> Asked:
        """By the owner, who asks the devices for envelope keys through this replica."""
        return Asked(replica, payment, await self.world.question(self.clients[replica], payment))

    async def hand_in(self, asked: Sequence[Asked]) -> list[api.Transfer]:
        """All at the same moment; what became of them there."""
        posted = (
            self.clients[each.replica].post("/transfers", each.question, api.Accepted) for each in asked
        )
        await asyncio.gather(*posted)
        return await self._ends(asked)

    async def authorize_again(
        self, asked: Sequence[Asked], ended: Sequence[api.Transfer]
    ) -> list[api.Transfer]:
        """With the same word of the owner, wherever a replica says that it needs another."""
        for each, before in zip(asked, ended, strict=True):
            if before.state == "needs-authorization":
                question = each.question
                word = api.NewAuthorization(
                    authorization=question.authorization, envelopes=question.envelopes
                )
                path = f"/transfers/{each.payment.id}/authorize"
                await self.clients[each.replica].post(path, word, api.Accepted)
        return await self._ends(asked)

    async def _ends(self, asked: Sequence[Asked]) -> list[api.Transfer]:
        ended = (self.clients[each.replica].until(each.payment.id, ENDED) for each in asked)
        return list(await asyncio.gather(*ended))


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """Devices and wallets come to be under one service, of whose database the operator then makes a second."""
    root, loop = tmp_path_factory.mktemp("two-replicas"), asyncio.new_event_loop()
    with embedded_chain(root / "chain") as (chain, url):
        world = World(root / "first", chain, url)
        world.found()
        purses = loop.run_until_complete(_born(world))
        second = replace(world, root=root / "second")
        shutil.copytree(world.data_dir, second.data_dir)
        replicas = [Ward(loop, each, [{"kind": "esplora", "url": url}]) for each in (world, second)]
        services = contextlib.AsyncExitStack()
        try:
            clients = loop.run_until_complete(services.enter_async_context(_both(world, replicas)))
            yield Attack(loop, world, purses, clients)
        finally:
            loop.run_until_complete(services.aclose())
            for replica in replicas:
                replica.close()
            loop.close()


async def _born(world: World) -> dict[str, Purse]:
    purses = {}
    async with world.running() as client:
        for name in PAIR:
            await world.add_device(client, name)
        for name in WALLETS:
            ceremony = await world.create_wallet(client, name, policy=bitcoin_policy(per_day=LIMIT))
            assert ceremony.state == "finished", ceremony.refusal
            keys = world.devices[PAIR[0]].device.wallets.born(world.wallet_id).bitcoin
            purses[name] = Purse(world, world.wallet_id, keys, _coins(world, keys))
    return purses


def _coins(world: World, keys: WalletKeys) -> list[OutPoint]:
    coins = []
    for _ in range(COINS):
        txid = world.chain.fund(keys.address(COIN), Satoshi(VALUE))
        world.chain.mine()
        funded = world.chain.find(txid)
        assert funded is not None
        (vout,) = (at for at, output in enumerate(funded.outputs) if output.script == keys.script(COIN))
        coins.append(OutPoint(txid, vout))
    return coins


@contextlib.asynccontextmanager
async def _both(world: World, replicas: Sequence[Ward]) -> AsyncIterator[list[Client]]:
    """Both up, and the devices connected to both by what they take for one connection."""
    database = open_database(world.data_dir, world.storage_key)
    identity = tls_identity(database)
    database.close()
    await asyncio.gather(*(asyncio.to_thread(replica.start) for replica in replicas))
    urls = [replica.url for replica in replicas]
    async with contextlib.AsyncExitStack() as held:
        own = split(urls, server_context(identity), replicas[0].context)
        address = await held.enter_async_context(own)
        uplinks = [
            asyncio.create_task(_connected(device, address, identity.fingerprint))
            for device in world.devices.values()
        ]
        try:
            yield [await held.enter_async_context(replica.client()) for replica in replicas]
        finally:
            for uplink in uplinks:
                uplink.cancel()
            await asyncio.gather(*uplinks, return_exceptions=True)


async def _connected(device: SimulatedDevice, address: str, fingerprint: bytes) -> None:
    """A device's signer, on the connection that its agent makes."""

    async def deliver(payload: bytes) -> None:
        for origin, data in device.signer.receive(Origin.SERVICE, payload):
            if origin is Origin.SERVICE:
                await uplink.send(data)

    uplink = Uplink(address, fingerprint, deliver, lambda _line: None)
    await uplink.run()


def codes(transfers: Sequence[api.Transfer]) -> set[str]:
    return {each.refusal.code for each in transfers if each.refusal is not None}


def signed(transfers: Sequence[api.Transfer]) -> set[str]:
    """The ids of those that have their signatures."""
    return {each.id for each in transfers if each.state in SIGNED}


def test_a_limit_is_not_passed_by_a_satoshi_whatever_both_hand_out_at_once(attack: Attack):
    """One payment leaves; then six at the same moment, three by each, of which two are within the limit. Then each
    replica hands in what was the other's, of which its own database knows nothing."""
    purse = attack.purses["split"]

    async def handed_out() -> tuple[list[api.Transfer], list[Asked]]:
        first = await attack.hand_in([await attack.authorized(purse.pay())])
        assert len(signed(first)) == 1
        asked = [await attack.authorized(purse.pay(), number % 2) for number in range(6)]
        return first + await attack.hand_in(asked), asked

    handed, asked = attack.run(handed_out())
    left = purse.left
    assert left == len(signed(handed)) * (EACH + FEE) <= LIMIT
    assert codes(handed) == {"policy.window-limit"}
    purse.check()
    started = {name: purse.entries(name, Started) for name in PAIR}
    crossed = attack.run(attack.hand_in([replace(each, replica=1 - each.replica) for each in asked]))
    # What the devices have signed they give out again, to whoever asks: the same signatures, from the same coins.
    assert signed(crossed) <= signed(handed)
    assert codes(crossed) <= {"policy.window-limit", "passphrase.envelope-used"}
    assert {name: purse.entries(name, Started) for name in PAIR} == started
    assert purse.left == left
    purse.check()


def test_one_authorization_is_good_for_one_signing_though_both_hand_it_out_at_once(attack: Attack):
    """Three payments within the limit, each handed to both at the same moment; and once more to whoever has none."""
    purse = attack.purses["doubled"]

    async def handed_out() -> tuple[list[Asked], list[api.Transfer]]:
        single = [await attack.authorized(purse.pay()) for _ in range(FIT)]
        asked = [replace(each, replica=replica) for each in single for replica in (0, 1)]
        return asked, await attack.hand_in(asked)

    asked, handed = attack.run(handed_out())
    started = {name: purse.entries(name, Started) for name in PAIR}
    again = attack.run(attack.authorize_again(asked, handed))
    assert codes([*handed, *again]) <= {"passphrase.envelope-used"}
    assert {name: purse.entries(name, Started) for name in PAIR} == started
    purse.check()
    assert purse.left == len(signed([*handed, *again])) * (EACH + FEE)


def test_the_chain_has_each_transaction_and_each_coin_once(attack: Attack):
    transactions = [item for block in attack.world.chain.index.blocks for item in block.transactions]
    assert set(Counter(item.txid for item in transactions).values()) == {1}
    spent = [coin.outpoint for item in transactions[1:] for coin in item.inputs if any(coin.outpoint.txid)]
    assert set(Counter(spent).values()) == {1}
