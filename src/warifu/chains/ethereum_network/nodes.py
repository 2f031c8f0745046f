"""Typed questions to the nodes of one chain: agreement on what decides money, the first answer for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from warifu.chains.ethereum.networks import EvmNetwork
from warifu.chains.ethereum_network.fees import HISTORY_BLOCKS, PERCENTILES
from warifu.chains.ethereum_network.wire import (
    DATA,
    HEIGHT,
    QUANTITY,
    Block,
    FeeHistory,
    KnownTransaction,
    Receipt,
    content,
    data,
    number,
    quantity,
)
from warifu.chains.rpc.endpoint import JsonRpcEndpoint, maybe
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable

T = TypeVar("T")

REVERTED = 3
MAX_CALL_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Call:
    """What a contract would be asked, or a transaction would do. Addresses have 20 bytes; ``value`` is wei."""

    to: bytes
    data: bytes = b""
    sender: bytes | None = None
    value: int = 0
    gas: int | None = None

    def params(self) -> dict[str, str]:
        """As ``eth_call`` takes it."""
        # Some nodes know the content under its old name only, and would silently execute an empty call.
        payload = data(self.data)
        fields = {"to": data(self.to), "input": payload, "data": payload, "value": quantity(self.value)}
        if self.sender is not None:
            fields["from"] = data(self.sender)
        if self.gas is not None:
            fields["gas"] = quantity(self.gas)
        return fields


class Nodes:
    """The nodes of ``network``. ``quorum`` of them must agree on what decides money; of a single one, its word counts.

    Every method raises ``ChainUnavailable`` where no usable answer came.
    """

    def __init__(self, endpoints: Endpoints, network: EvmNetwork, quorum: int) -> None:
        self.network = network
        self.quorum = 1 if len(endpoints) == 1 else max(1, quorum)
        self._endpoints = endpoints
        self._probed = False

    def probe(self, endpoint: JsonRpcEndpoint) -> None:
        """``ChainUnavailable`` (``wrong-network``) unless ``endpoint`` is on this chain.

        A transaction names its chain, so a node of another one could not execute it; but its balances, nonces and fees
        would be believed.
        """
        found = number(endpoint.call("eth_chainId", [], QUANTITY))
        if found != self.network.chain_id:
            raise unavailable(
                "wrong-network",
                f"it is on chain {found}, not on {self.network.chain_id} ({self.network.title})",
                endpoint.name,
                remedy="Look at the endpoint's address.",
            )

    def check(self) -> None:
        """``ChainUnavailable`` (``wrong-network``) if a node is on another chain."""
        self._endpoints.check(self.probe)
        self._probed = True

    def _all(self) -> Endpoints:
        """The endpoints, none of which is asked before it was seen to be on this chain."""
        if not self._probed:
            self.check()
        return self._endpoints

    def height(self) -> int:
        """The highest block that ``quorum`` nodes say they have.

        A single node can neither hold it back nor push it ahead of the others.
        """
        answers = self.every("eth_blockNumber", [], HEIGHT)
        heights = sorted((number(answer) for _, answer in answers if isinstance(answer, str)), reverse=True)
        if len(heights) < self.quorum:
            failures = [answer for _, answer in answers if isinstance(answer, ChainUnavailable)]
            if len(answers) == len(failures) == 1:
                raise failures[0]
            raise ChainUnavailable(
                "quorum",
                f"{len(heights)} of the {self.quorum} nodes needed say how long the chain is",
                remedy="Try again, or configure more endpoints.",
                retry_after=10,
            )
        return heights[self.quorum - 1]

    def balance(self, account: bytes, height: int) -> int:
        """Wei of ``account`` after block ``height``."""
        return number(self._agreed("eth_getBalance", [data(account), quantity(height)], QUANTITY))

    def executed(self, account: bytes, height: int) -> int:
        """How many transactions of ``account`` are executed after block ``height``: its first unused nonce."""
        return number(self._agreed("eth_getTransactionCount", [data(account), quantity(height)], QUANTITY))

    def call(self, call: Call, height: int) -> bytes:
        """What ``call`` gives back on the state after block ``height``. ``RpcRefused`` (code 3) where it reverts."""
        return content(self._agreed("eth_call", [call.params(), quantity(height)], DATA, executes=True))

    def call_first(self, call: Call, height: int) -> bytes:
        """As ``call``, of the first node that answers: for what is only shown."""
        return content(self._all().first("eth_call", [call.params(), quantity(height)], DATA))

    def estimate(self, call: Call) -> int:
        """The gas that ``call`` would use, of the first node that answers. ``RpcRefused`` where it would fail."""
        return number(self._all().first("eth_estimateGas", [call.params()], QUANTITY))

    def fee_history(self) -> FeeHistory:
        """What the last blocks paid, of the first node that answers."""
        params = [quantity(HISTORY_BLOCKS), "latest", list(PERCENTILES)]
        return self._first("eth_feeHistory", params, FeeHistory)

    def block(self, height: int) -> Block:
        """The canonical block at ``height``, of the first node that answers."""
        found = self._first("eth_getBlockByNumber", [quantity(height), False], maybe(Block))
        if found is None:
            raise ChainUnavailable("behind", f"the node does not have block {height}", retry_after=5)
        return found

    def every(
        self, method: str, params: Sequence[object], kind: type[T]
    ) -> list[tuple[str, T | RpcRefused | ChainUnavailable]]:
        """Each node's answer."""
        return self._all().every(method, params, kind)

    def ask(self, question: Callable[[JsonRpcEndpoint], T]) -> T:
        """The answer of the first node that gives one, for what is only shown."""
        return self._all().ask(question)

    def receipts(self, txid: str) -> dict[str, Receipt | None]:
        """What each node that answers has as the receipt, by its name; only those whose block is on its chain.

        Caches in front of nodes go on showing receipts of blocks that a reorganisation took out, so the block at that
        height is asked for, too; who shows a receipt and then says nothing of its block has not answered. Raises
        ``ChainUnavailable`` where nobody answers the first question.
        """
        answers = self._usable(self.every("eth_getTransactionReceipt", [txid], maybe(Receipt)))
        found = {name: receipt for name, receipt in answers.items() if receipt is not None}
        for place in {receipt.block_number for receipt in found.values()}:
            blocks = self.every("eth_getBlockByNumber", [place, False], maybe(Block))
            canonical = {name: block.hash for name, block in blocks if isinstance(block, Block)}
            silent = {name for name, block in blocks if isinstance(block, RpcRefused | ChainUnavailable)}
            for name, receipt in found.items():
                if receipt.block_number != place:
                    continue
                if name in silent:
                    del answers[name]
                    continue
                fits = receipt.transaction_hash.lower() == txid and canonical.get(name) == receipt.block_hash
                answers[name] = receipt if fits else None
        return answers

    def knows(self, txid: str) -> bool:
        """Whether any node has the transaction. Raises ``ChainUnavailable`` where nobody answers."""
        answers = self._usable(self.every("eth_getTransactionByHash", [txid], maybe(KnownTransaction)))
        return any(found is not None and found.hash.lower() == txid for found in answers.values())

    def _usable(self, answers: list[tuple[str, T | RpcRefused | ChainUnavailable]]) -> dict[str, T]:
        usable = {
            name: answer for name, answer in answers if not isinstance(answer, RpcRefused | ChainUnavailable)
        }
        if not usable:
            failures = [answer for _, answer in answers if isinstance(answer, ChainUnavailable)]
            if failures:
                raise failures[0]
            raise ChainUnavailable("refused", "no node answers the question", retry_after=10)
        return usable

    def _first(self, method: str, params: Sequence[object], kind: type[T]) -> T:
        try:
            return self._all().first(method, params, kind)
        except RpcRefused as error:
            raise unavailable(
                "refused", f"it does not say ({error.message})", error.server or "a node"
            ) from None

    def _agreed(self, method: str, params: Sequence[object], kind: type[T], *, executes: bool = False) -> T:
        def ask(endpoint: JsonRpcEndpoint) -> T:
            try:
                return endpoint.call(method, params, kind, limit=MAX_CALL_ANSWER)
            except RpcRefused as error:
                if executes and (error.code == REVERTED or "revert" in error.message.lower()):
                    raise
                # A node that does not have the block yet, or its state no more: no answer, and no dissent.
                raise unavailable("behind", f"it cannot say ({error.message})", endpoint.name) from None

        return self._all().agreed_on(ask, self.quorum)
