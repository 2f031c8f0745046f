"""Visits with real signers, a real chain, and the simulated Binance: there by an owner's word, home without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest
from nacl.utils import random
from tests.support.exchange_accounts import BINANCE_KEY, add_born, add_triplet, remove
from tests.support.exchange_days import UUID
from tests.support.journals import audited, journals_of
from tests.support.simulator import FRIEND
from tests.support.visiting import BINANCE, BTC, Stage, chain_and_exchanges, on_stage, reason

from warifu.errors import WarifuError
from warifu.exchanges.adapter import Permissions, Withdrawal
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.market import Order, Pair
from warifu.protocol.exchange_requests import VisitAsset
from warifu.protocol.exchange_visits import ErrandDone
from warifu.protocol.frames import Instruct, Instructed
from warifu.protocol.request import FreezeRequest
from warifu.sandbox.control import AddFault, Allow, RevokeCredential, SetAccount
from warifu.signer.exchanges import errand_answers, errands
from warifu.signer.exchanges.calls import require_near

pytestmark = pytest.mark.real

D = Decimal
FIRST, SECOND, THIRD = ("device0", "device1"), ("device1", "device0"), ("device2", "device0")
FEE = BTC // 10_000
"""Of a withdrawal."""
DEAD = 200
"""Seconds after which a withdrawal that was signed is dead, and would have shown."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with chain_and_exchanges(tmp_path_factory) as made:
        yield made


@pytest.fixture
def stage(world, tmp_path, request) -> Iterator[Stage]:
    with on_stage(Stage, world, tmp_path, request.node.name) as made:
        yield made


def refusal(stage: Stage, spent, names=FIRST) -> str:
    return stage.home.sign(spent, names).code


def funded(stage: Stage, amount: int = BTC // 2) -> bytes:
    return stage.funded(FIRST, SECOND, amount=amount)


def home_again(stage: Stage, visit: bytes, names, index: int, number: int = 0) -> tuple[ErrandDone, int]:
    """Swept by these to the address of that index; how much arrived."""
    arrived = stage.arrives(visit, names, number, index)
    stage.pass_(DEAD)
    return stage.does(visit, "balance", names), arrived


def test_there_and_home_twice_with_trades_a_crash_and_a_device_lost(stage):
    """Whatever went there and was not paid in fees is at home again, to the satoshi."""
    visit = stage.opened()
    there = stage.proves(visit, FIRST, SECOND)
    assert stage.shows("device0", visit).state == "proven"
    stage.pays(stage.payment(there, BTC // 2), FIRST)
    assert stage.shows("device1", visit).state == "funded"
    stage.home["device1"].restart()
    shown = stage.does(visit, "balance", SECOND).shown
    assert shown.state == "trading" and shown.simulation

    stage.turn()
    sold = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="market", size=D("0.1"))
    assert stage.asks(BINANCE.place(sold), FIRST, "device0").outcome == "done"
    bought = Order(str(uuid4()), Pair("BTC", "USDT"), "buy", kind="market", funds=D(3000))
    assert stage.asks(BINANCE.place(bought), FIRST, "device0").outcome == "done"
    left = stage.free()
    assert left != D("0.5")

    stage.end(visit)
    done, arrived = home_again(stage, visit, FIRST, 1)
    assert (done.shown.state, stage.free()) == ("home", 0)
    assert arrived == int(left * BTC) - FEE

    stage.all_see(visit, THIRD)
    again = stage.opened(("device0", "device2"))  # device1 is lost
    there = stage.proves(again, ("device0", "device2"), THIRD)
    stage.pays(stage.payment(there, 30_000_000, coin=1), ("device0", "device2"))
    stage.pass_(7200)
    done, arrived = home_again(stage, again, THIRD, 2)
    assert (done.shown.state, arrived) == ("home", 30_000_000 - FEE)
    assert audited(journals_of(stage.home)).wrong == ()


def test_nothing_goes_there_before_a_device_found_the_way_back_for_itself(stage):
    visit = stage.opened()
    there = stage.proves(visit, FIRST)
    assert refusal(stage, stage.payment(there, 1_000_000)) == "policy.destination"  # device1 believes nobody
    assert stage.shows("device1", visit).state == "opened"
    stage.allow("view", "trade")
    assert stage.does(visit, "permissions", SECOND).reason == "permission"
    stage.allow("view", "trade", "transfer")
    stage.proves(visit, SECOND)
    assert refusal(stage, stage.payment(there, BTC // 2 + 1)) == "policy.visit-amount"
    assert refusal(stage, stage.payment(FRIEND, 1_000_000)) == "policy.destination"
    stage.pays(stage.payment(there, BTC // 2), FIRST)


def test_nothing_goes_to_an_account_that_was_removed_and_added_again_it_sends_home(stage):
    visit = funded(stage, 10_000_000)
    there = stage.shows("device0", visit).address
    stage.pass_(1)
    remove(stage.home, stage.home.names)
    assert stage.home["device0"].kinds()[-2:] == ["exchange-account-removed", "visit-ended"]
    assert refusal(stage, stage.payment(there, 1_000_000, coin=0)) == "policy.destination"
    assert reason(stage.errand(visit, "balance", FIRST), "device0") == "unknown-account"
    assert stage.shows("device0", visit).state == "sweeping"
    stage.pass_(1)
    add_born(stage.home, authorities=stage.simulation.authority_file.read_text())
    stage.allow("view", "trade", "transfer")
    done, arrived = home_again(stage, visit, FIRST, 1)
    assert (done.shown.state, arrived) == ("home", 10_000_000 - FEE)


def test_a_key_that_the_exchange_revoked_is_said_and_one_in_its_place_brings_home_what_is_there(stage):
    visit = funded(stage, 10_000_000)
    there = stage.shows("device0", visit).address
    stage.simulation.do(RevokeCredential(exchange="binance", api="binance", key=BINANCE_KEY))
    done = stage.does(visit, "balance", FIRST)
    assert (done.outcome, done.reason, done.shown.barred) == ("refused", "authentication", "authentication")
    assert done.shown.state == "funded" and stage.shows("device1", visit).barred == ""
    spent = stage.payment(there, 1_000_000, coin=0)
    assert refusal(stage, spent) == "policy.destination", "who cannot see the way back lets nothing go there"
    stage.end(visit)
    assert (
        stage.shows("device0", visit).state == "stuck" and stage.shows("device1", visit).state == "sweeping"
    )
    stage.home["device0"].restart()
    assert stage.shows("device0", visit).barred == "authentication"
    stage.pass_(1)
    remove(stage.home, stage.home.names)
    stage.pass_(1)
    add_born(stage.home, authorities=stage.simulation.authority_file.read_text())
    stage.allow("view", "trade", "transfer")
    done, arrived = home_again(stage, visit, FIRST, 1)
    assert (done.shown.state, done.shown.barred, arrived) == ("home", "", 10_000_000 - FEE)


def test_a_key_that_is_revoked_between_the_look_and_the_sweep_is_stuck_there_and_goes_on_with_a_new_one(
    stage,
):
    visit = funded(stage, 10_000_000)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(RevokeCredential(exchange="binance", api="binance", key=BINANCE_KEY))
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.reason, done.shown.state) == ("refused", "authentication", "stuck")
    assert done.shown.sweeps[-1].reason == "authentication"
    stage.allow("view", "trade", "transfer")  # the same key again, as after a clock that was wrong
    stage.pass_(DEAD)
    done, arrived = home_again(stage, visit, FIRST, 1, 1)
    assert (done.shown.state, arrived) == ("home", 10_000_000 - FEE)


def test_an_account_at_another_exchange_under_the_name_has_nothing_of_the_visit(stage):
    visit = stage.opened(["device0"])
    stage.pass_(1)
    remove(stage.home, stage.home.names)
    stage.pass_(1)
    add_triplet(stage.home, authorities=stage.simulation.authority_file.read_text())
    for step in ("balance", "sweep"):
        assert reason(stage.errand(visit, step, ["device0"]), "device0") == "visit-key"


def test_two_sessions_of_one_round_send_it_once(stage):
    """The service has everybody sign twice, before anybody has sent anything."""
    visit = funded(stage)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    outcome = stage.errand(visit, "sweep", FIRST, twice=True, home=stage.address(1))
    assert set(outcome.codes.values()) == {"input.sweep-round"}
    for name in FIRST:
        assert stage.home[name].kinds().count("sweep-signed") == 1


def test_a_sweep_is_judged_once_more_before_a_share_leaves(stage, monkeypatch):
    visit = funded(stage)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)

    def meanwhile(device, stamped):
        rules = device.rules.of(stage.wallet)
        without = msgspec.structs.replace(rules, policy=msgspec.structs.replace(rules.policy, exchanges=()))
        with device.store.transaction():
            device.rules.put(stage.wallet, without, device.clock.now())
        return require_near(device, stamped)

    monkeypatch.setattr(errands, "require_near", meanwhile)
    assert reason(stage.errand(visit, "sweep", FIRST, home=stage.address(1)), "device1") == "exchange"
    assert stage.home["device1"].kinds().count("sweep-signed") == 0


def test_an_address_that_customers_share_by_a_memo_is_none(stage, monkeypatch):
    visit, said = stage.opened(), errand_answers.Answers._address
    monkeypatch.setattr(
        errand_answers.Answers,
        "_address",
        lambda self, told, stamp: said(self, replace(told, memo="7"), stamp),
    )
    done = stage.does(visit, "address", FIRST)
    assert (done.outcome, done.reason, done.shown.address) == ("refused", "memo", "")


def test_open_orders_are_cancelled_without_their_owner_when_it_is_over_and_not_before(stage):
    visit = funded(stage)
    stage.turn()
    dear = D(600_000)
    order = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="limit", size=D("0.1"), price=dear)
    assert stage.asks(BINANCE.place(order), FIRST, "device0").outcome == "done"
    early = stage.errand(visit, "cancel", FIRST, pair="BTC-USDT")
    assert (reason(early, "device0"), reason(early, "device1")) == ("visit-open", "visit-open")
    stage.pass_(7200)
    [there] = stage.does(visit, "balance", FIRST).shown.there
    assert (there.free, there.held) == ("0.4", "0.1")
    for foreign in ("ETH-USDT", "BTCUSDT", "-", ""):
        assert "device0" in stage.errand(visit, "cancel", FIRST, pair=foreign).failed
    assert stage.does(visit, "cancel", FIRST, pair="BTC-USDT").outcome == "done"
    assert stage.does(visit, "cancel", FIRST, pair="BTC-USDT").outcome == "done"  # there are none any more
    done, arrived = home_again(stage, visit, FIRST, 1)
    assert (done.shown.state, arrived) == ("home", BTC // 2 - FEE)


def test_a_key_that_can_move_funds_about_and_not_withdraw_them_proves_no_way_back(stage, monkeypatch):
    visit, honest = stage.opened(), Binance.permissions
    moves = Permissions(views=True, trades=True, pays_out=True, withdraws=False)
    monkeypatch.setattr(Binance, "permissions", lambda self: honest(self).map(lambda _: moves))
    done = stage.does(visit, "permissions", FIRST)
    assert (done.outcome, done.reason, done.shown.proven) == ("refused", "permission", ())


@pytest.mark.parametrize("over", ["time", "ended"])
def test_when_it_is_over_nothing_is_brought_or_traded_any_more(stage, over):
    visit = stage.opened()
    there = stage.proves(visit, FIRST, SECOND)
    stage.pass_(7200) if over == "time" else stage.end(visit)
    assert refusal(stage, stage.payment(there, 1_000_000)) == "policy.destination"
    stage.turn()
    order = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="market", size=D("0.01"))
    with pytest.raises(AssertionError, match="visit-over"):
        stage.asks(BINANCE.place(order), FIRST, "device0")
    home = Withdrawal(str(uuid4()), "BTC", "BTC", stage.address(1), D("0.01"), None, True, "")
    told = stage.asks(BINANCE.withdraw(home), FIRST, "device0")  # its owner brings it home as well
    assert (told.outcome, told.reason) == ("refused", "funds"), "the exchange is asked, and has nothing"
    assert stage.asks(BINANCE.balances(), FIRST, "device0").outcome == "done"


def test_it_is_opened_within_the_policy_alone(stage):
    for fields, code in (
        ({"amount": str(BTC // 2 + 1)}, "exposure"),
        ({"until": stage.home.clock() + 7201}, "visit-time"),
        ({"account": "other"}, "unknown-account"),
    ):
        with pytest.raises(WarifuError) as refused:
            stage.opened(**fields)
        assert refused.value.reason == code
    stage.opened(amount=str(BTC // 4))
    with pytest.raises(WarifuError) as refused:
        stage.opened(amount=str(BTC // 4 + 1))  # with the first it would be more than may be there
    assert refused.value.reason == "exposure"


def test_the_service_does_no_step_of_what_no_owner_opened_nor_with_too_few(stage):
    visit = stage.opened()
    assert reason(stage.errand(bytes(32), "balance", FIRST), "device0") == "unknown-visit"
    assert reason(stage.errand(visit, "balance", ("device0",)), "device0") == "too-few-participants"
    third = stage.home["device2"].identity
    assert reason(stage.errand(visit, "balance", FIRST, carrier=third), "device0") == "participants"
    assert reason(stage.errand(visit, "address", FIRST, symbol="ETH"), "device0") == "visit-asset"
    sweep = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert reason(sweep, "device0") == "balance"  # it would send what it did not see
    assert reason(stage.errand(visit, "outcome", FIRST, round=3), "device0") == "sweep"


def test_the_service_cannot_send_it_anywhere_but_home(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    for place, code in (
        (FRIEND, "destination"),
        (stage.address(5000), "destination"),  # where no recovery would look
        (stage.address(1).upper(), "destination"),
        ("", "exchange-withdrawal"),
    ):
        outcome = stage.errand(visit, "sweep", FIRST, home=place)
        assert "device0" in outcome.failed and not outcome.finished, place
        assert reason(outcome, "device0") in (code, "exchange-request"), place
    assert stage.free() == D("0.5")


@pytest.mark.parametrize(
    "change", [{"address": FRIEND}, {"withdrawOrderId": UUID}, {"network": "ETH"}, {"coin": "ETH"}]
)
def test_a_hostile_carrier_gets_no_signature_for_anything_but_the_step(stage, monkeypatch, change):
    """Its co-signer makes the request anew, and sees another place, another name, another asset."""
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    thief = stage.home["device0"].device
    honest, judged = errands._Doing._question, errands._Doing._judge

    def bent(doing):
        made = honest(doing)
        if doing._device is not thief:
            return made
        query = tuple((name, change.get(name, value)) for name, value in made.unsigned.query)
        return replace(made, unsigned=replace(made.unsigned, query=query))

    def indulgent(doing, unsigned):
        if doing._device is not thief:
            judged(doing, unsigned)

    monkeypatch.setattr(errands._Doing, "_question", bent)
    monkeypatch.setattr(errands._Doing, "_judge", indulgent)
    outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    assert reason(outcome, "device1") == "errand-differs"
    assert stage.free() == D("0.5")


def test_an_exchange_that_pays_out_to_its_list_alone_pays_the_address_that_the_owner_named(stage):
    listed, other = stage.address(1), stage.address(2)
    stage.simulation.do(SetAccount(exchange="binance", account=stage.customer, allowlist_only=True))
    stage.simulation.do(Allow(exchange="binance", account=stage.customer, asset="BTC", address=listed))
    for foreign in (FRIEND, stage.address(5000), listed.upper()):
        with pytest.raises(WarifuError) as refused:
            stage.opened(brings=VisitAsset("BTC", "bitcoin", foreign))
        assert refused.value.reason == "visit-home"
    visit = stage.opened(brings=VisitAsset("BTC", "bitcoin", listed))
    stage.pays(stage.payment(stage.proves(visit, FIRST, SECOND), BTC // 2), FIRST)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    assert reason(stage.errand(visit, "sweep", FIRST, home=other), "device0") == "visit-home"
    done, arrived = home_again(stage, visit, FIRST, 1)
    assert (done.shown.state, arrived) == ("home", BTC // 2 - FEE)


def test_a_lost_answer_is_asked_for_and_nothing_is_sent_twice(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(AddFault(kind="lose-answer", path=".*/withdraw/apply"))
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.shown.sweeps[0].state) == ("unknown", "unknown")
    for again in (0, 1):
        outcome = stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=again)
        assert set(outcome.failed) == {"device0", "device1"}
    stage.home["device0"].restart()
    done = stage.does(visit, "outcome", FIRST)
    assert (done.outcome, done.shown.sweeps[0].state) == ("done", "sent")
    assert stage.free() == 0


def test_what_never_happened_is_believed_late_and_swept_anew(stage):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    stage.simulation.do(AddFault(kind="cut", path=".*/withdraw/apply"))
    assert stage.does(visit, "sweep", FIRST, home=stage.address(1)).outcome == "unknown"
    assert stage.does(visit, "outcome", FIRST).reason == "too-early"
    stage.pass_(DEAD)
    done = stage.does(visit, "outcome", FIRST)
    assert (done.outcome, done.shown.sweeps[0].reason) == ("not-there", "never")
    stage.end(visit)
    done, _ = home_again(stage, visit, FIRST, 1, number=1)
    assert done.shown.state == "home"


def test_an_exchange_that_refuses_leaves_it_stuck_and_visible_and_is_asked_again(stage):
    visit = funded(stage)
    stage.end(visit)
    stage.does(visit, "balance", FIRST)
    stage.allow("view", "trade")
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert (done.outcome, done.shown.state) == ("refused", "stuck")
    stage.allow("view", "trade", "transfer")
    stage.pass_(DEAD)
    done, _ = home_again(stage, visit, FIRST, 1, number=1)
    assert done.shown.state == "home"


def test_a_device_that_stops_between_signing_and_sending_knows_that_it_may_be_out(stage, monkeypatch):
    visit = funded(stage)
    stage.does(visit, "balance", FIRST)
    honest = errands._Doing._signed

    def stopped(doing, stamp):
        honest(doing, stamp)
        if doing._device is stage.home["device0"].device:
            raise KeyboardInterrupt

    monkeypatch.setattr(errands._Doing, "_signed", stopped)
    with pytest.raises(KeyboardInterrupt):
        stage.errand(visit, "sweep", FIRST, home=stage.address(1))
    monkeypatch.setattr(errands._Doing, "_signed", honest)
    stage.home["device0"].restart()
    assert stage.shows("device0", visit).sweeps[0].state == "signed"
    assert (
        reason(stage.errand(visit, "sweep", FIRST, home=stage.address(1), round=1), "device0")
        == "sweep-under-way"
    )
    stage.pass_(DEAD)
    assert stage.does(visit, "outcome", FIRST).outcome == "not-there"


def test_with_a_whole_key_its_holder_alone_brings_it_home(stage):
    """No other device could fetch the deposit address, or has the account at all."""
    stage.keep_whole("0.3")
    with pytest.raises(WarifuError) as refused:
        stage.opened(("device1",), account="whole")
    assert refused.value.reason == "unknown-account"
    visit, alone = stage.opened(("device0",), account="whole"), ("device0",)
    assert stage.does(visit, "balance", alone).shown.state == "proven"
    assert reason(stage.errand(visit, "balance", FIRST), "device0") == "participants"
    assert reason(stage.errand(visit, "address", alone), "device0") == "visit-step"
    stage.end(visit, alone)
    assert reason(stage.errand(visit, "sweep", alone, home=FRIEND), "device0") == "destination"
    done, arrived = home_again(stage, visit, alone, 1)
    assert (done.shown.state, arrived) == ("home", 30_000_000 - FEE)


def test_a_frozen_wallet_is_brought_home_and_a_frozen_device_signs_nothing(stage):
    visit = funded(stage)
    now = stage.home.clock()
    request = FreezeRequest(random(16), stage.wallet, "somebody was here", now, now + 600)
    for name in stage.home.names:
        stage.home[name].call(Instruct(43, stage.home.authorized_alone(request), None), Instructed)
    stage.end(visit)
    done, _ = home_again(stage, visit, FIRST, 1)
    assert done.shown.state == "home"
    with pytest.raises(WarifuError):
        stage.opened()
