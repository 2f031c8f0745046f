"""A service that is killed at any step of a key generation for an exchange: all devices get the key, or none has one.

The service is a process of its own behind TLS; devices live on here.
"""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import httpx
import pytest
from tests.service.test_exchange_births import hand_in, key_request, shares, whole_or_none
from tests.support.exchange_road import Road, born, road
from tests.support.service_process import OF_A_BIRTH
from tests.support.ward import Ward

from warifu.protocol import api
from warifu.protocol.exchange_requests import ExchangeKeyRequest

pytestmark = [pytest.mark.real, pytest.mark.slow]
RELAYS = tuple(f"relay-{number}" for number in range(14, 21))
"""The last of the 20 frames of a generation by three devices: before some of them a device has its share and another
has not."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Road, Ward]]:
    with (
        road(tmp_path_factory.mktemp("stage")) as made,
        contextlib.closing(asyncio.new_event_loop()) as loop,
    ):
        ward = Ward(loop, made.world, [], settings=made.world.settings)

        async def prepare() -> None:
            async with made.world.running() as client:
                await made.prepare(client)
            ward.adopt()

        ward.run(prepare())
        yield made, ward
        ward.close()


async def killed(ward: Ward, request: ExchangeKeyRequest, point: str) -> None:
    async with ward.client() as client:
        ward.arm(point, signal.SIGKILL, request.request_id.hex())
        with contextlib.suppress(httpx.HTTPError):
            await born(client, await hand_in(client, request))


async def came_of(ward: Ward, request: ExchangeKeyRequest) -> api.ExchangeKeyShown:
    """Handed in once more by a client that had no answer, and watched to its end."""
    async with ward.client() as client:
        return await born(client, await hand_in(client, request))


@pytest.mark.parametrize("point", [*OF_A_BIRTH, *RELAYS])
def test_killed_it_is_on_all_devices_or_on_none(stage: tuple[Road, Ward], point: str):
    made, ward = stage
    request = key_request(made.world, f"account-{point}"[:32])
    ward.start()
    ward.run(killed(ward, request, point))
    assert ward.run(ward.ended()) == -signal.SIGKILL, ward.output
    before = len(shares(made.world, request))
    ward.start()
    whole = whole_or_none(made.world, request, ward.run(came_of(ward, request)))
    assert whole or not before, "a key that one device has comes to all"
    assert whole or point not in ("birth-stored", "before-the-key-is-kept", "after-the-key-is-kept")
    assert ward.stop() == 0
    for device in made.world.devices.values():
        with device.device.store.transaction():
            device.device.accounts.remove(
                made.world.wallet_id, request.account, request.created, request.created
            )
