"""The mempool of the embedded chain. Its rules are ours, modelled on Geth's: a simulation of policy.

Signatures and intrinsic gas are py-evm's. Left out against a real node: blobs, journals of local transactions, expiry,
a full pool's evictions. Refusals use Geth's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]
from eth.abc import SignedTransactionAPI, StateAPI
from eth_keys.exceptions import BadSignature
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from warifu.chains.ethereum_embedded.machine import CHAIN_ID, GAS_LIMIT, Machine, floor_gas

MAX_TRANSACTION_BYTES = 128 * 1024
MAX_PER_ACCOUNT = 64
MAX_TRANSACTIONS = 4096
PRICE_BUMP_PERCENT = 10
_MIN_TIP = 1
_TYPES = (1, 2, 4)
"""Beside legacy ones, which begin with an RLP list."""
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class Refused(Exception):
    """A transaction does not enter the mempool; the message is Geth's for the same case."""


@dataclass(frozen=True)
class Entry:
    """A waiting transaction."""

    transaction: SignedTransactionAPI
    raw: bytes
    fee_cap: int
    tip_cap: int

    @property
    def cost(self) -> int:
        """The most that it can take from its sender, in wei."""
        return self.transaction.value + self.transaction.gas * self.fee_cap

    def tip(self, base_fee: int) -> int:
        """What a block's maker gets for each gas."""
        return min(self.tip_cap, self.fee_cap - base_fee)


class Mempool:
    """Transactions that wait for a block, by sender and nonce."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._accounts: dict[bytes, dict[int, Entry]] = {}
        self._by_hash: dict[bytes, Entry] = {}

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, transaction_hash: bytes) -> Entry | None:
        """The waiting transaction of this hash."""
        return self._by_hash.get(transaction_hash)

    def next_nonce(self, sender: bytes) -> int:
        """The first nonce after the executed ones and those that wait without a gap."""
        nonce = self._state_nonce(sender)
        waiting = self._accounts.get(sender, {})
        while nonce in waiting:
            nonce += 1
        return nonce

    def add(self, raw: bytes) -> bytes:
        """Take in a transaction, in place of the one with its nonce; its hash. ``Refused`` with Geth's words."""
        entry = self._read(raw)
        transaction = entry.transaction
        if transaction.hash in self._by_hash:
            raise Refused("already known")
        self._check_form(entry)
        replaced = self._check_account(entry)
        if replaced is not None:
            self._check_replacement(replaced, entry)
            del self._by_hash[replaced.transaction.hash]
        elif len(self) >= MAX_TRANSACTIONS:
            raise Refused("txpool is full")
        self._accounts.setdefault(transaction.sender, {})[transaction.nonce] = entry
        self._by_hash[transaction.hash] = entry
        return transaction.hash

    def drop(self, transaction_hash: bytes) -> bool:
        """Forget a transaction, as a full or restarted node does; whether it was there."""
        entry = self._by_hash.pop(transaction_hash, None)
        if entry is None:
            return False
        self._accounts[entry.transaction.sender].pop(entry.transaction.nonce)
        return True

    def best(self, base_fee: int) -> Iterator[SignedTransactionAPI]:
        """What a block of this base fee takes: the best paying first, each account's in the order of their nonces."""
        heads = {sender: self._state_nonce(sender) for sender in self._accounts}
        while heads:
            ready = {
                sender: entry
                for sender, nonce in heads.items()
                if (entry := self._accounts[sender].get(nonce)) is not None and entry.fee_cap >= base_fee
            }
            if not ready:
                return
            sender = max(ready, key=lambda account: ready[account].tip(base_fee))
            yield ready[sender].transaction
            heads = {account: heads[account] for account in ready}
            heads[sender] += 1

    def revise(self, returned: list[bytes]) -> None:
        """After the chain changed: judge everything again, ``returned`` (of blocks that left it) first."""
        waiting = [entry.raw for _, nonces in self._accounts.items() for _, entry in sorted(nonces.items())]
        self._accounts.clear()
        self._by_hash.clear()
        for raw in (*returned, *waiting):
            try:
                self.add(raw)
            except Refused:
                continue

    def _read(self, raw: bytes) -> Entry:
        if len(raw) > MAX_TRANSACTION_BYTES:
            raise Refused(f"oversized data: transaction size {len(raw)}, limit {MAX_TRANSACTION_BYTES}")
        if not raw or (raw[0] < 0xC0 and raw[0] not in _TYPES):
            raise Refused("transaction type not supported")
        try:
            transaction = self._machine.decode(raw)
            kind = transaction.type_id or 0
            fees = (
                (transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas)
                if kind in (2, 4)
                else (transaction.gas_price, transaction.gas_price)
            )
        except (rlp.exceptions.RLPException, ValidationError, TypeError, ValueError):
            raise Refused("rlp: the transaction cannot be decoded") from None
        return Entry(transaction, raw, *fees)

    def _check_form(self, entry: Entry) -> None:
        transaction = entry.transaction
        if transaction.chain_id is None:
            raise Refused("only replay-protected (EIP-155) transactions allowed over RPC")
        if transaction.chain_id != CHAIN_ID:
            raise Refused(f"invalid chain id for signer: have {transaction.chain_id} want {CHAIN_ID}")
        if transaction.s > _HALF_ORDER:  # EIP-2
            raise Refused("invalid transaction v, r, s values")
        try:
            transaction.validate()
            transaction.check_signature_validity()
        except (ValidationError, BadSignature):
            raise Refused("invalid sender") from None
        if entry.tip_cap > entry.fee_cap:
            raise Refused("max priority fee per gas higher than max fee per gas")
        if entry.tip_cap < _MIN_TIP:
            raise Refused(f"transaction underpriced: gas tip cap {entry.tip_cap}, minimum needed {_MIN_TIP}")
        if transaction.gas > GAS_LIMIT:
            raise Refused("exceeds block gas limit")
        self._check_gas(transaction)

    def _check_gas(self, transaction: SignedTransactionAPI) -> None:
        needed, floor = transaction.intrinsic_gas, floor_gas(transaction.data)
        if transaction.gas < needed:
            raise Refused(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {needed}")
        if transaction.gas < floor:
            raise Refused(
                f"insufficient gas for floor data gas cost: gas {transaction.gas}, minimum needed {floor}"
            )

    def _check_account(self, entry: Entry) -> Entry | None:
        transaction = entry.transaction
        sender, nonce = transaction.sender, self._state_nonce(transaction.sender)
        if transaction.nonce < nonce:
            raise Refused(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        waiting = self._accounts.get(sender, {})
        replaced = waiting.get(transaction.nonce)
        if replaced is None and len(waiting) >= MAX_PER_ACCOUNT:
            raise Refused("account limit exceeded")
        balance = self._state().get_balance(sender)
        queued = sum(other.cost for other in waiting.values() if other is not replaced)
        if balance < entry.cost:
            raise Refused(
                f"insufficient funds for gas * price + value: balance {balance}, tx cost {entry.cost}, "
                f"overshot {entry.cost - balance}"
            )
        if balance < queued + entry.cost:
            raise Refused(
                f"insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, "
                f"tx cost {entry.cost}, overshot {queued + entry.cost - balance}"
            )
        return replaced

    def _check_replacement(self, old: Entry, new: Entry) -> None:
        for before, after in ((old.fee_cap, new.fee_cap), (old.tip_cap, new.tip_cap)):
            if after * 100 < before * (100 + PRICE_BUMP_PERCENT):
                raise Refused("replacement transaction underpriced")

    def _state(self) -> StateAPI:
        return self._machine.state(self._machine.head.block_number)

    def _state_nonce(self, sender: bytes) -> int:
        return int(self._state().get_nonce(Address(sender)))
