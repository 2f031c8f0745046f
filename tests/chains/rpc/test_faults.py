"""Each shape in which a server says no, what it means, and whether it is tried again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from warifu.chains.rpc.faults import QUOTA_SECONDS, RpcRefused
from warifu.chains.rpc.http import BUSY_SECONDS, Answer
from warifu.chains.rpc.reply import Dialect, Reply, read_batch, read_one
from warifu.chains.rpc.retries import RETRIED
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.unit

PER_SECOND = (
    "50/second request limit reached - reduce calls per second or upgrade your account at quicknode.com"
)
PER_DAY = "daily request limit reached - upgrade your account at quicknode.com"


def error(code: int, message: str) -> bytes:
    return b'{"jsonrpc":"2.0","id":7,"error":' + bare(code, message) + b"}"


def bare(code: int, message: str) -> bytes:
    return msgspec.json.encode({"code": code, "message": message})


def outcome(status: int, body: bytes, retry_after: int | None = None) -> Any:
    reply = Reply(Answer(status, body, retry_after), "quicknode", ())
    with pytest.raises((ChainUnavailable, RpcRefused)) as refused:
        read_one(reply, 7, Dialect.STRICT)
    return refused.value


UNAVAILABLE = [
    # HTTP statuses, with whatever body
    (400, b"", "bad-request", False),
    (400, b"Invalid characters", "bad-request", False),
    (401, b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"Unauthorized"},"id":7}', "credentials", False),
    (401, b'{"error":"Token is not valid"}', "credentials", False),
    (401, b"", "credentials", False),
    (403, b"Endpoint is disabled", "credentials", False),
    (404, b"<html>not found</html>", "not-found", False),
    (413, b"Request Entity Too Large", "too-large", False),
    (413, error(-32600, "response is too large"), "too-large", False),
    (429, b"", "busy", True),
    (429, b"Too Many Requests", "busy", True),
    (429, error(429, "The requests per second (RPS) are higher than your plan allows."), "busy", True),
    (429, bare(-32007, PER_SECOND), "busy", True),
    (429, error(-32003, PER_DAY), "credits", False),
    (429, bare(-32003, PER_DAY), "credits", False),
    (500, b"Internal Server Error", "server-fault", True),
    (500, b"", "server-fault", True),
    (502, b"<html>bad gateway</html>", "busy", True),
    (503, b"", "busy", True),
    (503, error(-32000, "no backend is healthy"), "busy", True),
    (504, b"upstream timed out", "busy", True),
    (521, b"", "server-fault", True),
    (301, b"", "answer-form", False),
    (302, b"moved", "answer-form", False),
    (204, b"", "answer-form", False),
    # JSON-RPC errors that are of the road and not of the node
    (200, error(-32007, PER_SECOND), "busy", True),
    (200, error(-32005, "limit exceeded"), "busy", True),
    (200, error(-32005, "daily request count exceeded, request rate limited"), "credits", False),
    (200, error(-32005, "project ID request rate exceeded"), "busy", True),
    (200, error(-32005, "Your app has exceeded its compute units per second capacity."), "busy", True),
    (200, error(-32012, "credits limited to 6000/sec"), "busy", True),
    (200, error(-32016, "over rate limit"), "busy", True),
    (200, error(-32000, "429 Too Many Requests"), "busy", True),
    (200, error(429, "compute units per second capacity exceeded"), "busy", True),
    (200, error(401, "Unauthorized"), "credentials", False),
    (200, error(403, "Forbidden"), "credentials", False),
    (200, error(-32005, "Node is behind by 42 slots"), "behind", False),
    (200, error(-32005, "Node is unhealthy"), "behind", False),
    # errors without the envelope
    (200, bare(-32007, PER_SECOND), "busy", True),
    (200, bare(-32005, "You've exceeded the RPS limit available on the current plan."), "busy", True),
    (200, b'{"error":"rate limit exceeded"}', "busy", True),
    (200, b'{"message":"monthly limit reached"}', "credits", False),
    # words with status 200
    (200, PER_SECOND.encode(), "busy", True),
    (200, b"Too many requests, slow down", "busy", True),
    (200, PER_DAY.encode(), "credits", False),
    (200, b"<!DOCTYPE html><title>Just a moment...</title>", "answer-form", False),
    (200, b"hello", "answer-form", False),
    (200, b"", "answer-form", False),
    (200, b"\xff\xfe", "answer-form", False),
    (200, b"[]", "answer-form", False),
    (200, b"null", "answer-form", False),
    (200, b"{}", "answer-form", False),
    (200, b"[" * 5000, "answer-form", False),
]


@pytest.mark.parametrize(("status", "body", "reason", "retried"), UNAVAILABLE)
def test_what_is_of_the_road(status, body, reason, retried):
    found = outcome(status, body)
    assert isinstance(found, ChainUnavailable), found
    assert found.reason == reason
    assert (found.reason in RETRIED) is retried
    assert found.blame == "quicknode"
    assert (found.retry_after is not None) is (reason in ("busy", "credits"))


REFUSED = [
    (200, error(-32000, "nonce too low")),
    (200, error(3, "execution reverted: rate limit exceeded, slow down")),
    (200, error(-32000, "execution reverted: too many requests")),
    (200, error(-32003, "Transaction signature verification failure")),
    (200, error(-32007, "Slot 1234 was skipped, or missing due to ledger jump to recent snapshot")),
    (200, error(-32012, "Scan error")),
    (200, error(-32005, "query returned more than 10000 results")),
    (200, error(-32601, "the method eth_frobnicate does not exist")),
    (400, error(-32602, "missing value for required argument 0")),
    (404, error(-32601, "method not found")),
    (500, error(-32000, "header not found")),
    (200, bare(-32602, "invalid argument 0")),
]


@pytest.mark.parametrize(("status", "body"), REFUSED)
def test_what_is_the_node_s_own_word(status, body):
    found = outcome(status, body)
    assert isinstance(found, RpcRefused), found


def test_retry_after_is_the_server_s_or_a_second():
    assert outcome(429, b"", 17).retry_after == 17
    assert outcome(200, bare(-32007, PER_SECOND), 3).retry_after == 3
    assert outcome(429, b"").retry_after == BUSY_SECONDS
    assert outcome(429, error(-32003, PER_DAY), 1).retry_after == QUOTA_SECONDS


def test_a_server_that_repeats_our_token_is_not_quoted():
    token = Secret("f00dfacef00dface")
    for status in (200, 400, 401, 403, 404, 429, 500, 503):
        for body in (
            error(-32000, "no such token f00dfacef00dface"),
            b'{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"x","data":{"f00dfacef00dface":["f00dfacef00dface"]}}}',
            bare(-32000, "f00dfacef00dface"),
            b"token f00dfacef00dface is not allowed",
        ):
            with pytest.raises((ChainUnavailable, RpcRefused)) as refused:
                read_one(Reply(Answer(status, body, None), "quicknode", (token,)), 7, Dialect.STRICT)
            assert "f00dface" not in repr(refused.value) + str(refused.value) + str(vars(refused.value))


def test_words_of_a_server_are_cut_and_cannot_steer_a_terminal():
    found = outcome(200, error(-32000, "\x1b[2J\u202e" + "x" * 9000))
    assert isinstance(found, RpcRefused)
    assert len(found.message) <= 500
    assert found.message.isprintable()


def test_the_data_of_a_refusal_comes_along_without_a_float():
    body = b'{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"execution reverted","data":"0x08c379a0"}}'
    assert outcome(200, body).data == "0x08c379a0"
    body = b'{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"","data":0.1}}'
    assert str(outcome(200, body).data) == "0.1"


def test_a_batch_of_which_a_part_was_limited_is_a_limited_batch():
    parts = [
        b'{"jsonrpc":"2.0","id":7,"result":1}',
        b'{"jsonrpc":"2.0","id":null,"error":' + bare(-32007, PER_SECOND) + b"}",
    ]
    reply = Reply(Answer(200, b"[" + b",".join(parts) + b"]", None), "quicknode", ())
    with pytest.raises(ChainUnavailable) as refused:
        read_batch(reply, [7, 8], Dialect.STRICT)
    assert refused.value.reason == "busy"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (429, bare(-32007, PER_SECOND), "busy"),
        (200, bare(-32005, "limit exceeded"), "busy"),
        (200, error(-32600, "batches are not supported"), "answer-form"),
        (200, PER_SECOND.encode(), "busy"),
        (413, b"", "too-large"),
        (200, b"{}", "answer-form"),
    ],
)
def test_a_batch_that_is_answered_as_one(status, body, reason):
    with pytest.raises(ChainUnavailable) as refused:
        read_batch(Reply(Answer(status, body, None), "quicknode", ()), [7, 8], Dialect.STRICT)
    assert refused.value.reason == reason
