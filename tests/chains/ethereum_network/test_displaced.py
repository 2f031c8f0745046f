"""When a transaction is said to be displaced for good: whoever hears it pays again, so no liar may bring it about."""

from __future__ import annotations

import pytest
from tests.chains.ethereum_network.scripted import HEIGHT, ScriptedNode, block, chain_of, receipt
from tests.chains.ethereum_network.worlds import Account

from warifu.chains.accounts import Outcome
from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.chains.rpc.unavailable import unavailable

pytestmark = pytest.mark.unit

ALICE = Account()
DOWN = unavailable("time-out", "no answer in time", "a node")
USED = "0x6"
"""The account's transaction with the nonce 5 is executed."""


def signed():
    built = Transaction(TxType.DYNAMIC_FEE, 31337, 5, 10**9, 3 * 10**9, 21_000, b"\x55" * 20, 1, b"")
    return built.with_signature(ALICE.sign(built.name), ALICE.address)


SIGNED = signed()


def outcome(*nodes: ScriptedNode) -> Outcome:
    return chain_of(*nodes).status(ALICE.address, SIGNED.raw).outcome


def node(name: str, **answers) -> ScriptedNode:
    return ScriptedNode(name, eth_getTransactionCount=USED, **answers)


def test_two_nodes_that_have_not_seen_it_are_enough():
    assert outcome(node("one"), node("two")) is Outcome.REPLACED


def test_a_node_that_hides_the_receipt_is_not_believed_while_the_other_does_not_answer():
    honest = node("honest", eth_getTransactionReceipt=DOWN)
    assert outcome(honest, node("liar")) is Outcome.PENDING


def test_a_node_that_shows_the_receipt_and_then_fails_to_show_its_block_has_not_denied_it():
    def only_the_newest(number, _):
        return DOWN if int(number, 16) == HEIGHT - 1 else block(int(number, 16))

    honest = node(
        "honest",
        eth_getTransactionReceipt=lambda txid: receipt(txid, number=HEIGHT - 1),
        eth_getBlockByNumber=only_the_newest,
    )
    assert outcome(honest, node("liar")) is Outcome.PENDING


def test_what_came_into_a_block_between_two_questions_did_not_displace_itself():
    def racing(name: str) -> ScriptedNode:
        answers = iter([None, receipt(SIGNED.txid)])
        return node(name, eth_getTransactionReceipt=lambda _: next(answers))

    assert outcome(racing("one"), racing("two")) is Outcome.PENDING
