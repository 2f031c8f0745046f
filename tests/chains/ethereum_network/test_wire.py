"""One form for each value; everything else is no answer."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.ethereum_network.scripted import fee_history, receipt

from warifu.chains.ethereum_network.wire import (
    DATA,
    HASH,
    HEIGHT,
    QUANTITY,
    FeeHistory,
    Receipt,
    number,
    quantity,
)

pytestmark = pytest.mark.unit


@given(st.integers(0, 2**256 - 1))
def test_a_quantity_has_one_form(value):
    text = quantity(value)
    assert number(msgspec.convert(text, QUANTITY)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x00",
        "0x01",
        "0xA",
        "0X1",
        "1",
        "-0x1",
        "0x-1",
        " 0x1",
        "0x1 ",
        "0x1\n",
        "0x١",
        "0x" + "f" * 65,
    ],
)
def test_no_other_form_is_a_quantity(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, QUANTITY)


@pytest.mark.parametrize("value", [0, 1, 2**32, 2**40 - 1])
def test_a_height_is_a_quantity(value):
    assert number(msgspec.convert(quantity(value), HEIGHT)) == value


@pytest.mark.parametrize("value", [2**40, 2**63, 2**64, 2**256 - 1])
def test_no_block_is_higher_than_a_database_can_count(value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(quantity(value), HEIGHT)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(receipt("0x" + "ab" * 32, number=value), Receipt)


@pytest.mark.parametrize("wrong", [5, 1.0, None, True, ["0x1"], {"value": "0x1"}])
def test_a_quantity_is_a_text(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, QUANTITY)


@pytest.mark.parametrize("text", ["0x0", "0xabc", "ab", "0xgg", "0x" + "00" * (256 * 1024 + 1), "0xab\n"])
def test_data_is_whole_bytes_and_bounded(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, DATA)


@pytest.mark.parametrize("text", ["0x" + "ab" * 31, "0x" + "ab" * 33, "ab" * 32, "0x" + "ab" * 32 + "\n"])
def test_a_hash_has_its_length(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, HASH)


@pytest.mark.parametrize("field", ["transactionHash", "blockHash", "blockNumber", "status", "gasUsed"])
@pytest.mark.parametrize("wrong", [None, "0x", 1, "0x0g"])
def test_a_receipt_with_a_damaged_field_is_none(field, wrong):
    fields = {**receipt("0x" + "ab" * 32), field: wrong}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, Receipt)


def test_a_history_is_bounded():
    fields = fee_history(1)
    fields["baseFeePerGas"] = ["0x1"] * 1025
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(fields), type=FeeHistory)
