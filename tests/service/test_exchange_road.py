"""The whole road to an exchange: what the service sees of it, and what it achieves by bending what it carries.

Real devices, their own TLS, the real hub and tunnels, and a simulated exchange that authenticates as a real one does.
"""

import asyncio
import base64
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from nacl.utils import random
from tests.support.exchange_road import (
    ALL,
    Asked,
    Record,
    Road,
    generous,
    record_database,
    recorded,
    road,
    settle,
)
from tests.support.exchange_scripts import ended, parcelled, show_call
from tests.support.https_exchange import Authority, Exchange
from tests.support.sandbox import BINANCE_KEY, CDP_KEY, EXCHANGE_KEY, EXCHANGE_PASSPHRASE, EXCHANGE_SECRET
from tests.support.service_world import Client, now, refusal

from warifu.exchanges.http import HttpAnswer, HttpRequest
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AnswerKey, SealedAnswer
from warifu.protocol.exchange_comparisons import open_comparisons
from warifu.protocol.exchange_pieces import Pieces
from warifu.protocol.exchange_requests import ComparisonsRequest
from warifu.protocol.request import request_digest
from warifu.service.hub import tunnels
from warifu.service.workflows import comparisons
from warifu.signer.egress.client import HttpsClient

pytestmark = pytest.mark.real

SEED = bytes(range(100, 132))
BINANCE, COINBASE, TRIPLET = EXCHANGES["binance"], EXCHANGES["coinbase"], EXCHANGES["coinbase-exchange"]


def key_file() -> str:
    """What Coinbase's portal hands out."""
    pem = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return msgspec.json.encode({"name": CDP_KEY, "privateKey": pem.decode()}).decode()


def order(quote: str = "USDT", price: str = "50000.01") -> Order:
    pair = Pair("BTC", quote)
    return Order(str(uuid.uuid4()), pair, "buy", kind="limit", size=Decimal("0.0123"), price=Decimal(price))


@dataclass
class Spy:
    """What devices said to exchanges and heard from them, inside of their TLS."""

    requests: list[HttpRequest] = field(default_factory=list)
    answers: list[HttpAnswer] = field(default_factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ask, receive = HttpsClient.ask, HttpsClient.receive

        def asking(client: HttpsClient, request: HttpRequest) -> None:
            self.requests.append(request)
            ask(client, request)

        def receiving(client: HttpsClient, ciphertext: bytes) -> HttpAnswer | None:
            answer = receive(client, ciphertext)
            if answer is not None:
                self.answers.append(answer)
            return answer

        monkeypatch.setattr(HttpsClient, "ask", asking)
        monkeypatch.setattr(HttpsClient, "receive", receiving)

    @property
    def said(self) -> set[bytes]:
        """Targets, header values and bodies of requests; the bodies of answers."""
        found = {answer.body for answer in self.answers}
        for request in self.requests:
            found |= {request.target.encode(), request.target.split("?")[0].encode(), request.body}
            found |= {value.encode() for name, value in request.headers if name.lower() != "host"}
        # what anybody says to anybody
        return {each for each in found if len(each) >= 12} - {
            b"application/json",
            b"application/x-www-form-urlencoded",
        }


@pytest.fixture(scope="module")
def record() -> Record:
    return Record()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, record: Record) -> Iterator[Road]:
    """Accounts at all three exchanges; all that the service saw of their being added is in ``record``."""
    with road(tmp_path_factory.mktemp("road")) as made:

        async def prepare() -> None:
            async with made.world.running() as client:
                await made.prepare(client)
                async with recorded(client, record):
                    await made.add_born(client)
                    public = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key()
                    await made.add_split(client, key_file(), public.public_bytes_raw())
                    await made.add_triplet(client)
                record_database(record, made.world)

        asyncio.run(prepare())
        yield made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "ROUND_SECONDS", 0.05)


def words(shown: api.ExchangeCallShown) -> list[str]:
    return [event.text for event in shown.events]


async def test_the_service_sees_no_credential_no_request_and_no_answer(
    home: Road,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
):
    """Frames, the API, the database and its files, logs and output: of three kinds of key, from being added to use,
    with a trade that is refused, one whose answer is lost, and a comparison."""
    caplog.set_level(logging.DEBUG)
    spy = Spy()
    spy.watch(monkeypatch)
    wanted, dear, lost = order("USD"), order(price="9999999.99"), order()
    async with home.world.running() as client, recorded(client, record):
        await home.answer(client, "binance", BINANCE.balances())
        await home.answer(client, "coinbase", COINBASE.place(wanted))
        await settle(client, home, "device1", "coinbase")
        await home.answer(client, "coinbase-exchange", TRIPLET.balances(), ["device0"])
        _, refused = await home.shown(client, "binance", BINANCE.place(dear))
        assert refused.state == "refused"
        home.fault(kind="lose-answer", api="binance", method="POST", times=1)
        asked, shown = await home.shown(client, "binance", BINANCE.place(lost))
        assert (shown.outcome, shown.answer is not None) == ("unknown", True)
        record_database(record, home.world)
        await client.get("/wallets/savings/exchange-calls", api.ExchangeCalls)
        assert asked.told(shown).outcome == "unknown"
    record.add(caplog.text.encode())
    record.add("".join(capfd.readouterr()).encode())
    secrets = {
        BINANCE_KEY.encode(),
        CDP_KEY.encode(),
        EXCHANGE_KEY.encode(),
        EXCHANGE_SECRET.encode(),
        base64.b64decode(EXCHANGE_SECRET),
        EXCHANGE_PASSPHRASE.encode(),
        SEED,
        key_file().encode(),
        b"newClientOrderId",
        b"limit_limit_gtc",
        b"Bearer ey",
        b"9999999.99",
        b"50000.01",
        b"BTCUSDT",
        *(each.client_id.encode() for each in (wanted, dear, lost)),
        *(asked.content,),
        *spy.said,
    }
    assert len(spy.requests) >= 9 and len(spy.answers) >= 8  # each with one for the clock
    rules = encode(generous())  # which endpoints and pairs the owner allows is no secret from the service
    for secret in secrets:
        assert secret in rules or not record.holds(secret), secret
    for known in (b"api.binance.com", b"api.coinbase.com", b"coinbase-exchange", asked.request.call):
        assert record.holds(known), "what it may know is there, so this test could have found the rest"


async def test_a_feed_is_listened_to_over_the_same_road_and_the_service_reads_nothing_of_it(home: Road):
    """The user's, by a token that two devices signed: an order that is there, for as long as the owner wanted."""
    there, seen = order("USD", price="12345.67"), Record()
    feeds = COINBASE.feeds
    async with home.world.running() as client, recorded(client, seen):
        await home.answer(client, "coinbase", COINBASE.place(there))
        await settle(client, home, "device1", "coinbase")
        async with home.world.passing_time("device0"):
            watched = await home.answer(client, "coinbase", feeds.watch("user", (Pair("BTC", "USD"),), 5))
    record_database(seen, home.world)
    snapshot = msgspec.json.decode(watched.texts[0])
    assert there.client_id in [one["client_order_id"] for one in snapshot["events"][0]["orders"]]
    assert (watched.gaps, watched.unreadable, watched.ended) == ((), 0, "time")
    for secret in (there.client_id.encode(), b"12345.67", b"sequence_num", b"subscriptions", b'"jwt"'):
        assert not seen.holds(secret)
    assert seen.holds(b"advanced-trade-ws-user.coinbase.com")


async def test_a_feed_is_heard_while_it_lasts_and_nothing_waits_for_it(home: Road):
    """While both devices that trade listen: an order is placed and compared, and is heard of by who listens. Then the
    owner has heard enough, long before the watch would have been over."""
    wanted, feeds = order("USD", price="23456.78"), COINBASE.feeds
    long_watch = feeds.watch("user", (Pair("BTC", "USD"),), 3600)
    async with home.world.running() as client, home.world.passing_time("device0"):
        asked = await home.asked(client, "coinbase", long_watch)
        await home.hand_in(client, asked)
        beside = await home.asked(client, "coinbase", feeds.watch("ticker", (Pair("BTC", "USD"),), 3600))
        await home.hand_in(client, beside)
        pieces = Pieces(asked.reader, request_digest(asked.request), asked.request.carrier)
        heard = b""

        async def until(words: bytes) -> None:
            nonlocal heard
            while words not in heard:
                shown = await home.pieces(client, asked, pieces.count, wait=5)
                assert shown.state in ("waiting", "running")
                for each in shown.pieces:
                    heard += pieces.take(decode(SealedAnswer, each.piece, 2**18))

        await until(b"subscriptions")
        await home.answer(client, "coinbase", COINBASE.place(wanted))
        await settle(client, home, "device1", "coinbase")
        await until(wanted.client_id.encode())
        for each in (asked, beside):
            assert (await client.http.post(f"/v1{path_of(each)}/stop")).status_code == 204
        shown = await ended(client, asked.id)
        told = await home.whole(client, asked, shown)
        assert told.answer is not None and dict(told.answer.headers)["feed-ended"] == "stopped"
        assert told.answer.body.startswith(heard)
        assert (await ended(client, beside.id)).outcome == "done"
        assert not home.world.devices["device0"].signer._ceremonies._running


def path_of(asked: Asked) -> str:
    return f"/wallets/savings/exchange-calls/{asked.id}"


async def test_a_dry_run_tells_the_owner_alone_and_nobody_can_make_it(home: Road):
    wanted, dear = order(), order(price="9999999.99")
    async with home.world.running() as client:
        decisions = await home.decisions(client, "binance", BINANCE.place(wanted))
        assert [each.allowed for each in decisions] == [True, True]
        for decision in await home.decisions(client, "binance", BINANCE.place(dear)):
            assert not decision.allowed and decision.refusal is not None
            assert decision.refusal.reason == "order-limit"
        real = await home.asked(client, "binance", BINANCE.place(wanted))
        question = api.ExchangeDecisionQuestion(
            authorization=real.question.authorization, parcels=real.question.parcels
        )
        path = "/wallets/savings/exchange-decisions"
        assert (await refusal(client.post(path, question, api.ExchangeDecisions))).code == "input.request"
        assert placed(home, "binance", wanted) == 0


async def test_a_device_that_signed_compares_over_its_own_tls_and_the_service_brings_it_to_it(home: Road):
    wanted = order("USD")
    async with home.world.running() as client:
        asked, shown = await home.shown(client, "coinbase", COINBASE.place(wanted))
        assert shown.outcome == "done"
        await settle(client, home, "device1", "coinbase")
        while not (compared := (await show_call(client, asked.id)).compared):
            await asyncio.sleep(0.02)
        assert [(each.device, each.outcome) for each in compared] == [("device1", "done")]
        assert placed(home, "coinbase", wanted) == 1


async def test_what_devices_compare_is_told_to_the_owner_alone(home: Road):
    wanted, seen, reader = order("USD", price="61234"), Record(), AnswerKey()
    async with home.world.running() as client:
        asked, _ = await home.shown(client, "coinbase", COINBASE.place(wanted))
        await settle(client, home, "device1", "coinbase")
        request = ComparisonsRequest(random(16), home.world.wallet_id, reader.public, now(), now() + 600)
        authorization, _ = await parcelled(client, request, {})
        question = api.ExchangeComparisonsQuestion(authorization=authorization)
        async with recorded(client, seen):
            path = "/wallets/savings/exchange-comparisons"
            told = await client.post(path, question, api.ExchangeAccountTold)
    said = {}
    for each in told.devices:
        sealed = decode(SealedAnswer, each.answer, 2**18)
        said[each.device] = open_comparisons(reader, sealed, request_digest(request), each.identity)
    [one] = [each for each in said["device1"].shown if each.about == request_digest(asked.request)]
    assert (one.state, one.account, one.words) == ("found", "coinbase", ())
    assert one.carrier == asked.request.carrier and "BTC-USD" in one.asked
    assert set(said) == {"device0", "device1", "device2"} and said["device2"].shown == ()
    assert not seen.holds(one.asked.encode()) and seen.holds(encode(request))


async def test_an_answer_that_was_lost_is_looked_for_and_nothing_is_sent_again(home: Road):
    wanted = order()
    async with home.world.running() as client:
        home.fault(kind="lose-answer", api="binance", method="POST", times=1)
        _, shown = await home.shown(client, "binance", BINANCE.place(wanted))
        assert (shown.state, shown.outcome) == ("done", "unknown")
        found = await home.answer(client, "binance", BINANCE.find_order(wanted), ALL[1:])
        assert [each.client_id for each in found.items] == [wanted.client_id]
        assert placed(home, "binance", wanted) == 1


def placed(home: Road, exchange: str, wanted: Order) -> int:
    """How many orders with this id the exchange has."""
    text = msgspec.json.encode(home.orders(exchange)).decode()
    return text.count(wanted.client_id) + text.count(wanted.client_id.replace("-", ""))


# --- a service that bends what it carries ------------------------------------------------------------------------

Deed = Callable[[bytes, list[bytes]], list[bytes]]
"""(a piece, all pieces before it in its direction) -> what is carried instead; an empty piece ends the stream."""


def flip(piece: bytes, _before: list[bytes]) -> list[bytes]:
    return [piece[:-1] + bytes([piece[-1] ^ 1])]


def cut(piece: bytes, _before: list[bytes]) -> list[bytes]:
    return [piece[: len(piece) // 2], b""]


def end(_piece: bytes, _before: list[bytes]) -> list[bytes]:
    return [b""]


def replay(piece: bytes, before: list[bytes]) -> list[bytes]:
    """One that was there is there again."""
    return [before[-1] if before else piece, piece]


def double(piece: bytes, _before: list[bytes]) -> list[bytes]:
    return [piece, piece]


def swap(piece: bytes, _before: list[bytes]) -> list[bytes]:
    """The records of a flight in another order."""
    records = []
    while piece:
        length = 5 + int.from_bytes(piece[3:5], "big")
        records.append(piece[:length])
        piece = piece[length:]
    return [b"".join(reversed(records))]


@dataclass
class Bending:
    """Of a tunnel (0: for the exchange's clock, 1: for the call) the first piece in one direction that comes after so
    many of the device's."""

    tunnel: int
    direction: str
    after: int
    deed: Deed
    done: int = 0
    _before: dict[str, list[bytes]] = field(default_factory=lambda: {"in": [], "out": []})

    def bend(self, tunnel: int, direction: str, piece: bytes) -> list[bytes]:
        if tunnel != self.tunnel or not piece:
            return [piece]
        before = self._before[direction]
        mine = direction == self.direction and not self.done and len(self._before["out"]) >= self.after
        bent = self.deed(piece, before) if mine else [piece]
        self.done += mine
        before.append(piece)
        return bent

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read, outward = tunnels._Tunnel._read, tunnels._Tunnel.outward
        waiting: dict[int, list[bytes]] = {}

        async def reading(tunnel: tunnels._Tunnel, reader: asyncio.StreamReader) -> bytes:
            pieces = waiting.setdefault(id(tunnel), [])
            if not pieces:
                pieces += self.bend(tunnel._frame.tunnel, "in", await read(tunnel, reader))
            return pieces.pop(0)

        def going(tunnel: tunnels._Tunnel, data: bytes) -> None:
            for piece in self.bend(tunnel._frame.tunnel, "out", data):
                if piece:
                    outward(tunnel, piece)
                else:
                    tunnel.refuse()
                    tunnel.close()

        monkeypatch.setattr(tunnels._Tunnel, "_read", reading)
        monkeypatch.setattr(tunnels._Tunnel, "outward", going)


HELLO, PROOF, REQUEST = 0, 1, 2
"""What a device says, piece by piece: the beginning, the end of the handshake, the request. To the clock the last two
are one."""
SERVERS_HELLO, ANSWER = 1, 3
"""What comes after so many of them."""


async def bent(
    home: Road, client: Client, bending: Bending, monkeypatch: pytest.MonkeyPatch
) -> tuple[Order, Asked, Any]:
    wanted = order()
    for name in ("device0", "device1"):
        await settle(client, home, name, "binance")  # so that no comparison is bent
    with monkeypatch.context() as patch:
        bending.install(patch)
        asked, shown = await home.shown(client, "binance", BINANCE.place(wanted))
    assert bending.done == 1, "it was bent"
    return wanted, asked, shown


async def test_orders_at_binance_go_on_one_after_another_as_devices_are_brought_to_look(home: Road):
    """Who signed one and did not carry it owes a look before the next: the service brings it there by itself."""
    async with home.world.running() as client:
        for names in (("device0", "device1"), ("device1", "device0"), ("device0", "device1")):
            wanted = order()
            asked, shown = await home.shown(client, "binance", BINANCE.place(wanted), names)
            assert asked.told(shown).outcome == "done", (shown.refusal, words(shown))
            assert placed(home, "binance", wanted) == 1
        for name in names:
            await settle(client, home, name, "binance")
        frozen = [home.world.devices[name].device.rules.frozen(home.world.wallet_id) for name in names]
        assert frozen == [None, None]


@pytest.mark.parametrize("deed", [flip, double, cut, swap, end])
async def test_a_bent_handshake_is_an_error_and_nothing_was_sent(
    home: Road, monkeypatch: pytest.MonkeyPatch, deed: Deed
):
    places = [(0, "out", HELLO), (0, "in", SERVERS_HELLO), (1, "out", HELLO), (1, "in", SERVERS_HELLO)]
    async with home.world.running() as client:
        for tunnel, direction, after in places:
            if deed is swap and direction == "out":
                continue  # it is one record
            bending = Bending(tunnel, direction, after, deed)
            wanted, asked, shown = await bent(home, client, bending, monkeypatch)
            assert shown.state == "done", (shown.refusal, words(shown))
            assert (asked.told(shown).outcome, asked.told(shown).answer) == ("try-again", None)
            assert placed(home, "binance", wanted) == 0


@pytest.mark.parametrize(
    ("direction", "after", "deeds"),
    [
        ("out", PROOF, (flip, cut, end)),
        ("out", REQUEST, (flip, replay, double, cut, end)),
        ("in", ANSWER, (flip, replay, cut, end)),
    ],
    ids=["proof", "request", "answer"],
)
async def test_bent_later_it_happens_at_most_once_and_nothing_is_taken_for_an_answer(
    home: Road, monkeypatch: pytest.MonkeyPatch, direction: str, after: int, deeds: tuple[Deed, ...]
):
    """A device has its connection before the exchange has seen its proof: from there on the call may be out."""
    async with home.world.running() as client:
        for deed in deeds:
            wanted, asked, shown = await bent(home, client, Bending(1, direction, after, deed), monkeypatch)
            assert shown.state == "done", (shown.refusal, words(shown))
            told = asked.told(shown)
            if told.outcome == "done":  # the first copy was whole and in its place
                assert deed is double
            elif (told.outcome, told.answer) != ("unknown", None):
                assert (after, told.outcome) == (PROOF, "try-again")
            if told.outcome == "done" or direction == "in":  # it had all of the request
                while not placed(home, "binance", wanted):
                    await asyncio.sleep(0.01)
            assert placed(home, "binance", wanted) <= (after != PROOF)


async def test_a_bent_clock_is_no_clock(home: Road, monkeypatch: pytest.MonkeyPatch):
    async with home.world.running() as client:
        for deed in (flip, replay, cut, end):
            wanted, asked, shown = await bent(home, client, Bending(0, "in", PROOF + 1, deed), monkeypatch)
            assert (asked.told(shown).outcome, placed(home, "binance", wanted)) == ("try-again", 0)


@pytest.mark.parametrize("name", ["api.binance.com", "api.exchange.example.com"])
async def test_who_is_connected_to_somebody_else_tells_him_nothing(
    home: Road, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
):
    """A server of the service's, with a certificate for the exchange's name, or for another, by another authority."""
    thief = Exchange(Authority(tmp_path).server_context(name))
    try:
        async with home.world.running() as client:

            async def elsewhere(_reach: tunnels.Reach, _host: str) -> tuple[tunnels.Address, ...]:
                return (thief.address,)

            wanted = order()
            with monkeypatch.context() as patch:
                patch.setattr(tunnels.Reach, "addresses", elsewhere)
                asked, shown = await home.shown(client, "binance", BINANCE.place(wanted))
            told = asked.told(shown)
            assert (told.outcome, told.reason, told.answer) == ("try-again", "certificate", None)
            assert not thief.heard and placed(home, "binance", wanted) == 0
    finally:
        thief.close()


async def test_the_service_says_that_it_is_connected_to_a_simulation(home: Road):
    async with home.world.running() as client:
        health = await client.get("/health", api.Health)
        assert set(health.simulated_exchanges) == set(home.simulation.hosts)


async def test_an_exchange_that_cannot_be_reached_is_said_to_be_so(
    home: Road, monkeypatch: pytest.MonkeyPatch
):
    async def nowhere(_reach: tunnels.Reach, _host: str) -> tuple[tunnels.Address, ...]:
        return (("127.0.0.1", 1),)

    async with home.world.running() as client:
        with monkeypatch.context() as patch:
            patch.setattr(tunnels.Reach, "addresses", nowhere)
            _, shown = await home.shown(client, "binance", BINANCE.balances())
        assert (shown.state, shown.outcome) == ("done", "try-again")
        assert any("it cannot be reached" in text for text in words(shown))
