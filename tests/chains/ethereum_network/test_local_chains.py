"""The whole road on two real executions of Ethereum: py-evm behind our embedded chain, and Anvil (revm)."""

from __future__ import annotations

import dataclasses

import pytest
from eth_abi.abi import encode
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from tests.chains.ethereum_network.worlds import ETHER, Account

from warifu.chains.accounts import (
    AccountChain,
    AccountDraft,
    Outcome,
    Payment,
    Sent,
    SignedTransaction,
    Token,
)
from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.networks import NETWORKS, EvmNetwork
from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.chains.ethereum_network.chain import EvmChain
from warifu.chains.reading import COIN, Kind
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused, TransactionRefused

pytestmark = pytest.mark.real


def erc20_call(signature: str, types: list[str], values: list[object]) -> bytes:
    return keccak256(signature.encode())[:4] + encode(types, values)


def signed(network: AccountChain, sender: Account, draft: AccountDraft) -> SignedTransaction:
    return network.assemble(draft.unsigned, [sender.sign(draft.name)], sender.address)


def pay(network, sender: Account, to: Account, amount: int, token: str = COIN, taken=()) -> SignedTransaction:
    return signed(network, sender, network.draft(sender.address, Payment(to.address, amount, token), taken))


def balance(network, account: Account, *tokens: str) -> list[int]:
    return [holding.amount for holding in network.holdings(account.address, tokens)]


def test_it_is_the_chain_that_it_should_be(network: EvmChain):
    chain: AccountChain = network
    chain.check()
    assert chain.chain == "eip155:31337"
    assert chain.confirmations == 1
    assert chain.height() >= 0


def test_a_node_of_another_chain_is_refused(node):
    other = EvmChain(NETWORKS[1], Endpoints([JsonRpcEndpoint(node.url, "local")]))
    with pytest.raises(ChainUnavailable) as refused:
        other.check()
    assert refused.value.code == "chain.wrong-network"
    with pytest.raises(ChainUnavailable):
        other.height()
    other.close()


def test_a_transaction_for_another_chain_is_refused_by_the_node_itself(node, network, alice, bob):
    draft = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    foreign = dataclasses.replace(parse_unsigned(draft.unsigned), chain_id=1)
    raw = foreign.with_signature(alice.sign(foreign.name), alice.address).raw
    with pytest.raises(RuntimeError, match=r"(?i)chain.?id"):
        node.rpc("eth_sendRawTransaction", "0x" + raw.hex())


def test_a_payment_in_the_coin(node, network, alice, bob):
    draft = network.draft(alice.address, Payment(bob.address, ETHER, COIN), ())
    assert parse_unsigned(draft.unsigned).gas_limit == 21_000
    payment = signed(network, alice, draft)
    assert network.status(alice.address, payment.raw).outcome is Outcome.UNKNOWN
    assert network.broadcast(payment.raw)[0] is Sent.ACCEPTED
    assert network.status(alice.address, payment.raw).outcome is Outcome.PENDING
    assert balance(network, bob) == [0]
    node.mine()
    status = network.status(alice.address, payment.raw)
    assert (status.outcome, status.confirmations) == (Outcome.SUCCEEDED, 1)
    assert status.fee is not None
    assert status.fee <= draft.fee
    assert balance(network, bob) == [ETHER]
    assert balance(network, alice) == [10 * ETHER - ETHER - status.fee]
    node.mine(2)
    assert network.status(alice.address, payment.raw).confirmations == 3


def test_the_digest_is_the_one_that_eth_account_computes(network, alice, bob, node, token):
    node.mint(token, alice.address, 1)
    drafts = [
        network.draft(alice.address, Payment(bob.address, 1, COIN), ()),
        network.draft(alice.address, Payment(bob.address, 1, token), ()),
        network.draft_approval(alice.address, token, bob.address, 5, ()),
    ]
    for draft in drafts:
        ours = parse_unsigned(draft.unsigned)
        assert ours.to is not None
        theirs = TypedTransaction.from_dict(
            {
                "type": 2,
                "chainId": ours.chain_id,
                "nonce": ours.nonce,
                "maxPriorityFeePerGas": ours.max_priority_fee,
                "maxFeePerGas": ours.max_fee,
                "gas": ours.gas_limit,
                "to": ours.to,
                "value": ours.value,
                "data": ours.data,
            }
        )
        assert draft.name == bytes(theirs.hash())
        raw = HexBytes(signed(network, alice, draft).raw)
        assert TypedTransaction.from_bytes(raw).as_dict()["nonce"] == ours.nonce


def test_signers_read_what_was_drafted(node, network, alice, bob, token):
    node.mint(token, alice.address, 7)
    coin = network.draft(alice.address, Payment(bob.address, 5, COIN), ())
    tokens = network.draft(alice.address, Payment(bob.address, 7, token), ())
    allowed = network.draft_approval(alice.address, token, bob.address, 9, ())
    readings = [
        read(draft.unsigned, alice.address, network.chain).reading for draft in (coin, tokens, allowed)
    ]
    found = [(out.kind, out.token, out.amount, out.to) for reading in readings for out in reading.outflows]
    assert found == [
        (Kind.PAYMENT, COIN, 5, bob.address),
        (Kind.PAYMENT, token, 7, bob.address),
        (Kind.APPROVAL, token, 9, bob.address),
    ]
    assert [reading.fee for reading in readings] == [coin.fee, tokens.fee, allowed.fee]
    assert [reading.name for reading in readings] == [coin.name, tokens.name, allowed.name]


def test_a_payment_in_a_token(node, network, alice, bob, token):
    node.mint(token, alice.address, 5_000_000)
    coin, held = network.holdings(alice.address, [token])
    assert coin.token is None
    assert (held.token.symbol, held.token.decimals, held.amount) == ("TUSD", 6, 5_000_000)
    payment = pay(network, alice, bob, 1_500_000, token)
    network.broadcast(payment.raw)
    node.mine()
    assert network.status(alice.address, payment.raw).outcome is Outcome.SUCCEEDED
    assert balance(network, alice, token)[1] == 3_500_000
    assert balance(network, bob, token) == [0, 1_500_000]


def test_an_approval_lets_another_take_and_is_taken_back(node, network, alice, bob, token):
    node.fund(bob.address, ETHER)
    node.mint(token, alice.address, 100)
    carol = Account()
    for amount in (60, 0):
        approval = signed(
            network, alice, network.draft_approval(alice.address, token, bob.address, amount, ())
        )
        network.broadcast(approval.raw)
        node.mine()
        assert network.status(alice.address, approval.raw).outcome is Outcome.SUCCEEDED
        asked = erc20_call("allowance(address,address)", ["address"] * 2, [alice.address, bob.address])
        call = {"to": token, "data": "0x" + asked.hex()}
        assert int(node.rpc("eth_call", call, "latest"), 16) == amount
        if amount:
            took = _transfer_from(node, network, token, alice, bob, carol, 60)
            assert network.status(bob.address, took.raw).outcome is Outcome.SUCCEEDED
    assert balance(network, carol, token) == [0, 60]


def _transfer_from(node, network, token, owner, spender, to, amount) -> SignedTransaction:
    """A call that the drafting side has no verb for: what an approved spender does."""
    draft = network.draft(spender.address, Payment(to.address, 1, COIN), ())
    data = erc20_call(
        "transferFrom(address,address,uint256)",
        ["address", "address", "uint256"],
        [owner.address, to.address, amount],
    )
    call = dataclasses.replace(
        parse_unsigned(draft.unsigned), to=bytes.fromhex(token[2:]), value=0, data=data, gas_limit=120_000
    )
    taken: SignedTransaction = network.assemble(call.serialize(), [spender.sign(call.name)], spender.address)
    network.broadcast(taken.raw)
    node.mine()
    return taken


def test_sent_twice_is_sent_once(node, network, alice, bob):
    payment = pay(network, alice, bob, 7)
    assert network.broadcast(payment.raw)[0] is Sent.ACCEPTED
    assert network.broadcast(payment.raw)[0] is Sent.ALREADY_KNOWN
    node.mine()
    assert network.broadcast(payment.raw)[0] is Sent.ALREADY_KNOWN, "mined already"
    node.mine()
    assert balance(network, bob) == [7]


def test_a_stuck_payment_is_bumped_and_paid_once(node, network, alice, bob):
    """Too little for the next block: as when the base fee rose after it was drafted."""
    draft = network.draft(alice.address, Payment(bob.address, 5, COIN), ())
    low = dataclasses.replace(parse_unsigned(draft.unsigned), max_fee=2, max_priority_fee=1)
    stuck = network.assemble(low.serialize(), [alice.sign(low.name)], alice.address)
    try:
        network.broadcast(stuck.raw)
    except BroadcastRejected as refused:
        assert refused.code == "broadcast.fee-too-low"  # Anvil does not even keep it
    node.mine()
    assert network.status(alice.address, stuck.raw).outcome in (Outcome.PENDING, Outcome.UNKNOWN)
    again = network.replace(alice.address, low.serialize(), cancel=False)
    bumped = signed(network, alice, again)
    assert network.broadcast(bumped.raw)[0] is Sent.ACCEPTED
    node.mine()
    assert network.status(alice.address, bumped.raw).outcome is Outcome.SUCCEEDED
    assert network.status(alice.address, stuck.raw).outcome is Outcome.REPLACED
    assert balance(network, bob) == [5]


def test_a_replacement_takes_the_place_of_a_waiting_payment(node, network, alice, bob):
    first = network.draft(alice.address, Payment(bob.address, 5, COIN), ())
    waiting = signed(network, alice, first)
    network.broadcast(waiting.raw)
    bumped = signed(network, alice, network.replace(alice.address, first.unsigned, cancel=False))
    assert network.broadcast(bumped.raw)[0] is Sent.ACCEPTED
    node.mine()
    assert network.status(alice.address, bumped.raw).outcome is Outcome.SUCCEEDED
    assert network.status(alice.address, waiting.raw).outcome is Outcome.REPLACED
    assert balance(network, bob) == [5]
    with pytest.raises(InputRefused) as refused:
        network.replace(alice.address, first.unsigned, cancel=True)
    assert refused.value.code == "input.not-replaceable"


def test_a_cancellation_pays_nobody(node, network, alice, bob):
    first = network.draft(alice.address, Payment(bob.address, 5 * ETHER, COIN), ())
    waiting = signed(network, alice, first)
    network.broadcast(waiting.raw)
    cancel = network.replace(alice.address, first.unsigned, cancel=True)
    assert read(cancel.unsigned, alice.address, network.chain).reading.outflows == ()
    cancelled = signed(network, alice, cancel)
    network.broadcast(cancelled.raw)
    node.mine()
    status = network.status(alice.address, cancelled.raw)
    assert status.outcome is Outcome.SUCCEEDED
    assert network.status(alice.address, waiting.raw).outcome is Outcome.REPLACED
    assert balance(network, bob) == [0]
    assert balance(network, alice) == [10 * ETHER - status.fee]


def test_two_payments_at_once_and_a_gap(node, network, alice, bob):
    first = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    second = network.draft(alice.address, Payment(bob.address, 2, COIN), [first.slot])
    assert (first.slot, second.slot) == (0, 1)
    later = signed(network, alice, second)
    assert network.broadcast(later.raw)[0] is Sent.ACCEPTED
    node.mine()
    status = network.status(alice.address, later.raw)
    assert (status.outcome, status.why) == (Outcome.PENDING, "it waits for a transaction with the nonce 0")
    # The first was given up: whoever comes next fills the gap, and lets the second go on.
    filler = pay(network, alice, bob, 4, taken=[1])
    network.broadcast(filler.raw)
    node.mine()
    assert network.status(alice.address, filler.raw).outcome is Outcome.SUCCEEDED
    assert network.status(alice.address, later.raw).outcome is Outcome.SUCCEEDED
    assert balance(network, bob) == [6]


def test_what_would_fail_is_refused_with_the_contracts_words(node, network, alice, bob, token):
    node.mint(token, alice.address, 10)
    with pytest.raises(InputRefused) as refused:
        network.draft(alice.address, Payment(bob.address, 11, token), ())
    assert refused.value.code == "input.insufficient-funds"
    # A token contract takes no coin.
    with pytest.raises(InputRefused) as refused:
        network.draft(alice.address, Payment(token, 1, COIN), ())
    assert refused.value.code == "input.would-fail"


def test_a_failed_execution_costs_its_fee_and_says_why(node, network, alice, bob, token):
    """Two payments of the same tokens are drafted while both could be paid; the second fails in its block."""
    node.mint(token, alice.address, 10)
    first = network.draft(alice.address, Payment(bob.address, 10, token), ())
    second = network.draft(alice.address, Payment(bob.address, 10, token), [first.slot])
    for draft in (first, second):
        network.broadcast(signed(network, alice, draft).raw)
        node.mine()
    status = network.status(alice.address, signed(network, alice, second).raw)
    assert status.outcome is Outcome.FAILED
    assert "transfer amount exceeds balance" in status.why
    assert status.fee is not None
    assert 0 < status.fee < second.fee
    assert balance(network, bob, token) == [0, 10]


def test_money_that_is_not_there_is_refused_here_and_by_the_node(node, network, alice, bob):
    for amount in (10 * ETHER, 10 * ETHER + 1):
        with pytest.raises(InputRefused) as refused:
            network.draft(alice.address, Payment(bob.address, amount, COIN), ())
        assert refused.value.code == "input.insufficient-funds"
    draft = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    dear = dataclasses.replace(parse_unsigned(draft.unsigned), value=11 * ETHER)
    with pytest.raises(BroadcastRejected) as rejected:
        network.broadcast(network.assemble(dear.serialize(), [alice.sign(dear.name)], alice.address).raw)
    assert rejected.value.code == "broadcast.insufficient-funds"


def test_an_account_can_be_emptied_to_the_last_wei_that_the_fee_leaves(node, network, alice, bob):
    probe = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    payment = pay(network, alice, bob, 10 * ETHER - probe.fee)
    network.broadcast(payment.raw)
    node.mine()
    status = network.status(alice.address, payment.raw)
    assert status.outcome is Outcome.SUCCEEDED
    assert balance(network, alice) == [probe.fee - status.fee]


def test_a_reorganisation_takes_a_payment_back_until_it_is_mined_again(node, network, alice, bob):
    payment = pay(network, alice, bob, 3)
    network.broadcast(payment.raw)
    node.mine(2)
    before = network.status(alice.address, payment.raw)
    assert (before.outcome, before.confirmations) == (Outcome.SUCCEEDED, 2)
    node.reorganise(2)
    assert network.status(alice.address, payment.raw).outcome in (Outcome.PENDING, Outcome.UNKNOWN)
    assert balance(network, bob) == [0]
    network.broadcast(payment.raw)  # not every node puts it back by itself
    node.mine()
    after = network.status(alice.address, payment.raw)
    assert (after.outcome, after.confirmations) == (Outcome.SUCCEEDED, 1)
    assert after.block != before.block
    assert balance(network, bob) == [3]


def test_a_dropped_payment_is_unknown_and_can_be_sent_again(node, network, alice, bob):
    payment = pay(network, alice, bob, 3)
    network.broadcast(payment.raw)
    node.drop(payment.txid)
    assert network.status(alice.address, payment.raw).outcome is Outcome.UNKNOWN
    assert network.broadcast(payment.raw)[0] is Sent.ACCEPTED
    node.mine()
    assert network.status(alice.address, payment.raw).outcome is Outcome.SUCCEEDED


def test_a_used_nonce_is_refused_where_it_is_not_ours(node, network, alice, bob):
    first = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    other = network.draft(alice.address, Payment(bob.address, 2, COIN), ())
    network.broadcast(signed(network, alice, first).raw)
    node.mine()
    late = signed(network, alice, other)
    with pytest.raises(BroadcastRejected) as refused:
        network.broadcast(late.raw)
    assert refused.value.code == "broadcast.nonce-used"
    assert network.status(alice.address, late.raw).outcome is Outcome.REPLACED


def test_the_high_s_twin_is_refused_by_us(node, network, alice, bob):
    draft = network.draft(alice.address, Payment(bob.address, 1, COIN), ())
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    good = alice.sign(draft.name)
    twin = (
        good[:32] + (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes([1 - good[64]])
    )
    for signature in (twin, twin[:64]):
        with pytest.raises(TransactionRefused) as refused:
            network.assemble(draft.unsigned, [signature], alice.address)
        assert refused.value.code == "transaction.high-s"


def test_what_is_no_token_is_refused(network, alice, bob):
    for call in (
        lambda: network.holdings(alice.address, [bob.address]),
        lambda: network.draft(alice.address, Payment(bob.address, 1, Account().address), ()),
        lambda: network.draft_approval(alice.address, bob.address, Account().address, 1, ()),
    ):
        with pytest.raises(InputRefused) as refused:
            call()
        assert refused.value.code == "input.token"


def test_a_token_that_calls_itself_as_another_does_is_refused(node, network, token):
    network.token(token)
    twin = node.deploy_token("Test Dollar", "tusd", 18)
    with pytest.raises(InputRefused) as refused:
        network.token(format_address(bytes.fromhex(twin[2:])))
    assert refused.value.code == "input.token-lookalike"


def test_decimals_that_differ_from_the_shipped_list_are_refused(node, token):
    listed = {token: Token(token, "TUSD", 18)}
    wary = EvmChain(NETWORKS[31337], Endpoints([JsonRpcEndpoint(node.url, "local")]), shipped=listed)
    with pytest.raises(InputRefused) as refused:
        wary.token(token)
    assert refused.value.code == "input.token-changed"
    wary.close()


def test_fees_stay_under_the_bound_and_above_the_base_fee(network, alice, bob):
    draft = parse_unsigned(network.draft(alice.address, Payment(bob.address, 1, COIN), ()).unsigned)
    assert 0 < draft.max_priority_fee <= draft.max_fee


def test_many_endpoints_of_one_node_agree(node, alice, bob):
    endpoints = Endpoints([JsonRpcEndpoint(node.url, f"local-{number}") for number in range(3)])
    network = EvmChain(NETWORKS[31337], endpoints)
    payment = pay(network, alice, bob, 9)
    ended, by = network.broadcast(payment.raw)
    assert ended is Sent.ACCEPTED
    assert "local-" in by
    node.mine()
    assert network.status(alice.address, payment.raw).outcome is Outcome.SUCCEEDED
    network.close()


def test_any_chain_by_configuration(node):
    ours = EvmNetwork(31337, "Our own", "OWN", NETWORKS[31337].data_fee, 12)
    network = EvmChain(ours, Endpoints([JsonRpcEndpoint(node.url, "local")]))
    network.check()
    assert network.confirmations == 12
    network.close()


def test_events_of_the_token_are_found(node, network, alice, bob, token):
    node.mint(token, alice.address, 10)
    payment = pay(network, alice, bob, 4, token)
    network.broadcast(payment.raw)
    node.mine()
    to = "0x" + encode(["address"], [bob.address]).hex()
    logs = node.rpc("eth_getLogs", {"fromBlock": "0x0", "address": token, "topics": [None, None, to]})
    assert [log["transactionHash"] for log in logs] == [payment.txid]
    assert int(logs[0]["data"], 16) == 4
