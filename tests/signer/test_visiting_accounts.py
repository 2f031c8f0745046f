"""Visits to a Coinbase where one asset has several accounts: all of it comes home, and what lies in a vault is said.

Real signers, a real chain and the simulated Coinbase, whose lists have the further accounts first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.carriers import body, hostile_carriers
from tests.support.simulator import THIEF
from tests.support.visiting import BTC, CdpStage, chain_and_exchanges, on_stage, reason

from warifu.exchanges.http import HttpRequest
from warifu.protocol.encoding import decode_kept, encode
from warifu.protocol.exchange_answers import MORE_PAGES
from warifu.protocol.exchange_visits import ErrandDone
from warifu.sandbox.control import AddFault, SetAccount
from warifu.signer.exchanges import errands, pages
from warifu.signer.exchanges.visits import Visit

pytestmark = pytest.mark.real

D = Decimal
FIRST, SECOND, THIRD = ("device0", "device1"), ("device1", "device0"), ("device2", "device1")
FEE = BTC // 10_000
DEAD = 182


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with chain_and_exchanges(tmp_path_factory) as made:
        yield made


@pytest.fixture
def stage(world, tmp_path, request) -> Iterator[CdpStage]:
    with on_stage(CdpStage, world, tmp_path, request.node.name) as made:
        yield made


def reads(stage: CdpStage, visit: bytes, step: str, names: Any) -> ErrandDone:
    """A list to its end."""
    done = stage.does(visit, step, names)
    while done.reason == MORE_PAGES:
        done = stage.does(visit, step, names)
    return done


def round_of(stage: CdpStage, visit: bytes, names: Any, number: int) -> tuple[ErrandDone, int]:
    """One sweep, compared by its co-signer when its token is dead; how much arrived."""
    arrived = stage.arrives(visit, names, number)
    stage.pass_(DEAD)
    assert stage.compares(visit, names[::-1], number).outcome == "done"
    return stage.does(visit, "balance", names), arrived


def home_by(stage: CdpStage, visit: bytes, names: Any, rounds: int) -> int:
    """So many sweeps, after which the first of these sees it at home and not before; what arrived."""
    arrived = 0
    for number in range(rounds):
        done, much = round_of(stage, visit, names, number)
        arrived += much
        assert (done.shown.state == "home") is (number == rounds - 1), done
    return arrived


def test_everything_comes_home_that_is_in_any_wallet_of_the_asset(stage):
    """The fee is known after the first round, so each further account is empty by one."""
    visit = stage.funded(FIRST, SECOND)
    savings = stage.adds("wallet", "0.2")
    trading = stage.adds("wallet")
    stage.moves("0.1", "BTC", trading)
    stage.pass_(DEAD)  # what is done by hand just before a sweep is taken for its carrier's doing
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    stage.end(visit)
    [there] = stage.does(visit, "balance", FIRST).shown.there
    assert (there.free, there.locked) == ("0.7", "0")
    arrived = home_by(
        stage, visit, FIRST, 4
    )  # the largest first: 0.4 with too much left for the fee, 0.2, 0.1, rest
    assert arrived == 70_000_000 - 4 * FEE
    assert [stage.has(each) for each in ("BTC", savings, trading)] == [0, 0, 0]
    assert reads(stage, visit, "balance", SECOND).shown.state == "home"


def test_funds_are_brought_to_the_oldest_wallet_whatever_the_order_of_the_list(stage):
    """A vault that is listed first is no place for what is to come home."""
    stage.adds("vault", "0.3")
    stage.adds("wallet", "0.1")
    visit = stage.opened()
    address = stage.proves(visit, FIRST, SECOND)
    places = stage.simulation.venues["coinbase"].state.vaults.places
    assert [place.key for place in places if place.address == address] == [""]


def test_savings_in_a_vault_stay_the_customers_and_the_visit_is_at_home_beside_them(stage):
    vault = stage.adds("vault", "0.1")
    visit = stage.funded(FIRST, SECOND, amount=40_000_000, most=40_000_000)
    stage.end(visit)
    [there] = stage.does(visit, "balance", FIRST).shown.there
    assert (there.free, there.locked, there.came) == ("0.4", "0.1", "0")
    assert home_by(stage, visit, FIRST, 2) == 40_000_000 - 2 * FEE
    assert stage.has(vault) == D("0.1")


def test_what_was_put_into_a_vault_is_not_at_home_until_it_has_left_it(stage):
    """Said, by each device as it sees it, and no sweep asks a vault for anything."""
    vault = stage.adds("vault", "0.1")
    visit = stage.funded(FIRST, SECOND, amount=40_000_000, most=40_000_000)
    stage.moves("0.1", "BTC", vault)
    stage.pass_(DEAD)
    stage.end(visit)
    for number in (0, 1):
        done, _ = round_of(stage, visit, FIRST, number)
    [there] = done.shown.there
    assert (done.shown.state, there.free, there.locked, there.came) == ("stuck", "0", "0.2", "0.1")
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=2)
    assert reason(outcome, "device0") == "nothing-there"
    stage.moves("0.1", vault, "BTC")  # approved at Coinbase, two days later
    stage.pass_(2 * 24 * 3600)
    assert stage.does(visit, "balance", FIRST).shown.state == "sweeping"
    done, arrived = round_of(stage, visit, FIRST, 2)
    assert (done.shown.state, arrived) == ("home", 10_000_000 - FEE)
    assert stage.has(vault) == D("0.1")


def test_nothing_hides_behind_savings_that_left_the_vault_meanwhile(stage):
    """Some of the savings are taken out, and as much of what the visit brought goes in: the same sum as before."""
    vault = stage.adds("vault", "0.1")
    visit = stage.funded(FIRST, SECOND, amount=40_000_000, most=40_000_000)
    stage.moves("0.08", vault, "BTC")
    assert stage.does(visit, "balance", FIRST).shown.there[0].locked == "0.02"
    stage.moves("0.08", "BTC", vault)
    stage.end(visit)
    [there] = stage.does(visit, "balance", FIRST).shown.there
    assert (there.locked, there.came) == ("0.1", "0.08")
    assert stage.shows("device0", visit).state == "stuck"


def test_a_device_that_has_not_read_the_names_says_nothing_of_home(stage):
    """A service that has it look first cannot have it take what is there for a vault's, or for nothing."""
    stage.adds("vault", "0.3")
    visit = stage.opened()
    assert stage.does(visit, "balance", FIRST).outcome == "done"
    stage.end(visit)
    assert stage.does(visit, "balance", FIRST).shown.state == "sweeping"
    stage.does(visit, "wallets", FIRST)
    assert stage.does(visit, "balance", FIRST).shown.state == "home"


def test_an_account_that_lets_nothing_go_does_not_keep_the_others_there(stage):
    visit = stage.funded(FIRST, SECOND)
    other = stage.adds("wallet", "0.2")
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    main = stage.simulation.venues["coinbase"].account(stage.customer).wallets["BTC"]
    stage.simulation.do(
        AddFault(kind="refuse", path=f".*/{main}/transactions", method="POST", reason="identity", times=0)
    )
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.shown.state) == ("refused", "stuck")
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "not-there"
    round_of(stage, visit, FIRST, 1)
    assert stage.has(other) < D("0.01") and stage.has("BTC") == D("0.5")


def test_an_account_that_a_co_signer_has_not_seen_is_swept_once_it_has(stage):
    visit = stage.funded(FIRST, SECOND)
    new = stage.adds("wallet", "0.6")
    stage.end(visit)
    shown = stage.does(visit, "balance", FIRST).shown
    assert shown.wallets == ()  # it has seen something in an account whose name it does not know
    assert stage.does(visit, "wallets", FIRST).shown.wallets == ("BTC",)
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert reason(outcome, "device1") == "visit-wallet"
    stage.does(visit, "wallets", SECOND)
    assert home_by(stage, visit, FIRST, 3) == 110_000_000 - 3 * FEE
    assert stage.has(new) == 0


def test_a_lost_answer_and_a_crash_leave_it_known_from_which_account_it_went(stage):
    visit = stage.funded(FIRST, SECOND)
    stage.adds("wallet", "0.6")
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(AddFault(kind="lose-answer", path=".*/transactions", method="POST"))
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.shown.sweeps[0].state) == ("unknown", "unknown")
    for name in FIRST:
        stage.home[name].restart()
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=1)
    assert set(outcome.failed) == set(FIRST)  # one at a time, whichever account it would be from
    done = stage.does(visit, "outcome", FIRST)
    assert (done.outcome, done.shown.sweeps[0].state) == ("done", "sent")
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "done"
    assert len(stage.sent_by_customer()) == 1


class _Crash(BaseException):
    pass


@pytest.mark.parametrize("name", FIRST)
def test_a_crash_between_writing_it_down_and_signing_sends_nothing_twice(stage, monkeypatch, name):
    visit = stage.funded(FIRST, SECOND)
    stage.adds("wallet", "0.6")
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    dying, honest = stage.home[name].device, errands._Doing._signed

    def crashing(doing, stamp):
        honest(doing, stamp)
        if doing._device is dying and doing._frame.step == "sweep":
            raise _Crash

    monkeypatch.setattr(errands._Doing, "_signed", crashing)
    with pytest.raises(_Crash):
        stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    monkeypatch.undo()
    stage.home[name].restart()
    sweeps = stage.home[name].device.visits.get(stage.wallet, visit).sweeps
    assert [sweep.round for sweep in sweeps] == [0]
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=1)
    assert reason(outcome, name) in ("sweep-under-way", "comparison-due")
    assert len(stage.sent_by_customer()) <= 1


def test_a_carrier_that_empties_another_account_than_was_signed_for_sends_nothing(stage, monkeypatch):
    """A token is for one path: under that of one wallet no other one is emptied."""
    visit = stage.funded(FIRST, SECOND)
    other = stage.adds("wallet", "0.1")
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    stage.end(visit)
    hostile = hostile_carriers(monkeypatch)

    def elsewhere(request: HttpRequest) -> HttpRequest:
        if request.method != "POST":
            return request
        path = request.target.split("/")
        return replace(request, target="/".join([*path[:3], other, *path[4:]]))

    hostile(stage.home["device0"].identity, elsewhere)
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert done.outcome != "done" and stage.sent_by_customer() == []


def test_what_a_carrier_takes_from_a_further_account_is_found_out(stage, monkeypatch):
    stage.simulation.do(
        SetAccount(exchange="coinbase", account=stage.customer, gives={}, allowlist_only=False)
    )
    visit = stage.funded(FIRST, SECOND)
    stage.adds("wallet", "0.6")
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    stage.end(visit)
    change, hostile = body(to=THIEF, amount="0.3"), hostile_carriers(monkeypatch)
    hostile(
        stage.home["device0"].identity,
        lambda request: change(request) if request.method == "POST" else request,
    )
    stage.does(visit, "balance", FIRST)
    stage.does(visit, "sweep", FIRST, home=stage.address(1))
    stage.pass_(DEAD)
    assert stage.compares(visit, SECOND).outcome == "differs"
    assert stage.home["device1"].device.rules.frozen(stage.wallet) is not None
    assert stage.shows("device1", visit).state == "stuck"


# --- lists longer than a page


@pytest.fixture
def many(stage: CdpStage) -> CdpStage:
    """The customer's first accounts are on the last page of both lists."""
    for _ in range(255):
        stage.adds("wallet", asset="ETH")
    return stage


def test_lists_are_read_to_their_end_before_anything_is_believed_of_them(many):
    visit = many.opened()
    first = many.does(visit, "wallets", FIRST)
    assert (first.outcome, first.reason, first.shown.wallets) == ("unanswered", MORE_PAGES, ())
    assert reads(many, visit, "wallets", FIRST).shown.wallets == ("BTC",)
    first = many.does(visit, "balance", FIRST)
    assert (first.outcome, first.reason, first.shown.there) == ("unanswered", MORE_PAGES, ())
    assert "balance" in reads(many, visit, "balance", FIRST).shown.proven


def test_a_list_begins_anew_after_a_restart_and_when_its_first_page_is_old(many):
    visit = many.opened()
    many.does(visit, "wallets", FIRST)
    many.home["device0"].restart()
    seen = [many.does(visit, "wallets", FIRST).reason for _ in range(2)]
    assert seen == [MORE_PAGES] * 2
    many.pass_(pages.TOGETHER + 1)
    seen = [many.does(visit, "wallets", FIRST).reason for _ in range(3)]
    assert seen == [MORE_PAGES] * 2 + [""]


def test_a_list_without_an_end_is_given_up(many, monkeypatch):
    monkeypatch.setattr("warifu.signer.exchanges.errand_answers.MOST_PAGES", 2)
    visit = many.opened()
    seen = [many.does(visit, "wallets", FIRST).reason for _ in range(3)]
    assert seen == [MORE_PAGES, "too-little-said", MORE_PAGES]


# --- what was kept by an earlier version


def test_a_visit_that_was_kept_before_there_were_several_accounts_reads_the_names_anew(stage):
    """It knew one account of an asset, the first of a list, which may be a vault."""
    visit = stage.funded(FIRST, SECOND)
    for name in ("device0", "device1"):
        device = stage.home[name].device
        whole = msgspec.msgpack.decode(encode(device.visits.get(stage.wallet, visit)))
        old = decode_kept(Visit, msgspec.msgpack.encode(whole[: Visit.__struct_fields__.index("vaults")]))
        assert old.wallets and not old.named
        with device.store.transaction():
            device.visits.put(old)
    stage.end(visit)
    assert stage.shows("device0", visit).wallets == ()
    outcome = stage.errand(visit, "address", FIRST)
    assert reason(outcome, "device0") == "visit-wallet"
    for names in (FIRST, SECOND):
        stage.does(visit, "wallets", names)
    assert home_by(stage, visit, FIRST, 2) == BTC // 2 - 2 * FEE
