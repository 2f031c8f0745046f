"""The signers' connections: who gets in, who is answered, and what a hostile device achieves: its disconnection."""

import asyncio
import time
from pathlib import Path

import pytest
from nacl.utils import random
from tests.support.scripted_signer import Device, Meeting, meeting
from tests.support.service_world import Pipe, refusal

from warifu.errors import PolicyDenied, ServiceRefused
from warifu.protocol.encoding import encode
from warifu.protocol.enrolment import commitment
from warifu.protocol.frames import (
    AskStatus,
    CallRefused,
    Challenge,
    Finished,
    JoinCommit,
    JoinOwner,
    JoinReveal,
    Presence,
    Relay,
    Reply,
    refusal_of,
)
from warifu.protocol.identity import IdentityKey
from warifu.service.hub import hub as hub_module
from warifu.service.hub import link as link_module
from warifu.service.hub.joins import INVITATION_LIFETIME, Joins
from warifu.service.hub.link import Allowance
from warifu.service.store.database import Database, create_database
from warifu.service.store.devices import device_of, list_devices

pytestmark = pytest.mark.unit


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "service", random(32))
    yield made
    made.close()


# --- introductions -----------------------------------------------------------------------------------------------


async def test_a_device_proves_its_presence(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        assert hall.hub.connected(device.identity) and hall.hub.connected_count() == 1
        assert list_devices(database)[0].last_seen is not None


async def test_every_connection_gets_its_own_challenge(database: Database):
    async with meeting(database, "attic") as hall:
        nonces = {await (await hall.knock(Device("attic"))).challenge() for _ in range(8)}
        assert len(nonces) == 8


async def test_a_replayed_presence_is_refused(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.knock(hall.devices["attic"])
        heard = device.presence(await device.challenge())
        await device.say(heard)
        assert await hall.hub.wait_connected((device.identity,), 60)
        replayer = await hall.knock(Device("attic"))
        await replayer.challenge()
        await replayer.say(heard)
        assert await replayer.is_disconnected()
        assert not device.end.closed and hall.hub.connected(device.identity)


@pytest.mark.parametrize("kind", ["other-key", "other-purpose", "no-signature", "other-name", "not-enrolled"])
async def test_a_forged_presence_is_refused(database: Database, kind: str):
    async with meeting(database, "attic", "cellar") as hall:
        real = hall.devices["attic"]
        forger = await hall.knock(Device("attic"))
        nonce = await forger.challenge()
        forged = {
            "other-key": Presence("attic", real.identity, forger.key.sign("presence", nonce)),
            "other-purpose": Presence("attic", real.identity, real.key.sign("hello", nonce)),
            "no-signature": Presence("attic", real.identity, bytes(64)),
            "other-name": Presence("cellar", real.identity, real.key.sign("presence", nonce)),
            "not-enrolled": forger.presence(nonce),
        }[kind]
        await forger.say(forged)
        assert await forger.is_disconnected()
        assert hall.hub.connected_count() == 0


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"\xc1",
        b"x" * 1000,
        encode(Reply(1, b"")),
        encode(Finished(bytes(16), b"")),
        encode(Relay(bytes(16), bytes(32), b"")),
        encode(JoinReveal(bytes(32), bytes(32))),
        encode(JoinCommit(bytes(16), "attic", bytes(32))),
        encode(Challenge(bytes(32))),
    ],
    ids=[
        "empty",
        "unused-byte",
        "noise",
        "reply",
        "finished",
        "relay",
        "reveal",
        "uninvited",
        "service-frame",
    ],
)
async def test_nothing_but_an_introduction_comes_first(database: Database, first: bytes):
    async with meeting(database, "attic") as hall:
        stranger = await hall.knock(Device("attic"))
        await stranger.challenge()
        await stranger.end.send(first)
        assert await stranger.is_disconnected()


async def test_a_device_introduces_itself_once(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.knock(hall.devices["attic"])
        presence = device.presence(await device.challenge())
        await device.say(presence)
        await device.say(presence)
        assert await device.is_disconnected()


async def test_a_silent_stranger_is_shown_the_door(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub_module, "INTRODUCTION_TIMEOUT", 0.05)
    async with meeting(database) as hall:
        stranger = await hall.knock(Device("nobody"))
        assert await stranger.is_disconnected()


async def test_strangers_do_not_crowd_out_devices(database: Database):
    """A bounded number may wait unproved; the ones beyond are closed, those who proved themselves do not count."""
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        strangers = [await hall.knock(Device("nobody")) for _ in range(hub_module.MAX_STRANGERS)]
        for stranger in strangers:
            await stranger.challenge()
        one_more = await hall.knock(Device("nobody"))
        assert await one_more.is_disconnected()
        assert hall.hub.connected(device.identity)


async def test_the_newer_of_two_connections_wins(database: Database):
    """The older one is usually a dead socket; whoever holds the newer one has the identity key."""
    async with meeting(database, "attic") as hall:
        device = hall.devices["attic"]
        await hall.enter(device)
        older = device.end
        asked = asyncio.create_task(hall.hub.call(device.identity, AskStatus))
        await asyncio.sleep(0.01)
        await hall.knock(device)
        await device.say(device.presence(await device.challenge()))
        assert (await refusal(asked)).code == "service.device-offline"  # its question went to the older one
        device.end, newer = older, device.end
        assert await device.is_disconnected()
        assert hall.hub.connected(device.identity) and not newer.closed


async def test_a_removed_device_is_disconnected(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        hall.hub.disconnect(device.identity)
        assert await device.is_disconnected()


# --- calls -------------------------------------------------------------------------------------------------------


async def test_an_answer_finds_its_question(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        asked = [asyncio.create_task(hall.hub.call(device.identity, AskStatus)) for _ in range(3)]
        heard = [await device.hear() for _ in range(3)]
        for frame in reversed(heard):
            assert isinstance(frame, AskStatus)
            await device.say(Reply(frame.call, b"%d" % frame.call))
        assert [await task for task in asked] == [b"%d" % frame.call for frame in heard]


async def test_a_refusal_comes_back_as_the_error_that_it_was(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        asked = asyncio.create_task(hall.hub.call(device.identity, AskStatus))
        frame = await device.hear()
        await device.say(
            CallRefused(frame.call, refusal_of(PolicyDenied("limit", "too much", retry_after=60)))
        )
        error = await refusal(asked)
        assert isinstance(error, PolicyDenied)
        assert (error.code, error.message, error.retry_after) == ("policy.limit", "too much", 60)


async def test_nobody_answers_in_another_devices_place(database: Database):
    async with meeting(database, "attic", "cellar") as hall:
        attic = await hall.enter(hall.devices["attic"])
        cellar = await hall.enter(hall.devices["cellar"])
        asked = asyncio.create_task(hall.hub.call(attic.identity, AskStatus))
        frame = await attic.hear()
        await cellar.say(Reply(frame.call, b"forged"))
        await asyncio.sleep(0.02)
        await attic.say(Reply(frame.call, b"genuine"))
        assert await asked == b"genuine"


async def test_answers_to_nothing_are_passed_over(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        for number in (0, 7, 2**53 - 1):
            await device.say(Reply(number, b""))
        asked = asyncio.create_task(hall.hub.call(device.identity, AskStatus))
        frame = await device.hear()
        await device.say(Reply(frame.call, b"first"))
        await device.say(Reply(frame.call, b"second"))
        assert await asked == b"first"


async def test_a_silent_device_is_named(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        error = await refusal(hall.hub.call(device.identity, AskStatus, timeout=0.05))
        assert (error.code, error.blame) == ("service.device-silent", "attic")


async def test_a_lost_connection_fails_its_calls_at_once(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        asked = asyncio.create_task(hall.hub.call(device.identity, AskStatus))
        await device.hear()
        await device.end.close()
        error = await refusal(asked)
        assert (error.code, error.blame) == ("service.device-offline", "attic")


async def test_who_is_not_there_is_not_asked(database: Database):
    async with meeting(database, "attic") as hall:
        error = await refusal(hall.hub.call(hall.devices["attic"].identity, AskStatus))
        assert (error.code, error.blame) == ("service.device-offline", "attic")


async def test_questions_to_one_device_are_bounded(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        asked = [
            asyncio.create_task(hall.hub.call(device.identity, AskStatus))
            for _ in range(hub_module.MAX_CALLS)
        ]
        await asyncio.sleep(0.01)
        assert (await refusal(hall.hub.call(device.identity, AskStatus))).code == "service.device-busy"
        for task in asked:
            task.cancel()


async def test_a_malformed_frame_ends_the_connection(database: Database):
    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        await device.end.send(encode(Reply(1, b""))[:-1])
        assert await device.is_disconnected()
        assert not hall.hub.connected(device.identity)


async def test_a_device_that_does_not_read_is_dropped(database: Database, monkeypatch: pytest.MonkeyPatch):
    """What waits for it is bounded, so that it cannot fill the service's memory."""

    async def never(self: Pipe, data: bytes) -> None:
        await asyncio.sleep(3600)

    async with meeting(database, "attic") as hall:
        device = await hall.enter(hall.devices["attic"])
        monkeypatch.setattr(Pipe, "send", never)
        link = hall.hub._links[device.identity]
        for _ in range(link_module.MAX_WAITING_FRAMES + 2):
            link.say(AskStatus(1))
        await asyncio.sleep(0.05)
        assert not hall.hub.connected(device.identity)


def test_an_allowance_lets_a_burst_pass_and_then_slows_down():
    allowance = Allowance(rate=1000, burst=100)
    assert allowance.take(100) == 0
    assert 0 < allowance.take(50) <= 0.06


# --- enrolment ---------------------------------------------------------------------------------------------------


class Joining:
    """A device that is being enrolled, message by message."""

    def __init__(self, hall: Meeting, name: str = "attic") -> None:
        self.hall = hall
        self.device = Device(name)
        self.nonce = random(32)

    @property
    def stage(self) -> str:
        return self.hall.hub.joins.show(self.device.name).stage

    async def at(self, stage: str) -> bool:
        for _ in range(500):
            if self.stage == stage:
                return True
            await asyncio.sleep(0.005)
        raise AssertionError(self.stage)

    async def commit(self, secret: bytes, name: str | None = None) -> None:
        await self.hall.knock(self.device)
        await self.device.challenge()
        committed = commitment(self.device.name, self.device.identity, self.nonce)
        await self.device.say(JoinCommit(secret, name or self.device.name, committed))

    async def to_revealed(self) -> None:
        await self.commit(self.hall.hub.joins.invite(self.device.name).secret)
        await self.at("committed")
        self.hall.hub.joins.owner(self.device.name, bytes(32), bytes(32))
        assert await self.device.hear() == JoinOwner(bytes(32), bytes(32))
        await self.device.say(JoinReveal(self.device.identity, self.nonce))
        await self.at("revealed")


async def test_a_device_is_enrolled_and_its_connection_is_its_own(database: Database):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.to_revealed()
        state, link = hall.hub.joins.confirm("attic", joining.device.identity, True)
        assert state.stage == "enrolled" and link is not None
        hall.hub.enrolled(joining.device.identity, link)
        assert device_of(database, joining.device.identity) is not None
        asked = asyncio.create_task(hall.hub.call(joining.device.identity, AskStatus))
        frame = await joining.device.hear()
        await joining.device.say(Reply(frame.call, b"here"))
        assert await asked == b"here"


async def test_an_owner_who_sees_other_digits_enrols_nobody(database: Database):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.to_revealed()
        state, link = hall.hub.joins.confirm("attic", joining.device.identity, False)
        assert (state.stage, link) == ("refused", None)
        assert await joining.device.is_disconnected()
        assert list_devices(database) == ()


async def test_an_owner_confirms_the_identity_that_was_shown(database: Database):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.to_revealed()
        assert hall.hub.joins.confirm("attic", bytes(32), True)[0].stage == "refused"
        assert list_devices(database) == ()


@pytest.mark.parametrize("which", ["identity", "nonce"])
async def test_a_commitment_that_does_not_open_is_refused(database: Database, which: str):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.commit(hall.hub.joins.invite("attic").secret)
        await joining.at("committed")
        hall.hub.joins.owner("attic", bytes(32), bytes(32))
        other = IdentityKey.generate().public
        identity = other if which == "identity" else joining.device.identity
        nonce = random(32) if which == "nonce" else joining.nonce
        await joining.device.say(JoinReveal(identity, nonce))
        assert await joining.at("refused")
        shown = hall.hub.joins.show("attic").refusal
        assert shown is not None and shown.code == "peer.enrolment"


async def test_a_device_does_not_reveal_before_the_owner_spoke(database: Database):
    """Else a service in the middle could choose the owner's nonce last."""
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.commit(hall.hub.joins.invite("attic").secret)
        await joining.device.say(JoinReveal(joining.device.identity, joining.nonce))
        assert await joining.device.is_disconnected()
        assert joining.stage == "refused"


async def test_an_identity_that_is_enrolled_does_not_join_again(database: Database):
    async with meeting(database, "cellar") as hall:
        joining = Joining(hall)
        joining.device.key = hall.devices["cellar"].key
        await joining.commit(hall.hub.joins.invite("attic").secret)
        await joining.at("committed")
        hall.hub.joins.owner("attic", bytes(32), bytes(32))
        await joining.device.say(JoinReveal(joining.device.identity, joining.nonce))
        assert await joining.at("refused")


@pytest.mark.parametrize("wrong", ["secret", "name", "used", "expired", "superseded"])
async def test_an_invitation_is_for_one_device_once_and_soon(database: Database, wrong: str):
    async with meeting(database) as hall:
        now = time.time()
        hall.hub.joins = Joins(database, lambda: None, lambda: now)
        secret = hall.hub.joins.invite("attic").secret
        if wrong == "used":
            first = Joining(hall)
            await first.commit(secret)
            await first.at("committed")
        if wrong == "expired":
            now += INVITATION_LIFETIME + 1
        if wrong == "superseded":
            hall.hub.joins.invite("attic")
        joining = Joining(hall)
        await joining.commit(
            random(16) if wrong == "secret" else secret, "cellar" if wrong == "name" else None
        )
        assert await joining.device.is_disconnected()


async def test_a_connection_that_is_lost_ends_the_enrolment(database: Database):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.commit(hall.hub.joins.invite("attic").secret)
        await joining.at("committed")
        await joining.device.end.close()
        assert await joining.at("refused")


async def test_a_device_that_left_after_the_digits_can_still_be_confirmed(database: Database):
    """Its operator may have said yes and the device reconnected before the owner did."""
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.to_revealed()
        await joining.device.end.close()
        await asyncio.sleep(0.05)
        assert joining.stage == "revealed"
        assert hall.hub.joins.confirm("attic", joining.device.identity, True)[0].stage == "enrolled"
        await hall.enter(joining.device)


async def test_a_device_under_enrolment_says_nothing_else(database: Database):
    async with meeting(database) as hall:
        joining = Joining(hall)
        await joining.to_revealed()
        await joining.device.say(Reply(1, b""))
        assert await joining.device.is_disconnected()


@pytest.mark.parametrize("stage", ["invited", "committed", "revealed"])
async def test_each_message_has_its_turn(database: Database, stage: str):
    async with meeting(database) as hall:
        joining = Joining(hall)
        joins = hall.hub.joins
        secret = joins.invite("attic").secret
        if stage == "committed":
            await joining.commit(secret)
            await joining.at("committed")
        if stage == "revealed":
            await joining.to_revealed()
        if stage != "committed":
            with pytest.raises(ServiceRefused):
                joins.owner("attic", bytes(32), bytes(32))
        if stage != "revealed":
            with pytest.raises(ServiceRefused):
                joins.confirm("attic", bytes(32), True)
        assert joining.stage == stage


async def test_an_enrolled_name_is_not_invited_again(database: Database):
    async with meeting(database, "attic") as hall:
        with pytest.raises(ServiceRefused) as refused:
            hall.hub.joins.invite("attic")
        assert refused.value.reason == "name-taken"


def test_open_invitations_are_bounded(database: Database):
    now = time.time()
    joins = Joins(database, lambda: None, lambda: now)
    for number in range(64):
        joins.invite(f"device{number}")
    with pytest.raises(ServiceRefused) as refused:
        joins.invite("one-more")
    assert refused.value.reason == "too-many"
    now += 2 * INVITATION_LIFETIME + 1
    joins.invite("one-more")
