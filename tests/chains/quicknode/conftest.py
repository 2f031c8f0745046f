"""A stand-in for each test, with a Bitcoin chain behind it where one is asked for."""

from __future__ import annotations

import pytest
from tests.support.quicknode import quicknode_stand_in
from tests.support.quicknode_bitcoin import BitcoinMethods
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.rpc.retries import Retries


@pytest.fixture
def quicknode():
    with quicknode_stand_in() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The pauses that were made, none of which was waited for."""
    return []


@pytest.fixture
def retries(slept) -> Retries:
    return Retries(sleep=slept.append)


@pytest.fixture
def chain(tmp_path):
    chain = EmbeddedChain(tmp_path / "chain")
    yield chain
    chain.close()


@pytest.fixture
def bitcoin(chain):
    """A stand-in with a Bitcoin endpoint."""
    with quicknode_stand_in(BitcoinMethods(chain)) as running:
        yield running


@pytest.fixture
def alice() -> SingleKey:
    return SingleKey("alice")


@pytest.fixture
def bob() -> SingleKey:
    return SingleKey("bob")
