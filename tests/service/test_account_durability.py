"""As ``test_durability``, on chains of accounts: killed at any instruction, one payment is signed, and it happens once.

The signers are the real ones: threshold ECDSA on Ethereum, FROST on Solana.
"""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from solders.keypair import Keypair
from tests.support.account_world import (
    ETHER,
    EVM,
    FINAL,
    FRIEND,
    AccountWorld,
    LocalEvm,
    LocalSolana,
    evm_chain,
    local_evm,
    local_solana,
    solana_chain,
)
from tests.support.service_process import EVERYWHERE, PREPARING
from tests.support.service_world import Payment
from tests.support.ward import Ward

from warifu.chains.accounts import AccountChain
from warifu.protocol import api
from warifu.protocol.chains import SOLANA

pytestmark = [pytest.mark.real, pytest.mark.slow]

POINTS = (*EVERYWHERE, "before-it-is-sent-to-accounts", "after-it-is-sent-to-accounts")
SOL = 10**9


@dataclass
class Stage:
    """A service in its own process, and one chain."""

    ward: Ward
    world: AccountWorld
    chain: str
    unit: int
    local: Any
    friend: str

    async def pass_time(self, slots: int = 1) -> None:
        """A block, or slots."""
        if self.chain == EVM:
            await asyncio.to_thread(self.local.mine)
        else:
            await asyncio.to_thread(self.local.advance, slots)

    def received(self) -> int:
        return int(self.local.balance(self.friend))


def prepared(world: AccountWorld, chain: AccountChain, ward: Ward) -> None:
    """Devices and a wallet; then the service is this process's no more."""
    world.make_backend = lambda _: None
    world.chains = [chain]
    world.found()

    async def prepare() -> None:
        async with world.running() as client:
            await world.enrol(client)
        ward.adopt()

    ward.run(prepare())


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One for both stages: no device falls silent while the other stage is played on."""
    with contextlib.closing(asyncio.new_event_loop()) as made:
        yield made


@pytest.fixture(scope="module")
def ethereum(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with local_evm() as evm:
        world = AccountWorld(tmp_path_factory.mktemp("ethereum"), cast("Any", None), "", evm=evm)
        backends = [{"kind": "rpc", "url": evm.url, "chain": EVM}]
        ward = Ward(loop, world, backends, [{"chain": EVM, "confirmations": FINAL}])
        prepared(world, evm_chain(evm.url), ward)
        evm.fund(world.address, 100 * ETHER)
        yield Stage(ward, world, EVM, ETHER, evm, FRIEND)
        ward.close()


@pytest.fixture(scope="module")
def solana(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with local_solana() as cluster:
        world = AccountWorld(tmp_path_factory.mktemp("solana"), cast("Any", None), "")
        backends = [{"kind": "rpc", "url": cluster.url, "chain": SOLANA}]
        ward = Ward(loop, world, backends, [{"chain": SOLANA, "cluster": "local"}])
        prepared(world, solana_chain(cluster.url), ward)
        cluster.fund(world.solana_address, 100 * SOL)
        yield Stage(ward, world, SOLANA, SOL, cluster, str(Keypair().pubkey()))
        ward.close()


@pytest.fixture(params=["ethereum", "solana"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(request.param)
    return found


async def hand_in(stage: Stage, point: str, number: int = signal.SIGKILL) -> Payment:
    """A payment is handed in; the service dies of it, perhaps before it answers."""
    async with stage.ward.client() as client:
        payment = await stage.world.pay(client, stage.unit, stage.friend, chain=stage.chain)
        question = await stage.world.question(client, payment)
        stage.ward.arm(point, number, payment.id)
        with contextlib.suppress(httpx.HTTPError):
            await client.post("/transfers", question, api.Accepted)
            while True:
                await client.get(f"/transfers/{payment.id}", api.Transfer)
                await stage.pass_time()
                await asyncio.sleep(0.02)
    return payment


async def bring_home(stage: Stage, payment: Payment) -> tuple[api.Transfer, bool]:
    """The transfer once it is settled, and whether the owner had to authorize it again."""
    asked = False
    async with stage.ward.client() as client:
        found = await client.until(payment.id, ("broadcast", "confirmed", "needs-authorization"))
        if found.state == "needs-authorization":
            asked = True
            question = await stage.world.question(client, payment)
            again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
            await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
            await client.until(payment.id, ("broadcast", "confirmed"))
        async with asyncio.timeout(30):
            # Settled, because what is followed on could come to the point where the next test kills the service.
            while not (found := await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
                await stage.pass_time(slots=8)  # of 32 until what happened is final
                await asyncio.sleep(0.05)
    return found, asked


@pytest.mark.parametrize("point", POINTS)
def test_killed_it_goes_on_where_it_was(stage: Stage, point: str):
    killed(stage, point)


def test_killed_while_devices_prepare_it_goes_on_without_the_owner(ethereum: Stage):
    killed(ethereum, PREPARING)


def killed(stage: Stage, point: str) -> None:
    """At ``point``, and started again."""
    before = stage.received()
    stage.ward.start()
    payment = stage.ward.run(hand_in(stage, point))
    assert stage.ward.run(stage.ward.ended()) == -signal.SIGKILL, stage.ward.output
    stage.ward.start()
    done, asked = stage.ward.run(bring_home(stage, payment))
    # Only where the devices had opened their envelopes and had not finished is the passphrase needed once more.
    assert asked is (point == "devices-talking")
    assert done.state == "confirmed"
    assert stage.received() == before + stage.unit, "paid once"
    numbers = [event.number for event in done.events]
    assert numbers == list(range(1, len(numbers) + 1))
    texts = [(event.text, event.device) for event in done.events if event.step in (4, 5, 6)]
    assert len(texts) == len(set(texts)), "each thing that happens once is told once"


def test_stopped_in_the_middle_it_goes_on_too(stage: Stage):
    stage.ward.start()
    payment = stage.ward.run(hand_in(stage, "devices-finished", signal.SIGTERM))
    assert stage.ward.run(stage.ward.ended()) == 0
    stage.ward.start()
    done, _ = stage.ward.run(bring_home(stage, payment))
    assert done.state == "confirmed"


def test_what_was_executed_while_the_service_was_dead_is_not_called_refused(solana: Stage):
    """Killed behind the broadcast; when it starts again the blockhash is too old, and the node says only that."""
    assert isinstance(solana.local, LocalSolana)
    before = solana.received()
    solana.ward.start()
    payment = solana.ward.run(hand_in(solana, "after-it-is-sent-to-accounts"))
    solana.ward.run(solana.ward.ended())
    solana.local.control("expire")
    solana.ward.start()
    done, asked = solana.ward.run(bring_home(solana, payment))
    assert (done.state, asked, solana.received()) == ("confirmed", False, before + SOL)


def test_a_nonce_that_is_used_up_by_this_very_transaction_is_no_refusal(ethereum: Stage):
    """The same on Ethereum, where the node says that the nonce is too low."""
    assert isinstance(ethereum.local, LocalEvm)
    before = ethereum.received()
    ethereum.ward.start()
    payment = ethereum.ward.run(hand_in(ethereum, "after-it-is-sent-to-accounts"))
    ethereum.ward.run(ethereum.ward.ended())
    ethereum.local.mine(2)
    ethereum.ward.start()
    done, asked = ethereum.ward.run(bring_home(ethereum, payment))
    assert (done.state, asked, ethereum.received()) == ("confirmed", False, before + ETHER)


def test_a_stolen_disk_shows_nothing(stage: Stage):
    """Killed, so that nothing is tidied up."""
    stage.ward.start()
    payment = stage.ward.run(hand_in(stage, "after-it-is-sent-to-accounts"))
    stage.ward.run(stage.ward.ended())
    world = stage.world
    everything = b"".join(path.read_bytes() for path in world.data_dir.rglob("*") if path.is_file())
    assert len(everything) > 100_000
    secrets = [
        stage.friend.encode(),
        world.address.encode(),
        world.solana_address.encode(),
        payment.request.transaction,
        payment.unsigned[:32],
        payment.id.encode(),
        stage.local.url.encode(),
        stage.chain.encode(),
    ]
    for secret in secrets:
        for form in (secret, secret.hex().encode()):
            assert form not in everything, secret
            assert form not in stage.ward.output.encode(), secret
    assert stage.ward.output.strip() == "", "nothing is logged"
    stage.ward.start()
    stage.ward.run(bring_home(stage, payment))
    assert stage.ward.stop() == 0
