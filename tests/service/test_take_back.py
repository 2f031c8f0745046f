"""``warifu devices take-back`` against a whole service with real signers: an older disk, put back on purpose."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.service.test_policy_commands import Owner, ready
from tests.service.test_recovery import typed
from tests.support.service_world import World, embedded_chain
from tests.support.simulator import PASSPHRASE, bitcoin_policy

from warifu.cli.commands.devices import group
from warifu.protocol.operator import UnfreezeDevice

pytestmark = pytest.mark.real


@pytest.fixture
def world(tmp_path: Path):
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = World(tmp_path, chain, url)
        made.found()
        yield made
        for device in made.devices.values():
            device.close()


async def says(owner: Owner, *arguments: str) -> dict[str, Any]:
    command = [*arguments, "--yes", "--json", "--passphrase-fd", str(typed(PASSPHRASE))]
    result = await asyncio.to_thread(
        lambda: CliRunner().invoke(group, command, obj=owner, standalone_mode=False)
    )
    if result.exception is not None:
        raise result.exception
    assert not result.return_value, result.output
    return dict(json.loads(result.stdout))


async def put_back(world: World, name: str, copy: Path) -> None:
    device = world.devices[name]
    await world.disconnect(name)
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(copy, device.directory)
    device.start()
    await world.connect(name)


async def test_a_device_that_its_owner_put_back_signs_again(world, tmp_path):
    async with world.running() as client:
        owner = await ready(world, client, bitcoin_policy())
        device = world.devices["device1"]
        device.crash()
        copy = Path(shutil.copytree(device.directory, tmp_path / "copy"))
        device.start()
        await world.disconnect("device1")
        await world.connect("device1")
        who = ["device0", "device1"]
        assert (await world.send(client, await world.payment(client), who)).state == "broadcast"
        await put_back(world, "device1", copy)
        refused = await world.send(client, await world.payment(client, 61_000), who)
        assert refused.state != "broadcast" and device.status().frozen

        told = await says(owner, "take-back", "savings", "device1")
        made = {each["device"]: each["state"] for each in told["devices"]}
        assert (made["device0"], made["device2"]) == ("done", "done")
        device.operator(UnfreezeDevice())
        sent = await world.send(client, await world.payment(client, 62_000), who)
        assert sent.state == "broadcast", sent.refusal
        assert device.status().wallets[0].spent_today, "its own spend of before among it"
