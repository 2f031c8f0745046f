"""A stand-in for an Electrum server: protocol 1.4 over the embedded chain, JSON lines on a loopback socket.

No Electrum server can be had from a package index, so this speaks its documented protocol as far as BDK's client asks.
"""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from warifu.chains.bitcoin.transaction import display_hash, parse_hash, parse_transaction
from warifu.chains.bitcoin_embedded.block import merkle_branch
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.mempool import Refused


class ElectrumError(Exception):
    """An error that the server answers with."""


class ElectrumApi:
    """The answers."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain = chain

    def answer(self, method: str, params: list[object]) -> object:
        handler = getattr(self, "do_" + method.replace(".", "_"), None)
        if handler is None:
            raise ElectrumError(f"unknown method {method}")
        with self.chain.lock:
            return handler(*params)

    def do_server_version(self, *_):
        return ["stand-in 1.0", "1.4"]

    def do_server_ping(self):
        return None

    def do_server_features(self):
        return {
            "genesis_hash": display_hash(self.chain.index.blocks[0].header.block_hash),
            "hosts": {},
            "protocol_max": "1.4",
            "protocol_min": "1.4",
            "pruning": None,
            "server_version": "stand-in 1.0",
            "hash_function": "sha256",
        }

    def _header(self, height: int) -> str:
        if height > self.chain.height:
            raise ElectrumError(f"height {height} out of range")
        return self.chain.index.blocks[height].header.serialize().hex()

    def do_blockchain_headers_subscribe(self):
        return {"height": self.chain.height, "hex": self._header(self.chain.height)}

    def do_blockchain_block_header(self, height):
        return self._header(height)

    def do_blockchain_block_headers(self, start, count):
        blocks = self.chain.index.blocks[start : start + count]
        return {
            "count": len(blocks),
            "hex": "".join(block.header.serialize().hex() for block in blocks),
            "max": 2016,
        }

    def do_blockchain_scripthash_get_history(self, shown):
        hashed = bytes.fromhex(shown)[::-1]
        ids = dict.fromkeys(self.chain.index.history(hashed))
        placed = [found for found in map(self.chain.index.transaction, ids) if found]
        confirmed = [
            {"height": item.height, "tx_hash": display_hash(item.transaction.txid)} for item in placed
        ]
        entries = [
            found for found in map(self.chain.mempool.get, self.chain.mempool.history(hashed)) if found
        ]
        waiting = [
            {"height": 0, "tx_hash": display_hash(item.transaction.txid), "fee": item.fee} for item in entries
        ]
        return confirmed + waiting

    def do_blockchain_transaction_get(self, shown, verbose=False):
        found = self.chain.find(parse_hash(shown))
        if found is None:
            raise ElectrumError("No such mempool or blockchain transaction")
        return found.serialize().hex()

    def do_blockchain_transaction_get_merkle(self, shown, height):
        txid = parse_hash(shown)
        placed = self.chain.index.transaction(txid)
        if placed is None or placed.height != height:
            raise ElectrumError("tx not in block")
        txids = [tx.txid for tx in self.chain.index.blocks[height].transactions]
        branch = [display_hash(value) for value in merkle_branch(txids, placed.position)]
        return {"block_height": height, "pos": placed.position, "merkle": branch}

    def do_blockchain_estimatefee(self, target):
        return 0.00002 if target == 1 else 0.00001

    def do_blockchain_relayfee(self):
        return 0.00001

    def do_blockchain_transaction_broadcast(self, raw):
        try:
            return display_hash(self.chain.send(parse_transaction(bytes.fromhex(raw))))
        except Refused as refused:
            raise ElectrumError(f"the transaction was rejected by network rules.\n\n{refused}") from None


def _handler(api: ElectrumApi) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                request = json.loads(line)
                reply: dict[str, object] = {"jsonrpc": "2.0", "id": request["id"]}
                try:
                    reply["result"] = api.answer(request["method"], request.get("params", []))
                except ElectrumError as error:
                    reply["error"] = {"code": 1, "message": str(error)}
                self.wfile.write(json.dumps(reply).encode() + b"\n")

    return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def electrum_server(chain: EmbeddedChain) -> Iterator[str]:
    """Serve ``chain``; gives the address for a client."""
    api = ElectrumApi(chain)
    with _Server(("127.0.0.1", 0), _handler(api)) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)
