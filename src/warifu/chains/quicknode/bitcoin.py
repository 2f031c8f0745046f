"""QuickNode as a backend of the Bitcoin wallet: addresses by Blockbook, everything else by the node's own RPC.

QuickNode learns every address of the wallet; the extended public key it does not get.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin_network.backends.base import BroadcastOutcome, Place, TxStatus
from warifu.chains.bitcoin_network.backends.core_rpc import CoreRpc
from warifu.chains.bitcoin_network.backends.fork import fork
from warifu.chains.bitcoin_network.changes import Anchor, Changes
from warifu.chains.bitcoin_network.fees import FeeEstimates
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD, ChainTip, DescriptorWallet
from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.chains.quicknode.blockbook import Blockbook, FoundTransaction
from warifu.chains.rpc.pace import Pace
from warifu.chains.rpc.reply import Dialect
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable

MAX_ADDRESSES = 10_000
"""Of one branch of a fresh wallet: a server that calls every address used would keep us asking without end."""


class QuickNodeBitcoin:
    """One Bitcoin endpoint with the Blockbook add-on; a ``Backend``."""

    def __init__(
        self,
        access: QuickNodeAccess,
        name: str = "quicknode",
        *,
        retries: Retries | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        endpoint = access.endpoint(name, dialect=Dialect.BITCOIN, retries=retries, pace=pace)
        self._core = CoreRpc.over(endpoint)
        self._blockbook = Blockbook(endpoint)
        self._clock = clock

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        return self._core.name

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``, of the node."""
        return self._core.block_hash(height)

    def tip(self) -> ChainTip:
        """The node's best block."""
        return self._core.tip()

    def fee_rates(self) -> FeeEstimates:
        """The node's estimates."""
        return self._core.fee_rates()

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """``testmempoolaccept``, then ``sendrawtransaction``."""
        return self._core.broadcast(raw)

    def status(self, txid: bytes) -> TxStatus:
        """Where the node sees the transaction."""
        return self._core.status(txid)

    def sync(self, wallet: DescriptorWallet) -> None:
        """Ask for each address: of a fresh wallet with a margin beyond the last used one, later of the revealed ones.

        All of it is taken in, or nothing. Index and node are different machines behind one address: each block that
        Blockbook names is compared with the node's, and what is in a block that the node does not have yet counts as
        unconfirmed.
        """
        tip = self._core.tip()
        common, gone = fork(wallet, tip.height, self._core.block_hash, self.name)
        settled = {
            tx.txid
            for tx in wallet.transactions()
            if tx.confirmed_in is not None and tx.confirmed_in.height <= common.height
        }
        seen, used = self._seen(wallet)
        found = [self._blockbook.transaction(txid) for txid in sorted(seen - settled)]
        changes = self._changes(found, tip, gone)
        vanished = self._vanished(wallet, seen)
        for path in used:
            wallet.reveal_to(path)
        wallet.apply_changes(changes)
        now = int(self._clock())
        in_blocks = set(changes.transactions)
        for transaction in found:
            if transaction.raw not in in_blocks:
                wallet.apply_broadcast(transaction.raw, now)
        wallet.forget(vanished, now)

    def _seen(self, wallet: DescriptorWallet) -> tuple[set[bytes], list[KeyPath]]:
        """The ids of all transactions of the wallet's addresses, and the last used path of each branch."""
        margin = LOOKAHEAD if wallet.tip().height == 0 else 0
        seen: set[bytes] = set()
        used: list[KeyPath] = []
        for branch in Branch:
            last, index = -1, 0
            while index < max(wallet.next_index(branch), last + 1 + margin):
                txids = self._blockbook.txids(wallet.peek(KeyPath(branch, index)))
                if txids:
                    seen.update(txids)
                    last = index
                if index == MAX_ADDRESSES:
                    raise unavailable(
                        "answer-size",
                        f"it calls more than {MAX_ADDRESSES} addresses of a branch used",
                        self.name,
                    )
                index += 1
            if last >= wallet.next_index(branch):
                used.append(KeyPath(branch, last))
        return seen, used

    def _changes(self, found: list[FoundTransaction], tip: ChainTip, gone: list[int]) -> Changes:
        """What is in blocks of the node's chain."""
        hashes: dict[int, bytes] = {tip.height: tip.block_hash}
        checkpoints: dict[int, bytes | None] = dict.fromkeys(gone)
        transactions: list[bytes] = []
        anchors: list[Anchor] = []
        for transaction in found:
            block = transaction.block
            if block is None or block.height > tip.height:
                continue
            if block.height not in hashes:
                hashes[block.height] = self._core.block_hash(block.height)
            if hashes[block.height] != block.block_hash:
                raise self._reorganised()
            checkpoints[block.height] = block.block_hash
            transactions.append(transaction.raw)
            anchors.append(Anchor(block.height, block.block_hash, transaction.time, transaction.txid))
        if self._core.block_hash(tip.height) != tip.block_hash:
            # The last hash stands for all before it: if it changed meanwhile, what was read is of two chains.
            raise self._reorganised()
        return Changes(
            checkpoints=tuple(sorted((checkpoints | {tip.height: tip.block_hash}).items())),
            transactions=tuple(transactions),
            anchors=tuple(anchors),
        )

    def _reorganised(self) -> ChainUnavailable:
        return unavailable(
            "reorganised",
            "its index and its node are not on one chain, or it changed",
            self.name,
            retry_after=10,
        )

    def _vanished(self, wallet: DescriptorWallet, seen: set[bytes]) -> list[bytes]:
        """Unconfirmed transactions that neither index nor node know any more: a fresh one reaches the index last."""
        waiting = [tx.txid for tx in wallet.transactions() if tx.confirmed_in is None and tx.txid not in seen]
        return [txid for txid in waiting if self._core.status(txid).place is Place.UNKNOWN]

    def close(self) -> None:
        """Close the connections."""
        self._core.close()
