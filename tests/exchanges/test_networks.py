"""On what chain an asset of an exchange moves: what is in no table is on no chain."""

import pytest
from tests.support.exchange_days import SANDBOX

from warifu.exchanges.networks import Networks
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.chains import chain_named

pytestmark = pytest.mark.unit

CHAINS = ("bitcoin", "eip155:1", "solana")
every = pytest.mark.parametrize("name", sorted(EXCHANGES.keys() - {SANDBOX}))
NETWORKS = Networks(bitcoin="B", ethereum="E", solana="S")


@pytest.mark.parametrize(
    ("asset", "network", "chain"),
    [
        ("BTC", "B", "bitcoin"),
        ("ETH", "E", "eip155:1"),
        ("USDC", "E", "eip155:1"),
        ("SOL", "S", "solana"),
        ("USDC", "S", "solana"),
        ("BTC", "E", None),  # somebody's promise of bitcoin
        ("ETH", "S", None),
        ("SOL", "E", None),
        ("USDC", "B", None),
        ("BTC", None, None),
        ("BTC", "", None),
        ("BTC", "b", None),
        ("USDC", "T", None),
    ],
)
def test_each_coin_is_on_its_own_chain_and_tokens_are_where_tokens_are(asset, network, chain):
    assert NETWORKS.chain_of(asset, network) == chain


@every
@pytest.mark.parametrize("asset", ["BTC", "ETH", "SOL", "USDC"])
def test_there_and_back(name, asset):
    networks = EXCHANGES[name].networks
    for chain in CHAINS:
        assert chain_named(chain) == chain
        network = networks.network_of(asset, chain)
        assert network is None or networks.chain_of(asset, network) == chain
    assert networks.network_of(asset, "eip155:137") is None
    assert sum(networks.network_of(asset, chain) is not None for chain in CHAINS) == (
        2 if asset == "USDC" else 1
    )


@pytest.mark.parametrize("asset", ["BTC", "ETH", "SOL", "USDC"])
def test_what_an_exchanges_own_sandbox_calls_an_address_is_on_no_chain(asset):
    """Nobody pays bitcoin to it, whatever it says."""
    networks = EXCHANGES[SANDBOX].networks
    for network in (None, "", "bitcoin", "ethereum", "solana"):
        assert networks.chain_of(asset, network) is None
    assert [networks.network_of(asset, chain) for chain in CHAINS] == [None] * 3
