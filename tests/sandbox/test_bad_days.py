"""Every bad day at every simulated exchange, as our own adapters understand it: nothing happened, or nobody knows.

What the exchange really did is looked up behind its back; nothing is ever done twice.
"""

import json
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from tests.support.exchange_days import UUID
from tests.support.sandbox import bitcoin_chain, customer, sandbox, venue_of

from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.afterwards import compare_order, compare_withdrawal
from warifu.exchanges.attempt import Attempt, State, Step
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, Refused, TryAgain
from warifu.exchanges.market import Order, Pair
from warifu.sandbox.control import AddFault, Allow, ClearFaults, SetAccount
from warifu.signer.egress.failures import EgressFailed

D = Decimal
pytestmark = pytest.mark.real


NAMES = ["coinbase", "coinbase-exchange", "binance"]
HOME = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
THIEF = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with (
        bitcoin_chain(tmp_path_factory.mktemp("chain")) as (chain, url),
        sandbox(tmp_path_factory.mktemp("sandbox"), bitcoin=url) as simulation,
    ):
        yield chain, simulation


@pytest.fixture(params=NAMES)
def ada(stage, request):
    _, simulation = stage
    money = "USDT" if request.param == "binance" else "USD"
    found = customer(
        simulation, request.param, account=f"ada-{abs(hash(request.node.name))}", BTC="1", **{money: "100000"}
    )
    yield found
    simulation.do(ClearFaults())


def order(ada, **other) -> Order:
    pair = Pair("BTC", "USDT" if ada.exchange.name == "binance" else "USD")
    given = {"kind": "limit", "size": D("0.5"), "price": D("50000")}
    return Order(UUID, pair, "buy", **{**given, **other})


def withdrawal(ada, **other) -> Withdrawal:
    wallets = ada.exchange.wallets()
    wallet = "" if wallets is None else next(one.wallet for one in ada.all(wallets) if one.asset == "BTC")
    network = "BTC" if ada.exchange.name == "binance" else "bitcoin"
    given = {"amount": D("0.25"), "address": HOME, "client_id": UUID, **other}
    return Withdrawal(asset="BTC", network=network, wallet=wallet, **given)


QUESTIONS = {
    "place": lambda ada: ada.exchange.place(order(ada)),
    "withdraw": lambda ada: ada.exchange.withdraw(withdrawal(ada)),
    "balances": lambda ada: ada.exchange.balances(),
}


def happened(ada) -> tuple[int, int]:
    """How many orders and withdrawals of hers there are, looked up behind the exchange's back."""
    state = ada.simulation.venues[venue_of(ada.exchange.name)].state
    return (
        sum(one.terms.account == ada.account for one in state.trading.orders),
        sum(one.account == ada.account for one in state.vaults.withdrawals),
    )


DAYS: dict[str, tuple[Any, str, type[ExchangeFailed], set[str]]] = {
    # day: (reason of the fault, question, class, what our adapters may call it)
    "limit, by its status": ("rate-limit", "place", TryAgain, {"rate-limit"}),
    "limit, in the body": ("rate-limit-body", "place", TryAgain, {"rate-limit"}),
    "limit on withdrawals": ("rate-limit", "withdraw", TryAgain, {"rate-limit"}),
    "maintenance": ("maintenance", "place", TryAgain, {"maintenance"}),
    "clock": ("clock", "place", TryAgain, {"clock"}),
    "key refused": ("authentication", "place", Refused, {"authentication"}),
    "key may not": ("permission", "withdraw", Refused, {"permission", "authentication"}),
    "not enough funds": ("funds", "withdraw", Refused, {"funds"}),
    "second factor": ("second-factor", "withdraw", Refused, {"second-factor"}),
    "travel rule": ("travel-rule", "withdraw", Refused, {"travel-rule"}),
    "address not on the list": ("address-not-allowed", "withdraw", Refused, {"address-not-allowed"}),
    "wrong network": ("network", "withdraw", Refused, {"network"}),
    "missing memo": ("memo", "withdraw", Refused, {"memo"}),
    "delisted": ("delisted", "place", Refused, {"delisted"}),
    "too many digits (at Advanced Trade: status 200)": ("size-step", "place", Refused, {"decimals", "below-minimum"}),
    "server's fault": ("server-fault", "place", OutcomeUnknown, {"server-fault"}),
    "server's fault at a withdrawal": ("server-fault", "withdraw", OutcomeUnknown, {"server-fault"}),
    "server's fault at a question": ("server-fault", "balances", TryAgain, {"server-fault"}),
}  # fmt: skip


@pytest.mark.parametrize("day", DAYS)
def test_a_no_is_understood_and_nothing_happened(ada, day):
    reason, question, kind, names = DAYS[day]
    call = QUESTIONS[question](ada)
    ada.do(AddFault(kind="refuse", reason=reason, seconds=7))
    with pytest.raises(kind) as caught:
        ada.ask(call)
    assert type(caught.value) is kind
    assert caught.value.reason in names
    if reason == "rate-limit":
        assert isinstance(caught.value, TryAgain)
        assert caught.value.retry_after == 7
    assert happened(ada) == (0, 0)
    ada.ask(QUESTIONS["balances"](ada))  # it was the one request


@pytest.mark.parametrize(("kind", "is_done"), [("cut", False), ("lose-answer", True), ("fault-after", True)])
@pytest.mark.parametrize("question", ["place", "withdraw"])
def test_without_an_answer_nobody_knows_until_it_is_asked_for_by_its_identifier(ada, question, kind, is_done):
    call = QUESTIONS[question](ada)
    ada.do(AddFault(kind=kind))
    with pytest.raises(OutcomeUnknown):
        ada.ask(call)
    find = {
        "place": lambda: ada.exchange.find_order(order(ada)),
        "withdraw": lambda: ada.exchange.find_withdrawal(withdrawal(ada)),
    }[question]
    assert len(ada.all(find())) == is_done
    assert sum(happened(ada)) == is_done


def test_a_withdrawal_whose_answer_was_lost_is_sent_once_however_often_it_is_tried(ada, stage):
    """The durable attempt: unknown, asked for, found. And if somebody sent it again, it still is one payment."""
    chain, _ = stage
    wanted, now = withdrawal(ada), 1_000_000
    attempt = Attempt().sending(now, ada.credential.lifetime)
    ada.do(AddFault(kind="lose-answer"))
    with pytest.raises(OutcomeUnknown) as caught:
        ada.ask(ada.exchange.withdraw(wanted))
    attempt = attempt.failed(caught.value, now)
    assert (attempt.state, attempt.next) == (State.UNKNOWN, Step.ASK)
    [found] = ada.all(ada.exchange.find_withdrawal(wanted))
    assert compare_withdrawal(wanted, found, ada.exchange.networks).differs == ()
    assert attempt.done().next is Step.NOTHING
    ada.ask(ada.exchange.withdraw(wanted))
    chain.mine(2)
    assert len(ada.all(ada.exchange.find_withdrawal(wanted))) == 1
    assert happened(ada) == (0, 1)


def test_an_answer_that_comes_late_is_an_answer(ada, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(ada.simulation._closing, "wait", waits.append)
    ada.do(AddFault(kind="latency", seconds=20))
    ada.ask(QUESTIONS["place"](ada))
    assert (waits, happened(ada)) == ([20], (1, 0))


def test_a_fault_is_for_the_requests_that_it_names(ada):
    ada.do(AddFault(kind="refuse", method="POST", path=".*withdraw.*|.*transactions"))
    ada.ask(QUESTIONS["place"](ada))
    with pytest.raises(OutcomeUnknown):
        ada.ask(QUESTIONS["withdraw"](ada))
    ada.ask(QUESTIONS["withdraw"](ada))
    assert happened(ada) == (1, 1)


def test_an_exchange_that_is_down_stays_down_until_it_is_up(ada):
    ada.do(AddFault(kind="cut", times=0))
    for _ in range(3):
        with pytest.raises(TryAgain):
            ada.ask(QUESTIONS["balances"](ada))
    ada.do(ClearFaults())
    ada.ask(QUESTIONS["balances"](ada))


# --- a carrier that changes what a JWT does not cover --------------------------------------------------------------


def bent(call, **changed):
    """The same call with another body, under the same method, host and path."""
    body = {**json.loads(call.unsigned.body), **changed}
    object.__setattr__(call.unsigned, "body", json.dumps(body).encode())
    return call


def test_a_carrier_that_bends_an_order_is_obeyed_by_coinbase_and_found_by_who_looks(stage):
    _, simulation = stage
    ada = customer(simulation, "coinbase", account="ada-bent-order", USD="100000")
    wanted = order(ada)
    configuration = {"limit_limit_gtc": {"base_size": "1", "limit_price": "59000"}}
    ada.ask(bent(ada.exchange.place(wanted), order_configuration=configuration))
    [found] = ada.all(ada.exchange.find_order(wanted))
    assert set(compare_order(wanted, found).differs) == {"size", "price"}


def test_a_carrier_that_bends_a_withdrawal_is_stopped_by_the_exchanges_own_list_alone(stage):
    _, simulation = stage
    ada = customer(simulation, "coinbase", account="ada-bent-withdrawal", BTC="1")
    wanted = withdrawal(ada)
    ada.do(Allow(exchange="coinbase", account=ada.account, asset="BTC", address=HOME))
    ada.do(SetAccount(exchange="coinbase", account=ada.account, allowlist_only=True))
    with pytest.raises(Refused) as caught:
        ada.ask(bent(ada.exchange.withdraw(wanted), to=THIEF))
    assert caught.value.reason == "address-not-allowed"
    ada.do(SetAccount(exchange="coinbase", account=ada.account, allowlist_only=False))
    ada.ask(bent(ada.exchange.withdraw(wanted), to=THIEF))  # without it, it is gone
    [found] = ada.all(ada.exchange.find_withdrawal(wanted))
    assert compare_withdrawal(wanted, found, ada.exchange.networks).differs == ("address",)


@pytest.mark.parametrize("name", ["coinbase-exchange", "binance"])
def test_a_carrier_that_bends_what_is_signed_wholly_is_refused(stage, name):
    _, simulation = stage
    ada = customer(simulation, name, account=f"ada-bent-{name}", BTC="1")
    call = ada.exchange.withdraw(withdrawal(ada))
    prepare = ada.credential.prepare
    unsigned = call.unsigned
    with pytest.MonkeyPatch.context() as patch:

        def bending(asked, stamp):
            signed = prepare(asked, stamp)

            def finish(signature):
                request = signed.finish(signature)
                target = request.target.replace(HOME, THIEF)
                body = request.body.replace(HOME.encode(), THIEF.encode())
                assert (target, body) != (request.target, request.body)
                return type(request)(request.method, request.host, target, request.headers, body)

            return type(signed)(signed.message, finish)

        patch.setattr(type(ada.credential), "prepare", lambda _self, asked, stamp: bending(asked, stamp))
        with pytest.raises(Refused) as caught:
            ada.ask(call)
    assert caught.value.reason == "authentication"
    assert call.unsigned == unsigned
    assert happened(ada) == (0, 0)


# --- many at once -------------------------------------------------------------------------------------------------


def test_customers_who_come_at_once_do_not_make_money(stage):
    _, simulation = stage
    customers = [
        customer(simulation, "binance", account=f"crowd-{number}", named=f"{number}" * 64, USDT="1000")
        for number in range(3)
    ]
    ledger = simulation.venues["binance"].state.ledger
    before = ledger.total("USDT")
    failures = []

    def trade(one):
        try:
            for number in range(8):
                client_id = f"{number}" + UUID[1:]
                one.ask(
                    one.exchange.place(Order(client_id, Pair("BTC", "USDT"), "buy", "market", funds=D(20)))
                )
        except (TryAgain, Refused, OutcomeUnknown, EgressFailed, AssertionError) as error:
            failures.append(error)

    threads = [Thread(target=trade, args=(one,)) for one in customers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert ledger.total("USDT") == before
    assert all(
        amount >= 0
        for amounts in (*ledger.free.values(), *ledger.held.values())
        for amount in amounts.values()
    )
