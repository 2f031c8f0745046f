"""A contract's reasons in words, whoever wrote the contract."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum_network.reverts import words

pytestmark = pytest.mark.unit

ALICE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def error(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "it gives no reason"),
        (error("erc20: transfer amount exceeds balance"), "'erc20: transfer amount exceeds balance'"),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]), "an arithmetic overflow"),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x99]), "a panic of code 153"),
        (
            keccak256(b"ERC20InsufficientBalance(address,uint256,uint256)")[:4]
            + encode(["address", "uint256", "uint256"], [ALICE, 5, 7]),
            f"ERC20InsufficientBalance({ALICE}, 5, 7)",
        ),
        (keccak256(b"EnforcedPause()")[:4], "EnforcedPause"),
        (bytes.fromhex("deadbeef") + bytes(64), "an error that is not known here (0xdeadbeef, 68 bytes)"),
        (b"\x01", "an error that is not known here (0x01, 1 bytes)"),
    ],
)
def test_known_forms(data, expected):
    assert words(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("08c379a0"),
        bytes.fromhex("08c379a0") + bytes(31),
        bytes.fromhex("08c379a0") + b"\xff" * 64,
        bytes.fromhex("4e487b71") + b"\x01",
        keccak256(b"ERC20InvalidSender(address)")[:4] + b"\xff" * 32,
    ],
)
def test_damaged_forms_are_not_understood_but_shown(data):
    assert words(data).startswith("an error that is not known here")


def test_a_contract_cannot_write_on_the_terminal():
    shown = words(error("\x1b[2J\nall is well\u202e" + "x" * 1000))
    assert "all is well" in shown
    assert shown.isprintable()
    assert len(shown) <= 202


def test_nor_make_us_read_a_book():
    assert words(error("x" * 10_000)).startswith("an error that is not known here")


@pytest.mark.slow
@given(st.binary(max_size=300))
def test_any_bytes_give_one_printable_line(data):
    shown = words(data)
    assert shown
    assert shown.isprintable()


@given(st.sampled_from(["08c379a0", "4e487b71"]), st.binary(max_size=300))
def test_any_arguments_give_one_printable_line(selector, data):
    assert words(bytes.fromhex(selector) + data).isprintable()
