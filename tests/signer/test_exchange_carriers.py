"""A hostile carrier of a CDP key's request: what it can do, and who finds it out.

A JWT says method and path. The carrier here is a device that was taken over: it sends another body under a token that
its fellows signed for an honest one, and the exchange takes it.
"""

from __future__ import annotations

import json
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
from tests.support.exchange_accounts import remove
from tests.support.exchange_calls import compare, exchange_call, prepare, run
from tests.support.exchange_days import UUID, order, withdrawal
from tests.support.exchange_world import World
from tests.support.simulator import FRIEND, THIEF

from warifu.errors import PolicyDenied, SessionAborted
from warifu.exchanges.attempt import SETTLE
from warifu.exchanges.coinbase import advanced, app, fiat
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.market import Order
from warifu.protocol.encoding import decode
from warifu.protocol.events.exchanges import CallCompared
from warifu.protocol.exchange_answers import MAX_DUE
from warifu.protocol.exchange_requests import ExchangeCall
from warifu.protocol.frames import TakeNotes
from warifu.protocol.notes import Called, write_note
from warifu.protocol.rules import Rules
from warifu.signer.exchanges import calling, carrying, comparing
from warifu.signer.exchanges.book import LOOKS_PER_HOUR, Made
from warifu.signer.exchanges.judging import require_looked_after

pytestmark = pytest.mark.real

COINBASE = Coinbase()
DEAD = 120 + SETTLE // 1000 + 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.split()
    yield made
    made.close()


@pytest.fixture
def takes_over(monkeypatch) -> TakesOver:
    return hostile_carriers(monkeypatch)


def an_order(**other: Any) -> Order:
    return replace(order("coinbase", **other), client_id=str(uuid.uuid4()))


# --- honest days


def test_who_signed_an_order_and_did_not_carry_it_looks_afterwards(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    assert (world.due("device0"), world.due("device1"), world.due("device2")) == ([], [asked.digest], [])
    [account] = world.home["device1"].status().accounts
    assert account.due == (asked.digest,)
    assert world.compare(asked.digest).outcome == "done"
    assert world.due("device1") == [] and world.frozen() == set()
    world.home.clock.pass_(DEAD)
    assert world.due("device1") == [asked.digest]  # nobody can send anything else by its token any more
    assert world.compare(asked.digest).outcome == "done"
    assert world.due("device1") == [] and world.frozen() == set()
    assert world.home["device1"].kinds().count("call-compared") == 1


def test_a_device_that_has_not_compared_signs_nothing_more_that_gives_something_away(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    assert world.refused(COINBASE.place(an_order()))["device1"] == "policy.comparison-due"
    assert world.refused(COINBASE.place(an_order()), carrier="device1")["device1"] == "policy.comparison-due"
    assert world.told(COINBASE.balances()).outcome == "done"  # it reads ..
    cancel = advanced.orders.CancelOrders(order_ids=("28",))
    call = advanced.api().call(advanced.orders.CANCEL_ORDERS, cancel)
    assert world.told(call).outcome == "done"  # .. and takes back
    world.home["device1"].restart()
    assert world.due("device1") == [asked.digest]
    assert world.told(COINBASE.place(an_order()), ("device0", "device2")).outcome == "done"
    world.compare(asked.digest)
    assert world.told(COINBASE.place(an_order())).outcome == "done"


def test_a_withdrawal_is_looked_for_as_an_order_is(world):
    asked, outcome = world.ask(COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND)))
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert world.compare(asked.digest).outcome == "done"


def test_all_co_signers_look_each_for_itself(world):
    names = ("device0", "device1", "device2")
    asked, _ = world.ask(COINBASE.place(an_order()), names)
    for name, with_whom in (("device1", ("device1", "device2")), ("device2", ("device0", "device2"))):
        assert world.due(name) == [asked.digest]
        assert world.compare(asked.digest, name, with_whom).outcome == "done"


@pytest.mark.parametrize(
    "kind",
    [
        {"kind": "market", "size": None, "price": None, "funds": Decimal(100)},
        {"lifetime": "immediate"},
        {"lifetime": "whole-or-none"},
        {"post_only": True},
        {"kind": "stop-limit", "stop_price": Decimal("20001"), "rising": True},
    ],
)
def test_orders_of_every_kind_that_there_is_here_can_be_compared(world, kind):
    asked, outcome = world.ask(COINBASE.place(an_order(**kind)))
    assert "device0" in outcome.finished, outcome.codes
    assert world.compare(asked.digest).outcome == "done"


def test_who_removes_an_account_and_adds_it_again_still_owes_what_it_signed(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.home.clock.pass_(1)
    remove(world.home, world.home.names)
    assert compare(world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels).codes == {
        "device1": "input.unknown-account",
        "device2": "input.unknown-account",
    }
    world.home.clock.pass_(1)
    world.split()
    assert world.refused(COINBASE.place(an_order()))["device1"] == "policy.comparison-due"
    assert world.compare(asked.digest).outcome == "done"


def test_who_owes_many_comparisons_tells_of_as_many_as_there_is_room_for(world):
    """A device that was away after a busy hour: what it says of itself can be read, and the others follow."""
    asked = prepare(world.home, COINBASE.place(an_order()))
    call, device = decode(ExchangeCall, asked.contents["device1"], 2**16), world.home["device1"].device
    with device.store.transaction():
        for number in range(MAX_DUE + 5):
            device.calls.remember(
                Made(random(32), world.wallet, "main", call, number, 0, random(32)), owed=True
            )
    [account] = world.home["device1"].status().accounts
    assert len(world.due("device1")) == MAX_DUE + 5
    assert list(account.due) == world.due("device1")[:MAX_DUE]


# --- the carrier lies


@pytest.mark.parametrize("changes", [{"base_size": "50"}, {"limit_price": "1.00"}, {"side": "SELL"}])
def test_a_carrier_that_changes_an_order_under_a_valid_token_freezes_the_wallet(world, takes_over, changes):
    takes_over(world.home["device0"].identity, body(**changes))
    asked, outcome = world.ask(COINBASE.place(an_order()))
    assert asked.told(outcome.finished["device0"]).outcome == "done"  # and says that all is well
    assert len(world.stand_in.orders) == 1  # the exchange believed the token
    assert world.compare(asked.digest).outcome == "differs"
    assert world.frozen() == {"device1"}
    [event] = [e for _, e in world.home["device1"].device.journal.entries() if isinstance(e, CallCompared)]
    assert event.outcome == "differs" and event.differs
    assert world.refused(COINBASE.balances())["device1"] == "policy.frozen-wallet"


@pytest.mark.parametrize(
    "changes",
    [
        {"product_id": "BIT-28JUL23-CDE"},  # a future: no pair of two currencies
        {"order_configuration": {"market_market_ioc": {"base_size": "0.5"}}},
        {"order_configuration": {"trigger_bracket_gtc": {"base_size": "0.5", "limit_price": "20000.01"}}},
        {"order_configuration": {"sor_limit_ioc": {"base_size": "0.5", "limit_price": "20000.01"}}},
        {"post_only": True},
        {"attached_order_id": "29"},  # what it leaves at the exchange once it is filled
        {"filled_size": "0.6"},
    ],
)
def test_a_carrier_that_makes_another_kind_of_order_under_the_same_identifier_is_found_out(
    world, takes_over, changes
):
    """Not that something is too little said, and the comparison owed for ever: nor may what nobody here trades end the
    device's other sessions."""
    takes_over(world.home["device0"].identity, body(**changes))
    asked, _ = world.ask(COINBASE.place(an_order()))
    assert world.compare(asked.digest).outcome == "differs"
    assert world.frozen() == {"device1"}


@pytest.mark.parametrize("rising", [True, False])
def test_a_carrier_that_turns_a_stop_round_is_found_out(world, takes_over, rising):
    """What was to limit a loss would be made at once."""
    stop = an_order(kind="stop-limit", stop_price=Decimal("20001"), rising=rising)

    def turned(request):
        said = json.loads(request.body)
        [configured] = said["order_configuration"].values()
        configured["stop_direction"] = f"STOP_DIRECTION_STOP_{'DOWN' if rising else 'UP'}"
        return replace(request, body=json.dumps(said).encode())

    takes_over(world.home["device0"].identity, turned)
    asked, _ = world.ask(COINBASE.place(stop))
    assert world.compare(asked.digest).outcome == "differs"


@pytest.mark.parametrize("call", ["order", "withdrawal"])
def test_a_word_for_a_state_that_nobody_here_knows_keeps_nothing_from_being_compared(world, call):
    """What was signed for is in the answer, and in what state it is has nothing to do with that."""
    made = an_order() if call == "order" else replace(withdrawal("coinbase"), address=FRIEND)
    asked, _ = world.ask(COINBASE.place(made) if isinstance(made, Order) else COINBASE.withdraw(made))
    world.stand_in.spoil = lambda _request, pieces: [
        piece.replace(b'"status": "OPEN"', b'"status": "NEWS"').replace(b"completed", b"somewhere")
        for piece in pieces
    ]
    assert world.compare(asked.digest).outcome == "done"


def test_the_other_devices_hear_of_the_freeze_and_the_service_not_of_what(world, takes_over):
    takes_over(world.home["device0"].identity, body(base_size="50"))
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.compare(asked.digest)
    world.home.carry("device1", "device2")
    world.home.carry("device1", "device0")
    assert world.frozen() == {"device0", "device1", "device2"}
    reason = world.home["device2"].device.rules.frozen(world.wallet)
    assert "BTC" not in reason and "50" not in reason


def test_a_carrier_that_sends_as_much_of_something_else_is_found_out(world, takes_over):
    takes_over(world.home["device0"].identity, body(currency="ETH"))
    asked, _ = world.ask(COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND)))
    assert world.stand_in.sends[0]["currency"] == "ETH"
    assert world.compare(asked.digest).outcome == "differs"


def test_a_carrier_that_sends_a_withdrawal_elsewhere_is_found_out(world, takes_over):
    takes_over(world.home["device0"].identity, body(to=THIEF))
    asked, _ = world.ask(COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND)))
    assert world.stand_in.sends[0]["to"] == THIEF
    assert world.compare(asked.digest).outcome == "differs"


@pytest.mark.parametrize("name", ["client_order_id", "idem"])
def test_a_carrier_that_changes_the_identifier_too_is_found_out(world, takes_over, name):
    """Under the identifier that all know there is nothing; but something is there that nobody signed for."""
    stolen = {name: str(uuid.uuid4())}
    stolen |= {"base_size": "50"} if name == "client_order_id" else {"to": THIEF}
    takes_over(world.home["device0"].identity, body(**stolen))
    call = (
        COINBASE.place(an_order())
        if name == "client_order_id"
        else COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND))
    )
    asked, _ = world.ask(call)
    assert world.compare(asked.digest).reason == "too-early"  # what arrived may not be shown yet
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "differs"
    assert "device1" in world.frozen()


@pytest.mark.parametrize("name", ["client_order_id", "idem"])
def test_a_carrier_that_uses_a_token_twice_is_found_out(world, name):
    """The call is made as it was signed, and under the same token another one, which nobody signed for."""
    call = (
        COINBASE.place(an_order())
        if name == "client_order_id"
        else COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND))
    )
    asked, _ = world.ask(call)
    assert world.compare(asked.digest).outcome == "done"
    assert world.due("device1") == []  # the next one may be signed
    made = world.stand_in.orders if name == "client_order_id" else world.stand_in.sends
    made.append(made[0] | {name: str(uuid.uuid4())})
    world.home.clock.pass_(DEAD)
    assert world.due("device1") == [asked.digest]
    assert world.refused(COINBASE.place(an_order()))["device1"] == "policy.comparison-due"
    assert world.compare(asked.digest).outcome == "differs"
    assert "device1" in world.frozen()


def test_what_was_found_is_looked_at_once_more_when_its_token_is_dead(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    early = world.compare(asked.digest)
    assert (early.outcome, early.reason) == ("done", "too-early") and 0 < early.retry_after <= DEAD
    world.told(COINBASE.place(an_order()))  # which is no stranger
    world.home["device1"].restart()
    world.home.clock.pass_(early.retry_after)
    late = world.compare(asked.digest)
    assert (late.outcome, late.reason, late.retry_after) == ("done", "", 0)
    assert world.frozen() == set() and asked.digest not in world.due("device1")
    assert world.home["device1"].kinds().count("call-compared") == 1


def test_a_stamp_that_is_ahead_of_the_exchange_hides_nothing(world, takes_over, monkeypatch):
    """The carrier stamps as late as its fellows let pass, and the exchange is lenient with tokens of the future."""
    there, carrier = carrying.Carrying._there, world.home["device0"].identity
    ahead = 1000 * (calling.TOLERANCE - 1)
    monkeypatch.setattr(
        carrying.Carrying,
        "_there",
        lambda self: there(self) + (ahead if self.seat.key.public == carrier else 0),
    )
    monkeypatch.setattr(type(world.stand_in), "_is_genuine", lambda *_request: True)
    takes_over(carrier, body(client_order_id=str(uuid.uuid4()), base_size="50"))
    asked, _ = world.ask(COINBASE.place(an_order()))
    assert len(world.stand_in.orders) == 1
    world.home.clock.pass_(DEAD + calling.TOLERANCE)
    assert world.compare(asked.digest).outcome == "differs"


def test_a_call_of_another_account_is_no_cover_in_this_one(world):
    """The carrier makes once more, by the token of one account, what was rightly made with another one."""
    world.split(name="other")
    rightly = an_order(size=Decimal("0.01"))
    world.told(COINBASE.place(rightly), ("device0", "device2"), account="other")
    copied = world.stand_in.orders.pop()
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.stand_in.orders.append(copied)
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "differs"


def test_however_much_a_carrier_makes_of_a_token_it_can_be_written_down(world):
    """Orders that an owner authorized and nobody signed, each made another one: in the journal's entry is room for 16
    words."""
    device0 = world.home["device0"].device
    for number in range(1, 9):
        other = COINBASE.place(an_order(size=Decimal("0.01")))
        known = prepare(world.home, other, ("device0", "device2"))
        told = Called(known.openings["device0"].authorization, known.contents["device0"])
        note = write_note(device0.identity, world.wallet, number, told)
        world.home["device1"].send(TakeNotes(6, world.wallet, (note,)))
        content = decode(ExchangeCall, known.contents["device0"], 2**16)
        order_made = json.loads(content.body) | {"created": 1000 * world.home.clock(), "side": "SELL"}
        order_made["order_configuration"]["limit_limit_gtc"] |= {"base_size": "50", "limit_price": "1.00"}
        world.stand_in.orders.append(order_made | {"product_id": "ETH-USD"})
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "differs"
    [event] = [e for _, e in world.home["device1"].device.journal.entries() if isinstance(e, CallCompared)]
    assert event.differs == ("pair", "price", "side", "size")


def test_a_carrier_that_never_reports_and_never_sent_costs_time(world, takes_over):
    takes_over(world.home["device0"].identity, lambda _request: None)
    asked = _unreported(world)
    result = world.compare(asked.digest)
    assert (result.outcome, result.reason) == ("unanswered", "too-early")
    assert 0 < result.retry_after <= DEAD
    assert world.refused(COINBASE.place(an_order()))["device1"] == "policy.comparison-due"
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "not-there"
    assert world.due("device1") == [] and world.frozen() == set()


def test_what_else_this_device_signed_in_these_minutes_is_not_taken_for_it(world, takes_over):
    first, _ = world.ask(COINBASE.place(an_order()))
    world.compare(first.digest)
    takes_over(world.home["device0"].identity, lambda _request: None)
    second = _unreported(world)
    world.home.clock.pass_(DEAD)
    assert world.compare(second.digest).outcome == "not-there"


def test_what_other_devices_made_in_these_minutes_is_told_and_not_taken_for_it(world, takes_over):
    takes_over(world.home["device0"].identity, lambda _request: None)
    asked = _unreported(world)
    world.told(COINBASE.place(an_order()), ("device0", "device2"), carrier="device2")
    assert len(world.stand_in.orders) == 1
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "not-there"  # device2 tells of the other one as they meet


def test_the_name_of_something_that_was_only_authorized_is_no_cover(world, takes_over):
    """The carrier tells of a second order that an owner authorized and nobody signed, and makes another one under its
    identifier, by the token of the first."""
    second = an_order()
    wanted = prepare(world.home, COINBASE.place(second), ("device0", "device2"))
    body_of_second = Called(wanted.openings["device0"].authorization, wanted.contents["device0"])
    note = write_note(world.home["device0"].device.identity, world.wallet, 1, body_of_second)
    world.home["device1"].send(TakeNotes(6, world.wallet, (note,)))
    takes_over(world.home["device0"].identity, body(client_order_id=second.client_id, base_size="50"))
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "differs"
    assert "device1" in world.frozen()


def test_an_exchange_that_says_nothing_proves_nothing(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n{}"] if "historical" in request.path else pieces
    )
    assert world.compare(asked.digest).outcome == "unanswered"
    world.stand_in.spoil = lambda _request, pieces: pieces
    created = world.stand_in.orders[0].pop("order_configuration")
    world.stand_in.orders[0]["order_configuration"] = {}
    assert (world.compare(asked.digest).reason, world.due("device1")) == ("too-little-said", [asked.digest])
    world.stand_in.orders[0]["order_configuration"] = created
    assert world.compare(asked.digest).outcome == "done"


# --- what is not signed at all


def test_what_could_not_be_compared_is_not_signed(world):
    until = advanced.orders.OrderConfiguration(
        limit_limit_gtd=advanced.orders.LimitGtd(
            base_size=Decimal("0.5"), limit_price=Decimal(20000), end_time="2030-01-01T00:00:00Z"
        )
    )
    ask = advanced.orders.NewOrder(
        client_order_id=UUID, product_id="BTC-USD", side="BUY", order_configuration=until
    )
    call = advanced.api().call(advanced.orders.NEW_ORDER, ask)
    assert set(world.refused(call).values()) == {"policy.not-comparable"}
    send = app.Send(
        account_id="w-1", to=FRIEND, amount=Decimal("0.1"), currency="BTC", idem=UUID, network="bitcoin"
    )
    words = app.api().call(app.SEND, msgspec.structs.replace(send, description="for you"))
    assert set(world.refused(words).values()) == {"policy.not-comparable"}


@pytest.mark.parametrize("endpoint", [fiat.NEW_WITHDRAWAL, fiat.NEW_DEPOSIT])
def test_no_money_moves_from_or_to_a_bank_by_a_shared_cdp_key(world, endpoint):
    """Its carrier could name another bank and another amount, and there is no identifier to find it again by."""
    ask = fiat.NewTransfer(
        account_id="w-2", amount=Decimal(10), currency="USD", payment_method="b-1", commit=True
    )
    assert set(world.refused(app.api().call(endpoint, ask)).values()) == {"policy.not-comparable"}


def test_funds_leave_by_a_shared_cdp_key_only_where_the_owner_declares_the_exchanges_own_list(tmp_path):
    """What is sent elsewhere is found out too late: only the exchange's list holds it back."""
    world = World(tmp_path, declared=False)
    world.split()
    try:
        home = COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND))
        assert set(world.refused(home).values()) == {"policy.allowlist"}
        assert world.told(COINBASE.place(an_order())).outcome == "done"  # what is traded stays there
    finally:
        world.close()


def test_where_nobody_could_look_a_shared_cdp_key_only_reads(tmp_path):
    world = World(tmp_path, n=1, t=1)
    world.split()
    try:
        assert world.told(COINBASE.balances(), ["device0"]).outcome == "done"
        assert world.refused(COINBASE.place(an_order()), ["device0"]) == {"device0": "policy.alone"}
        device = world.home["device0"].device
        wallet = device.wallets.born(world.wallet)
        with (
            device.accounts.load(world.wallet, "main") as account,
            pytest.raises(PolicyDenied, match="nobody could look"),
        ):
            require_looked_after(
                device, wallet, account, device.identity.public
            )  # as for what is to come home
    finally:
        world.close()


# --- comparisons that are none


def test_a_comparison_is_of_what_this_device_owes(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    for about, carrier in ((random(32), "device1"), (asked.digest, "device2"), (asked.digest, "device0")):
        names = ("device1", "device2") if carrier != "device0" else ("device0", "device2")
        before = len(world.stand_in.requests)
        outcome = compare(world.home, about, carrier, names, world.tunnels)
        assert outcome.codes[carrier] == "input.no-comparison"
        assert len(world.stand_in.requests) == before


def test_a_comparison_is_of_the_account_that_it_was_signed_with(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.split(name="other")
    outcome = compare(
        world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels, account="other"
    )
    assert outcome.codes["device1"] == "input.no-comparison" and world.due("device1") == [asked.digest]


def test_who_is_to_compare_takes_part_itself(world):
    asked, _ = world.ask(COINBASE.place(order("coinbase")))
    outcome = compare(world.home, asked.digest, "device0", ("device1", "device2"), world.tunnels)
    assert outcome.codes == dict.fromkeys(("device1", "device2"), "input.participants")


def test_with_a_whole_key_there_is_nothing_to_compare(tmp_path):
    world = World(tmp_path)
    try:
        world.es256()
        outcome = compare(world.home, bytes(32), "device0", ("device0", "device1"), world.tunnels)
        assert outcome.codes == {"device0": "input.no-comparison", "device1": "input.unknown-account"}
    finally:
        world.close()


def test_for_a_frozen_wallet_nobody_compares(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    rules = world.home["device2"].device.rules
    with world.home["device2"].device.store.transaction():
        rules.put(world.wallet, _frozen(rules.of(world.wallet)), world.home.clock())
    before = len(world.stand_in.requests)
    outcome = compare(world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels)
    assert outcome.codes["device2"] == "policy.frozen-wallet" and len(world.stand_in.requests) == before


def _frozen(rules: Rules) -> Rules:
    return msgspec.structs.replace(rules, policy=msgspec.structs.replace(rules.policy, frozen=True))


def test_who_compares_without_end_is_helped_so_often_in_an_hour(world):
    asked, _ = world.ask(COINBASE.place(an_order()))
    calls = world.home["device2"].device.calls
    for _ in range(LOOKS_PER_HOUR):
        calls.admit_look(world.home["device1"].identity, world.home.clock())
    outcome = compare(world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels)
    assert outcome.codes["device2"] == "session.busy" and world.due("device1") == [asked.digest]
    world.home.clock.pass_(3600)
    assert world.compare(asked.digest).outcome == "done"


def test_who_compares_without_end_keeps_nobody_else_from_it(world):
    """A device that was taken over asks, again and again: what others owe stands in the way of all that they sign."""
    asked, _ = world.ask(COINBASE.place(an_order()))
    calls = world.home["device2"].device.calls
    for _ in range(LOOKS_PER_HOUR):
        calls.admit_look(world.home["device0"].identity, world.home.clock())
    with pytest.raises(SessionAborted):
        calls.admit_look(world.home["device0"].identity, world.home.clock())
    assert world.compare(asked.digest).outcome == "done"


def test_a_list_that_is_not_whole_proves_nothing(world, takes_over):
    """The carrier makes so many orders that not all of them are shown."""
    asked, _ = world.ask(COINBASE.place(an_order()))
    world.home.clock.pass_(DEAD)
    world.stand_in.spoil = lambda request, pieces: (
        [piece.replace(b'"has_next": false', b'"has_next": true ') for piece in pieces]
        if "historical" in request.path
        else pieces
    )
    result = world.compare(asked.digest)
    assert (result.outcome, result.reason) == ("unanswered", "too-little-said")
    assert world.due("device1") == [asked.digest]


def test_a_device_that_compares_gets_no_signature_for_anything_else(world, monkeypatch):
    """The hostile one asks for an order, or for a look at the balances, under the name of a comparison."""
    asked, _ = world.ask(COINBASE.place(an_order()))
    for unsigned in (COINBASE.place(an_order()).unsigned, COINBASE.balances().unsigned):
        other = exchange_call(unsigned)
        monkeypatch.setattr(comparing, "ExchangeCall", lambda *_parts, other=other: other)
        outcome = compare(world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels)
        assert outcome.codes["device2"] == "input.comparison"
    assert len(world.stand_in.orders) == 1


def _unreported(world: World) -> Any:
    """A call whose carrier got all shares and does nothing: the service gives up."""
    asked = prepare(world.home, COINBASE.place(an_order()))
    run(world.home, asked.openings, world.tunnels, waits=lambda: bool(world.due("device1")))
    assert world.due("device1") == [asked.digest]
    return asked
