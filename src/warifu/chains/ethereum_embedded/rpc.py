"""The part of Ethereum's JSON-RPC interface that the wallet uses, over the embedded chain, with Geth's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from eth.abc import BlockAPI
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.logs import logs_between, logs_of
from warifu.chains.ethereum_embedded.machine import CHAIN_ID, Call, Reverted
from warifu.chains.ethereum_embedded.mempool import Refused
from warifu.chains.ethereum_embedded.shapes import (
    block_json,
    data,
    fee_history,
    quantity,
    receipt_json,
    transaction_json,
)

VERSION = "warifu-embedded/py-evm"
_INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS, _SERVER, _LIMIT, _REVERTED = (
    -32600,
    -32601,
    -32602,
    -32000,
    -32005,
    3,
)
_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,63})", re.ASCII)
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*", re.ASCII)
_MAX_HISTORY = 1024
_MAX_PERCENTILES = 16
_TIP = 10**9

T = TypeVar("T")
Params = Sequence[object]


class RpcFailure(Exception):
    """The error of one call."""

    def __init__(self, code: int, message: str, returned: bytes | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.returned = returned


class InvalidArgument(Exception):
    """A parameter is missing, malformed or out of bounds."""


class _Request(msgspec.Struct):
    jsonrpc: str
    method: str
    id: int | str
    params: list[object] = msgspec.field(default_factory=list)


class Rpc:
    """Answers calls."""

    def __init__(self, chain: EmbeddedEthereum) -> None:
        self._chain = chain
        self._machine = chain.machine
        self._methods: dict[str, Callable[[Params], object]] = {
            "web3_clientVersion": lambda _: VERSION,
            "net_version": lambda _: str(CHAIN_ID),
            "eth_chainId": lambda _: quantity(CHAIN_ID),
            "eth_syncing": lambda _: False,
            "eth_blockNumber": lambda _: quantity(self._height),
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBalance": lambda params: quantity(self._account(params)[1]),
            "eth_getTransactionCount": self._count,
            "eth_getCode": self._code,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_gasPrice": lambda _: quantity(self._machine.next_base_fee() + _TIP),
            "eth_maxPriorityFeePerGas": lambda _: quantity(_TIP),
            "eth_feeHistory": self._fee_history,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
        }

    @property
    def methods(self) -> tuple[str, ...]:
        """What can be called."""
        return tuple(self._methods)

    def answer(self, body: bytes) -> bytes:
        """The answer to one request: a JSON object, in UTF-8."""
        try:
            request = msgspec.json.decode(body, type=_Request)
        except msgspec.MsgspecError:
            return _failed(None, RpcFailure(_INVALID_REQUEST, "invalid request"))
        try:
            result = self._result(request)
        except RpcFailure as failure:
            return _failed(request.id, failure)
        return msgspec.json.encode({"jsonrpc": "2.0", "id": request.id, "result": result})

    def _result(self, request: _Request) -> object:
        method = self._methods.get(request.method)
        if request.jsonrpc != "2.0":
            raise RpcFailure(_INVALID_REQUEST, "invalid request")
        if method is None:
            raise RpcFailure(_NO_METHOD, f"the method {request.method[:60]} does not exist/is not available")
        try:
            return method(request.params)
        except InvalidArgument as error:
            raise RpcFailure(_INVALID_PARAMS, f"invalid argument: {error}") from None

    @property
    def _height(self) -> int:
        return self._machine.head.block_number

    def _number(self, tag: object) -> int:
        """A block parameter. Finality is of no one here: ``safe`` and ``finalized`` are the head, as on Anvil."""
        if tag in ("latest", "safe", "finalized", "pending"):
            return self._height
        number = 0 if tag == "earliest" else read_quantity(tag)
        if number > self._height:
            raise RpcFailure(_SERVER, "header not found")
        return number

    def _block_by_number(self, params: Params) -> object:
        tag, full = _at(params, 0), _at(params, 1)
        if (
            tag not in ("latest", "safe", "finalized", "pending", "earliest")
            and read_quantity(tag) > self._height
        ):
            return None
        return _shown(self._machine.block(self._number(tag)), full)

    def _block_by_hash(self, params: Params) -> object:
        wanted, full = _at(params, 0), _at(params, 1)
        return _shown(self._machine.block_by_hash(read_data(wanted, 32)), full)

    def _account(self, params: Params) -> tuple[bytes, int]:
        address, number = read_data(_at(params, 0), 20), self._number(_at(params, 1))
        return address, self._machine.state(number).get_balance(Address(address))

    def _count(self, params: Params) -> object:
        address, tag = read_data(_at(params, 0), 20), _at(params, 1)
        if tag == "pending":
            return quantity(self._chain.mempool.next_nonce(address))
        return quantity(self._machine.state(self._number(tag)).get_nonce(Address(address)))

    def _code(self, params: Params) -> object:
        address, number = read_data(_at(params, 0), 20), self._number(_at(params, 1))
        return data(self._machine.state(number).get_code(Address(address)))

    def _call(self, params: Params) -> object:
        call, number = _read_call(_at(params, 0)), self._number(_at(params, 1, "latest"))
        return data(self._executed(lambda: self._machine.call(call, number)))

    def _estimate(self, params: Params) -> object:
        call = _read_call(_at(params, 0))
        return quantity(self._executed(lambda: self._machine.estimate(call)))

    def _executed(self, execute: Callable[[], T]) -> T:
        try:
            return execute()
        except Reverted as error:
            raise RpcFailure(_REVERTED, str(error), error.data) from None
        except ValidationError:
            raise RpcFailure(_SERVER, "insufficient funds for transfer") from None

    def _fee_history(self, params: Params) -> object:
        count, newest = read_quantity(_at(params, 0)), self._number(_at(params, 1))
        percentiles = _at(params, 2, [])
        if not isinstance(percentiles, list) or len(percentiles) > _MAX_PERCENTILES:
            raise InvalidArgument("too many percentiles")
        if not all(isinstance(value, int | float) for value in percentiles):
            raise InvalidArgument("percentiles are numbers")
        asked = [float(value) for value in percentiles]
        if sorted(asked) != asked or any(not 0 <= value <= 100 for value in asked):
            raise RpcFailure(_SERVER, "invalid reward percentile")
        return fee_history(self._machine, newest, max(1, min(count, _MAX_HISTORY)), asked)

    def _send(self, params: Params) -> object:
        try:
            return data(self._chain.mempool.add(read_data(_at(params, 0))))
        except Refused as error:
            raise RpcFailure(_SERVER, str(error)) from None

    def _transaction(self, params: Params) -> object:
        wanted = read_data(_at(params, 0), 32)
        found = self._machine.find(wanted)
        if found is not None:
            return transaction_json(found.transaction, found.block, found.index)
        waiting = self._chain.mempool.get(wanted)
        return None if waiting is None else transaction_json(waiting.transaction, None, None)

    def _receipt(self, params: Params) -> object:
        found = self._machine.find(read_data(_at(params, 0), 32))
        if found is None:
            return None
        receipts = self._machine.receipts(found.block)[: found.index]
        return receipt_json(found, sum(len(receipt.logs) for receipt in receipts))

    def _logs(self, params: Params) -> object:
        wanted = _at(params, 0)
        if not isinstance(wanted, dict):
            raise InvalidArgument("a filter is an object")
        addresses, topics = _read_addresses(wanted.get("address")), _read_topics(wanted.get("topics", []))
        if "blockHash" in wanted:
            block = self._machine.block_by_hash(read_data(wanted["blockHash"], 32))
            if block is None:
                raise RpcFailure(_SERVER, "unknown block")
            return logs_of(self._machine, block, addresses, topics)
        first = self._number(wanted.get("fromBlock", "latest"))
        last = self._number(wanted.get("toBlock", "latest"))
        try:
            return logs_between(self._machine, first, last, addresses, topics)
        except ValueError as error:
            raise RpcFailure(_LIMIT, str(error)) from None


def _at(params: Params, place: int, default: object = None) -> object:
    return params[place] if place < len(params) else default


def _shown(block: BlockAPI | None, full: object) -> object:
    if not isinstance(full, bool):
        raise InvalidArgument("a flag is true or false")
    return None if block is None else block_json(block, full=full)


def read_quantity(value: object) -> int:
    """A number as JSON-RPC writes it. ``InvalidArgument`` where it is not canonical."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise InvalidArgument("not a quantity")
    return int(value, 16)


def read_data(value: object, length: int | None = None) -> bytes:
    """Bytes as JSON-RPC writes them. ``InvalidArgument``."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise InvalidArgument("not data")
    found = bytes.fromhex(value[2:])
    if length is not None and len(found) != length:
        raise InvalidArgument("wrong length")
    return found


def _read_call(value: object) -> Call:
    if not isinstance(value, dict):
        raise InvalidArgument("a call is an object")
    content = value.get("input", value.get("data", "0x"))
    return Call(
        read_data(value.get("from", "0x" + 40 * "0"), 20),
        read_data(value.get("to"), 20) if value.get("to") is not None else b"",
        read_quantity(value.get("value", "0x0")),
        read_data(content),
        read_quantity(value["gas"]) if "gas" in value else None,
    )


def _read_addresses(value: object) -> frozenset[bytes]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return frozenset(read_data(item, 20) for item in values)


def _read_topics(value: object) -> list[frozenset[int]]:
    if not isinstance(value, list) or len(value) > 4:
        raise InvalidArgument("up to four topics")
    alternatives = [item if isinstance(item, list) else [] if item is None else [item] for item in value]
    return [frozenset(int.from_bytes(read_data(item, 32), "big") for item in group) for group in alternatives]


def _failed(number: int | str | None, failure: RpcFailure) -> bytes:
    error: dict[str, object] = {"code": failure.code, "message": str(failure)}
    if failure.returned is not None:
        error["data"] = data(failure.returned)

    return msgspec.json.encode({"jsonrpc": "2.0", "id": number, "error": error})
