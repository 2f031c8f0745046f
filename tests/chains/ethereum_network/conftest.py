"""Both local chains behind one face, and the wallet's view of them."""

from __future__ import annotations

import pytest
from tests.chains.ethereum_network.worlds import ETHER, Account, running_embedded
from tests.support.anvil import running_anvil

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.networks import NETWORKS
from warifu.chains.ethereum_network.chain import EvmChain
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints


@pytest.fixture(scope="module", params=["embedded", "anvil"])
def node(request):
    """A chain for one module's tests, which must not rely on an empty one."""
    with running_embedded() if request.param == "embedded" else running_anvil() as chain:
        yield chain


@pytest.fixture
def network(node):
    """The wallet's view of that chain."""
    chain = EvmChain(NETWORKS[31337], Endpoints([JsonRpcEndpoint(node.url, "local")]))
    yield chain
    chain.close()


@pytest.fixture
def alice(node) -> Account:
    """With ten ether."""
    account = Account()
    node.fund(account.address, 10 * ETHER)
    return account


@pytest.fixture
def bob() -> Account:
    return Account()


@pytest.fixture(scope="module")
def token(node) -> str:
    """snekmate's ERC-20 with six decimals."""
    return format_address(bytes.fromhex(node.deploy_token("Test Dollar", "TUSD", 6)[2:]))
