"""A watch, from the owner's yes to what the exchange said: every kind of key, and who may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.exchange_calls import prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.feed_server import BINARY, PING, TEXT, HonestFeed, HostileFeed, frame
from tests.support.https_exchange import NAME, Authority

from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange
from warifu.exchanges.feeds import Watched
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Pair
from warifu.exchanges.signing import Subscription
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.events.exchanges import CallEnded, CallStarted
from warifu.protocol.exchange_answers import Told
from warifu.protocol.frames import Carried, OpenTunnel, TunnelEnded
from warifu.protocol.identity import IdentityKey
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import client_context
from warifu.signer.exchanges.listening import Listening

pytestmark = pytest.mark.real

BINANCE, COINBASE, EXCHANGE = Binance(), Coinbase(), CoinbaseExchange()
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":5,"p":"1","q":"2","T":1,"m":true}}'
)
TERMINATED = '{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}'
PAIRS = (Pair("BTC", "USD"),)
FIRST = '{"channel":"user","timestamp":"t","sequence_num":0,"events":[]}'
SECOND = '{"channel":"user","timestamp":"t","sequence_num":1,"events":[]}'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.stand_in.says = [FIRST, SECOND]
    yield made
    made.close()


def watched(call: Call[Watched], told: Told) -> Watched:
    assert told.outcome == "done" and told.answer is not None, told
    return call.read(HttpAnswer(told.answer.status, told.answer.headers, told.answer.body))


def the_user(api: Any = COINBASE) -> Call[Watched]:
    call: Call[Watched] = api.feeds.watch("user", PAIRS, 10)
    return call


# --- the whole road, with each kind of key


def test_a_split_key_listens_to_the_users_feed(world):
    world.split()
    found = watched(the_user(), world.told(the_user()))
    assert [text.decode() for text in found.texts] == [FIRST, SECOND]
    assert (found.gaps, found.unreadable, found.ended) == ((), 0, "closed 1000")
    [said] = world.stand_in.subscriptions
    assert (said["channel"], said["product_ids"]) == ("user", ["BTC-USD"])
    assert world.tunnels.opened == [
        ("device0", "api.coinbase.com"),
        ("device0", "advanced-trade-ws-user.coinbase.com"),
    ]


def test_a_whole_es256_key_listens_alone(world):
    world.es256()
    assert watched(the_user(), world.told(the_user(), ["device0"])).texts


def test_a_triplet_listens_to_the_exchange_apis_feed(world):
    world.triplet()
    world.stand_in.says = [
        '{"type":"heartbeat","sequence":1,"last_trade_id":1,"product_id":"BTC-USD","time":"t"}'
    ]
    found = watched(the_user(EXCHANGE), world.told(the_user(EXCHANGE), ["device0"]))
    assert (len(found.texts), found.unreadable) == (1, 0)
    [said] = world.stand_in.subscriptions
    assert said["passphrase"] == "open sesame"


def test_what_everybody_may_hear_is_heard_without_a_credential(world):
    world.split()
    call = COINBASE.feeds.watch("ticker", PAIRS, 10)
    assert watched(call, world.told(call, ["device0"])).texts
    assert world.stand_in.subscriptions == [json.loads(call.unsigned.body)]
    assert world.tunnels.opened == [("device0", "advanced-trade-ws.coinbase.com")]


def test_a_message_that_is_missing_is_said(world):
    world.split()
    world.stand_in.says = [FIRST, SECOND.replace("1,", "2,")]
    assert watched(the_user(), world.told(the_user())).gaps == ("message 2 came after 0",)


def test_an_exchange_that_does_not_believe_is_said_to_refuse(world):
    world.split()
    world.stand_in.ed25519_public = IdentityKey.generate().public
    told = world.told(the_user())
    assert (told.outcome, told.reason) == ("refused", "authentication")


def test_binances_streams_are_heard_without_a_credential(world):
    world.born()
    call = BINANCE.feeds.watch("trade", (Pair("BTC", "USDT"),), 10)
    world.stand_in.says = ['{"result":null,"id":1}', TRADE]
    found = watched(call, world.told(call, ["device0"]))
    assert (found.gaps, found.unreadable, len(found.texts)) == ((), 0, 2)
    assert world.stand_in.subscriptions == [json.loads(call.unsigned.body)]
    assert world.stand_in.paths("stream.binance.com") == ["/stream"]
    assert world.tunnels.opened == [("device0", "stream.binance.com")]


def test_a_binance_key_that_one_device_signs_with_alone_listens_to_the_users_events(tmp_path):
    world = World(tmp_path, t=1)
    try:
        world.born()
        call = BINANCE.feeds.watch("user", (), 10)
        world.stand_in.says = ['{"id":1,"status":200,"result":{"subscriptionId":0}}', TERMINATED]
        found = watched(call, world.told(call, ["device0"]))
        assert (found.unreadable, len(found.texts)) == (0, 2)
        assert world.stand_in.paths("ws-api.binance.com") == ["/ws-api/v3"]
    finally:
        world.close()


# --- who may not


def test_no_device_gives_a_carrier_a_signature_that_logs_it_in_at_binance(world):
    """``session.logon`` takes the very same parameters: its connection would trade for a day without any signature."""
    world.born()
    codes = world.refused(BINANCE.feeds.watch("user", (), 10))
    assert codes == dict.fromkeys(("device0", "device1"), "policy.session-logon")
    assert world.stand_in.subscriptions == []


def test_a_channel_that_the_policy_does_not_name_is_not_listened_to(world):
    world.split()
    call = COINBASE.feeds.watch("level2", PAIRS, 10)
    codes = world.refused(call)
    assert codes == dict.fromkeys(("device0", "device1"), "policy.endpoint")
    assert world.stand_in.subscriptions == []


def test_what_is_not_a_watch_to_its_last_byte_is_not_said(world):
    world.split()
    good = the_user()
    body = good.unsigned.body[:-1] + b',"jwt":"eyJ"}'
    bent = Call(replace(good.unsigned, body=body), good.reader)
    assert set(world.refused(bent).values()) == {"input.exchange-not-understood"}


def test_a_token_that_names_no_path_takes_as_many_owners_as_what_changes_something(tmp_path):
    """Nobody promises that Coinbase's other doors take no such token, and the carrier has it whole."""
    other = IdentityKey.generate()
    world = World(tmp_path, others=(DeviceKey(other.public),), approvals_needed=2)
    try:
        world.split(further=lambda request: [approve_request(approver(other), request)])
        assert set(world.refused(the_user()).values()) == {"policy.approvals"}
        assert world.told(COINBASE.feeds.watch("ticker", PAIRS, 10)).outcome == "done"  # without a token
        asked = prepare(world.home, the_user())
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


def test_such_a_token_is_not_made_where_nothing_keeps_funds_from_leaving(tmp_path):
    """With it the carrier could perhaps withdraw: the exchange's own list is what would hold."""
    world = World(tmp_path, declared=False)
    try:
        world.split()
        assert set(world.refused(the_user()).values()) == {"policy.allowlist"}
        assert world.told(COINBASE.feeds.watch("ticker", PAIRS, 10)).outcome == "done"
    finally:
        world.close()


def test_who_has_the_key_whole_could_make_any_token_and_is_not_asked_for_that_list(tmp_path):
    world = World(tmp_path, declared=False)
    try:
        world.es256()
        assert world.told(the_user(), ["device0"]).outcome == "done"
    finally:
        world.close()


def test_who_owes_a_comparison_gives_no_share_of_such_a_token(world):
    world.split()
    world.ask(COINBASE.place(order("coinbase")))
    assert world.refused(the_user())["device1"] == "policy.comparison-due"
    assert world.told(COINBASE.feeds.watch("ticker", PAIRS, 10)).outcome == "done"


# --- what the service can do


def test_the_service_sees_hosts_and_ciphertext(world):
    world.split()
    asked, outcome = world.ask(the_user())
    assert world.stand_in.subscriptions
    everything = bytes(world.tunnels.record) + b"".join(outcome.finished.values())
    everything += msgspec.msgpack.encode(asked.request)
    for hidden in (b"eyJ", b"subscribe", b"BTC", b"sequence_num", b"jwt"):
        assert hidden not in everything


def test_a_feed_that_is_cut_hands_on_what_came_and_says_so(world):
    world.split()
    bent = 0

    def inward(_name: str, frame: Carried) -> list[Carried | TunnelEnded]:
        nonlocal bent
        if frame.tunnel == 1 and world.stand_in.subscriptions:
            bent += 1
            return [replace_data(frame, bent)]
        return [frame]

    def replace_data(frame: Carried, number: int) -> Carried | TunnelEnded:
        return frame if number == 1 else TunnelEnded(frame.session, frame.tunnel)

    world.stand_in.says = [FIRST] * 5000  # more than one frame carries
    told = world.told(the_user(), inward=inward)
    found = watched(the_user(), told)
    assert found.ended == "tunnel-cut"
    assert set(found.texts) == {FIRST.encode()}


def test_a_changed_byte_in_the_opening_leaves_nothing_said(world):
    world.split()

    def inward(_name: str, frame: Carried) -> list[Carried]:
        if frame.tunnel == 1:
            return [msgspec.structs.replace(frame, data=frame.data[:-1] + bytes([frame.data[-1] ^ 1]))]
        return [frame]

    told = world.told(the_user(), inward=inward)
    assert (told.outcome, told.reason) == ("try-again", "tls")
    assert world.stand_in.subscriptions == []


def test_the_journal_says_that_somebody_listened(world):
    world.split()
    world.told(the_user())
    for name, ends in (("device0", 1), ("device1", 0)):
        entries = [event for _, event in world.home[name].device.journal.entries()]
        [started] = [event for event in entries if isinstance(event, CallStarted)]
        assert (started.endpoint, started.gives) == ("FEED_USER", ())
        assert len([event for event in entries if isinstance(event, CallEnded)]) == ends


# --- the feed itself, at the carrier


ROOM = 2000


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    return client_context(authority.pem), authority.server_context()


class Owner:
    """Takes what is handed on, as long as he is quick enough."""

    def __init__(self) -> None:
        self.heard = b""
        self.slow = False

    def take(self, data: bytes) -> bool:
        if not self.slow:
            self.heard += data
        return not self.slow

    @property
    def texts(self) -> list[bytes]:
        return self.heard.split(b"\n")[:-1]


def listening(
    contexts, server: HostileFeed | HonestFeed, owner: Owner | None = None, room: int = ROOM
) -> Listening:
    """Subscribed, until 100 on the signer's clock."""
    ours, _ = contexts
    listens = Listening(bytes(16), 1, NAME, ours, 20, (owner or Owner()).take, room)
    opened, *rest = listens.open()
    assert opened == OpenTunnel(bytes(16), 1, NAME)
    carry(listens, server, rest)
    assert listens.ready
    carry(listens, server, listens.ask(Subscription(NAME, b'{"type":"subscribe"}'), 100))
    return listens


def carry(listens: Listening, server: HostileFeed | HonestFeed, frames: list[Any]) -> HttpAnswer | None:
    """What both have to say to each other; the answer, where it comes of that."""
    answer = None
    while frames and answer is None:
        back = b"".join(server.receive(one.data) for one in frames if isinstance(one, Carried))
        frames = []
        if back:
            answer, frames = listens.take(Carried(bytes(16), 1, back))
    return answer


def says(listens: Listening, server: HostileFeed, *data: bytes) -> HttpAnswer | None:
    answer, frames = listens.take(Carried(bytes(16), 1, server.say(b"".join(data))))
    return answer or carry(listens, server, frames)


def ended(answer: HttpAnswer | None) -> str | None:
    assert answer is not None
    return answer.header("feed-ended")


def test_a_watch_ends_when_its_time_is_over_and_says_good_bye(contexts):
    server, owner = HonestFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner)
    server.protocol.send_text(b"one")
    assert listens.take(Carried(bytes(16), 1, server.flush()))[0] is None
    assert owner.texts == [b"one"], "he has it while the watch lasts"
    assert listens.late(99) is None
    assert ended(listens.late(100)) == "time"
    *closing, end = listens.hang_up()
    assert end == TunnelEnded(bytes(16), 1)
    carry(listens, server, closing)
    assert server.protocol.close_rcvd is not None and server.protocol.close_rcvd.code == 1000


def test_a_watch_of_nothing_is_an_answer(contexts):
    owner = Owner()
    listens = listening(contexts, HostileFeed(contexts[1]), owner)
    assert (ended(listens.late(100)), owner.heard) == ("time", b"")


def test_more_than_may_be_handed_on_ends_it(contexts):
    server, owner = HostileFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner)
    few = frame(TEXT, b"x" * 600)
    assert says(listens, server, few, few, few) is None
    assert ended(says(listens, server, few)) == "full"
    assert owner.texts == [b"x" * 600] * 3 and len(owner.heard) == ROOM


def test_an_owner_who_is_too_slow_ends_it_and_nothing_waits_for_him(contexts):
    server, owner = HostileFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner)
    assert says(listens, server, frame(TEXT, b"one")) is None
    owner.slow = True
    assert ended(says(listens, server, frame(TEXT, b"two"))) == "slow"
    assert owner.texts == [b"one"]


def test_a_long_message_is_handed_on_in_parts(contexts):
    """The first picture of a large book: nothing of it waits until it is whole."""
    server, owner = HostileFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner, room=10**6)
    whole = server.say(frame(TEXT, b"x" * 300_000))
    assert listens.take(Carried(bytes(16), 1, whole[:150_000]))[0] is None
    assert 100_000 < len(owner.heard) < 200_000 and not owner.texts
    assert listens.take(Carried(bytes(16), 1, whole[150_000:]))[0] is None
    assert owner.texts == [b"x" * 300_000]


def test_a_message_that_is_too_long_alone_is_said_to_be(contexts):
    server = HostileFeed(contexts[1])
    listens = listening(contexts, server)
    with pytest.raises(EgressFailed) as caught:
        says(listens, server, frame(TEXT, b"x" * (ROOM + 1)))
    assert caught.value.reason == "too-large"


def test_what_came_before_a_fault_is_handed_on(contexts):
    server, owner = HostileFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner)
    assert ended(says(listens, server, frame(TEXT, b"one"), frame(BINARY, b"two"))) == "feed-form"
    assert owner.texts == [b"one"]


def test_a_feed_that_was_not_opened_in_time_is_no_watch(contexts):
    ours, theirs = contexts
    server = HostileFeed(theirs, lambda _head: b"")
    listens = Listening(bytes(16), 1, NAME, ours, 20, Owner().take, ROOM)
    carry(listens, server, listens.open()[1:])
    carry(listens, server, listens.ask(Subscription(NAME, b"{}"), 100))
    with pytest.raises(EgressFailed) as caught:
        listens.late(100)
    assert (caught.value.reason, caught.value.sent) == ("too-slow", False)


def test_a_silent_host_is_asked_whether_it_is_there(contexts):
    server = HonestFeed(contexts[1])
    listens = listening(contexts, server)
    assert listens.late(10) is None and listens.ask_again() == []
    assert listens.late(29) is None and listens.ask_again() == []
    assert listens.late(30) is None
    carry(listens, server, listens.ask_again())
    assert [one.opcode for one in server.frames] == [TEXT, PING]
    for now in (31, 89):  # it answered
        assert listens.late(now) is None


def test_a_host_that_does_not_answer_is_gone(contexts):
    listens = listening(contexts, HostileFeed(contexts[1]))
    assert listens.late(10) is None
    assert listens.late(69) is None and listens.ask_again()
    assert ended(listens.late(70)) == "silent"


def test_what_the_answer_is_judged_by_is_its_beginning(contexts):
    server, owner = HostileFeed(contexts[1]), Owner()
    listens = listening(contexts, server, owner, room=10**6)
    says(listens, server, frame(TEXT, b'{"type":"error"}'), *[frame(TEXT, b"x" * 60_000)] * 3)
    answer = listens.late(100)
    assert answer is not None and answer.body.split(b"\n") == [b'{"type":"error"}', b"x" * 60_000, b""]
