"""Anything at all from a node: an answer or a refusal in our own words, and nothing else."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.solana import messages as solana
from tests.chains.solana.messages import BOB, MINT, WALLET, advance, key_of, message, pay
from tests.chains.solana_network.test_answers import mint_bytes, nonce_bytes, token_account_bytes

from warifu.chains.accounts import Payment
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.chains.solana.address import format_address
from warifu.chains.solana.programs import SYSTEM, TOKEN
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import GENESIS, Cluster
from warifu.errors import WarifuError

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def account(data: bytes = b"", owner: bytes = SYSTEM) -> dict[str, Any]:
    return {
        "data": [base64.b64encode(data).decode(), "base64"],
        "owner": format_address(owner),
        "lamports": 10**10,
        "executable": False,
    }


def in_context(value: object) -> dict[str, Any]:
    return {"context": {"slot": 1}, "value": value}


PLACES = {
    str(MINT): account(mint_bytes(), TOKEN),
    str(solana.associated(solana.ALICE)): account(token_account_bytes(), TOKEN),
    str(solana.NONCE): account(nonce_bytes()),
}
STATUS = {"slot": 5, "err": None, "confirmations": 3, "confirmationStatus": "confirmed"}
GOOD: dict[str, Any] = {
    "getGenesisHash": GENESIS[Cluster.MAINNET],
    "getMultipleAccounts": lambda keys, _: in_context([PLACES.get(key, account()) for key in keys]),
    "getSignatureStatuses": in_context([STATUS]),
    "getSlot": 5,
    "getBlockHeight": 5,
    "getLatestBlockhash": in_context({"blockhash": str(solana.BLOCKHASH)}),
    "getRecentPrioritizationFees": [{"slot": 1, "prioritizationFee": 7}],
    "simulateTransaction": in_context({"err": None, "logs": [], "unitsConsumed": 450}),
    "getSignaturesForAddress": [{"signature": "x", "slot": 5}],
    "getBlock": {"blockhash": str(BOB), "previousBlockhash": str(BOB)},
    "getTransaction": {"slot": 5, "meta": {"fee": 5000, "preBalances": [9], "postBalances": [1]}},
    "sendTransaction": "x",
}


class Node:
    """Answers well, but for ``method``."""

    def __init__(self, method: str, answer: object) -> None:
        self.name = "node"
        self._answers = GOOD | {method: answer}

    def call(self, method: str, params: list[Any], kind: Any, **_: Any) -> Any:
        answer = self._answers[method]
        if callable(answer):
            answer = answer(*params)
        if isinstance(answer, Exception):
            raise answer
        try:
            return msgspec.json.Decoder(kind, float_hook=Decimal).decode(msgspec.json.encode(answer))
        except msgspec.MsgspecError:
            raise unavailable("answer-form", "not what the method gives", self.name) from None

    def close(self) -> None: ...


RAWS = tuple(
    b"\x01" + key_of("alice").sign(built).signature + built
    for built in (message(pay()), message(advance(), pay()))
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from([str(BOB), "1" * 32, "base64", "finalized", "processed", "BlockhashNotFound"]),
)
FIELDS = st.one_of(
    st.sampled_from(["context", "slot", "value", "err", "logs", "unitsConsumed", "InstructionError"]),
    st.sampled_from(["confirmations", "confirmationStatus", "meta", "fee", "preBalances", "postBalances"]),
    st.sampled_from(["blockhash", "previousBlockhash", "signature", "prioritizationFee"]),
    st.sampled_from(["lamports", "data", "owner", "executable"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=6)),
    max_leaves=8,
)
ACCOUNTS = st.builds(account, st.binary(max_size=200), st.sampled_from([SYSTEM, TOKEN]))
SHAPED = st.one_of(
    JSON.map(in_context),
    st.lists(st.one_of(st.none(), ACCOUNTS), max_size=9).map(in_context),
    st.fixed_dictionaries({"slot": st.just(5), "err": JSON}).map(lambda status: in_context([status])),
    st.fixed_dictionaries({"err": JSON, "logs": st.none(), "unitsConsumed": st.integers(0, 2**64 - 1)}).map(
        in_context
    ),
)
REFUSALS = st.builds(RpcRefused, st.sampled_from([-32002, -32003, -32005]), st.just("no"), JSON)


@given(st.sampled_from(sorted(GOOD)), st.one_of(JSON, SHAPED, REFUSALS))
@settings(max_examples=300, deadline=None)
def test_whatever_a_node_answers_is_used_or_refused(method: str, answer: object) -> None:
    endpoints = Endpoints([cast("JsonRpcEndpoint", Node(method, answer))])
    chain = SolanaChain(endpoints, Cluster.MAINNET)
    for ask in (
        lambda: chain.holdings(WALLET, [str(MINT)]),
        lambda: chain.draft(WALLET, Payment(str(BOB), 10**6, ""), ()),
        lambda: chain.draft(WALLET, Payment(str(BOB), 1, str(MINT)), (0,)),
        lambda: chain.prepare(WALLET, ()),
        lambda: chain.broadcast(RAWS[0]),
        lambda: chain.status(WALLET, RAWS[0]),
        lambda: chain.status(WALLET, RAWS[1]),
    ):
        try:
            ask()
        except WarifuError as error:
            assert error.message.isprintable()
