"""Visits with a shared CDP key and the simulated Coinbase: where funds go is the carrier's word, until somebody looks.

The exchange's own list of addresses is on. A hostile carrier is a device that was taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.utils import random
from tests.support import exchange_accounts
from tests.support.carriers import body, hostile_carriers
from tests.support.journals import audited, journals_of
from tests.support.sandbox import public_pem
from tests.support.simulator import FRIEND, THIEF
from tests.support.visiting import (
    BTC,
    CdpStage,
    chain_and_exchanges,
    on_stage,
    open_cdp,
    reason,
    visiting_policy,
)

from warifu.errors import WarifuError
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.exchange_requests import SettleRequest, VisitAsset
from warifu.protocol.exchange_visits import ErrandDone, sweep_digest
from warifu.protocol.frames import Instruct, Instructed
from warifu.protocol.request import FreezeRequest
from warifu.sandbox.control import AddFault, SetAccount
from warifu.signer.exchanges import errands

pytestmark = pytest.mark.real

D = Decimal
COINBASE = EXCHANGES["coinbase"]
FIRST, SECOND, THIRD = ("device0", "device1"), ("device1", "device0"), ("device2", "device1")
FEE = BTC // 10_000
"""Of a send, on top of it."""
DEAD = 182
"""Seconds after which a token is dead, and what was made of it shows."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with chain_and_exchanges(tmp_path_factory) as made:
        yield made


@pytest.fixture
def stage(world, tmp_path, request) -> Iterator[CdpStage]:
    with on_stage(CdpStage, world, tmp_path, request.node.name) as made:
        yield made


@pytest.fixture
def takes_over(monkeypatch):
    """Have a device send another body than was signed for, wherever it carries a send."""
    hostile = hostile_carriers(monkeypatch)

    def take_over(identity: bytes, **changes: str) -> None:
        change = body(**changes)
        hostile(
            identity,
            lambda request: change(request) if _is_send(request) else request,
        )

    return take_over


def _is_send(request: HttpRequest) -> bool:
    return request.method == "POST" and request.target.endswith("/transactions")


def frozen(stage: CdpStage) -> set[str]:
    return {
        name
        for name, each in stage.home.devices.items()
        if each.device.rules.frozen(stage.wallet) is not None
    }


def funded(stage: CdpStage, *pairs: Any, amount: int = BTC // 2, most: int = BTC // 2) -> bytes:
    return stage.funded(FIRST, SECOND, *pairs, amount=amount, most=most)


def swept(stage: CdpStage, visit: bytes, names: Any, number: int) -> tuple[ErrandDone, int]:
    """One round, compared by its co-signer when its token is dead; how much arrived."""
    arrived = stage.arrives(visit, names, number)
    stage.pass_(DEAD)
    looked = stage.compares(visit, names[::-1], number)
    assert (looked.outcome, looked.reason) == ("done", "")
    return stage.does(visit, "balance", names), arrived


def test_there_and_home_with_a_trade_and_an_open_order_less_two_fees_to_the_satoshi(stage):
    """No request says what the fee on top will be: the first round leaves too much for it, the second knows it."""
    visit = funded(stage)
    assert stage.does(visit, "balance", SECOND).shown.state == "trading"
    stage.turn()
    sold = Order(str(uuid4()), Pair("BTC", "USD"), "sell", kind="market", size=D("0.1"))
    assert stage.asks(COINBASE.place(sold), FIRST, "device0").outcome == "done"
    [sale] = stage.home["device1"].status().accounts[0].due
    stage.looks(sale, SECOND)
    waits = Order(str(uuid4()), Pair("BTC", "USD"), "sell", kind="limit", size=D("0.1"), price=D(600_000))
    assert stage.asks(COINBASE.place(waits), FIRST, "device0").outcome == "done"
    [waiting] = stage.home["device1"].status().accounts[0].due
    stage.end(visit)
    [there] = stage.does(visit, "balance", FIRST).shown.there
    assert (there.free, there.held) == ("0.3", "0.1")
    assert reason(stage.errand(visit, "cancel", FIRST, pair="BTC-USD"), "device0") == "visit-step"
    assert stage.does(visit, "orders", FIRST, pair="BTC-USD").outcome == "done"
    assert stage.does(visit, "cancel", FIRST, pair="BTC-USD").outcome == "done"
    stage.looks(waiting, SECOND)

    first, arrived = swept(stage, visit, FIRST, 0)
    for about in (sale, waiting):
        stage.looks(about, SECOND)  # once more, as their tokens are dead
    assert first.shown.state != "home"
    second, rest = swept(stage, visit, FIRST, 1)
    assert (second.shown.state, stage.free()) == ("home", 0)
    assert arrived + rest == 40_000_000 - 2 * FEE
    assert frozen(stage) == set()
    assert audited(journals_of(stage.home)).wrong == ()


def test_an_address_is_made_where_none_is_listed_and_all_devices_find_the_same(stage):
    visit = stage.opened()
    early = stage.errand(visit, "address", FIRST)
    assert reason(early, "device0") == "visit-wallet"  # what it does not know it does not ask for
    for names in (FIRST, SECOND, THIRD):
        stage.does(visit, "wallets", names)
    assert stage.does(visit, "address", FIRST).reason == "no-address"
    assert stage.does(visit, "new-address", FIRST).outcome == "done"
    first = stage.does(visit, "address", FIRST).shown.address
    stage.pass_(1)
    assert stage.does(visit, "new-address", SECOND).outcome == "done"  # a service that has another one made
    found = {stage.does(visit, "address", names).shown.address for names in (FIRST, SECOND, THIRD)}
    assert found == {first}
    stage.does(visit, "new-address", FIRST)
    assert reason(stage.errand(visit, "new-address", FIRST), "device0") == "too-many-addresses"


def test_it_is_opened_where_the_exchanges_own_list_is_on_and_has_the_wallets_address(world, tmp_path, stage):
    with pytest.raises(WarifuError) as refused:
        stage.opened(brings=VisitAsset("BTC", "bitcoin"))
    assert refused.value.reason == "visit-home"
    for home, words in (("", "on it for LTC"), (FRIEND, "no address of the wallet's own")):
        with pytest.raises(WarifuError, match=words) as refused:
            stage.opened(others=(VisitAsset("LTC", "bitcoin", home),))
        assert refused.value.reason == "visit-home"
    with_other = stage.opened(others=(VisitAsset("LTC", "bitcoin", stage.address(2)),))
    assert stage.shows("device0", with_other).state == "opened"
    chain, simulation = world
    policy = visiting_policy()
    exchanges = tuple(msgspec.structs.replace(each, declared_allowlist=False) for each in policy.exchanges)
    policy = msgspec.structs.replace(policy, exchanges=exchanges)
    other = CdpStage.make(tmp_path / "other", chain, simulation, "undeclared", policy)
    with pytest.raises(WarifuError) as refused:
        other.opened()
    assert refused.value.reason == "allowlist"
    other.home.close()


def test_the_service_cannot_send_it_anywhere_but_home(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    for place, code in ((FRIEND, "visit-home"), (stage.address(2), "visit-home"), ("", "visit-home")):
        outcome = stage.errand(visit, "sweep", FIRST, home=place)
        assert {name: reason(outcome, name) for name in FIRST} == dict.fromkeys(FIRST, code)
    assert stage.free() == D("0.5")


def test_who_has_not_looked_what_came_of_a_sweep_signs_no_further_one(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    assert stage.does(visit, "sweep", FIRST, home=stage.address(1)).outcome == "done"
    assert len(stage.home["device1"].status().accounts[0].due) == 1
    assert (stage.compares(visit, SECOND).outcome, stage.compares(visit, SECOND).reason) == (
        "done",
        "too-early",
    )
    stage.pass_(DEAD)
    stage.does(visit, "outcome", FIRST)
    stage.does(visit, "balance", FIRST)
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=1)
    assert reason(outcome, "device1") == "comparison-due"
    assert stage.compares(visit, SECOND).reason == ""
    stage.does(visit, "balance", FIRST)
    assert stage.does(visit, "sweep", FIRST, home=stage.address(1), round=1).outcome == "done"


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_what_else_went_home_in_these_minutes_is_nothing_strange_and_what_went_elsewhere_is(stage, place):
    """Another quorum's sweep, or the owner's own hand."""
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    assert stage.does(visit, "sweep", FIRST, home=stage.address(1)).outcome == "done"
    stage.gives("0.1")
    stage.sends("0.05", stage.address(2) if place == "home" else FRIEND)
    stage.pass_(DEAD)
    looked = stage.compares(visit, SECOND)
    assert (looked.outcome, frozen(stage)) == (
        ("done", set()) if place == "home" else ("differs", {"device1"})
    )


def test_a_lost_answer_is_asked_for_and_nothing_is_sent_twice(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(AddFault(kind="lose-answer", path=".*/transactions", method="POST"))
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.shown.sweeps[0].state) == ("unknown", "unknown")
    stage.home["device0"].restart()
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=1)
    assert set(outcome.failed) == {"device0", "device1"}
    done = stage.does(visit, "outcome", FIRST)
    assert (done.outcome, done.shown.sweeps[0].state) == ("done", "sent")
    assert stage.compares(visit, SECOND).outcome == "done"
    assert len(stage.sent_by_customer()) == 1


def test_where_there_is_not_enough_for_the_fee_more_is_left_the_next_time(stage):
    visit = funded(stage, amount=500_000)  # a hundredth of it is half of what the fee is
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.reason, done.shown.state) == ("refused", "funds", "stuck")
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "not-there"
    done, arrived = swept(stage, visit, FIRST, 1)
    assert (done.shown.state, arrived) == ("home", 500_000 - 2 * FEE)  # what is left is no more than a fee
    assert stage.free() == D("0.0001")


def test_where_the_owner_takes_back_that_the_list_is_on_no_sweep_is_signed(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    for device in stage.home.devices.values():
        rules = device.device.rules.of(stage.wallet)
        exchanges = tuple(
            msgspec.structs.replace(each, declared_allowlist=False) for each in rules.policy.exchanges
        )
        policy = msgspec.structs.replace(rules.policy, exchanges=exchanges)
        with device.device.store.transaction():
            changed = msgspec.structs.replace(rules, policy=policy)
            device.device.rules.put(stage.wallet, changed, device.clock())
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert {name: reason(outcome, name) for name in FIRST} == dict.fromkeys(FIRST, "allowlist")
    assert stage.free() == D("0.5") and stage.sent_by_customer() == []


@pytest.mark.parametrize("named", ["another", "ETH", "vault"])
def test_a_token_is_for_an_account_of_the_asset_and_for_no_other(stage, monkeypatch, named):
    """What the carrier names in the path is covered: its co-signer knows how the accounts are called."""
    vault = stage.adds("vault", "0.1")
    visit = funded(stage, amount=40_000_000, most=40_000_000)
    stage.does(visit, "balance", FIRST)
    others = stage.simulation.venues["coinbase"].account(stage.customer).wallets
    path = f"/accounts/{ {**others, 'vault': vault}.get(named, named) }/"
    thief, honest = stage.home["device0"].device, errands._Doing._question

    def bent(doing):
        made = honest(doing)
        if doing._device is not thief:
            return made
        changed = re.sub("/accounts/[^/]+/", path, made.unsigned.path)
        return replace(made, unsigned=replace(made.unsigned, path=changed))

    monkeypatch.setattr(errands._Doing, "_question", bent)
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert reason(outcome, "device1") == "visit-wallet"
    assert stage.sent_by_customer() == []


# --- the carrier lies


def test_a_carrier_that_sends_it_elsewhere_is_held_back_by_the_exchanges_list(stage, takes_over):
    visit = funded(stage)
    stage.end(visit)
    takes_over(stage.home["device0"].identity, to=THIEF)
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, stage.free()) == ("refused", D("0.5"))
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "not-there"
    _, first = swept(stage, visit, SECOND, 1)
    done, second = swept(stage, visit, SECOND, 2)
    assert (done.shown.state, first + second) == ("home", BTC // 2 - 2 * FEE)


@pytest.mark.parametrize("identifier", [False, True])
def test_where_that_list_is_not_on_it_is_found_out_frozen_and_carries_no_more(stage, takes_over, identifier):
    """Its owner declared a list that is none. What the token took is gone; what is left comes home by the others."""
    stage.simulation.do(
        SetAccount(exchange="coinbase", account=stage.customer, gives={}, allowlist_only=False)
    )
    visit = funded(stage, THIRD)
    stage.end(visit)
    thief = stage.home["device0"].identity
    takes_over(thief, to=THIEF, amount="0.1", **({"idem": str(uuid4())} if identifier else {}))
    stage.does(visit, "balance", FIRST)
    stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert stage.free() == D("0.3999")
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "differs"
    stage.home.carry("device1", "device2")
    assert frozen(stage) >= {"device1", "device2"}
    shown = stage.shows("device1", visit)
    assert (shown.state, shown.sweeps[0].state, shown.banned) == ("stuck", "differs", (thief,))
    for number in (1, 2):
        outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=number)
        assert reason(outcome, "device1") in ("carrier", "frozen-wallet")
    _, first = swept(stage, visit, THIRD, 1)
    done, second = swept(stage, visit, THIRD, 2)
    assert (done.shown.state, first + second) == ("home", 39_990_000 - 2 * FEE)
    stage.home["device1"].restart()
    assert stage.shows("device1", visit).sweeps[0].state == "differs"


def test_a_visit_of_which_all_was_stolen_ends_once_its_owner_says_that_he_saw_it(stage, takes_over):
    stage.simulation.do(
        SetAccount(exchange="coinbase", account=stage.customer, gives={}, allowlist_only=False)
    )
    visit = funded(stage)
    stage.end(visit)
    takes_over(stage.home["device0"].identity, to=THIEF, amount="0.4999")
    stage.does(visit, "balance", FIRST)
    stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert stage.free() == 0
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "differs"
    assert stage.does(visit, "balance", SECOND).shown.state == "stuck"
    now, about = stage.home.clock(), sweep_digest(visit, "BTC", 0)
    account = stage.home["device1"].status().accounts[0].account
    settled = SettleRequest(random(16), stage.wallet, account, (about,), now, now + 600)
    for name in stage.home.names:
        stage.home[name].call(Instruct(44, stage.home.authorized_alone(settled), None), Instructed)
    shown = stage.does(visit, "balance", SECOND).shown
    assert (shown.state, shown.sweeps[0].state, shown.sweeps[0].reason) == ("home", "failed", "settled")


def test_a_wallet_that_its_owner_froze_is_brought_home_and_compared(stage):
    visit = funded(stage)
    now = stage.home.clock()
    request = FreezeRequest(random(16), stage.wallet, "somebody was here", now, now + 600)
    for name in stage.home.names:
        stage.home[name].call(Instruct(43, stage.home.authorized_alone(request), None), Instructed)
    stage.end(visit)
    _, first = swept(stage, visit, FIRST, 0)
    done, second = swept(stage, visit, FIRST, 1)
    assert (done.shown.state, first + second) == ("home", BTC // 2 - 2 * FEE)


# --- a whole key


def test_with_a_whole_cdp_key_its_holder_alone_brings_it_home(stage):
    """Nobody looks afterwards, because nobody else signs; its address for deposits must be in the policy."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = stage.simulation.authority_file.read_text()
    new = exchange_accounts.cdp(stage.home, key, "device0", public)
    exchange_accounts.add(stage.home, new, "whole", "coinbase")
    open_cdp(stage.simulation, stage.customer, public_pem(key.public_key()), stage.address(1), "ES256")
    stage.simulation.do(SetAccount(exchange="coinbase", account=stage.customer, gives={"BTC": D("0.3")}))
    visit, alone = stage.opened(("device0",), account="whole"), ("device0",)
    for step in ("permissions", "wallets", "balance"):
        assert stage.does(visit, step, alone).outcome == "done"
    assert stage.shows("device0", visit).state == "proven"
    assert reason(stage.errand(visit, "address", alone), "device0") == "visit-step"
    stage.end(visit, alone)
    for number in (0, 1):
        stage.does(visit, "balance", alone)
        stage.does(visit, "sweep", alone, home=stage.address(1), round=number)
        stage.mine(2)
        stage.does(visit, "outcome", alone, round=number)
        stage.pass_(DEAD)
    assert (stage.does(visit, "balance", alone).shown.state, stage.free()) == ("home", 0)
    assert stage.home["device0"].status().accounts[0].due == ()
