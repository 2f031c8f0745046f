"""The Bitcoin side of the QuickNode stand-in: a node's RPC and the Blockbook add-on over the embedded chain.

The engine is Bitcoin Core's own; the shapes around it are those of QuickNode's documentation: the node answers as Core
(both members, one of them null), the add-on as JSON-RPC 2.0.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import (
    OutPoint,
    Transaction,
    display_hash,
    parse_hash,
    parse_transaction,
)
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.index import script_hash
from warifu.chains.bitcoin_embedded.mempool import Refused
from warifu.errors import InputRefused


class NodeRefused(Exception):
    """A node's error: code and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class BitcoinMethods:
    """The methods that the wallet uses, by name. ``lag`` blocks are not yet known to the add-on's index."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain = chain
        self.lag = 0
        self.page = 1000
        self.blockbook = True

    def methods(self) -> dict[str, Callable[..., Any]]:
        """Every method that is there."""
        node: list[Callable[..., Any]] = [
            self.getblockhash,
            self.getblockchaininfo,
            self.getblockheader,
            self.getrawtransaction,
            self.gettxout,
            self.estimatesmartfee,
            self.testmempoolaccept,
            self.sendrawtransaction,
        ]
        index: list[Callable[..., Any]] = [
            self.bb_getAddress,
            self.bb_getTx,
            self.bb_getUTXOs,
            self.bb_getBlockHash,
        ]
        return {method.__name__: method for method in (node + index if self.blockbook else node)}

    # --- the node ------------------------------------------------------------------------------------------------

    def getblockhash(self, height: int) -> str:
        if not 0 <= height <= self.chain.height:
            raise NodeRefused(-8, "Block height out of range")
        return display_hash(self.chain.index.blocks[height].header.block_hash)

    def getblockchaininfo(self) -> dict[str, Any]:
        return {
            "chain": "regtest",
            "blocks": self.chain.height,
            "bestblockhash": display_hash(self.chain.tip),
        }

    def getblockheader(self, block_hash: str) -> dict[str, Any]:
        height = self.chain.index.heights.get(parse_hash(block_hash))
        if height is None:
            raise NodeRefused(-5, "Block not found")
        return {"hash": block_hash, "height": height, "confirmations": self.chain.height - height + 1}

    def getrawtransaction(self, txid: str, verbose: int = 0) -> Any:
        found = self.chain.find(parse_hash(txid))
        if found is None:
            raise NodeRefused(
                -5, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions."
            )
        if not verbose:
            return found.serialize().hex()
        placed = self.chain.index.transaction(found.txid)
        block = {} if placed is None else {"blockhash": self.getblockhash(placed.height)}
        return {"txid": txid, "hex": found.serialize().hex(), **block}

    def gettxout(self, txid: str, vout: int, include_mempool: bool = True) -> None:
        """Nothing: this node has a transaction index, so nobody has to search by outputs."""

    def estimatesmartfee(self, target: int) -> dict[str, Any]:
        return {"feerate": 0.00002 if target < 6 else 0.00001, "blocks": target}

    def testmempoolaccept(self, raws: list[str]) -> list[dict[str, Any]]:
        transaction = _decoded(raws[0])
        trial = copy.copy(self.chain.mempool)
        trial._entries, trial._spenders = dict(trial._entries), dict(trial._spenders)
        verdict: dict[str, Any] = {
            "txid": display_hash(transaction.txid),
            "wtxid": display_hash(transaction.wtxid),
        }
        known = self.chain.mempool.get(transaction.txid)
        if known is not None:
            same = known.transaction.wtxid == transaction.wtxid
            reason = "txn-already-in-mempool" if same else "txn-same-nonwitness-data-in-mempool"
            return [{**verdict, "allowed": False, "reject-reason": reason}]
        try:
            trial.accept(transaction)
        except Refused as refused:
            return [{**verdict, "allowed": False, "reject-reason": str(refused)}]
        return [{**verdict, "allowed": True, "vsize": transaction.vsize}]

    def sendrawtransaction(self, raw: str) -> str:
        try:
            return display_hash(self.chain.send(_decoded(raw)))
        except Refused as refused:
            raise NodeRefused(refused.code, str(refused)) from None

    # --- the add-on ----------------------------------------------------------------------------------------------

    def bb_getAddress(self, address: str, options: dict[str, Any]) -> dict[str, Any]:
        txids = self._history(address)
        coins = self.bb_getUTXOs(address, {})
        size = min(options.get("size", self.page), self.page)
        pages = max(1, -(-len(txids) // size))
        page = min(options.get("page", 1), pages)
        found = {
            "page": page,
            "totalPages": pages,
            "itemsOnPage": size,
            "address": address,
            "balance": str(sum(int(coin["value"]) for coin in coins if coin["confirmations"])),
            "totalReceived": "0",
            "totalSent": "0",
            "unconfirmedBalance": str(sum(int(coin["value"]) for coin in coins if not coin["confirmations"])),
            "unconfirmedTxs": 0,
            "txs": len(txids),
        }
        if options.get("details", "txids") == "txids" and txids:
            found["txids"] = txids[(page - 1) * size : page * size]
        return found

    def bb_getTx(self, txid: str) -> dict[str, Any]:
        found = self.chain.find(parse_hash(txid))
        if found is None:
            raise NodeRefused(-32000, f"Transaction '{txid}' not found")
        height = self._height(found)
        answer: dict[str, Any] = {"txid": txid, "version": found.version, "vin": [], "vout": []}
        if height:
            block = self.chain.index.blocks[height].header
            answer |= {"blockHash": display_hash(block.block_hash), "blockTime": block.time}
            answer |= {"confirmations": self._top - height + 1}
        else:
            answer |= {"confirmations": 0, "blockTime": 1_700_000_000}
        return {**answer, "blockHeight": height or -1, "value": "0", "hex": found.serialize().hex()}

    def bb_getUTXOs(self, address: str, options: dict[str, Any]) -> list[dict[str, Any]]:
        script = script_for(address, Network.REGTEST)
        coins = []
        for transaction in filter(
            None, (self.chain.find(parse_hash(txid)) for txid in self._history(address))
        ):
            height = self._height(transaction)
            if options.get("confirmed") and not height:
                continue
            for vout, output in enumerate(transaction.outputs):
                if output.script == script and not self._spent(transaction, vout):
                    coin = {
                        "txid": display_hash(transaction.txid),
                        "vout": vout,
                        "value": str(int(output.amount)),
                    }
                    known = (
                        {"height": height, "confirmations": self._top - height + 1}
                        if height
                        else {"confirmations": 0}
                    )
                    coins.append({**coin, **known})
        return coins

    def bb_getBlockHash(self, height: str) -> dict[str, str]:
        return {"blockHash": self.getblockhash(int(height))}

    @property
    def _top(self) -> int:
        return self.chain.height - self.lag

    def _height(self, transaction: Transaction) -> int:
        placed = self.chain.index.transaction(transaction.txid)
        return placed.height if placed is not None and placed.height <= self._top else 0

    def _history(self, address: str) -> list[str]:
        hashed = script_hash(script_for(address, Network.REGTEST))
        waiting = self.chain.mempool.history(hashed)
        return [display_hash(txid) for txid in [*waiting, *reversed(self.chain.index.history(hashed))]]

    def _spent(self, transaction: Transaction, vout: int) -> bool:
        outpoint = OutPoint(transaction.txid, vout)
        return bool(self.chain.index.spender(outpoint) or self.chain.mempool.spender(outpoint))


def _decoded(raw: str) -> Transaction:
    try:
        return parse_transaction(bytes.fromhex(raw))
    except (ValueError, InputRefused):
        raise NodeRefused(-22, "TX decode failed. Make sure the tx has at least one input.") from None
