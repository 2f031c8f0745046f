"""A hostile service between devices and exchanges: it bends every byte, cuts, replays, redirects, mixes and waits.

Whatever it does: nothing is sent that was not authorized, nothing is sent twice, and where the exchange may have acted
the owner hears *unknown*.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.exchange_calls import Asked, as_it_is, exchange_call, prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_stand_in import ADVANCED, BINANCE
from tests.support.exchange_world import World
from tests.support.https_exchange import Authority, Exchange

from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.protocol.exchange_answers import AnswerKey
from warifu.protocol.frames import Carried, Finished, Relay, SessionFailed, TunnelEnded
from warifu.signer.exchanges import calling, calls, carrying, cosigning
from warifu.signer.sessions.messages import Nonces, Partials, Stamped

pytestmark = pytest.mark.real

COINBASE = Coinbase()
TIME, CALL = 0, 1


@pytest.fixture(scope="module")
def shared(shared_path: Path) -> Iterator[World]:
    made = World(shared_path)
    made.split()
    yield made
    made.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The same household for all: whatever was tried before, it goes on working."""
    shared.stand_in.orders.clear()
    shared.tunnels.opened.clear()
    shared.tunnels.outward = shared.tunnels.inward = as_it_is
    yield shared
    shared.tunnels.elsewhere = {}
    _compared(shared)


def _compared(world: World) -> None:
    """What the devices owe is of no interest here."""
    for name in world.home.names:
        for about in world.due(name):
            with world.home[name].device.store.transaction():
                world.home[name].device.calls.settle(about)


def an_order() -> Any:
    return COINBASE.place(order("coinbase", size=Decimal("0.0001")))


def on(tunnel: int, change: Callable[[bytes], list[bytes]], number: int = 0) -> Any:
    """Bend the ``number``-th frame of one tunnel and leave the others as they are; an empty piece ends it."""
    count = iter(range(1000))

    def bend(_name: str, frame: Carried) -> list[Carried | TunnelEnded]:
        if frame.tunnel != tunnel or next(count) != number:
            return [frame]
        return [
            Carried(frame.session, frame.tunnel, data) if data else TunnelEnded(frame.session, frame.tunnel)
            for data in change(frame.data)
        ]

    return bend


def flipped(data: bytes) -> list[bytes]:
    return [data[:-1] + bytes([data[-1] ^ 1])]


def cut(_data: bytes) -> list[bytes]:
    return [b""]


def half(data: bytes) -> list[bytes]:
    return [data[: len(data) // 2], b""]


def twice(data: bytes) -> list[bytes]:
    return [data, data]


BENT = (flipped, cut, half, twice)


# --- the tunnel


@pytest.mark.parametrize("change", BENT)
@pytest.mark.parametrize("tunnel", [TIME, CALL])
@pytest.mark.parametrize("direction", ["inward", "outward"])
def test_what_is_bent_of_the_handshake_means_that_nothing_happened(world, direction, tunnel, change):
    told = world.told(an_order(), **{direction: on(tunnel, change)})
    late = (
        direction == "outward" and change is twice
    )  # the exchange ends it, but maybe after it proved its name
    assert told.outcome in (("try-again", "unknown") if late else ("try-again",)) and told.answer is None
    assert world.stand_in.orders == []


@pytest.mark.parametrize("change", [flipped, cut, half])
def test_what_is_bent_of_the_answer_leaves_an_order_unknown(world, change):
    def inward(name: str, frame: Carried) -> Any:
        if frame.tunnel != CALL or not world.stand_in.orders:
            return [frame]
        return on(CALL, change)(name, frame)

    told = world.told(an_order(), inward=inward)
    assert (told.outcome, told.answer) == ("unknown", None)
    assert len(world.stand_in.orders) == 1


def test_a_request_that_is_repeated_on_its_way_is_made_once(world):
    told = world.told(an_order(), outward=on(CALL, twice, number=2))
    assert told.outcome in ("unknown", "done")
    assert len(world.stand_in.orders) <= 1


def test_another_host_in_the_exchanges_place_hears_nothing(world):
    world.tunnels.elsewhere = {ADVANCED: BINANCE}
    told = world.told(an_order())
    assert (told.outcome, told.reason) == ("try-again", "certificate")
    assert world.tunnels.opened == [("device0", ADVANCED)]


def test_a_host_with_a_certificate_of_its_own_hears_nothing(world, tmp_path):
    fake = Exchange(Authority(tmp_path, "Another authority").server_context(ADVANCED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.stand_in, "address", lambda _host: fake.address)
        told = world.told(an_order())
    fake.close()
    assert (told.outcome, told.reason, fake.heard) == ("try-again", "certificate", [])


def test_bytes_of_tunnels_that_nobody_opened_are_not_looked_at(world):
    noise: list[list[Any]] = []

    def inward(name: str, frame: Carried) -> list[Carried]:
        for other in (
            Carried(frame.session, 3, b"x"),
            Carried(random(16), frame.tunnel, b"x"),
            TunnelEnded(frame.session, 2),
        ):
            noise.append(world.home[name].send(other))
        noise.append(world.home["device1"].send(Carried(frame.session, frame.tunnel, frame.data)))
        return [frame]

    assert world.told(an_order(), inward=inward).outcome == "done"
    assert noise and not any(noise)


@pytest.mark.parametrize(("tunnel", "outcome", "seconds"), [(TIME, "try-again", 20), (CALL, "try-again", 20)])
def test_silence_has_an_end(world, tunnel, outcome, seconds):
    asked, finished = _silent(world, lambda _name, frame: [] if frame.tunnel == tunnel else [frame], seconds)
    told = asked.told(finished[0].result)
    assert (told.outcome, told.reason) == (outcome, "too-slow")
    assert world.stand_in.orders == []


def test_silence_after_an_order_left_leaves_it_unknown(world):
    def swallow(_name: str, frame: Carried) -> list[Carried]:
        return [] if frame.tunnel == CALL and world.stand_in.orders else [frame]

    asked, finished = _silent(world, swallow, 40)
    told = asked.told(finished[0].result)
    assert (told.outcome, told.reason) == ("unknown", "too-slow")
    assert len(world.stand_in.orders) == 1


def _silent(world: World, inward: Any, seconds: int) -> tuple[Asked, list[Finished]]:
    """The service keeps what comes from the exchange, and lets time pass."""
    asked = prepare(world.home, an_order())
    world.tunnels.inward = inward
    kept: list[Any] = []

    def waits() -> bool:
        if not _is_quiet(world):
            return False
        device = world.home["device0"]
        world.home.clock.pass_(seconds - 1)
        assert device.tick() == []
        world.home.clock.pass_(1)
        kept.extend(device.tick())
        return True

    run(world.home, asked.openings, world.tunnels, waits=waits)
    return asked, [frame for frame in kept if isinstance(frame, Finished)]


def _is_quiet(world: World, seconds: float = 0.3) -> bool:
    """Whether nothing is on its way through any tunnel, but what the service keeps."""
    if not world.tunnels._lines:
        return False
    lines = [line for _, line in world.tunnels._lines.values()]
    ready, _, _ = select.select(lines, [], [], seconds)
    return not ready


# --- sessions, parcels and participants


def test_a_parcel_is_for_one_device_one_request_and_once(world):
    asked = prepare(world.home, an_order())
    first, second = asked.openings["device0"], asked.openings["device1"]
    swapped = {
        "device0": msgspec.structs.replace(first, parcel=second.parcel),
        "device1": msgspec.structs.replace(second, parcel=first.parcel),
    }
    assert set(run(world.home, swapped, world.tunnels).codes.values()) == {"authorization.other-device"}
    other = prepare(world.home, COINBASE.balances())
    strange = {
        name: msgspec.structs.replace(opening, parcel=other.openings[name].parcel)
        for name, opening in asked.openings.items()
    }
    assert set(run(world.home, strange, world.tunnels).codes.values()) == {"authorization.other-envelope"}
    assert "device0" in run(world.home, asked.openings, world.tunnels).finished
    again = {
        name: msgspec.structs.replace(opening, session=bytes(16)) for name, opening in asked.openings.items()
    }
    outcome = run(world.home, again, world.tunnels)
    assert outcome.codes == {"device1": "authorization.call-made"}
    assert len(world.stand_in.orders) == 1


def test_a_device_that_is_told_another_call_than_the_owner_named_refuses(world):
    other = exchange_call(COINBASE.balances().unsigned)
    _, outcome = world.ask(an_order(), told={"device1": other})
    assert outcome.codes["device1"] == "input.call-differs"
    assert world.stand_in.orders == []


def test_participants_are_those_that_hold_the_key_with_the_carrier_among_them(world):
    home = world.home
    asked = prepare(home, an_order(), ["device0", "device1"], carrier="device2")
    assert set(run(home, asked.openings, world.tunnels).codes.values()) == {"input.participants"}
    alone = prepare(home, an_order(), ["device0"])
    assert run(home, alone.openings, world.tunnels).codes == {"device0": "input.too-few-participants"}
    asked = prepare(home, an_order(), ["device0", "device1", "device2"])
    fewer = tuple(sorted(home[name].identity for name in ("device0", "device1")))
    mixed = {
        name: msgspec.structs.replace(asked.openings[name], participants=fewer)
        if name != "device0"
        else asked.openings[name]
        for name in ("device0", "device1")
    }
    outcome = run(home, mixed, world.tunnels)
    assert not outcome.finished and world.stand_in.orders == []


def test_an_answer_key_that_nothing_can_be_sealed_to_is_found_before_anything_is_sent(world):
    asked = prepare(world.home, an_order(), reader=bytes(32))
    outcome = run(world.home, asked.openings, world.tunnels)
    assert set(outcome.codes.values()) == {"input.reader-key"}
    assert AnswerKey().public != bytes(32)


def test_a_device_that_was_restarted_in_between_signs_nothing(world):
    """The carrier is connected and waits for a share; its fellow has forgotten everything."""
    asked, ended = prepare(world.home, an_order()), list[Any]()

    def restarted(_sender: bytes, receiver: bytes, frame: Any) -> list[Any]:
        if receiver == world.home["device1"].identity and world.tunnels.opened:
            world.home["device1"].restart()
        return [(receiver, frame)]

    def waits() -> bool:
        if not _is_quiet(world):
            return False
        world.home.clock.pass_(120)
        ended.extend(world.home["device0"].tick())
        return True

    outcome = run(world.home, asked.openings, world.tunnels, restarted, waits=waits)
    assert not outcome.finished and world.stand_in.orders == []
    [failed] = [frame for frame in ended if isinstance(frame, SessionFailed)]
    assert failed.refusal.reason == "timeout" and failed.refusal.blame == "device1"
    assert failed.refusal.not_done == "Nothing was sent to the exchange."
    assert world.due("device1") == []


def test_once_it_is_sent_nothing_that_is_said_beside_it_keeps_its_answer_from_being_heard(world):
    asked, beside = prepare(world.home, an_order()), list[Any]()

    def waits() -> bool:
        carrier = world.home["device0"]
        if carrier.device.calls.started(asked.digest):
            session = asked.openings["device0"].session
            beside.append(carrier.send(Relay(session, world.home["device1"].identity, b"anything")))
        return False

    outcome = run(world.home, asked.openings, world.tunnels, waits=waits)
    assert beside and not any(beside)
    assert asked.told(outcome.finished["device0"]).outcome == "done"


@pytest.mark.parametrize("bend", ["flip", "drop", "twice", "swap"])
def test_whatever_is_bent_between_the_devices_the_order_is_made_once_or_not_at_all(world, bend):
    """Each message of the session in turn: the Hellos, the evidence, the stamp, the nonces, the share."""
    for number in range(7):
        world.stand_in.orders.clear()
        asked, count = prepare(world.home, an_order()), iter(range(1000))

        def tamper(_sender: bytes, receiver: bytes, frame: Any, count=count, number=number) -> list[Any]:
            if next(count) != number:
                return [(receiver, frame)]
            if bend == "drop":
                return []
            if bend == "twice":
                return [(receiver, frame), (receiver, frame)]
            body = frame.body[:-1] + bytes([frame.body[-1] ^ 1])
            other = msgspec.structs.replace(frame, body=body if bend == "flip" else bytes(len(body)))
            return [(receiver, other)]

        outcome = run(world.home, asked.openings, world.tunnels, tamper, waits=lambda: _is_quiet(world, 0.05))
        assert len(world.stand_in.orders) <= 1
        if world.stand_in.orders:  # then the carrier says so: what came later could not keep it from hearing
            assert asked.told(outcome.finished["device0"]).outcome == "done"
        _compared(world)


# --- a hostile device


@pytest.mark.parametrize("seconds", [-31, 31, 3600, 86_400 * 365])
def test_a_stamp_far_from_a_co_signers_clock_is_not_signed(world, monkeypatch, seconds):
    """A hostile carrier would have tokens for later, or play an old one back."""
    honest = carrying.Carrying._there

    def there(self: Any) -> Any:
        return max(0, honest(self) + 1000 * seconds)

    monkeypatch.setattr(carrying.Carrying, "_there", there)
    monkeypatch.setattr(calling, "TOLERANCE", 10**9)
    monkeypatch.setattr(calls, "is_near", lambda said, now: abs(said - 1000 * now) <= 30_000)
    _, outcome = world.ask(an_order())
    assert outcome.codes["device1"] == "session.clock"
    assert world.stand_in.orders == [] and world.due("device1") == []


def test_a_share_that_is_none_is_found_before_anything_is_sent(world, monkeypatch):
    honest = cosigning.Cosigning._say

    def forged(self: Any, peer: bytes, message: Any) -> Any:
        if isinstance(message, Partials):
            message = Partials((bytes(31) + b"\1",))
        return honest(self, peer, message)

    monkeypatch.setattr(cosigning.Cosigning, "_say", forged)
    _, outcome = world.ask(an_order())
    assert outcome.codes["device0"] == "peer.signature-share"
    assert outcome.failed["device0"].blame == "device1"
    assert world.stand_in.orders == []


@pytest.mark.parametrize(
    "message",
    [Partials((bytes(32),)), Nonces((bytes(64),)), Stamped(0, bytes(32), bytes(64), None)],
    ids=["partials", "nonces", "stamped"],
)
def test_a_co_signer_that_speaks_out_of_turn_is_named(world, monkeypatch, message):
    honest = cosigning.Cosigning._met

    def early(self: Any) -> list[Any]:
        return [*honest(self), self._say(self._signers.carrier, message)]

    monkeypatch.setattr(cosigning.Cosigning, "_met", early)
    _, outcome = world.ask(an_order())
    assert outcome.codes["device0"] == "peer.out-of-turn"
    assert outcome.failed["device0"].blame == "device1"
    assert world.stand_in.orders == []


def test_devices_with_credentials_of_two_accounts_do_not_sign_together(world, monkeypatch):
    honest = calls.seen_digest
    ours = world.home["device1"].identity

    def other(account: Any, call: bytes) -> bytes:
        said = honest(account, call)
        return said if account.key.participant != account.account.holders.index(ours) else bytes(32)

    monkeypatch.setattr(calls, "seen_digest", other)
    _, outcome = world.ask(an_order())
    assert set(outcome.codes.values()) == {"peer.call-differs"}
    assert world.stand_in.requests[-1].method != "POST" or world.stand_in.orders == []


def test_the_partial_signatures_go_to_the_carrier_alone(world):
    """With all shares a third device would have a token of its own."""
    heard: dict[str, list[str]] = {}
    honest = calling.Calling._say

    def noted(self: Any, peer: bytes, message: Any) -> Any:
        heard.setdefault(type(message).__name__, []).append(world.home.name_of(peer))
        return honest(self, peer, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calling.Calling, "_say", noted)
        assert world.told(an_order(), ("device0", "device1", "device2")).outcome == "done"
    assert heard["Partials"] == ["device0", "device0"]
    assert sorted(heard["Stamped"]) == ["device1", "device2"]


def test_the_household_still_works(world):
    assert world.told(an_order()).outcome == "done"
