"""Addresses and amounts have one text form each, and derived addresses are those that the chain derives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders import compute_budget, system_program, sysvar
from solders.pubkey import Pubkey
from solders.token import ID as TOKEN_ID
from solders.token.associated import get_associated_token_address
from tests.chains.solana.messages import ALICE, BOB, MINT, associated

from warifu.chains.solana import programs
from warifu.chains.solana.address import (
    address_with_seed,
    associated_token_address,
    format_address,
    parse_address,
)
from warifu.chains.solana.amounts import MAX_AMOUNT, format_sol, format_units, parse_sol, parse_units
from warifu.chains.solana.curve import is_on_curve
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana.tokens import KNOWN_TOKENS, symbol_of
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit
P = 2**255 - 19


@given(st.binary(min_size=32, max_size=32))
def test_an_address_has_one_text_form(raw):
    text = format_address(raw)
    assert text == str(Pubkey.from_bytes(raw))
    assert parse_address(text) == raw


@pytest.mark.parametrize(
    "text", ["", "1" * 31, "1" * 33, "1" * 44, f" {ALICE}", f"{ALICE}\n", "0" * 40, "l" * 43, "z" * 44]
)
def test_another_text_is_no_address(text):
    with pytest.raises(InputRefused) as error:
        parse_address(text)
    assert error.value.reason == "address"


def test_programs_are_where_solders_knows_them():
    assert bytes(system_program.ID) == programs.SYSTEM
    assert bytes(compute_budget.ID) == programs.COMPUTE_BUDGET
    assert bytes(TOKEN_ID) == programs.TOKEN
    assert bytes(sysvar.RECENT_BLOCKHASHES) == programs.RECENT_BLOCKHASHES
    assert bytes(sysvar.RENT) == programs.RENT


def test_a_token_account_is_derived_as_the_chain_does():
    derived = associated_token_address(bytes(BOB), bytes(MINT), programs.TOKEN)
    assert derived == bytes(get_associated_token_address(BOB, MINT)) == bytes(associated(BOB))
    assert not is_on_curve(derived)
    assert is_on_curve(bytes(BOB))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_token_accounts_of_whatever_owner_and_mint_are_the_chains(owner, mint):
    theirs = get_associated_token_address(Pubkey.from_bytes(owner), Pubkey.from_bytes(mint))
    assert associated_token_address(owner, mint, programs.TOKEN) == bytes(theirs)


@given(st.binary(min_size=32, max_size=32))
def test_what_is_a_point_of_the_curve_is_the_chains_answer(encoded):
    assert is_on_curve(encoded) is Pubkey.from_bytes(encoded).is_on_curve()


@pytest.mark.parametrize("sign", [0, 2**255], ids=["x even", "x odd"])
@pytest.mark.parametrize("y", [*range(30), *range(P - 30, 2**255)])
def test_small_large_and_non_canonical_coordinates_are_judged_as_the_chain_does(y, sign):
    """y = 1 has x = 0, which has no sign; y from p on are written larger than they are; the points of small order are
    among them. The chain takes all that lie on the curve."""
    encoded = (y + sign).to_bytes(32, "little")
    assert is_on_curve(encoded) is Pubkey.from_bytes(encoded).is_on_curve()


def test_an_account_with_a_seed_is_derived_as_the_chain_does():
    ours = address_with_seed(bytes(ALICE), b"warifu-nonce-0", programs.SYSTEM)
    assert ours == bytes(Pubkey.create_with_seed(ALICE, "warifu-nonce-0", Pubkey.from_bytes(programs.SYSTEM)))


def test_a_nonce_value_is_never_a_blockhash():
    assert nonce_value(bytes(32)) != nonce_value(bytes(31) + b"\x01") != bytes(32)


@pytest.mark.parametrize(
    ("text", "lamports"),
    [
        ("0.5 SOL", 500_000_000),
        ("0.000000001", 1),
        ("1 sol", 10**9),
        ("5000 lamports", 5000),
        ("1 lamport", 1),
    ],
)
def test_amounts_of_sol(text, lamports):
    assert parse_sol(text) == lamports


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0.0000000001 SOL",
        "-1 SOL",
        "1e3 SOL",
        "1.",
        ".5 SOL",
        "1.5 lamports",
        "1 BTC",
        "٣.0",
        "1 2 3",
    ],
)
def test_what_is_no_amount_of_sol(text):
    with pytest.raises(InputRefused) as error:
        parse_sol(text)
    assert error.value.reason == "amount-form"


def test_no_amount_is_over_64_bits():
    assert parse_sol(f"{MAX_AMOUNT} lamports") == MAX_AMOUNT
    with pytest.raises(InputRefused) as error:
        parse_sol(f"{MAX_AMOUNT + 1} lamports")
    assert error.value.reason == "amount-range"


@given(st.integers(0, MAX_AMOUNT), st.integers(0, 255))
def test_units_are_exact_both_ways(amount, decimals):
    text = format_units(amount, decimals)
    assert parse_units(text, decimals) == amount


def test_amounts_are_shown_in_full():
    assert format_sol(5_000) == "0.000005000 SOL"
    assert format_units(1_500_000, 6) == "1.500000"
    assert format_units(7, 0) == "7"


def test_known_mints_are_addresses():
    for mint, known in KNOWN_TOKENS.items():
        assert format_address(parse_address(mint)) == mint
        assert symbol_of(mint) == known.symbol
    assert symbol_of(str(MINT)) == str(MINT)
