"""Addresses: one text form with a checksum, from a key and back to bytes."""

from __future__ import annotations

import pytest
from eth_keys.datatypes import PrivateKey
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum.address import address_of, format_address, is_reserved, parse_address
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

EIP55 = (
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)
"""The test cases of EIP-55: all capitals, all lower case, and normal."""
NORMAL = EIP55[4:]


@pytest.mark.parametrize("address", EIP55)
def test_the_examples_of_eip_55(address: str):
    assert format_address(parse_address(address)) == address
    assert parse_address(address).hex() == address[2:].lower()


@given(st.binary(min_size=20, max_size=20))
def test_the_checksum_is_the_one_of_eth_utils(address: bytes):
    assert format_address(address) == to_checksum_address(address)
    assert parse_address(format_address(address)) == address


@pytest.mark.parametrize("address", NORMAL)
@pytest.mark.parametrize("change", (str.lower, lambda digits: digits.upper(), str.swapcase))
def test_without_its_checksum_an_address_is_refused(address: str, change):
    with pytest.raises(InputRefused, match="EIP-55") as refused:
        parse_address("0x" + change(address[2:]))
    assert refused.value.code == "input.address"


@pytest.mark.parametrize("address", NORMAL)
@pytest.mark.parametrize("change", (str.lower, str.upper))
def test_where_asked_for_one_case_throughout_is_read(address: str, change):
    assert parse_address("0x" + change(address[2:]), unchecked=True) == parse_address(address)


@pytest.mark.parametrize("address", NORMAL)
def test_a_wrong_checksum_is_refused_even_where_none_is_needed(address: str):
    with pytest.raises(InputRefused):
        parse_address("0x" + address[2:].swapcase(), unchecked=True)


@pytest.mark.slow
@given(st.sampled_from(NORMAL), st.integers(2, 41), st.sampled_from("0123456789abcdefABCDEF"))
def test_a_mistyped_digit_is_noticed(address: str, place: int, digit: str):
    typed = address[:place] + digit + address[place + 1 :]
    if typed != address:
        with pytest.raises(InputRefused):
            parse_address(typed)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "0x",
        EIP55[4][2:],
        EIP55[4][:-1],
        EIP55[4] + "0",
        EIP55[4] + "\n",
        " " + EIP55[4],
        "0X" + EIP55[4][2:],
        EIP55[4][:-1] + "g",
        EIP55[4][:-1] + "０",  # a full-width digit
        "vitalik.eth",
        "0x" + "0" * 10_000,
    ),
)
def test_what_is_no_address_is_refused(text: str):
    for unchecked in (False, True):
        with pytest.raises(InputRefused):
            parse_address(text, unchecked=unchecked)


@given(st.integers(1, 2**255))
def test_the_account_of_a_key_is_the_one_of_eth_keys(secret: int):
    public = PrivateKey(secret.to_bytes(32, "big")).public_key
    assert address_of(public.to_compressed_bytes()) == public.to_checksum_address()


@pytest.mark.parametrize(
    "key", (b"", bytes(33), b"\x02" + b"\xff" * 32, b"\x04" + bytes(64), b"\x02" * 32, b"\x05" + b"\x01" * 32)
)
def test_what_is_no_compressed_key_has_no_account(key: bytes):
    with pytest.raises(InputRefused) as refused:
        address_of(key)
    assert refused.value.code == "input.public-key"


@pytest.mark.parametrize("number", (0, 1, 9, 0x11, 0x64, 0x100, 0x1010, 0xFFFF))
def test_precompiled_contracts_and_the_zero_address_are_nobodys(number: int):
    assert is_reserved(number.to_bytes(20, "big"))


def test_ordinary_accounts_are_somebodys():
    assert not is_reserved((1 << 16).to_bytes(20, "big"))
    assert not any(is_reserved(parse_address(address)) for address in EIP55)
