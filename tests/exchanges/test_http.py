"""A request that exists can be sent: nothing in it ends its line, names another host or frames the message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.exchanges.http import HttpAnswer, HttpRequest

pytestmark = pytest.mark.unit

HOST = "api.exchange.coinbase.com"


@pytest.mark.parametrize(
    "host",
    ["", "localhost", "127.0.0.1", "API.coinbase.com", "api.coinbase.com:443", "a..com", "evil.com/x", "-a.com",
     "api.coinbase.com\r\nX: y", "user@api.coinbase.com", "[::1]", "api_coinbase.com", "a" * 64 + ".com"],
)  # fmt: skip
def test_a_host_is_a_name_of_the_dns_and_nothing_else(host):
    with pytest.raises(InputRefused):
        HttpRequest("GET", host, "/")


@pytest.mark.parametrize(
    "target",
    ["", "x", "http://evil.com/", "/a b", "/a\r\nHost: evil.com", "/a#b", "/ä", '/"', "/" + "a" * 9000],
)
def test_a_path_that_could_be_read_in_another_way_is_refused(target):
    with pytest.raises(InputRefused):
        HttpRequest("GET", HOST, target)


@pytest.mark.parametrize(
    "headers",
    [
        (("Host", "evil.com"),),
        (("Content-Length", "3"),),
        (("Transfer-Encoding", "chunked"),),
        (("Connection", "close"),),
        (("X", "a\r\nY: b"),),
        (("X", "a\nb"),),
        (("X", " a"),),
        (("X", ""),),
        (("X\r\nY", "a"),),
        (("X", "a"), ("x", "b")),
        (("X", "a" * 9000),),
    ],
)
def test_a_header_that_frames_or_ends_its_line_is_refused(headers):
    with pytest.raises(InputRefused):
        HttpRequest("GET", HOST, "/", headers)


def test_bodies_belong_to_methods_that_have_them_and_are_bounded():
    with pytest.raises(InputRefused):
        HttpRequest("GET", HOST, "/", (), b"{}")
    with pytest.raises(InputRefused):
        HttpRequest("POST", HOST, "/", (), bytes(64 * 1024 + 1))
    assert HttpRequest("POST", HOST, "/", (), b"{}").body == b"{}"


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_put_in_there_is_one_request_line_and_whole_headers(target, name, value):
    try:
        request = HttpRequest("GET", HOST, f"/{target}", ((name, value),))
    except InputRefused:
        return
    whole = request.target + request.headers[0][0] + request.headers[0][1]
    assert not set(whole) & set("\r\n\0")
    assert whole.isascii()


def test_a_header_that_came_twice_has_no_value():
    answer = HttpAnswer(200, (("a", "1"), ("b", "2"), ("a", "3")))
    assert (answer.header("a"), answer.header("b"), answer.header("c")) == (None, "2", None)
