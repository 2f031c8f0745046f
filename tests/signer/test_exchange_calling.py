"""A call at an exchange, from the owner's yes to the exchange's books and back: every kind of key, and who may not."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.exchange_calls import exchange_call, prepare, run
from tests.support.exchange_days import UUID, order, withdrawal
from tests.support.exchange_world import World, looked_at
from tests.support.simulator import FRIEND, THIEF

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.errors import InputRefused
from warifu.exchanges.binance import spot
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.http import HttpAnswer
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import decode
from warifu.protocol.events.exchanges import CallEnded, CallStarted
from warifu.protocol.exchange_answers import Cosigned, SealedAnswer
from warifu.protocol.exchange_decisions import open_decision
from warifu.protocol.frames import AskCallDecision
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import FreezeDevice, UnfreezeDevice
from warifu.protocol.policy import DeviceRules
from warifu.signer.exchanges import calls
from warifu.signer.exchanges.answers import MAX_ENDING
from warifu.signer.exchanges.carrying import Errand

pytestmark = pytest.mark.real

BINANCE, COINBASE, EXCHANGE = Binance(), Coinbase(), CoinbaseExchange()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def events(world: World, name: str, kind: type) -> list[Any]:
    return [event for _, event in world.home[name].device.journal.entries() if isinstance(event, kind)]


# --- the whole road, with each kind of key


def test_a_key_that_never_existed_whole_places_an_order_at_binance(world):
    world.born()
    asked, outcome = world.ask(BINANCE.place(order("binance")))
    told = asked.told(outcome.finished["device0"])
    assert told.outcome == "done" and told.answer is not None
    assert BINANCE.place(order("binance")).read(_http(told.answer)).client_id == UUID
    assert [each["newClientOrderId"] for each in world.stand_in.orders] == [UUID]
    assert decode(Cosigned, outcome.finished["device1"], 64).request == asked.digest
    assert world.tunnels.opened == [("device0", "api.binance.com")] * 2


def test_a_split_cdp_key_places_an_order_at_coinbase(world):
    world.split()
    told = world.told(COINBASE.place(order("coinbase")))
    assert told.outcome == "done"
    [placed] = world.stand_in.orders
    assert placed["order_configuration"]["limit_limit_gtc"]["base_size"] == "0.5"


def test_all_three_devices_sign_one_as_well_as_two(world):
    world.split()
    names = ("device0", "device1", "device2")
    assert world.told(COINBASE.balances(), names, carrier="device1").outcome == "done"
    assert world.tunnels.opened[0] == ("device1", "api.coinbase.com")


def test_in_whatever_order_the_devices_hear_each_other_they_sign(world):
    """On each link messages come in order; which link is ahead is the service's choice."""
    world.split()
    names = ("device0", "device1", "device2")
    for seed in range(12):
        world.home.choose = random.Random(seed).randrange  # an order of messages, no secret
        assert world.told(COINBASE.balances(), names, carrier=names[seed % 3]).outcome == "done"


def test_a_whole_triplet_is_used_by_its_holder_alone(world):
    world.triplet()
    assert world.told(EXCHANGE.place(order("coinbase-exchange")), ["device0"]).outcome == "done"
    [placed] = world.stand_in.orders
    assert placed["client_oid"] == UUID
    assert world.refused(EXCHANGE.balances()) == {
        "device0": "input.participants",
        "device1": "input.unknown-account",
    }


def test_a_whole_es256_key_is_used_by_its_holder_alone(world):
    world.es256()
    assert world.told(COINBASE.place(order("coinbase")), ["device0"]).outcome == "done"
    assert len(world.stand_in.orders) == 1
    assert world.due("device0") == []  # nobody else could look, and nobody was asked to sign


def test_what_wants_no_credential_is_fetched_without_one(world):
    world.born()
    told = world.told(BINANCE.market(order("binance").pair))
    assert told.outcome == "done"
    [request] = world.stand_in.asked("/api/v3/exchangeInfo")
    assert "x-mbx-apikey" not in request.headers and "signature" not in request.target


def test_the_service_sees_hosts_and_ciphertext(world):
    world.split()
    seen = bytearray()

    def overheard(_sender: bytes, receiver: bytes, frame: Any) -> list[Any]:
        seen.extend(frame.body)
        return [(receiver, frame)]

    asked, outcome = world.ask(COINBASE.place(order("coinbase")), tamper=overheard)
    assert len(world.stand_in.orders) == 1
    everything = bytes(world.tunnels.record + seen) + b"".join(outcome.finished.values())
    everything += msgspec.msgpack.encode(asked.request)
    for hidden in (b"Bearer", b"eyJ", UUID.encode(), b"20000.01", b"BTC", b"brokerage", b"apiKeys"):
        assert hidden not in everything


def test_the_journal_says_who_asked_for_what_and_what_came_of_it(world):
    world.split()
    asked, _ = world.ask(COINBASE.place(order("coinbase")))
    for name in ("device0", "device1"):
        [started] = events(world, name, CallStarted)
        assert (started.endpoint, started.account, started.carrier) == (
            "NEW_ORDER",
            "main",
            asked.request.carrier,
        )
        assert [(each.symbol, each.amount) for each in started.gives] == [("USD", "10000.005")]
    [ended] = events(world, "device0", CallEnded)
    assert (ended.outcome, ended.request) == ("done", asked.digest)
    assert events(world, "device1", CallEnded) == []


# --- once


def test_a_call_is_answered_from_memory_and_made_once(world):
    world.split()
    asked, outcome = world.ask(COINBASE.place(order("coinbase")))
    home = world.home
    first = home["device0"].result(asked.digest)
    assert (first.state, first.result) == ("finished", outcome.finished["device0"])
    home["device0"].restart()
    assert home["device0"].result(asked.digest) == first
    assert decode(Cosigned, home["device1"].result(asked.digest).result, 64).request == asked.digest
    outcome = run(home, asked.again(), world.tunnels)
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert outcome.codes == {"device1": "authorization.call-made"}
    assert len(world.stand_in.orders) == 1


def test_an_id_is_for_one_request(world):
    world.split()
    asked, _ = world.ask(COINBASE.place(order("coinbase")))
    codes = world.refused(COINBASE.balances(), request_id=asked.request.request_id)
    assert set(codes.values()) == {"authorization.replayed"}


def test_two_sessions_of_one_request_make_one_call(world):
    """The service has everybody sign twice, before anybody has sent anything."""
    world.split()
    asked = prepare(world.home, COINBASE.place(order("coinbase")))
    outcome = run(world.home, asked.openings, world.tunnels, beside=asked.again())
    assert len(world.stand_in.orders) == 1
    assert set(outcome.codes.values()) == {"authorization.call-made"}
    assert world.home["device0"].kinds().count("call-started") == 1
    assert world.home["device1"].kinds().count("call-started") == 1


# --- looked at again, before a share or the call leaves


def test_two_calls_side_by_side_pass_no_limit_together(world):
    world.born()
    assert world.told(_buying(20_000)).outcome == "done"
    world.compare_all()
    first, second = (prepare(world.home, _buying(20_000), ("device0", name)) for name in world.home.names[1:])
    outcome = run(world.home, first.openings, world.tunnels, beside=second.openings)
    assert len(world.stand_in.orders) == 2  # of 50,000 in a day
    assert set(outcome.codes.values()) == {"policy.window-limit"}


def _meanwhile(world: World, asked: Any, happens: Callable[[], object]) -> dict[str, str]:
    """What the devices say where something happens after all have judged the call and before anybody signs."""
    happening = [happens]

    def tamper(_sender: bytes, receiver: bytes, frame: Any) -> list[Any]:
        if world.tunnels.opened and happening:
            happening.pop()()
        return [(receiver, frame)]

    outcome = run(world.home, asked.openings, world.tunnels, tamper)
    assert not happening and world.stand_in.orders == []
    return outcome.codes


def test_a_call_is_made_under_the_rules_under_which_it_was_judged(world):
    world.born()

    def other_rules() -> None:
        device = world.home["device1"].device
        rules = device.rules.of(world.wallet)
        with device.store.transaction():
            device.rules.put(world.wallet, msgspec.structs.replace(rules, revision=9), device.clock.now())

    assert (
        _meanwhile(world, prepare(world.home, _buying(1)), other_rules)["device1"] == "policy.rules-changed"
    )


def test_a_call_that_is_late_is_not_made(world):
    world.born()
    asked = prepare(world.home, _buying(1), expires=world.home.clock() + 20)
    codes = _meanwhile(world, asked, lambda: world.home.clock.pass_(25))
    assert codes["device1"] == "authorization.expired"


def test_a_carrier_does_not_say_what_an_owners_call_is(world, monkeypatch):
    world.born()
    other = exchange_call(_buying(2).unsigned)
    monkeypatch.setattr(calls, "Errand", lambda **parts: Errand(**parts, shown=other))
    _, outcome = world.ask(_buying(1))
    assert outcome.codes["device1"] == "input.call-differs" and world.stand_in.orders == []


def test_an_answer_that_could_be_sealed_to_nobody_is_not_asked_for(world):
    world.born()
    assert set(world.refused(_buying(1), reader=bytes(32)).values()) == {"input.reader-key"}


def test_a_call_that_nobody_could_be_told_of_is_not_made(world, monkeypatch):
    world.born()
    monkeypatch.setattr(calls, "MAX_NOTED_CALL", 64)
    assert set(world.refused(_buying(1)).values()) == {"input.too-long-to-tell"}
    assert world.told(BINANCE.balances()).outcome == "done"


# --- judged


def test_each_device_judges_the_call_from_its_bytes(world):
    world.split()
    big = order("coinbase", size=Decimal(2))
    assert set(world.refused(COINBASE.place(big)).values()) == {"policy.order-limit"}
    fifo = COINBASE.place(order("coinbase")).unsigned
    strange = replace(fifo, body=fifo.body.replace(b'"side":"BUY"', b'"side":"BUY","leverage":"3"'))
    call = COINBASE.place(order("coinbase"))
    assert set(world.refused(replace(call, unsigned=strange)).values()) == {"input.exchange-not-understood"}
    assert set(world.refused(COINBASE.market(order("coinbase").pair)).values()) == {"policy.endpoint"}


def test_why_a_call_is_refused_is_not_told_to_the_service(world):
    world.split()
    _, outcome = world.ask(COINBASE.place(order("coinbase", size=Decimal(2))))
    for error in outcome.failed.values():
        said = f"{error} {error.message} {error.remedy} {error.not_done}"
        assert "USD" not in said and "40000" not in said and "orders" not in said


def test_what_left_in_a_day_counts_with_every_device_that_signed(world):
    world.split()
    for _ in range(4):
        assert world.told(_order_of(12_000)).outcome == "done"
        world.compare_all()
    assert world.refused(_order_of(12_000)) == {
        "device0": "policy.window-limit",
        "device1": "policy.window-limit",
    }
    codes = world.refused(_order_of(12_000), ("device0", "device2"))
    assert codes["device0"] == "policy.window-limit"
    world.home.clock.pass_(24 * 3600)
    world.compare_all()  # once more: nobody can send anything else by these tokens now
    assert world.told(_order_of(12_000)).outcome == "done"


@pytest.mark.parametrize("wait", [b"999999999999", b"-7", b"9" * 300, b"\xff", b"1e9"])
def test_whatever_an_exchange_says_beside_its_answer_the_owner_can_read_it(world, wait):
    """As long as an answer in one piece may be, with headers that are no ASCII and come twice."""
    world.born()
    odd = b"".join(b"X-Odd: %s\r\n" % (b"\xff" * 7900) for _ in range(3))
    body = b'{"code":-1003,"msg":"' + b" " * (MAX_ENDING - 23) + b'"}'
    head = b"HTTP/1.1 429 X\r\nContent-Length: %d\r\nRetry-After: %s\r\n" % (len(body), wait)
    world.stand_in.spoil = lambda request, pieces: (
        [head + odd + b"\r\n", body] if request.path == "/api/v3/account" else pieces
    )
    told = world.told(BINANCE.balances())
    assert (told.outcome, told.reason) == ("try-again", "rate-limit") and told.answer is not None
    assert told.answer.body == body and told.answer.headers.count(("x-odd", "\xff" * 7900)) == 3


def test_a_withdrawal_goes_home_or_to_whom_the_policy_names(world):
    world.born()
    home = world.home
    assert home.keys is not None
    own = home.keys.address(KeyPath(Branch.RECEIVE, 7))
    for to, codes in ((FRIEND, set()), (own, set()), (THIEF, {"policy.destination"})):
        call = BINANCE.withdraw(replace(withdrawal("binance"), client_id=str(uuid.uuid4()), address=to))
        _, outcome = world.ask(call)
        assert set(outcome.codes.values()) == codes
        world.compare_all()
    assert [each["address"] for each in world.stand_in.sends] == [FRIEND, own]


def test_what_changes_something_takes_as_many_owners_as_the_policy_says(tmp_path):
    other = IdentityKey.generate()
    world = World(tmp_path, others=(DeviceKey(other.public),), approvals_needed=2)
    try:
        world.split(further=lambda request: [approve_request(approver(other), request)])
        assert world.told(COINBASE.balances()).outcome == "done"
        call = COINBASE.place(order("coinbase"))
        assert set(world.refused(call).values()) == {"policy.approvals"}
        asked = prepare(world.home, call)
        second = approve_request(approver(other), asked.request)
        authorization = asked.openings["device0"].authorization
        both = msgspec.structs.replace(authorization, approvals=(*authorization.approvals, second))
        openings = {
            name: msgspec.structs.replace(opening, authorization=both)
            for name, opening in asked.openings.items()
        }
        outcome = run(world.home, openings, world.tunnels)
        assert asked.told(outcome.finished["device0"]).outcome == "done"
    finally:
        world.close()


def test_a_frozen_wallet_asks_no_exchange(world):
    world.born()
    home = world.home
    home["device1"].operator(FreezeDevice("seen something", wallets=True))
    home["device1"].operator(UnfreezeDevice())
    assert world.refused(BINANCE.balances())["device1"] == "policy.frozen-wallet"


def test_a_dry_run_says_why_to_the_owner_alone_and_can_be_carried_by_nobody(world):
    world.split()
    for size, allowed, code in ((Decimal("0.5"), True, None), (Decimal(2), False, "order-limit")):
        asked = prepare(world.home, COINBASE.place(order("coinbase", size=size)), ["device0"], carrier="")
        opening = asked.openings["device0"]
        [refused] = world.home["device0"].send(opening)
        assert refused.refusal.reason == "participants"
        ask = AskCallDecision(9, opening.authorization, opening.parcel)
        sealed = world.home["device0"].call(ask, SealedAnswer)
        decision = open_decision(asked.reader, sealed, asked.digest, world.home["device0"].identity)
        assert decision.allowed is allowed
        assert (decision.refusal.reason if decision.refusal else None) == code
        assert any("USD" in rule for rule in decision.rules)
    assert world.stand_in.requests == []
    assert world.home["device0"].kinds().count("call-started") == 0


def test_what_the_policy_demands_of_a_device_holds_for_calls_and_is_said_in_a_dry_run(tmp_path):
    """As for a transfer: its host was looked at lately, on every device that takes part."""
    world = World(tmp_path, seen=("lkrg",), devices=DeviceRules(0, ("lkrg",)))
    try:
        world.born()
        home = world.home
        assert world.told(BINANCE.balances()).outcome == "done"
        home.clock.pass_(901)  # the look has expired
        home["device0"].operator(looked_at(home, "lkrg"))
        codes = world.refused(BINANCE.place(order("binance")))
        assert codes["device1"] == "policy.host-posture"
        for name, allowed in (("device0", True), ("device1", False)):
            asked = prepare(home, BINANCE.place(order("binance")), [name], carrier="")
            opening = asked.openings[name]
            ask = AskCallDecision(9, opening.authorization, opening.parcel)
            sealed = home[name].call(ask, SealedAnswer)
            decision = open_decision(asked.reader, sealed, asked.digest, home[name].identity)
            assert decision.allowed is allowed
            assert decision.refusal is None or decision.refusal.reason == "host-posture"
    finally:
        world.close()


def test_a_real_request_is_no_dry_run(world):
    world.split()
    asked = prepare(world.home, COINBASE.balances(), ["device0"])
    opening = asked.openings["device0"]
    with pytest.raises(InputRefused, match="no device carries"):
        world.home["device0"].call(AskCallDecision(9, opening.authorization, opening.parcel), SealedAnswer)


def test_what_tries_an_order_out_is_judged_as_the_order_whose_signature_it_has(world):
    """Binance's signature covers neither method nor path: a carrier could send it to the other one."""
    world.born()
    api, ask = (
        spot.api(),
        spot.NewOrder(
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            time_in_force="GTC",
            quantity=Decimal(2),
            price=Decimal(20_000),
            new_client_order_id=UUID,
        ),
    )
    tries, buys = api.call(spot.TEST_ORDER, ask), api.call(spot.NEW_ORDER, ask)
    assert tries.unsigned.query == buys.unsigned.query
    assert set(world.refused(buys).values()) == {"policy.order-limit"}
    assert set(world.refused(tries).values()) == {"policy.order-limit"}


def test_the_longest_answer_that_is_handed_on(world):
    world.split()
    long = b'{"accounts":[],"has_next":false,"cursor":"' + b"x" * (160 * 1024 - 44) + b'"}'
    assert len(long) == 160 * 1024
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(long), long]
        if "accounts" in request.path
        else pieces
    )
    told = world.told(COINBASE.balances())
    assert told.answer is not None and told.answer.body == long


# --- the exchange says no, or nothing


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (401, b'{"code":-2015,"msg":"Invalid API-key"}', ("refused", "authentication")),
        (400, b'{"code":-2010,"msg":"Account has insufficient balance"}', ("refused", "funds")),
        (429, b'{"code":-1003,"msg":"Too many requests."}', ("try-again", "rate-limit")),
        (500, b'{"code":-1000,"msg":"An unknown error occurred"}', ("unknown", "server-fault")),
        (200, b"<html>", ("unknown", "answer-form")),
    ],
)
def test_what_the_exchange_means_by_its_no(world, status, said, expected):
    world.born()
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(said), said)]
        if request.method == "POST"
        else pieces
    )
    told = world.told(BINANCE.place(order("binance")))
    assert (told.outcome, told.reason) == expected
    assert told.answer is not None and told.answer.body == said


def test_an_answer_that_cannot_be_handed_on_leaves_an_order_unknown_and_a_question_unanswered(world):
    world.born()
    long = b"[" + b"1," * 100_000 + b"1]"
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(long), long]
        if "time" not in request.path
        else pieces
    )
    told = world.told(BINANCE.place(order("binance")))
    assert (told.outcome, told.reason, told.answer) == ("unknown", "too-large", None)
    told = world.told(BINANCE.balances())  # a long answer to a question is its owner's to read
    assert told.outcome == "done" and told.answer is not None
    with pytest.raises(ExchangeFailed):
        BINANCE.balances().read(_http(told.answer))
    world.stand_in.spoil = lambda request, pieces: (
        [b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n" % len(long), long]
        if "time" not in request.path
        else pieces
    )
    told = world.told(BINANCE.balances())
    assert (told.outcome, told.reason, told.answer) == ("try-again", "too-large", None)


def test_a_clock_that_is_far_off_is_found_before_anything_is_signed(world):
    world.born()
    world.stand_in.ahead = 60
    told = world.told(BINANCE.place(order("binance")))
    assert (told.outcome, told.reason) == ("try-again", "clock")
    assert world.stand_in.orders == [] and world.home["device1"].kinds().count("call-started") == 0


def test_a_clock_that_is_a_little_off_is_followed(world):
    world.born()
    world.stand_in.ahead = 20  # four times Binance's window
    assert world.told(BINANCE.place(order("binance"))).outcome == "done"


def test_a_call_is_never_stamped_ahead_of_the_exchange_however_long_its_clock_was_under_way(
    world, monkeypatch
):
    """Six seconds: nobody knows when in them it was told. Binance refuses what is a second ahead."""
    world.born()
    passing = iter([0])
    monkeypatch.setattr(calls, "milliseconds", lambda: next(passing, 6000))
    assert world.told(BINANCE.place(order("binance"))).outcome == "done"
    [placed] = world.stand_in.orders
    assert int(placed["timestamp"]) <= world.stand_in._milliseconds


def _http(answer: Any) -> Any:
    return HttpAnswer(answer.status, answer.headers, answer.body)


def _order_of(dollars: int) -> Any:
    return COINBASE.place(
        replace(order("coinbase"), client_id=str(uuid.uuid4()), size=Decimal(1), price=Decimal(dollars))
    )


def _buying(dollars: int) -> Any:
    wanted = replace(order("binance"), client_id=str(uuid.uuid4()), size=Decimal(1), price=Decimal(dollars))
    return BINANCE.place(wanted)
