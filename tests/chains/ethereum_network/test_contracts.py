"""The calls that are written out are what eth-abi makes of them, and what it encodes is read back."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum_network import contracts
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

ADDRESSES = st.binary(min_size=20, max_size=20)
AMOUNTS = st.integers(0, 2**256 - 1)


def expected(signature: str, *values: object) -> bytes:
    types = signature.partition("(")[2].rstrip(")").split(",") if values else []
    return keccak256(signature.encode())[:4] + encode(types, values)


@given(ADDRESSES, AMOUNTS)
def test_a_payment_an_approval_and_a_question_for_a_balance(address: bytes, amount: int):
    shown = format_address(address)
    assert contracts.transfer(address, amount) == expected("transfer(address,uint256)", shown, amount)
    assert contracts.approve(address, amount) == expected("approve(address,uint256)", shown, amount)
    assert contracts.balance_of(address) == expected("balanceOf(address)", shown)


def test_questions_without_arguments():
    assert contracts.decimals().hex() == "313ce567"
    assert contracts.symbol().hex() == "95d89b41"


@given(st.binary(max_size=100))
def test_what_a_roll_up_is_asked(transaction: bytes):
    assert contracts.l1_fee(transaction) == expected("getL1Fee(bytes)", transaction)


@given(st.text(st.characters(codec="utf-8"), max_size=70), st.binary(max_size=70))
def test_a_text_is_read_back_whatever_follows_it(text: str, rest: bytes):
    assert contracts.read_bytes(encode(["string"], [text]) + rest).decode() == text


@given(st.binary(max_size=200))
def test_other_bytes_are_a_text_or_refused(data: bytes):
    try:
        found = contracts.read_bytes(data)
    except ValueError:
        return
    assert found in data


@pytest.mark.parametrize("length", (5, 2**255, 2**256 - 1))
def test_a_text_that_is_longer_than_what_came_is_none(length: int):
    data = (32).to_bytes(32, "big") + length.to_bytes(32, "big") + b"USDC"
    with pytest.raises(ValueError, match="too early"):
        contracts.read_bytes(data)
    with pytest.raises(InputRefused):
        contracts.read_symbol(data)
