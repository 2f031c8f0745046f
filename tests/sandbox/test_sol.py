"""SOL that really moves: from a local chain to the simulated exchanges and back, counted to the lamport."""

from decimal import Decimal

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.support.exchange_days import UUID
from tests.support.sandbox import customer, sandbox, venue_of

from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.server import serving
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.failures import Refused
from warifu.sandbox.control import FailWithdrawal, SetAccount, ShowAccount

D = Decimal
pytestmark = pytest.mark.real

NETWORKS = {"coinbase": "solana", "coinbase-exchange": "solana", "binance": "SOL"}
FEE = D("0.001")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    chain = EmbeddedChain()
    with serving(chain) as url, sandbox(tmp_path_factory.mktemp("sandbox"), solana=url) as simulation:
        yield chain, simulation


@pytest.fixture(params=NETWORKS)
def ada(stage, request):
    """A customer with five SOL, which came over the chain."""
    found = customer(stage[1], request.param, account=f"ada-{abs(hash(request.node.name))}")
    found.do(SetAccount(exchange=venue_of(request.param), account=found.account, gives={"SOL": D(5)}))
    return found


def free(ada) -> Decimal:
    return sum((one.free for one in ada.all(ada.exchange.balances()) if one.asset == "SOL"), D(0))


def withdrawal(ada, address: str) -> Withdrawal:
    wallets = ada.exchange.wallets()
    wallet = "" if wallets is None else next(one.wallet for one in ada.all(wallets) if one.asset == "SOL")
    network = NETWORKS[ada.exchange.name]
    return Withdrawal(UUID, "SOL", network, address, D("1.5"), wallet=wallet)


def test_a_deposit_is_credited_once_and_a_withdrawal_arrives_once(ada, stage):
    chain, _ = stage
    assert free(ada) == free(ada) == 5
    home = Keypair().pubkey()
    ada.ask(ada.exchange.withdraw(withdrawal(ada, str(home))))
    again = ada.ask(ada.exchange.withdraw(withdrawal(ada, str(home))))
    [sent] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada, str(home))))
    assert (sent.id, sent.address) == (again.id, str(home))
    chain.advance(3)
    [done] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada, str(home))))
    assert (done.status, done.transaction_id) == ("done", sent.transaction_id)
    on_top = ada.exchange.name == "coinbase"
    arrived = D("1.5") if on_top else D("1.5") - FEE
    assert chain.svm.get_balance(home) == int(arrived * 10**9)
    assert free(ada) == 5 - arrived - FEE


PROGRAMS, _ = Pubkey.find_program_address([b"nobody's"], Pubkey.default())


@pytest.mark.parametrize("address", [str(PROGRAMS), "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"])
def test_where_nobody_has_the_key_nothing_goes(ada, address):
    """An address that a program has is on no curve; the other one is of another chain."""
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.withdraw(withdrawal(ada, address)))
    assert caught.value.reason == "address"
    assert free(ada) == 5


def test_what_the_chain_refuses_waits_and_says_why(ada):
    """A program's account takes no transfer: nothing left, and it can still fail."""
    free_before = free(ada)
    ada.ask(ada.exchange.withdraw(withdrawal(ada, str(Pubkey.default()))))
    [waiting] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada, str(Pubkey.default()))))
    assert (waiting.status, waiting.transaction_id) == ("pending", None)
    shown = ada.do(ShowAccount(exchange=venue_of(ada.exchange.name), account=ada.account))
    assert "simulation failed" in shown["withdrawals"][0].words
    ada.do(FailWithdrawal(exchange=venue_of(ada.exchange.name), id=waiting.id))
    assert free(ada) == free_before


def test_what_all_customers_have_is_what_the_exchange_has_on_the_chain(stage):
    chain, simulation = stage
    chain.advance(3)
    for venue in simulation.venues.values():
        venue.settle()
        keys = [venue.custody.chain("SOL")._key(place.index).pubkey() for place in venue.state.vaults.places]
        held = sum(chain.svm.get_balance(key) or 0 for key in keys)
        assert venue.state.ledger.total("SOL") == D(held).scaleb(-9)
