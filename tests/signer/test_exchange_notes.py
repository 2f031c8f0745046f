"""What calls give away is told to the wallet's other devices, by devices alone, and counts there as well."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.exchange_calls import exchange_call, prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_world import World

from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.protocol.encoding import encode
from warifu.protocol.events.transfers import Noted
from warifu.protocol.frames import AskNotes, NotesAnswer, TakeNotes
from warifu.protocol.identity import IdentityKey
from warifu.protocol.notes import Called, Note, write_note
from warifu.signer.exchanges.judging import catch_up

pytestmark = pytest.mark.real

COINBASE = Coinbase()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.split()
    yield made
    made.close()


def order_of(dollars: int) -> Any:
    """The policy lets 50,000 go in a day, and 20,000 at once."""
    wanted = replace(order("coinbase"), client_id=str(uuid.uuid4()), size=Decimal(1), price=Decimal(dollars))
    return COINBASE.place(wanted)


def settle(world: World) -> None:
    for name in world.home.names:
        for about in world.due(name):
            partner = next(each for each in world.home.names if each != name)
            assert world.compare(about, name, (name, partner)).outcome == "done"


def notes_of(world: World, name: str) -> list[Note]:
    device = world.home[name].device
    return [note for note in device.notes.after(world.wallet, None)[1] if isinstance(note.body, Called)]


def test_a_device_hears_in_the_next_session_what_it_took_no_part_in(world):
    for _ in range(2):
        world.told(order_of(20_000), ("device0", "device1"))
        settle(world)
    # device2 signed none of it; device0 tells it in the very session in which it would sign.
    assert world.refused(order_of(20_000), ("device0", "device2"))["device0"] == "policy.window-limit"
    world.told(COINBASE.balances(), ("device0", "device2"))
    asked = prepare(world.home, order_of(20_000), ("device1", "device2"), carrier="device2")
    [failed] = world.home["device2"].send(asked.openings["device2"])
    assert failed.refusal.reason == "window-limit"


def test_it_counts_until_it_cannot_be_made_any_more_and_its_window_has_passed(world):
    world.told(order_of(20_000), ("device0", "device1"))
    assert _spent(world, "device2") == 0
    world.told(COINBASE.balances(), ("device1", "device2"), carrier="device1")
    device = world.home["device2"].device
    assert [event for _, event in device.journal.entries() if isinstance(event, Noted)]
    assert _spent(world, "device2") == 2_000_000
    world.home.clock.pass_(24 * 3600)
    assert _spent(world, "device2") == 2_000_000  # its request expires after ten minutes
    world.home.clock.pass_(601)
    assert _spent(world, "device2") == 0


def test_the_service_gets_no_note_of_a_call(world):
    """Who carries notes for devices that sleep would read in them what was asked."""
    world.told(order_of(20_000))
    assert len(notes_of(world, "device0")) == 1
    answer = world.home["device0"].call(AskNotes(5, world.wallet, None), NotesAnswer)
    assert answer.notes == ()


def test_a_call_that_a_device_was_told_of_and_then_signs_itself_counts_once(world):
    asked = prepare(world.home, order_of(20_000), ("device0", "device1", "device2"))
    body = Called(asked.openings["device0"].authorization, asked.contents["device0"])
    note = write_note(world.home["device0"].device.identity, world.wallet, 1, body)
    assert world.home["device2"].send(TakeNotes(6, world.wallet, (note,)))[0].answer == b""
    outcome = run(world.home, asked.openings, world.tunnels)
    assert set(outcome.finished) == {"device0", "device1", "device2"}
    assert _spent(world, "device2") == _spent(world, "device1") == 2_000_000


@pytest.mark.parametrize("fewer", [{"limits": ()}, {"exchange": "binance"}])
def test_a_call_that_no_rule_was_for_when_it_was_told_counts_when_it_is_signed(world, fewer):
    """Somebody tells of it before the rules that allow it are in force: it must not be free then."""
    asked = prepare(world.home, order_of(20_000), ("device0", "device1", "device2"))
    body = Called(asked.openings["device0"].authorization, asked.contents["device0"])
    note = write_note(world.home["device0"].device.identity, world.wallet, 1, body)
    device = world.home["device2"].device
    now, later = device.rules.of(world.wallet), device.clock.now()
    (coinbase,) = (each for each in now.policy.exchanges if each.exchange == "coinbase")
    exchanges = (msgspec.structs.replace(coinbase, **fewer),)
    before = msgspec.structs.replace(now, policy=msgspec.structs.replace(now.policy, exchanges=exchanges))
    with device.store.transaction():
        device.rules.put(world.wallet, before, later)
    assert world.home["device2"].send(TakeNotes(6, world.wallet, (note,)))[0].answer == b""
    catch_up(device, device.wallets.born(world.wallet))
    with device.store.transaction():
        device.rules.put(world.wallet, now, later)
    outcome = run(world.home, asked.openings, world.tunnels)
    assert set(outcome.finished) == {"device0", "device1", "device2"}
    assert _spent(world, "device2") == 2_000_000


def test_nobody_invents_a_call(world):
    asked = prepare(world.home, order_of(20_000))
    authorization = asked.openings["device0"].authorization
    maker, device = world.home["device0"].device.identity, world.home["device2"]
    dearer = encode(exchange_call(order_of(1).unsigned))
    for body in (Called(authorization, dearer), Called(authorization, b"\x90")):
        refused = device.send(TakeNotes(6, world.wallet, (write_note(maker, world.wallet, 1, body),)))[0]
        assert refused.refusal.reason in ("note", "malformed")
    dry = prepare(world.home, order_of(20_000), ["device0"], carrier="")
    body = Called(dry.openings["device0"].authorization, dry.contents["device0"])
    refused = device.send(TakeNotes(6, world.wallet, (write_note(maker, world.wallet, 1, body),)))[0]
    assert refused.refusal.reason == "note"  # what an owner only wondered about was not made
    honest = Called(authorization, asked.contents["device0"])
    note = write_note(IdentityKey.generate(), world.wallet, 1, honest)
    assert (
        device.send(TakeNotes(6, world.wallet, (note,)))[0].answer == b""
    )  # of no device of the wallet: left aside
    assert device.device.calls.unread(world.wallet) == []
    unsigned = msgspec.structs.replace(write_note(maker, world.wallet, 1, honest), signature=bytes(64))
    assert device.send(TakeNotes(6, world.wallet, (unsigned,)))[0].refusal.reason == "signature"


def _spent(world: World, name: str) -> int:
    device = world.home[name].device
    rules = device.rules.of(world.wallet).policy.rules_at("coinbase")
    assert rules is not None
    return device.calls.spent(world.wallet, "coinbase", rules.limits, device.clock.now())[24]["USD"]
