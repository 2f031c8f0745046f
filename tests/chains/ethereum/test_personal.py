"""Personal messages: words for a person, and nothing that a contract could take for an order."""

from __future__ import annotations

import pytest
from eth_account.messages import _hash_eip191_message, encode_defunct
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.ethereum.samples import CHAIN, SENDER, THIEF

from warifu.chains.ethereum.decode import decode
from warifu.chains.ethereum.personal import MAX_TEXT_BYTES, PREFIX, parse_personal, personal_message
from warifu.chains.ethereum.reading import PATH, read
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

PUBLISHED = {
    "Some data": "1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655",
    "Hello World": "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2",
}
"""From web3.js's documentation of ``hashMessage`` and ``sign``."""


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_digests(text: str):
    assert parse_personal(personal_message(text)).name.hex() == PUBLISHED[text]


@given(st.text(max_size=300))
def test_the_digest_is_the_one_of_eth_account(text: str):
    message = parse_personal(personal_message(text))
    assert message.text == text
    assert message.name == bytes(_hash_eip191_message(encode_defunct(text=text)))


def test_a_signer_reads_a_message_that_moves_nothing():
    reading = read(personal_message("I own this account.\nHonestly. 本当に。"), SENDER, CHAIN).reading
    assert reading.outflows == (Outflow(Kind.MESSAGE, COIN, 0, ""),)
    assert (reading.fee, reading.excludes, reading.to_sign[0].path) == (0, (), PATH)
    assert reading.to_sign[0].message == reading.name


def refusal(content: bytes) -> str:
    data = PREFIX + str(len(content)).encode() + content
    with pytest.raises(TransactionRefused) as refused:
        read(data, SENDER, CHAIN)
    return refused.value.code.removeprefix("transaction.")


DIGEST = bytes.fromhex(PUBLISHED["Some data"])


@pytest.mark.parametrize(
    "content",
    (
        DIGEST,
        b"\xff",
        b"\x00text",
        "right-to-left \u202e override".encode(),
        "zero-width \u200b space".encode(),
        b"over\rwritten",
        b"\x1b[2Jcleared",
        b"",
        b" \n ",
    ),
)
def test_what_a_person_cannot_read_is_refused(content: bytes):
    assert refusal(content) == "unreadable"


@pytest.mark.parametrize(
    "content",
    (
        b"exactly thirty-two letters long!",
        DIGEST.hex().encode(),
        b"0x" + DIGEST.hex().upper().encode(),
        DIGEST.hex().encode() + b"\n",
    ),
)
def test_what_may_be_a_digest_is_refused_even_where_it_can_be_printed(content: bytes):
    assert refusal(content) == "blind"


SIGN_IN = (
    "shop.example wants you to sign in with your Ethereum account:\n{account}\n\nWelcome.\n\n"
    "URI: https://shop.example\nVersion: 1\nChain ID: {chain}\nNonce: 32891756\nIssued At: 2026-01-01T00:00:00Z"
)
"""The form of EIP-4361."""


def test_a_request_to_sign_in_names_who_asks():
    text = SIGN_IN.format(account=SENDER, chain=1)
    assert read(personal_message(text), SENDER, CHAIN).reading.outflows[0].to == "shop.example"


@pytest.mark.parametrize(
    ("account", "chain", "reason"), ((THIEF, 1, "foreign-account"), (SENDER, 10, "wrong-chain"))
)
def test_a_request_to_sign_in_is_for_this_account_on_this_chain(account: str, chain: int, reason: str):
    assert refusal(SIGN_IN.format(account=account, chain=chain).encode()) == reason


@pytest.mark.parametrize(
    ("old", "new"),
    (
        ("shop.example", "shop.example@evil.example"),
        ("shop.example", "shop.example/evil"),
        ("shop.example", "evil shop.example"),
        ("shop.example", "ѕhop.example"),  # the first letter is Cyrillic
        ("shop.example", SENDER),
        ("account:\n", "account: "),
        (SENDER, SENDER + "0"),
        ("shop.example wants", "Hello!\nshop.example wants"),
    ),
)
def test_a_request_to_sign_in_of_another_form_is_refused(old: str, new: str):
    assert refusal(SIGN_IN.format(account=SENDER, chain=1).replace(old, new, 1).encode()) == "sign-in"


def test_a_request_to_sign_in_names_its_chain_once():
    text = SIGN_IN.format(account=SENDER, chain=1)
    assert refusal(text.replace("Chain ID: 1\n", "").encode()) == "wrong-chain"
    assert refusal((text + "\nChain ID: 1").encode()) == "wrong-chain"
    assert refusal((text + "\nChain ID: 10").encode()) == "wrong-chain"


@pytest.mark.parametrize(
    "data",
    (
        b"\x19",
        PREFIX,
        PREFIX + b"3",
        PREFIX + b"3ab",
        PREFIX + b"3abcd",
        PREFIX + b"03abc",
        PREFIX + b"+3abc",
        PREFIX + "３abc".encode(),
        b"\x19Ethereum Signed message:\n3abc",
        b"\x19\x00" + bytes(60),
        b"\x19\x01" + bytes(64),
        PREFIX + str(MAX_TEXT_BYTES + 1).encode() + b"a" * (MAX_TEXT_BYTES + 1),
        PREFIX + b"99999" + b"a" * 99_999,
    ),
)
def test_another_prefix_and_another_length_are_refused(data: bytes):
    with pytest.raises(InputRefused):
        read(data, SENDER, CHAIN)


def test_half_a_surrogate_pair_and_a_book_are_no_message():
    for text in ("\ud800", "a" * (MAX_TEXT_BYTES + 1)):
        with pytest.raises(InputRefused):
            personal_message(text)
    assert parse_personal(personal_message("a" * MAX_TEXT_BYTES)).text == "a" * MAX_TEXT_BYTES


def test_each_flipped_bit_is_refused_or_is_another_message():
    data = personal_message("Pay Bob 5")
    name = parse_personal(data).name
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = read(bytes(flipped), SENDER, CHAIN).reading
        except (InputRefused, TransactionRefused):
            continue
        assert found.name != name


def test_without_chain_and_account_a_request_to_sign_in_is_only_shown():
    shown = decode(personal_message(SIGN_IN.format(account=THIEF, chain=10)))
    assert (shown["asked_by"], shown["refusals"]) == ("shop.example", [])
