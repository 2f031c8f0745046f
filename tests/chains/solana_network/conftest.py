"""An embedded chain, Alice's account on it, and the network half over it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.chains.solana.messages import ALICE, key_of

from warifu.chains.accounts import AccountDraft, SignedTransaction
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.retries import Retries
from warifu.chains.solana.reading import read
from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.server import serving
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster

SENDER = str(ALICE)
START = 10**10


def endpoint(url: str, name: str = "embedded") -> JsonRpcEndpoint:
    return JsonRpcEndpoint(url, name, retries=Retries(tries=1))


class World:
    """The chain from both sides."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.chain = SolanaChain(Endpoints([endpoint(url)]), Cluster.LOCAL)
        self._http = httpx.Client(base_url=url)

    def control(self, what: str, **wanted: object) -> dict[str, str]:
        answer = self._http.post(f"/control/{what}", json=wanted)
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found

    def balance(self, address: object) -> int:
        return self.chain.holdings(str(address), [])[0].amount

    def sign(self, draft: AccountDraft, signer: str = "alice") -> SignedTransaction:
        """As the signers would: what the reader says is to be signed, and nothing else."""
        (to_sign,) = read(draft.unsigned, SENDER).reading.to_sign
        signature = key_of(signer).sign(to_sign.message).signature
        return self.chain.assemble(draft.unsigned, [signature], SENDER)

    def do(self, draft: AccountDraft) -> SignedTransaction:
        """Sign and send."""
        signed = self.sign(draft)
        self.chain.broadcast(signed.raw)
        return signed

    def with_nonce(self) -> None:
        """Give Alice a durable nonce."""
        self.do(self.chain.prepare(SENDER, ()))

    def close(self) -> None:
        self.chain.close()
        self._http.close()


@pytest.fixture
def world() -> Iterator[World]:
    with serving(EmbeddedChain()) as url:
        world = World(url)
        world.control("airdrop", address=SENDER, lamports=START)
        yield world
        world.close()
