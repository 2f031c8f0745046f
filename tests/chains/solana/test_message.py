"""Bytes are read as one message or not at all, and never otherwise than the chain's own code reads them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.message import Message as TheirMessage
from solders.message import MessageAddressTableLookup, MessageHeader, MessageV0
from tests.chains.solana.messages import (
    ALICE,
    BLOCKHASH,
    BOB,
    MALLORY,
    advance,
    compute_limit,
    compute_price,
    create_account,
    memo,
    message,
    pay,
    pay_token,
)

from warifu.chains.solana.message import MAX_MESSAGE_BYTES, PACKET_BYTES, compact_u16, parse_message
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

EXAMPLES = {
    "legacy": message(pay()),
    "v0": message(pay(), version=0),
    "everything": message(
        advance(), compute_limit(50_000), compute_price(7), create_account(), pay_token(), memo(b"hello")
    ),
}


@pytest.mark.parametrize("raw", EXAMPLES.values(), ids=EXAMPLES)
def test_it_is_read_as_the_chains_own_code_reads_it(raw):
    ours = parse_message(raw)
    theirs = MessageV0.from_bytes(raw[1:]) if ours.version == 0 else TheirMessage.from_bytes(raw)
    header = theirs.header
    assert (ours.signers, ours.readonly_signers, ours.readonly_others) == (
        header.num_required_signatures,
        header.num_readonly_signed_accounts,
        header.num_readonly_unsigned_accounts,
    )
    assert ours.keys == tuple(bytes(key) for key in theirs.account_keys)
    assert ours.blockhash == bytes(theirs.recent_blockhash)
    assert [(item.program, bytes(item.accounts), item.data) for item in ours.instructions] == [
        (item.program_id_index, item.accounts, item.data) for item in theirs.instructions
    ]
    if ours.version is None:
        signers = [index for index in range(len(ours.keys)) if ours.is_signer(index)]
        assert signers == [index for index in range(len(ours.keys)) if theirs.is_signer(index)]
    assert ours.name == sha256(raw).digest()


@pytest.mark.parametrize("raw", EXAMPLES.values(), ids=EXAMPLES)
def test_every_truncation_is_refused(raw):
    for length in range(len(raw)):
        with pytest.raises(InputRefused, match="not a valid Solana message"):
            parse_message(raw[:length])


@pytest.mark.parametrize("raw", EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("tail", [b"\x00", b"\x01" * 31, b"\x01" * 32, b"\x00" * 33])
def test_trailing_bytes_are_refused(raw, tail):
    with pytest.raises(InputRefused, match="follow its end"):
        parse_message(raw + tail)


@pytest.mark.parametrize("value", [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, 0xFFFF])
def test_lengths_are_written_as_the_chain_writes_them(value):
    """Bytes of the known encodings (Solana Docs, "Compact-u16 format")."""
    known = {
        0: "00",
        1: "01",
        0x7F: "7f",
        0x80: "8001",
        0x3FFF: "ff7f",
        0x4000: "808001",
        0xFFFF: "ffff03",
    }
    assert compact_u16(value).hex() == known[value]


@pytest.mark.parametrize("length", [b"\x83\x00", b"\x83\x80\x00", b"\x80\x80\x80\x01", b"\xff\xff\x04"])
def test_a_length_in_another_form_is_refused(length):
    """The number of keys, 3, in longer forms; more than three bytes; more than 65535."""
    raw = message(pay())
    assert raw[3] == 3
    with pytest.raises(InputRefused, match="length"):
        parse_message(raw[:3] + length + raw[4:])


def test_a_count_that_the_rest_cannot_hold_is_refused_at_once():
    with pytest.raises(InputRefused, match="announces 65535 items"):
        parse_message(b"\x01\x00\x01\xff\xff\x03" + bytes(64))


def test_an_account_that_is_listed_twice_is_refused():
    raw = bytearray(message(pay()))
    raw[4 + 32 : 4 + 64] = raw[4 : 4 + 32]
    with pytest.raises(InputRefused, match="listed twice"):
        parse_message(bytes(raw))


@pytest.mark.parametrize(
    "header",
    [(0, 0, 1), (1, 1, 1), (2, 2, 1), (4, 0, 0), (1, 0, 3), (3, 0, 1), (127, 127, 127)],
)
def test_a_header_that_the_chain_would_not_take_is_refused(header):
    raw = message(pay())
    with pytest.raises(InputRefused, match="not a valid"):
        parse_message(bytes(header) + raw[3:])


def test_an_instruction_that_calls_the_payer_or_nobody_is_refused():
    raw = message(pay())
    at = 3 + 1 + 96 + 32 + 1
    assert raw[at] == 2
    for index in (0, 3, 255):
        with pytest.raises(InputRefused, match="calls the one that pays"):
            parse_message(raw[:at] + bytes([index]) + raw[at + 1 :])


def test_lookup_tables_are_refused():
    """Their accounts cannot be seen, so neither can the one that is paid."""
    lookup = MessageAddressTableLookup(MALLORY, bytes([0]), b"")
    plain = MessageV0.from_bytes(message(pay(), version=0)[1:])
    loaded = MessageV0(plain.header, plain.account_keys, BLOCKHASH, plain.instructions, [lookup])
    with pytest.raises(TransactionRefused) as refused:
        parse_message(b"\x80" + bytes(loaded).removeprefix(b"\x80"))
    assert refused.value.reason == "lookup-tables"


@pytest.mark.parametrize("version", range(1, 128))
def test_another_version_is_refused(version):
    with pytest.raises(InputRefused) as refused:
        parse_message(bytes([0x80 | version]) + message(pay()))
    assert refused.value.reason == "message-version"


def test_more_than_a_packet_is_refused_before_it_is_read():
    with pytest.raises(InputRefused) as refused:
        parse_message(bytes(PACKET_BYTES + 1))
    assert refused.value.reason == "too-long"
    assert MAX_MESSAGE_BYTES == 1232 - 1 - 64


def test_a_header_of_many_signers_is_read_as_it_stands():
    """Judging it is for the reader of the whole; here it is only understood."""
    raw = message(pay(), pay(BOB, 1, payer=MALLORY))
    assert parse_message(raw).signers == 2
    assert TheirMessage.from_bytes(raw).header == MessageHeader(2, 0, 1)
    assert parse_message(raw).keys[0] == bytes(ALICE)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_a_message_or_an_error_of_ours(data):
    try:
        found = parse_message(data)
    except (InputRefused, TransactionRefused):
        return
    assert found.raw == data


@given(st.sampled_from(sorted(EXAMPLES.values())), st.data())
@settings(max_examples=300)
def test_a_flipped_bit_gives_another_name_or_an_error(raw, data):
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        found = parse_message(bytes(changed))
    except (InputRefused, TransactionRefused):
        return
    assert found.name != parse_message(raw).name
