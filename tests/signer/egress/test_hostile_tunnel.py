"""The service carries the bytes and is the enemy: it can end a conversation, and the signer knows how far that was.

``sent`` in every error is what a payment hangs on: False means that nothing can have happened.
"""

import ssl
from contextlib import suppress

import pytest
from tests.support.https_exchange import DAY, NAME, NOW, OK, Authority

from warifu.errors import InputRefused
from warifu.exchanges.http import HttpRequest
from warifu.signer.egress.client import HttpsClient, Limits
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import client_context

pytestmark = pytest.mark.real

SECRET = "cb-secret-5f2c9d1e"
ORDER = HttpRequest("POST", NAME, "/orders", (("CB-ACCESS-SIGN", SECRET),), b'{"size":"1"}')


def fails(world, client: HttpsClient, **bent) -> EgressFailed:
    """How the conversation ends. No answer may come of it, and the error tells no secret."""
    tunnel = world.tunnel(**bent)
    with pytest.raises(EgressFailed) as caught:
        client.ask(ORDER)
        tunnel.carry(client)
    assert SECRET not in str(caught.value)
    assert SECRET.encode() not in tunnel.sent
    with pytest.raises(EgressFailed):  # and it is over
        client.ask(ORDER)
    return caught.value


# The service answers in the exchange's place


def test_another_authority_is_not_the_exchange(world, tmp_path):
    exchange = world.serve(context=Authority(tmp_path, "An authority").server_context())
    failure = fails(world, world.client())
    assert (failure.reason, failure.sent) == ("certificate", False)
    assert exchange.heard == []


def test_a_redirected_tunnel_meets_a_genuine_certificate_of_another_name(world):
    exchange = world.serve(context=world.authority.server_context("api.evil.example.com"))
    failure = fails(world, world.client())
    assert (failure.reason, failure.sent) == ("certificate", False)
    assert exchange.heard == []


def test_a_certificate_that_is_only_called_so_is_of_another_name(world):
    """The common name is a comment: authorities check the alternative names."""
    world.serve(context=world.authority.server_context(NAME, alternative="api.evil.example.com"))
    failure = fails(world, world.client())
    assert (failure.reason, failure.sent) == ("certificate", False)


def test_an_expired_certificate_is_refused(world):
    world.serve(context=world.authority.server_context(until=NOW - DAY))
    assert fails(world, world.client()).reason == "certificate"


def test_tls_1_2_is_refused(world):
    context = world.authority.server_context()
    context.maximum_version = context.minimum_version.TLSv1_2
    exchange = world.serve(context=context)
    failure = fails(world, world.client())
    assert (failure.reason, failure.sent) == ("tls", False)
    assert exchange.heard == []


def test_a_server_that_does_not_say_that_it_speaks_http_1_1_is_refused(world):
    """Another protocol behind the same certificate (ALPACA: an FTP server of the same firm)."""
    context = world.authority.server_context()
    context.set_alpn_protocols(["ftp"])
    world.serve(context=context)
    failure = fails(world, world.client())
    assert (failure.reason, failure.sent) == ("tls", False)


def test_plain_text_is_no_tls(world):
    world.serve()
    failure = fails(world, world.client(), inward=lambda data: [OK])
    assert (failure.reason, failure.sent) == ("tls", False)


# It bends the bytes


def flipping(position: int):
    """Flip one bit of the stream, counted from its beginning."""
    seen = 0

    def bend(data: bytes) -> list[bytes]:
        nonlocal seen
        changed = bytearray(data)
        if seen <= position < seen + len(data):
            changed[position - seen] ^= 1
        seen += len(data)
        return [bytes(changed)]

    return bend


@pytest.mark.parametrize("position", [0, 5, 40, 100, 200, 400, 600])
def test_a_flipped_bit_ends_the_conversation_wherever_it_is(world, position):
    exchange = world.serve()
    assert fails(world, world.client(), inward=flipping(position)).reason in (
        "tls",
        "certificate",
        "tunnel-cut",
    )
    assert exchange.heard == []


def test_a_changed_answer_is_no_answer(world):
    """After the handshake: the exchange got the order and its answer was changed, so nobody knows."""
    exchange = world.serve()

    def bend(data: bytes) -> list[bytes]:
        if not exchange.heard:
            return [data]
        changed = bytearray(data)
        changed[-1] ^= 1
        return [bytes(changed)]

    failure = fails(world, world.client(), inward=bend)
    assert (failure.reason, failure.sent) == ("tls", True)


def test_a_changed_request_reaches_nobody_as_a_request(world):
    exchange = world.serve()
    flights = 0

    def bend(data: bytes) -> list[bytes]:
        nonlocal flights
        flights += 1
        return [data] if flights == 1 else [data[:-1] + bytes([data[-1] ^ 1])]

    failure = fails(world, world.client(), outward=bend)
    assert failure.sent  # it left, and what became of it is not for the signer to know
    assert exchange.heard == []


def test_a_record_that_is_repeated_ends_the_conversation(world):
    exchange = world.serve(lambda request: [OK])
    client, tunnel = world.client(), world.tunnel()
    client.ask(ORDER)
    before = None

    def remember(data: bytes) -> list[bytes]:
        nonlocal before
        before = data if exchange.heard else None
        return [data]

    tunnel.inward = remember
    assert tunnel.carry(client).body == b"{}"
    client.ask(ORDER)
    client.outgoing()
    with pytest.raises(EgressFailed) as caught:  # yesterday's answer as today's
        client.receive(before)
    assert (caught.value.reason, caught.value.sent) == ("tls", True)


def test_a_whole_conversation_replayed_to_the_signer_answers_nothing(world):
    world.serve()
    client, tunnel = world.client(), world.tunnel()
    client.ask(ORDER)
    tunnel.carry(client)
    second = world.client()
    second.ask(ORDER)
    second.outgoing()
    with pytest.raises(EgressFailed) as caught:
        second.receive(bytes(tunnel.received))
    assert (caught.value.reason, caught.value.sent) == ("tls", False)


def test_a_whole_conversation_replayed_to_the_exchange_orders_nothing(world):
    exchange = world.serve()
    client, tunnel = world.client(), world.tunnel()
    client.ask(ORDER)
    tunnel.carry(client)
    again = world.tunnel()
    again._socket.sendall(bytes(tunnel.sent))
    with suppress(ConnectionResetError):
        while again._socket.recv(65536):  # until the exchange gives up
            pass
    assert len(exchange.heard) == 1


# It cuts the stream


@pytest.mark.parametrize("kept", [0, 1, 300])
def test_a_stream_cut_in_the_handshake_sent_nothing(world, kept):
    world.serve()
    failure = fails(world, world.client(), inward=lambda data: [data[:kept], b""] if kept else [b""])
    assert (failure.reason, failure.sent) == ("tunnel-cut", False)


def test_an_answer_cut_in_the_middle_is_no_shorter_answer(world):
    """Without the exchange's word under its key that this was all, an end is a cut."""
    exchange = world.serve(lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 100])
    failure = fails(world, world.client(), inward=lambda data: [data, b""] if exchange.heard else [data])
    assert (failure.reason, failure.sent) == ("tunnel-cut", True)


def test_an_exchange_that_ends_its_own_answer_too_early_gave_none(world):
    world.serve(lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nshort", b""])
    failure = fails(world, world.client())
    assert failure.sent
    assert failure.reason in ("http-form", "closed")


def test_a_tunnel_that_brings_nothing_is_given_up_by_the_callers_clock(world):
    """Before and after the request left: the same silence means two different things."""
    client = world.client()
    client.ask(ORDER)
    client.outgoing()
    assert (client.give_up().reason, client.give_up().sent) == ("too-slow", False)

    world.serve(lambda request: [])
    client, tunnel = world.client(), world.tunnel()
    client.ask(ORDER)
    while not client._said:
        tunnel._socket.sendall(client.outgoing())
        client.receive(tunnel._socket.recv(65536))
    tunnel._socket.sendall(client.outgoing())
    assert (client.give_up().reason, client.give_up().sent) == ("too-slow", True)
    with pytest.raises(EgressFailed):
        client.receive(b"late")


# The exchange itself says too much, too little or the wrong thing


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"

BAD_ANSWERS = {
    "elsewhere": (
        "redirected",
        b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
    ),
    "not modified": ("redirected", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "no end": ("http-form", b"HTTP/1.1 200 OK\r\n\r\n{}"),
    "two ends": ("http-form", CHUNKED + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "two lengths": ("http-form", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "another version": ("http-form", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a status that nobody knows": ("http-form", b"HTTP/1.1 600 What\r\nContent-Length: 2\r\n\r\n{}"),
    "another protocol": ("http-form", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
    "compressed": ("http-form", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    "no HTTP": ("http-form", b"220 ftp.example.com ready\r\n\r\n"),
    "endless hints": ("http-form", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9 + OK),
    "endless header": ("http-form", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 5000),
    "very many headers": (
        "too-large",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"X: aaaaaaaa\r\n" * 300 + b"\r\n{}",
    ),
    "a body that is long and says so": (
        "too-large",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000,
    ),
    "a body that is long in chunks": (
        "too-large",
        CHUNKED + b"\r\n" + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 2,
    ),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_an_answer_that_is_no_answer(world, name):
    reason, answer = BAD_ANSWERS[name]
    exchange = world.serve(lambda request: [answer])
    failure = fails(world, world.client(limits=Limits(head=2048, body=1536)))
    assert (failure.reason, failure.sent) == (reason, True)
    assert len(exchange.heard) == 1  # and nothing was sent to wherever it pointed


def test_an_answer_before_the_question_is_refused(world):
    """Who speaks first prepares an answer to a request that it has not seen."""
    context = world.authority.server_context()

    class Early:
        def wrap_socket(self, connection, server_side):
            tls = context.wrap_socket(connection, server_side=server_side)
            tls.sendall(OK)
            return tls

    world.serve(context=Early())
    client, tunnel = world.client(), world.tunnel()
    with pytest.raises(EgressFailed) as caught:
        tunnel.carry(client)
    assert (caught.value.reason, caught.value.sent) == ("http-form", False)
    with pytest.raises(EgressFailed):
        client.ask(ORDER)


def test_a_body_in_chunks_of_one_byte_is_bounded_as_its_bytes_are(world):
    """Each costs a signer's one thread as much as a long one: seconds, for an answer that is let pass by its length."""
    world.serve(lambda request: [CHUNKED + b"\r\n" + b"1\r\nx\r\n" * 65_537 + b"0\r\n\r\n"])
    assert fails(world, world.client(limits=Limits())).reason == "too-large"


def test_empty_records_without_end_are_bounded(world):
    """The stream may be long although the answer is short."""
    world.serve(
        lambda request: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 14_000]
    )
    failure = fails(world, world.client(limits=Limits(head=1024, body=100_000)))
    assert failure.reason == "too-large"


# Whom it believes


def test_a_list_without_an_authority_is_refused():
    for roots in ("", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(InputRefused):
            client_context(roots)


def test_a_certificate_that_is_no_authoritys_is_no_root(tmp_path):
    """A leaf in the list would make its one key the judge of everything."""
    Authority(tmp_path).server_context()
    [file] = tmp_path.glob("*.pem")
    leaf = file.read_text().partition("-----END PRIVATE KEY-----\n")[2]
    with pytest.raises(InputRefused):
        client_context(leaf)


def test_nothing_but_tls_1_3_is_offered(tmp_path):
    context = client_context(Authority(tmp_path).pem)
    assert context.minimum_version == context.maximum_version == ssl.TLSVersion.TLSv1_3
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not context.hostname_checks_common_name


def test_no_key_of_a_session_is_ever_written_to_a_file(world, tmp_path, monkeypatch):
    """The service starts some of the devices: it must not be able to ask for their session keys by environment."""
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    world.serve()
    client = world.client()
    client.ask(ORDER)
    world.tunnel().carry(client)
    assert not log.exists()
