"""The service's configuration: a small TOML file. A password or token in it makes it its owner's alone (mode 0600).

network = "regtest"            # of Bitcoin: bitcoin, testnet, signet, regtest
host = "127.0.0.1"             # where to listen; loopback unless said otherwise
port = 8443                    # 0: any free port
settle_depth = 6               # Bitcoin confirmations after which a transfer is no longer watched
poll_seconds = 10              # how often the chains are asked

[[backends]]                   # in order of preference; the next one of the same chain is asked where one fails
kind = "esplora"               # bitcoin: esplora, core, electrum, compact-filters, quicknode
url = "http://127.0.0.1:3002"

[[backends]]
chain = "base"                 # bitcoin unless said otherwise; an alias, solana, or eip155:CHAIN-ID
kind = "quicknode"             # EVM and Solana: rpc (any JSON-RPC endpoint, your own node), quicknode
url = "https://example.base-mainnet.quiknode.pro/TOKEN/"
token = "..."                  # optional: sent as x-token to QuickNode, as a bearer token to others
jwt_key = "/path/to/key.pem"   # optional, QuickNode: our own key for tokens (JWT), in a file of mode 0600, ...
jwt_kid = "..."                # ... and the name under which its public half is registered there

[[chains]]                     # optional: what is not the default of a chain
chain = "eip155:31337"
name = "devnet"                # of an EVM chain that is not among the known ones: its name, its coin
symbol = "DEV"
confirmations = 2              # how many make a transaction final
data_fee = "op-stack"          # how posting to Ethereum is charged: none (unless said otherwise), op-stack, arbitrum
quorum = 2                     # how many backends have to agree on what decides money
cluster = "devnet"             # Solana only: mainnet (unless said otherwise), devnet, testnet, local

exchange_hosts = [             # optional, above all tables: where devices' tunnels may lead, on port 443; unless said
    "api.binance.com",         # otherwise the hosts of all exchanges that this version knows, [] for nowhere
]

[simulated_exchanges]          # optional, a SIMULATION: what is dialled in the place of an exchange's host
"api.coinbase.com" = "127.0.0.1:9443"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.chains import BITCOIN, chain_named, family_of, spoken
from warifu.protocol.frames.exchanging import HostName
from warifu.protocol.request import Network
from warifu.service.hub.tunnels import Address, Reach

MAX_CONFIG_BYTES = 64 * 1024
MAX_BACKENDS = 8
"""Of one chain."""


Kind = Literal["esplora", "core", "electrum", "compact-filters", "rpc", "quicknode"]
Cluster = Literal["mainnet", "devnet", "testnet", "local"]
_BITCOIN_KINDS = ("esplora", "core", "electrum", "compact-filters", "quicknode")
_ACCOUNT_KINDS = ("rpc", "quicknode")


class BackendConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source of chain data. ``cookie``: path of Bitcoin Core's cookie file, read at each start. ``token``: see the
    module. A URL with a token in it is a secret of its provider's."""

    kind: Kind
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    cookie: str | None = None
    chain: str = BITCOIN
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[!-~]+\Z")] | None = None
    jwt_key: str | None = None
    jwt_kid: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    jwt_pem: str | None = None
    """The key itself: only of a backend in the encrypted database."""

    def __repr__(self) -> str:
        return f"BackendConfig(chain={self.chain!r}, kind={self.kind!r})"

    @property
    def holds_secret(self) -> bool:
        """Whether others must not read it: a token, a login, or an address in which there is room for a token."""
        if self.token is not None or self.kind == "quicknode" or "@" in self.url:
            return True
        parts = urlsplit(self.url)
        return self.kind == "rpc" and bool(parts.path.strip("/") or parts.query)


class ChainConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is particular about one chain of accounts."""

    chain: str
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] | None = None
    confirmations: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    quorum: Annotated[int, msgspec.Meta(ge=1, le=8)] | None = None
    cluster: Cluster | None = None
    data_fee: Literal["none", "op-stack", "arbitrum"] | None = None


class ServiceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. ``data_dir`` holds the encrypted database and nothing else."""

    data_dir: str
    network: Network
    backends: Annotated[tuple[BackendConfig, ...], msgspec.Meta(max_length=64)] = ()
    chains: Annotated[tuple[ChainConfig, ...], msgspec.Meta(max_length=32)] = ()
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8443
    settle_depth: Annotated[int, msgspec.Meta(ge=1, le=100)] = 6
    poll_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 10.0
    signer_wait: Annotated[float, msgspec.Meta(ge=0, le=600)] = 30.0
    """Seconds for which a transfer waits for devices that are not connected."""
    session_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 130.0
    """Seconds after which a ceremony is given up; the signers themselves give up after 120."""
    exchange_hosts: Annotated[tuple[HostName, ...], msgspec.Meta(max_length=64)] | None = None
    """None: those of all exchanges that are known."""
    simulated_exchanges: Annotated[dict[HostName, str], msgspec.Meta(max_length=64)] = {}
    """Host -> IP address and port, as one text."""

    @property
    def reach(self) -> Reach:
        """Where devices' tunnels may lead."""
        known = tuple(host for exchange in EXCHANGES.values() for host in exchange.hosts)
        return Reach(
            frozenset(known if self.exchange_hosts is None else self.exchange_hosts),
            {host: _address(text) for host, text in self.simulated_exchanges.items()},
        )

    @property
    def configured(self) -> tuple[str, ...]:
        """Every chain that has a backend, in the order of the file."""
        return tuple(dict.fromkeys(backend.chain for backend in self.backends))

    def of_chain(self, chain: str) -> tuple[BackendConfig, ...]:
        """The backends of one chain, in order of preference."""
        return tuple(backend for backend in self.backends if backend.chain == chain)

    def particulars(self, chain: str) -> ChainConfig:
        """What is said about this chain; nothing where nothing is."""
        return next((item for item in self.chains if item.chain == chain), ChainConfig(chain))


def read_config(path: Path) -> ServiceConfig:
    """Read the file; a relative ``data_dir`` counts from the folder of the file. Raises ``InputRefused``."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
            others = os.fstat(file.fileno()).st_mode & 0o077
        if len(text) > MAX_CONFIG_BYTES:
            raise ValueError("it is too long")
        config = _checked(msgspec.convert(tomllib.loads(text.decode()), ServiceConfig))
        if any(backend.jwt_pem is not None for backend in config.backends):
            raise ValueError("a private key does not belong into it: name a file with jwt_key")
        if others and any(backend.holds_secret for backend in config.backends):
            raise ValueError("it holds a backend's password or token, and others may read it: chmod 600")
    except (OSError, ValueError, InputRefused) as error:
        raise InputRefused(
            "config",
            f"the service's configuration {path} cannot be used: {error}",
            not_done="The service did not start.",
            remedy="Correct the file, or make a new one with 'warifu init'.",
        ) from None
    return msgspec.structs.replace(config, data_dir=str(path.parent / config.data_dir))


def with_backends(config: ServiceConfig, more: Sequence[BackendConfig]) -> ServiceConfig:
    """``config`` with the backends that are kept in the database, behind its own. Raises ``InputRefused``."""
    try:
        return _checked(msgspec.structs.replace(config, backends=(*config.backends, *more)))
    except ValueError as error:
        raise InputRefused(
            "backend", f"the backend cannot be used: {error}", not_done="Nothing was kept."
        ) from None


def with_simulations(config: ServiceConfig, more: Mapping[str, str]) -> ServiceConfig:
    """``config`` with these simulated exchanges (host -> ADDRESS:PORT) too. Raises ``InputRefused`` (``config``)."""
    try:
        simulated = msgspec.convert(
            {**config.simulated_exchanges, **more},
            Annotated[dict[HostName, str], msgspec.Meta(max_length=64)],
        )
        return _checked(msgspec.structs.replace(config, simulated_exchanges=simulated))
    except ValueError as error:
        raise InputRefused(
            "config",
            f"the simulated exchange cannot be used: {error}",
            not_done="The service did not start.",
            remedy="Write HOST=ADDRESS:PORT, for example api.coinbase.com=127.0.0.1:9443.",
        ) from None


_Named = TypeVar("_Named", BackendConfig, ChainConfig)


def _checked(config: ServiceConfig) -> ServiceConfig:
    """Chains by their own names, and nothing that contradicts itself. Raises ``ValueError`` or ``InputRefused``."""
    backends = tuple(_named(backend) for backend in config.backends)
    chains = tuple(_named(item) for item in config.chains)
    for backend in backends:
        if backend.kind not in (_BITCOIN_KINDS if backend.chain == BITCOIN else _ACCOUNT_KINDS):
            raise ValueError(f"a backend of {spoken(backend.chain)} cannot be of kind '{backend.kind}'")
        if sum(other.chain == backend.chain for other in backends) > MAX_BACKENDS:
            raise ValueError(f"{spoken(backend.chain)} has more than {MAX_BACKENDS} backends")
        _check_secrets(backend)
    for item in chains:
        _check_particulars(item)
        if chains.count(item) > 1 or sum(other.chain == item.chain for other in chains) > 1:
            raise ValueError(f"{spoken(item.chain)} has two entries under [[chains]]")
        if item.quorum is not None and item.quorum > sum(b.chain == item.chain for b in backends):
            raise ValueError(f"{spoken(item.chain)} has fewer backends than its quorum")
    for text in config.simulated_exchanges.values():
        _address(text)
    return msgspec.structs.replace(config, backends=backends, chains=chains)


def _address(text: str) -> Address:
    """An IP address and a port: no name, which somebody else would resolve. Raises ``ValueError``."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError(f"{text[:80]!r} is not ADDRESS:PORT")
    return str(ip_address(bare)), int(port)


def _check_secrets(backend: BackendConfig) -> None:
    """The values stay out of the messages."""
    if backend.token is not None and backend.kind not in _ACCOUNT_KINDS:
        raise ValueError(f"a backend of kind '{backend.kind}' takes no token")
    key = backend.jwt_key or backend.jwt_pem
    if (key or backend.jwt_kid) and backend.kind != "quicknode":
        raise ValueError(f"a backend of kind '{backend.kind}' takes no key for tokens")
    if bool(key) != bool(backend.jwt_kid):
        raise ValueError("'jwt_key' and 'jwt_kid' belong together")
    if backend.cookie is not None and backend.kind != "core":
        raise ValueError(f"a backend of kind '{backend.kind}' takes no cookie")


def _check_particulars(item: ChainConfig) -> None:
    family = family_of(item.chain)
    if family == "bitcoin":
        raise ValueError("Bitcoin has no entry under [[chains]]: see network and settle_depth")
    if family == "solana" and (item.name or item.symbol or item.data_fee or item.confirmations):
        raise ValueError("Solana's name, coin, fees and finality are its own")
    if family != "solana" and item.cluster:
        raise ValueError(f"{spoken(item.chain)} has no clusters")


def _named(item: _Named) -> _Named:
    return msgspec.structs.replace(item, chain=chain_named(item.chain))
