"""The part of Esplora's HTTP interface that the wallet's backend uses, answered from the embedded chain.

Pure of HTTP itself: ``answer`` takes method, path and body, and returns status and body (``server`` carries them).
Forms and status codes are those of Blockstream's ``electrs``; hashes are shown reversed, as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from warifu.chains.bitcoin.address import address_for, script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import (
    OutPoint,
    Transaction,
    TxInput,
    TxOutput,
    display_hash,
    parse_hash,
    parse_transaction,
)
from warifu.chains.bitcoin_embedded.block import NO_OUTPOINT, Block, merkle_branch
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.index import script_hash
from warifu.chains.bitcoin_embedded.mempool import Refused
from warifu.errors import InputRefused

PAGE = 25
RECENT_BLOCKS = 10
FEE_TARGETS = (*range(1, 26), 144, 504, 1008)

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain"


class NotFound(Exception):
    """Status 404; the message is the body."""


def text(value: object) -> Answer:
    """A plain answer."""
    return Answer(str(value).encode())


def json(value: object) -> Answer:
    """A JSON answer."""
    return Answer(msgspec.json.encode(value), content_type="application/json")


class EsploraApi:
    """Esplora over one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (
                method,
                re.compile(pattern.replace("HASH", "([0-9a-f]{64})").replace("NUM", "([0-9]{1,9})")),
                handler,
            )
            for method, pattern, handler in (
                ("GET", "/blocks/tip/height", self._tip_height),
                ("GET", "/blocks/tip/hash", self._tip_hash),
                ("GET", "/blocks(?:/NUM)?", self._recent_blocks),
                ("GET", "/block-height/NUM", self._hash_at),
                ("GET", "/block/HASH", self._block_info),
                ("GET", "/block/HASH/header", self._block_header),
                ("GET", "/block/HASH/raw", self._block_raw),
                ("GET", "/block/HASH/status", self._block_status),
                ("GET", "/block/HASH/txids", self._block_txids),
                ("GET", "/block/HASH/txid/NUM", self._block_txid),
                ("GET", "/tx/HASH", self._tx),
                ("GET", "/tx/HASH/status", self._tx_status),
                ("GET", "/tx/HASH/raw", self._tx_raw),
                ("GET", "/tx/HASH/hex", self._tx_hex),
                ("GET", "/tx/HASH/merkle-proof", self._merkle_proof),
                ("GET", "/tx/HASH/outspend/NUM", self._outspend),
                ("GET", "/tx/HASH/outspends", self._outspends),
                ("GET", "/scripthash/HASH/txs", self._script_txs),
                ("GET", "/scripthash/HASH/txs/chain(?:/HASH)?", self._script_chain_txs),
                ("GET", "/address/([0-9A-Za-z]{14,90})/txs", self._address_txs),
                ("GET", "/fee-estimates", self._fee_estimates),
                ("GET", "/mempool", self._mempool),
                ("GET", "/mempool/txids", self._mempool_txids),
                ("POST", "/tx", self._send),
            )
        ]

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one request; 404 for what is not here, 400 for what is refused."""
        for wanted, pattern, handler in self._routes:
            found = pattern.fullmatch(path)
            if found and method == wanted:
                arguments = [group for group in found.groups() if group is not None]
                try:
                    with self._chain.lock:
                        return handler(*arguments, body) if method == "POST" else handler(*arguments)
                except NotFound as missing:
                    return Answer(str(missing).encode(), 404)
                except InputRefused as refused:
                    return Answer(refused.message.encode(), 400)
        return Answer(b"no such path", 404)

    # --- blocks --------------------------------------------------------------------------------------------------

    def _tip_height(self) -> Answer:
        return text(self._chain.height)

    def _tip_hash(self) -> Answer:
        return text(display_hash(self._chain.tip))

    def _recent_blocks(self, start: str | None = None) -> Answer:
        top = min(int(start), self._chain.height) if start is not None else self._chain.height
        return json([self._summary(height) for height in range(top, max(-1, top - RECENT_BLOCKS), -1)])

    def _hash_at(self, number: str) -> Answer:
        if int(number) > self._chain.height:
            raise NotFound("Block not found")
        return text(display_hash(self._chain.index.blocks[int(number)].header.block_hash))

    def _height_of(self, shown: str) -> int:
        height = self._chain.index.heights.get(parse_hash(shown))
        if height is None:
            raise NotFound("Block not found")
        return height

    def _block(self, shown: str) -> Block:
        return self._chain.index.blocks[self._height_of(shown)]

    def _summary(self, height: int) -> Json:
        block = self._chain.index.blocks[height]
        header = block.header
        return {
            "id": display_hash(header.block_hash),
            "height": height,
            "version": header.version,
            "timestamp": header.time,
            "mediantime": header.time,
            "tx_count": len(block.transactions),
            "size": len(block.serialize()),
            "weight": sum(tx.weight for tx in block.transactions),
            "merkle_root": display_hash(header.merkle_root),
            "previousblockhash": display_hash(header.previous) if height else None,
            "nonce": header.nonce,
            "bits": header.bits,
            "difficulty": 0.0,
        }

    def _block_info(self, shown: str) -> Answer:
        return json(self._summary(self._height_of(shown)))

    def _block_header(self, shown: str) -> Answer:
        return text(self._block(shown).header.serialize().hex())

    def _block_raw(self, shown: str) -> Answer:
        return Answer(self._block(shown).serialize(), content_type="application/octet-stream")

    def _block_status(self, shown: str) -> Answer:
        height = self._chain.index.heights.get(parse_hash(shown))
        if height is None:
            return json({"in_best_chain": False, "height": None, "next_best": None})
        last = height == self._chain.height
        following = None if last else display_hash(self._chain.index.blocks[height + 1].header.block_hash)
        return json({"in_best_chain": True, "height": height, "next_best": following})

    def _block_txids(self, shown: str) -> Answer:
        return json([display_hash(tx.txid) for tx in self._block(shown).transactions])

    def _block_txid(self, shown: str, number: str) -> Answer:
        transactions = self._block(shown).transactions
        if int(number) >= len(transactions):
            raise NotFound("tx index out of range")
        return text(display_hash(transactions[int(number)].txid))

    # --- transactions --------------------------------------------------------------------------------------------

    def _found(self, shown: str) -> Transaction:
        found = self._chain.find(parse_hash(shown))
        if found is None:
            raise NotFound("Transaction not found")
        return found

    def _tx(self, shown: str) -> Answer:
        return json(self._described(self._found(shown)))

    def _tx_status(self, shown: str) -> Answer:
        return json(self._status_of(self._found(shown).txid))

    def _tx_raw(self, shown: str) -> Answer:
        return Answer(self._found(shown).serialize(), content_type="application/octet-stream")

    def _tx_hex(self, shown: str) -> Answer:
        return text(self._found(shown).serialize().hex())

    def _status_of(self, txid: bytes) -> Json:
        placed = self._chain.index.transaction(txid)
        if placed is None:
            return {"confirmed": False}
        header = self._chain.index.blocks[placed.height].header
        return {
            "confirmed": True,
            "block_height": placed.height,
            "block_hash": display_hash(header.block_hash),
            "block_time": header.time,
        }

    def _described(self, transaction: Transaction) -> Json:
        coinbase = transaction.inputs[0].outpoint == NO_OUTPOINT
        spent = [None if coinbase else self._output(item.outpoint) for item in transaction.inputs]
        paid_in = sum(output.amount for output in spent if output)
        paid_out = sum(output.amount for output in transaction.outputs)
        return {
            "txid": display_hash(transaction.txid),
            "version": transaction.version,
            "locktime": transaction.locktime,
            "vin": [
                _input(item, output, coinbase) for item, output in zip(transaction.inputs, spent, strict=True)
            ],
            "vout": [_output(output) for output in transaction.outputs],
            "size": len(transaction.serialize()),
            "weight": transaction.weight,
            "fee": 0 if coinbase else paid_in - paid_out,
            "status": self._status_of(transaction.txid),
        }

    def _output(self, outpoint: OutPoint) -> TxOutput | None:
        return self._chain.mempool.output(outpoint)

    def _merkle_proof(self, shown: str) -> Answer:
        placed = self._chain.index.transaction(parse_hash(shown))
        if placed is None:
            raise NotFound("Transaction not found or is unconfirmed")
        txids = [tx.txid for tx in self._chain.index.blocks[placed.height].transactions]
        branch = [display_hash(value) for value in merkle_branch(txids, placed.position)]
        return json({"block_height": placed.height, "merkle": branch, "pos": placed.position})

    def _outspend(self, shown: str, number: str) -> Answer:
        return json(self._spending(OutPoint(self._found(shown).txid, int(number))))

    def _outspends(self, shown: str) -> Answer:
        found = self._found(shown)
        return json([self._spending(OutPoint(found.txid, vout)) for vout in range(len(found.outputs))])

    def _spending(self, outpoint: OutPoint) -> Json:
        spender = self._chain.index.spender(outpoint) or self._chain.mempool.spender(outpoint)
        transaction = self._chain.find(spender) if spender else None
        if transaction is None:
            return {"spent": False}
        position = [item.outpoint for item in transaction.inputs].index(outpoint)
        return {
            "spent": True,
            "txid": display_hash(transaction.txid),
            "vin": position,
            "status": self._status_of(transaction.txid),
        }

    def _send(self, body: bytes) -> Answer:
        try:
            raw = bytes.fromhex(body.decode("ascii").strip())
        except ValueError:
            return Answer(b'sendrawtransaction RPC error: {"code":-22,"message":"TX decode failed"}', 400)
        try:
            return text(display_hash(self._chain.send(parse_transaction(raw))))
        except Refused as refused:
            error = msgspec.json.encode({"code": refused.code, "message": str(refused)})
            return Answer(b"sendrawtransaction RPC error: " + error, 400)

    # --- scripts -------------------------------------------------------------------------------------------------

    def _script_txs(self, shown: str) -> Answer:
        # A script's hash is no txid: Esplora shows it forwards.
        return self._history(bytes.fromhex(shown))

    def _address_txs(self, address: str) -> Answer:
        return self._history(script_hash(script_for(address, Network.REGTEST)))

    def _history(self, hashed: bytes) -> Answer:
        waiting = self._chain.mempool.history(hashed)
        newest = list(self._confirmed(hashed))[:PAGE]
        return json([self._described(tx) for tx in map(self._chain.find, [*waiting, *newest]) if tx])

    def _script_chain_txs(self, shown: str, last_seen: str | None = None) -> Answer:
        newest = list(self._confirmed(bytes.fromhex(shown)))
        if last_seen is not None:
            last = parse_hash(last_seen)
            newest = newest[newest.index(last) + 1 :] if last in newest else []
        return json([self._described(tx) for tx in map(self._chain.find, newest[:PAGE]) if tx])

    def _confirmed(self, hashed: bytes) -> Iterator[bytes]:
        return reversed(self._chain.index.history(hashed))

    # --- fees and mempool ----------------------------------------------------------------------------------------

    def _fee_estimates(self) -> Answer:
        """A private chain has room for all: twice the minimum for the next block, the minimum later."""
        return json({str(target): 2.0 if target == 1 else 1.0 for target in FEE_TARGETS})

    def _mempool(self) -> Answer:
        entries = list(self._chain.mempool)
        return json(
            {
                "count": len(entries),
                "vsize": sum(entry.transaction.vsize for entry in entries),
                "total_fee": sum(entry.fee for entry in entries),
                "fee_histogram": [],
            }
        )

    def _mempool_txids(self) -> Answer:
        return json([display_hash(entry.transaction.txid) for entry in self._chain.mempool])


def _input(item: TxInput, spent: TxOutput | None, coinbase: bool) -> Json:
    return {
        "txid": display_hash(item.outpoint.txid),
        "vout": item.outpoint.vout,
        "prevout": None if spent is None else _output(spent),
        "scriptsig": item.script_sig.hex(),
        "witness": [part.hex() for part in item.witness],
        "is_coinbase": coinbase,
        "sequence": item.sequence,
    }


def _output(output: TxOutput) -> Json:
    return {
        "scriptpubkey": output.script.hex(),
        "scriptpubkey_address": address_for(output.script, Network.REGTEST),
        "value": int(output.amount),
    }
