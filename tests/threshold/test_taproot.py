"""Taproot key-path tweaks: the vectors of BIP-341 and BIP-86."""

from __future__ import annotations

import pytest
from embit import bech32  # type: ignore[import-untyped]  # embit ships no type information
from tests.support.vectors import load_vectors

from warifu.threshold.derivation import decode_extended_key
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.tweaks import TweakContext
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.taproot import bip86_key, taproot_tweak

pytestmark = pytest.mark.unit

# BIP-86, test vectors: account 0, then (path, internal key, output key, address).
ACCOUNT = decode_extended_key(
    "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
)
ADDRESSES = [
    (
        (0, 0),
        "cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115",
        "a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c",
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    ),
    (
        (0, 1),
        "83dfe85a3151d2517290da461fe2815591ef69f2b18a2ce63f01697a8b313145",
        "a82f29944d65b86ae6b5e5cc75e294ead6c59391a1edc5e016e3498c67fc7bbb",
        "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh",
    ),
    (
        (1, 0),
        "399f1b2f4393f29a18c937859c5dd8a77350103157eb880f02e8c08214277cef",
        "882d74e5d0572d5a816cef0041a96b6c1de832f6f9676d9605c44d5e9a97d3dc",
        "bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7",
    ),
]


def test_bip341_output_keys():
    cases = load_vectors("bip341/wallet-test-vectors.json")["scriptPubKey"]
    assert len(cases) == 7
    for case in cases:
        internal = bytes.fromhex(case["given"]["internalPubkey"])
        root = case["intermediary"].get("merkleRoot")
        tweak, output = taproot_tweak(internal, None if root is None else bytes.fromhex(root))
        assert tweak.hex() == case["intermediary"]["tweak"]
        assert output.hex() == case["intermediary"]["tweakedPubkey"]
        assert "5120" + output.hex() == case["expected"]["scriptPubKey"]


def test_bip341_tweaked_private_keys():
    cases = load_vectors("bip341/wallet-test-vectors.json")["keyPathSpending"][0]["inputSpending"]
    for case in cases:
        key = SECP256K1.secret_from_bytes(bytes.fromhex(case["given"]["internalPrivkey"]))
        public = SECP256K1.base_mul(key)
        root = case["given"]["merkleRoot"]
        tweak, output = taproot_tweak(public.encoded, None if root is None else bytes.fromhex(root))
        assert tweak.hex() == case["intermediary"]["tweak"]
        even = key if SECP256K1.has_even_y(public) else SECP256K1.secret_negate(key)
        tweaked = SECP256K1.secret_add_public(even, int.from_bytes(tweak, "big"))
        assert tweaked.expose().hex() == case["intermediary"]["tweakedPrivkey"]
        assert SECP256K1.xonly(SECP256K1.base_mul(tweaked)) == output


@pytest.mark.parametrize(("path", "internal", "output", "address"), ADDRESSES)
def test_bip86_addresses(path, internal, output, address):
    key = bip86_key(ACCOUNT.public_key, ACCOUNT.chain_code, path)
    assert key.internal_key.hex() == internal
    assert key.output_key.hex() == output
    assert bech32.encode("bc", 1, key.output_key) == address


@pytest.mark.parametrize("path", [path for path, *_ in ADDRESSES])
def test_the_tweaks_lead_a_signing_session_to_the_output_key(path):
    key = bip86_key(ACCOUNT.public_key, ACCOUNT.chain_code, path)
    start = TweakContext.start(SECP256K1.element_from_bytes(ACCOUNT.public_key))
    assert start.apply_all(key.tweaks).xonly == key.output_key
    assert [is_xonly for _, is_xonly in key.tweaks] == [False, False, True]


def test_full_and_xonly_internal_keys_give_the_same_output():
    for prefix in (b"\x02", b"\x03"):
        xonly = bytes.fromhex(ADDRESSES[0][1])
        assert taproot_tweak(prefix + xonly) == taproot_tweak(xonly)


@pytest.mark.parametrize(
    ("internal", "root"),
    [
        (bytes(32), None),
        (b"\xff" * 32, None),
        (bytes(33), None),
        (b"", None),
        (bytes.fromhex(ADDRESSES[0][1])[:-1], None),
        (bytes.fromhex(ADDRESSES[0][1]), b""),
        (bytes.fromhex(ADDRESSES[0][1]), bytes(31)),
        (bytes.fromhex(ADDRESSES[0][1]), bytes(33)),
    ],
)
def test_malformed_keys_and_roots_are_refused(internal, root):
    with pytest.raises(InvalidInput):
        taproot_tweak(internal, root)
