"""Ether that really moves: from a local chain to the simulated exchanges and back, counted to the wei."""

from decimal import Decimal

import pytest
from eth_utils.address import to_checksum_address
from tests.support.exchange_days import UUID
from tests.support.sandbox import customer, sandbox, venue_of

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import serving
from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.failures import Refused
from warifu.sandbox.control import SetAccount

D = Decimal
pytestmark = [pytest.mark.real, pytest.mark.slow]

HOME = str(to_checksum_address("0x94df8b352de7f46f64b01d3666bf6e936e44ce60"))
WEI = 10**18
NETWORKS = {"coinbase": "ethereum", "coinbase-exchange": "ethereum", "binance": "ETH"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    chain = EmbeddedEthereum()
    with serving(chain) as url, sandbox(tmp_path_factory.mktemp("sandbox"), ethereum=url) as simulation:
        yield chain, simulation


@pytest.fixture
def chain(stage):
    return stage[0]


@pytest.fixture(params=NETWORKS)
def ada(stage, request):
    return customer(stage[1], request.param, account=f"ada-{abs(hash(request.node.name))}")


def wallet_of(ada) -> str:
    wallets = ada.exchange.wallets()
    return "" if wallets is None else next(one.wallet for one in ada.all(wallets) if one.asset == "ETH")


def free(ada) -> Decimal:
    return sum((one.free for one in ada.all(ada.exchange.balances()) if one.asset == "ETH"), D(0))


def address_of(ada) -> bytes:
    call = ada.exchange.deposit_address("ETH", NETWORKS[ada.exchange.name], wallet_of(ada))
    return bytes.fromhex(ada.ask(call).address.removeprefix("0x"))


def withdrawal(ada, **other) -> Withdrawal:
    given = {"amount": D("0.5"), "address": HOME, "client_id": UUID, **other}
    return Withdrawal(asset="ETH", network=NETWORKS[ada.exchange.name], wallet=wallet_of(ada), **given)


def balance(chain, address: str) -> int:
    return int(chain.machine.state(chain.machine.head.block_number).get_balance(bytes.fromhex(address[2:])))


def test_a_deposit_is_credited_once_it_is_deep_enough(ada, chain):
    chain.fund(address_of(ada), WEI + 1)
    assert free(ada) == 0
    chain.mine()
    assert int(free(ada)) == 1
    ledger = ada.simulation.venues[venue_of(ada.exchange.name)].state.ledger
    assert ledger.free_of(ada.account, "ETH") == D("1.000000000000000001")


def test_a_deposit_that_a_reorganisation_takes_back_is_not_credited(ada, chain):
    chain.fund(address_of(ada), WEI)
    assert free(ada) == 0
    chain.reorganise(1)
    assert free(ada) == 0
    chain.mine(2)  # it waited in the mempool
    assert free(ada) == 1


def test_a_withdrawal_arrives_on_the_chain_and_is_followed_to_its_end(ada, chain):
    ada.do(SetAccount(exchange=venue_of(ada.exchange.name), account=ada.account, gives={"ETH": D(1)}))
    before = balance(chain, HOME)
    assert ada.ask(ada.exchange.withdraw(withdrawal(ada))).status == "pending"
    [sent] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (sent.status, sent.address) == ("sent", HOME)
    chain.mine(2)
    [done] = ada.all(ada.exchange.find_withdrawal(withdrawal(ada)))
    assert (done.status, done.transaction_id) == ("done", sent.transaction_id)
    on_top = ada.exchange.name == "coinbase"
    assert balance(chain, HOME) - before == (WEI // 2 if on_top else WEI // 2 - WEI // 1000)
    assert free(ada) == (D("0.499") if on_top else D("0.5"))


@pytest.mark.parametrize(
    "address",
    [
        HOME.swapcase().replace("X", "x"),
        HOME[:-1],
        "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
        "a contract",
    ],
)
def test_what_is_no_address_of_an_account_is_refused(ada, chain, address):
    if address == "a contract":
        address = "0x" + chain.deploy_token("Token", "TKN", 6).hex()
    ada.do(SetAccount(exchange=venue_of(ada.exchange.name), account=ada.account, gives={"ETH": D(1)}))
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.withdraw(withdrawal(ada, address=address)))
    assert caught.value.reason == "address"
    assert free(ada) == 1


def test_what_all_customers_have_is_what_the_exchange_has_on_the_chain(stage):
    chain, simulation = stage
    chain.mine(2)
    for venue in simulation.venues.values():
        venue.settle()
        places = {place.address for place in venue.state.vaults.places if place.asset == "ETH"}
        held = sum(balance(chain, address) for address in places)
        assert venue.state.ledger.total("ETH") == D(held).scaleb(-18)
