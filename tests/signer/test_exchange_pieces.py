"""A long answer, and what a feed says while it lasts: how a carrier hands it on, and who can keep it from that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.exchange_calls import compare, prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_stand_in import Request
from tests.support.exchange_world import World
from tests.support.simulator import signed

from warifu.errors import InputRefused
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.feeds import MOST_SECONDS
from warifu.exchanges.market import Pair
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import AnswerKey, CallResult
from warifu.protocol.exchange_pieces import MAX_AHEAD, MAX_PIECE, Pieces
from warifu.protocol.frames import (
    MAX_LISTENING,
    AnswerPiece,
    AskResult,
    PieceTaken,
    ResultAnswer,
    StopCall,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import DAY, DAYS, Hours
from warifu.signer.exchanges import answers, carrying
from warifu.signer.exchanges.handing import PAUSE, ROOM, Handing
from warifu.threshold.errors import AlreadyUsed

pytestmark = pytest.mark.real

BINANCE, COINBASE = Binance(), Coinbase()
LINE = '{"channel":"ticker","timestamp":"t","sequence_num":%d,"events":[]}'
CARRIER = IdentityKey(bytes([1]) * 32)
NAMED, SESSION = bytes([7]) * 32, bytes(16)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def long_answer(world: World, length: int) -> bytes:
    """What Binance says to the question about the account from now on, in about so many bytes."""
    balances = [{"asset": f"A{number}", "free": "1.5", "locked": "0.5"} for number in range(length // 48)]
    body = json.dumps(
        {
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "accountType": "SPOT",
            "balances": balances,
        }
    ).encode()

    def spoil(request: Request, pieces: list[bytes]) -> list[bytes]:
        if request.path != "/api/v3/account":
            return pieces
        return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body]

    world.stand_in.spoil = spoil
    return body


# --- an answer in pieces


def test_a_long_answer_comes_whole(world: World):
    world.born()
    body = long_answer(world, 3 * 2**20)
    asked, outcome = world.ask(BINANCE.balances())
    assert len(outcome.pieces) == -(-(len(body) - answers.MAX_ENDING) // MAX_PIECE) > MAX_AHEAD
    told = asked.told(outcome.finished["device0"], outcome.pieces)
    assert told.answer is not None and told.answer.body == body


def test_a_short_one_comes_with_the_result_as_ever(world):
    world.born()
    body = long_answer(world, answers.MAX_ENDING - 2**14)
    assert len(body) <= answers.MAX_ENDING
    asked, outcome = world.ask(BINANCE.balances())
    told = asked.told(outcome.finished["device0"])
    assert not outcome.pieces and told.answer is not None and told.answer.body == body


def test_a_longer_one_than_a_device_takes_is_said_to_be(world):
    world.born()
    long_answer(world, answers.LIMITS.body + 2**17)
    told = world.told(BINANCE.balances())
    assert (told.outcome, told.reason, told.answer) == ("try-again", "too-large", None)


def test_a_service_that_takes_nothing_gets_no_more_and_the_result_says_how_many_there_are(world):
    """The session ends without its result, which is durable since before the first piece left."""
    world.born()
    long_answer(world, 3 * 2**20)
    asked = prepare(world.home, BINANCE.balances())
    outcome = run(world.home, asked.openings, world.tunnels, takes=lambda _piece: [])
    assert len(outcome.pieces) == MAX_AHEAD and "device0" not in outcome.finished
    answer = world.home["device0"].call(AskResult(9, asked.digest), ResultAnswer)
    assert answer.state == "finished"
    sealed = decode(CallResult, answer.result, 2**18).told
    assert sealed is not None
    came = Pieces(asked.reader, asked.digest, asked.request.carrier)
    for piece in outcome.pieces:
        came.take(piece.piece)
    with pytest.raises(InputRefused) as caught:
        came.end(sealed)
    assert caught.value.reason == "answer-pieces"


@pytest.mark.parametrize("lie", [0, 2**20 - 1, MAX_AHEAD + 50])
def test_a_service_that_says_it_took_what_it_cannot_have_gains_no_piece_by_it(world, lie: int):
    world.born()
    long_answer(world, 3 * 2**20)
    asked = prepare(world.home, BINANCE.balances())
    outcome = run(world.home, asked.openings, world.tunnels, takes=lambda _piece: [max(1, lie)] * (lie > 0))
    assert len(outcome.pieces) == MAX_AHEAD


def test_co_signers_hand_nothing_on(world):
    world.born()
    asked, outcome = world.ask(BINANCE.balances())
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    for frame in (PieceTaken(asked.openings["device1"].session, 1), StopCall(bytes(16))):
        assert world.home["device1"].send(frame) == []


# --- the counter where pieces wait


def handing() -> Handing:
    return Handing(SESSION, NAMED, AnswerKey().public, CARRIER)


def numbers(frames: list[AnswerPiece]) -> list[int]:
    return [frame.number for frame in frames]


def test_what_came_is_gathered_for_a_moment_and_leaves_then():
    hands = handing()
    assert hands.put(b"one") and numbers(hands.due(1000)) == [1]
    assert hands.put(b"two") and hands.due(1000 + PAUSE - 1) == []
    assert hands.put(b"three") and numbers(hands.due(1000 + PAUSE)) == [2]
    assert hands.done and hands.due(10**6) == []


def test_whole_pieces_wait_for_nothing():
    hands = handing()
    hands.due(0)
    assert hands.put(b"x" * (3 * MAX_PIECE + 1))
    assert numbers(hands.due(1)) == [1, 2, 3]
    assert not hands.done


def test_only_so_many_are_ahead_and_only_so_much_waits():
    hands = handing()
    assert hands.put(b"x" * ROOM) and not hands.put(b"y"), "who is slow is noticed, and memory stays bounded"
    assert numbers(hands.due(0)) == list(range(1, MAX_AHEAD + 1))
    assert hands.due(10**6) == []
    for nonsense in (0, MAX_AHEAD + 1, 10**6):
        hands.taken(nonsense)
        assert hands.due(10**6) == []
    hands.taken(3)
    hands.taken(2)
    assert numbers(hands.due(10**6)) == [9, 10, 11]
    assert hands.put(b"y")


def test_at_the_end_the_rest_goes_with_the_result_and_all_pieces_are_counted():
    hands = handing()
    assert hands.put(b"x" * (2 * MAX_PIECE) + b"the end")
    assert hands.close(10) == b"the end"
    assert hands.together.count == 2 and not hands.done
    assert numbers(hands.due(0)) == [1, 2] and hands.done


# --- a feed, while it is listened to


def ticker(seconds: int = 10) -> Any:
    return COINBASE.feeds.watch("ticker", (Pair("BTC", "USD"),), seconds)


def test_what_a_feed_says_is_there_before_the_watch_is_over(world):
    world.split()
    world.stand_in.says = [LINE % number for number in range(4000)]
    asked, outcome = world.ask(ticker(), ["device0"])
    assert outcome.pieces and outcome.listens == [10]
    told = asked.told(outcome.finished["device0"], outcome.pieces)
    assert told.answer is not None
    assert told.answer.body.decode().splitlines() == world.stand_in.says


def test_a_large_picture_of_a_book_passes(world):
    """Longer than any frame, and than what waits for a service that takes nothing."""
    world.split()
    first = json.dumps(
        {"channel": "ticker", "timestamp": "t", "sequence_num": 0, "events": ["x" * 6 * 2**20]}
    )
    world.stand_in.says = [first, LINE % 1]
    asked, outcome = world.ask(ticker(), ["device0"])
    told = asked.told(outcome.finished["device0"], outcome.pieces)
    assert told.answer is not None and told.answer.body.decode().splitlines() == [first, LINE % 1]


def test_an_owner_who_is_too_slow_ends_the_watch_by_a_clear_word(world):
    world.split()
    world.stand_in.says = [LINE % number for number in range(10)] + ["x" * 2**20] * (ROOM // 2**20 + 3)
    asked = prepare(world.home, ticker(), ["device0"])
    outcome = run(world.home, asked.openings, world.tunnels, takes=lambda _piece: [])
    assert len(outcome.pieces) == MAX_AHEAD
    told = result(world, asked)
    assert (told.outcome, dict(told.answer.headers)["feed-ended"]) == ("done", "slow")


def open_watch(world: World, name: str = "device0") -> tuple[Any, bytes]:
    """A device that listens now, and its session: what its service has to say to it is ours."""
    asked = prepare(world.home, ticker(600), [name], carrier=name)
    heard: list[int] = []

    def takes(piece: AnswerPiece) -> list[int]:
        heard.append(piece.number)
        return heard[-1:]

    outcome = run(
        world.home, asked.openings, world.tunnels, takes=takes, waits=lambda: bool(heard), stays=True
    )
    assert not outcome.finished and not outcome.failed
    return asked, asked.openings[name].session


def result(world: World, asked: Any, name: str = "device0") -> Any:
    """What the device tells of it."""
    answer = world.home[name].call(AskResult(9, asked.digest), ResultAnswer)
    sealed = decode(CallResult, answer.result, 2**18).told
    assert sealed is not None
    ending = Pieces(asked.reader, asked.digest, asked.request.carrier).ending(sealed)
    return getattr(ending, "told", ending)


@pytest.fixture
def listening(world: World) -> Iterator[World]:
    """Feeds stay open here."""
    world.split()
    world.stand_in.says = [LINE % 0]
    world.stand_in.stays = True
    yield world
    world.tunnels.close()


def test_whoever_has_heard_enough_ends_it(listening):
    asked, session = open_watch(listening)
    listening.home["device0"].send(StopCall(session))
    told = result(listening, asked)
    assert (told.outcome, dict(told.answer.headers)["feed-ended"]) == ("done", "stopped")


def test_what_was_not_said_to_the_exchange_yet_is_not_said_once_the_owner_wants_it_no_more(world):
    world.born()
    asked = prepare(world.home, BINANCE.balances())
    stopped: list[Any] = []

    def waits() -> bool:
        if not stopped:
            stopped.extend(world.home["device0"].send(StopCall(asked.openings["device0"].session)))
        return True

    run(world.home, asked.openings, world.tunnels, waits=waits)
    [failed] = stopped
    assert failed.refusal.reason == "stopped" and not world.stand_in.asked("/api/v3/account")
    answer = world.home["device0"].call(AskResult(9, asked.digest), ResultAnswer)
    assert answer.state == "unknown", "the device knows nothing of it: it never was"


def test_a_frozen_wallet_is_listened_to_no_more(listening):
    device = listening.home["device0"].device
    asked, _ = open_watch(listening)
    with device.store.transaction():
        device.rules.freeze(listening.wallet, "somebody reached for it")
    listening.home.clock.time += carrying.LOOK_SECONDS
    listening.home["device0"].signer.tick()
    told = result(listening, asked)
    assert dict(told.answer.headers)["feed-ended"] == "forbidden"


def test_with_the_policys_hours_a_watch_is_over(tmp_path):
    """Its rules are what they were: it is the time that is another."""
    world = World(tmp_path, hours=(Hours(DAYS, 0, 12 * 60, 0),))
    try:
        world.split()
        world.stand_in.says = [LINE % 0]
        world.stand_in.stays = True
        clock = world.home.clock
        clock.time += DAY - clock.time % DAY + 12 * 3600 - 30  # half a minute before noon
        asked, _ = open_watch(world)
        clock.time += carrying.LOOK_SECONDS
        world.home["device0"].signer.tick()
        clock.time += 30
        world.home["device0"].signer.tick()
        told = result(world, asked)
        assert dict(told.answer.headers)["feed-ended"] == "forbidden"
    finally:
        world.tunnels.close()
        world.close()


def test_a_device_listens_to_few_feeds_and_always_has_a_place_for_what_signs(listening):
    """Beside the watches a call is made, over the device's other places."""
    for _ in range(2):
        open_watch(listening)
    third = prepare(listening.home, ticker(60), ["device0"])
    outcome = run(listening.home, third.openings, listening.tunnels, stays=True)
    assert outcome.codes == {"device0": "session.busy"}
    call = prepare(listening.home, COINBASE.balances())
    made = run(listening.home, call.openings, listening.tunnels, stays=True)
    assert call.told(made.finished["device0"]).outcome == "done"


def test_payments_and_comparisons_go_on_beside_watches(listening):
    """While the device listens to as many feeds as it does."""
    home = listening.home
    for _ in range(2):
        open_watch(listening)
    call = prepare(home, COINBASE.place(order("coinbase")))
    made = run(home, call.openings, listening.tunnels, stays=True)
    assert call.told(made.finished["device0"]).outcome == "done"
    comparison = compare(home, call.digest, "device1", ("device0", "device1"), listening.tunnels, stays=True)
    assert decode(CallResult, comparison.finished["device1"], 2**16).outcome == "done"
    payment = home.pay(50_000)
    assert signed(payment, home.sign(payment))
    assert sum(each.lasts for each in home["device0"].signer._ceremonies._running.values()) == 2


def test_once_it_listens_a_device_holds_no_credential_for_it(listening):
    device: Any = listening.home["device0"].device
    opened: list[Any] = []
    original = device.accounts.load

    def load(*about: Any) -> Any:
        account = original(*about)
        opened.append(account)
        return account

    device.accounts.load = load
    open_watch(listening)
    [account] = opened
    with pytest.raises(AlreadyUsed):
        account.key.share.expose()


def test_the_bounds_of_a_watch_are_one() -> None:
    assert MOST_SECONDS == MAX_LISTENING
