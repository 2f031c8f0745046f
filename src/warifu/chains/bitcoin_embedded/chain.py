"""The embedded chain: engine, index and mempool as one, with a miner and a faucet."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.chains.bitcoin_embedded.block import COINBASE_MATURITY, Block, build_block
from warifu.chains.bitcoin_embedded.index import ChainIndex, script_hash
from warifu.chains.bitcoin_embedded.kernel import Engine
from warifu.chains.bitcoin_embedded.mempool import Mempool, Refused
from warifu.errors import InputRefused
from warifu.units import Satoshi, satoshi

MAX_BLOCKS_AT_ONCE = 1000
MAX_BLOCK_WEIGHT = 3_900_000
_FAUCET_FEE_PER_VB = 2
_ANYONE = b"\x51"
"""OP_TRUE: the miner's coins belong to nobody, so the faucet needs no key."""
FAUCET_SCRIPT = b"\x00\x20" + script_hash(_ANYONE)


class EmbeddedChain:
    """A regtest chain in ``directory``; made where there is none, taken up again where there is. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.lock = RLock()
        self._engine = Engine(directory)
        self.index = ChainIndex()
        self.mempool = Mempool(self.index)
        self._follow()

    def close(self) -> None:
        """Write everything and let go of the directory. The mempool is forgotten."""
        self._engine.close()

    @property
    def height(self) -> int:
        """Of the best block."""
        return len(self.index.blocks) - 1

    @property
    def tip(self) -> bytes:
        """Hash of the best block, in hash order."""
        return self.index.blocks[-1].header.block_hash

    # --- transactions --------------------------------------------------------------------------------------------

    def send(self, transaction: Transaction) -> bytes:
        """Offer a transaction to the mempool; returns its id. Raises ``mempool.Refused``."""
        with self.lock:
            self.mempool.accept(transaction)
        return transaction.txid

    def find(self, txid: bytes) -> Transaction | None:
        """A transaction in the mempool or the chain."""
        with self.lock:
            entry, placed = self.mempool.get(txid), self.index.transaction(txid)
        if entry is not None:
            return entry.transaction
        return placed.transaction if placed else None

    # --- blocks --------------------------------------------------------------------------------------------------

    def mine(self, count: int = 1, address: str | None = None) -> list[bytes]:
        """Mine ``count`` blocks, mempool included, the rewards to ``address`` or the faucet; returns their hashes."""
        _check_count(count)
        script = script_for(address, Network.REGTEST) if address else FAUCET_SCRIPT
        with self.lock:
            return [self._mine_one(script) for _ in range(count)]

    def _mine_one(self, script: bytes) -> bytes:
        chosen, weight = [], 0
        for entry in self.mempool:
            if weight + entry.transaction.weight > MAX_BLOCK_WEIGHT:
                break  # what comes later may be its child
            chosen.append(entry)
            weight += entry.transaction.weight
        block = self._block_on(
            self.index.blocks,
            [entry.transaction for entry in chosen],
            sum(entry.fee for entry in chosen),
            script,
        )
        reason = self.submit(block)
        assert reason is None, f"the engine refused a block of ours: {reason}"
        return block.header.block_hash

    def _block_on(
        self, chain: Sequence[Block], transactions: Sequence[Transaction], fees: int, script: bytes
    ) -> Block:
        past = sorted(block.header.time for block in chain[-11:])
        return build_block(
            previous=chain[-1].header.block_hash,
            height=len(chain),
            time=max(int(time.time()), past[len(past) // 2] + 1),
            transactions=transactions,
            fees=fees,
            script=script,
            extra=os.urandom(8),
        )

    def submit(self, block: Block) -> str | None:
        """Have any block judged by the engine; None, or why it is not valid."""
        with self.lock:
            reason = self._engine.submit(block)
            self._follow()
        return reason

    def reorganise(self, depth: int, count: int | None = None) -> list[bytes]:
        """Replace the last ``depth`` blocks by ``count`` (default: one more) empty ones; returns the new hashes.

        The transactions of the replaced blocks go back to the mempool, as far as they still can.
        """
        count = depth + 1 if count is None else count
        _check_count(count)
        if not 1 <= depth <= self.height or count <= depth:
            raise InputRefused("reorganise", "a better chain is longer, and genesis stays")
        with self.lock:
            side = self.index.blocks[: len(self.index.blocks) - depth]
            first = len(side)
            for _ in range(count):
                block = self._block_on(side, (), 0, FAUCET_SCRIPT)
                side.append(block)
                reason = self.submit(block)
                assert reason is None, f"the engine refused a block of ours: {reason}"
            return [block.header.block_hash for block in side[first:]]

    def _follow(self) -> None:
        """Bring index and mempool to the engine's best chain."""
        returned: list[Transaction] = []
        changed = False
        while self.index.blocks and not self._is_best(self.height):
            block = self.index.disconnect()
            returned = [*block.transactions[1:], *returned]
            changed = True
        for height in range(len(self.index.blocks), self._engine.height() + 1):
            self.index.connect(self._engine.block(height))
            changed = True
        if changed:
            self.mempool.revise(returned)

    def _is_best(self, height: int) -> bool:
        best = self._engine.height() >= height
        return best and self._engine.block_hash(height) == self.index.blocks[height].header.block_hash

    # --- faucet --------------------------------------------------------------------------------------------------

    def fund(self, address: str, amount: Satoshi) -> bytes:
        """Pay ``amount`` of freshly mined coins to ``address``; returns the id of the transaction in the mempool.

        Mines first what is needed. Raises ``InputRefused`` for a bad address or amount, or where regtest's coins
        are used up.
        """
        target = TxOutput(satoshi(amount), script_for(address, Network.REGTEST))
        with self.lock:
            coins = self._faucet_coins(amount)
            total = sum(value for _, value in coins)
            draft = _faucet_transaction(coins, target, total - amount)
            fee = _FAUCET_FEE_PER_VB * draft.vsize
            transaction = _faucet_transaction(coins, target, total - amount - fee)
            try:
                return self.send(transaction)
            except Refused as refused:
                raise InputRefused("faucet", f"the faucet cannot pay this: {refused}") from None

    def _faucet_coins(self, amount: int) -> list[tuple[OutPoint, int]]:
        """Enough mature coins for ``amount`` and change."""
        if self.height < COINBASE_MATURITY:
            self.mine(COINBASE_MATURITY + 1 - self.height)
        for _ in range(MAX_BLOCKS_AT_ONCE):
            chosen: list[tuple[OutPoint, int]] = []
            for coin in self._free_coins():
                chosen.append(coin)
                if sum(value for _, value in chosen) > amount + 1_000_000:
                    return chosen
            self._mine_one(FAUCET_SCRIPT)
        raise InputRefused("faucet", "regtest's coins are used up: start a fresh chain")

    def _free_coins(self) -> list[tuple[OutPoint, int]]:
        found = []
        ids = dict.fromkeys(self.index.history(script_hash(FAUCET_SCRIPT)))
        for placed in filter(None, map(self.index.transaction, ids)):
            if placed.is_coinbase and len(self.index.blocks) - placed.height < COINBASE_MATURITY:
                continue
            for vout, output in enumerate(placed.transaction.outputs):
                outpoint = OutPoint(placed.transaction.txid, vout)
                spent = self.index.spender(outpoint) or self.mempool.spender(outpoint)
                if output.script == FAUCET_SCRIPT and not spent:
                    found.append((outpoint, int(output.amount)))
        return sorted(found, key=lambda coin: -coin[1])


def _faucet_transaction(coins: list[tuple[OutPoint, int]], target: TxOutput, change: int) -> Transaction:
    inputs = tuple(replace(TxInput(outpoint), witness=(_ANYONE,)) for outpoint, _ in coins)
    return Transaction(2, inputs, (target, TxOutput(satoshi(change), FAUCET_SCRIPT)))


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_BLOCKS_AT_ONCE:
        raise InputRefused("mine", f"from 1 to {MAX_BLOCKS_AT_ONCE} blocks at once")
