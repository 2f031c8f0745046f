"""What owners are told of comparisons, and what they say of them: settled by their own eyes; who carries no more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.carriers import TakesOver, body, hostile_carriers
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.instructing import Owner
from tests.support.simulator import PASSPHRASE

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied
from warifu.exchanges.attempt import SETTLE
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.events.exchanges import CallCompared, CarrierAllowed, CarrierBanned, ComparisonSettled
from warifu.protocol.exchange_answers import AnswerKey, SealedAnswer
from warifu.protocol.exchange_comparisons import Comparisons, open_comparisons
from warifu.protocol.exchange_requests import CarrierBanRequest, ComparisonsRequest, SettleRequest
from warifu.protocol.frames import AskComparisons, Instructed
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import request_digest

pytestmark = pytest.mark.real

COINBASE = Coinbase()
DEAD = 120 + SETTLE // 1000 + 2


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.split()
    yield made
    made.close()


@pytest.fixture
def takes_over(monkeypatch) -> TakesOver:
    return hostile_carriers(monkeypatch)


def an_order(**other: Any) -> Call[Any]:
    return COINBASE.place(replace(order("coinbase", **other), client_id=str(uuid.uuid4())))


def ask(world: World, name: str, reader: AnswerKey | None = None) -> Comparisons:
    """What the device tells its owner."""
    key, now = reader or AnswerKey(), world.home.clock()
    request = ComparisonsRequest(random(16), world.wallet, key.public, now, now + 600)
    frame = AskComparisons(7, world.home.authorized_alone(request))
    sealed = world.home[name].call(frame, SealedAnswer)
    return open_comparisons(key, sealed, request_digest(request), world.home[name].identity)


def settling(world: World, *about: bytes, account: str = "main") -> SettleRequest:
    now = world.home.clock()
    return SettleRequest(random(16), world.wallet, account, tuple(sorted(about)), now, now + 3600)


def banning(world: World, name: str, *, lifted: bool = False) -> CarrierBanRequest:
    now = world.home.clock()
    return CarrierBanRequest(random(16), world.wallet, world.home[name].identity, lifted, now, now + 3600)


def entries(world: World, name: str, kind: type) -> list[Any]:
    return [event for _, event in world.home[name].device.journal.entries() if isinstance(event, kind)]


# --- told


def test_an_owner_is_told_what_is_owed_and_by_whom_it_was_carried(world):
    asked, _ = world.ask(an_order())
    [shown] = ask(world, "device1").shown
    assert (shown.about, shown.account, shown.state) == (asked.digest, "main", "owed")
    assert shown.carrier == world.home["device0"].identity
    assert "USD" in shown.asked and "BTC-USD" in shown.asked and shown.words == ()
    assert ask(world, "device0").shown == ()
    world.compare(asked.digest)
    [shown] = ask(world, "device1").shown
    assert shown.state == "found"
    world.home.clock.pass_(DEAD)
    world.compare(asked.digest)
    assert ask(world, "device1").shown == ()


def test_what_differs_is_told_in_words_to_the_owner_and_not_in_the_reason_of_the_freeze(world, takes_over):
    takes_over(world.home["device0"].identity, body(base_size="50"))
    asked, _ = world.ask(an_order())
    world.compare(asked.digest)
    [shown] = ask(world, "device1").shown
    assert (shown.state, shown.words) == ("differs", ("size: 50 (signed for: 0.5)",))
    [event] = entries(world, "device1", CallCompared)
    assert event.words == shown.words
    reason = world.home["device1"].device.rules.frozen(world.wallet)
    assert "50" not in reason and "exchange compare" in reason


def test_a_stranger_is_told_with_what_it_is(world):
    asked, _ = world.ask(an_order())
    world.compare(asked.digest)
    orders = world.stand_in.orders
    orders.append(orders[0] | {"client_order_id": "by-hand", "side": "SELL"})
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "differs"
    [shown] = ask(world, "device1").shown
    assert shown.words == ("not signed for here: SELL 0.5 BTC-USD at 20000.01",)


def test_nobody_but_an_owner_is_told_and_nobody_but_the_reader_reads_it(world):
    world.ask(an_order())
    key, now = AnswerKey(), world.home.clock()
    request = ComparisonsRequest(random(16), world.wallet, key.public, now, now + 600)
    good = world.home.authorized_alone(request)
    sealed = world.home["device1"].call(AskComparisons(7, good), SealedAnswer)
    with pytest.raises(InputRefused):
        open_comparisons(AnswerKey(), sealed, request_digest(request), world.home["device1"].identity)
    with pytest.raises(InputRefused):  # in another device's name
        open_comparisons(key, sealed, request_digest(request), world.home["device2"].identity)
    stranger = Owner(world.home).yes(request, key=IdentityKey.generate())  # type: ignore[arg-type]
    with pytest.raises(AuthorizationRefused):
        world.home["device1"].call(AskComparisons(7, stranger), SealedAnswer)
    world.home.clock.pass_(3600)
    with pytest.raises(AuthorizationRefused):
        world.home["device1"].call(AskComparisons(7, good), SealedAnswer)


# --- settled by an owner


def test_what_cannot_be_compared_is_settled_by_an_owner_who_looked(world):
    asked, _ = world.ask(an_order())
    world.home.clock.pass_(DEAD)
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n{}"] if "historical" in request.path else pieces
    )
    assert world.compare(asked.digest).outcome == "unanswered"
    assert world.refused(an_order())["device1"] == "policy.comparison-due"
    Owner(world.home).tell_all(settling(world, asked.digest))
    assert world.due("device1") == []
    [event] = entries(world, "device1", ComparisonSettled)
    assert (event.about, event.account, event.differed) == (asked.digest, "main", False)
    assert entries(world, "device0", ComparisonSettled) == []
    assert world.told(an_order()).outcome == "done"
    world.home["device1"].restart()
    assert asked.digest not in world.due("device1")


def test_while_its_signature_is_good_nothing_is_settled(world):
    asked, _ = world.ask(an_order())
    owner = Owner(world.home)
    with pytest.raises(PolicyDenied) as caught:
        owner.tell("device1", settling(world, asked.digest))
    wait = caught.value.retry_after
    assert caught.value.code == "policy.too-early" and wait is not None and 0 < wait <= DEAD
    assert world.due("device1") == [asked.digest]
    world.home.clock.pass_(wait)
    owner.tell("device1", settling(world, asked.digest))
    assert world.due("device1") == []


def test_a_word_is_about_the_calls_and_the_account_that_it_names(world):
    asked, _ = world.ask(an_order())
    world.home.clock.pass_(DEAD)
    Owner(world.home).tell("device1", settling(world, random(32)))
    Owner(world.home).tell("device1", settling(world, asked.digest, account="other"))
    assert world.due("device1") == [asked.digest]


def test_the_same_word_again_settles_nothing_new(world):
    owner, request = Owner(world.home), None
    asked, _ = world.ask(an_order())
    world.home.clock.pass_(DEAD)
    request = settling(world, asked.digest)
    frame = owner.frame("device1", request)
    for _ in range(2):
        world.home["device1"].call(frame, Instructed)
    assert len(entries(world, "device1", ComparisonSettled)) == 1


def test_an_order_by_hand_froze_the_wallet_and_its_owner_has_a_way_out(world):
    """Both co-signers' windows see the order that he placed himself: he settles all calls, then unfreezes."""
    first, _ = world.ask(an_order())
    world.compare(first.digest)
    second, _ = world.ask(an_order(), ("device0", "device2"))
    orders = world.stand_in.orders
    orders.append(orders[0] | {"client_order_id": "by-hand"})
    world.home.clock.pass_(DEAD)
    assert world.compare(first.digest).outcome == "differs"
    world.home.carry("device1", "device2")
    world.home.carry("device1", "device0")
    assert world.frozen() == {"device0", "device1", "device2"}
    open_calls = {shown.about for name in world.home.names for shown in ask(world, name).shown}
    assert open_calls == {first.digest, second.digest}
    owner = Owner(world.home)
    owner.tell_all(settling(world, *open_calls))
    owner.tell_all(owner.unfreeze(), PASSPHRASE)
    world.home.clock.pass_(owner.rules.policy.loosening_delay + 1)
    assert world.told(an_order(), ("device1", "device2"), carrier="device1").outcome == "done"
    assert all(ask(world, name).shown == () for name in ("device0", "device1"))
    assert world.frozen() == set()


def test_it_takes_as_many_owners_as_a_call(tmp_path):
    second = IdentityKey.generate()
    world = World(tmp_path, others=(DeviceKey(second.public),), approvals_needed=2)
    try:
        owner = Owner(world.home)
        world.split(lambda request: [approve_request(approver(second), request)])
        lifted, settled = banning(world, "device0", lifted=True), settling(world, random(32))
        for request in (lifted, settled):
            assert owner.refused("device1", request) == "policy.approvals"
            owner.tell("device1", request, further=[approve_request(approver(second), request)])
        owner.tell("device1", msgspec.structs.replace(banning(world, "device2"), created=world.home.clock()))
        assert ask(world, "device1").bans == (world.home["device2"].identity,)
    finally:
        world.close()


# --- who carries no more


def test_a_device_that_an_owner_banned_carries_nothing_for_those_who_heard_it(world):
    owner = Owner(world.home)
    owner.tell_all(banning(world, "device0"))
    for call in (an_order(), COINBASE.balances()):
        assert world.refused(call)["device1"] == "policy.carrier"
    assert world.told(an_order(), carrier="device1").outcome == "done"  # it signs for what others carry
    assert owner.status("device1").carrier_bans == (world.home["device0"].identity,)
    assert ask(world, "device2").bans == (world.home["device0"].identity,)
    [event] = entries(world, "device2", CarrierBanned)
    assert event.device == world.home["device0"].identity
    world.home["device1"].restart()
    assert world.refused(COINBASE.balances())["device1"] == "policy.carrier"


def test_what_one_device_says_of_another_bans_nobody(world, takes_over):
    """It found a carrier out, the wallet is frozen everywhere, and the others do not know by whom: a hostile device
    would have honest ones banned."""
    takes_over(world.home["device0"].identity, body(base_size="50"))
    asked, _ = world.ask(an_order())
    world.compare(asked.digest)
    world.home.carry("device1", "device2")
    assert "device2" in world.frozen()
    assert ask(world, "device2").shown == () and ask(world, "device2").bans == ()


def test_a_ban_ends_by_a_later_word_alone(world):
    owner = Owner(world.home)
    end = banning(world, "device0", lifted=True)
    world.home.clock.pass_(1)
    ban = banning(world, "device0")
    owner.tell("device1", ban)
    assert owner.refused("device1", end) == "authorization.replayed"  # held back by the service until now
    assert world.refused(COINBASE.balances())["device1"] == "policy.carrier"
    world.home.clock.pass_(1)
    owner.tell("device1", banning(world, "device0", lifted=True))
    assert world.told(COINBASE.balances()).outcome == "done"
    owner.tell("device1", ban)  # which is done, and done once
    assert world.told(COINBASE.balances()).outcome == "done"
    assert len(entries(world, "device1", CarrierAllowed)) == 1


def test_a_ban_is_of_a_device_of_the_wallet(world):
    now = world.home.clock()
    stranger = CarrierBanRequest(random(16), world.wallet, random(32), False, now, now + 600)
    assert Owner(world.home).refused("device1", stranger) == "input.unknown-device"


def test_a_ban_that_comes_while_a_call_is_made_keeps_the_share_back(world):
    """The carrier is banned after the devices met, and before this one's share leaves."""
    owner, banned = Owner(world.home), banning(world, "device0")
    frame = owner.frame("device1", banned)

    def late(sender: bytes, receiver: bytes, relayed: Any) -> list[Any]:
        if not owner.status("device1").carrier_bans:
            world.home["device1"].call(frame, Instructed)
        return [(receiver, relayed)]

    _, outcome = world.ask(an_order(size=Decimal("0.1")), tamper=late)
    assert outcome.codes["device1"] == "policy.carrier" and world.stand_in.orders == []
