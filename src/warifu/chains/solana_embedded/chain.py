"""The embedded chain: LiteSVM as the engine, and around it slots, blockhashes and the record of what landed."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

from solders.account import Account
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import VersionedMessage, from_bytes_versioned, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import SanitizeError, VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana.message import PACKET_BYTES
from warifu.chains.solana.programs import SYSTEM
from warifu.chains.solana.system import NONCE_BYTES
from warifu.errors import InputRefused

MAX_BLOCKHASH_AGE = 150
"""Blocks for which a blockhash is recent (Agave's ``MAX_PROCESSING_AGE``)."""
FINAL_AFTER = 32
"""Slots on top that make a slot final."""
MAX_SLOTS_AT_ONCE = 100_000
HISTORY = 10_000
"""Transactions that are remembered; the engine refuses a repetition as long."""
NONCE_VALUE = slice(40, 72)
"""Where a nonce account keeps its value: version and state (8 bytes), authority (32), value (32), fee (8)."""


class Rejected(Exception):
    """A transaction that is not executed, or whose simulation fails; ``error`` as Agave's JSON has it."""

    def __init__(self, error: object, logs: list[str], units: int, fee: int) -> None:
        super().__init__(json.dumps(error))
        self.error = error
        self.logs = logs
        self.units = units
        self.fee = fee


@dataclass(frozen=True)
class Landed:
    """A transaction in a block, executed or failed."""

    slot: int
    raw: bytes
    error: object
    """None, or why its execution failed, as Agave's JSON has it."""
    fee: int
    logs: tuple[str, ...]
    units: int
    keys: tuple[str, ...]
    balances: tuple[tuple[int, int], ...]
    """Lamports of each key, before and after."""


@dataclass(frozen=True)
class Block:
    """A finished slot. Every slot has a block here, so the slot of a block is also its height."""

    slot: int
    parent_hash: Hash
    block_hash: Hash
    signature: str | None
    """Each transaction gets a slot of its own."""


class EmbeddedChain:
    """One chain, thread-safe."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.svm = LiteSVM().with_transaction_history(HISTORY)
        self.genesis_hash = Hash.from_bytes(os.urandom(32))
        """Random: a chain that was started anew is another chain, and whoever knew the old one notices."""
        self.first_slot = self.slot
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._issued: OrderedDict[Hash, int] = OrderedDict({self.svm.latest_blockhash(): self.slot})
        self.history: OrderedDict[str, Landed] = OrderedDict()
        self.first_remembered = 0
        """The first slot whose transactions are all in ``history``; 0 while nothing was forgotten."""
        self.advance(1)

    # --- slots and blockhashes -----------------------------------------------------------------------------------

    @property
    def slot(self) -> int:
        """The slot that is being filled."""
        return int(self.svm.get_clock().slot)

    def height(self, *, final: bool = False) -> int:
        """Slot and height of the newest finished block, or of the newest that is final."""
        return max(self.first_slot, self.slot - 1 - (FINAL_AFTER if final else 0))

    def advance(self, slots: int) -> int:
        """Finish ``slots`` empty slots; returns the slot that is then being filled."""
        if not 1 <= slots <= MAX_SLOTS_AT_ONCE:
            raise InputRefused("slots", f"from 1 to {MAX_SLOTS_AT_ONCE} slots at once")
        with self.lock:
            for _ in range(slots):
                self._finish_slot(None)
            return self.slot

    def _finish_slot(self, signature: str | None) -> None:
        slot, parent = self.slot, self.svm.latest_blockhash()
        self.svm.expire_blockhash()
        latest = self.svm.latest_blockhash()
        self._blocks[slot] = Block(slot, parent, latest, signature)
        self._issued[latest] = slot
        self.svm.warp_to_slot(slot + 1)
        while len(self._issued) > MAX_BLOCKHASH_AGE + 1:
            self._issued.popitem(last=False)
        while len(self._blocks) > HISTORY:
            self._blocks.popitem(last=False)

    def block(self, slot: int) -> Block | None:
        """A finished slot's block, as far as it is remembered."""
        return self._blocks.get(slot)

    def latest_blockhash(self) -> tuple[Hash, int]:
        """The newest blockhash, and the last height at which a transaction with it is taken."""
        latest = self.svm.latest_blockhash()
        return latest, self._issued[latest] + MAX_BLOCKHASH_AGE

    def is_recent(self, blockhash: Hash) -> bool:
        """Whether a transaction with it would be taken now."""
        issued = self._issued.get(blockhash)
        return issued is not None and self.height() <= issued + MAX_BLOCKHASH_AGE

    # --- transactions --------------------------------------------------------------------------------------------

    def simulate(self, transaction: VersionedTransaction, *, check_signature: bool) -> TransactionMetadata:
        """What its execution would give now. Raises ``Rejected``."""
        with self.lock, self._as_recent(transaction.message):
            before = self.svm.get_sigverify()
            self.svm.with_sigverify(check_signature)
            try:
                result = self.svm.simulate_transaction(transaction)
            finally:
                self.svm.with_sigverify(before)
        if isinstance(result, FailedTransactionMetadata):
            raise _rejected(result)
        return result.meta()

    def execute(self, transaction: VersionedTransaction) -> Landed:
        """Execute it in a slot of its own. Raises ``Rejected`` for what gets into no block.

        A transaction that fails in its execution is in a block, costs its fee, and uses up its durable nonce.
        """
        keys = [Pubkey.from_bytes(bytes(key)) for key in transaction.message.account_keys]
        with self.lock:
            before = [self._lamports(key) for key in keys]
            nonces = {key: data for key in keys if (data := self._nonce_data(key)) is not None}
            with self._as_recent(transaction.message):
                result = self.svm.send_transaction(transaction)
            error: object = None
            if isinstance(result, FailedTransactionMetadata):
                if result.meta().signature() == Signature.default():
                    raise _rejected(result)
                error, result = _error(result), result.meta()
            self._settle_nonces(transaction.message, nonces)
            landed = Landed(
                slot=self.slot,
                raw=bytes(transaction),
                error=error,
                fee=result.fee(),
                logs=tuple(result.logs()),
                units=result.compute_units_consumed(),
                keys=tuple(str(key) for key in keys),
                balances=tuple(zip(before, (self._lamports(key) for key in keys), strict=True)),
            )
            signature = str(transaction.signatures[0])
            self.history[signature] = landed
            while len(self.history) > HISTORY:
                self.first_remembered = self.history.popitem(last=False)[1].slot + 1
            self._finish_slot(signature)
            return landed

    @contextmanager
    def _as_recent(self, message: VersionedMessage) -> Iterator[None]:
        """The engine takes its newest blockhash only; that older ones are recent too is judged here.

        What is no recent blockhash stays with the engine, which knows durable nonces.
        """
        ours = self.is_recent(message.recent_blockhash)
        self.svm.with_blockhash_check(not ours)
        try:
            yield
        finally:
            self.svm.with_blockhash_check(True)

    def _settle_nonces(self, message: VersionedMessage, before: dict[Pubkey, bytes]) -> None:
        """Give nonces that were made or advanced the value that a cluster gives them, from the newest blockhash.

        The engine derives it from the transaction's own blockhash field, and does not use up the nonce of a durable
        transaction whose execution failed; a cluster does.
        """
        changed = {key for key in message.account_keys if self._nonce_data(key) != before.get(key)}
        if not self.is_recent(message.recent_blockhash):
            instruction = message.instructions[
                0
            ]  # AdvanceNonceAccount: the engine took its value for a blockhash
            changed.add(message.account_keys[instruction.accounts[0]])
        for key in changed:
            account, data = self.svm.get_account(key), bytearray(self._nonce_data(key) or b"")
            if account is None or not data:
                continue  # it was closed by the same transaction
            data[NONCE_VALUE] = nonce_value(bytes(self.svm.latest_blockhash()))
            settled = Account(
                account.lamports, bytes(data), account.owner, account.executable, account.rent_epoch
            )
            self.svm.set_account(key, settled)

    def _nonce_data(self, key: Pubkey) -> bytes | None:
        """What a nonce account holds; None for any other account."""
        account = self.svm.get_account(key)
        if account is None or bytes(account.owner) != SYSTEM or len(account.data) != NONCE_BYTES:
            return None
        return bytes(account.data)

    def _lamports(self, key: Pubkey) -> int:
        account = self.svm.get_account(key)
        return account.lamports if account is not None else 0


def parse(raw: bytes) -> VersionedTransaction:
    """A transaction, exactly; ``InputRefused`` (``transaction-form``)."""
    if len(raw) > PACKET_BYTES:
        raise InputRefused("transaction-form", f"{len(raw)} bytes are too large (max {PACKET_BYTES})")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        transaction.sanitize()
    except (ValueError, SanitizeError) as error:
        raise InputRefused("transaction-form", f"failed to deserialize transaction: {error}") from None
    if bytes(transaction) != raw:
        raise InputRefused("transaction-form", "failed to deserialize transaction: trailing bytes")
    return transaction


def message_from(raw: bytes) -> VersionedMessage:
    """A message, exactly; ``InputRefused`` (``message-form``)."""
    try:
        message = from_bytes_versioned(raw)
    except ValueError as error:
        raise InputRefused("message-form", f"failed to deserialize message: {error}") from None
    if to_bytes_versioned(message) != raw:
        raise InputRefused("message-form", "failed to deserialize message: trailing bytes")
    return message


def _rejected(result: FailedTransactionMetadata) -> Rejected:
    meta = result.meta()
    return Rejected(_error(result), list(meta.logs()), meta.compute_units_consumed(), meta.fee())


def _error(result: FailedTransactionMetadata) -> object:
    """The engine's error as Agave's RPC writes it: the same serialisation."""
    error: object = json.loads(result.to_json())["err"]
    return error
