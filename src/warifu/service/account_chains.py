"""From the configuration to the chains of accounts, each with its backends in the configured order.

Nothing is connected to yet: whether a backend is on the right chain is seen before it is asked anything else.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from warifu.chains.accounts import AccountChain
from warifu.chains.ethereum.networks import NETWORKS, DataFee, EvmNetwork
from warifu.chains.ethereum_network.chain import DEFAULT_QUORUM, EvmChain
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.secret import Secret
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.protocol.chains import BITCOIN, coin_symbol, evm_chain_id, family_of, spoken
from warifu.service.config import BackendConfig, ChainConfig, ServiceConfig
from warifu.service.quicknode import quicknode_access
from warifu.service.store.database import Database
from warifu.service.store.genesis import met_genesis, remember_genesis
from warifu.service.store.tokens import StoredTokens

DEFAULT_CONFIRMATIONS = 12
"""Of an EVM chain that is not among the known ones."""


def make_account_chains(config: ServiceConfig, database: Database) -> tuple[AccountChain, ...]:
    """Every chain of accounts that has a backend, in the order of the file. Raises ``InputRefused``."""
    tokens = StoredTokens(database)
    found: list[AccountChain] = []
    for chain in config.configured:
        if chain == BITCOIN:
            continue
        endpoints = Endpoints(_endpoints(config.of_chain(chain)))
        particulars = config.particulars(chain)
        if family_of(chain) == "solana":
            found.append(_solana(endpoints, particulars, database))
        else:
            found.append(_evm(endpoints, particulars, tokens))
    return tuple(found)


def _evm(endpoints: Endpoints, said: ChainConfig, tokens: StoredTokens) -> EvmChain:
    return EvmChain(evm_network(said), endpoints, tokens, quorum=_quorum(said, endpoints))


def _quorum(said: ChainConfig, endpoints: Endpoints) -> int:
    return said.quorum if said.quorum is not None else min(DEFAULT_QUORUM, len(endpoints))


def evm_network(said: ChainConfig) -> EvmNetwork:
    """A known chain, or any other; what ``said`` names takes precedence. Raises ``InputRefused`` (``network``)."""
    chain_id = evm_chain_id(said.chain)
    known = NETWORKS.get(chain_id)
    return EvmNetwork(
        chain_id,
        said.name or (known.title if known else spoken(said.chain)),
        said.symbol or (known.symbol if known else coin_symbol(said.chain)),
        DataFee(said.data_fee) if said.data_fee else (known.data_fee if known else DataFee.NONE),
        said.confirmations or (known.confirmations if known else DEFAULT_CONFIRMATIONS),
        known.test if known else False,
    )


def _solana(endpoints: Endpoints, said: ChainConfig, database: Database) -> SolanaChain:
    cluster = Cluster(said.cluster or "mainnet")
    quorum = _quorum(said, endpoints)
    if cluster is not Cluster.LOCAL:
        return SolanaChain(endpoints, cluster, quorum=quorum)
    return SolanaChain(
        endpoints,
        cluster,
        genesis=met_genesis(database),
        quorum=quorum,
        met=lambda genesis: remember_genesis(database, genesis),
    )


def _endpoints(configured: tuple[BackendConfig, ...]) -> list[JsonRpcEndpoint]:
    """Named by kind, and by number where there are several."""
    found: list[JsonRpcEndpoint] = []
    for item in configured:
        same = sum(other.kind == item.kind for other in configured[: len(found)])
        found.append(_endpoint(item, item.kind if not same else f"{item.kind}-{same + 1}"))
    return found


def _endpoint(item: BackendConfig, name: str) -> JsonRpcEndpoint:
    """A login in the address becomes a header, and the address is used without it: libraries show addresses."""
    if item.kind == "quicknode":
        return quicknode_access(item).endpoint(name)
    parts = urlsplit(item.url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return JsonRpcEndpoint(Secret(bare), name, headers=_headers(item, parts.username, parts.password))


def _headers(item: BackendConfig, user: str | None, password: str | None) -> Mapping[str, Secret]:
    if item.token is not None:
        return {"Authorization": Secret(f"Bearer {item.token}")}
    if user is not None:
        login = f"{unquote(user)}:{unquote(password or '')}"
        return {"Authorization": Secret("Basic " + base64.b64encode(login.encode()).decode())}
    return {}
