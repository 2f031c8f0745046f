"""Sessions: what the relay carries, what it refuses to carry, and how a ceremony ends."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from nacl.utils import random
from tests.support.scripted_signer import Device, Meeting, meeting
from tests.support.service_world import refusal

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import Approval, DeviceKey, Signature
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames import (
    AskStatus,
    CloseSession,
    Finished,
    OpenSession,
    Relay,
    SessionFailed,
    refusal_of,
)
from warifu.service.hub import session as session_module
from warifu.service.store.database import create_database

pytestmark = [pytest.mark.unit, pytest.mark.slow]

AUTHORIZATION = Authorization(
    b"request", (bytes(32),), (Approval(DeviceKey(bytes(32)), Signature(bytes(64))),)
)
NAMES = ("attic", "cellar", "office")


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "service", random(32))
    yield made
    made.close()


class Ceremony:
    """A session that runs, with all its devices."""

    def __init__(self, hall: Meeting, *, wanted: int = 1, timeout: float = 5, bad: bytes = b"bad") -> None:
        self.id = random(16)
        self.devices = list(hall.devices.values())
        self.entered: list[str] = []
        participants = tuple(sorted(device.identity for device in self.devices))
        openings = {
            identity: OpenSession(
                self.id,
                AUTHORIZATION,
                Envelope(identity, bytes(32), 0, bytes(32), bytes(272)),
                participants,
                b"",
            )
            for identity in participants
        }

        def judge(identity: bytes, result: bytes) -> None:
            if result.startswith(bad):
                raise InputRefused("result", "no result")

        self.running = asyncio.create_task(
            hall.hub.run_session(
                openings, wanted=wanted, judge=judge, entered=self.entered.append, timeout=timeout
            )
        )

    async def opened(self) -> "Ceremony":
        for device in self.devices:
            frame: Any = await device.hear()
            assert isinstance(frame, OpenSession)
            assert (frame.session, frame.envelope.identity) == (self.id, device.identity)
        return self


async def enter_all(hall: Meeting) -> tuple[Device, Device, Device]:
    for device in hall.devices.values():
        await hall.enter(device)
    attic, cellar, office = hall.devices.values()
    return attic, cellar, office


async def test_bodies_travel_with_their_senders_name(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await attic.say(Relay(ceremony.id, cellar.identity, b"sealed"))
        assert await cellar.hear() == Relay(ceremony.id, attic.identity, b"sealed")
        await cellar.say(Relay(ceremony.id, attic.identity, b"answer"))
        assert await attic.hear() == Relay(ceremony.id, cellar.identity, b"answer")
        assert ceremony.entered == ["attic", "cellar"]
        await attic.say(Finished(ceremony.id, b"result"))
        assert await ceremony.running == {attic.identity: b"result"}


async def test_any_one_result_ends_it_and_the_others_are_told(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, office = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await attic.say(Finished(ceremony.id, b"result"))
        await ceremony.running
        for device in (cellar, office):
            assert isinstance(await device.hear(), CloseSession)


async def test_all_results_are_waited_for_where_all_are_wanted(database):
    async with meeting(database, *NAMES) as hall:
        devices = await enter_all(hall)
        ceremony = await Ceremony(hall, wanted=3).opened()
        for number, device in enumerate(devices):
            assert not ceremony.running.done()
            await device.say(Finished(ceremony.id, b"%d" % number))
            await asyncio.sleep(0.01)
        assert len(await ceremony.running) == 3


async def test_one_device_does_not_count_twice(database):
    async with meeting(database, *NAMES) as hall:
        attic, *_ = await enter_all(hall)
        ceremony = await Ceremony(hall, wanted=3, timeout=0.2).opened()
        for _ in range(3):
            await attic.say(Finished(ceremony.id, b"result"))
        assert (await refusal(ceremony.running)).code == "session.timeout"


async def test_a_refusal_ends_it_for_all(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, office = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await cellar.say(SessionFailed(ceremony.id, refusal_of(PolicyDenied("limit", "too much"))))
        error = await refusal(ceremony.running)
        assert (error.code, error.message) == ("policy.limit", "too much")
        for device in (attic, office):
            frame = await device.hear()
            assert isinstance(frame, CloseSession) and "policy.limit" in frame.why


async def test_a_worthless_result_is_that_devices_alone(database):
    """Where any one result will do, a hostile device cannot spoil the honest one's."""
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await attic.say(Finished(ceremony.id, b"bad"))
        await asyncio.sleep(0.01)
        await cellar.say(Finished(ceremony.id, b"good"))
        assert await ceremony.running == {cellar.identity: b"good"}


async def test_nothing_but_worthless_results_names_the_last(database):
    async with meeting(database, "attic", "cellar") as hall:
        for device in hall.devices.values():
            await hall.enter(device)
        ceremony = await Ceremony(hall).opened()
        for device in hall.devices.values():
            await device.say(Finished(ceremony.id, b"bad"))
            await asyncio.sleep(0.01)
        error = await refusal(ceremony.running)
        assert (error.code, error.blame) == ("input.result", "cellar")


async def test_a_worthless_result_is_fatal_where_all_are_wanted(database):
    async with meeting(database, *NAMES) as hall:
        attic, *_ = await enter_all(hall)
        ceremony = await Ceremony(hall, wanted=3).opened()
        await attic.say(Finished(ceremony.id, b"bad"))
        assert (await refusal(ceremony.running)).blame == "attic"


async def test_a_lost_connection_ends_it_and_is_named(database):
    async with meeting(database, *NAMES) as hall:
        attic, *_ = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await attic.end.close()
        error = await refusal(ceremony.running)
        assert (error.code, error.blame) == ("session.device-left", "attic")


async def test_a_reconnected_device_is_not_in_the_session_any_more(database):
    """Its keys are gone; what it or somebody in its place says there comes from outside."""
    async with meeting(database, *NAMES) as hall:
        attic, *_ = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        await hall.enter(attic)
        assert (await refusal(ceremony.running)).code == "session.device-left"


async def test_silence_ends_it_and_the_silent_are_named(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        ceremony = await Ceremony(hall, timeout=2.0).opened()
        await attic.say(Relay(ceremony.id, cellar.identity, b"hello"))
        await cellar.say(Relay(ceremony.id, attic.identity, b"hello"))
        error = await refusal(ceremony.running)
        assert (error.code, error.blame) == ("session.timeout", "office")
        assert "office" in error.message and "attic" not in error.message


async def test_nothing_is_opened_where_a_device_is_missing(database):
    async with meeting(database, *NAMES) as hall:
        attic = await hall.enter(hall.devices["attic"])
        error = await refusal(Ceremony(hall).running)
        assert error.code == "service.device-offline"
        asked = asyncio.create_task(hall.hub.call(attic.identity, AskStatus))
        assert isinstance(await attic.hear(), AskStatus)  # and no OpenSession before it
        asked.cancel()


async def test_bodies_go_to_participants_only(database):
    async with meeting(database, *NAMES) as hall:
        attic, *_ = await enter_all(hall)
        outsider = Device("outsider")
        ceremony = await Ceremony(hall).opened()
        await attic.say(Relay(ceremony.id, outsider.identity, b"sealed"))
        error = await refusal(ceremony.running)
        assert (error.code, error.blame) == ("session.relay", "attic")


async def test_who_is_not_in_a_session_is_not_heard_in_it(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, office = await enter_all(hall)
        outsider = hall.devices.pop("office")
        ceremony = await Ceremony(hall).opened()
        await outsider.say(Relay(ceremony.id, attic.identity, b"forged"))
        await outsider.say(Finished(ceremony.id, b"forged"))
        await outsider.say(SessionFailed(ceremony.id, refusal_of(PolicyDenied("limit", "forged"))))
        await asyncio.sleep(0.02)
        assert not ceremony.running.done()
        await cellar.say(Finished(ceremony.id, b"genuine"))
        assert await ceremony.running == {cellar.identity: b"genuine"}
        assert isinstance(await attic.hear(), CloseSession)  # nothing forged before it
        hall.devices["office"] = office


async def test_sessions_do_not_mix(database):
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        one = await Ceremony(hall).opened()
        other = await Ceremony(hall).opened()
        await attic.say(Finished(one.id, b"one"))
        assert await one.running == {attic.identity: b"one"}
        assert not other.running.done()
        await cellar.say(Finished(other.id, b"other"))
        assert await other.running == {cellar.identity: b"other"}


async def test_words_in_an_unknown_session_are_passed_over(database):
    """A session may end while a device is still speaking in it."""
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        for frame in (Relay(random(16), cellar.identity, b"late"), Finished(random(16), b"late")):
            await attic.say(frame)
        await asyncio.sleep(0.02)
        assert hall.hub.connected(attic.identity)


async def test_what_one_session_carries_is_bounded(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session_module, "MAX_SESSION_BYTES", 1000)
    async with meeting(database, *NAMES) as hall:
        attic, cellar, _ = await enter_all(hall)
        ceremony = await Ceremony(hall).opened()
        for _ in range(3):
            await attic.say(Relay(ceremony.id, cellar.identity, bytes(400)))
        assert (await refusal(ceremony.running)).code == "session.relay"
