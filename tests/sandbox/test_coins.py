"""Coins that really move: from a chain to the simulated exchanges and back, counted to the satoshi."""

from decimal import Decimal

import pytest
from tests.support.exchange_days import UUID
from tests.support.sandbox import bitcoin_chain, customer, sandbox, venue_of

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import parse_hash
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.failures import Refused
from warifu.sandbox.control import Allow, Exchange, FailWithdrawal, SetAccount, SetStuck
from warifu.units import satoshi

D = Decimal
pytestmark = pytest.mark.real

HOME = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
NETWORKS = {"coinbase": "bitcoin", "coinbase-exchange": "bitcoin", "binance": "BTC"}
FEE = D("0.0001")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with (
        bitcoin_chain(tmp_path_factory.mktemp("chain")) as (chain, url),
        sandbox(tmp_path_factory.mktemp("sandbox"), bitcoin=url) as simulation,
    ):
        yield chain, simulation


@pytest.fixture(params=NETWORKS)
def ada(stage, request):
    _, simulation = stage
    return customer(simulation, request.param, account=f"ada-{abs(hash(request.node.name))}")


@pytest.fixture
def chain(stage):
    return stage[0]


def wallet_of(ada) -> str:
    wallets = ada.exchange.wallets()
    return "" if wallets is None else next(one.wallet for one in ada.all(wallets) if one.asset == "BTC")


def address_of(ada) -> str:
    network = NETWORKS[ada.exchange.name]
    return str(ada.ask(ada.exchange.deposit_address("BTC", network, wallet_of(ada))).address)


def withdrawal(ada, **other) -> Withdrawal:
    given = {"amount": D("0.25"), "client_id": UUID, "address": HOME, "network": NETWORKS[ada.exchange.name]}
    return Withdrawal(asset="BTC", wallet=wallet_of(ada), **{**given, **other})


def cost(ada, amount="0.25") -> Decimal:
    """What a withdrawal takes from the account: the App puts its fee on top, the others take it out."""
    return D(amount) + (FEE if ada.exchange.name == "coinbase" else 0)


def free(ada) -> Decimal:
    return sum((one.free for one in ada.all(ada.exchange.balances()) if one.asset == "BTC"), D(0))


def rich(ada):
    ada.do(SetAccount(exchange=venue(ada), account=ada.account, gives={"BTC": D(1)}))
    assert free(ada) == 1
    return ada


def venue(ada) -> Exchange:
    return venue_of(ada.exchange.name)


def test_a_deposit_is_credited_once_it_is_deep_enough_and_once(ada, chain):
    address = address_of(ada)
    chain.fund(address, satoshi(12_345_678))
    assert free(ada) == 0
    chain.mine(1)
    assert free(ada) == 0
    chain.mine(1)
    assert free(ada) == D("0.12345678")
    chain.mine(3)
    assert free(ada) == D("0.12345678")


def test_two_deposits_to_one_address_are_two(ada, chain):
    address = address_of(ada)
    for amount in (1_000_000, 1_000_000):
        chain.fund(address, satoshi(amount))
    chain.mine(2)
    assert free(ada) == D("0.02")


def test_a_deposit_that_a_reorganisation_takes_back_is_not_credited(ada, chain):
    chain.fund(address_of(ada), satoshi(1_000_000))
    chain.mine(1)
    free(ada)
    chain.reorganise(1)  # the transaction is back in the mempool
    assert free(ada) == 0
    chain.mine(2)
    assert free(ada) == D("0.01")


def test_a_withdrawal_arrives_on_the_chain_and_is_followed_to_its_end(ada, chain):
    rich(ada)
    before = free(ada)
    placed = ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    assert (placed.status, placed.transaction_id) == ("pending", None)
    [sent] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (sent.status, sent.address, sent.fee) == ("sent", HOME, FEE)
    transaction = chain.find(parse_hash(sent.transaction_id))
    paid = {output.script: output.amount for output in transaction.outputs}
    assert paid[script_for(HOME, Network.REGTEST)] == int((cost(ada) - FEE) * 10**8)
    assert free(ada) == before - cost(ada)
    chain.mine(2)
    [done] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (done.status, done.transaction_id) == ("done", sent.transaction_id)


def test_the_same_withdrawal_twice_is_one_and_another_under_its_identifier_is_none(ada):
    rich(ada)
    first = ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    again = ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    assert again.id == first.id
    assert free(ada) == 1 - cost(ada)
    other = ada.exchange.withdraw(withdrawal(ada, amount=D("0.26")))
    if ada.exchange.name == "coinbase":  # the App answers with the one that there is
        assert ada.ask(other).id == first.id
    else:
        with pytest.raises(Refused) as caught:
            ada.ask(other)
        assert caught.value.reason == "duplicate"
    assert free(ada) == 1 - cost(ada)
    assert len(ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))) == 1


def test_a_withdrawal_that_the_chain_forgot_is_sent_again_as_it_was(ada, chain):
    rich(ada)
    ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    [sent] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    chain.mine(1)
    chain.reorganise(1)
    chain.mine(2)
    [done] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (done.status, done.transaction_id) == ("done", sent.transaction_id)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"amount": D(2)}, "funds"),
        ({"amount": D("0.0004")}, "below-minimum"),
        ({"amount": D("0.250000001")}, "decimals request"),  # the App has no word of its own for it
        ({"address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}, "address"),  # of the real Bitcoin
        ({"memo": "12345"}, "memo"),
        ({"network": "litecoin"}, "network"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused_and_holds_nothing(ada, change, reasons):
    rich(ada)
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.withdraw(withdrawal(ada, **change)))
    assert caught.value.reason in reasons.split()
    assert free(ada) == 1


def test_with_a_list_of_addresses_coins_go_to_those_alone(ada):
    rich(ada)
    ada.do(SetAccount(exchange=venue(ada), account=ada.account, allowlist_only=True))
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    assert caught.value.reason == "address-not-allowed"
    ada.do(Allow(exchange=venue(ada), account=ada.account, asset="BTC", address=HOME))
    assert ada.ask(ada.exchange.withdraw(withdrawal(ada))).status == "pending"


def test_a_stuck_withdrawal_stays_visible_and_goes_on_or_fails(ada):
    rich(ada)
    ada.do(SetStuck(exchange=venue(ada)))
    placed = ada.ask(ada.exchange.withdraw(withdrawal(ada)))
    [stuck] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (stuck.status, stuck.transaction_id) == ("pending", None)
    other = withdrawal(ada, client_id="2" + UUID[1:], amount=D("0.1"))
    failing = ada.ask(ada.exchange.withdraw(other))
    ada.do(FailWithdrawal(exchange=venue(ada), id=failing.id))
    assert free(ada) == 1 - cost(ada)
    ada.do(SetStuck(exchange=venue(ada), stuck=False))
    [gone] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (gone.id, gone.status) == (placed.id, "sent")
    [failed] = ada.all(ada.exchange.find_withdrawal(other))
    assert failed.status in ("failed", "cancelled")


def test_what_all_customers_have_is_what_the_exchange_has_on_the_chain(stage):
    chain, simulation = stage
    chain.mine(2)
    for one in simulation.venues.values():
        one.settle()
        purse = one.state.purse
        coins = [coin for coin in purse.coins if f"{coin.txid}:{coin.vout}" not in purse.spent]
        for coin in coins:  # each of them is there, unspent, for the chain's own eyes
            output = chain.find(parse_hash(coin.txid)).outputs[coin.vout]
            assert output.amount == coin.amount
        assert one.state.ledger.total("BTC") == D(sum(coin.amount for coin in coins)).scaleb(-8)
