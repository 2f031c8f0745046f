"""Esplora (blockstream.info, mempool.space, or one's own): BDK's client finds the wallet's transactions.

The server learns every address of the wallet. Its answers about confirmations are believed as far as a backend is
believed at all: see the package's first lines.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import bdkpython as bdk
import msgspec

from warifu.chains.bitcoin.transaction import display_hash, parse_hash, parse_transaction
from warifu.chains.bitcoin_network.backends.base import (
    IN_MEMPOOL,
    UNKNOWN,
    Broadcast,
    BroadcastOutcome,
    Height,
    TxStatus,
    confirmed,
)
from warifu.chains.bitcoin_network.backends.deadline import Deadline
from warifu.chains.bitcoin_network.backends.rejection import is_already_known, other_witness, rejection
from warifu.chains.bitcoin_network.fees import FeeEstimates, estimates_from
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD, ChainTip, DescriptorWallet
from warifu.chains.rpc.http import BoundedHttp
from warifu.chains.rpc.reply import read_json
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import InputRefused

PARALLEL = 4
SYNC_SECONDS = 300.0
_SMALL = 64 * 1024

T = TypeVar("T")


class _Status(msgspec.Struct):
    confirmed: bool
    block_height: Height | None = None
    block_hash: str | None = None


class Esplora:
    """One Esplora server at ``url`` (with its ``/api`` path, if it has one)."""

    def __init__(self, url: str, name: str = "esplora", *, sync_seconds: float = SYNC_SECONDS) -> None:
        self._http = BoundedHttp(url, name)
        self._client = bdk.EsploraClient(url.rstrip("/"))
        self._deadline = Deadline(name, sync_seconds)

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        return self._http.name

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``."""
        return self._hash(f"/block-height/{height}")

    def tip(self) -> ChainTip:
        """The best block. Two questions, so the hash is asked again by height: a block may arrive in between."""
        text = self._text("/blocks/tip/height")
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise unavailable("answer-form", "its height is no number", self.name)
        return ChainTip(int(text), self.block_hash(int(text)))

    def sync(self, wallet: DescriptorWallet) -> None:
        """A full scan for a wallet that never was synchronised, afterwards the revealed addresses."""
        self.tip()  # a dead server is found out here, within bounds, and not inside the library
        with wallet.changing() as inner:
            fresh = inner.latest_checkpoint().height == 0
            scan = inner.start_full_scan().build() if fresh else None
            revealed = None if fresh else inner.start_sync_with_revealed_spks().build()

        def ask() -> bdk.Update:
            if scan is not None:
                return self._client.full_scan(scan, LOOKAHEAD, PARALLEL)
            assert revealed is not None
            return self._client.sync(revealed, PARALLEL)

        try:
            update = self._deadline.call(ask)
        except (bdk.EsploraError, bdk.InternalError) as error:
            raise unavailable(
                "answer-form", f"synchronising failed ({type(error).__name__})", self.name
            ) from None
        wallet.apply_update(update)

    def fee_rates(self) -> FeeEstimates:
        """The server's estimates."""
        _, body = self._get("/fee-estimates")
        rates = self._decoded(body, dict[str, float])
        return estimates_from(
            {int(k): Decimal(str(v)) for k, v in rates.items() if k.isdecimal() and len(k) < 5}
        )

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Send it, unless the server has it: then compare what it has."""
        transaction = parse_transaction(raw)
        known = self._known(transaction.txid)
        if known is not None:
            if known != raw:
                raise other_witness(self.name)
            return BroadcastOutcome(transaction.txid, Broadcast.ALREADY_KNOWN, self.name)
        status, body = self._http.request("POST", "/tx", content=raw.hex().encode(), limit=_SMALL)
        text = body.decode("utf-8", "replace").strip()
        if status != 200:
            if is_already_known(text):
                return BroadcastOutcome(transaction.txid, Broadcast.ALREADY_KNOWN, self.name)
            if status >= 500:
                raise unavailable("answer-form", f"status {status} to a broadcast", self.name)
            raise rejection(text, self.name)
        if text != display_hash(transaction.txid):
            raise unavailable("answer-form", "it names another transaction than the one sent", self.name)
        return BroadcastOutcome(transaction.txid, Broadcast.ACCEPTED, self.name)

    def status(self, txid: bytes) -> TxStatus:
        """Where the transaction is."""
        status, body = self._get(f"/tx/{display_hash(txid)}/status", missing_is_fine=True)
        if status == 404:
            return UNKNOWN
        found = self._decoded(body, _Status)
        if not found.confirmed:
            # Some servers answer this for a transaction they never saw; they cannot show one they do not have.
            return IN_MEMPOOL if self._known(txid) is not None else UNKNOWN
        if found.block_height is None or found.block_hash is None:
            raise unavailable("answer-form", "a confirmed transaction without its block", self.name)
        try:
            return confirmed(found.block_height, found.block_hash)
        except InputRefused:
            raise unavailable("answer-form", "a block hash that is none", self.name) from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _known(self, txid: bytes) -> bytes | None:
        """The server's copy of a transaction, checked to be of this id; None where it has none."""
        status, body = self._get(f"/tx/{display_hash(txid)}/raw", missing_is_fine=True)
        if status == 404:
            return None
        try:
            if parse_transaction(body).txid == txid:
                return body
        except InputRefused:
            pass
        raise unavailable("answer-form", "it shows another transaction than the one asked for", self.name)

    def _get(self, path: str, *, missing_is_fine: bool = False) -> tuple[int, bytes]:
        status, body = self._http.request("GET", path)
        if status == 200 or (missing_is_fine and status == 404):
            return status, body
        raise unavailable("answer-form", f"status {status} where 200 was expected", self.name)

    def _text(self, path: str) -> str:
        return self._get(path)[1][:200].decode("ascii", "replace").strip()

    def _hash(self, path: str) -> bytes:
        try:
            return parse_hash(self._text(path))
        except InputRefused:
            raise unavailable("answer-form", "a block hash that is none", self.name) from None

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return read_json(body, kind)
        except (msgspec.MsgspecError, ValueError):
            raise unavailable("answer-form", "its answer is not what Esplora says", self.name) from None
