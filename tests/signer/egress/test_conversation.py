"""A signer speaks HTTPS through a tunnel that sees nothing: requests, answers, and the next request."""

import pytest
from tests.support.https_exchange import NAME, OK

from warifu.exchanges.http import HttpRequest
from warifu.signer.egress.failures import EgressFailed

pytestmark = pytest.mark.real

SECRET = "cb-secret-5f2c9d1e"
BODY = b'{"crypto_address":"bc1qexampleaddress","amount":"0.5"}'


def withdrawal() -> HttpRequest:
    headers = (("CB-ACCESS-KEY", SECRET), ("CB-ACCESS-SIGN", SECRET), ("Content-Type", "application/json"))
    return HttpRequest("POST", NAME, "/withdrawals/crypto?trace=hidden-path", headers, BODY)


def test_the_exchange_gets_the_request_and_the_signer_its_answer(world):
    exchange = world.serve(
        lambda request: [b"HTTP/1.1 200 OK\r\nX-Left: 7\r\nContent-Length: 10\r\n\r\n", b'{"id":', b'"1"}']
    )
    client = world.client()
    client.ask(withdrawal())
    answer = world.tunnel().carry(client)
    assert (answer.status, answer.header("x-left"), answer.body) == (200, "7", b'{"id":"1"}')
    head, _, body = exchange.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /withdrawals/crypto?trace=hidden-path HTTP/1.1\r\n")
    assert f"Host: {NAME}".encode() in head
    assert body == BODY


def test_the_tunnel_sees_no_credential_no_path_and_no_body(world):
    """What the service records of a whole conversation, both ways, holds nothing but the host's name."""
    world.serve(
        lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n", b'{"balance":"12.3456789"}'[:23]]
    )
    client, tunnel = world.client(), world.tunnel()
    client.ask(withdrawal())
    tunnel.carry(client)
    record = bytes(tunnel.sent + tunnel.received)
    for hidden in (
        SECRET.encode(),
        BODY,
        b"bc1q",
        b"withdrawals",
        b"hidden-path",
        b"12.3456789",
        b"CB-ACCESS",
    ):
        assert hidden not in record
    assert NAME.encode() in record  # the name in the ClientHello: the service dialled it


def test_one_connection_carries_one_request_after_the_other(world):
    exchange = world.serve()
    client, tunnel = world.client(), world.tunnel()
    for _ in range(3):
        client.ask(withdrawal())
        assert tunnel.carry(client).status == 200
        assert client.idle
    assert len(exchange.heard) == 3


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ("after a hint", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK),
        ("with a length", OK),
    ],
)
def test_what_an_honest_server_may_say(world, name, answer):
    world.serve(lambda request: [answer])
    client = world.client()
    client.ask(withdrawal())
    assert world.tunnel().carry(client).body == b"{}"


def test_a_refusal_of_the_exchange_is_an_answer(world):
    world.serve(lambda request: [b"HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"])
    client = world.client()
    client.ask(withdrawal())
    answer = world.tunnel().carry(client)
    assert (answer.status, answer.header("retry-after")) == (429, "3")


def test_a_stream_that_comes_byte_by_byte_is_the_same_stream(world):
    world.serve()
    client = world.client()
    client.ask(withdrawal())
    drop_by_drop = world.tunnel(
        inward=lambda data: [data[i : i + 1] for i in range(len(data))],
        outward=lambda data: [data[i : i + 1] for i in range(len(data))],
    )
    assert drop_by_drop.carry(client).body == b"{}"


def test_an_exchange_that_closes_after_its_answer_is_not_asked_again(world):
    world.serve(lambda request: [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", b""])
    client = world.client()
    client.ask(withdrawal())
    assert world.tunnel().carry(client).body == b"{}"
    assert not client.idle


def test_a_request_that_a_connection_does_not_take_was_not_sent(world):
    """Neither over one that is closed, nor beside one that is under way, which goes on undisturbed."""
    world.serve(lambda request: [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", b""])
    client = world.client()
    client.ask(withdrawal())
    for _ in range(2):
        with pytest.raises(EgressFailed) as caught:
            client.ask(withdrawal())
        assert (caught.value.reason, caught.value.sent) == ("closed", False)
        if not client._over:
            assert world.tunnel().carry(client).body == b"{}"


def test_an_answer_that_nobody_asked_for_is_never_taken_for_the_next_one(world):
    """Two answers to one question: the second would be read as the answer to the next question."""
    world.serve(lambda request: [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies"])
    client = world.client()
    client.ask(withdrawal())
    assert world.tunnel().carry(client).body == b"{}"
    assert not client.idle
