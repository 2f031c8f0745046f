"""Money of a country at the simulated Coinbase: from a bank and to it, with what our client says and understands."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.sandbox import customer, sandbox

from warifu.exchanges.attempt import Attempt, State, Step
from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.failures import OutcomeUnknown, Refused
from warifu.sandbox.control import AddFault, ClearFaults, ShowAccount
from warifu.sandbox.simulation import Simulation

D = Decimal
pytestmark = pytest.mark.real

APP, EXCHANGE, ADVANCED = app.api(), exchange.api(), advanced.api()
WAYS: dict[str, tuple[Any, Any, Any, Decimal]] = {
    "deposit": (fiat.NEW_DEPOSIT, fiat.COMMIT_DEPOSIT, fiat.DEPOSITS, D(1)),
    "withdrawal": (fiat.NEW_WITHDRAWAL, fiat.COMMIT_WITHDRAWAL, fiat.WITHDRAWALS, D(-1)),
}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def ada(simulation, request):
    yield customer(simulation, "coinbase", account=f"ada-{abs(hash(request.node.name))}", USD="100")
    simulation.do(ClearFaults())


@pytest.fixture
def bob(simulation):
    """A customer of the Exchange API."""
    return customer(simulation, "coinbase-exchange", account="bob", USD="100")


def free(who) -> Decimal:
    return sum((one.free for one in who.all(who.exchange.balances()) if one.asset == "USD"), D(0))


def bank_of(ada) -> str:
    [bank] = ada.ask(APP.call(fiat.LINKED_BANKS, app.Paged())).data
    return str(bank.id)


def wallet_of(ada) -> str:
    return str(next(one.wallet for one in ada.all(ada.exchange.wallets()) if one.asset == "USD"))


def wanted(ada, amount="10", **other) -> fiat.NewTransfer:
    given = {"amount": D(amount), "currency": "USD", "commit": True, **other}
    return fiat.NewTransfer(account_id=wallet_of(ada), payment_method=bank_of(ada), **given)


def listed(ada, way="deposit") -> fiat.Transfers:
    page = ada.ask(APP.call(WAYS[way][2], fiat.TransfersOf(account_id=wallet_of(ada))))
    assert isinstance(page, fiat.Transfers)
    return page


def test_all_doors_name_the_same_bank(simulation, ada):
    other = customer(simulation, "coinbase-exchange", account=ada.account)
    [at_the_exchange] = other.ask(EXCHANGE.call(exchange.funds.PAYMENT_METHODS, Nothing()))
    [at_advanced] = ada.ask(ADVANCED.call(advanced.portfolios.PAYMENT_METHODS, Nothing())).payment_methods
    shown = ada.ask(APP.call(fiat.LINKED_BANK, fiat.OfLinkedBank(payment_method_id=bank_of(ada)))).data
    assert {at_the_exchange.id, at_advanced.id, shown.id} == {bank_of(ada)}
    assert shown.allow_deposit is shown.allow_withdraw is True
    assert shown.allow_buy is False


@pytest.mark.parametrize("way", WAYS)
def test_what_is_committed_is_paid_and_is_in_both_lists(ada, way):
    new, _, _, sign = WAYS[way]
    made = ada.ask(APP.call(new, wanted(ada)))
    assert free(ada) == 100 + sign * 10
    [one] = listed(ada, way).data
    assert (one.id, one.status, one.amount.amount, one.committed) == (made.id, "completed", D(10), True)
    [moved] = ada.ask(APP.call(app.TRANSACTIONS, app.Transactions(account_id=wallet_of(ada)))).data
    assert (moved.type, moved.amount.amount, moved.status) == (f"fiat_{way}", sign * 10, "completed")
    assert one.transaction is not None
    assert one.transaction.id == moved.id


@pytest.mark.parametrize("way", WAYS)
def test_what_is_made_only_moves_nothing_until_it_is_committed_and_then_once(ada, way):
    new, commit, _, sign = WAYS[way]
    made = ada.ask(APP.call(new, wanted(ada, commit=False)))
    assert free(ada) == 100
    [one] = listed(ada, way).data
    assert (one.id, one.status, one.committed, one.transaction) == (made.id, "created", False, None)
    name = {"account_id": wallet_of(ada), f"{way}_id": made.id}
    committing: Any = APP.call(
        commit, fiat.OfDeposit(**name) if way == "deposit" else fiat.OfWithdrawal(**name)
    )
    assert ada.ask(committing).id == made.id
    with pytest.raises(Refused):
        ada.ask(committing)
    assert free(ada) == 100 + sign * 10


def test_more_than_there_is_cannot_be_withdrawn_and_the_refusal_comes_under_status_200(ada):
    with pytest.raises(Refused) as caught:
        ada.ask(APP.call(fiat.NEW_WITHDRAWAL, wanted(ada, "100.01")))
    assert (caught.value.reason, ada.answers[-1].status) == ("funds", 200)
    assert listed(ada, "withdrawal").data == ()
    assert free(ada) == 100


def test_what_was_spent_meanwhile_cannot_be_committed(ada):
    made = ada.ask(APP.call(fiat.NEW_WITHDRAWAL, wanted(ada, "60", commit=False)))
    ada.ask(APP.call(fiat.NEW_WITHDRAWAL, wanted(ada, "60")))
    with pytest.raises(Refused) as caught:
        ada.ask(
            APP.call(
                fiat.COMMIT_WITHDRAWAL,
                fiat.OfWithdrawal(account_id=wallet_of(ada), withdrawal_id=made.id),
            )
        )
    assert caught.value.reason == "funds"
    assert free(ada) == 40


@pytest.mark.parametrize(
    "other",
    [
        {"amount": D("1.001")},
        {"payment_method": "83562370-3e5c-51db-87da-752af5ab9559"},
        {"currency": "EUR"},
    ],
    ids=["a tenth of a cent", "a bank of somebody's", "a currency that is not the wallet's"],
)
def test_a_transfer_that_is_none_is_refused(ada, other):
    fields = {"account_id": wallet_of(ada), "payment_method": bank_of(ada), "amount": D(1), "currency": "USD"}
    with pytest.raises(Refused):
        ada.ask(APP.call(fiat.NEW_DEPOSIT, fiat.NewTransfer(**{**fields, "commit": True, **other})))
    assert free(ada) == 100


def test_a_key_that_may_not_transfer_cannot(simulation, ada):
    asked = APP.call(fiat.NEW_WITHDRAWAL, wanted(ada))
    people = simulation.venues["coinbase"].state.people
    [credential] = [one for one in people.credentials if one.account == ada.account]
    people.put(msgspec.structs.replace(credential, permissions=("view", "trade")))
    with pytest.raises(Refused):
        ada.ask(asked)
    assert free(ada) == 100


@pytest.mark.parametrize(("kind", "happened"), [("cut", 0), ("lose-answer", 1), ("fault-after", 1)])
@pytest.mark.parametrize("way", WAYS)
def test_without_an_answer_the_list_says_what_happened(ada, simulation, way, kind, happened):
    """There is no identifier of ours: it is found by bank, amount and time, or it is known not to be there."""
    new, _, _, sign = WAYS[way]
    asked, first = wanted(ada), simulation.venues["coinbase"].now()
    attempt = Attempt().sending(first, ada.credential.lifetime)
    ada.do(AddFault(kind=kind, method="POST"))
    with pytest.raises(OutcomeUnknown) as caught:
        ada.ask(APP.call(new, asked))
    attempt = attempt.failed(caught.value, first)
    assert (attempt.state, attempt.next) == (State.UNKNOWN, Step.ASK)
    found = fiat.outcome(asked, listed(ada, way), first, simulation.venues["coinbase"].now())
    assert (len(found.made), found.whole) == (happened, True)
    assert free(ada) == 100 + sign * 10 * happened


def test_who_asks_twice_is_paid_twice_and_both_are_found(ada, simulation):
    """Why nobody sends it again who has not looked."""
    asked, first = wanted(ada), simulation.venues["coinbase"].now()
    for _ in range(2):
        ada.ask(APP.call(fiat.NEW_WITHDRAWAL, asked))
    found = fiat.outcome(asked, listed(ada, "withdrawal"), first, simulation.venues["coinbase"].now())
    assert len(found.made) == 2
    assert free(ada) == 80


def test_the_exchange_api_pays_at_once_and_lists_it(bob):
    [bank] = bob.ask(EXCHANGE.call(exchange.funds.PAYMENT_METHODS, Nothing()))
    ask_for = {"currency": "USD", "payment_method_id": bank.id}
    come = exchange.funds.FromPaymentMethod(amount=D("20.5"), **ask_for)
    gone = exchange.funds.FromPaymentMethod(amount=D(30), **ask_for)
    deposit = bob.ask(EXCHANGE.call(exchange.funds.DEPOSIT_FROM_PAYMENT_METHOD, come))
    withdrawal = bob.ask(EXCHANGE.call(exchange.funds.WITHDRAW_TO_PAYMENT_METHOD, gone))
    assert (deposit.amount, withdrawal.subtotal, withdrawal.fee) == (D("20.5"), 30, 0)
    assert free(bob) == D("90.5")
    transfers = bob.ask(EXCHANGE.call(exchange.funds.TRANSFERS, exchange.funds.Transfers(currency="USD")))
    assert {(one.id, one.type, one.amount) for one in transfers} == {
        (deposit.id, "deposit", D("20.5")),
        (withdrawal.id, "withdraw", D(30)),
    }
    too_much = msgspec.structs.replace(gone, amount=D(1000))
    with pytest.raises(Refused) as caught:
        bob.ask(EXCHANGE.call(exchange.funds.WITHDRAW_TO_PAYMENT_METHOD, too_much))
    assert caught.value.reason == "funds"
    assert free(bob) == D("90.5")


def test_transfers_are_remembered_over_a_restart(tmp_path):
    with sandbox(tmp_path) as first:
        ada = customer(first, "coinbase", USD="100")
        made = ada.ask(APP.call(fiat.NEW_DEPOSIT, wanted(ada)))
    second = Simulation(tmp_path)
    try:
        [kept] = second.do(ShowAccount(exchange="coinbase", account="ada"))["bank"]
        assert (kept.uuid, kept.amount, kept.direction) == (made.id, 10, "deposit")
        ledger = second.venues["coinbase"].state.ledger
        assert ledger.free_of("ada", "USD") == 110
        assert ledger.total("USD") == -ledger.outside["USD"]
    finally:
        second.close()
