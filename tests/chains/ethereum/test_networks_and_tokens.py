"""The chains and tokens that are known without asking anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warifu.chains.ethereum.address import format_address, is_reserved, parse_address
from warifu.chains.ethereum.networks import NETWORKS, DataFee, EvmNetwork, chain_id_of, chain_name, symbol_of
from warifu.chains.ethereum.tokens import TOKENS, known_token, tokens_called
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def test_the_chains_that_are_known():
    assert {(network.chain_id, network.symbol, network.data_fee) for network in NETWORKS.values()} == {
        (1, "ETH", DataFee.NONE),
        (10, "ETH", DataFee.OP_STACK),
        (137, "POL", DataFee.NONE),
        (8453, "ETH", DataFee.OP_STACK),
        (31337, "ETH", DataFee.NONE),
        (42161, "ETH", DataFee.ARBITRUM),
        (11155111, "ETH", DataFee.NONE),
    }


@pytest.mark.parametrize("chain_id", NETWORKS)
def test_a_chain_is_called_by_its_number(chain_id: int):
    assert NETWORKS[chain_id].chain == chain_name(chain_id) == f"eip155:{chain_id}"
    assert chain_id_of(chain_name(chain_id)) == chain_id


def test_the_coin_of_an_unknown_chain_has_no_name():
    assert (symbol_of(137), symbol_of(4242), symbol_of(None)) == ("POL", "coin", "coin")


@pytest.mark.parametrize(
    "change",
    (
        {"chain_id": 0},
        {"chain_id": 2**64},
        {"title": ""},
        {"title": "a\nb"},
        {"title": "a" * 41},
        {"symbol": ""},
        {"symbol": "E H"},
        {"confirmations": 0},
        {"confirmations": 10**6},
    ),
)
def test_a_chain_by_configuration_is_described_sensibly(change: dict[str, object]):
    gnosis = EvmNetwork(100, "Gnosis", "xDAI", DataFee.NONE, 20)
    with pytest.raises(InputRefused) as refused:
        replace(gnosis, **change)  # type: ignore[arg-type]  # of mixed types, on purpose
    assert refused.value.code == "input.network"


@pytest.mark.parametrize("chain_id", TOKENS)
def test_each_token_has_an_address_of_an_ordinary_contract(chain_id: int):
    assert chain_id in NETWORKS
    for address, token in TOKENS[chain_id].items():
        assert format_address(parse_address(address)) == address == token.address
        assert not is_reserved(parse_address(address))
        assert 0 < token.decimals <= 18
        assert token.symbol.isascii()


@pytest.mark.parametrize("chain_id", (1, 10, 137, 8453, 42161))
def test_a_symbol_means_one_token_on_a_chain(chain_id: int):
    symbols = [token.symbol for token in TOKENS[chain_id].values()]
    assert len(set(symbols)) == len(symbols)
    assert {"USDC", "WETH", "DAI"} <= set(symbols)


def test_tokens_are_found_by_address_and_by_symbol():
    (usdc,) = tokens_called(1, "usdc")
    assert known_token(1, usdc.address) is usdc
    assert (usdc.symbol, usdc.decimals) == ("USDC", 6)
    assert known_token(10, usdc.address) is None
    assert known_token(None, usdc.address) is None
    assert tokens_called(4242, "USDC") == ()
