"""Bitcoin Core's engine: the judge of blocks and scripts. The only module that imports it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pbk
from pbk.script import PrecomputedTransactionData

from warifu.chains.bitcoin.transaction import Transaction, TxOutput
from warifu.chains.bitcoin_embedded.block import Block, split_block


class Engine:
    """A regtest chainstate in ``directory``, which no other process may use at the same time."""

    def __init__(self, directory: Path) -> None:
        self._why: list[str] = []
        callbacks = pbk.ValidationInterfaceCallbacks(block_checked=self._checked)
        self._manager: pbk.ChainstateManager | None = pbk.load_chainman(
            directory, pbk.ChainType.REGTEST, callbacks
        )

    def _checked(self, _: object, __: pbk.Block, state: pbk.BlockValidationState) -> None:
        if state.validation_mode is not pbk.ValidationMode.VALID:
            self._why.append(state.block_validation_result.name.lower())

    @property
    def _open(self) -> pbk.ChainstateManager:
        assert self._manager is not None, "used after it was closed"
        return self._manager

    def height(self) -> int:
        """Of the best chain."""
        return self._open.get_active_chain().height

    def block_hash(self, height: int) -> bytes:
        """Of the block at ``height`` of the best chain, 32 bytes in hash order."""
        return bytes(self._open.get_active_chain().block_tree_entries[height].block_hash)

    def block(self, height: int) -> Block:
        """The block at ``height`` of the best chain, from the engine's own files."""
        entry = self._open.get_active_chain().block_tree_entries[height]
        found = self._open.blocks[entry]
        return split_block(bytes(found), [bytes(transaction) for transaction in found.transactions])

    def submit(self, block: Block) -> str | None:
        """Have a block judged and stored; None if it is valid so far as it was looked at, else why it is not.

        Only a block that makes a better chain is looked at to the end.
        """
        self._why.clear()
        try:
            self._open.process_block(pbk.Block(block.serialize()))
        except pbk.ProcessBlockException:
            return self._why[-1] if self._why else "invalid"
        return self._why[-1] if self._why else None

    def close(self) -> None:
        """Write everything and let go of the directory."""
        self._manager = None


def scripts_hold(transaction: Transaction, spent: Sequence[TxOutput]) -> bool:
    """Whether every input of ``transaction`` may spend its output of ``spent``, by all of Core's script rules."""
    checked = pbk.Transaction(transaction.serialize())
    outputs = [pbk.TransactionOutput(pbk.ScriptPubkey(coin.script), coin.amount) for coin in spent]
    shared = PrecomputedTransactionData(checked, outputs)
    return all(
        pbk.ScriptPubkey(coin.script).verify(
            coin.amount, checked, shared, index, pbk.ScriptVerificationFlags.ALL
        )
        for index, coin in enumerate(spent)
    )
