"""A chain of its own for each test that asks for one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from solders.hash import Hash
from tests.chains.solana.messages import ALICE, key_of

from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.server import serving


class Client:
    """A plain JSON-RPC client that believes what it hears."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url)

    def answer(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        found = self.http.post("/", json=body).json()
        assert (found["jsonrpc"], found["id"]) == ("2.0", 7)
        return found

    def __call__(self, method: str, *params: object):
        found = self.answer(method, *params)
        assert "error" not in found, found
        result = found["result"]
        return result["value"] if isinstance(result, dict) and "context" in result else result

    def refusal(self, method: str, *params: object) -> Any:
        return self.answer(method, *params)["error"]

    def control(self, what: str, **wanted: object) -> Any:
        answer = self.http.post(f"/control/{what}", json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def blockhash(self) -> Hash:
        return Hash.from_string(self("getLatestBlockhash")["blockhash"])

    def send(self, raw: bytes, *, skip_preflight: bool = False) -> Any:
        options = {"encoding": "base64", "skipPreflight": skip_preflight}
        return self.answer("sendTransaction", wire(raw), options)


def wire(raw: bytes, signer: str = "alice") -> str:
    """A message, signed, as nodes take it."""
    return base64.b64encode(b"\x01" + key_of(signer).sign(raw).signature + raw).decode()


@pytest.fixture
def rpc() -> Iterator[Client]:
    with serving(EmbeddedChain()) as url:
        client = Client(url)
        client.control("airdrop", address=str(ALICE), lamports=10**10)
        yield client
        client.http.close()
