"""What is made of nodes' answers, without any node: accounts' bytes, prices, refusals."""

from __future__ import annotations

import base64
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.solana.messages import ALICE, BOB, MINT

from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.solana.address import format_address
from warifu.chains.solana.fees import priority_fee
from warifu.chains.solana.programs import SYSTEM, TOKEN, TOKEN_2022
from warifu.chains.solana_network.following import _alike
from warifu.chains.solana_network.layouts import read_mint, read_nonce, read_token_account
from warifu.chains.solana_network.priority import PriorityBounds, compute_limit, outbid, price_from
from warifu.chains.solana_network.rejection import reason_of, rejection, words_for
from warifu.chains.solana_network.wire import HEIGHT, AccountInfo, PrioritizationFee, SignatureStatus
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def account(data: bytes, owner: bytes = TOKEN, encoding: str = "base64") -> AccountInfo:
    return AccountInfo((base64.b64encode(data).decode(), encoding), format_address(owner), 10**6, False)


def mint_bytes(decimals: int = 6, initialised: int = 1) -> bytes:
    return bytes(44) + bytes([decimals, initialised]) + bytes(36)


def extended(*extensions: tuple[int, bytes]) -> bytes:
    """A mint of Token-2022 with these extensions."""
    body = b"".join(
        kind.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value for kind, value in extensions
    )
    return mint_bytes() + bytes(165 - 82) + b"\x01" + body


def token_account_bytes(state: int = 1) -> bytes:
    return bytes(MINT) + bytes(ALICE) + (77).to_bytes(8, "little") + bytes(36) + bytes([state]) + bytes(56)


def nonce_bytes(version: int = 1, state: int = 1) -> bytes:
    head = version.to_bytes(4, "little") + state.to_bytes(4, "little")
    return head + bytes(ALICE) + bytes(BOB) + bytes(8)


def test_a_mint_a_token_account_and_a_nonce_are_read():
    mint = read_mint(account(mint_bytes()))
    assert mint is not None
    assert (mint.program, mint.decimals, mint.obstacle) == (TOKEN, 6, "")
    held = read_token_account(account(token_account_bytes()))
    assert held is not None
    assert (held.mint, held.owner, held.amount, held.frozen) == (bytes(MINT), bytes(ALICE), 77, False)
    frozen = read_token_account(account(token_account_bytes(2)))
    assert frozen is not None
    assert frozen.frozen
    nonce = read_nonce(account(nonce_bytes(), SYSTEM))
    assert nonce is not None
    assert (nonce.authority, nonce.value) == (bytes(ALICE), bytes(BOB))


@pytest.mark.parametrize(
    "other",
    [
        None,
        account(mint_bytes(), SYSTEM),
        account(mint_bytes(), bytes(ALICE)),
        account(mint_bytes(initialised=0)),
        account(mint_bytes()[:-1]),
        account(mint_bytes() + b"\x00"),
        account(mint_bytes(), encoding="base58"),
        account(token_account_bytes(0)),
        account(bytes(82)),
        account(bytes(165)),
        account(bytes(355)),
        account(nonce_bytes(version=0), SYSTEM),
        account(nonce_bytes(state=0), SYSTEM),
        account(nonce_bytes(), TOKEN),
        account(nonce_bytes() + b"\x00", SYSTEM),
        AccountInfo(("!!!", "base64"), format_address(TOKEN), 1, False),
    ],
)
def test_anything_else_is_none_of_them(other):
    assert read_mint(other) is None
    assert read_token_account(other) is None
    assert read_nonce(other) is None


def test_an_account_of_a_token_is_no_mint_and_the_other_way_round():
    assert read_mint(account(token_account_bytes())) is None
    assert read_token_account(account(mint_bytes())) is None
    assert read_token_account(account(extended(), TOKEN_2022)) is None
    assert read_mint(account(token_account_bytes() + b"\x02", TOKEN_2022)) is None
    assert read_token_account(account(token_account_bytes() + b"\x02", TOKEN_2022)) is not None
    assert read_mint(account(extended(), TOKEN)) is None


FEE_CONFIG = bytes(108)
TAKING = bytes(88) + b"\x05\x00" + bytes(18)
TAKING_SOON = bytes(106) + b"\x05\x00"


@pytest.mark.parametrize(
    ("extensions", "obstacle"),
    [
        ([], ""),
        ([(18, bytes(64)), (19, b"name")], ""),
        ([(1, FEE_CONFIG), (14, bytes(64)), (12, bytes(32)), (26, bytes(33))], ""),
        ([(1, TAKING)], "a part of each transfer"),
        ([(1, TAKING_SOON)], "a part of each transfer"),
        ([(1, bytes(4))], "a part of each transfer"),
        ([(14, bytes(32) + bytes(ALICE))], "a program of its own"),
        ([(9, b"")], "does not let it be transferred"),
        ([(26, bytes(32) + b"\x01")], "paused"),
        ([(18, bytes(64)), (99, b"")], "not understood (99)"),
    ],
)
def test_a_mint_that_does_more_than_it_says_is_not_paid(extensions, obstacle):
    mint = read_mint(account(extended(*extensions), TOKEN_2022))
    assert mint is not None
    assert obstacle in mint.obstacle
    assert bool(mint.obstacle) == bool(obstacle)


@given(st.binary(max_size=300), st.sampled_from([SYSTEM, TOKEN, TOKEN_2022]))
def test_any_bytes_are_read_or_not(data, owner):
    read_mint(account(data, owner))
    read_token_account(account(data, owner))
    read_nonce(account(data, owner))


# --- prices --------------------------------------------------------------------------------------------------------


def samples(*fees: int) -> list[PrioritizationFee]:
    return [PrioritizationFee(slot, fee) for slot, fee in enumerate(fees)]


def test_the_price_follows_what_others_paid_between_bounds():
    bounds = PriorityBounds(least=10, most=1_000, total=10**9)
    assert price_from([], 1_000, bounds) == 10
    assert price_from(samples(0, 0, 0, 0), 1_000, bounds) == 10
    assert price_from(samples(100, 400, 300, 200), 1_000, bounds) == 400
    assert price_from(samples(10**18), 1_000, bounds) == 1_000


@given(st.lists(st.integers(0, 2**63), max_size=200), st.integers(1, 1_400_000), st.integers(0, 10**7))
def test_no_answer_makes_a_transaction_dearer_than_the_bounds(fees, limit, old):
    bounds = PriorityBounds()
    estimate = price_from(samples(*fees), limit, bounds)
    assert bounds.least <= estimate <= bounds.most
    assert priority_fee(limit, estimate) <= bounds.total
    try:
        higher = outbid(old, estimate, limit, bounds)
    except InputRefused as error:
        assert error.reason == "fee-bound"
    else:
        assert old < higher <= bounds.most
        assert priority_fee(limit, higher) <= bounds.total


def test_the_compute_limit_leaves_room_and_keeps_the_runtimes_own():
    assert compute_limit(0) == 500
    assert compute_limit(10_000) == 12_500
    assert compute_limit(1_400_000) == 1_400_000


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "err", "reason"),
    [
        (-32002, "BlockhashNotFound", "expired"),
        (-32002, "AlreadyProcessed", "already-known"),
        (-32002, "AccountNotFound", "insufficient-funds"),
        (-32002, {"InsufficientFundsForRent": {"account_index": 1}}, "insufficient-funds"),
        (-32002, {"InstructionError": [2, {"Custom": 1}]}, "execution"),
        (-32002, "SomethingNew", "refused"),
        (-32002, {}, "refused"),
        (-32002, [1], "refused"),
        (-32003, None, "signature"),
        (-32602, None, "refused"),
    ],
)
def test_a_nodes_refusal_has_a_stable_reason(code, err, reason):
    refused = RpcRefused(code, "words\x1b[31m", {"err": err}, "node-1")
    assert reason_of(refused) == reason
    error = rejection(refused)
    assert error.reason == reason
    assert error.message == "node-1 refuses the transaction: words [31m"
    assert rejection(RpcRefused(code, "", None, "")).message.endswith("no reason given")


def test_an_error_is_told_with_what_the_program_said():
    logs = ["Program x invoke [1]", "Transfer: insufficient lamports 5, need 6", "Program x consumed 1"]
    assert "need 6" in words_for({"InstructionError": [0, {"Custom": 1}]}, logs)
    assert words_for("BlockhashNotFound") == "BlockhashNotFound"
    assert len(words_for("x" * 10_000)) < 1_000


def test_a_number_with_a_point_in_an_error_is_said_like_any_other():
    assert "0.5" in words_for({"InstructionError": [0, Decimal("0.5")]})
    assert len(_alike([SignatureStatus(1, {"Custom": Decimal("0.5")})] * 2)) == 1


@pytest.mark.parametrize("height", [2**63, 2**64 - 1, 2**64, 10**30, -1])
def test_no_height_is_greater_than_a_database_can_count(height):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(str(height), type=HEIGHT)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"slot": {height}, "err": null}}', type=SignatureStatus)
