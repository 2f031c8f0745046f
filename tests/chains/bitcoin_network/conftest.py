"""A chain of its own for each test that asks for one."""

from __future__ import annotations

import pytest
from tests.support.bitcoind import free_port as find_free_port
from tests.support.bitcoind import running_bitcoind
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import serving
from warifu.chains.bitcoin_network.backends.esplora import Esplora


@pytest.fixture
def chain(tmp_path):
    chain = EmbeddedChain(tmp_path / "chain")
    yield chain
    chain.close()


@pytest.fixture
def esplora(chain):
    with serving(chain) as url:
        backend = Esplora(url)
        yield backend
        backend.close()


@pytest.fixture
def alice() -> SingleKey:
    return SingleKey("alice")


@pytest.fixture
def bob() -> SingleKey:
    return SingleKey("bob")


@pytest.fixture(scope="module")
def bitcoind(tmp_path_factory):
    """One real node for a module's tests, which must not rely on an empty chain or mempool."""
    directory = tmp_path_factory.mktemp("bitcoind")
    with running_bitcoind(directory, "-blockfilterindex=1", "-peerblockfilters=1") as node:
        yield node


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    return find_free_port()
