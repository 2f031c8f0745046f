"""One endpoint against a broken or hostile server: bounded in size and time, nothing followed, nothing leaked."""

from __future__ import annotations

import gzip
import io
import json
import logging
import time
import traceback
from decimal import Decimal

import httpx
import msgspec
import pytest
from tests.support.rpc_server import Say, one_after_the_other, raw, result, serving

from warifu.chains.rpc.endpoint import JsonRpcEndpoint, Question, maybe
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.real

TOKEN = "9a8b7c6d5e4f9a8b7c6d5e4f"
HEADER = "0badc0de0badc0de"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl"
BUSY = raw(b'{"code":-32007,"message":"5/second request limit reached"}', 429)


@pytest.fixture
def server():
    with serving(result("0x10")) as running:
        yield running


@pytest.fixture
def slept():
    return []


@pytest.fixture
def endpoint(server, slept):
    made = JsonRpcEndpoint(
        f"{server.url}/{TOKEN}/",
        "quicknode",
        headers={"x-token": Secret(HEADER)},
        authorization=lambda: Secret(f"Bearer {JWT}"),
        retries=Retries(sleep=slept.append),
    )
    yield made
    made.close()


def reason_of(work) -> str:
    with pytest.raises(ChainUnavailable) as error:
        work()
    return error.value.reason


def test_what_is_sent(server, endpoint):
    assert endpoint.call("eth_chainId", [], str) == "0x10"
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"/{TOKEN}/")
    assert asked.headers["x-token"] == HEADER
    assert asked.headers["Authorization"] == f"Bearer {JWT}"
    assert asked.headers["Content-Type"] == "application/json"
    assert "warifu" not in str(asked.headers).lower(), "nobody needs to know whose wallet asks"
    assert asked.json == {"jsonrpc": "2.0", "id": asked.json["id"], "method": "eth_chainId", "params": []}


def test_no_two_questions_have_one_id(server, endpoint):
    for _ in range(3):
        endpoint.call("m", {"by": "name"}, str)
    endpoint.batch([Question("m", [], str)] * 3)
    ids = [
        call["id"]
        for asked in server.asked
        for call in ([asked.json] if isinstance(asked.json, dict) else asked.json)
    ]
    assert len(set(ids)) == 6
    assert server.asked[0].json["params"] == {"by": "name"}


def test_numbers_keep_every_digit(server, endpoint):
    server.script = raw(
        b'{"jsonrpc":"2.0","id":@ID@,"result":{"fee":0.00001000000000000001,"wei":115792089237316195423570985008687907853269984665640564039457}}'
    )
    found = endpoint.call("m", [], dict)
    assert found["fee"] == Decimal("0.00001000000000000001")
    assert found["wei"] == 115792089237316195423570985008687907853269984665640564039457


def test_a_result_of_another_form_than_wanted(server, endpoint):
    class Receipt(msgspec.Struct):
        status: str

    assert reason_of(lambda: endpoint.call("m", [], int)) == "answer-form"
    assert reason_of(lambda: endpoint.call("m", [], Receipt)) == "answer-form"
    server.script = result(None)
    assert endpoint.call("m", [], maybe(Receipt)) is None
    assert reason_of(lambda: endpoint.call("m", [], Receipt)) == "answer-form"


def test_a_batch(server, endpoint):
    assert endpoint.batch([]) == []
    assert server.asked == []
    assert endpoint.batch([Question("a", [1], str), Question("b", [], str)]) == ["0x10", "0x10"]


class TestBusy:
    def test_is_asked_again(self, server, endpoint, slept):
        server.script = one_after_the_other(BUSY, raw(b"5/second request limit reached"), result("0x10"))
        assert endpoint.call("m", [], str) == "0x10"
        assert len(slept) == 2
        assert len({asked.json["id"] for asked in server.asked}) == 3

    def test_for_good_is_said(self, server, endpoint, slept):
        server.script = BUSY
        assert reason_of(lambda: endpoint.call("m", [], str)) == "busy"
        assert len(slept) == 2

    def test_and_asking_for_long_is_left_at_once(self, server, endpoint, slept):
        server.script = raw(b"", 429, Retry_After="60")
        with pytest.raises(ChainUnavailable) as error:
            endpoint.call("m", [], str)
        assert error.value.retry_after == 60
        assert slept == []

    def test_in_a_batch_asks_the_whole_batch_again(self, server, endpoint):
        def half(asked):
            first, second = asked.json
            answers = [
                {"jsonrpc": "2.0", "id": first["id"], "result": "0x1"},
                {
                    "jsonrpc": "2.0",
                    "id": second["id"],
                    "error": {"code": -32012, "message": "credits limited to 5/sec"},
                },
            ]
            return Say(json.dumps(answers).encode())

        server.script = one_after_the_other(half, result("0x10"))
        assert endpoint.batch([Question("a", [], str), Question("b", [], str)]) == ["0x10", "0x10"]


class TestBounds:
    def test_a_huge_answer_is_cut_off(self, server, endpoint):
        server.script = result("x" * 300_000)
        assert reason_of(lambda: endpoint.call("m", [], str, limit=200_000)) == "answer-size"
        assert len(server.asked) == 1, "no second helping"

    def test_a_bomb_is_measured_unpacked(self, server, endpoint):
        server.script = raw(gzip.compress(bytes(40_000_000)), Content_Encoding="gzip")
        assert reason_of(lambda: endpoint.call("m", [], str, limit=1_000_000)) == "answer-size"

    @pytest.mark.parametrize("body", [b"x" * 1000, b""])
    def test_a_server_that_drips_does_not_hold_us(self, server, endpoint, body):
        """Each byte comes well within the time for a byte: only a deadline for the whole answer helps."""
        server.script = lambda _: Say(body, drip=0.05)
        began = time.monotonic()
        assert reason_of(lambda: endpoint.call("m", [], str, deadline=0.6)) == "time-out"
        assert time.monotonic() - began < 5

    def test_a_silent_server_is_left_and_not_asked_again(self, server, endpoint):
        server.script = lambda _: Say(b"x", drip=30)
        assert reason_of(lambda: endpoint.call("m", [], str, deadline=0.3)) == "time-out"
        assert len(server.asked) == 1

    def test_a_connection_that_breaks_is_tried_again(self, server, endpoint, slept):
        server.script = one_after_the_other(raw(b"half", Content_Length="4000"), result("0x10"))
        assert endpoint.call("m", [], str) == "0x10"
        assert len(slept) == 1

    def test_nobody_there(self, slept):
        endpoint = JsonRpcEndpoint("http://127.0.0.1:9/", "gone", retries=Retries(sleep=slept.append))
        assert reason_of(lambda: endpoint.call("m", [], str)) == "unreachable"
        assert len(slept) == 2


class TestWhereItGoes:
    def test_a_redirect_is_not_followed(self, server, endpoint):
        server.script = raw(b"", 307, Location=f"{server.url}/elsewhere")
        assert reason_of(lambda: endpoint.call("m", [], str)) == "answer-form"
        assert len(server.asked) == 1

    def test_a_proxy_of_the_environment_is_not_used(self, server, endpoint, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert endpoint.call("m", [], str) == "0x10"

    def test_a_cookie_is_not_kept(self, server, endpoint):
        ask = result("0x10")
        server.script = lambda asked: Say(ask(asked).body, headers={"Set-Cookie": "who=you"})
        endpoint.call("m", [], str)
        endpoint.call("m", [], str)
        assert "Cookie" not in server.asked[1].headers

    @pytest.mark.parametrize(
        "url", ["", "ftp://x/", "file:///etc/passwd", "http://", "x", "http://[::1", "//h/p"]
    )
    def test_an_address_that_is_none(self, url):
        with pytest.raises(InputRefused) as error:
            JsonRpcEndpoint(url, "x")
        assert error.value.code == "input.backend-address"


BAD_DAYS = [
    raw(b"", 401),
    raw(f"no token {TOKEN}".encode(), 403),
    raw(f'{{"error":"{HEADER} is not valid"}}'.encode(), 401),
    raw(f"{TOKEN} {HEADER} {JWT}".encode(), 500),
    raw(
        f'{{"jsonrpc":"2.0","id":@ID@,"error":{{"code":-32000,"message":"/{TOKEN}/","data":"{JWT}"}}}}'.encode()
    ),
    raw(f'{{"code":-32007,"message":"{TOKEN}: 5/second request limit reached"}}'.encode(), 429),
    raw(f"<html>{TOKEN}</html>".encode()),
    raw(f"https://127.0.0.1/{TOKEN}/ does not exist".encode(), 404),
    raw(b"", 302, Location=f"/{TOKEN}/"),
    raw(b"half", Content_Length="4000"),
    raw(b'{"jsonrpc":"2.0","id":@ID@,"result":5}'),
    lambda _: Say(b"x", drip=30),
    result("x" * 100_000),
]


@pytest.mark.parametrize("bad_day", BAD_DAYS)
def test_no_token_is_in_an_error_a_log_or_a_traceback(server, endpoint, bad_day):
    """Not even where the traceback shows the variables of each function, and libraries log all that they can."""
    server.script = bad_day
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("httpcore.http11").debug("control")
    try:
        with pytest.raises((ChainUnavailable, RpcRefused)) as error:
            endpoint.call("m", [], str, deadline=0.3, limit=50_000)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert logged.getvalue() == "control\n"
    found: BaseException | None = error.value
    texts = [
        logged.getvalue(),
        repr(found),
        str(found),
        repr(vars(found)),
        repr(endpoint),
        repr(vars(endpoint)),
    ]
    while found is not None:  # also what was being handled when the error was raised
        trace = traceback.TracebackException.from_exception(found, capture_locals=True)
        texts.append(_without_this_test("".join(trace.format())))
        found = found.__context__
    for text in texts:
        for secret in (TOKEN, HEADER, JWT):
            assert secret not in text


def _without_this_test(text: str) -> str:
    """The test's own frame knows the tokens, of course: it is the only one that may show them."""
    lines, keep = [], True
    for line in text.splitlines():
        if line.lstrip().startswith("File "):
            keep = "test_hostile_endpoint" not in line
        if keep:
            lines.append(line)
    return "\n".join(lines)


def test_a_longest_wait_for_one_byte_is_kept_too(server):
    server.script = lambda _: Say(b"x", drip=30)
    endpoint = JsonRpcEndpoint(server.url, "slow", timeout=httpx.Timeout(0.2))
    assert reason_of(lambda: endpoint.call("m", [], str)) == "time-out"
