"""RLP with exactly one encoding for each value."""

from __future__ import annotations

import pytest
import rlp as reference  # type: ignore[import-untyped]  # it ships no type information
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.ethereum.rlp import MAX_BYTES, MAX_DEPTH, Item, decode, encode, to_integer
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

items = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=20
).filter(lambda item: depth(item) <= MAX_DEPTH)


def depth(item: Item) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, tuple) else 0


def as_lists(item: Item) -> object:
    return [as_lists(inner) for inner in item] if isinstance(item, tuple) else item


@given(items)
def test_it_writes_what_the_rlp_package_writes_and_reads_it_back(item: Item):
    encoded = encode(item)
    assert encoded == reference.encode(as_lists(item))
    assert decode(encoded) == item


@given(st.binary(max_size=120))
def test_whatever_is_read_is_written_the_same_and_read_the_same_by_the_rlp_package(data: bytes):
    try:
        item = decode(data)
    except InputRefused:
        return
    assert encode(item) == data
    assert reference.decode(data) == as_lists(item)


ZOO = {
    "nothing": "",
    "a small byte with a length": "8100",
    "the largest small byte with a length": "817f",
    "a string that ends early": "83abcd",
    "a list that ends early": "c3c0",
    "a long string that ends within its length": "b9ff",
    "a long string of a short length": "b837" + "aa" * 55,
    "a length with leading zeros": "b90038" + "aa" * 56,
    "a list length with leading zeros": "f90038" + "80" * 56,
    "a long list of a short length": "f801c0",
    "a length of 2^64 - 1": "bfffffffffffffffff",
    "a list length of 2^64 - 1": "ffffffffffffffffff",
    "a second item": "c0c0",
    "a zero byte at the end": "c000",
    "an item that reaches past its list": "c283abcdef",
    "a list that reaches past its list": "c1c1c0",
    "lists in lists in lists": "c5c4c3c2c1c0",
}


@pytest.mark.parametrize("data", ZOO.values(), ids=ZOO.keys())
def test_a_second_encoding_and_a_broken_one_are_refused(data: str):
    with pytest.raises(InputRefused) as refused:
        decode(bytes.fromhex(data))
    assert refused.value.code == "input.rlp-form"


def test_what_no_node_would_take_is_refused_before_it_is_read():
    with pytest.raises(InputRefused, match="over the limit"):
        decode(b"\x00" * (MAX_BYTES + 1))


def test_a_full_length_of_tiny_lists_is_read():
    content = b"\xc0" * (MAX_BYTES - 4)
    assert decode(b"\xfa" + len(content).to_bytes(3, "big") + content) == ((),) * len(content)


@pytest.mark.parametrize(
    ("item", "limit"), ((b"\x00", 9), (b"\x00\x01", 9), (b"\x09", 9), ((), 9), ((b"",), 9))
)
def test_numbers_have_one_form_and_a_range(item: Item, limit: int):
    with pytest.raises(InputRefused):
        to_integer(item, "it", limit)
