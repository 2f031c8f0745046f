"""Nodes that say what they are told to: a node on a good day, of which a test changes one answer."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.networks import NETWORKS, EvmNetwork
from warifu.chains.ethereum_network.chain import EvmChain
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.unavailable import unavailable

HEIGHT = 100
LOCAL = NETWORKS[31337]
BLOCK_HASH = "0x" + "b1" * 32
OTHER_HASH = "0x" + "b2" * 32


def block(number: int, block_hash: str = BLOCK_HASH) -> dict[str, str]:
    return {
        "number": hex(number),
        "hash": block_hash,
        "parentHash": "0x" + "00" * 32,
        "gasLimit": hex(30_000_000),
    }


def fee_history(base_fee: int, tip: int = 10**9, blocks: int = 20, used: float = 0.5) -> dict[str, object]:
    return {
        "oldestBlock": "0x1",
        "baseFeePerGas": [hex(base_fee)] * (blocks + 1),
        "gasUsedRatio": [used] * blocks,
        "reward": [[hex(tip // 2), hex(tip), hex(tip * 2)]] * blocks,
    }


def receipt(txid: str, *, status: int = 1, number: int = HEIGHT, block_hash: str = BLOCK_HASH, **more):
    return {
        "transactionHash": txid,
        "blockHash": block_hash,
        "blockNumber": hex(number),
        "status": hex(status),
        "gasUsed": hex(21_000),
        "effectiveGasPrice": hex(2 * 10**9),
        **more,
    }


def word(value: int) -> str:
    return "0x" + value.to_bytes(32, "big").hex()


class ScriptedNode:
    """``answers`` by method: a value, an exception to raise, or a function of the parameters that gives one of them."""

    def __init__(self, name: str, **answers: Any) -> None:
        self.name = name
        self.asked: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {
            "eth_chainId": hex(LOCAL.chain_id),
            "eth_blockNumber": hex(HEIGHT),
            "eth_getBalance": hex(10**19),
            "eth_getTransactionCount": "0x5",
            "eth_estimateGas": hex(21_000),
            "eth_feeHistory": fee_history(10**9),
            "eth_getBlockByNumber": lambda number, _: block(int(number, 16)),
            "eth_sendRawTransaction": lambda raw: "0x" + keccak256(bytes.fromhex(raw[2:])).hex(),
            "eth_getTransactionReceipt": None,
            "eth_getTransactionByHash": None,
            "eth_call": "0x",
            **answers,
        }

    def call(self, method, params, kind, *, limit=0, deadline=0):
        self.asked.append((method, params))
        answer = self.answers[method]
        if callable(answer):
            answer = answer(*params)
        if isinstance(answer, Exception):
            raise answer
        try:
            return msgspec.json.decode(msgspec.json.encode(answer), type=kind)
        except msgspec.MsgspecError:
            raise unavailable("answer-form", "not what the method gives", self.name) from None

    def close(self) -> None: ...


def chain_of(*nodes: ScriptedNode, network: EvmNetwork = LOCAL, **options: Any) -> EvmChain:
    endpoints = Endpoints(cast("list[JsonRpcEndpoint]", list(nodes)))
    return EvmChain(network, endpoints, **options)


def same_nodes(count: int, **answers: Any) -> list[ScriptedNode]:
    return [ScriptedNode(f"node-{number}", **answers) for number in range(count)]
