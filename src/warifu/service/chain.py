"""From the configuration to Bitcoin's backends, asked in the configured order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from warifu.chains.bitcoin.network import Network, network_named
from warifu.chains.bitcoin_network.backends.base import (
    UNKNOWN,
    Backend,
    BroadcastOutcome,
    Place,
    TxStatus,
)
from warifu.chains.bitcoin_network.backends.compact_filters import CompactFilters, Peer
from warifu.chains.bitcoin_network.backends.core_rpc import CoreRpc
from warifu.chains.bitcoin_network.backends.electrum import Electrum
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.bitcoin_network.backends.failover import Backends
from warifu.chains.bitcoin_network.fees import FeeEstimates
from warifu.chains.bitcoin_network.genesis import GENESIS
from warifu.chains.bitcoin_network.wallet import ChainTip, DescriptorWallet
from warifu.chains.quicknode.bitcoin import QuickNodeBitcoin
from warifu.errors import ChainUnavailable, InputRefused
from warifu.protocol.chains import BITCOIN
from warifu.service.config import BackendConfig, ServiceConfig
from warifu.service.quicknode import quicknode_access

T = TypeVar("T")
ANY_PEER = "any"


def make_backend(config: ServiceConfig) -> Backend | None:
    """What the service asks about Bitcoin; None where nothing is configured. Connects to nothing yet.

    Raises ``InputRefused``.
    """
    network = network_named(config.network)
    found: list[Backend] = []
    configured = config.of_chain(BITCOIN)
    for item in configured:
        same = sum(other.kind == item.kind for other in configured[: len(found)])
        found.append(_backend(item, item.kind if not same else f"{item.kind}-{same + 1}", network))
    return Backends(found, network) if found else None


def _backend(config: BackendConfig, name: str, network: Network) -> Backend:
    match config.kind:
        case "esplora":
            return Esplora(config.url, name)
        case "electrum":
            return Electrum(config.url, name)
        case "core":
            return _core(config, name)
        case "compact-filters":
            return LightNodes(network, _peers(config.url), name)
        case "quicknode":
            return QuickNodeBitcoin(quicknode_access(config), name)
        case "rpc":
            raise InputRefused("backend-kind", f"a backend of Bitcoin cannot be of kind '{config.kind}'")


def _core(config: BackendConfig, name: str) -> Backend:
    """Login by the cookie file, or by ``http://user:password@host:port``, which stays out of every message."""
    parts = urlsplit(config.url)
    if parts.username is None or parts.password is None:
        return CoreRpc(config.url, name, cookie=Path(config.cookie) if config.cookie else None)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return CoreRpc(bare, name, login=(unquote(parts.username), unquote(parts.password)))


def _peers(url: str) -> tuple[Peer, ...]:
    """``any``: peers that the network itself names; else the one at ``IP:PORT``."""
    if url == ANY_PEER:
        return ()
    host, _, port = url.rpartition(":")
    if not port.isascii() or not port.isdecimal() or len(port) > 5:
        raise InputRefused(
            "backend-address", f"a peer is IP:PORT, or '{ANY_PEER}' for whom the network names"
        )
    return (Peer(host.strip("[]"), int(port)),)


class LightNodes:
    """Compact filters for all wallets: each has a light node of its own, which knows the chain as far as it asked."""

    def __init__(self, network: Network, peers: Sequence[Peer], name: str) -> None:
        self.name = name
        self._network = network
        self._peers = peers
        self._nodes: dict[int, CompactFilters] = {}
        self._lock = threading.Lock()

    def block_hash(self, height: int) -> bytes:
        """Of a block that some wallet remembers."""
        if height == 0:
            return GENESIS[self._network]
        return self._first(lambda node: node.block_hash(height))

    def tip(self) -> ChainTip:
        """The highest that any wallet was synchronised to."""
        return max((node.tip() for node in self._all()), key=lambda tip: tip.height)

    def sync(self, wallet: DescriptorWallet) -> None:
        """Fetch what is new for this wallet."""
        with self._lock:
            node = self._nodes.setdefault(id(wallet), CompactFilters(wallet, self._peers, self.name))
        node.sync(wallet)

    def fee_rates(self) -> FeeEstimates:
        """What the peers say."""
        return self._first(lambda node: node.fee_rates())

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Offer it to the peers."""
        return self._first(lambda node: node.broadcast(raw))

    def status(self, txid: bytes) -> TxStatus:
        """Confirmed, if a wallet of ours saw that."""
        found = (node.status(txid) for node in self._all())
        return next((status for status in found if status.place is Place.CONFIRMED), UNKNOWN)

    def close(self) -> None:
        """Nothing is held between questions."""

    def _all(self) -> list[CompactFilters]:
        with self._lock:
            if self._nodes:
                return list(self._nodes.values())
        raise ChainUnavailable("not-known", f"{self.name}: no wallet was synchronised yet", blame=self.name)

    def _first(self, ask: Callable[[CompactFilters], T]) -> T:
        failure: ChainUnavailable | None = None
        for node in self._all():
            try:
                return ask(node)
            except ChainUnavailable as error:
                failure = error
        assert failure is not None, "there is at least one"
        raise failure
