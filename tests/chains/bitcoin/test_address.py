"""Addresses: the official examples, the wrong network by name, and nothing that would lose coins."""

from __future__ import annotations

import pytest
from embit.descriptor.checksum import add_checksum  # type: ignore[import-untyped]  # embit ships no types
from hypothesis import given
from hypothesis import strategies as st
from tests.support.bitcoin_coins import KEYS
from tests.support.vectors import load_vectors

from warifu.chains.bitcoin.address import address_for, canonical_address, dust_limit, script_for
from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network, network_named
from warifu.chains.bitcoin.text_forms import descriptor_checksum
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

KNOWN = [
    # BIP-173 and BIP-350 examples
    (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        Network.BITCOIN,
        "0014751e76e8199196d454941c45d1b3a323f1433bd6",
    ),
    (
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        Network.TESTNET,
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ),
    (
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        Network.SIGNET,
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        Network.BITCOIN,
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
    # base58, from Bitcoin Core's key_io tests and the genesis block
    (
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        Network.BITCOIN,
        "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac",
    ),
    (
        "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
        Network.BITCOIN,
        "a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87",
    ),
    (
        "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
        Network.REGTEST,
        "76a914243f1394f44554f4ce3fd68649c19adc483ce92488ac",
    ),
    (
        "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
        Network.TESTNET,
        "a9144e9f39ca4688ff102128ea4ccda34105324305b087",
    ),
]


@pytest.mark.parametrize(("address", "network", "script"), KNOWN)
def test_known_addresses_and_scripts_belong_together(address: str, network: Network, script: str):
    assert script_for(address, network).hex() == script
    assert address_for(bytes.fromhex(script), network) == address


def test_every_address_of_the_bip341_vectors_is_found():
    for vector in load_vectors("bip341/wallet-test-vectors.json")["scriptPubKey"]:
        script = bytes.fromhex(vector["expected"]["scriptPubKey"])
        address = vector["expected"]["bip350Address"]
        assert address_for(script, Network.BITCOIN) == address
        assert script_for(address, Network.BITCOIN) == script


@pytest.mark.parametrize(
    ("address", "wanted", "named"),
    [
        (
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            Network.REGTEST,
            "an address of bitcoin, not of regtest",
        ),
        (
            "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            Network.BITCOIN,
            "an address of regtest, not of bitcoin",
        ),
        (
            "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
            Network.BITCOIN,
            "an address of testnet or signet, not of bitcoin",
        ),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Network.SIGNET, "an address of bitcoin, not of signet"),
        (
            "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
            Network.BITCOIN,
            "an address of testnet or signet or regtest, not of bitcoin",
        ),
    ],
)
def test_the_address_of_another_network_is_refused_and_the_network_named(
    address: str, wanted: Network, named: str
):
    with pytest.raises(InputRefused, match=named) as caught:
        script_for(address, wanted)
    assert caught.value.reason == "wrong-network"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "at most"),
        ("bc1q" + "q" * 100, "at most"),
        ("bc1QW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "upper and lower case"),
        ("BC1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "upper and lower case"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "checksum"),  # one character mistyped
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t", "checksum"),  # one character lost
        (" bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "not a Bitcoin address"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n", "checksum"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "checksum"),  # bech32, not bech32m
        ("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "spending rules"),
        ("BC1SW50QGDZ25J", "spending rules"),  # version 16
        ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "spending rules"),  # version 2: anybody could take it
        ("bc1rw5uspcuh", "checksum"),  # a program of one byte
        ("bc1gmk9yu", "checksum"),  # no data at all
        ("bc1", "checksum"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "not a Bitcoin address"),
        ("11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "not a Bitcoin address"),
        ("0OIl", "not a Bitcoin address"),
        ("ドル", "not a Bitcoin address"),
        ("bc1ドル", "checksum"),
        ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "not an address of Bitcoin"),  # Litecoin's 0x30
        ("xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVk", "not a Bitcoin address"),
    ],
)
def test_what_is_no_address_is_refused_and_says_why(address: str, why: str):
    with pytest.raises(InputRefused, match=why) as caught:
        script_for(address, Network.BITCOIN)
    assert caught.value.reason == "address"


def test_a_taproot_address_without_a_key_behind_it_is_refused():
    nobody = address_for(b"\x51\x20" + b"\xff" * 32, Network.BITCOIN)
    assert nobody is not None
    with pytest.raises(InputRefused, match="coins sent there are lost"):
        script_for(nobody, Network.BITCOIN)


def test_an_upper_case_address_from_a_qr_code_is_the_same_address():
    address = KEYS.address(KeyPath(Branch.RECEIVE, 0))
    assert canonical_address(address.upper(), Network.REGTEST) == address


@pytest.mark.parametrize(
    "script",
    ["", "6a0b68656c6c6f20776f726c64", "51024e73", "5220" + "11" * 32, "0015" + "11" * 21, "51", "00", "ac"],
)
def test_a_script_without_known_spending_rules_has_no_address(script: str):
    assert address_for(bytes.fromhex(script), Network.BITCOIN) is None


@given(st.binary(max_size=40), st.sampled_from(list(Network)))
def test_a_script_that_has_an_address_is_what_the_address_stands_for(script: bytes, network: Network):
    address = address_for(script, network)
    if address is not None and script[:1] != b"\x51":
        assert script_for(address, network) == script


@given(
    st.sampled_from([b"\x00\x14", b"\x00\x20", b"\x76\xa9\x14", b"\xa9\x14"]),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(list(Network)),
)
def test_every_hash_has_an_address_and_comes_back(prefix: bytes, digest: bytes, network: Network):
    suffix = {b"\x76\xa9\x14": b"\x88\xac", b"\xa9\x14": b"\x87"}.get(prefix, b"")
    script = prefix + digest[: prefix[-1]] + suffix
    address = address_for(script, network)
    assert address is not None
    assert script_for(address, network) == script


@given(st.text(max_size=100) | st.text("bctr1qpzry9x8gf2tvdw0s3jn54khce6mua7lBC", max_size=95))
def test_any_text_is_an_address_or_refused(text: str):
    try:
        script = script_for(text, Network.REGTEST)
    except InputRefused:
        return
    assert canonical_address(text, Network.REGTEST) in (text, text.lower())
    assert script


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ("5120" + "11" * 32, 330),
        ("0014" + "11" * 20, 294),
        ("0020" + "11" * 32, 330),
        ("76a914" + "11" * 20 + "88ac", 546),
        ("a914" + "11" * 20 + "87", 540),
    ],
)
def test_the_dust_limits_are_those_of_bitcoin_core(script: str, limit: int):
    assert dust_limit(bytes.fromhex(script)) == limit


@given(
    st.text(
        "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyz`\"\\ ",
        max_size=200,
    )
)
def test_the_descriptor_checksum_is_the_one_that_others_compute(text: str):
    assert f"{text}#{descriptor_checksum(text)}" == add_checksum(text)


def test_a_network_is_known_by_its_name_alone():
    assert network_named("signet") is Network.SIGNET
    with pytest.raises(InputRefused, match="bitcoin, testnet, signet, regtest"):
        network_named("mainnet")
