"""Blocks, transactions and receipts as Ethereum's JSON-RPC shows them (execution-apis, ``schemas``)."""

from __future__ import annotations

from collections.abc import Sequence

from eth.abc import BlockAPI, LogAPI, SignedTransactionAPI

from warifu.chains.ethereum_embedded.erc20 import contract_address
from warifu.chains.ethereum_embedded.machine import CHAIN_ID, Machine, Mined

_DYNAMIC = (2, 4)

Json = dict[str, object]


def quantity(value: int) -> str:
    """A number: hex without leading zeros."""
    return hex(value)


def data(value: bytes) -> str:
    """Bytes: hex, two digits each."""
    return "0x" + value.hex()


def block_json(block: BlockAPI, *, full: bool) -> Json:
    """A block with its transactions, or with their hashes."""
    header = block.header
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "miner": data(header.coinbase),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "extraData": data(header.extra_data),
        "difficulty": quantity(header.difficulty),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(header.base_fee_per_gas or 0),
        "uncles": [],
        "transactions": [
            transaction_json(item, block, index) if full else data(item.hash)
            for index, item in enumerate(block.transactions)
        ],
    }


def effective_price(transaction: SignedTransactionAPI, base_fee: int) -> int:
    """What a gas cost in a block of this base fee, in wei."""
    if (transaction.type_id or 0) in _DYNAMIC:
        return min(transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas)
    return transaction.gas_price


def transaction_json(transaction: SignedTransactionAPI, block: BlockAPI | None, index: int | None) -> Json:
    """A transaction of a block, or a waiting one."""
    kind = transaction.type_id or 0
    shown: Json = {
        "type": quantity(kind),
        "hash": data(transaction.hash),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "chainId": quantity(CHAIN_ID),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "blockHash": None if block is None else data(block.hash),
        "blockNumber": None if block is None else quantity(block.number),
        "transactionIndex": None if index is None else quantity(index),
    }
    if kind:
        shown |= {
            "yParity": quantity(transaction.y_parity),
            "v": quantity(transaction.y_parity),
            "accessList": [],
        }
    else:
        shown |= {"v": quantity(transaction.y_parity + 35 + 2 * CHAIN_ID)}
    base_fee = None if block is None else block.header.base_fee_per_gas
    if kind in _DYNAMIC:
        shown |= {
            "maxFeePerGas": quantity(transaction.max_fee_per_gas),
            "maxPriorityFeePerGas": quantity(transaction.max_priority_fee_per_gas),
        }
        price = transaction.max_fee_per_gas if base_fee is None else effective_price(transaction, base_fee)
    else:
        price = transaction.gas_price
    return shown | {"gasPrice": quantity(price)}


def receipt_json(mined: Mined, logs_before: int) -> Json:
    """The receipt of a mined transaction. ``logs_before``: how many logs its block has before it."""
    transaction, block = mined.transaction, mined.block
    created = contract_address(transaction.sender, transaction.nonce) if not transaction.to else None
    return {
        "type": quantity(transaction.type_id or 0),
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(mined.index),
        "blockHash": data(block.hash),
        "blockNumber": quantity(block.number),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "contractAddress": None if created is None else data(created),
        "status": quantity(int.from_bytes(mined.receipt.state_root, "big")),
        "gasUsed": quantity(mined.receipt.gas_used - mined.gas_before),
        "cumulativeGasUsed": quantity(mined.receipt.gas_used),
        "effectiveGasPrice": quantity(effective_price(transaction, block.header.base_fee_per_gas or 0)),
        "logsBloom": data(mined.receipt.bloom.to_bytes(256, "big")),
        "logs": [
            log_json(log, transaction, block, mined.index, logs_before + number)
            for number, log in enumerate(mined.receipt.logs)
        ],
    }


def log_json(
    log: LogAPI, transaction: SignedTransactionAPI, block: BlockAPI, index: int, log_index: int
) -> Json:
    """One event."""
    return {
        "address": data(log.address),
        "topics": [data(topic.to_bytes(32, "big")) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(block.number),
        "blockHash": data(block.hash),
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(index),
        "logIndex": quantity(log_index),
        "removed": False,
    }


def fee_history(machine: Machine, newest: int, count: int, percentiles: Sequence[float]) -> Json:
    """``eth_feeHistory``: base fees (one more than blocks), how full the blocks were, what was paid above."""
    oldest = max(0, newest - count + 1)
    blocks = [block for number in range(oldest, newest + 1) if (block := machine.block(number)) is not None]
    after = machine.header(newest + 1)
    headers = [block.header for block in blocks]
    fees = [header.base_fee_per_gas or 0 for header in headers]
    fees.append(machine.next_base_fee() if after is None else after.base_fee_per_gas or 0)
    history: Json = {
        "oldestBlock": quantity(oldest),
        "baseFeePerGas": [quantity(fee) for fee in fees],
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
    }
    if percentiles:
        history["reward"] = [
            [quantity(value) for value in _rewards(machine, block, percentiles)] for block in blocks
        ]
    return history


def _rewards(machine: Machine, block: BlockAPI, percentiles: Sequence[float]) -> list[int]:
    """Tips by share of the block's gas: at 50, half of the gas paid less or the same."""
    base_fee = block.header.base_fee_per_gas or 0
    used, paid = 0, []
    for item, receipt in zip(block.transactions, machine.receipts(block), strict=True):
        paid.append((effective_price(item, base_fee) - base_fee, receipt.gas_used - used))
        used = receipt.gas_used
    paid.sort()
    return [_at_percentile(paid, used * percentile / 100) for percentile in percentiles]


def _at_percentile(paid: Sequence[tuple[int, int]], wanted_gas: float) -> int:
    seen = 0
    for tip, gas in paid:
        seen += gas
        if seen >= wanted_gas:
            return tip
    return paid[-1][0] if paid else 0
