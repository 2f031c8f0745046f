"""Blocks and their execution, by py-evm. Nothing here waits: a transaction is in a block, or it is not here."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.estimators.gas import binary_gas_search
from eth.exceptions import HeaderNotFound, Revert, TransactionNotFound, VMError
from eth.typing import AccountDetails, HeaderParams
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from warifu.errors import InputRefused

CHAIN_ID = 31337
GAS_LIMIT = 30_000_000
MAX_REORGANISATION = 64
_COINBASE = bytes(19) + b"\x01"
_GENESIS_AGE_SECONDS = 3600


@dataclass(frozen=True)
class Call:
    """What ``eth_call`` and ``eth_estimateGas`` execute. ``to`` is empty for a contract's creation."""

    sender: bytes
    to: bytes
    value: int
    data: bytes
    gas: int | None


class Reverted(Exception):
    """Execution failed. ``data`` is what the contract gave back (empty where it gave nothing)."""

    def __init__(self, data: bytes, words: str) -> None:
        super().__init__(words)
        self.data = data


@dataclass(frozen=True)
class Mined:
    """A transaction of the canonical chain, its receipt, and the gas used before it in its block."""

    block: BlockAPI
    index: int
    transaction: SignedTransactionAPI
    receipt: ReceiptAPI
    gas_before: int


class _Chain(MiningChain):
    chain_id = CHAIN_ID
    vm_configuration = ((BlockNumber(0), PragueVM),)


class Machine:
    """One chain from its genesis on, in which ``faucet`` (20 bytes) has all the money."""

    def __init__(self, faucet: bytes, supply: int) -> None:
        genesis: dict[str, HeaderParams] = {
            "coinbase": _COINBASE,
            "difficulty": 0,
            "extra_data": b"",
            "gas_limit": GAS_LIMIT,
            "mix_hash": bytes(32),
            "nonce": bytes(8),
            "timestamp": int(time.time()) - _GENESIS_AGE_SECONDS,
        }
        account: AccountDetails = {"balance": supply, "nonce": 0, "code": b"", "storage": {}}
        chain = _Chain.from_genesis(AtomicDB(), genesis, {Address(faucet): account})
        assert isinstance(chain, _Chain), "made by its own class"
        self._chain = chain

    @property
    def head(self) -> BlockHeaderAPI:
        """The newest canonical block's header."""
        return self._chain.get_canonical_head()

    def next_base_fee(self) -> int:
        """Wei for a gas in a block on the head (EIP-1559)."""
        return self._chain.create_header_from_parent(self.head).base_fee_per_gas or 0

    def header(self, number: int) -> BlockHeaderAPI | None:
        """The canonical header at ``number``."""
        if number > self.head.block_number:
            return None
        return self._chain.get_canonical_block_header_by_number(BlockNumber(number))

    def block(self, number: int) -> BlockAPI | None:
        """The canonical block at ``number``."""
        header = self.header(number)
        return None if header is None else self._chain.get_block_by_header(header)

    def block_by_hash(self, block_hash: bytes) -> BlockAPI | None:
        """The block of this hash, canonical or not."""
        try:
            return self._chain.get_block_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def receipts(self, block: BlockAPI) -> Sequence[ReceiptAPI]:
        """Those of ``block``, in its order."""
        return block.get_receipts(self._chain.chaindb)

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """A signed transaction as it travels. Raises what py-evm and rlp raise."""
        return self._chain.get_vm(self.head).get_transaction_builder().decode(raw)

    def state(self, number: int) -> StateAPI:
        """The state after the canonical block ``number``, for reading."""
        header = self.header(number)
        assert header is not None, "asked for blocks that are there"
        return self._chain.get_vm(header).state

    def find(self, transaction_hash: bytes) -> Mined | None:
        """The canonical transaction of this hash."""
        try:
            number, index = self._chain.chaindb.get_transaction_index(Hash32(transaction_hash))
        except TransactionNotFound:
            return None
        block = self.block(number)
        there = block.transactions[index : index + 1] if block is not None else ()
        if block is None or [item.hash for item in there] != [transaction_hash]:
            return None  # py-evm's index keeps what a reorganisation took out
        receipts = self.receipts(block)
        before = receipts[index - 1].gas_used if index else 0
        return Mined(block, index, there[0], receipts[index], before)

    def build(
        self, transactions: Iterator[SignedTransactionAPI], parent: BlockHeaderAPI | None = None
    ) -> BlockAPI:
        """Put a block on the head, or on ``parent``, with those of ``transactions`` that are valid there, in their
        order. It becomes canonical if its chain is the longest."""
        parent = parent or self.head
        base = self._chain.create_header_from_parent(parent)
        self._chain.header = base.copy(
            timestamp=max(parent.timestamp + 1, int(time.time())),
            coinbase=_COINBASE,
            mix_hash=os.urandom(32),
            gas_limit=GAS_LIMIT,
        )
        for transaction in transactions:
            try:
                self._chain.apply_transaction(transaction)
            except ValidationError:  # raised before anything was executed: not in this block
                continue
        return self._chain.mine_block(coinbase=_COINBASE)

    def fork(self, depth: int) -> tuple[list[BlockAPI], list[BlockAPI]]:
        """Leave the last ``depth`` blocks for a branch of one more, all empty: what left, and what came.

        ``InputRefused`` (``depth``) where there are not so many.
        """
        height = self.head.block_number
        if not 1 <= depth <= min(height, MAX_REORGANISATION):
            raise InputRefused("depth", f"a depth is from 1 to {min(height, MAX_REORGANISATION)}")
        left = [self.block(number) for number in range(height - depth + 1, height + 1)]
        parent = self.header(height - depth)
        came: list[BlockAPI] = []
        for _ in range(depth + 1):
            came.append(self.build(iter(()), parent))
            parent = came[-1].header
        assert self.head.hash == came[-1].hash, "the longer branch is the chain"
        return [block for block in left if block is not None], came

    def call(self, call: Call, number: int) -> bytes:
        """What ``call`` gives on the state after block ``number``. ``Reverted``, ``ValidationError``."""
        with self._trial(call, number) as (state, transaction):
            computation = state.apply_transaction(transaction)
            if computation.is_error:
                raise _reverted(computation.error)
            return computation.output

    def estimate(self, call: Call) -> int:
        """The least gas with which ``call`` succeeds on the head. ``Reverted``, ``ValidationError``."""
        with self._trial(call, self.head.block_number) as (state, transaction):
            try:
                found = binary_gas_search(state, transaction, tolerance=1)
            except VMError as error:
                raise _reverted(error) from None
            return max(int(found), floor_gas(call.data))

    @contextmanager
    def _trial(self, call: Call, number: int) -> Iterator[tuple[StateAPI, SignedTransactionAPI]]:
        header = self.header(number)
        assert header is not None, "asked for blocks that are there"
        vm = self._chain.get_vm(header)
        with vm.in_costless_state() as state:
            unsigned = vm.create_unsigned_transaction(
                nonce=state.get_nonce(Address(call.sender)),
                gas_price=0,
                gas=min(call.gas or GAS_LIMIT, GAS_LIMIT),
                to=Address(call.to),
                value=call.value,
                data=call.data,
            )
            # It acts as a signed transaction of that sender without being one.
            yield state, cast(SignedTransactionAPI, SpoofTransaction(unsigned, from_=call.sender))


def floor_gas(data: bytes) -> int:
    """EIP-7623: the least gas of a transaction with ``data``: 21000, and 10 for each token (a non-zero byte is 4)."""
    return 21_000 + 10 * (4 * len(data) - 3 * data.count(0))


def _reverted(error: VMError) -> Reverted:
    if isinstance(error, Revert):
        return Reverted(error.args[0] if error.args else b"", "execution reverted")
    return Reverted(b"", f"execution failed: {type(error).__name__}")
