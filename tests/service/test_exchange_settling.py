"""Two owners settle what a device found, and let a carrier carry again, at their own command lines.

Real devices, a carrier that changes what it carries, the simulated Coinbase. What one owner may do alone he does alone.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from nacl.utils import random
from tests.service.test_exchange_road import SEED, key_file, order
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile
from tests.service.test_visits import Clock
from tests.support import exchange_road, service_world
from tests.support.carriers import body, hostile_carriers
from tests.support.exchange_road import Road, generous, road
from tests.support.exchange_scripts import parcelled, show_call
from tests.support.service_world import Client

from warifu.cli.approving import Asked, read_proposal
from warifu.cli.commands import devices, exchange
from warifu.cli.creating import adopt
from warifu.cli.exchanges import together as exchange_together
from warifu.cli.exchanges.together import NotAsked
from warifu.exchanges.attempt import SETTLE
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import approve_request, refuse_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.events.exchanges import CarrierAllowed, CarrierBanned, ComparisonSettled
from warifu.protocol.exchange_requests import CarrierBanRequest, SettleRequest
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import ApprovalTier, Policy
from warifu.protocol.request import Request, request_digest
from warifu.sandbox.control import SetClock
from warifu.service.workflows import comparisons

pytestmark = [pytest.mark.real, pytest.mark.slow]
COINBASE = EXCHANGES["coinbase"]
PARTNER = IdentityKey(bytes([9]) * 32)
DEAD = 120 + SETTLE // 1000 + 2


def for_two() -> Policy:
    """Whoever gives away more than 15,000 of it needs the other; so does all that takes as many as the largest."""
    made = generous()
    rules = tuple(
        msgspec.structs.replace(
            each,
            limits=tuple(
                msgspec.structs.replace(limits, approvals=(ApprovalTier("1500000", 2),))
                if limits.symbol == "USD"
                else limits
                for limits in each.limits
            ),
        )
        for each in made.exchanges
    )
    return msgspec.structs.replace(made, exchanges=rules)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(service_world, "now", made)
    monkeypatch.setattr(exchange_road, "now", made)
    monkeypatch.setattr(comparisons, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(exchange_together, "_PAUSE", 0.05)
    return made


@pytest.fixture
def home(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """Nobody is enrolled yet. Whatever the owner's client asks for there, the partner approves as well."""

    async def both(client: Client, request: Request, contents: Any) -> Any:
        word = approve_request(approver(PARTNER), request)
        return await parcelled(client, request, contents, further=[word])

    monkeypatch.setattr(exchange_road, "parcelled", both)
    with road(tmp_path) as made:
        made.world.others = (DeviceKey(PARTNER.public),)
        yield made


class Two:
    """Both owners: one at his command line, which waits; the other with what his client does at his.

    (Two command lines in one process would speak into each other's terminal.)"""

    def __init__(self, home: Road, client: Client) -> None:
        self.first = Owner(client, owners_profile(home.world, home.world.root / "owner"))
        self._home, self._client = home, client
        self._answered: set[str] = set()

    async def meet(self) -> None:
        await asyncio.to_thread(adopt, self.first._bridge, self.first.profile(), "savings")
        self._partners = owners_profile(self._home.world, self._home.world.root / "partner")
        self._partners.add_wallet(self.first.profile().content.wallets[0])

    async def proposed(self) -> api.Proposal:
        """What waits for the partner's first word."""
        async with asyncio.timeout(30):
            while True:
                found = (await self._client.get("/proposals", api.Proposals)).proposals
                if waiting := [each for each in found if each.id not in self._answered]:
                    return waiting[0]
                await asyncio.sleep(0.05)

    async def partner(self, *, refuses: bool = False) -> Asked:
        """Reads it by his own eyes, and says yes or no."""
        waiting = await self.proposed()
        asked = read_proposal(self._partners, waiting)
        word = (refuse_request if refuses else approve_request)(approver(PARTNER), asked.request)
        question = api.NewApproval(approval=encode(word), refuses=refuses)
        await self._client.post(f"/proposals/{waiting.id}/approvals", question, api.Proposal)
        self._answered.add(waiting.id)
        return asked


@asynccontextmanager
async def found_out(home: Road, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Client, Two, bytes]]:
    """device1 signed an order that device0 carried, and finds another one at the exchange; what it is known by."""
    take_over = hostile_carriers(monkeypatch)
    async with home.world.running() as client:
        for name in exchange_road.ALL:
            await home.world.add_device(client, name)
        assert (await home.world.create_wallet(client, policy=for_two())).state == "finished"
        public = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key()
        await home.add_split(client, key_file(), public.public_bytes_raw())
        two = Two(home, client)
        await two.meet()
        take_over(home.world.devices["device0"].identity, body(base_size="0.0456"))
        wanted = replace(order("USD"), client_id=str(uuid.uuid4()))
        asked, _ = await home.shown(client, "coinbase", COINBASE.place(wanted))
        while not (compared := (await show_call(client, asked.id)).compared):
            await asyncio.sleep(0.02)
        assert [(each.device, each.outcome) for each in compared] == [("device1", "differs")]
        yield client, two, request_digest(asked.request)


def entries(home: Road, kind: type) -> list[Any]:
    """Of all devices' journals, by device."""
    return [
        [event for _, event in device.device.journal.entries() if isinstance(event, kind)]
        for device in home.world.devices.values()
    ]


def states(told: dict[str, Any]) -> list[str]:
    return [each["state"] for each in told["devices"]]


async def alone(home: Road, client: Client, request: SettleRequest | CarrierBanRequest) -> set[str]:
    """What the devices say to one owner's word, handed in past every client."""
    authorization, _ = await parcelled(client, request, {})
    question = api.NewInstruction(authorization=authorization, envelopes=())
    told = await client.post("/instructions", question, api.Instruction)
    return {error_from(each.refusal).code for each in told.devices if each.refusal is not None}


async def test_what_a_device_found_is_settled_by_two_owners_and_by_no_one_of_them(
    home: Road, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with found_out(home, monkeypatch) as (client, two, about):

        async def says(*arguments: str) -> dict[str, Any]:
            return await two.first.says(*arguments, of=exchange.group)

        shown = {each["device"]: each for each in (await says("compare", "savings"))["devices"]}
        [found] = shown["device1"]["comparisons"]
        assert (found["about"], found["state"]) == (about.hex(), "differs")
        assert any("0.0456" in words for words in found["words"])

        clock.later = DEAD
        home.simulation.do(SetClock(exchange="coinbase", ahead=1000 * clock.later))
        moment = clock()
        request = SettleRequest(random(16), home.world.wallet_id, "coinbase", (about,), moment, moment + 600)
        assert await alone(home, client, request) == {"policy.approvals"}
        assert entries(home, ComparisonSettled) == [[], [], []]

        accepting = asyncio.create_task(says("compare", "savings", "coinbase", "--accept", "--yes"))
        await two.proposed()
        assert not accepting.done() and entries(home, ComparisonSettled) == [[], [], []]
        assert "coinbase" in [value for _, value in (await two.partner()).facts]
        told = await accepting
        assert states(told) == ["done"] * 3 and told["settled"] == [about.hex()]
        assert [len(each) for each in entries(home, ComparisonSettled)] == [0, 1, 0]
        after = {
            each["device"]: each["comparisons"] for each in (await says("compare", "savings"))["devices"]
        }
        assert after["device1"] == []


async def test_one_owner_bans_a_carrier_and_it_takes_both_to_let_it_carry_again(
    home: Road, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with found_out(home, monkeypatch) as (client, two, _):

        async def says(*arguments: str) -> dict[str, Any]:
            return await two.first.says("ban-carrier", "savings", "device0", *arguments, of=devices.group)

        assert states(await says()) == ["done"] * 3
        banned = int(time.time())
        assert [len(each) for each in entries(home, CarrierBanned)] == [1, 1, 1]
        order_by_it = await home.shown(client, "coinbase", COINBASE.balances())
        assert order_by_it[1].state == "refused" and order_by_it[1].refusal is not None
        assert order_by_it[1].refusal.code == "policy.carrier"

        clock.later += 5
        identity, moment = home.world.devices["device0"].identity, clock()
        lifting = CarrierBanRequest(random(16), home.world.wallet_id, identity, True, moment, moment + 600)
        assert await alone(home, client, lifting) == {"policy.approvals"}

        asking = asyncio.create_task(says("--lift"))
        await two.partner(refuses=True)
        with pytest.raises(NotAsked):
            await asking
        assert entries(home, CarrierAllowed) == [[], [], []]

        while int(time.time()) <= banned:  # a later word about it is of a later second
            await asyncio.sleep(0.05)
        asking = asyncio.create_task(says("--lift"))
        assert "device0" in str((await two.partner()).described)
        assert states(await asking) == ["done"] * 3
        assert [len(each) for each in entries(home, CarrierAllowed)] == [1, 1, 1]
        again = await home.shown(client, "coinbase", COINBASE.balances())
        assert again[1].refusal is None or again[1].refusal.code != "policy.carrier"
