"""Each door for JSON from outside refuses what is nested without end, in its own words, before it decodes it.

The recursion limit is raised here as py_ecc raises it: a door that decodes first ends this process.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.attestation.dcap.collateral import read_collateral
from warifu.attestation.verifier import CheckFailed
from warifu.chains.bitcoin_embedded.server import Application as BitcoinApplication
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.bitcoin_network.backends.json_rpc import JsonRpc
from warifu.chains.bitcoin_network.labels import import_labels
from warifu.chains.ethereum.strict_json import parse_json
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import Application as EthereumApplication
from warifu.chains.quicknode.admin_http import AdminHttp
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.http import Answer
from warifu.chains.rpc.reply import Dialect
from warifu.chains.rpc.secret import Secret
from warifu.chains.solana_embedded.chain import EmbeddedChain as EmbeddedSolana
from warifu.chains.solana_embedded.server import Application as SolanaApplication
from warifu.cli.audits.journals import _line
from warifu.cli.saved_request import read_saved
from warifu.cli.webauthn.browser import _HOST, _Handler
from warifu.cli.webauthn.ceremony import ORIGIN
from warifu.endorsements.intel import _together
from warifu.endorsements.source import Answer as Endorsement
from warifu.errors import WarifuError
from warifu.protocol.api import NewLabels, Wallets, read_answer, read_question
from warifu.protocol.webauthn import _check_client_data
from warifu.signer.egress.keys import read_cdp_key

pytestmark = pytest.mark.unit

LEVELS = 100_000
DEEP = [
    b"[" * LEVELS + b"]" * LEVELS,
    b'{"a":' * LEVELS + b"1" + b"}" * LEVELS,
    b'{"jsonrpc":"2.0","id":7,"data":' + b"[" * LEVELS,
]


@pytest.fixture(autouse=True)
def deeper_than_the_stack() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * LEVELS)
    yield
    sys.setrecursionlimit(before)


@pytest.fixture(params=DEEP, ids=["lists", "objects", "without an end"])
def deep(request: pytest.FixtureRequest) -> bytes:
    return cast("bytes", request.param)


def an_http_answer(body: bytes) -> Any:
    return SimpleNamespace(
        once=lambda *_, **__: Answer(200, body, None),
        request=lambda *_, **__: (200, body),
        name="server",
        close=lambda: None,
    )


def json_rpc(body: bytes) -> None:
    endpoint = JsonRpcEndpoint("http://127.0.0.1:9", "node")
    endpoint._http = an_http_answer(body)
    endpoint.call("eth_chainId", [], object)


def bitcoin_core(body: bytes) -> None:
    endpoint = JsonRpcEndpoint("http://127.0.0.1:9", "node", dialect=Dialect.BITCOIN)
    endpoint._http = an_http_answer(body)
    JsonRpc.over(endpoint).call("getblockchaininfo", kind=object)


def esplora(body: bytes) -> None:
    server = Esplora("http://127.0.0.1:9")
    server._http = an_http_answer(body)
    server.fee_rates()


def quicknode(body: bytes) -> None:
    admin = AdminHttp(Secret("QN_key"), "https://api.quicknode.com/v0", "QuickNode", None)
    admin._http = an_http_answer(body)
    admin.do("POST", "/endpoints", {})


def quicknode_complaint(body: bytes) -> None:
    admin = AdminHttp(Secret("QN_key"), "https://api.quicknode.com/v0", "QuickNode", None)
    admin._http = SimpleNamespace(once=lambda *_, **__: Answer(400, body, None))  # type: ignore[assignment]
    admin.do("POST", "/endpoints", {})


DOORS: dict[str, Callable[[bytes], object]] = {
    "JSON-RPC": json_rpc,
    "Bitcoin Core": bitcoin_core,
    "Esplora": esplora,
    "QuickNode's admin API": quicknode,
    "QuickNode's complaint": quicknode_complaint,
    "a question to the service": lambda body: read_question(NewLabels, body),
    "the service's answer": lambda body: read_answer(Wallets, 200, body),
    "the service's refusal": lambda body: read_answer(Wallets, 400, body),
    "a passkey's client data": lambda body: _check_client_data(body, "origin", bytes(32)),
    "labels": lambda body: import_labels(body.decode()),
    "a journal's line": lambda body: _line(Path("home.jsonl"), 1, body),
    "typed data": parse_json,
    "an exchange's key file": lambda body: read_cdp_key(body.decode()),
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_decodes_it(door: str, deep: bytes):
    with pytest.raises(WarifuError):
        DOORS[door](deep)


def test_nor_do_documents_that_evidence_is_judged_by(deep: bytes):
    with pytest.raises(CheckFailed):
        read_collateral(b"{" + deep)
    answer = Endorsement(deep, {})
    with pytest.raises(ValueError, match=r"^$"):
        _together({"tcb": answer, "identity": answer})


def test_nor_does_a_saved_request(deep: bytes, tmp_path: Path):
    file = tmp_path / "payment.req"
    file.write_bytes(deep[: 64 * 1024])
    with pytest.raises(WarifuError) as refused:
        read_saved(file)
    assert refused.value.code == "input.request-file"


def test_nor_does_the_page_of_passkeys(deep: bytes):
    asked = cast("Any", object.__new__(_Handler))
    body = deep[: 16 * 1024]
    ended: list[int] = []
    asked.server = SimpleNamespace(question=SimpleNamespace(path="/once", answer=None))
    asked.path, asked.rfile = "/once", io.BytesIO(body)
    asked.headers = {
        "Host": _HOST,
        "Origin": ORIGIN,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    asked._end = ended.append
    asked.do_POST()
    assert ended == [400] and asked.server.question.answer is None


@pytest.mark.parametrize("path", ["/", "/control/mine", "/control/fund", "/control/airdrop"])
def test_nor_do_the_embedded_chains(path: str, deep: bytes, embedded: dict[str, Any]):
    scope = {"method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
    assert embedded["bitcoin"]._answer(scope, deep).status == 400
    assert embedded["ethereum"]._answer(scope, deep)[0] == 400
    assert embedded["solana"]._answer(scope, deep)[0] == 400


@pytest.fixture(scope="module")
def embedded() -> dict[str, Any]:
    return {
        "bitcoin": BitcoinApplication(cast("Any", None)),
        "ethereum": EthereumApplication(EmbeddedEthereum()),
        "solana": SolanaApplication(EmbeddedSolana()),
    }
