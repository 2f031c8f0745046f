"""JSON-RPC 2.0 to the letter: the version, the id that was asked, exactly one of result and error."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.http import Answer
from warifu.chains.rpc.reply import Dialect, Reply, read_batch, read_one
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.unit


def reply(body: bytes, status: int = 200) -> Reply:
    return Reply(Answer(status, body, None), "node", ())


@pytest.mark.parametrize(
    "value", [b"null", b"false", b"0", b'""', b"{}", b"[]", b'{"id":9,"error":{}}', b"1e400"]
)
def test_every_result_is_one(value):
    assert (
        bytes(read_one(reply(b'{"jsonrpc":"2.0","id":7,"result":' + value + b"}"), 7, Dialect.STRICT))
        == value
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","id":8,"result":1}',
        b'{"jsonrpc":"2.0","id":"7","result":1}',
        b'{"jsonrpc":"2.0","id":7.5,"result":1}',
        b'{"jsonrpc":"2.0","id":true,"result":1}',
        b'{"jsonrpc":"2.0","id":null,"result":1}',
        b'{"jsonrpc":"2.0","result":1}',
        b'{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"x"}}',
        b'{"jsonrpc":"2.0","id":7,"result":1,"error":{"code":1,"message":"x"}}',
        b'{"jsonrpc":"2.0","id":7,"result":1,"error":null}',
        b'{"jsonrpc":"2.0","id":7,"result":null,"error":null}',
        b'{"jsonrpc":"2.0","id":7,"error":null}',
        b'{"jsonrpc":"2.0","id":7}',
        b'{"jsonrpc":"2.0","id":7,"error":5}',
        b'{"jsonrpc":"2.0","id":7,"error":{"message":"no code"}}',
        b'{"jsonrpc":"2.0","id":7,"error":{"code":"x"}}',
        b'{"jsonrpc":"1.0","id":7,"result":1}',
        b'{"jsonrpc":2.0,"id":7,"result":1}',
        b'{"id":7,"result":1}',
        b'[{"jsonrpc":"2.0","id":7,"result":1}]',
        b'{"jsonrpc":"2.0","id":7,"result":1} trailing',
        b'{"jsonrpc":"2.0","id":7,"result":1',
    ],
)
def test_what_is_not_an_answer_to_the_question(body):
    with pytest.raises(ChainUnavailable) as refused:
        read_one(reply(body), 7, Dialect.STRICT)
    assert refused.value.reason == "answer-form"


def test_a_result_needs_a_good_status():
    with pytest.raises(ChainUnavailable) as refused:
        read_one(reply(b'{"jsonrpc":"2.0","id":7,"result":1}', 500), 7, Dialect.STRICT)
    assert refused.value.reason == "answer-form"


UNHOLDABLE = [b'"\xff"', b"1e" + b"9" * 30, b"[" * 50_000 + b"]" * 50_000, b"[1e" + b"9" * 30 + b"]"]
"""Broken UTF-8, a number beyond any decimal, brackets without end: what a parser answers by other exceptions."""


@pytest.mark.parametrize("value", UNHOLDABLE)
def test_a_result_that_cannot_be_held_is_an_answer_of_the_wrong_form(value):
    endpoint = JsonRpcEndpoint("http://127.0.0.1:9", "node")
    for kind in (str, object):
        with pytest.raises(ChainUnavailable) as refused:
            endpoint._decoded(msgspec.Raw(value), kind)
        assert refused.value.reason == "answer-form"
    endpoint.close()


@pytest.mark.parametrize("value", UNHOLDABLE)
def test_an_error_whose_data_cannot_be_held_is_an_error_without(value):
    body = b'{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"execution reverted","data":' + value + b"}}"
    with pytest.raises((RpcRefused, ChainUnavailable)) as refused:
        read_one(reply(body), 7, Dialect.STRICT)
    assert getattr(refused.value, "data", None) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"[" * 62 + b"]" * 62, True),
        (b"[" * 65 + b"]" * 65, False),
        (b'{"a":' * 65 + b"0" + b"}" * 65, False),
        (b"[" + b",".join([b"[[{}]]"] * 5_000) + b"]", True),  # wide is not deep
        (b'["' + b"[" * 500 + b'"]', True),  # brackets in a text are no brackets
        (b'["]",' * 65 + b"0" + b"]" * 65, False),  # and cannot hide others
        (rb'["\"]",' * 65 + b"0" + b"]" * 65, False),
    ],
)
def test_an_answer_has_a_greatest_depth(value, read):
    endpoint = JsonRpcEndpoint("http://127.0.0.1:9", "node")
    if read:
        endpoint._decoded(msgspec.Raw(value), object)
    else:
        with pytest.raises(ChainUnavailable):
            endpoint._decoded(msgspec.Raw(value), object)
    endpoint.close()


def test_an_error_may_have_lost_its_id():
    with pytest.raises(RpcRefused) as refused:
        read_one(
            reply(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse"}}'), 7, Dialect.STRICT
        )
    assert refused.value.code == -32700


class TestBitcoinDialect:
    def test_both_members_one_of_them_null(self):
        assert bytes(read_one(reply(b'{"result":5,"error":null,"id":7}'), 7, Dialect.BITCOIN)) == b"5"
        assert bytes(read_one(reply(b'{"jsonrpc":"2.0","result":5,"id":7}'), 7, Dialect.BITCOIN)) == b"5"
        with pytest.raises(RpcRefused):
            read_one(
                reply(b'{"result":null,"error":{"code":-5,"message":"x"},"id":7}', 500), 7, Dialect.BITCOIN
            )

    @pytest.mark.parametrize(
        "body",
        [
            b'{"result":5,"error":null,"id":8}',
            b'{"result":5,"error":{"code":1},"id":7}',
            b'{"error":null,"id":7}',
            b'{"id":7}',
            b'{"jsonrpc":"3.0","result":5,"error":null,"id":7}',
        ],
    )
    def test_is_no_excuse_for_more(self, body):
        with pytest.raises(ChainUnavailable):
            read_one(reply(body), 7, Dialect.BITCOIN)


def part(number: object, value: int = 0) -> bytes:
    return f'{{"jsonrpc":"2.0","id":{number},"result":{value}}}'.encode()


def test_a_batch_comes_back_in_the_order_of_its_questions():
    refused = b'{"jsonrpc":"2.0","id":8,"error":{"code":3,"message":"no"}}'
    body = b"[" + b",".join([part(9, 90), part(7, 70), refused]) + b"]"
    first, second, third = read_batch(reply(body), [7, 8, 9], Dialect.STRICT)
    assert isinstance(first, msgspec.Raw)
    assert isinstance(third, msgspec.Raw)
    assert [bytes(first), bytes(third)] == [b"70", b"90"]
    assert isinstance(second, RpcRefused)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part(7)],
        [part(7), part(7)],
        [part(7), part(9)],
        [part(7), part(8), part(9)],
        [part(7), part(8), part(8)],
        [part(7), part('"8"')],
        [part(7), part("null")],
        [part(7), b"5"],
    ],
    ids=["none", "missing", "doubled", "foreign", "extra", "one too often", "as text", "null", "no object"],
)
def test_a_batch_whose_ids_are_not_those_that_were_asked(parts):
    with pytest.raises(ChainUnavailable) as refused:
        read_batch(reply(b"[" + b",".join(parts) + b"]"), [7, 8], Dialect.STRICT)
    assert refused.value.reason == "answer-form"


@given(st.binary(max_size=300), st.sampled_from([200, 400, 404, 429, 500, 503]), st.sampled_from(Dialect))
def test_no_bytes_do_anything_but_answer_or_refuse(body, status, dialect):
    for read in (
        lambda: read_one(reply(body, status), 7, dialect),
        lambda: read_batch(reply(body, status), [7], dialect),
    ):
        try:
            read()
        except (ChainUnavailable, RpcRefused):
            continue


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["jsonrpc", "id", "result", "error", "code", "message", "data"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_is_taken_for_an_answer_that_is_none(value):
    body = msgspec.json.encode(value)
    try:
        found = read_one(reply(body), 7, Dialect.STRICT)
    except (ChainUnavailable, RpcRefused):
        return
    assert value["jsonrpc"] == "2.0"
    assert value["id"] == 7
    assert "error" not in value
    assert msgspec.json.decode(found) == value["result"]
