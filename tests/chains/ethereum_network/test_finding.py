"""Which transaction used up a nonce, on a real engine (py-evm): found by bisection, put together, and its own proof."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.chains.ethereum_network.scripted import ScriptedNode, chain_of
from tests.chains.ethereum_network.test_embedded_chain import transaction
from tests.chains.ethereum_network.worlds import ETHER, Account, running_embedded

from warifu.chains.ethereum.networks import NETWORKS
from warifu.chains.ethereum.transaction import AccessEntry, TxType, parse_signed
from warifu.chains.ethereum_network.chain import EvmChain
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused

pytestmark = pytest.mark.real
GWEI = 10**9


@pytest.fixture(scope="module")
def node():
    with running_embedded() as chain:
        yield chain


@pytest.fixture(scope="module")
def chain(node):
    made = EvmChain(NETWORKS[31337], Endpoints([JsonRpcEndpoint(node.url, "node")]))
    yield made
    made.close()


@pytest.fixture(scope="module")
def alice(node) -> Account:
    account = Account()
    node.fund(account.address, 10 * ETHER)
    return account


@pytest.fixture(scope="module")
def sent(node, alice) -> dict[int, bytes]:
    """By nonce, over many blocks: one of each type, two in one block, among others' transactions."""
    price = {"max_priority_fee": 3 * GWEI, "max_fee": 3 * GWEI}
    kinds: list[dict[str, Any]] = [
        {},
        {"type": TxType.LEGACY, **price},
        {"type": TxType.ACCESS_LIST, **price},
        {"data": b"words", "gas_limit": 40_000},
    ]
    made: dict[int, bytes] = {}
    for nonce, fields in enumerate(kinds):
        built = transaction(nonce=nonce, **fields)
        made[nonce] = built.with_signature(alice.sign(built.name), alice.address).raw
        node.rpc("eth_sendRawTransaction", "0x" + made[nonce].hex())
        if nonce != 1:
            node.mine(3)
        stranger = Account()
        node.fund(stranger.address, ETHER)
    return made


def test_every_nonce_leads_to_its_transaction(chain, alice, sent):
    assert chain.executed(alice.address) == len(sent)
    for nonce, raw in sent.items():
        txid = chain.with_nonce(alice.address, nonce)
        assert txid == parse_signed(raw).txid
        assert chain.transaction(txid) == raw


def test_what_is_in_no_block_is_not_shown(node, chain):
    bob = Account()
    node.fund(bob.address, ETHER)
    built = transaction()
    raw = built.with_signature(bob.sign(built.name), bob.address).raw
    node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    assert chain.transaction(parse_signed(raw).txid) is None
    assert chain.transaction("0x" + 64 * "7") is None


def test_a_node_that_keeps_no_old_states_cannot_tell(alice):
    forgetful = ScriptedNode(
        "node", eth_getTransactionCount=RpcRefused(-32000, "missing trie node", None, "node")
    )
    assert chain_of(forgetful).with_nonce(alice.address, 0) is None


def test_a_node_that_shows_another_transaction_is_not_believed(chain, alice, sent):
    true = chain.with_nonce(alice.address, 0)
    shown = {
        "hash": true,
        "nonce": "0x0",
        "gas": "0x5208",
        "value": "0x1",
        "input": "0x",
        "r": "0x1",
        "s": "0x1",
        "v": "0x0",
        "type": "0x2",
        "chainId": "0x7a69",
        "blockHash": "0x" + 64 * "1",
    }
    for lie in (shown, {**shown, "s": "0x" + 64 * "f"}, {**shown, "type": "0x7f"}, {**shown, "v": "0x7"}):
        assert chain_of(ScriptedNode("node", eth_getTransactionByHash=lie)).transaction(true) is None


def test_an_access_list_is_part_of_the_bytes(alice):
    """The embedded chain shows none; a node on the network does."""
    entry = AccessEntry(bytes(range(20)), (bytes(range(32)),))
    built = dataclasses.replace(transaction(), access_list=(entry,))
    signed = built.with_signature(alice.sign(built.name), alice.address)
    shown = {
        "hash": signed.txid,
        "blockHash": "0x" + 64 * "1",
        "type": "0x2",
        "chainId": hex(31337),
        "nonce": "0x0",
        "gas": hex(built.gas_limit),
        "maxFeePerGas": hex(built.max_fee),
        "maxPriorityFeePerGas": hex(built.max_priority_fee),
        "gasPrice": hex(built.max_fee),
        "to": "0x" + (built.to or b"").hex(),
        "value": hex(built.value),
        "input": "0x",
        "accessList": [
            {"address": "0x" + entry.address.hex(), "storageKeys": ["0x" + key.hex() for key in entry.keys]}
        ],
        "v": hex(signed.signature.y_parity),
        "yParity": hex(signed.signature.y_parity),
        "r": hex(signed.signature.r),
        "s": hex(signed.signature.s),
    }
    assert (
        chain_of(ScriptedNode("node", eth_getTransactionByHash=shown)).transaction(signed.txid) == signed.raw
    )
