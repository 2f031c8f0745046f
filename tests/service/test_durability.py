"""A service that is killed at any instruction: one payment is signed and one is sent, and it ends confirmed.

The service is a process of its own behind TLS, reached by WebSocket and HTTPS; the signers and the chain live on here.
"""

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator

import httpx
import pytest
from nacl.utils import random
from tests.support.service_process import EVERYWHERE
from tests.support.service_world import Payment, World, embedded_chain
from tests.support.simulator import FRIEND, PASSPHRASE
from tests.support.spying import in_memory
from tests.support.ward import Ward

from warifu.protocol import api
from warifu.signer.vault import OpenLock, Role
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.wiping import Secret
from warifu.units import Satoshi

pytestmark = [pytest.mark.real, pytest.mark.slow]

POINTS = (*EVERYWHERE, "before-it-is-sent", "after-it-is-sent")
LABEL = "rent for november"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    root = tmp_path_factory.mktemp("ward")
    with embedded_chain(root / "chain") as (chain, url):
        world = World(root, chain, url)
        world.found()
        with contextlib.closing(asyncio.new_event_loop()) as loop:
            made = Ward(loop, world, [{"kind": "esplora", "url": url}])
            made.run(prepare(made))
            yield made
            made.close()


async def prepare(ward: Ward) -> None:
    """Devices, wallet, a label and coins for everybody; then the service is this process's no more."""
    async with ward.world.running() as client:
        await ward.world.ready(client, n=3)
        labels = api.NewLabels(labels=json.dumps({"type": "addr", "ref": FRIEND, "label": LABEL}))
        await client.put("/wallets/savings/labels", labels, api.Labels)
        given = await client.post("/wallets/savings/addresses", None, api.Address)
        for _ in range(len(POINTS) + 2):
            await asyncio.to_thread(ward.world.chain.fund, given.address, Satoshi(10_000_000))
        await asyncio.to_thread(ward.world.chain.mine, 1)
    ward.adopt()


async def hand_in(ward: Ward, point: str, number: int = signal.SIGKILL) -> Payment:
    """A payment is handed in; the service dies of it, perhaps before it answers."""
    async with ward.client() as client:
        payment = await ward.world.payment(client)
        question = await ward.world.question(client, payment)
        ward.arm(point, number, payment.id)
        with contextlib.suppress(httpx.HTTPError):
            await client.post("/transfers", question, api.Accepted)
            while True:
                await client.get(f"/transfers/{payment.id}", api.Transfer)
                if ward.world.mempool():
                    await asyncio.to_thread(ward.world.chain.mine, 1)
                await asyncio.sleep(0.02)
    return payment


async def bring_home(ward: Ward, payment: Payment) -> tuple[api.Transfer, bool]:
    """The transfer once it is confirmed, and whether the owner had to authorize it again."""
    asked = False
    async with ward.client() as client:
        found = await client.until(payment.id, ("broadcast", "confirmed", "needs-authorization"))
        if found.state == "needs-authorization":
            asked = True
            question = await ward.world.question(client, payment)
            again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
            await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
            await client.until(payment.id, ("broadcast", "confirmed"))
        if ward.world.mempool():
            assert ward.world.mempool() == [payment.request.transaction]
            await asyncio.to_thread(ward.world.chain.mine, 1)
        return await client.until(payment.id, ("confirmed",)), asked


@pytest.mark.parametrize("point", POINTS)
def test_killed_it_goes_on_where_it_was(ward: Ward, point: str):
    before = ward.world.chain.height
    ward.start()
    payment = ward.run(hand_in(ward, point))
    assert ward.run(ward.ended()) == -signal.SIGKILL, ward.output
    ward.start()
    done, asked = ward.run(bring_home(ward, payment))
    # Only where the devices had opened their envelopes and had not finished is the passphrase needed once more.
    assert asked is (point == "devices-talking")
    assert done.txid == payment.request.transaction[::-1].hex()
    assert done.height is not None and done.height > before
    numbers = [event.number for event in done.events]
    assert numbers == list(range(1, len(numbers) + 1))
    texts = [(event.text, event.device) for event in done.events if event.step in (4, 5, 6)]
    assert len(texts) == len(set(texts)), "each thing that happens once is told once"
    in_blocks = [
        transaction.txid
        for block in ward.world.chain.index.blocks[before:]
        for transaction in block.transactions
    ]
    assert in_blocks.count(payment.request.transaction) == 1


def test_stopped_in_the_middle_it_goes_on_too(ward: Ward):
    """An orderly stop is no outcome of a transfer either."""
    ward.start()
    payment = ward.run(hand_in(ward, "devices-finished", signal.SIGTERM))
    assert ward.run(ward.ended()) == 0
    ward.start()
    done, _ = ward.run(bring_home(ward, payment))
    assert done.state == "confirmed"


def test_a_stolen_disk_shows_nothing(ward: Ward):
    """Killed, so that nothing is tidied up: database, write-ahead log, whatever lies there."""
    ward.start()
    payment = ward.run(hand_in(ward, "after-it-is-sent"))
    ward.run(ward.ended())
    files = [path for path in ward.world.data_dir.rglob("*") if path.is_file()]
    everything = b"".join(path.read_bytes() for path in files)
    assert len(everything) > 100_000
    client_address = ward.run(addresses(ward))
    secrets = [
        FRIEND.encode(),
        LABEL.encode(),
        PASSPHRASE.encode(),
        ward.world.api_key.encode(),
        ward.world.storage_key,
        payment.request.transaction,
        payment.request.transaction[::-1],
        payment.id.encode(),
        payment.unsigned[:40],
        *client_address,
        *(device.identity for device in ward.world.devices.values()),
        b"device0",
        b"savings",
        b"PRIVATE KEY",
        b"CREATE TABLE",
        b"workflow_status",
    ]
    for secret in secrets:
        for form in (secret, secret.hex().encode()):
            assert form not in everything, secret
            assert form not in ward.output.encode(), secret
    assert {path.name for path in files} <= {"service.db", "service.db-wal", "service.db-shm", "service.lock"}


def test_the_services_memory_and_files_hold_no_share_nonce_or_passphrase(ward: Ward, monkeypatch):
    """The secrets are caught where they exist, in the signers of this process, and looked for in the service's."""
    caught: dict[str, bytes] = {"passphrase": PASSPHRASE.encode()}
    consume, unlock = SecretNonce.consume, OpenLock.unlock

    def consumed(nonce: SecretNonce) -> tuple[Secret, Secret]:
        halves = consume(nonce)
        caught.update({f"nonce {len(caught)} {place}": half.expose() for place, half in enumerate(halves)})
        return halves

    def unlocked(lock: OpenLock, role: Role, record: bytes) -> Secret:
        share = unlock(lock, role, record)
        caught[f"{role.what} {len(caught)}"] = share.expose()
        return share

    monkeypatch.setattr(SecretNonce, "consume", consumed)
    monkeypatch.setattr(OpenLock, "unlock", unlocked)

    async def pay() -> Payment:
        async with ward.client() as client:
            payment = await ward.world.payment(client)
            await client.post("/transfers", await ward.world.question(client, payment), api.Accepted)
            await client.until(payment.id, ("broadcast", "confirmed"))
        return payment

    ward.start()
    payment = ward.run(pay())
    assert ward.process is not None and ward.process.pid is not None
    kinds = [name.split()[0] for name in caught]
    assert (kinds.count("share"), kinds.count("nonce")) == (2, 4)
    control = {"the transaction, which it must know": payment.request.transaction}
    assert in_memory(ward.process.pid, caught | control) == set(control)
    disk = b"".join(path.read_bytes() for path in ward.world.data_dir.rglob("*") if path.is_file())
    assert not [name for name, secret in caught.items() if secret in disk]
    assert ward.stop() == 0


async def addresses(ward: Ward) -> list[bytes]:
    ward.start()
    async with ward.client() as client:
        found = (await client.get("/wallets/savings/addresses", api.Addresses)).addresses
    assert ward.process is not None
    ward.process.kill()
    await ward.ended()
    return [item.address.encode() for item in found]


def test_nothing_is_logged(ward: Ward):
    """A dozen lives and deaths, and not a word of history."""
    assert ward.output.strip() == ""


def test_a_second_service_does_not_start_beside_the_first(ward: Ward):
    ward.start()
    first, ward.process = ward.process, None
    with pytest.raises(AssertionError, match="another service is running"):
        ward.start()
    ward.process = first
    assert ward.stop() == 0


def test_another_key_does_not_start_it(ward: Ward):
    key, ward.world.storage_key = ward.world.storage_key, random(32)
    with pytest.raises(AssertionError, match="does not open with this key"):
        ward.start()
    ward.world.storage_key = key
