"""The embedded chain with the same face as ``tests.support.anvil``, and throw-away accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import coincurve
import httpx

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import serving

ETHER = 10**18


@dataclass(frozen=True)
class Account:
    """A key of its own for each test, in one piece: the threshold signature has tests of its own."""

    key: coincurve.PrivateKey = field(default_factory=coincurve.PrivateKey)

    @property
    def address(self) -> str:
        return address_of(self.key.public_key.format())

    def sign(self, digest: bytes) -> bytes:
        return self.key.sign_recoverable(digest, hasher=None)


@dataclass(frozen=True)
class Embedded:
    """The embedded chain's control requests."""

    url: str
    http: httpx.Client

    def rpc(self, method: str, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self.http.post("/", json=body).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def control(self, what: str, **fields):
        response = self.http.post(f"/control/{what}", json=fields)
        assert response.status_code == 200, response.text
        return response.json()

    def mine(self, blocks: int = 1) -> None:
        self.control("mine", blocks=blocks)

    def fund(self, address: str, wei: int) -> None:
        self.control("fund", address=address, amount=str(wei))

    def deploy_token(self, name: str, symbol: str, decimals: int) -> str:
        return str(self.control("deploy-token", name=name, symbol=symbol, decimals=decimals)["token"])

    def mint(self, token: str, address: str, amount: int) -> None:
        self.control("mint", token=token, address=address, amount=str(amount))

    def reorganise(self, depth: int) -> None:
        self.control("reorganise", depth=depth)

    def drop(self, txid: str) -> None:
        assert self.control("drop", hash=txid) == {"dropped": True}


@contextmanager
def running_embedded() -> Iterator[Embedded]:
    with (
        serving(EmbeddedEthereum()) as url,
        httpx.Client(base_url=url, timeout=20, trust_env=False) as http,
    ):
        yield Embedded(url, http)
