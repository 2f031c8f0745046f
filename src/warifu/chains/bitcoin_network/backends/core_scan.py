"""Bringing a wallet up to date from a Bitcoin node that keeps no wallet: blocks since the fork, then the mempool.

The node's own wallet is not used: it would keep our history unencrypted on the node's disk. Where the node has a
block filter index (BIP-158), it says which blocks matter (``scanblocks``); otherwise every block since the wallet's
birthday is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from warifu.chains.bitcoin.descriptor import Branch
from warifu.chains.bitcoin.transaction import display_hash, parse_hash
from warifu.chains.bitcoin_network.backends.fork import fork
from warifu.chains.bitcoin_network.backends.json_rpc import JsonRpc
from warifu.chains.bitcoin_network.backends.watch import Watch
from warifu.chains.bitcoin_network.changes import Anchor, Changes
from warifu.chains.bitcoin_network.wallet import DescriptorWallet
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable

BLOCKS_AT_ONCE = 2000
"""Blocks between two points from which an interrupted scan goes on."""
BATCH = 100
MAX_MEMPOOL_READS = 20_000
"""Transactions of the mempool looked at in one synchronisation; the rest comes with the next."""
MAX_BLOCK_ANSWER = 64 * 1024 * 1024
SCAN_SECONDS = 600.0
FEW_BLOCKS = 3
"""From so many blocks on the filter index is asked; fewer are read at once."""


class _Tx(msgspec.Struct):
    hex: str


class _Block(msgspec.Struct):
    time: int
    tx: list[_Tx]


class _Scan(msgspec.Struct):
    relevant_blocks: list[str]


class _Header(msgspec.Struct):
    height: int


class CoreScan:
    """Remembers between synchronisations which transactions of the mempool were of no concern."""

    def __init__(self, rpc: JsonRpc) -> None:
        self._rpc = rpc
        self._uninteresting: set[str] = set()
        self._reach: dict[Branch, int] = {}

    def sync(self, wallet: DescriptorWallet) -> None:
        """Blocks, then mempool. Interrupted, it goes on where it was."""
        watch = Watch(wallet)
        self._blocks(wallet, watch)
        self._mempool(wallet, watch)

    # --- blocks --------------------------------------------------------------------------------------------------

    def _blocks(self, wallet: DescriptorWallet, watch: Watch) -> None:
        top = self._rpc.call("getblockcount", kind=int)
        common, gone = fork(wallet, top, self._hash, self._rpc.name)
        lost: dict[int, bytes | None] = dict.fromkeys(gone)
        first = max(common.height + 1, wallet.birthday)
        for start in range(first, top + 1, BLOCKS_AT_ONCE):
            stop = min(start + BLOCKS_AT_ONCE - 1, top)
            wallet.apply_changes(self._stretch(wallet, watch, start, stop, lost))
            lost = {}
        if lost:  # the node's chain is shorter than what was known, and has nothing beyond the fork
            wallet.apply_changes(Changes(checkpoints=tuple(lost.items())))

    def _stretch(
        self, wallet: DescriptorWallet, watch: Watch, start: int, stop: int, lost: dict[int, bytes | None]
    ) -> Changes:
        """What the blocks ``start`` .. ``stop`` change."""
        end = self._hash(stop)
        checkpoints = lost | {stop: end}
        transactions: list[bytes] = []
        anchors: list[Anchor] = []
        for height, block_hash in self._candidates(wallet, watch, start, stop):
            block = self._rpc.call(
                "getblock", display_hash(block_hash), 2, kind=_Block, limit=MAX_BLOCK_ANSWER
            )
            for found in block.tx:
                raw = self._bytes(found.hex)
                txid = watch.touched_by(raw)
                if txid is not None:
                    transactions.append(raw)
                    anchors.append(Anchor(height, block_hash, block.time, txid))
                    checkpoints[height] = block_hash
        if self._hash(stop) != end:
            # The last hash stands for all before it: if it changed meanwhile, what was read is of two chains.
            raise unavailable(
                "reorganised", "the chain changed while it was read", self._rpc.name, retry_after=1
            )
        return Changes(
            checkpoints=tuple(sorted(checkpoints.items())),
            transactions=tuple(transactions),
            anchors=tuple(anchors),
        )

    def _candidates(
        self, wallet: DescriptorWallet, watch: Watch, start: int, stop: int
    ) -> Iterator[tuple[int, bytes]]:
        """Blocks that may concern the wallet, in order of height, while ``watch`` learns from each."""
        at = start
        while at <= stop:
            reach = watch.reach
            found = self._scanned(wallet, reach, at, stop) if stop - at >= FEW_BLOCKS else None
            for height, block_hash in found if found is not None else self._read(watch, at, stop):
                yield height, block_hash
                if found is not None and watch.reach != reach:
                    at = height + 1  # more addresses are in use than were asked for: ask again from here
                    break
            else:
                return

    def _read(self, watch: Watch, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        for height in range(start, stop + 1):
            block_hash = self._hash(height)
            raw = self._rpc.call("getblock", display_hash(block_hash), 0, kind=str)
            if watch.may_touch(self._bytes(raw)):
                yield height, block_hash

    def _scanned(
        self, wallet: DescriptorWallet, reach: dict[Branch, int], start: int, stop: int
    ) -> list[tuple[int, bytes]] | None:
        """What the node's filter index knows; None where it has none, or is scanning for somebody else."""
        wanted = [{"desc": wallet.descriptor(branch), "range": [0, n - 1]} for branch, n in reach.items()]
        try:
            scan = self._rpc.call(
                "scanblocks", "start", wanted, start, stop, "basic", kind=_Scan, deadline=SCAN_SECONDS
            )
        except RpcRefused:
            return None
        headers = self._rpc.batch("getblockheader", [[shown] for shown in scan.relevant_blocks], kind=_Header)
        found = []
        for shown, header in zip(scan.relevant_blocks, headers, strict=True):
            if isinstance(header, RpcRefused):
                raise unavailable("answer-form", "it forgot a block that it just named", self._rpc.name)
            found.append((header.height, parse_hash(shown)))
        return sorted(found)

    # --- mempool -------------------------------------------------------------------------------------------------

    def _mempool(self, wallet: DescriptorWallet, watch: Watch) -> None:
        if watch.reach != self._reach:
            self._uninteresting.clear()
            self._reach = watch.reach
        waiting = set(self._rpc.call("getrawmempool", kind=list[str]))
        self._uninteresting &= waiting
        unconfirmed = {display_hash(tx.txid): tx for tx in wallet.transactions() if tx.confirmed_in is None}
        now = int(time.time())
        wallet.forget([tx.txid for shown, tx in unconfirmed.items() if shown not in waiting], now)
        for shown in unconfirmed.keys() & waiting:
            wallet.apply_broadcast(unconfirmed[shown].raw, now)
        unknown = sorted(waiting - self._uninteresting - unconfirmed.keys())[:MAX_MEMPOOL_READS]
        found = [
            self._look_at(wallet, watch, unknown[at : at + BATCH], now)
            for at in range(0, len(unknown), BATCH)
        ]
        if not any(found):  # else one of them may spend what was found: look at all of them again next time
            self._uninteresting.update(unknown)

    def _look_at(self, wallet: DescriptorWallet, watch: Watch, shown: list[str], now: int) -> bool:
        """Take in what concerns the wallet; whether there was any."""
        answers = self._rpc.batch("getrawtransaction", [[txid] for txid in shown], kind=str)
        # An error in place of a transaction: it was mined or replaced meanwhile.
        raws = [self._bytes(answer) for answer in answers if isinstance(answer, str)]
        ours = [raw for raw in raws if watch.touched_by(raw) is not None]
        for raw in ours:
            wallet.apply_broadcast(raw, now)
        return bool(ours)

    def _hash(self, height: int) -> bytes:
        return parse_hash(self._rpc.call("getblockhash", height, kind=str))

    def _bytes(self, shown: str) -> bytes:
        try:
            return bytes.fromhex(shown)
        except ValueError:
            raise unavailable("answer-form", "hexadecimal digits that are none", self._rpc.name) from None
