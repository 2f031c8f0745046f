"""BIP-32 public derivation: the standard's vectors, what is refused, and that signers' tweaks reach the same keys."""

from __future__ import annotations

import dataclasses

import pytest
from embit import base58  # type: ignore[import-untyped]  # embit ships no type information
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.derivation import (
    ExtendedKey,
    child,
    decode_extended_key,
    derive,
    encode_extended_key,
    fingerprint,
    parse_path,
)
from warifu.threshold.errors import InvalidInput
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

# BIP-32, test vectors 1 and 2: (parent, index, child) for every unhardened step.
STEPS = [
    (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
        1,
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
    ),
    (
        "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
        2,
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
    ),
    (
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
        1000000000,
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
    ),
    (
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
        0,
        "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
    ),
    (
        "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a",
        1,
        "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon",
    ),
]
ROOT = decode_extended_key(STEPS[3][0])

# BIP-32, test vector 5 and one private key: well-formed base58check that must be refused.
INVALID = [
    (
        "public version, private key",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm",
    ),
    (
        "key prefix 04",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn",
    ),
    (
        "key prefix 01",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4",
    ),
    (
        "root with a parent",
        "xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ",
    ),
    (
        "root with a number",
        "xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8",
    ),
    (
        "not on the curve",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY",
    ),
    (
        "private key",
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    ),
    ("unknown version", base58.encode_check(b"\x04\x88\xb2\x1f" + base58.decode_check(STEPS[0][0])[4:])),
    ("one byte short", base58.encode_check(base58.decode_check(STEPS[0][0])[:-1])),
    ("one byte long", base58.encode_check(base58.decode_check(STEPS[0][0]) + b"\x00")),
]


@pytest.mark.parametrize(("parent", "index", "expected"), STEPS)
def test_each_unhardened_step_of_the_vectors(parent, index, expected):
    above, below = decode_extended_key(parent), decode_extended_key(expected)
    tweak, public_key, chain_code = child(above.public_key, above.chain_code, index)
    assert (public_key, chain_code) == (below.public_key, below.chain_code)
    assert SECP256K1.base_mul_public(int.from_bytes(tweak, "big")) == SECP256K1.element_sub(
        SECP256K1.element_from_bytes(public_key), SECP256K1.element_from_bytes(above.public_key)
    )
    assert below.parent_fingerprint == fingerprint(above.public_key)
    assert (below.depth, below.child_number) == (above.depth + 1, index)


@pytest.mark.parametrize("text", [text for step in STEPS for text in (step[0], step[2])])
def test_extended_keys_read_and_write(text):
    assert encode_extended_key(decode_extended_key(text)) == text


@pytest.mark.parametrize("text", [text for _, text in INVALID], ids=[why for why, _ in INVALID])
def test_invalid_extended_keys_are_refused(text):
    base58.decode_check(text)  # the string itself is sound: it is its content that is refused
    with pytest.raises(InvalidInput):
        decode_extended_key(text)


@pytest.mark.parametrize(
    "text", ["", "xpub", "0OIl", "é" * 111, STEPS[0][0][:-1], STEPS[0][0] + "1", "1" * 100_000]
)
def test_damaged_extended_keys_are_refused(text):
    with pytest.raises(InvalidInput):
        decode_extended_key(text)


@given(st.integers(0, 110), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"))
def test_one_wrong_character_is_noticed(position, character):
    text = STEPS[0][0]
    damaged = text[:position] + character + text[position + 1 :]
    if damaged != text:
        with pytest.raises(InvalidInput):
            decode_extended_key(damaged)


def test_test_networks_have_their_own_prefix():
    text = encode_extended_key(dataclasses.replace(ROOT, network="test"))
    assert text.startswith("tpub")
    assert decode_extended_key(text) == dataclasses.replace(ROOT, network="test")


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": bytes(33)},
        {"public_key": b"\x02" + bytes(31)},
        {"chain_code": bytes(31)},
        {"network": "moon"},
        {"depth": 256},
        {"depth": -1},
        {"depth": 1, "child_number": 1 << 32},
        {"parent_fingerprint": bytes(5)},
        {"child_number": 1},
    ],
)
def test_what_does_not_fit_is_not_written(change):
    with pytest.raises(InvalidInput):
        encode_extended_key(dataclasses.replace(ExtendedKey(ROOT.public_key, ROOT.chain_code), **change))


@pytest.mark.parametrize("index", [1 << 31, (1 << 32) - 1, 1 << 40])
def test_hardened_derivation_is_refused_with_the_reason(index):
    with pytest.raises(InvalidInput, match="whole private key"):
        child(ROOT.public_key, ROOT.chain_code, index)


@pytest.mark.parametrize(
    ("public_key", "chain_code", "index"),
    [
        (ROOT.public_key, ROOT.chain_code, -1),
        (ROOT.public_key, ROOT.chain_code[:-1], 0),
        (ROOT.public_key, ROOT.chain_code + b"\0", 0),
        (ROOT.public_key[:-1], ROOT.chain_code, 0),
        (ROOT.public_key + b"\0", ROOT.chain_code, 0),
        (b"", b"", 0),
        (bytes(33), ROOT.chain_code, 0),
    ],
)
def test_malformed_parents_are_refused(public_key, chain_code, index):
    with pytest.raises(InvalidInput):
        child(public_key, chain_code, index)


@given(st.lists(st.integers(0, (1 << 31) - 1), max_size=4))
def test_the_tweaks_of_a_path_add_up_to_its_key(path):
    derived = derive(ROOT.public_key, ROOT.chain_code, path)
    assert len(derived.tweaks) == len(path)
    total = sum(int.from_bytes(tweak, "big") for tweak in derived.tweaks)
    start = SECP256K1.element_from_bytes(ROOT.public_key)
    assert SECP256K1.element_add(start, SECP256K1.base_mul_public(total)).encoded == derived.public_key


def test_the_longest_path():
    assert len(derive(ROOT.public_key, ROOT.chain_code, parse_path("m" + "/0" * 255)).tweaks) == 255


def test_only_a_key_has_a_fingerprint():
    for wrong in (b"", bytes(33), ROOT.public_key[1:]):
        with pytest.raises(InvalidInput):
            fingerprint(wrong)


def test_an_index_without_a_child_is_refused(monkeypatch):
    """One in 2^127, so the digest is bent here to cancel the parent out."""
    parent = SECP256K1.base_mul_public(5).encoded
    opposite = SECP256K1.scalar_to_bytes(SECP256K1.order - 5)
    monkeypatch.setattr("warifu.threshold.derivation.hmac.digest", lambda *_: opposite + bytes(32))
    with pytest.raises(InvalidInput, match="take the next one"):
        child(parent, bytes(32), 0)


def test_endless_paths_are_refused():
    with pytest.raises(InvalidInput):
        derive(ROOT.public_key, ROOT.chain_code, [0] * 256)
    with pytest.raises(InvalidInput):
        parse_path("m" + "/0" * 256)


@pytest.mark.parametrize(
    ("text", "path"),
    [("m", ()), ("m/0/5", (0, 5)), ("0/5", (0, 5)), ("m/2147483647", (2147483647,))],
)
def test_paths(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["m/0'", "m/0h", "m/86H/0"])
def test_hardened_paths_are_refused_with_the_reason(text):
    with pytest.raises(InvalidInput, match="whole private key"):
        parse_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "m/",
        "m//0",
        "M/0",
        "m/-1",
        "m/+1",
        "m/ 1",
        "m/01",
        "m/1_0",
        "m/٣",
        "m/2147483648",
        "m/" + "9" * 5000,
    ],
)
def test_malformed_paths_are_refused(text):
    with pytest.raises(InvalidInput):
        parse_path(text)
