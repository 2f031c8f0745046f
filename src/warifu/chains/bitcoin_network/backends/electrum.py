"""Electrum servers (electrs, Fulcrum, ElectrumX): BDK's client, over TCP or TLS.

The server learns every address of the wallet, so the best one is one's own. TLS certificates are checked unless the
address is of the form ``tcp://``, which is for loopback and onion addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import bdkpython as bdk

from warifu.chains.bitcoin.transaction import Transaction, double_sha256, parse_transaction
from warifu.chains.bitcoin_network.backends.base import (
    IN_MEMPOOL,
    UNKNOWN,
    Broadcast,
    BroadcastOutcome,
    Place,
    TxStatus,
)
from warifu.chains.bitcoin_network.backends.deadline import Deadline
from warifu.chains.bitcoin_network.backends.rejection import is_already_known, other_witness, rejection
from warifu.chains.bitcoin_network.fees import FeeEstimates, estimates_from
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD, ChainTip, DescriptorWallet
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused, WarifuError

BATCH = 20
TIMEOUT_SECONDS = 20
RETRIES = 2
SYNC_SECONDS = 300.0
FEE_TARGETS = (1, 2, 3, 6, 12, 25, 144, 504, 1008)

T = TypeVar("T")


class Electrum:
    """One Electrum server at ``ssl://host:port`` or ``tcp://host:port``; ``socks5`` is ``host:port`` of a proxy."""

    def __init__(
        self,
        url: str,
        name: str = "electrum",
        *,
        socks5: str | None = None,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("ssl", "tcp") or not parts.hostname or not parts.port:
            raise InputRefused("backend-address", "an Electrum server is ssl://host:port or tcp://host:port")
        self.name = name
        self._url = url
        self._socks5 = socks5
        self._quick = Deadline(name, 3 * TIMEOUT_SECONDS)
        self._slow = Deadline(name, sync_seconds)
        self._connected: bdk.ElectrumClient | None = None
        self._last_seen: dict[bytes, ChainTip] = {}

    def _client(self) -> bdk.ElectrumClient:
        if self._connected is None:
            self._connected = bdk.ElectrumClient(self._url, self._socks5, TIMEOUT_SECONDS, RETRIES)
        return self._connected

    def _ask(self, question: Callable[[bdk.ElectrumClient], T], *, slow: bool = False) -> T:
        """The answer to ``question``; a connection that broke is made anew once."""
        deadline = self._slow if slow else self._quick
        try:
            return deadline.call(lambda: question(self._client()))
        except bdk.ElectrumError as error:
            if _is_answer(error):
                raise
        except ChainUnavailable:
            self._connected = None
            raise
        self._connected = None
        try:
            return deadline.call(lambda: question(self._client()))
        except bdk.ElectrumError as error:
            if _is_answer(error):
                raise
            self._connected = None
            raise unavailable("unreachable", type(error).__name__, self.name) from None

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``."""
        try:
            return _hash_of(self._ask(lambda client: client.block_header(height)))
        except bdk.ElectrumError as error:
            raise self._unusable(error) from None

    def tip(self) -> ChainTip:
        """The best block."""
        try:
            found = self._ask(lambda client: client.block_headers_subscribe())
        except bdk.ElectrumError as error:
            raise self._unusable(error) from None
        return ChainTip(found.height, _hash_of(found.header))

    def sync(self, wallet: DescriptorWallet) -> None:
        """A full scan for a wallet that never was synchronised, afterwards the revealed addresses."""

        def ask(client: bdk.ElectrumClient) -> bdk.Update:
            with wallet.changing() as inner:
                fresh = inner.latest_checkpoint().height == 0
                scan = inner.start_full_scan().build() if fresh else None
                revealed = None if fresh else inner.start_sync_with_revealed_spks().build()
            if scan is not None:
                return client.full_scan(scan, LOOKAHEAD, BATCH, fetch_prev_txouts=True)
            assert revealed is not None
            return client.sync(revealed, BATCH, fetch_prev_txouts=True)

        try:
            update = self._ask(ask, slow=True)
        except bdk.ElectrumError as error:
            raise self._unusable(error) from None
        wallet.apply_update(update)
        self._remember(wallet)

    def _remember(self, wallet: DescriptorWallet) -> None:
        """Electrum tells blocks by script, not by transaction: ``status`` takes them from what was synchronised."""
        self._last_seen = {tx.txid: tx.confirmed_in for tx in wallet.transactions() if tx.confirmed_in}

    def fee_rates(self) -> FeeEstimates:
        """The server's estimates; it says -1 where it has none."""

        def ask(client: bdk.ElectrumClient) -> dict[int, float]:
            return {target: client.estimate_fee(target) * 100_000 for target in FEE_TARGETS}

        try:
            return estimates_from(self._ask(ask))
        except bdk.ElectrumError:
            return estimates_from({})

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Send it, unless the server has it: then compare what it has."""
        transaction = parse_transaction(raw)
        known = self._known(transaction.txid)
        if known is not None:
            if known != raw:
                raise other_witness(self.name)
            return self._outcome(transaction, Broadcast.ALREADY_KNOWN)
        try:
            self._ask(lambda client: client.transaction_broadcast(bdk.Transaction(raw)))
        except bdk.ElectrumError as error:
            if is_already_known(str(error)):
                return self._outcome(transaction, Broadcast.ALREADY_KNOWN)
            raise rejection(str(error), self.name) from None
        return self._outcome(transaction, Broadcast.ACCEPTED)

    def _outcome(self, transaction: Transaction, result: Broadcast) -> BroadcastOutcome:
        return BroadcastOutcome(transaction.txid, result, self.name)

    def _known(self, txid: bytes) -> bytes | None:
        try:
            raw = self._ask(lambda client: client.transaction_get_raw(bdk.Txid.from_bytes(txid)))
        except bdk.ElectrumError:
            return None
        try:
            if parse_transaction(raw).txid == txid:
                return raw
        except InputRefused:
            pass
        raise unavailable("answer-form", "it shows another transaction than the one asked for", self.name)

    def status(self, txid: bytes) -> TxStatus:
        """Where the transaction is: confirmed as of the last synchronisation, else whether the server has it."""
        block = self._last_seen.get(txid)
        if block is not None and self.block_hash(block.height) == block.block_hash:
            return TxStatus(Place.CONFIRMED, block)
        return IN_MEMPOOL if self._known(txid) is not None else UNKNOWN

    def _unusable(self, error: Exception) -> WarifuError:
        return unavailable("answer-form", f"it answers with an error: {str(error)[:200]}", self.name)

    def close(self) -> None:
        """Let go of the connection."""
        self._connected = None


def _is_answer(error: bdk.ElectrumError) -> bool:
    """Whether the server answered with an error of its own, so that asking again would change nothing."""
    return type(error).__name__ in ("Protocol", "Message")


def _hash_of(header: bdk.Header) -> bytes:
    numbers = b"".join(value.to_bytes(4, "little") for value in (header.time, header.bits, header.nonce))
    version = (header.version & 0xFFFFFFFF).to_bytes(4, "little")
    previous, root = bytes(header.prev_blockhash.serialize()), bytes(header.merkle_root.serialize())
    return double_sha256(version + previous + root + numbers)
