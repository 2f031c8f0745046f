"""Segwit addresses as text: the examples of BIP-173 and BIP-350, and agreement with another implementation."""

from __future__ import annotations

import pytest
from embit import bech32 as embit_bech32  # type: ignore[import-untyped]  # embit ships no types
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.bitcoin.bech32 import WitnessProgram, decode_segwit, encode_segwit

pytestmark = pytest.mark.unit

VALID = {
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": (0, "751e76e8199196d454941c45d1b3a323f1433bd6"),
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7": (
        0,
        "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ),
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": (
        1,
        2 * "751e76e8199196d454941c45d1b3a323f1433bd6",
    ),
    "BC1SW50QGDZ25J": (16, "751e"),
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": (2, "751e76e8199196d454941c45d1b3a323"),
    "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c": (
        1,
        "000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
}

INVALID = {
    "bech32 where bech32m belongs": "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "the same in test coins": "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
    "the same in capitals": "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bech32m where bech32 belongs": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "the same with 32 bytes": "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
    "a character outside the alphabet": "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "version 17": "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
    "a program of one byte": "bc1pw5dgrnzv",
    "a program of 41 bytes": "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
    "version 0 with 16 bytes": "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "mixed case": "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
    "more than four bits of padding": "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
    "padding that is not zero": "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",
    "no data": "bc1gmk9yu",
    "nothing before the separator": "1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "no separator": "bcqw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "a space inside": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7k v8f3t4",
    "a letter that lowers to another": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7\u212av8f3t4",  # the Kelvin sign is no k
    "a human-readable part that is not ASCII": "ドル1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "empty": "",
}


@pytest.mark.parametrize(("address", "parts"), VALID.items())
def test_the_valid_examples_are_read_and_written(address: str, parts: tuple[int, str]):
    version, program = parts
    hrp = address[:2].lower()
    assert decode_segwit(address) == WitnessProgram(hrp, version, bytes.fromhex(program))
    assert encode_segwit(hrp, version, bytes.fromhex(program)) == address.lower()


@pytest.mark.parametrize("address", INVALID.values(), ids=INVALID.keys())
def test_the_invalid_examples_are_refused(address: str):
    assert decode_segwit(address) is None


_programs = st.one_of(
    st.tuples(st.just(0), st.binary(min_size=20, max_size=20) | st.binary(min_size=32, max_size=32)),
    st.tuples(st.integers(1, 16), st.binary(min_size=2, max_size=40)),
)
_hrps = st.sampled_from(["bc", "tb", "bcrt"])


@given(_hrps, _programs)
def test_embit_writes_the_same_address_and_it_is_read_back(hrp: str, program: tuple[int, bytes]):
    address = encode_segwit(hrp, *program)
    assert address == embit_bech32.encode(hrp, *program)
    assert decode_segwit(address) == decode_segwit(address.upper()) == (hrp, *program)


@given(_hrps, _programs, st.data())
def test_up_to_four_changed_characters_are_always_found(
    hrp: str, program: tuple[int, bytes], data: st.DataObject
):
    """What the code was designed for (BIP-173), counted behind the separator."""
    address = list(encode_segwit(hrp, *program))
    first = len(hrp) + 1
    places = data.draw(st.lists(st.integers(first, len(address) - 1), min_size=1, max_size=4, unique=True))
    for place in places:
        others = sorted(set("qpzry9x8gf2tvdw0s3jn54khce6mua7l") - {address[place]})
        address[place] = data.draw(st.sampled_from(others))
    assert decode_segwit("".join(address)) is None


@given(
    st.text(max_size=95)
    | st.text("qpzry9x8gf2tvdw0s3jn54khce6mua7lbc1", max_size=95).map(lambda tail: f"bc1{tail}")
)
def test_embit_refuses_and_accepts_the_same_texts(text: str):
    ours = decode_segwit(text)
    hrp = text.lower().rpartition("1")[0]
    theirs = embit_bech32.decode(hrp, text)[0] if hrp and text.isascii() else None
    assert (ours is None) == (theirs is None)
