"""Nodes that lie, lag, fail and contradict each other: what is decided, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from tests.chains.ethereum_network.scripted import (
    BLOCK_HASH,
    HEIGHT,
    LOCAL,
    OTHER_HASH,
    ScriptedNode,
    block,
    chain_of,
    receipt,
    same_nodes,
)
from tests.chains.ethereum_network.worlds import ETHER, Account

from warifu.chains.accounts import Outcome, Payment, Sent, SignedTransaction
from warifu.chains.ethereum.transaction import TxType, parse_signed, parse_unsigned
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

ALICE, BOB = Account(), Account()
DOWN = unavailable("unreachable", "nobody is there", "a node")
PRUNED = RpcRefused(-32000, "missing trie node")


def pay(chain, amount: int = ETHER, taken=()) -> SignedTransaction:
    draft = chain.draft(ALICE.address, Payment(BOB.address, amount, ""), taken)
    signed: SignedTransaction = chain.assemble(draft.unsigned, [ALICE.sign(draft.name)], ALICE.address)
    return signed


# --- which chain -------------------------------------------------------------------------------------------------


def test_a_node_of_another_chain_is_never_asked_anything_else():
    wrong = ScriptedNode("wrong", eth_chainId="0x1")
    with pytest.raises(ChainUnavailable) as refused:
        chain_of(*same_nodes(2), wrong).draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    assert refused.value.code == "chain.wrong-network"
    assert refused.value.blame == "wrong"
    assert wrong.asked == [("eth_chainId", [])]


@pytest.mark.parametrize("answer", ["0x07a69", "31337", 31337, None, RpcRefused(-32601, "no such method")])
def test_a_node_that_does_not_say_its_chain_is_not_used(answer):
    with pytest.raises(ChainUnavailable):
        chain_of(ScriptedNode("silent", eth_chainId=answer)).check()


# --- how long the chain is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([100, 100, 100], 100),
        ([100, 99, 98], 99),  # what two have
        ([2**39, 100, 99], 100),  # one that runs ahead
        ([2**200, 100, 99], 99),  # one that says what cannot be
        ([0, 100, 100], 100),  # one that holds back
        ([DOWN, 100, 99], 99),
    ],
)
def test_the_height_is_what_a_quorum_has(heights, expected):
    answers = [height if isinstance(height, Exception) else hex(height) for height in heights]
    nodes = [ScriptedNode(f"node-{at}", eth_blockNumber=answer) for at, answer in enumerate(answers)]
    assert chain_of(*nodes).height() == expected


def test_one_answer_of_three_is_no_quorum():
    nodes = [ScriptedNode("good"), *same_nodes(2, eth_blockNumber=DOWN)]
    with pytest.raises(ChainUnavailable) as refused:
        chain_of(*nodes).height()
    assert refused.value.code == "chain.quorum"


def test_of_a_single_node_its_own_failure_is_told():
    with pytest.raises(ChainUnavailable) as refused:
        chain_of(ScriptedNode("only", eth_blockNumber=DOWN)).height()
    assert refused.value is DOWN


# --- what decides money ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["eth_getBalance", "eth_getTransactionCount"])
def test_a_lie_about_balance_or_nonce_stops_a_draft_and_names_who_says_what(method):
    liar = ScriptedNode("liar", **{method: "0x7"})
    with pytest.raises(ChainUnavailable) as refused:
        pay(chain_of(liar, ScriptedNode("honest")))
    assert refused.value.code == "chain.disagreement"
    assert "liar" in refused.value.message
    assert "honest" in refused.value.message


@pytest.mark.parametrize(
    "failure", [DOWN, PRUNED, RpcRefused(3, "execution reverted"), "0x", "0x05", None, -5]
)
def test_a_node_without_a_usable_answer_is_neither_agreement_nor_dissent(failure):
    lagging = ScriptedNode("lagging", eth_getTransactionCount=failure)
    signed = pay(chain_of(lagging, *same_nodes(2)))
    assert parse_signed(signed.raw).transaction.nonce == 5
    with pytest.raises(ChainUnavailable) as refused:
        pay(chain_of(lagging, ScriptedNode("honest")))
    assert refused.value.code == "chain.quorum"


def test_state_is_asked_of_one_block_and_never_of_what_is_pending():
    nodes = same_nodes(3)
    chain = chain_of(*nodes)
    pay(chain)
    chain.holdings(ALICE.address, [])
    asked = [params for node in nodes for method, params in node.asked if method == "eth_getTransactionCount"]
    assert asked
    assert all(params[1] == hex(HEIGHT) for params in asked)
    assert not any("pending" in str(question) for node in nodes for question in node.asked)


def test_two_drafts_at_once_take_two_nonces():
    chain = chain_of(*same_nodes(2))
    first = chain.draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    assert first.slot is not None
    second = chain.draft(ALICE.address, Payment(BOB.address, 1, ""), [first.slot])
    assert (first.slot, second.slot) == (5, 6)
    assert first.name != second.name


# --- what is refused before it is signed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payment", "reason"),
    [
        (Payment("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", 1, ""), "address"),
        (Payment("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", 1, ""), "address"),
        (Payment("0x0000000000000000000000000000000000000000", 1, ""), "reserved-address"),
        (Payment(BOB.address, 0, ""), "amount"),
        (Payment(BOB.address, -1, ""), "amount"),
        (Payment(BOB.address, 1 << 256, ""), "amount"),
        (Payment(BOB.address, 1, "0x1234"), "address"),
        (Payment(BOB.address, 1, BOB.address), "to-token-contract"),
        (Payment(ALICE.address, 1, BOB.address), "self-payment"),
    ],
)
def test_what_no_signer_would_sign_is_not_drafted(payment, reason):
    node = ScriptedNode("node")
    with pytest.raises(InputRefused) as refused:
        chain_of(node).draft(ALICE.address, payment, ())
    assert refused.value.reason == reason
    assert node.asked == [], "nobody was asked"


@pytest.mark.parametrize("balance", [0, ETHER - 1, ETHER, ETHER + 62_999_999_999_999])
def test_money_that_is_not_there_is_not_paid(balance):
    with pytest.raises(InputRefused) as refused:
        pay(chain_of(ScriptedNode("node", eth_getBalance=hex(balance))))
    assert refused.value.code == "input.insufficient-funds"


def test_the_last_wei_can_be_paid():
    fee = 21_000 * 3 * 10**9  # twice the base fee of 1 gwei, and a tip of 1 gwei
    signed = pay(chain_of(ScriptedNode("node", eth_getBalance=hex(ETHER + fee))))
    assert parse_signed(signed.raw).transaction.fee == fee


REVERT = "0x08c379a0" + "20".rjust(64, "0") + "03".rjust(64, "0") + b"no!".hex().ljust(64, "0")


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (RpcRefused(3, "execution reverted: no!", REVERT), "would-fail", "'no!'"),
        (RpcRefused(-32015, "VM execution error. Reverted", f"Reverted {REVERT}"), "would-fail", "'no!'"),
        (RpcRefused(-32000, "execution reverted", {"data": REVERT}), "would-fail", "'no!'"),
        (RpcRefused(3, "execution reverted"), "would-fail", "no reason"),
        (RpcRefused(-32000, "execution reverted: paused"), "would-fail", "'paused'"),
        (RpcRefused(3, "execution reverted", 7), "would-fail", "no reason"),
        (RpcRefused(3, "execution reverted", "0x123"), "would-fail", "no reason"),
        (RpcRefused(-32000, "insufficient funds for transfer"), "insufficient-funds", "cannot pay"),
        (RpcRefused(-32000, "gas required exceeds allowance (30000000)"), "gas", "more gas"),
    ],
)
def test_what_would_fail_is_told_in_the_contracts_words(error, reason, words):
    with pytest.raises(InputRefused) as refused:
        pay(chain_of(ScriptedNode("node", eth_estimateGas=error)))
    assert refused.value.reason == reason
    assert words in refused.value.message


@pytest.mark.parametrize("estimate", ["0x0", hex(1 << 24 | 1), hex(1 << 255)])
def test_a_node_cannot_make_a_transaction_use_any_gas_it_likes(estimate):
    with pytest.raises(InputRefused) as refused:
        pay(chain_of(ScriptedNode("node", eth_estimateGas=estimate)))
    assert refused.value.code == "input.gas"


# --- broadcasts --------------------------------------------------------------------------------------------------


def broadcast(*answers, **more):
    chain = chain_of(ScriptedNode("node-a"))
    signed = pay(chain)
    nodes = []
    for at, answer in enumerate(answers):
        fields = {} if answer is None else {"eth_sendRawTransaction": answer}
        nodes.append(
            ScriptedNode(f"node-{at}", **fields, **{key: value(signed) for key, value in more.items()})
        )
    return chain_of(*nodes).broadcast(signed.raw)


KNOWN = RpcRefused(-32000, "already known", server="node-0")
USED = RpcRefused(-32000, "nonce too low: next nonce 6, tx nonce 5", server="node-0")
POOR = RpcRefused(-32000, "insufficient funds for gas * price + value", server="node-0")
FULL = RpcRefused(-32000, "txpool is full", server="node-0")


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        ((None, None), (Sent.ACCEPTED, "node-0, node-1")),
        ((KNOWN, None), (Sent.ACCEPTED, "node-1")),
        ((POOR, None), (Sent.ACCEPTED, "node-1")),  # one refusal is not the last word
        ((DOWN, None), (Sent.ACCEPTED, "node-1")),
        ((KNOWN, KNOWN), (Sent.ALREADY_KNOWN, "node-0, node-1")),
        ((DOWN, KNOWN), (Sent.ALREADY_KNOWN, "node-1")),
        ((USED, KNOWN), (Sent.ALREADY_KNOWN, "node-1")),
    ],
)
def test_one_that_took_it_is_enough(answers, ended):
    assert broadcast(*answers) == ended


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((POOR, POOR), "broadcast.insufficient-funds"),
        ((FULL, DOWN), "broadcast.busy"),
        ((USED, USED), "broadcast.nonce-used"),
        ((USED, DOWN), "broadcast.nonce-used"),
    ],
)
def test_a_refusal_is_the_nodes_own(answers, code):
    with pytest.raises(BroadcastRejected) as refused:
        broadcast(*answers)
    assert refused.value.code == code
    assert "node-0" in refused.value.message


def test_a_used_nonce_is_success_where_it_is_ours():
    answer = lambda signed: {"hash": signed.txid, "blockHash": BLOCK_HASH}  # noqa: E731
    assert broadcast(USED, eth_getTransactionByHash=answer) == (Sent.ALREADY_KNOWN, "node-0")


def test_a_used_nonce_is_no_success_where_a_node_shows_another_transaction():
    answer = lambda _: {"hash": "0x" + "cd" * 32, "blockHash": BLOCK_HASH}  # noqa: E731
    with pytest.raises(BroadcastRejected) as refused:
        broadcast(USED, eth_getTransactionByHash=answer)
    assert refused.value.code == "broadcast.nonce-used"


def test_a_node_that_says_it_took_another_transaction_took_nothing():
    with pytest.raises(ChainUnavailable) as refused:
        broadcast("0x" + "cd" * 32)
    assert refused.value.code == "chain.answer-form"


def test_nobody_there_is_told():
    with pytest.raises(ChainUnavailable):
        broadcast(DOWN, DOWN)


def high_s(raw: bytes) -> bytes:
    """The twin of a signed transaction that anybody can make: s negated, the other recovery bit."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    fields["s"], fields["v"] = order - fields["s"], 1 - fields["v"]
    return bytes(TypedTransaction.from_dict(fields).encode())


def test_the_twin_with_the_high_s_is_sent_to_nobody():
    node = ScriptedNode("node")
    chain = chain_of(node)
    twin = high_s(pay(chain).raw)
    asked = len(node.asked)
    with pytest.raises(TransactionRefused) as refused:
        chain.broadcast(twin)
    assert refused.value.code == "transaction.high-s"
    assert len(node.asked) == asked


def test_a_transaction_of_another_chain_is_sent_to_nobody():
    other = replace(LOCAL, chain_id=1337)
    signed = pay(chain_of(ScriptedNode("other", eth_chainId=hex(1337)), network=other))
    with pytest.raises(TransactionRefused) as refused:
        chain_of(ScriptedNode("node"), network=LOCAL).broadcast(signed.raw)
    assert refused.value.code == "transaction.wrong-chain"


# --- assembling --------------------------------------------------------------------------------------------------


def test_only_the_senders_signature_fits():
    chain = chain_of(ScriptedNode("node"))
    draft = chain.draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    good = ALICE.sign(draft.name)
    assert chain.assemble(draft.unsigned, [good[:64]], ALICE.address).txid
    for wrong in ([BOB.sign(draft.name)], [ALICE.sign(bytes(32))], [], [good, good]):
        with pytest.raises(TransactionRefused) as refused:
            chain.assemble(draft.unsigned, wrong, ALICE.address)
        assert refused.value.code == "transaction.signature"


# --- following ---------------------------------------------------------------------------------------------------


def status(*nodes, network=LOCAL, **fields):
    """The status of a payment, of which ``fields`` and each of ``nodes`` tell what they make of its txid."""
    signed = pay(chain_of(ScriptedNode("drafting")))
    scripted = [
        ScriptedNode(f"node-{at}", **{**fields, **(node(signed.txid) if node else {})})
        for at, node in enumerate(nodes)
    ]
    return chain_of(*scripted, network=network).status(ALICE.address, signed.raw)


def mined(**fields):
    return lambda txid: {"eth_getTransactionReceipt": receipt(txid, **fields)}


def waiting(txid):
    return {"eth_getTransactionByHash": {"hash": txid, "blockHash": None}}


def test_nobody_knows_it():
    assert status(None, None).outcome is Outcome.UNKNOWN


def test_one_node_has_it():
    assert status(None, waiting, None).outcome is Outcome.PENDING


def test_in_a_block():
    found = status(mined(number=HEIGHT - 2), mined(number=HEIGHT - 2))
    assert (found.outcome, found.height, found.block) == (Outcome.SUCCEEDED, HEIGHT - 2, BLOCK_HASH)
    assert found.confirmations == 3
    assert found.fee == 21_000 * 2 * 10**9


def test_the_data_fee_of_a_roll_up_is_counted():
    assert status(mined(l1Fee=hex(777)), mined(l1Fee=hex(777))).fee == 21_000 * 2 * 10**9 + 777


def test_one_node_of_three_cannot_confirm_a_payment():
    found = status(mined(), waiting, None)
    assert found.outcome is Outcome.PENDING
    assert found.confirmations == 0


def test_two_that_agree_outvote_one_that_does_not():
    assert status(mined(status=1), mined(status=0), mined(status=1)).outcome is Outcome.SUCCEEDED


def test_clients_may_show_a_data_fee_or_not():
    assert status(mined(), mined(l1Fee="0x0")).outcome is Outcome.SUCCEEDED


def test_two_blocks_for_one_transaction_are_no_confirmation():
    other = lambda number, _: block(int(number, 16), OTHER_HASH)  # noqa: E731
    there = lambda txid: {**mined(block_hash=OTHER_HASH)(txid), "eth_getBlockByNumber": other}  # noqa: E731
    assert status(mined(), there).outcome is Outcome.PENDING


def test_nodes_that_differ_in_the_result_confirm_nothing():
    assert status(mined(status=0), mined(status=1)).outcome is Outcome.PENDING


def test_a_receipt_from_a_cache_whose_block_left_the_chain_is_none():
    moved = lambda number, _: block(int(number, 16), OTHER_HASH)  # noqa: E731
    stale = lambda txid: {**mined()(txid), **waiting(txid), "eth_getBlockByNumber": moved}  # noqa: E731
    assert status(stale, stale).outcome is Outcome.PENDING


def test_a_receipt_of_another_transaction_is_none():
    foreign = {"eth_getTransactionReceipt": receipt("0x" + "cd" * 32)}
    assert status(None, None, **foreign).outcome is Outcome.UNKNOWN


def test_a_failure_carries_the_contracts_reason():
    found = status(mined(status=0), mined(status=0), eth_call=RpcRefused(3, "execution reverted", REVERT))
    assert found.outcome is Outcome.FAILED
    assert found.why == "the contract says: 'no!'"
    assert found.fee == 21_000 * 2 * 10**9


def test_the_reason_is_looked_for_on_the_state_that_the_transaction_met():
    asked = []

    def refuse(call, at):
        asked.append((call["from"], call["to"], call["value"], at))
        return RpcRefused(3, "execution reverted", REVERT)

    found = status(mined(status=0, number=90), eth_call=refuse)
    assert found.why == "the contract says: 'no!'"
    assert asked == [(ALICE.address.lower(), BOB.address.lower(), hex(ETHER), hex(89))]


@pytest.mark.parametrize("answer", ["0x", DOWN, PRUNED])
def test_a_failure_whose_reason_cannot_be_found_is_still_a_failure(answer):
    found = status(mined(status=0), mined(status=0), eth_call=answer)
    assert found.outcome is Outcome.FAILED
    assert "cannot be told" in found.why


def test_another_transaction_took_its_place():
    found = status(None, None, eth_getTransactionCount="0x6")
    assert found.outcome is Outcome.REPLACED


def test_its_place_is_taken_for_good_only_as_deep_as_a_payment_must_be():
    ten = replace(LOCAL, confirmations=10)
    count = lambda _, at: "0x6" if int(at, 16) > HEIGHT - 5 else "0x5"  # noqa: E731
    found = status(None, None, network=ten, eth_getTransactionCount=count)
    assert found.outcome is Outcome.PENDING
    assert "not final" in found.why
    count = lambda _, at: "0x6" if int(at, 16) >= HEIGHT - 9 else "0x5"  # noqa: E731
    assert status(None, None, network=ten, eth_getTransactionCount=count).outcome is Outcome.REPLACED


def test_it_is_not_called_replaced_while_one_node_has_it_in_a_block():
    found = status(mined(), None, eth_getTransactionCount="0x6")
    assert found.outcome is Outcome.PENDING


def test_nobody_there_is_no_news():
    with pytest.raises(ChainUnavailable):
        status(None, None, eth_getTransactionReceipt=DOWN)


def test_somebody_elses_transaction_is_not_followed():
    chain = chain_of(ScriptedNode("node"))
    with pytest.raises(TransactionRefused) as refused:
        chain.status(BOB.address, pay(chain).raw)
    assert refused.value.code == "transaction.signature"


# --- replacing ---------------------------------------------------------------------------------------------------


def test_what_is_in_a_block_is_not_replaced():
    draft = chain_of(ScriptedNode("node")).draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    with pytest.raises(InputRefused) as refused:
        chain_of(ScriptedNode("later", eth_getTransactionCount="0x6")).replace(
            ALICE.address, draft.unsigned, cancel=False
        )
    assert refused.value.code == "input.not-replaceable"


@pytest.mark.parametrize("cancel", [False, True])
def test_a_replacement_has_the_same_nonce_and_pays_ten_percent_more(cancel):
    chain = chain_of(ScriptedNode("node"))
    first = chain.draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    second = chain.replace(ALICE.address, first.unsigned, cancel=cancel)
    old, new = parse_unsigned(first.unsigned), parse_unsigned(second.unsigned)
    assert new.nonce == old.nonce
    assert new.max_fee * 10 >= old.max_fee * 11
    assert new.max_priority_fee * 10 >= old.max_priority_fee * 11
    to = (ALICE if cancel else BOB).address.lower()
    assert new.to is not None
    assert (new.to.hex(), new.value, new.data) == (to[2:], 0 if cancel else 1, b"")


def test_the_cancellation_of_a_call_is_a_plain_transfer():
    token = ScriptedNode("node", eth_estimateGas=hex(60_000))
    first = chain_of(token).draft(ALICE.address, Payment(BOB.address, 1, ""), ())
    assert parse_unsigned(first.unsigned).gas_limit == 72_000
    cancel = chain_of(ScriptedNode("node")).replace(ALICE.address, first.unsigned, cancel=True)
    assert parse_unsigned(cancel.unsigned).gas_limit == 21_000


def test_a_replacement_must_be_affordable():
    first = chain_of(ScriptedNode("node")).draft(ALICE.address, Payment(BOB.address, ETHER, ""), ())
    poor = chain_of(ScriptedNode("node", eth_getBalance=hex(ETHER + first.fee)))
    with pytest.raises(InputRefused) as refused:
        poor.replace(ALICE.address, first.unsigned, cancel=False)
    assert refused.value.code == "input.insufficient-funds"
    poor.replace(ALICE.address, first.unsigned, cancel=True)


def test_what_was_not_drafted_here_is_not_replaced():
    chain = chain_of(ScriptedNode("node"))
    first = parse_unsigned(chain.draft(ALICE.address, Payment(BOB.address, 1, ""), ()).unsigned)
    for other in (
        replace(first, chain_id=1),
        replace(first, type=TxType.ACCESS_LIST, max_priority_fee=first.max_fee),
    ):
        with pytest.raises(InputRefused) as refused:
            chain.replace(ALICE.address, other.serialize(), cancel=False)
        assert refused.value.code == "input.not-replaceable"
