"""A key generation that not all devices saw the end of: nothing is lost, and who missed it comes home."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.support.service_world import Client, World, embedded_chain, refusal
from tests.support.simulator import PASSPHRASE, SimulatedDevice

from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.profile import Profile
from warifu.cli.recovering import recover
from warifu.errors import AuthorizationRefused, InputRefused, PassphraseRefused
from warifu.protocol import api
from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import RecoverWallet, SignedBirth, decode_to_signer
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import MAX_REQUEST_BYTES, decode_request

pytestmark = pytest.mark.real


@contextmanager
def new_world(root: Path) -> Iterator[World]:
    with embedded_chain(root / "chain") as (chain, url):
        made = World(root, chain, url, settings={"session_seconds": 4.0})
        made.found()
        yield made


@dataclass(frozen=True)
class Left:
    """What a key generation left behind."""

    world: World
    missed: str
    """The device that missed its end."""
    ceremony: api.Ceremony


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Made once, because devices wait a while for one that does not answer; copied for each test, which starts all."""
    root = tmp_path_factory.mktemp("left")

    async def straggle(made: World) -> tuple[str, api.Ceremony]:
        async with made.running() as client:
            return await straggling(made, client)

    with new_world(root) as made:
        missed, ceremony = asyncio.run(straggle(made))
        for device in made.devices.values():
            device.signer.close()
    return Left(made, missed, ceremony)


@pytest.fixture
def world(left: Left, tmp_path: Path):
    root = tmp_path / "world"
    shutil.copytree(left.world.root, root)
    with embedded_chain(root / "chain") as (chain, url):
        yield left.world.copy(root, chain, url)


def hears(device: SimulatedDevice, change: Any) -> None:
    """``change`` each frame to the device; None: it is lost."""
    original = device.signer.receive

    def receive(origin: Any, payload: bytes) -> Any:
        changed = change(payload) if origin is Origin.SERVICE else payload
        return [] if changed is None else original(origin, changed)

    device.signer.receive = receive  # type: ignore[method-assign]


async def straggling(world: World, client: Client) -> tuple[str, api.Ceremony]:
    """The device that stores its host key and then misses the coordinator's last message."""
    for number in range(3):
        await world.add_device(client, f"device{number}")
    last = max(world.devices.values(), key=lambda device: device.identity)
    first = min(world.devices.values(), key=lambda device: device.identity)
    heard = iter(range(100))

    def lose(payload: bytes) -> bytes | None:
        frame = decode_to_signer(payload)
        # Hello, Shown, CMSG1, CMSG2
        lost = getattr(frame, "peer", None) == first.identity and next(heard) == 3
        return None if lost else payload

    hears(last, lose)
    ceremony = await world.create_wallet(client)
    del last.signer.receive
    return last.name, ceremony


async def question(world: World, client: Client, ceremony: api.Ceremony, name: str) -> api.WalletRecovery:
    told = decode(Authorization, ceremony.authorization, MAX_REQUEST_BYTES + 4096)
    request = decode_request(told.request)
    authorization, envelopes = await client.authorized(request, [world.devices[name].identity])
    return api.WalletRecovery(authorization=authorization, envelope=envelopes[0])


async def test_a_device_that_missed_the_end_recovers_and_signs(tmp_path: Path):
    """Here the devices live on."""
    with new_world(tmp_path) as world:
        await recovers_and_signs(world)


async def recovers_and_signs(world: World) -> None:
    async with world.running() as client:
        name, ceremony = await straggling(world, client)
        assert (ceremony.state, len(ceremony.births)) == ("partial", 2)
        assert (await refusal(client.get("/wallets/savings", api.Wallet))).reason == "unknown-wallet"
    async with world.running() as client:  # the service, too, was restarted
        asked = await question(world, client, ceremony, name)
        ended = await client.post("/wallets/savings/recover", asked, api.Ceremony)
        assert ended.state == "finished"
        assert len({decode(SignedBirth, birth, 2**20).birth for birth in ended.births}) == 1
        await world.fund(client, 1_000_000)
        other = next(device for device in world.devices if device != name)
        sent = await world.send(client, await world.payment(client), [name, other])
        assert sent.state == "broadcast"


class Blocking:
    """The command line's client, over the connection of an asynchronous one that lives in another thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()

    def get(self, path: str, kind: Any, **query: object) -> Any:
        return asyncio.run_coroutine_threadsafe(self._client.get(path, kind, **query), self._loop).result(30)

    def post(self, path: str, question: object, kind: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self._client.post(path, question, kind), self._loop).result(
            30
        )


def owners_profile(world: World, home: Path) -> Profile:
    """The profile of the owner who enrolled the world's devices."""
    profile = Profile.create(home, "regtest", "https://127.0.0.1:1", bytes(32))
    DeviceKeyFile(home / "credential").write(world.owner, None, replace=True)
    for device in world.devices.values():
        profile.pin_device(device.ref)
    return profile


def typed(passphrase: str) -> int:
    """A descriptor from which a script's passphrase is read."""
    read_end, write_end = os.pipe()
    os.write(write_end, passphrase.encode() + b"\n")
    os.close(write_end)
    return read_end


async def test_the_owner_recovers_a_device_at_the_command_line_and_then_has_the_wallet(
    world: World, left: Left, tmp_path: Path
):
    async with world.running() as client:
        name = left.missed
        profile, bridge = owners_profile(world, tmp_path / "owner"), cast("Any", Blocking(client))
        with pytest.raises(InputRefused):
            await asyncio.to_thread(recover, bridge, profile, "savings", "stranger", None)
        with pytest.raises(PassphraseRefused):
            await asyncio.to_thread(recover, bridge, profile, "savings", name, typed("not this passphrase"))
        assert profile.content.wallets == ()
        wallet, missing = await asyncio.to_thread(
            recover, bridge, profile, "savings", name, typed(PASSPHRASE)
        )
        assert (wallet is not None, missing) == (True, 0)
        assert [known.name for known in profile.wallets()] == ["savings"]
        with pytest.raises(InputRefused):
            await asyncio.to_thread(recover, bridge, profile, "savings", name, None)


async def test_the_owner_of_another_wallet_recovers_nothing(world: World, left: Left, tmp_path: Path):
    async with world.running() as client:
        name = left.missed
        profile = owners_profile(world, tmp_path / "owner")
        key_file = DeviceKeyFile(tmp_path / "owner/credential")
        key_file.write(IdentityKey.generate(), None, replace=True)
        with pytest.raises(AuthorizationRefused):
            await asyncio.to_thread(
                recover, cast("Any", Blocking(client)), profile, "savings", name, typed(PASSPHRASE)
            )


async def test_the_device_refuses_recovery_data_that_the_service_altered(world: World, left: Left):
    async with world.running() as client:
        name, ceremony = left.missed, left.ceremony

        def alter(payload: bytes) -> bytes:
            frame = decode_to_signer(payload)
            if not isinstance(frame, RecoverWallet):
                return payload
            data = frame.recovery[0]
            return encode(msgspec.structs.replace(frame, recovery=(data[:-1] + bytes([data[-1] ^ 1]),)))

        hears(world.devices[name], alter)
        asked = await question(world, client, ceremony, name)
        error = await refusal(client.post("/wallets/savings/recover", asked, api.Ceremony))
        assert (error.code, "recovery data" in error.message) == ("input.recovery-data", True)
        del world.devices[name].signer.receive
        asked = await question(world, client, ceremony, name)
        assert (await client.post("/wallets/savings/recover", asked, api.Ceremony)).state == "finished"


async def test_another_name_or_wallet_asks_no_device(world: World, left: Left):
    async with world.running() as client:
        name, ceremony = left.missed, left.ceremony
        asked = await question(world, client, ceremony, name)
        error = await refusal(client.post("/wallets/other/recover", asked, api.Ceremony))
        assert error.code == "service.unknown-wallet"
        request = world.wallet_request(2)
        authorization, envelopes = await client.authorized(request, [world.devices[name].identity])
        foreign = api.WalletRecovery(authorization=authorization, envelope=envelopes[0])
        error = await refusal(client.post("/wallets/savings/recover", foreign, api.Ceremony))
        assert error.code == "service.unknown-wallet"


async def test_a_finished_wallet_needs_no_recovery(world: World, left: Left):
    async with world.running() as client:
        name, ceremony = left.missed, left.ceremony
        asked = await question(world, client, ceremony, name)
        await client.post("/wallets/savings/recover", asked, api.Ceremony)
        asked = await question(world, client, ceremony, name)
        error = await refusal(client.post("/wallets/savings/recover", asked, api.Ceremony))
        assert error.code == "service.name-taken"
