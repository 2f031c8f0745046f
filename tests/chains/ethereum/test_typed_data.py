"""EIP-712: hashed as the standard says, and read in exactly one way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from tests.chains.ethereum.samples import CHAIN, SENDER
from tests.chains.ethereum.typed_samples import MAIL, as_json, changed, requests, typed

from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.strict_json import MAX_BYTES
from warifu.chains.ethereum.typed_data import parse_typed_data
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit


def test_the_example_of_eip_712():
    mail = parse_typed_data(as_json(MAIL))
    assert mail.schema.encode_type("Mail") == (
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    )
    assert (
        mail.schema.type_hash("Mail").hex()
        == "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
    )
    assert mail.domain_separator.hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    assert mail.struct_hash.hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    assert mail.name.hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"


@pytest.mark.slow
@settings(max_examples=200)
@given(requests())
def test_the_digest_is_the_one_of_eth_account(pair: tuple[dict[str, Any], dict[str, Any]]):
    request, native = pair
    found = parse_typed_data(as_json(request))
    theirs = encode_typed_data(full_message=native)
    assert found.domain_separator == bytes(theirs.header)
    assert found.struct_hash == bytes(theirs.body)
    assert found.name == bytes(_hash_eip191_message(theirs))


def test_a_signer_reads_it_as_a_message_to_its_contract():
    reading = read(as_json(MAIL), SENDER, CHAIN).reading
    contract = "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"
    assert reading.outflows == (Outflow(Kind.MESSAGE, COIN, 0, contract),)
    assert (reading.fee, reading.excludes) == (0, ())


def test_without_a_contract_it_is_a_message_to_the_named_domain():
    request = typed("Note", {"Note": "string text"}, {"text": "hi"}, name="Notes", verifyingContract=None)
    assert read(as_json(request), SENDER, CHAIN).reading.outflows[0].to == "Notes"


@pytest.mark.parametrize("name", (SENDER, "0X" + SENDER[2:], "0x", "Notes\n", "No\u202etes"))
def test_a_domain_without_contract_is_not_called_like_one(name: str):
    request = typed("Note", {"Note": "string text"}, {"text": "hi"}, name=name, verifyingContract=None)
    with pytest.raises(TransactionRefused) as refused_:
        read(as_json(request), SENDER, CHAIN)
    assert refused_.value.code == "transaction.domain-name"


@pytest.mark.parametrize(
    ("chain_id", "reason"), ((None, "replay-unprotected"), (10, "wrong-chain"), ("0xa", "wrong-chain"))
)
def test_it_holds_on_this_chain_alone(chain_id: object, reason: str):
    request = typed("Note", {"Note": "string text"}, {"text": "hi"}, chainId=chain_id)
    with pytest.raises(TransactionRefused) as refused:
        read(as_json(request), SENDER, CHAIN)
    assert refused.value.code == f"transaction.{reason}"


TREE = typed(
    "Node",
    {"Node": "string name,Node[] children"},
    {"name": "root", "children": [{"name": "leaf", "children": []}, {"name": "leaf", "children": []}]},
)


def test_a_type_that_holds_itself_is_hashed():
    found = parse_typed_data(as_json(TREE))
    assert found.schema.encode_type("Node") == "Node(string name,Node[] children)"
    leaf = parse_typed_data(as_json(changed(TREE, "message", TREE["message"]["children"][0])))
    assert leaf.schema.type_hash("Node") == found.schema.type_hash("Node")
    assert leaf.struct_hash != found.struct_hash


def deep(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": "leaf", "children": []}
    for _ in range(levels):
        node = {"name": "node", "children": [node]}
    return changed(TREE, "message", node)


def test_depth_is_bounded():
    parse_typed_data(as_json(deep(10)))
    for levels in (16, 100, 2_000):
        node = '{"name":"n","children":[' * levels + "]}" * levels
        text = as_json(TREE).decode().replace(json.dumps(TREE["message"]), node)
        with pytest.raises(InputRefused, match="deeper"):
            parse_typed_data(text.encode())


HIDING = ('{"a":"]}\\"]","b":[', '{"a":"\\\\","b":[', '{"a":"\\\\\\"]","b":[')


@pytest.mark.parametrize("unit", HIDING)
def test_brackets_within_strings_hide_no_depth(unit: str):
    with pytest.raises(InputRefused, match="deeper"):
        parse_typed_data((unit * 2_000).encode())


def test_brackets_within_strings_make_no_depth():
    request = changed(MAIL, "message/contents", "[{" * 500 + '\\"')
    assert parse_typed_data(as_json(request)).message["contents"] == "[{" * 500 + '\\"'


def refused(data: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as found:
        parse_typed_data(data)
    return found.value


ATOMS = typed(
    "All",
    {"All": "uint8 u,int8 i,bool b,bytes4 f,bytes d,address a,string s,uint8[2] p,uint256[] l"},
    {
        "u": 255,
        "i": -128,
        "b": True,
        "f": "0x01020304",
        "d": "0x",
        "a": SENDER,
        "s": "",
        "p": [1, "2"],
        "l": [],
    },
)
BAD_VALUES = {
    "u": (
        256,
        -1,
        "256",
        "-1",
        1.0,
        True,
        None,
        "",
        "1.0",
        "0x",
        "0x100",
        "0b1",
        "1_0",
        " 1",
        "1 ",
        "+1",
        "01",
        "１",
        [1],
    ),
    "i": (128, -129, "0x80", "-129", "-0", "--1", "-0x1"),
    "b": (1, 0, "true", None, []),
    "f": ("0x010203", "0x0102030405", "01020304", "0x0102030", "0xgggggggg", 1, None, "0x０1020304"),
    "d": ("0x1", "00", "", 0, None, "0X00"),
    "a": (
        SENDER[:-1],
        SENDER + "0",
        SENDER.swapcase(),
        SENDER[:-1] + "f",
        SENDER[2:],
        "0x0",
        0,
        None,
        "bob.eth",
        "0x" + SENDER[2:].swapcase(),
    ),
    "s": (1, None, ["s"], {"s": 1}),
    "p": ([1], [1, 2, 3], [], None, {}, "12", [[1], [2]], [1, 256]),
    "l": ([-1], [None], None, {}, "[]", ["a"]),
}


def test_the_atoms_as_such_are_read():
    assert parse_typed_data(as_json(ATOMS)).message["i"] == -128


@pytest.mark.parametrize(
    ("member", "value"), [(member, value) for member, values in BAD_VALUES.items() for value in values]
)
def test_nothing_is_coerced(member: str, value: object):
    refused(as_json(changed(ATOMS, f"message/{member}", value)))


BAD_REQUESTS = {
    "a key more": changed(MAIL, "extra", 1),
    "no domain": changed(MAIL, "domain", ...),
    "a member more": changed(MAIL, "message/extra", "x"),
    "a member less": changed(MAIL, "message/contents", ...),
    "a member more in a struct within": changed(MAIL, "message/from/extra", "x"),
    "a domain member more": changed(MAIL, "domain/salt", "0x" + "00" * 32),
    "a domain member less": changed(MAIL, "domain/version", ...),
    "no domain type": changed(MAIL, "types/EIP712Domain", ...),
    "an empty domain type": changed(changed(MAIL, "types/EIP712Domain", []), "domain", {}),
    "a domain in another order": changed(MAIL, "types/EIP712Domain", MAIL["types"]["EIP712Domain"][::-1]),
    "a domain with a member of another type": changed(
        MAIL, "types/EIP712Domain", [{"name": "name", "type": "bytes32"}, *MAIL["types"]["EIP712Domain"][1:]]
    ),
    "a domain with a strange member": changed(
        MAIL, "types/EIP712Domain", [*MAIL["types"]["EIP712Domain"], {"name": "extra", "type": "string"}]
    ),
    "a domain of another version type": changed(MAIL, "domain/version", 1),
    "the domain as the message": changed(MAIL, "primaryType", "EIP712Domain"),
    "an unknown primary type": changed(MAIL, "primaryType", "Letter"),
    "a primary type that is no text": changed(MAIL, "primaryType", ["Mail"]),
    "a type that is not used": changed(MAIL, "types/Unused", [{"name": "a", "type": "bool"}]),
    "a type that is not declared": changed(MAIL, "types/Person", [{"name": "name", "type": "Text"}]),
    "a type named like an atom": changed(MAIL, "types/uint256", [{"name": "a", "type": "bool"}]),
    "a type with a strange name": changed(MAIL, "types/Per son", [{"name": "a", "type": "bool"}]),
    "a type with brackets in its name": changed(MAIL, "types/A(bool b)B", [{"name": "a", "type": "bool"}]),
    "a member declared twice": changed(MAIL, "types/Person", MAIL["types"]["Person"] * 2),
    "a member with a strange name": changed(MAIL, "types/Person", [{"name": "a,bool b", "type": "bool"}]),
    "a member without type": changed(MAIL, "types/Person", [{"name": "name"}]),
    "a member with something more": changed(
        MAIL, "types/Person", [{"name": "name", "type": "string", "indexed": True}]
    ),
    "members that are no list": changed(MAIL, "types/Person", {"name": "string"}),
    "a struct that is null": changed(MAIL, "message/from", None),
    "a struct that is a list": changed(MAIL, "message/from", [["name", "Cow"]]),
    "a message that is a list": changed(MAIL, "message", []),
    "too many types": changed(MAIL, "types", {f"T{n}": [] for n in range(65)}),
    "too many members": changed(MAIL, "types/Person", [{"name": f"m{n}", "type": "bool"} for n in range(65)]),
    "a domain within the message": changed(MAIL, "types/Person", [{"name": "d", "type": "EIP712Domain"}]),
}
for atom in (
    "uint",
    "int",
    "uint7",
    "uint264",
    "uint0",
    "uint08",
    "int512",
    "bytes0",
    "bytes33",
    "bytes01",
    "byte",
    "function",
    "fixed",
    "ufixed128x18",
    "address payable",
    "uint256[0]",
    "uint256[-1]",
    "uint256[01]",
    "uint256[",
    "bool[][][][][]",
    "",
):
    BAD_REQUESTS[f"the type {atom!r}"] = changed(MAIL, "types/Person", [{"name": "name", "type": atom}])


@pytest.mark.parametrize("request_", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_what_could_be_read_otherwise_elsewhere_is_refused(request_: dict[str, Any]):
    assert refused(as_json(request_)).code == "input.typed-data-form"


MAIL_TEXT = as_json(MAIL).decode()
BAD_TEXTS = {
    "a duplicate key": MAIL_TEXT.replace('"contents": ', '"contents": "other", "contents": '),
    "a duplicate key written otherwise": MAIL_TEXT.replace(
        '"contents": ', '"c\\u006fntents": "other", "contents": '
    ),
    "a duplicate type": MAIL_TEXT.replace('"Person": [', '"Person": [], "Person": ['),
    "a duplicate chain": MAIL_TEXT.replace('"chainId": 1', '"chainId": 10, "chainId": 1'),
    "a fraction": MAIL_TEXT.replace('"chainId": 1', '"chainId": 1.0'),
    "an exponent": MAIL_TEXT.replace('"chainId": 1', '"chainId": 1e0'),
    "not a number": MAIL_TEXT.replace('"chainId": 1', '"chainId": NaN'),
    "infinity": MAIL_TEXT.replace('"chainId": 1', '"chainId": Infinity'),
    "minus zero": MAIL_TEXT.replace('"chainId": 1', '"chainId": -0'),
    "a number that JavaScript rounds": MAIL_TEXT.replace('"chainId": 1', '"chainId": 9007199254740993'),
    "a number of many digits": MAIL_TEXT.replace('"chainId": 1', '"chainId": ' + "1" * 5_000),
    "a trailing comma": MAIL_TEXT[:-1] + ",}",
    "something behind it": MAIL_TEXT + "{}",
    "a comment": MAIL_TEXT.replace('"domain"', '/**/"domain"'),
    "single quotes": MAIL_TEXT.replace('"', "'"),
    "an end too early": MAIL_TEXT[:-1],
    "a control character": MAIL_TEXT.replace("Hello", "Hel\x00lo"),
    "a list": "{" + MAIL_TEXT,
    "a brace": "{",
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_json_that_can_be_read_two_ways_is_refused(text: str):
    assert refused(text.encode()).code in ("input.json-form", "input.typed-data-form")


def test_half_a_surrogate_pair_and_bytes_that_are_no_text_are_refused():
    refused(MAIL_TEXT.replace("Hello", "\\ud800").encode())
    refused(MAIL_TEXT.encode().replace(b"Hello", b"\xff"))
    refused(MAIL_TEXT.encode("utf-16"))


def test_length_is_bounded():
    data = as_json(MAIL)
    assert parse_typed_data(data.ljust(MAX_BYTES)).name == parse_typed_data(data).name
    assert refused(data.ljust(MAX_BYTES + 1)).code == "input.too-long"


def test_white_space_and_order_of_keys_do_not_matter():
    turned = json.dumps(dict(reversed(MAIL.items())), indent=3).encode()
    assert parse_typed_data(turned).name == parse_typed_data(as_json(MAIL)).name


def test_lower_case_addresses_are_the_same_addresses():
    request = changed(MAIL, "message/to/wallet", MAIL["message"]["to"]["wallet"].lower())
    assert parse_typed_data(as_json(request)).name == parse_typed_data(as_json(MAIL)).name


def test_each_flipped_bit_is_refused_or_changes_the_digest_or_means_the_same():
    data = as_json(MAIL)
    original = parse_typed_data(data)
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = parse_typed_data(bytes(flipped))
        except InputRefused:
            continue
        assert found.name != original.name or (found.message, found.domain) == (
            original.message,
            original.domain,
        )


def test_each_truncation_is_refused():
    data = as_json(MAIL)
    for end in range(1, len(data)):
        refused(data[:end])
