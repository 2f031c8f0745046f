"""The embedded chain itself: its refusals in Geth's words, its bounds, and its process."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import httpx
import pytest
from tests.chains.ethereum_network.worlds import ETHER, Account, running_embedded

from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.rpc import Rpc
from warifu.chains.ethereum_embedded.server import serving

pytestmark = pytest.mark.real

GWEI = 10**9
BOB = Account()


@pytest.fixture(scope="module")
def node():
    with running_embedded() as chain:
        yield chain


@pytest.fixture
def alice(node) -> Account:
    account = Account()
    node.fund(account.address, 10 * ETHER)
    return account


def transaction(**fields) -> Transaction:
    default = Transaction(
        type=TxType.DYNAMIC_FEE,
        chain_id=31337,
        nonce=0,
        max_priority_fee=GWEI,
        max_fee=3 * GWEI,
        gas_limit=21_000,
        to=bytes.fromhex(BOB.address[2:]),
        value=1,
        data=b"",
    )
    return dataclasses.replace(default, **fields)


def send(node, sender: Account, **fields) -> str:
    built = transaction(**fields)
    raw = built.with_signature(sender.sign(built.name), sender.address).raw
    return str(node.rpc("eth_sendRawTransaction", "0x" + raw.hex()))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"chain_id": 1}, "invalid chain id for signer"),
        ({"gas_limit": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        ({"data": b"\1" * 100, "gas_limit": 24_000}, "floor data gas cost: gas 24000, minimum needed 25000"),
        ({"gas_limit": 30_000_001}, "exceeds block gas limit"),
        (
            {"value": 10 * ETHER},
            "insufficient funds for gas \\* price \\+ value: balance 10000000000000000000",
        ),
        ({"max_priority_fee": 0}, "transaction underpriced"),
        ({"type": TxType.LEGACY, "chain_id": None, "max_priority_fee": 3 * GWEI}, "only replay-protected"),
    ],
)
def test_refusals_in_geths_words(node, alice, fields, words):
    with pytest.raises(RuntimeError, match=words):
        send(node, alice, **fields)


@pytest.mark.parametrize("kind", [TxType.LEGACY, TxType.ACCESS_LIST, TxType.DYNAMIC_FEE])
def test_each_type_is_executed(node, alice, kind):
    fees = {} if kind is TxType.DYNAMIC_FEE else {"max_priority_fee": 3 * GWEI}
    txid = send(node, alice, type=kind, **fees)
    waiting = node.rpc("eth_getTransactionByHash", txid)
    assert (waiting["hash"], waiting["blockHash"], waiting["type"]) == (txid, None, hex(kind))
    node.mine()
    receipt = node.rpc("eth_getTransactionReceipt", txid)
    assert (receipt["status"], receipt["gasUsed"], receipt["type"]) == ("0x1", hex(21_000), hex(kind))
    assert receipt["from"] == alice.address.lower()


def test_a_replacement_needs_ten_percent_on_both_fees(node, alice):
    first = send(node, alice)
    for short in (
        {"max_fee": 4 * GWEI},
        {"max_fee": 33 * GWEI // 10, "max_priority_fee": 11 * GWEI // 10 - 1},
    ):
        with pytest.raises(RuntimeError, match="replacement transaction underpriced"):
            send(node, alice, value=2, **short)
    second = send(node, alice, value=2, max_fee=33 * GWEI // 10, max_priority_fee=11 * GWEI // 10)
    assert node.rpc("eth_getTransactionByHash", first) is None
    node.mine()
    assert node.rpc("eth_getTransactionReceipt", second)["status"] == "0x1"


def test_known_and_used(node, alice):
    send(node, alice)
    with pytest.raises(RuntimeError, match="already known"):
        send(node, alice)
    node.mine()
    with pytest.raises(RuntimeError, match="nonce too low: next nonce 1, tx nonce 0"):
        send(node, alice)


def test_what_waits_is_counted_against_the_balance(node, alice):
    send(node, alice, value=6 * ETHER)
    with pytest.raises(RuntimeError, match="queued cost"):
        send(node, alice, nonce=1, value=6 * ETHER)


def test_a_gap_waits_and_then_all_go(node, alice):
    later = [send(node, alice, nonce=nonce) for nonce in (2, 1)]
    count = lambda tag: node.rpc("eth_getTransactionCount", alice.address, tag)  # noqa: E731
    assert count("pending") == "0x0"
    node.mine()
    assert count("latest") == "0x0"
    send(node, alice, nonce=0)
    assert count("pending") == "0x3"
    node.mine()
    assert count("latest") == "0x3"
    assert all(node.rpc("eth_getTransactionReceipt", txid)["status"] == "0x1" for txid in later)


def test_the_high_s_twin_is_refused(node, alice):
    built = transaction()
    good = built.with_signature(alice.sign(built.name), alice.address)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = good.signature.s.to_bytes(32, "big")
    twin = good.raw.replace(s, (order - good.signature.s).to_bytes(32, "big"))
    with pytest.raises(RuntimeError, match="invalid transaction v, r, s values"):
        node.rpc("eth_sendRawTransaction", "0x" + twin.hex())


@pytest.mark.parametrize(
    "raw", ["0x", "0x03c0", "0x02c0", "0xc0", "0x02f8", "0x" + "00" * 10, "0x7f", "0x02" + "ff" * 200]
)
def test_rubbish_is_refused_and_changes_nothing(node, raw):
    before = node.rpc("eth_blockNumber")
    with pytest.raises(RuntimeError, match="-32000"):
        node.rpc("eth_sendRawTransaction", raw)
    assert node.rpc("eth_blockNumber") == before


def test_what_is_too_dear_for_its_fee_waits_for_a_cheaper_block(node, alice):
    txid = send(node, alice, max_fee=2, max_priority_fee=1)
    node.mine()
    assert node.rpc("eth_getTransactionReceipt", txid) is None
    assert node.rpc("eth_getTransactionByHash", txid)["blockHash"] is None


def test_a_reorganisation_is_a_longer_branch_without_its_transactions(node, alice):
    txid = send(node, alice)
    node.mine()
    height = int(node.rpc("eth_blockNumber"), 16)
    old = node.rpc("eth_getBlockByNumber", hex(height), False)
    node.reorganise(1)
    new = node.rpc("eth_getBlockByNumber", hex(height), False)
    assert int(node.rpc("eth_blockNumber"), 16) == height + 1
    assert old["hash"] != new["hash"]
    assert old["parentHash"] == new["parentHash"]
    assert node.rpc("eth_getBlockByHash", old["hash"], False)["hash"] == old["hash"], "it is still known"
    assert node.rpc("eth_getTransactionReceipt", txid) is None
    assert node.rpc("eth_getBalance", alice.address, "latest") == hex(10 * ETHER)
    node.mine()
    assert node.rpc("eth_getTransactionReceipt", txid)["status"] == "0x1"


def test_state_of_the_past_is_there(node, alice):
    before = node.rpc("eth_blockNumber")
    send(node, alice, value=ETHER)
    node.mine()
    assert node.rpc("eth_getBalance", alice.address, before) == hex(10 * ETHER)
    assert int(node.rpc("eth_getBalance", alice.address, "latest"), 16) < 9 * ETHER
    with pytest.raises(RuntimeError, match="header not found"):
        node.rpc("eth_getBalance", alice.address, hex(10**6))


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", []),
        ("eth_getBalance", [BOB.address]),
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getBalance", [BOB.address, "0x01"]),
        ("eth_getBalance", [BOB.address, 1]),
        ("eth_getBlockByNumber", ["latest"]),
        ("eth_call", [7]),
        ("eth_call", [{"to": "0x1"}, "latest"]),
        ("eth_estimateGas", [{"value": "1"}]),
        ("eth_feeHistory", ["0x1", "latest", ["a"]]),
        ("eth_feeHistory", ["0x1", "latest", [1] * 17]),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getTransactionReceipt", ["0xab"]),
        ("eth_sendRawTransaction", [5]),
    ],
)
def test_malformed_parameters_are_refused(node, method, params):
    with pytest.raises(RuntimeError, match="-32602"):
        node.rpc(method, *params)


def test_unknown_methods_and_requests_that_are_none(node):
    with pytest.raises(RuntimeError, match="-32601"):
        node.rpc("eth_accounts")
    for body in (b"", b"[]", b"{}", b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', b"\xff"):
        answer = node.http.post("/", content=body, headers={"content-type": "application/json"}).json()
        assert answer["error"]["code"] == -32600


def test_a_web_page_cannot_drive_it(node):
    for path in ("/", "/control/mine"):
        answer = node.http.post(path, content=b"{}", headers={"content-type": "text/plain"})
        assert answer.status_code == 415
    assert node.http.get("/").status_code == 405
    assert node.http.post("/else", json={}).status_code == 404
    assert node.http.post("/control/else", json={}).status_code == 404
    too_long = node.http.post(
        "/", content=b" " * (512 * 1024 + 1), headers={"content-type": "application/json"}
    )
    assert too_long.status_code == 413


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("mine", {"blocks": 0}),
        ("mine", {"blocks": 1001}),
        ("mine", {"blocks": "1"}),
        ("fund", {"address": BOB.address, "amount": 5}),
        ("fund", {"address": BOB.address, "amount": "-5"}),
        ("fund", {"address": "0x12", "amount": "5"}),
        ("fund", {"address": BOB.address, "amount": str(1 << 256)}),
        ("deploy-token", {"name": "x" * 26, "symbol": "X", "decimals": 6}),
        ("deploy-token", {"name": "x", "symbol": "X", "decimals": -1}),
        ("reorganise", {"depth": 0}),
        ("reorganise", {"depth": 65}),
        ("drop", {"hash": "0x12"}),
        ("mine", {"blocks": 1, "more": 1}),
    ],
)
def test_malformed_control_requests_are_refused(node, what, body):
    assert node.http.post(f"/control/{what}", json=body).status_code == 400


def test_more_than_the_faucet_has_is_not_given(node):
    answer = node.http.post("/control/fund", json={"address": BOB.address, "amount": str(10**28)})
    assert answer.status_code == 400
    node.fund(BOB.address, 1)


def test_who_pays_more_is_first_in_the_block(node):
    rich = [Account() for _ in range(3)]
    for account in rich:
        node.fund(account.address, ETHER)
    tips = (2 * GWEI, 5 * GWEI, 3 * GWEI)
    for account, tip in zip(rich, tips, strict=True):
        send(node, account, max_priority_fee=tip, max_fee=10 * GWEI)
    node.mine()
    block = node.rpc("eth_getBlockByNumber", "latest", True)
    assert [item["maxPriorityFeePerGas"] for item in block["transactions"]] == [
        hex(5 * GWEI),
        hex(3 * GWEI),
        hex(2 * GWEI),
    ]


def test_an_estimate_covers_what_data_costs_at_least(node, alice):
    """EIP-7623: data that nobody executes costs more than its intrinsic gas."""
    call = {"from": alice.address, "to": BOB.address, "input": "0x" + "01" * 100}
    estimated = int(node.rpc("eth_estimateGas", call), 16)
    assert estimated == 21_000 + 10 * 4 * 100
    txid = send(node, alice, data=b"\1" * 100, gas_limit=estimated)
    node.mine()
    assert node.rpc("eth_getTransactionReceipt", txid)["gasUsed"] == hex(estimated)


def test_the_history_of_fees_is_what_blocks_paid(node, alice):
    for nonce, tip in enumerate((GWEI, 2 * GWEI, 5 * GWEI)):
        send(node, alice, nonce=nonce, max_priority_fee=tip, max_fee=10 * GWEI)
    node.mine()
    history = node.rpc("eth_feeHistory", "0x1", "latest", [0, 50, 100])
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    assert history["baseFeePerGas"][0] == block["baseFeePerGas"]
    assert len(history["baseFeePerGas"]) == 2
    assert history["reward"] == [[hex(GWEI), hex(2 * GWEI), hex(5 * GWEI)]]
    assert int(block["gasUsed"], 16) == 3 * 21_000
    node.mine()
    empty = node.rpc("eth_feeHistory", "0x1", "latest", [50])
    assert (empty["reward"], empty["gasUsedRatio"]) == ([["0x0"]], [0.0])
    assert empty["baseFeePerGas"][0] == history["baseFeePerGas"][1]


def test_two_chains_have_two_faucets():
    assert EmbeddedEthereum().faucet != EmbeddedEthereum().faucet


def test_as_a_process_it_says_where_it_is_and_ends_with_its_parent():
    process = subprocess.Popen(
        [sys.executable, "-m", "warifu.chains.ethereum_embedded", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        assert httpx.post(url, json=body, trust_env=False, timeout=20).json()["result"] == hex(31337)
        process.stdin.close()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def test_its_help_says_what_it_is():
    command = [sys.executable, "-m", "warifu.chains.ethereum_embedded", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "31337" in shown
    assert "--port" in shown


def test_it_listens_on_loopback_only():
    with serving(EmbeddedEthereum()) as url:
        assert url.startswith("http://127.0.0.1:")


def test_answers_are_json_rpc_to_the_letter():
    answer = Rpc(EmbeddedEthereum()).answer(b'{"jsonrpc":"2.0","id":"x","method":"web3_clientVersion"}')
    assert answer == b'{"jsonrpc":"2.0","id":"x","result":"warifu-embedded/py-evm"}'
