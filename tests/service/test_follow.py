"""The loops that must never end: whatever one transfer or one answer does, the others are still looked after."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from nacl.utils import random
from tests.service.test_store import new_transfer

from warifu.errors import ChainUnavailable
from warifu.service.bell import Bell
from warifu.service.config import ServiceConfig
from warifu.service.hub.hub import Hub
from warifu.service.roads.bitcoin import BitcoinRoad
from warifu.service.roads.road import Delivery, Displaced, InBlock, Road, Waiting, Whereabouts
from warifu.service.store import transfers as store
from warifu.service.store.database import Database, create_database
from warifu.service.store.rows import StoredTransfer
from warifu.service.wallets import Wallets
from warifu.service.workflows import correlations
from warifu.service.workflows.follow import Caretaker, Follower
from warifu.service.workflows.offers import Offers
from warifu.service.workflows.transfer import Transfers

pytestmark = pytest.mark.unit

ADDRESS = "bcrt1q-somebody"


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "service", random(32))
    yield made
    made.close()


class ScriptedRoad:
    """A chain that answers as a test says."""

    chain = "bitcoin"

    def __init__(self) -> None:
        self.found: dict[str, Whereabouts | Exception] = {}
        self.refreshing: Exception | None = None
        self.sent: list[bytes] = []

    def refresh(self, wallets: Collection[str]) -> None:
        if self.refreshing is not None:
            raise self.refreshing

    def whereabouts(self, transfer: StoredTransfer) -> Whereabouts:
        found = self.found.get(transfer.id, Waiting(known=True))
        if isinstance(found, Exception):
            raise found
        return found

    def broadcast(self, wallet: str, raw: bytes) -> Delivery:
        self.sent.append(raw)
        return Delivery("test", "has it")


class Senders:
    """As much of ``Transfers`` as the follower uses."""

    def __init__(self) -> None:
        self.offers = Offers()
        self.sent: list[str] = []
        self.fails: Exception | None = None

    def send(self, identifier: str) -> str:
        self.sent.append(identifier)
        if self.fails is not None and len(self.sent) == 1:
            raise self.fails
        return "sent"


def add(database: Database, number: int, *, sent: bool = True, **fields: object) -> str:
    identifier = f"{number:032x}"
    store.add_transfer(database, new_transfer(id=identifier, **fields))
    store.begin_signing(database, identifier, 1)
    store.store_signed(database, identifier, b"raw %d" % number, None, f"{number:064x}")
    if sent:
        store.mark(database, identifier, ("signed",), "broadcast", 6, "sent")
    return identifier


def follower(database: Database, road: ScriptedRoad, senders: Senders | None = None) -> Follower:
    transfers = cast(Transfers, senders or Senders())
    return Follower(database, cast(Road, road), transfers, Bell(), 0.001)


def test_what_a_finished_transfer_waited_for_is_forgotten(database):
    """Else a service that runs for years would remember every transfer that ever waited."""
    first, second = add(database, 1), add(database, 2)
    road = ScriptedRoad()
    road.found = {first: Waiting(known=True, why="this"), second: Waiting(known=True, why="that")}
    following = follower(database, road)
    following.round()
    assert following._told == {first: "this", second: "that"}
    road.found[first] = InBlock(7, 6, settled=True)
    following.round()
    following.round()
    assert following._told == {second: "that"}
    waits = [event.text for event in store.show_transfer(database, second, 0).events if event.text == "that"]
    assert waits == ["that"], "told once"


UNFORESEEN = [
    InBlock(2**63, 1, settled=False),  # the database's library raises OverflowError for it
    RuntimeError(f"a library says too much about {ADDRESS}"),
    ChainUnavailable("time-out", "no answer"),
]


@pytest.mark.parametrize("found", UNFORESEEN, ids=["a height over 2^63-1", "anything", "unavailable"])
def test_one_transfer_that_cannot_be_followed_hides_no_other(database, found, caplog):
    first, second, third = (add(database, number) for number in range(3))
    unsent = add(database, 3, sent=False)
    road, senders = ScriptedRoad(), Senders()
    road.found = {first: InBlock(7, 1, settled=False), second: found, third: InBlock(8, 1, settled=False)}
    follower(database, road, senders).round()
    states = {item.id: (item.state, item.height) for item in store.list_transfers(database)}
    assert states[first] == ("confirmed", 7) and states[third] == ("confirmed", 8)
    assert states[second] == ("broadcast", None)
    assert senders.sent == [unsent]
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize("failure", [RuntimeError(ADDRESS), OverflowError()])
def test_a_chain_that_cannot_be_refreshed_does_not_keep_transfers_from_being_sent(database, failure):
    unsent = [add(database, number, sent=False) for number in range(2)]
    road, senders = ScriptedRoad(), Senders()
    road.refreshing = senders.fails = failure
    follower(database, road, senders).round()
    assert sorted(senders.sent) == unsent


class Failing:
    """Work that always fails, and tells when it was tried again and again."""

    def __init__(self) -> None:
        self.tries = 0
        self.thrice = threading.Event()

    def __call__(self) -> None:
        self.tries += 1
        if self.tries == 3:
            self.thrice.set()
        raise RuntimeError(ADDRESS)


def test_following_goes_on_after_whatever_goes_wrong_in_a_round(database, caplog):
    failing, followed = Failing(), follower(database, ScriptedRoad())
    followed.round = failing  # type: ignore[method-assign]
    followed.start()
    try:
        assert failing.thrice.wait(60)
    finally:
        followed.stop()
    assert "internal error: RuntimeError at" in caplog.text and ADDRESS not in caplog.text


def test_the_caretaker_goes_on_after_whatever_goes_wrong(caplog):
    failing = Failing()
    done: list[bool] = []
    caretaker = Caretaker([failing, lambda: done.append(True)], 0, 0.001)
    caretaker.start()
    try:
        assert failing.thrice.wait(60)
    finally:
        caretaker.stop()
    assert len(done) >= 2, "what fails keeps nothing else from being done"
    assert "internal error: RuntimeError at" in caplog.text and ADDRESS not in caplog.text


async def test_correlations_are_prepared_after_whatever_went_wrong_in_a_round(database, monkeypatch, caplog):
    rounds, thrice = 0, asyncio.Event()
    loop = asyncio.get_running_loop()

    def fails(_database: Database) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            loop.call_soon_threadsafe(thrice.set)
        raise RuntimeError(ADDRESS)

    monkeypatch.setattr(correlations, "ROUND_SECONDS", 0.001)
    monkeypatch.setattr(correlations, "list_wallets", fails)
    made = correlations.Correlations(database, cast(Hub, None), 1.0)
    made.start()
    try:
        async with asyncio.timeout(60):
            await thrice.wait()
    finally:
        await made.close()
    assert "internal error: RuntimeError at" in caplog.text and ADDRESS not in caplog.text


def test_a_wallet_on_which_a_library_fails_hides_no_other_from_the_chain(caplog):
    class Opened:
        backend = SimpleNamespace(tip=lambda: SimpleNamespace(height=9))
        seen: ClassVar[list[str]] = []

        def synced(self, name: str) -> None:
            self.seen.append(name)
            if name == "bad":
                raise RuntimeError(ADDRESS)

    BitcoinRoad(cast(Wallets, Opened()), 6).refresh(["bad", "good"])
    assert Opened.seen == ["bad", "good"]
    assert "internal error: RuntimeError at" in caplog.text and ADDRESS not in caplog.text


def test_an_orphan_that_cannot_be_ended_hides_no_other(database, monkeypatch, caplog):
    identifiers = [f"{number:032x}" for number in range(3)]
    for identifier in identifiers:
        store.add_transfer(database, new_transfer(id=identifier))
    mark = store.mark

    def fails(database: Database, identifier: str, *rest: Any, **more: Any) -> bool:
        if identifier == identifiers[1]:
            raise RuntimeError(ADDRESS)
        return mark(database, identifier, *rest, **more)

    monkeypatch.setattr(store, "mark", fails)
    unused = cast(Any, None)
    config = ServiceConfig(data_dir="unused", network="regtest")
    transfers = Transfers(database, unused, unused, unused, unused, unused, Bell(), config)
    transfers.end_orphans()
    states = {item.id: item.state for item in store.list_transfers(database)}
    assert [states[identifier] for identifier in identifiers] == [
        "needs-authorization",
        "authorized",
        "needs-authorization",
    ]
    transfers.prepare_to_stop()
    monkeypatch.setattr(store, "mark", mark)
    transfers.end_orphans()
    assert store.read_transfer(database, identifiers[1]).state == "authorized", "the next start takes it up"


def test_a_transfer_that_can_not_be_authorized_any_more_holds_nothing(database):
    """Its coins on Bitcoin are held by the wallet: nobody else would ever free them."""
    released: list[bytes] = []
    road = SimpleNamespace(release=lambda wallet, unsigned: released.append(unsigned))
    unused = cast(Any, None)
    config = ServiceConfig(data_dir="unused", network="regtest")
    transfers = Transfers(
        database,
        unused,
        cast(Any, SimpleNamespace(of=lambda _: road)),
        unused,
        unused,
        unused,
        Bell(),
        config,
    )
    now = int(time.time())
    for number, expires in ((1, now - 700), (2, now - 1), (3, now + 600)):
        store.add_transfer(
            database, new_transfer(id=f"{number:032x}", unsigned=b"%d" % number, expires=expires)
        )
    transfers.end_expired()
    assert released == [], "what is authorized is not waiting"
    transfers.end_orphans()
    for _ in range(2):
        transfers.end_expired()
    assert released == [b"1"], "once: meanwhile another may hold what was released"
    found = {int(item.id, 16): (item.state, item.settled) for item in store.list_transfers(database)}
    waits = "needs-authorization"
    assert found == {1: (waits, True), 2: (waits, False), 3: (waits, False)}


def test_a_proposal_whose_request_expired_holds_nothing(database):
    released: list[bytes] = []
    road = SimpleNamespace(release=lambda wallet, unsigned: released.append(unsigned))
    unused = cast(Any, None)
    config = ServiceConfig(data_dir="unused", network="regtest")
    transfers = Transfers(
        database,
        unused,
        cast(Any, SimpleNamespace(of=lambda _: road)),
        unused,
        unused,
        unused,
        Bell(),
        config,
    )
    now = int(time.time())
    for number, expires in ((1, now - 700), (2, now + 600)):
        proposal = (bytes(32), b"approval")
        store.add_transfer(
            database,
            new_transfer(id=f"{number:032x}", unsigned=b"%d" % number, expires=expires, proposal=proposal),
        )
    transfers.end_orphans()
    transfers.end_expired()
    assert released == [b"1"]
    found = {int(item.id, 16): (item.state, item.settled) for item in store.list_transfers(database)}
    assert found == {1: ("proposed", True), 2: ("proposed", False)}


def test_what_a_transaction_cost_that_a_reorganisation_replaced_is_forgotten(database):
    identifier, road = add(database, 1), ScriptedRoad()
    following = follower(database, road)
    road.found[identifier] = InBlock(7, 1, settled=False, fee=21_000)
    following.round()
    assert store.read_transfer(database, identifier).fee == 21_000
    road.found[identifier] = Displaced("ab" * 32, settled=False)
    following.round()
    found = store.read_transfer(database, identifier)
    assert (found.state, found.height, found.fee, found.replaced_by) == ("replaced", None, None, "ab" * 32)
