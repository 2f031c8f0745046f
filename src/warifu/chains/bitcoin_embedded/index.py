"""What is where in the best chain: transactions, outputs, who spends them, and which scripts they touch."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxOutput
from warifu.chains.bitcoin_embedded.block import NO_OUTPOINT, Block


@dataclass(frozen=True)
class Placed:
    """A transaction and the height and position of its block and place."""

    transaction: Transaction
    height: int
    position: int

    @property
    def is_coinbase(self) -> bool:
        return self.position == 0


def script_hash(script: bytes) -> bytes:
    """How Esplora and Electrum name a script: its SHA-256, 32 bytes (Esplora shows it forwards)."""
    return hashlib.sha256(script).digest()


class ChainIndex:
    """Grows and shrinks with the best chain, block by block."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.heights: dict[bytes, int] = {}
        self._placed: dict[bytes, Placed] = {}
        self._spenders: dict[OutPoint, bytes] = {}
        self._history: defaultdict[bytes, list[bytes]] = defaultdict(list)

    def connect(self, block: Block) -> None:
        """Add the next block."""
        height = len(self.blocks)
        self.blocks.append(block)
        self.heights[block.header.block_hash] = height
        for position, transaction in enumerate(block.transactions):
            for touched in self.scripts_of(transaction):
                self._history[touched].append(transaction.txid)
            self._placed[transaction.txid] = Placed(transaction, height, position)
            for item in transaction.inputs:
                self._spenders[item.outpoint] = transaction.txid

    def disconnect(self) -> Block:
        """Take the last block away."""
        block = self.blocks.pop()
        del self.heights[block.header.block_hash]
        for transaction in reversed(block.transactions):
            for item in transaction.inputs:
                self._spenders.pop(item.outpoint, None)
            del self._placed[transaction.txid]
            for touched in self.scripts_of(transaction):
                self._history[touched].remove(transaction.txid)
        return block

    def transaction(self, txid: bytes) -> Placed | None:
        """The confirmed transaction with this id."""
        return self._placed.get(txid)

    def output(self, outpoint: OutPoint) -> TxOutput | None:
        """The confirmed output, spent or not."""
        found = self._placed.get(outpoint.txid)
        return output_of(found.transaction, outpoint) if found else None

    def spender(self, outpoint: OutPoint) -> bytes | None:
        """The id of the confirmed transaction that spends ``outpoint``."""
        return self._spenders.get(outpoint)

    def history(self, hashed_script: bytes) -> list[bytes]:
        """Ids of the transactions that touch a script, oldest first."""
        return list(self._history.get(hashed_script, ()))

    def scripts_of(self, transaction: Transaction) -> set[bytes]:
        """Hashes of every script that ``transaction`` pays or spends."""
        paid = {script_hash(output.script) for output in transaction.outputs}
        spent = (self.output(item.outpoint) for item in transaction.inputs if item.outpoint != NO_OUTPOINT)
        return paid | {script_hash(output.script) for output in spent if output is not None}


def output_of(transaction: Transaction, outpoint: OutPoint) -> TxOutput | None:
    """The output that ``outpoint`` names, if ``transaction`` has that many."""
    return transaction.outputs[outpoint.vout] if outpoint.vout < len(transaction.outputs) else None
