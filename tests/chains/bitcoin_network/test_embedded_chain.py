"""The embedded chain: what the engine refuses, what our mempool refuses, and the process around it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput, display_hash
from warifu.chains.bitcoin_embedded.block import (
    NO_OUTPOINT,
    Block,
    build_block,
    merkle_branch,
    merkle_root,
    subsidy,
)
from warifu.chains.bitcoin_embedded.chain import FAUCET_SCRIPT, EmbeddedChain
from warifu.chains.bitcoin_embedded.mempool import Refused
from warifu.chains.bitcoin_embedded.server import serving
from warifu.errors import InputRefused
from warifu.units import satoshi

pytestmark = pytest.mark.real

ADDRESS = SingleKey("carol").keys.address(KeyPath(Branch.RECEIVE, 0))
SCRIPT = script_for(ADDRESS, Network.REGTEST)
ANYONE = b"\x51"


def next_block(chain, transactions=(), fees=0, **changes) -> Block:
    parts: dict[str, Any] = {
        "previous": chain.tip,
        "height": chain.height + 1,
        "time": int(time.time()) + 60,
        "transactions": transactions,
        "fees": fees,
        "script": SCRIPT,
        "extra": b"",
    }
    return build_block(**(parts | changes))


def spend(outpoint, amount, *, witness=(ANYONE,), script=SCRIPT, **changes) -> Transaction:
    """A transaction that spends one of the miner's coins, which anybody can."""
    transaction = Transaction(2, (TxInput(outpoint, witness=witness),), (TxOutput(satoshi(amount), script),))
    return replace(transaction, **changes)


@pytest.fixture
def coin(chain):
    """A mature coin of 50 BTC."""
    chain.mine(101)
    return OutPoint(chain.index.blocks[1].transactions[0].txid, 0)


VALUE = 50 * 100_000_000


# --- consensus: the engine's word --------------------------------------------------------------------------------


def test_a_good_block_is_taken_and_a_known_one_changes_nothing(chain):
    block = next_block(chain)
    assert chain.submit(block) is None
    assert chain.submit(block) is None
    assert (chain.height, chain.tip) == (1, block.header.block_hash)


def test_the_engine_refuses_blocks_that_break_the_rules(chain, coin):
    stolen = spend(coin, VALUE - 1000, witness=(b"\x52",))
    unsigned = spend(OutPoint(chain.fund(ADDRESS, satoshi(100_000)), 0), 90_000, witness=(bytes(64),))
    funding = [entry.transaction for entry in chain.mempool]
    spent_twice = [spend(coin, VALUE - 1000), spend(coin, VALUE - 2000)]
    young = OutPoint(chain.index.blocks[-1].transactions[0].txid, 0)
    good = next_block(chain)
    cases = {
        "one satoshi too much": next_block(chain, fees=1),
        "a script that does not hold": next_block(chain, [stolen]),
        "a signature that does not verify": next_block(chain, [*funding, unsigned]),
        "a coin spent twice": next_block(chain, spent_twice),
        "coins from nowhere": next_block(chain, [spend(OutPoint(bytes([1]) * 32, 0), 5)]),
        "an immature coin": next_block(chain, [spend(young, VALUE - 1000)]),
        "the wrong height": next_block(chain, height=chain.height + 2),
        "a time long past": next_block(chain, time=1),
        "a time far ahead": next_block(chain, time=int(time.time()) + 3 * 3600),
        "an unknown parent": next_block(chain, previous=bytes([1]) * 32),
        "a Merkle root of something else": replace(good, header=replace(good.header, merkle_root=bytes(32))),
        "no work": replace(good, header=replace(good.header, bits=0x1D00FFFF)),
    }
    height = chain.height
    verdicts = {name: chain.submit(block) for name, block in cases.items()}
    assert [name for name, verdict in verdicts.items() if verdict is None] == []
    assert chain.height == height


def test_the_subsidy_halves():
    assert [subsidy(height) for height in (0, 149, 150, 300, 150 * 64)] == [
        VALUE,
        VALUE,
        VALUE // 2,
        VALUE // 4,
        0,
    ]


def test_a_branch_leads_to_the_root():
    for count in (1, 2, 3, 5, 8):
        hashes = [bytes([number]) * 32 for number in range(count)]
        for position in range(count):
            value, at = hashes[position], position
            for sibling in merkle_branch(hashes, position):
                pair = sibling + value if at % 2 else value + sibling
                value = hashlib.sha256(hashlib.sha256(pair).digest()).digest()
                at //= 2
            assert value == merkle_root(hashes)


def test_the_chain_is_taken_up_again_where_it_was(tmp_path):
    first = EmbeddedChain(tmp_path / "again")
    txid = first.fund(ADDRESS, satoshi(1234))
    first.mine(1)
    tip = first.tip
    first.close()
    second = EmbeddedChain(tmp_path / "again")
    assert second.tip == tip
    assert second.index.transaction(txid) is not None
    second.close()


# --- policy: ours, in Core's words -------------------------------------------------------------------------------


def test_the_mempool_s_refusals(chain, coin):
    good = spend(coin, VALUE - 1000)
    young = OutPoint(chain.index.blocks[-1].transactions[0].txid, 0)
    two = (TxInput(coin, witness=(ANYONE,)),) * 2
    refusals = {
        "bad-txns-inputs-missingorspent": spend(OutPoint(bytes(32), 0), 5000),
        "bad-txns-in-belowout": spend(coin, VALUE + 1),
        "bad-txns-inputs-duplicate": replace(good, inputs=two),
        "bad-txns-premature-spend-of-coinbase": spend(young, VALUE - 1000),
        "mempool-script-verify-flag-failed": spend(coin, VALUE - 1000, witness=(b"\x52",)),
        "coinbase": spend(NO_OUTPOINT, 5000),
        "dust": spend(coin, 100),
        "version": replace(good, version=7),
        "non-final": replace(good, locktime=chain.height + 1),
        "non-BIP68-final": replace(good, inputs=(TxInput(coin, sequence=5, witness=(ANYONE,)),)),
    }
    for words, transaction in refusals.items():
        with pytest.raises(Refused) as refused:
            chain.send(transaction)
        assert str(refused.value) == words
    with pytest.raises(Refused, match="min relay fee not met"):
        chain.send(spend(coin, VALUE - 50))
    assert len(chain.mempool) == 0
    assert chain.send(good) == good.txid
    assert chain.send(spend(coin, VALUE - 1000, witness=(b"\x52",))) == good.txid, (
        "like Core: not looked at again"
    )


def test_replacement_costs_more_than_all_it_replaces(chain, coin):
    parent = spend(coin, VALUE - 1000, script=FAUCET_SCRIPT)
    child = spend(OutPoint(parent.txid, 0), VALUE - 11_000)
    chain.send(parent)
    chain.send(child)
    for fee in (1000, 1500, 11_000):
        with pytest.raises(Refused, match="insufficient fee"):
            chain.send(spend(coin, VALUE - fee))
    better = spend(coin, VALUE - 12_000)
    chain.send(better)
    assert [entry.transaction.txid for entry in chain.mempool] == [better.txid]


def test_a_replacement_cannot_spend_what_it_replaces(chain, coin):
    parent = spend(coin, VALUE - 1000, script=FAUCET_SCRIPT)
    chain.send(parent)
    inputs = (TxInput(coin, witness=(ANYONE,)), TxInput(OutPoint(parent.txid, 0), witness=(ANYONE,)))
    with pytest.raises(Refused, match="bad-txns-spends-conflicting-tx"):
        chain.send(Transaction(2, inputs, (TxOutput(satoshi(VALUE), SCRIPT),)))


def test_a_block_with_a_conflict_clears_the_mempool_of_it(chain, coin):
    chain.send(spend(coin, VALUE - 1000))
    assert chain.submit(next_block(chain, [spend(coin, VALUE - 5000)], 5000)) is None
    assert len(chain.mempool) == 0


def test_a_reorganisation_gives_transactions_back_in_order(chain, coin):
    parent = spend(coin, VALUE - 1000, script=FAUCET_SCRIPT)
    child = spend(OutPoint(parent.txid, 0), VALUE - 3000)
    chain.send(parent)
    chain.mine(1)
    chain.send(child)
    chain.mine(1)
    chain.reorganise(2)
    assert [entry.transaction.txid for entry in chain.mempool] == [parent.txid, child.txid]
    chain.mine(1)
    assert chain.index.transaction(child.txid).height == chain.height
    with pytest.raises(InputRefused):
        chain.reorganise(chain.height + 1)


def test_the_faucet_pays_exactly_and_refuses_nonsense(chain):
    txid = chain.fund(ADDRESS, satoshi(123_456))
    assert chain.find(txid).outputs[0] == TxOutput(satoshi(123_456), SCRIPT)
    for amount, address in ((1, ADDRESS), (1000, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")):
        with pytest.raises(InputRefused):
            chain.fund(address, satoshi(amount))


# --- over HTTP ---------------------------------------------------------------------------------------------------


@pytest.fixture
def http(chain):
    with serving(chain) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_esplora_s_answers_fit_together(chain, http):
    txid = display_hash(chain.fund(ADDRESS, satoshi(5000)))
    assert http.get("/mempool/txids").json() == [txid]
    assert http.get("/mempool").json()["count"] == 1
    chain.mine(1)
    tip = http.get("/blocks/tip/hash").text
    assert http.get(f"/block-height/{chain.height}").text == tip
    assert http.get("/blocks").json()[0]["id"] == tip
    assert http.get("/blocks/3").json()[-1]["previousblockhash"] is None
    assert len(bytes.fromhex(http.get(f"/block/{tip}/header").text)) == 80
    assert http.get(f"/block/{tip}/raw").content == chain.index.blocks[-1].serialize()
    assert http.get(f"/block/{tip}/status").json()["in_best_chain"] is True
    assert http.get(f"/block/{tip}/txids").json()[1] == txid == http.get(f"/block/{tip}/txid/1").text
    found = http.get(f"/tx/{txid}").json()
    assert found["status"]["block_hash"] == tip
    assert found["vout"][0] == {"scriptpubkey": SCRIPT.hex(), "scriptpubkey_address": ADDRESS, "value": 5000}
    assert found["fee"] > 0
    assert bytes.fromhex(http.get(f"/tx/{txid}/hex").text) == http.get(f"/tx/{txid}/raw").content
    assert http.get(f"/tx/{txid}/merkle-proof").json()["pos"] == 1
    assert http.get(f"/tx/{txid}/outspend/0").json() == {"spent": False}
    spender = http.get(f"/tx/{found['vin'][0]['txid']}/outspends").json()[0]
    assert (spender["spent"], spender["txid"]) == (True, txid)
    assert http.get(f"/address/{ADDRESS}/txs").json() == [found]


def test_a_long_history_comes_in_pages(chain, http):
    chain.mine(30, ADDRESS)
    path = f"/scripthash/{hashlib.sha256(SCRIPT).hexdigest()}/txs"
    first = http.get(path).json()
    assert first == http.get(f"{path}/chain").json()
    second = http.get(f"{path}/chain/{first[-1]['txid']}").json()
    assert (len(first), len(second)) == (25, 5)
    assert len({item["txid"] for item in first + second}) == 30
    assert http.get(f"{path}/chain/{'00' * 32}").json() == []


def test_what_is_not_there_is_404_and_what_is_refused_400(http):
    none = "00" * 32
    for path in (
        "/",
        "/block-height/9",
        f"/tx/{none}",
        f"/tx/{none}/raw",
        f"/block/{none}",
        "/tx/../etc",
        "/TX/x",
    ):
        assert http.get(path).status_code == 404
    assert http.get("/tx").status_code == 404
    for body in ("", "zz", "00", "é"):
        assert http.post("/tx", content=body.encode()).status_code == 400
    assert http.post("/tx", content=b"0" * 2_000_000).status_code == 413
    assert http.get("/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/txs").status_code == 400


def test_control_requests_are_json_and_checked(chain, http):
    assert len(http.post("/control/mine", json={"blocks": 2}).json()["blocks"]) == 2
    txid = http.post("/control/fund", json={"address": ADDRESS, "amount": 7000}).json()["txid"]
    assert http.get(f"/tx/{txid}/status").json()["confirmed"] is True
    assert len(http.post("/control/reorganise", json={"depth": 1}).json()["blocks"]) == 2
    assert http.post("/control/mine", content=b'{"blocks":1}').status_code == 415, (
        "a web page can send only this"
    )
    for path, wrong in (
        ("mine", {"blocks": 0}),
        ("mine", {"blocks": "1"}),
        ("mine", {"count": 1}),
        ("fund", {"address": ADDRESS, "amount": -1}),
        ("fund", {"address": "x", "amount": 1000}),
        ("reorganise", {"depth": 10_000}),
    ):
        assert http.post(f"/control/{path}", json=wrong).status_code == 400
    assert http.post("/control/stop", json={}).status_code == 404
    assert http.get("/control/mine").status_code in (404, 415)


@pytest.mark.slow
def test_as_a_process_it_says_where_it_is_and_ends_with_its_starter(tmp_path):
    arguments = [
        sys.executable,
        "-m",
        "warifu.chains.bitcoin_embedded",
        str(tmp_path / "chain"),
        "--until-stdin-closes",
    ]
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().decode().strip()
        assert url.startswith("http://127.0.0.1:")
        answer = httpx.post(f"{url}/control/mine", json={"blocks": 3}, trust_env=False)
        assert len(json.loads(answer.content)["blocks"]) == 3
        process.stdin.close()
        assert process.wait(20) == 0
