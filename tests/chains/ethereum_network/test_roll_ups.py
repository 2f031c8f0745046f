"""What posting a transaction to Ethereum costs on top: on the OP stack beside the gas, on Arbitrum within it."""

from __future__ import annotations

import pytest
from tests.chains.ethereum_network.scripted import ScriptedNode, chain_of, word
from tests.chains.ethereum_network.worlds import ETHER, Account

from warifu.chains.accounts import Payment
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.networks import NETWORKS
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.unit

ALICE, BOB = Account(), Account()
BASE, ARBITRUM = NETWORKS[8453], NETWORKS[42161]
ORACLE = "0x420000000000000000000000000000000000000f"
L1_FEE = 31_000_000_000


def draft(network, **answers):
    node = ScriptedNode("node", eth_chainId=hex(network.chain_id), **answers)
    drafted = chain_of(node, network=network).draft(ALICE.address, Payment(BOB.address, ETHER, ""), ())
    return node, drafted


def test_the_oracle_is_asked_about_this_very_transaction():
    node, drafted = draft(BASE, eth_call=word(L1_FEE))
    asked = [params[0] for method, params in node.asked if method == "eth_call"]
    assert [call["to"] for call in asked] == [ORACLE]
    data = bytes.fromhex(asked[0]["input"][2:])
    assert data[:4] == keccak256(b"getL1Fee(bytes)")[:4]
    length = int.from_bytes(data[36:68], "big")
    assert data[68 : 68 + length] == drafted.unsigned


def test_the_data_fee_is_in_what_it_can_cost_and_in_what_it_would_cost_now():
    gas = parse_unsigned(draft(BASE, eth_call=word(0))[1].unsigned).fee
    _, drafted = draft(BASE, eth_call=word(L1_FEE))
    assert drafted.fee == gas + 2 * L1_FEE
    assert drafted.likely_fee == 21_000 * 2 * 10**9 + L1_FEE


def test_an_account_must_have_it_as_well():
    fee = draft(BASE, eth_call=word(L1_FEE))[1].fee
    draft(BASE, eth_call=word(L1_FEE), eth_getBalance=hex(ETHER + fee))
    with pytest.raises(InputRefused) as refused:
        draft(BASE, eth_call=word(L1_FEE), eth_getBalance=hex(ETHER + fee - 1))
    assert refused.value.code == "input.insufficient-funds"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (word(10**17 + 1), "input.fee-cap"),
        (word((1 << 256) - 1), "input.fee-cap"),
        ("0x", "input.token"),
        (RpcRefused(-32000, "it broke"), "chain.refused"),
    ],
)
def test_a_node_cannot_make_up_any_data_fee(answer, code):
    with pytest.raises((InputRefused, ChainUnavailable)) as refused:
        draft(BASE, eth_call=answer)
    assert refused.value.code == code


def test_on_arbitrum_the_estimate_holds_it():
    node, drafted = draft(ARBITRUM, eth_estimateGas=hex(90_000))
    assert parse_unsigned(drafted.unsigned).gas_limit == 108_000
    assert not [method for method, _ in node.asked if method == "eth_call"]


def test_a_cancellation_on_arbitrum_needs_more_gas_than_a_transfer_elsewhere():
    node, drafted = draft(ARBITRUM, eth_estimateGas=hex(90_000))
    cancel = chain_of(node, network=ARBITRUM).replace(ALICE.address, drafted.unsigned, cancel=True)
    assert parse_unsigned(cancel.unsigned).gas_limit == 108_000
