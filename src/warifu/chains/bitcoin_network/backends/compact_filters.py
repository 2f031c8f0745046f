"""Compact block filters from the peer-to-peer network (BIP-157, BIP-158): nobody learns which addresses are ours.

Peers send a filter for each block; only blocks that match are fetched, whole. Headers and proof of work are checked by
the library. What this road cannot do: it sees no mempool, so strangers' payments appear when they are in a block, and
whether a broadcast was accepted is known only then. A light node lives for one question and keeps no file.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

import bdkpython as bdk

from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import parse_transaction
from warifu.chains.bitcoin_network.backends.base import (
    UNKNOWN,
    Broadcast,
    BroadcastOutcome,
    Place,
    TxStatus,
)
from warifu.chains.bitcoin_network.fees import FeeEstimates, estimates_from
from warifu.chains.bitcoin_network.genesis import GENESIS
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD, ChainTip, DescriptorWallet
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import InputRefused

HANDSHAKE_MILLISECONDS = 5_000
RESPONSE_MILLISECONDS = 10_000
CONNECT_SECONDS = 30.0
SYNC_SECONDS = 600.0
BROADCAST_SECONDS = 10.0
ASK_SECONDS = 30.0
CONNECTIONS = 2
_KWU_PER_KVB = 4

T = TypeVar("T")


class Peer:
    """A node that serves compact filters: an IP address and a port."""

    def __init__(self, host: str, port: int) -> None:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise InputRefused("backend-address", f"{host[:60]!r} is not an IP address") from None
        if not 1 <= port <= 65535:
            raise InputRefused("backend-address", "a port is from 1 to 65535")
        self._address = address
        self._port = port

    def for_bdk(self) -> bdk.Peer:
        """As the library takes it. Version 1 transport: what is asked is public, and every node speaks it."""
        octets = self._address.packed
        if self._address.version == 4:
            address = bdk.IpAddress.from_ipv4(octets[0], octets[1], octets[2], octets[3])
        else:
            a, b, c, d, e, f, g, h = (int.from_bytes(octets[at : at + 2], "big") for at in range(0, 16, 2))
            address = bdk.IpAddress.from_ipv6(a, b, c, d, e, f, g, h)
        return bdk.Peer(address=address, port=self._port, v2_transport=False)


class CompactFilters:
    """Light nodes for one wallet, talking to ``peers`` only if any are named, else to what DNS seeds offer."""

    def __init__(
        self,
        wallet: DescriptorWallet,
        peers: Sequence[Peer] = (),
        name: str = "compact-filters",
        *,
        connect_seconds: float = CONNECT_SECONDS,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self.name = name
        self._wallet = wallet
        self._peers = list(peers)
        self._connect_seconds = connect_seconds
        self._sync_seconds = sync_seconds

    def block_hash(self, height: int) -> bytes:
        """The hash of a block that the wallet remembers; of block 0 always, the library accepts no other."""
        if height == 0:
            return GENESIS[self._wallet.network]
        for known in self._wallet.checkpoints():
            if known.height == height:
                return known.block_hash
        raise unavailable("not-known", f"block {height} is not remembered", self.name)

    def tip(self) -> ChainTip:
        """The best block as of the last synchronisation."""
        return self._wallet.tip()

    def sync(self, wallet: DescriptorWallet) -> None:
        """Fetch filters, and the blocks that match, from the wallet's last block to the peers' tip."""
        self._check_wallet(wallet)
        wallet.apply_update(self._ask(lambda client: client.update(), self._sync_seconds))

    def fee_rates(self) -> FeeEstimates:
        """No estimates: the least that peers relay, and what the last block paid on average."""

        async def ask(client: bdk.CbfClient) -> dict[int, float]:
            await client.update()
            least = await client.min_broadcast_feerate()
            tip = bdk.BlockHash.from_bytes(self._wallet.tip().block_hash)
            average = await client.average_fee_rate(tip)
            rates = {144: least.to_sat_per_kwu(), 2: max(least.to_sat_per_kwu(), average.to_sat_per_kwu())}
            return {target: rate * _KWU_PER_KVB / 1000 for target, rate in rates.items()}

        return estimates_from(self._ask(ask, ASK_SECONDS))

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Offer it to the peers. One that has it does not ask for it, so silence after the offer is no failure."""
        transaction = parse_transaction(raw)

        async def offer(client: bdk.CbfClient) -> None:
            try:
                await asyncio.wait_for(client.broadcast(bdk.Transaction(raw)), BROADCAST_SECONDS)
            except TimeoutError:
                return

        self._ask(offer, BROADCAST_SECONDS + ASK_SECONDS)
        return BroadcastOutcome(transaction.txid, Broadcast.SENT, self.name)

    def status(self, txid: bytes) -> TxStatus:
        """Confirmed as of the last synchronisation, else unknown: there is no mempool to look into."""
        found = self._wallet.transaction(txid)
        if found is None or found.confirmed_in is None:
            return UNKNOWN
        return TxStatus(Place.CONFIRMED, found.confirmed_in)

    def close(self) -> None:
        """Nothing is held between questions."""

    # --- one light node for one question -------------------------------------------------------------------------

    def _check_wallet(self, wallet: DescriptorWallet) -> None:
        if wallet is not self._wallet:
            raise InputRefused("backend-wallet", "a compact filter backend serves the wallet it was made for")

    def _ask(self, question: Callable[[bdk.CbfClient], Awaitable[T]], seconds: float) -> T:
        """The answer of a light node that is started for it and stopped after it."""
        client = self._start()
        try:
            return asyncio.run(self._bounded(client, question, seconds))
        except bdk.CbfError as error:
            raise unavailable("unreachable", type(error).__name__, self.name) from None
        finally:
            self._stop(client)

    async def _bounded(
        self, client: bdk.CbfClient, question: Callable[[bdk.CbfClient], Awaitable[T]], seconds: float
    ) -> T:
        answer = asyncio.ensure_future(question(client))
        connected = asyncio.ensure_future(self._connected(client))
        done, _ = await asyncio.wait({answer, connected}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if answer not in done:
                connected.result()
                return await asyncio.wait_for(answer, seconds)
            return answer.result()
        except TimeoutError:
            raise unavailable("time-out", f"not done within {seconds:.0f} seconds", self.name) from None
        finally:
            answer.cancel()
            connected.cancel()

    async def _connected(self, client: bdk.CbfClient) -> None:
        ends = time.monotonic() + self._connect_seconds
        while not await client.peer_info():
            if time.monotonic() > ends:
                raise unavailable("unreachable", "no peer that serves compact filters", self.name)
            await asyncio.sleep(0.1)

    def _start(self) -> bdk.CbfClient:
        builder = (
            bdk.CbfBuilder()
            .connections(min(CONNECTIONS, len(self._peers) or CONNECTIONS))
            .configure_timeout_millis(HANDSHAKE_MILLISECONDS, RESPONSE_MILLISECONDS)
            .scan_type(self._scan_type())
        )
        if self._peers:
            builder = builder.peers([peer.for_bdk() for peer in self._peers]).only_configured_peers()
        with self._wallet.changing() as inner:
            parts = builder.build(inner)
        parts.node.run()  # returns at once: the library has threads of its own
        return parts.client

    def _stop(self, client: bdk.CbfClient) -> None:
        try:
            client.shutdown()
        except bdk.CbfError:
            return  # it had stopped by itself

    def _scan_type(self) -> bdk.ScanType:
        """From the wallet's last block on; a fresh wallet from where its kind of output began to exist."""
        # The bindings' variants are subclasses only at run time.
        if self._wallet.tip().height > 0:
            return cast(bdk.ScanType, bdk.ScanType.SYNC())
        taproot = self._wallet.network is Network.BITCOIN
        since = bdk.RecoveryPoint.TAPROOT_ACTIVATION() if taproot else bdk.RecoveryPoint.GENESIS_BLOCK()
        return cast(bdk.ScanType, bdk.ScanType.RECOVERY(LOOKAHEAD, cast(bdk.RecoveryPoint, since)))
