"""What EIP-712 typed data may declare: names and types in one spelling, each refused for what is strange in it."""

from __future__ import annotations

import pytest
from tests.chains.ethereum.typed_samples import MAIL, as_json, changed, typed

from warifu.chains.ethereum.typed_data import parse_typed_data
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def refused(data: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as found:
        parse_typed_data(data)
    return found.value


def declared(kind: object, member: object = "m", struct: str = "Inner", value: object = True) -> bytes:
    """A request that is consistent but for what is declared: ``struct`` with one member."""
    request = typed("Outer", {"Outer": f"{struct.replace(' ', '_')} i"}, {"i": {str(member): value}})
    request["types"]["Outer"][0]["type"] = struct
    request["types"][struct] = [{"name": member, "type": kind}]
    return as_json(request)


def test_a_consistent_declaration_is_read():
    parse_typed_data(declared("bool"))


STRANGE_STRUCTS = ("Per son", "In-ner", "1nner", "Inner(bool a)", "ünner", "uint", "bytes99")


@pytest.mark.parametrize("struct", STRANGE_STRUCTS)
def test_a_type_with_a_strange_name_is_refused_for_its_name(struct: str):
    assert "name of a type" in refused(declared("bool", struct=struct)).message


@pytest.mark.parametrize("member", ("", "a,bool b", "a b", "ä", "1a", "a)", "m" * 129, 7))
def test_a_member_with_a_strange_name_is_refused_for_its_name(member: object):
    assert "no usable name" in refused(declared("bool", member)).message


@pytest.mark.parametrize("kind", (7, None, ["bool"], "bool" + "[]" * 70))
def test_a_member_with_a_type_that_is_no_text_is_refused_for_it(kind: object):
    assert "no usable type" in refused(declared(kind)).message


def test_members_are_a_list_of_bounded_length():
    many = typed("T", {"T": ",".join(f"bool m{n}" for n in range(65))}, {f"m{n}": True for n in range(65)})
    assert "at most 64" in refused(as_json(many)).message
    fewer = typed("T", {"T": ",".join(f"bool m{n}" for n in range(64))}, {f"m{n}": True for n in range(64)})
    parse_typed_data(as_json(fewer))
    assert "not a list" in refused(as_json(changed(MAIL, "types/Person", {"name": "string"}))).message


@pytest.mark.parametrize(
    "kind", ("uint7", "uint12", "uint264", "uint512", "int0", "int999", "uint", "bytes33", "fixed")
)
def test_a_number_of_a_strange_size_is_of_a_type_that_is_not_declared(kind: str):
    assert "not declared" in refused(declared(kind, value=1)).message


def test_an_array_of_too_many_dimensions_is_refused_for_them():
    parse_typed_data(declared("bool[][][][]", value=[[[[True]]]]))
    assert "dimensions" in refused(declared("bool[][][][][]", value=[[[[[True]]]]])).message


def test_the_domain_is_no_message():
    request = changed(typed("Note", {"Note": "string text"}, {"text": "hi"}), "primaryType", "EIP712Domain")
    request = changed(changed(request, "types/Note", ...), "types/Extra", [])
    request["message"] = request["domain"]
    assert "primaryType" in refused(as_json(request)).message


def test_types_are_an_object_of_bounded_size():
    def chain(length: int) -> bytes:
        types = {f"T{n}": f"T{n + 1}[] next" for n in range(length - 1)} | {f"T{length - 1}": "bool end"}
        return as_json(typed("T0", types, {"next": []}))

    parse_typed_data(chain(63))
    assert "at most 64" in refused(chain(64)).message
    assert "at most 64" in refused(as_json(changed(MAIL, "types", []))).message
    assert "types are an object" in refused(as_json(changed(MAIL, "types", {}))).message
