"""Calls of token contracts: what leaves the account, and in how few ways it may be written."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.ethereum.samples import CHAIN, FRIEND, SENDER, THIEF, TOKEN, raw, transaction

from warifu.chains.ethereum.abi import FUNCTIONS, PERMIT2
from warifu.chains.ethereum.abi_words import decode_arguments
from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.transaction import Transaction
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

UNLIMITED = 2**256 - 1
VRS = (27, b"\x01" * 32, b"\x02" * 32)

SELECTORS = {
    "transfer(address,uint256)": "a9059cbb",
    "transferFrom(address,address,uint256)": "23b872dd",
    "approve(address,uint256)": "095ea7b3",
    "increaseAllowance(address,uint256)": "39509351",
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)": "d505accf",
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)": "8fcbaf0c",
    "approve(address,address,uint160,uint48)": "87517c45",
    "setApprovalForAll(address,bool)": "a22cb465",
    "safeTransferFrom(address,address,uint256)": "42842e0e",
    "safeTransferFrom(address,address,uint256,bytes)": "b88d4fde",
    "safeTransferFrom(address,address,uint256,uint256,bytes)": "f242432a",
    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)": "2eb2c2d6",
}


def test_the_selectors_are_the_ones_that_everybody_knows():
    assert {function.signature: selector.hex() for selector, function in FUNCTIONS.items()} == SELECTORS


def calling(signature: str, *values: Any, **changes: Any) -> Transaction:
    """A call of the token with arguments encoded by eth-abi."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = bytes.fromhex(SELECTORS[signature]) + encode(types, values)
    return transaction(**({"to": raw(TOKEN), "value": 0, "data": data} | changes))


def outflows(sample: Transaction) -> tuple[Outflow, ...]:
    return read(sample.serialize(), SENDER, CHAIN).reading.outflows


def refusal(sample: Transaction) -> str:
    with pytest.raises(TransactionRefused) as refused:
        read(sample.serialize(), SENDER, CHAIN)
    return refused.value.code.removeprefix("transaction.")


def pays(amount: int, to: str = FRIEND, token: str = TOKEN) -> tuple[Outflow, ...]:
    return (Outflow(Kind.PAYMENT, token, amount, to),)


def approves(amount: int, to: str = FRIEND, token: str = TOKEN) -> tuple[Outflow, ...]:
    return (Outflow(Kind.APPROVAL, token, amount, to),)


UNDERSTOOD = {
    "transfer": (calling("transfer(address,uint256)", FRIEND, 5), pays(5)),
    "transferFrom, own": (calling("transferFrom(address,address,uint256)", SENDER, FRIEND, 5), pays(5)),
    "approve": (calling("approve(address,uint256)", FRIEND, 5), approves(5)),
    "approve, unlimited": (calling("approve(address,uint256)", FRIEND, UNLIMITED), approves(UNLIMITED)),
    "increaseAllowance": (calling("increaseAllowance(address,uint256)", FRIEND, 5), approves(5)),
    "permit": (
        calling(
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", SENDER, FRIEND, 5, 10**10, *VRS
        ),
        approves(5),
    ),
    "DAI's permit": (
        calling(
            "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
            SENDER,
            FRIEND,
            0,
            0,
            True,
            *VRS,
        ),
        approves(UNLIMITED),
    ),
    "DAI's permit, taken back": (
        calling(
            "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
            SENDER,
            FRIEND,
            0,
            0,
            False,
            *VRS,
        ),
        approves(0),
    ),
    "Permit2's approve": (
        calling("approve(address,address,uint160,uint48)", TOKEN, FRIEND, 5, 2**48 - 1, to=PERMIT2),
        approves(5),
    ),
    "approval for all": (calling("setApprovalForAll(address,bool)", FRIEND, True), approves(UNLIMITED)),
    "approval for all, taken back": (calling("setApprovalForAll(address,bool)", FRIEND, False), approves(0)),
    "an NFT": (calling("safeTransferFrom(address,address,uint256)", SENDER, FRIEND, 77), pays(1)),
    "an NFT with empty data": (
        calling("safeTransferFrom(address,address,uint256,bytes)", SENDER, FRIEND, 77, b""),
        pays(1),
    ),
    "an ERC-1155 token": (
        calling("safeTransferFrom(address,address,uint256,uint256,bytes)", SENDER, FRIEND, 77, 5, b""),
        pays(5),
    ),
    "a batch of ERC-1155 tokens": (
        calling(
            "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
            SENDER,
            FRIEND,
            [7, 8],
            [5, 6],
            b"",
        ),
        pays(5) + pays(6),
    ),
}


@pytest.mark.parametrize(("sample", "expected"), UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_what_a_call_takes_is_understood(sample: Transaction, expected: tuple[Outflow, ...]):
    assert outflows(sample) == expected


def test_token_number_zero_is_not_given_away_as_nothing():
    assert outflows(calling("transferFrom(address,address,uint256)", SENDER, FRIEND, 0)) == pays(1)
    assert outflows(calling("approve(address,uint256)", FRIEND, 0)) == approves(1)


ZERO = "0x" + "00" * 20
BATCH = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"
REFUSED = {
    "to nobody": (calling("transfer(address,uint256)", ZERO, 5), "reserved-address"),
    "to a precompiled contract": (
        calling("transfer(address,uint256)", "0x" + "00" * 19 + "09", 5),
        "reserved-address",
    ),
    "to the token's contract": (calling("transfer(address,uint256)", TOKEN, 5), "to-token-contract"),
    "to itself": (calling("transfer(address,uint256)", SENDER, 5), "self-payment"),
    "of nothing": (calling("transfer(address,uint256)", FRIEND, 0), "empty-transfer"),
    "of a token at a reserved address": (
        calling("transfer(address,uint256)", FRIEND, 5, to=bytes(18) + b"\x10\x10"),
        "reserved-address",
    ),
    "of somebody else's tokens": (
        calling("transferFrom(address,address,uint256)", THIEF, SENDER, 5),
        "foreign-transfer",
    ),
    "of somebody else's NFT": (
        calling("safeTransferFrom(address,address,uint256)", THIEF, FRIEND, 5),
        "foreign-transfer",
    ),
    "of itself as spender": (calling("approve(address,uint256)", SENDER, 5), "self-approval"),
    "of the token as spender": (calling("approve(address,uint256)", TOKEN, 5), "to-token-contract"),
    "of nobody as spender": (calling("approve(address,uint256)", ZERO, 5), "reserved-address"),
    "of somebody else's permit": (
        calling(
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", THIEF, FRIEND, 5, 10**10, *VRS
        ),
        "foreign-approval",
    ),
    "of somebody else's DAI permit": (
        calling(
            "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
            *(THIEF, FRIEND, 0, 0, True, *VRS),
        ),
        "foreign-approval",
    ),
    "of somebody else's ERC-1155 token": (
        calling("safeTransferFrom(address,address,uint256,uint256,bytes)", THIEF, FRIEND, 77, 5, b""),
        "foreign-transfer",
    ),
    "of somebody else's batch": (calling(BATCH, THIEF, FRIEND, [1], [1], b""), "foreign-transfer"),
    "of an ERC-1155 token with a message for code": (
        calling("safeTransferFrom(address,address,uint256,uint256,bytes)", SENDER, FRIEND, 77, 5, b"\x01"),
        "attached-data",
    ),
    "of a batch with a message for code": (
        calling(BATCH, SENDER, FRIEND, [1], [1], b"\x01"),
        "attached-data",
    ),
    "with coins beside": (calling("transfer(address,uint256)", FRIEND, 5, value=1), "coin-with-token"),
    "with a message for the recipient's code": (
        calling("safeTransferFrom(address,address,uint256,bytes)", SENDER, FRIEND, 77, b"\x01"),
        "attached-data",
    ),
    "of an empty batch": (calling(BATCH, SENDER, FRIEND, [], [], b""), "call-data"),
    "of an uneven batch": (calling(BATCH, SENDER, FRIEND, [1, 2], [1], b""), "call-data"),
    "of a batch that nobody can look through": (
        calling(BATCH, SENDER, FRIEND, list(range(65)), [1] * 65, b""),
        "call-data",
    ),
    "of nothing within a batch": (calling(BATCH, SENDER, FRIEND, [1, 2], [1, 0], b""), "empty-transfer"),
}


@pytest.mark.parametrize(("sample", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_policy_can_allow_is_refused(sample: Transaction, reason: str):
    assert refusal(sample) == reason


DIRTY = {
    "a dirty address": lambda data: data[:4] + b"\x01" + data[5:],
    "a byte more": lambda data: data + b"\x00",
    "a word more": lambda data: data + bytes(32),
    "a byte less": lambda data: data[:-1],
    "a word less": lambda data: data[:-32],
    "the selector alone": lambda data: data[:4],
}


@pytest.mark.parametrize("change", DIRTY.values(), ids=DIRTY.keys())
@pytest.mark.parametrize("name", ("transfer", "approve", "permit", "approval for all", "an NFT"))
def test_sloppy_arguments_are_refused(change, name: str):
    sample = UNDERSTOOD[name][0]
    dirty = transaction(to=sample.to, value=0, data=change(sample.data))
    assert refusal(dirty) == "call-data"


def test_numbers_and_truth_values_fill_no_more_than_their_type():
    head = bytes.fromhex(SELECTORS["setApprovalForAll(address,bool)"]) + encode(["address"], [FRIEND])
    for truth in (2, 256, 2**255):
        assert refusal(calling_raw(head + truth.to_bytes(32, "big"))) == "call-data"
    permit2 = bytes.fromhex(SELECTORS["approve(address,address,uint160,uint48)"])
    for amount, expiry in ((2**160, 0), (0, 2**48)):
        data = permit2 + encode(["address", "address", "uint256", "uint256"], [TOKEN, FRIEND, amount, expiry])
        assert refusal(calling_raw(data, to=PERMIT2)) == "call-data"


def calling_raw(data: bytes, **changes: Any) -> Transaction:
    return transaction(**({"to": raw(TOKEN), "value": 0, "data": data} | changes))


def test_tails_out_of_order_overlapping_or_padded_with_dirt_are_refused():
    good = UNDERSTOOD["a batch of ERC-1155 tokens"][0].data
    words = [good[at : at + 32] for at in range(4, len(good), 32)]
    swapped = [*words[:2], words[3], words[2], *words[4:]]
    overlapping = [*words[:3], words[2], *words[4:]]
    huge = [*words[:5], (2**255).to_bytes(32, "big"), *words[6:]]
    for changed in (swapped, overlapping, huge):
        assert refusal(calling_raw(good[:4] + b"".join(changed))) == "call-data"
    with_message = calling("safeTransferFrom(address,address,uint256,bytes)", SENDER, FRIEND, 77, b"\x01")
    assert refusal(calling_raw(with_message.data[:-1] + b"\x01")) == "call-data"


@given(
    st.binary(max_size=70),
    st.lists(st.integers(0, 2**256 - 1), max_size=4),
    st.binary(min_size=20, max_size=20),
)
def test_what_eth_abi_encodes_is_read_back(data: bytes, numbers: list[int], address: bytes):
    types = ("address", "uint256[]", "bytes", "uint256[]", "bytes")
    encoded = encode(types, (format_address(address), numbers, data, numbers[:2], b""))
    assert decode_arguments(types, encoded) == (address, tuple(numbers), data, tuple(numbers[:2]), b"")


@given(st.binary(max_size=260))
def test_whatever_is_read_as_arguments_is_what_eth_abi_encodes(data: bytes):
    types = ("address", "bytes", "bool")
    try:
        address, content, truth = decode_arguments(types, data)
    except InputRefused:
        return
    assert isinstance(address, bytes)
    assert encode(types, (format_address(address), content, truth)) == data


@pytest.mark.parametrize(
    "data", ("d0e30db0", "ac9650d8" + "00" * 64, "01", "ffffff", "12345678" + "11" * 100)
)
def test_what_is_not_understood_is_a_call_of_that_contract(data: str):
    sample = transaction(to=raw(TOKEN), value=9, data=bytes.fromhex(data))
    assert outflows(sample) == (Outflow(Kind.CALL, COIN, 9, TOKEN),)


def test_permit2s_approve_is_only_permit2s():
    sample = calling("approve(address,address,uint160,uint48)", TOKEN, FRIEND, 5, 9)
    assert outflows(sample) == (Outflow(Kind.CALL, COIN, 0, TOKEN),)


def test_an_account_calls_neither_itself_nor_the_zero_address():
    assert refusal(transaction(to=raw(SENDER), value=0, data=b"\x12\x34\x56\x78")) == "self-call"
    assert refusal(transaction(to=bytes(20), value=0, data=b"\x12\x34\x56\x78")) == "reserved-address"


def test_each_flipped_bit_of_a_transfer_is_refused_or_shows():
    sample = UNDERSTOOD["transfer"][0]
    for place in range(8 * len(sample.data)):
        data = bytearray(sample.data)
        data[place // 8] ^= 1 << place % 8
        changed = transaction(to=sample.to, value=0, data=bytes(data))
        try:
            found = outflows(changed)
        except TransactionRefused:
            continue
        assert found != UNDERSTOOD["transfer"][1]


def test_a_batch_as_long_as_a_person_looks_through_counts_whole():
    assert outflows(calling(BATCH, SENDER, FRIEND, list(range(64)), [1] * 64, b"")) == pays(1) * 64
