"""The embedded chain executes for real, and answers as a node does."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from contextlib import suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature
from tests.chains.solana.messages import (
    ALICE,
    BOB,
    MALLORY,
    NONCE,
    advance,
    associated,
    compute_limit,
    compute_price,
    create_account,
    make_nonce,
    message,
    pay,
    pay_token,
)
from tests.chains.solana_embedded.conftest import wire

from warifu.chains.solana import fees, programs
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana_embedded import chain as chain_module
from warifu.chains.solana_embedded.chain import EmbeddedChain, parse
from warifu.errors import InputRefused

pytestmark = pytest.mark.real

BASE64 = {"encoding": "base64"}


def nonce_of(rpc) -> Hash:
    data = base64.b64decode(rpc("getAccountInfo", str(NONCE), BASE64)["data"][0])
    return Hash.from_bytes(data[40:72])


def with_nonce(rpc) -> None:
    assert "result" in rpc.send(message(*make_nonce(), blockhash=rpc.blockhash()))


def test_it_tells_what_it_is(rpc):
    assert rpc("getHealth") == "ok"
    assert "LiteSVM" in rpc("getVersion")["solana-core"]
    assert rpc("getSlot", {"commitment": "processed"}) > rpc("getBlockHeight") > 0
    assert rpc("getGenesisHash") != str(EmbeddedChain().genesis_hash)


def test_rent_is_the_engines_own_and_what_a_signer_counts_with(rpc):
    for size in (0, 80, 165, 256):
        assert rpc("getMinimumBalanceForRentExemption", size) == fees.rent(size)


def test_a_payment_is_simulated_sent_and_followed(rpc):
    raw = message(compute_limit(1_000), compute_price(5_000), pay(BOB, 10**9), blockhash=rpc.blockhash())
    assert rpc("getFeeForMessage", base64.b64encode(raw).decode()) == 5_005
    assert rpc("simulateTransaction", wire(raw), BASE64)["unitsConsumed"] == 450
    signature = rpc.send(raw)["result"]
    assert rpc("getBalance", str(BOB)) == 10**9
    assert rpc("getBalance", str(ALICE)) == 10**10 - 10**9 - 5_005
    (status,) = rpc("getSignatureStatuses", [signature])
    assert (status["err"], status["confirmationStatus"], status["confirmations"]) == (None, "confirmed", 0)
    assert rpc("getTransaction", signature) is None
    rpc.control("advance", slots=32)
    (status,) = rpc("getSignatureStatuses", [signature])
    assert (status["confirmationStatus"], status["confirmations"]) == ("finalized", None)
    assert rpc("getTransaction", signature)["meta"]["fee"] == 5_005
    assert [item["signature"] for item in rpc("getSignaturesForAddress", str(BOB))] == [signature]


def test_a_transaction_is_executed_once(rpc):
    raw = message(pay(), blockhash=rpc.blockhash())
    rpc.send(raw)
    assert rpc.send(raw)["error"]["data"]["err"] == "AlreadyProcessed"
    assert rpc("getBalance", str(BOB)) == 1_000_000


def test_an_older_blockhash_is_good_for_150_blocks(rpc):
    old = rpc.blockhash()
    last = rpc("getLatestBlockhash")["lastValidBlockHeight"]
    rpc.control("advance", slots=150)
    assert rpc("getBlockHeight", {"commitment": "processed"}) == last
    assert rpc("isBlockhashValid", str(old)) is True
    assert "result" in rpc.send(message(pay(BOB, 900_000), blockhash=old))
    assert rpc("isBlockhashValid", str(old)) is False
    error = rpc.send(message(pay(BOB, 1), blockhash=old))["error"]
    assert (error["code"], error["data"]["err"]) == (-32002, "BlockhashNotFound")
    assert "Blockhash not found" in error["message"]


def test_a_bad_signature_is_refused(rpc):
    raw = message(pay(), blockhash=rpc.blockhash())
    assert rpc.refusal("sendTransaction", wire(raw, "mallory"), BASE64)["code"] == -32003
    assert rpc("getBalance", str(BOB)) == 0


def test_without_preflight_what_cannot_be_executed_is_dropped_silently(rpc):
    dead = message(pay(), blockhash=Hash.hash(b"never"))
    signature = rpc.send(dead, skip_preflight=True)["result"]
    assert rpc("getSignatureStatuses", [signature]) == [None]


def test_a_failed_execution_costs_its_fee(rpc):
    raw = message(pay(BOB, 10**12), blockhash=rpc.blockhash())
    assert "InstructionError" in rpc.send(raw)["error"]["data"]["err"]
    assert rpc("getBalance", str(ALICE)) == 10**10
    signature = rpc.send(raw, skip_preflight=True)["result"]
    (status,) = rpc("getSignatureStatuses", [signature])
    assert status["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert rpc("getBalance", str(ALICE)) == 10**10 - 5_000


def test_a_durable_nonce_outlives_blockhashes_and_is_used_once(rpc):
    with_nonce(rpc)
    value = nonce_of(rpc)
    raw = message(advance(), pay(BOB, 900_000), blockhash=value)
    other = message(advance(), pay(MALLORY, 900_000), blockhash=value)
    rpc.control("expire")
    assert "result" in rpc.send(raw)
    for again in (raw, other):
        assert rpc.send(again)["error"]["data"]["err"] == "BlockhashNotFound"
    assert nonce_of(rpc) != value
    assert rpc("getBalance", str(MALLORY)) == 0


def test_a_nonces_value_comes_from_the_block_before(rpc):
    """As on a cluster, and unlike the engine alone; also where execution failed."""
    with_nonce(rpc)
    for amount in (900_000, 10**15):
        newest = rpc("getSignaturesForAddress", str(NONCE), {"commitment": "confirmed"})[0]
        block = rpc("getBlock", newest["slot"])
        assert bytes(nonce_of(rpc)) == nonce_value(bytes(Hash.from_string(block["previousBlockhash"])))
        before = nonce_of(rpc)
        rpc.send(message(advance(), pay(BOB, amount), blockhash=before), skip_preflight=True)
        assert nonce_of(rpc) != before
    newest = rpc("getSignaturesForAddress", str(NONCE), {"commitment": "confirmed"})[0]
    assert newest["err"] is not None
    block = rpc("getBlock", newest["slot"])
    assert bytes(nonce_of(rpc)) == nonce_value(bytes(Hash.from_string(block["previousBlockhash"])))


@pytest.mark.parametrize("token_2022", [False, True])
def test_tokens_are_minted_paid_and_found(rpc, token_2022):
    program = Pubkey.from_bytes(programs.TOKEN_2022 if token_2022 else programs.TOKEN)
    minted = rpc.control("mint", address=str(ALICE), amount=5_000_000, token_2022=token_2022)
    mint = Pubkey.from_string(minted["mint"])
    assert minted["token_account"] == str(associated(ALICE, mint, program))
    raw = message(
        create_account(BOB, mint, program),
        pay_token(associated(BOB, mint, program), 2_000_000, mint, program),
        blockhash=rpc.blockhash(),
    )
    before = rpc("getBalance", str(ALICE))
    assert "result" in rpc.send(raw)
    paid = rpc("getTokenAccountBalance", str(associated(BOB, mint, program)))
    assert paid == {"amount": "2000000", "decimals": 6, "uiAmountString": "2.000000"}
    (found,) = rpc("getTokenAccountsByOwner", str(ALICE), {"mint": str(mint)}, BASE64)
    assert found["pubkey"] == minted["token_account"]
    spent = before - rpc("getBalance", str(ALICE))
    assert spent <= 5_000 + fees.token_account_rent(bytes(program))
    if not token_2022:
        assert spent == 5_000 + fees.TOKEN_ACCOUNT_RENT


def test_unknown_methods_and_wrong_parameters_are_errors(rpc):
    assert rpc.refusal("getNothing")["code"] == -32601
    assert rpc.refusal("getBalance")["code"] == -32602
    assert rpc.refusal("getBalance", 5)["code"] == -32602
    assert rpc.refusal("getBalance", "0")["code"] == -32602
    assert rpc.refusal("getBlock", -1)["code"] == -32602
    assert rpc.refusal("getBlock", 2**62)["code"] == -32004
    assert rpc.refusal("getAccountInfo", str(ALICE), {"encoding": "jsonParsed"})["code"] == -32602
    assert rpc.refusal("sendTransaction", "!!", BASE64)["code"] == -32602
    assert rpc.refusal("sendTransaction", "A" * 2000, BASE64)["code"] == -32602
    assert rpc.http.post("/", json=[]).json()["error"]["code"] == -32600
    assert rpc.http.post("/", content=b"{", headers={"content-type": "application/json"}).json()["error"]


def test_a_batch_is_answered_in_order(rpc):
    calls = [{"jsonrpc": "2.0", "id": number, "method": "getHealth"} for number in range(3)]
    assert [item["id"] for item in rpc.http.post("/", json=calls).json()] == [0, 1, 2]


def test_a_web_page_cannot_talk_to_it(rpc):
    assert rpc.http.post("/control/expire", content=b"{}").status_code == 415
    assert rpc.http.get("/").status_code == 405
    assert rpc.http.post("/nothing", json={}).status_code == 404
    assert rpc.http.post("/control/nothing", json={}).status_code == 404
    assert rpc.http.post("/control/advance", json={"slots": 10**9}).status_code == 400
    assert rpc.http.post("/control/airdrop", json={"address": "x", "lamports": 1}).status_code == 400


def test_the_process_serves_until_its_starter_is_gone():
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "warifu.chains.solana_embedded",
            "--until-stdin-closes",
            "--slot-milliseconds",
            "5",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().decode().strip()
        body = {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [{"commitment": "processed"}]}
        first = httpx.post(url, json=body).json()["result"]
        while httpx.post(url, json=body).json()["result"] == first:
            pass
        process.stdin.close()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()


@given(st.binary(max_size=300))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_a_transaction_or_an_error_of_ours(data):
    with suppress(InputRefused):
        assert bytes(parse(data)) == data


def test_a_list_of_signatures_is_read_in_pages_as_on_a_cluster(rpc):
    made = [
        rpc.send(message(pay(BOB, 10**6 + number), blockhash=rpc.blockhash()))["result"]
        for number in range(5)
    ]
    newest_first = made[::-1]
    confirmed = {"commitment": "confirmed"}

    def page(**options: object) -> list[str]:
        found = rpc("getSignaturesForAddress", str(BOB), {**confirmed, **options})
        return [item["signature"] for item in found]

    assert page() == newest_first
    assert page(limit=2) == newest_first[:2]
    assert page(limit=2, before=newest_first[1]) == newest_first[2:4]
    assert page(before=newest_first[-1]) == []
    assert page(until=newest_first[3]) == newest_first[:3]
    assert page(before=newest_first[0], until=newest_first[2]) == newest_first[1:2]
    assert page(before=str(Signature.new_unique())) == []  # as of a node without long-term storage
    assert rpc("getSignaturesForAddress", str(BOB)) == []  # nothing is final yet
    rpc.control("advance", slots=32)
    assert [item["signature"] for item in rpc("getSignaturesForAddress", str(BOB))] == newest_first


@pytest.mark.parametrize(
    "options",
    [{"limit": 0}, {"limit": 1001}, {"limit": -1}, {"commitment": "processed"}, {"before": 7}],
)
def test_a_list_of_signatures_that_no_node_gives(rpc, options):
    assert rpc.refusal("getSignaturesForAddress", str(BOB), options)["code"] == -32602


def test_everything_is_remembered_until_something_is_forgotten(rpc, monkeypatch):
    assert rpc("getFirstAvailableBlock") == 0
    assert rpc("getBlockTime", 0) is None
    monkeypatch.setattr(chain_module, "HISTORY", 2)
    kept = [
        rpc.send(message(pay(BOB, 10**6 + number), blockhash=rpc.blockhash()))["result"]
        for number in range(3)
    ][1:]
    first = rpc("getFirstAvailableBlock")
    slots = [
        rpc("getTransaction", signature, {"commitment": "confirmed", "encoding": "base64"})["slot"]
        for signature in kept
    ]
    assert 0 < first <= min(slots)
