"""Anything at all from a node, and anything at all to the embedded one: an answer or a refusal, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.ethereum_network.scripted import ScriptedNode, chain_of, receipt
from tests.chains.ethereum_network.worlds import Account

from warifu.chains.accounts import Payment
from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.mempool import Refused
from warifu.chains.ethereum_embedded.rpc import Rpc
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import WarifuError

pytestmark = [pytest.mark.unit, pytest.mark.slow]

ALICE, BOB = Account(), Account()
TOKEN = Account().address

HEX = st.one_of(
    st.integers(0, 2**256).map(hex),
    st.binary(max_size=80).map(lambda value: "0x" + value.hex()),
    st.sampled_from(["0x", "0x0", "0x00", "0X1", "latest", ""]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=20), HEX)
FIELDS = st.sampled_from([*receipt(""), "oldestBlock", "baseFeePerGas", "gasUsedRatio", "reward", "data"])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(FIELDS, inner, max_size=8)),
    max_leaves=8,
)
REFUSALS = st.builds(RpcRefused, st.sampled_from([3, -32000, -32015]), st.just("execution reverted"), JSON)
METHODS = st.sampled_from(sorted(ScriptedNode("node").answers))


def signed() -> tuple[Transaction, bytes]:
    built = Transaction(TxType.DYNAMIC_FEE, 31337, 0, 10**9, 3 * 10**9, 21_000, b"\x55" * 20, 1, b"")
    return built, built.with_signature(ALICE.sign(built.name), ALICE.address).raw


TRANSACTION, RAW = signed()


@given(METHODS, st.one_of(JSON, REFUSALS))
@settings(max_examples=300, deadline=None)
def test_whatever_a_node_answers_is_used_or_refused(method, answer):
    chain = chain_of(ScriptedNode("node", **{method: answer}))
    for ask in (
        lambda: chain.holdings(ALICE.address, [TOKEN]),
        lambda: chain.draft(ALICE.address, Payment(BOB.address, 1, ""), ()),
        lambda: chain.draft(ALICE.address, Payment(BOB.address, 1, TOKEN), ()),
        lambda: chain.replace(ALICE.address, TRANSACTION.serialize(), cancel=True),
        lambda: chain.broadcast(RAW),
        lambda: chain.status(ALICE.address, RAW),
    ):
        try:
            ask()
        except WarifuError as error:
            assert error.message.isprintable()


@pytest.fixture(scope="module")
def embedded() -> EmbeddedEthereum:
    return EmbeddedEthereum()


DAMAGED = st.one_of(
    st.tuples(st.integers(0, len(RAW) - 1), st.integers(1, 255)).map(
        lambda flip: RAW[: flip[0]] + bytes([RAW[flip[0]] ^ flip[1]]) + RAW[flip[0] + 1 :]
    ),
    st.integers(0, len(RAW) - 1).map(lambda length: RAW[:length]),
    st.binary(min_size=1, max_size=9).map(lambda tail: RAW + tail),
)


@given(st.one_of(st.binary(max_size=120), st.binary(max_size=120).map(lambda tail: b"\x02" + tail), DAMAGED))
@settings(max_examples=300, deadline=None)
def test_no_bytes_enter_the_mempool_but_a_signed_transaction_that_can_be_paid(embedded, raw):
    with pytest.raises(Refused):
        embedded.mempool.add(raw)
    assert len(embedded.mempool) == 0


CALLS = st.dictionaries(st.sampled_from(["to", "from", "data", "input", "gas", "value", "topics"]), HEX)


@given(st.sampled_from(sorted(Rpc(EmbeddedEthereum()).methods)), st.lists(st.one_of(JSON, CALLS), max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_embedded_chain_answers_any_request_with_json_rpc(embedded, method, params):
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = json.loads(Rpc(embedded).answer(json.dumps(request).encode()))
    assert ("result" in answer) != ("error" in answer)


@given(st.binary(max_size=60))
def test_and_any_bytes(embedded, body):
    assert "error" in json.loads(Rpc(embedded).answer(body))
