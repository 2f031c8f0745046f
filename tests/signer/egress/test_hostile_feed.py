"""A feed's host may be the enemy, or broken: what it says is bounded, or the feed ends.

TLS is real; the frames are written byte by byte."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.feed_server import (
    BINARY,
    CLOSE,
    MORE,
    PING,
    PONG,
    TEXT,
    HonestFeed,
    HostileFeed,
    carry,
    frame,
    opening,
)
from tests.support.https_exchange import NAME, Authority

from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import client_context
from warifu.signer.egress.websocket import FeedClient, FeedLimits

pytestmark = pytest.mark.unit

SECRET = b'{"type":"subscribe","jwt":"cb-secret-5f2c9d1e"}'
SMALL = FeedLimits(head=2048, message=4096, fragments=8, total=10_000, messages=20, controls=6)


def lines(client: FeedClient) -> list[bytes]:
    """What came, message by message; all of it whole."""
    *whole, rest = client.heard.split(b"\n")
    assert not rest
    return [bytes(one) for one in whole]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def contexts(authority):
    return client_context(authority.pem), authority.server_context()


def subscribed(client: FeedClient) -> FeedClient:
    client.open()
    client.say(SECRET)
    return client


def fed(contexts, *frames: bytes, limits=SMALL) -> FeedClient:
    """A feed that opened, and what its host then says."""
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours, limits), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    assert client.opened
    for piece in frames:
        client.receive(server.say(piece))
        carry(client, server)
    return client


def fails(contexts, *frames: bytes, limits=SMALL) -> EgressFailed:
    with pytest.raises(EgressFailed) as caught:
        fed(contexts, *frames, limits=limits)
    assert "secret" not in str(caught.value)
    return caught.value


def refused(contexts, answer) -> EgressFailed:
    """How an opening handshake ends that is answered so. The subscription did not leave."""
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours, SMALL), HostileFeed(theirs, answer)
    with pytest.raises(EgressFailed) as caught:
        carry(subscribed(client), server)
    assert server.heard == b""
    assert not caught.value.sent
    with pytest.raises(EgressFailed):  # and it is over
        client.receive(b"more")
    return caught.value


# The opening handshake


def test_another_implementation_understands_us_and_we_understand_it(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HonestFeed(theirs)
    subscribed(client)
    carry(client, server)
    assert server.request is not None and server.request.path == "/"
    assert server.request.headers["Host"] == NAME
    assert "Sec-WebSocket-Extensions" not in server.request.headers
    assert [bytes(one.data) for one in server.frames] == [SECRET]
    server.protocol.send_text("ein Preis: 65 000 €".encode())
    server.protocol.send_ping(b"there?")
    server.protocol.send_text(b"x" * 70_000)
    client.receive(server.flush())
    carry(client, server)
    assert lines(client) == ["ein Preis: 65 000 €".encode(), b"x" * 70_000]
    assert server.frames[-1].opcode == PONG
    assert server.frames[-1].data == b"there?"
    client.close()
    carry(client, server)
    assert client.ended == 1000
    assert server.frames[-1].opcode == CLOSE
    assert server.frames[-1].data == b"\3\xe8"


def test_nothing_is_said_before_the_host_has_proven_its_name_and_opened_the_feed(contexts, authority):
    ours, _ = contexts
    client = FeedClient(NAME, ours)
    server = HostileFeed(authority.server_context("ws.evil.example.com"))
    with pytest.raises(EgressFailed) as caught:
        carry(subscribed(client), server)
    assert (caught.value.reason, caught.value.sent) == ("certificate", False)
    assert server.head == b""


BAD_OPENINGS = {
    "another handshake's answer": (
        "http-form",
        lambda head: opening(head, accept=b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ),
    "no accept": ("http-form", lambda head: opening(head).replace(b"Sec-WebSocket-Accept", b"X-Accept")),
    "two accepts": ("http-form", lambda head: opening(head, opening(head).split(b"\r\n")[3])),
    "no upgrade": ("http-form", lambda head: opening(head).replace(b"Upgrade: websocket\r\n", b"")),
    "an upgrade to something else": (
        "http-form",
        lambda head: opening(head).replace(b": websocket", b": h2c"),
    ),
    "no connection": ("http-form", lambda head: opening(head).replace(b"Connection: Upgrade\r\n", b"")),
    "another version": ("http-form", lambda head: opening(head).replace(b"HTTP/1.1", b"HTTP/1.0")),
    "compression": ("http-form", lambda head: opening(head, b"Sec-WebSocket-Extensions: permessage-deflate")),
    "a subprotocol": ("http-form", lambda head: opening(head, b"Sec-WebSocket-Protocol: chat")),
    "a length": ("http-form", lambda head: opening(head, b"Content-Length: 5")),
    "chunks": ("http-form", lambda head: opening(head, b"Transfer-Encoding: chunked")),
    "hints": ("http-form", lambda head: b"HTTP/1.1 103 Early Hints\r\n\r\n" + opening(head)),
    "no HTTP": ("http-form", lambda head: b"220 ftp.example.com ready\r\n\r\n"),
    "frames at once": ("http-form", lambda head: frame(TEXT, b"hello") * 9 + b"\r\n\r\n"),
    "an endless header": ("http-form", lambda head: b"HTTP/1.1 101 Switching Protocols\r\nX: " + b"a" * 5000),
    "elsewhere": (
        "redirected",
        lambda head: b"HTTP/1.1 301 Moved\r\nLocation: wss://evil.example/\r\nContent-Length: 0\r\n\r\n",
    ),
    "not here": ("no-feed", lambda head: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
    "a page": ("no-feed", lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "an end": ("http-form", lambda head: b"HTTP/1.1 101\r\n\r\n"),
}


@pytest.mark.parametrize("name", BAD_OPENINGS)
def test_a_feed_that_is_not_opened_exactly_so_is_none(contexts, name):
    reason, answer = BAD_OPENINGS[name]
    assert refused(contexts, answer).reason == reason


def test_an_answer_before_the_question_is_refused(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    carry(client, server)
    with pytest.raises(EgressFailed) as caught:
        client.receive(server.say(frame(TEXT, b"early")))
    assert (caught.value.reason, caught.value.sent) == ("http-form", False)


def test_the_answer_may_come_byte_by_byte_and_the_first_message_with_it(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs, lambda head: b"")
    subscribed(client)
    carry(client, server)
    words = opening(server.head) + frame(TEXT, b"at once")
    for place in range(len(words)):
        client.receive(server.say(words[place : place + 1]))
    assert lines(client) == [b"at once"]


# What is said under it


def test_every_frame_of_ours_is_masked_with_a_mask_of_its_own(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    subscribed(client)
    client.say(SECRET)
    carry(client, server)
    first, second = server.heard[: len(server.heard) // 2], server.heard[len(server.heard) // 2 :]
    for said in (first, second):
        mask = said[2:6]
        assert said == frame(TEXT, SECRET, mask=mask)
    assert first[2:6] != second[2:6]


BAD_FRAMES = {
    "a masked frame": ("feed-form", [frame(TEXT, b"hello", mask=b"mask")]),
    "a binary message": ("feed-form", [frame(BINARY, b"hello")]),
    "a binary message in fragments": ("feed-form", [frame(BINARY, b"", fin=False)]),
    "compressed without being asked": ("feed-form", [frame(TEXT, b"\xca\x48\xcd", reserved=4)]),
    "reserved bits": ("feed-form", [frame(TEXT, b"hello", reserved=1)]),
    "an unknown opcode": ("feed-form", [frame(3, b"hello")]),
    "an unknown control opcode": ("feed-form", [frame(11, b"")]),
    "no text": ("feed-form", [frame(TEXT, b"\xff\xfe")]),
    "half a character": ("feed-form", [frame(TEXT, "€".encode()[:2])]),
    "a continuation of nothing": ("feed-form", [frame(MORE, b"hello")]),
    "a message within a message": ("feed-form", [frame(TEXT, b"a", fin=False) + frame(TEXT, b"b")]),
    "a ping in fragments": ("feed-form", [frame(PING, b"", fin=False)]),
    "a long ping": ("feed-form", [frame(PING, b"x" * 126)]),
    "a length in too many bytes": ("feed-form", [bytes([0x81, 126, 0, 5]) + b"hello"]),
    "a length in far too many bytes": ("feed-form", [bytes([0x81, 127]) + bytes(6) + b"\1\0" + b"x" * 256]),
    "a negative length": ("feed-form", [bytes([0x81, 127, 0x80]) + bytes(7)]),
    "a close of one byte": ("feed-form", [frame(CLOSE, b"\3")]),
    "a close with a code that is never sent": ("feed-form", [frame(CLOSE, (1006).to_bytes(2, "big"))]),
    "a close with a code that there is not": ("feed-form", [frame(CLOSE, (999).to_bytes(2, "big"))]),
    "a close with words that are none": ("feed-form", [frame(CLOSE, b"\x03\xe8\xff")]),
    "a huge frame": ("too-large", [bytes([0x81, 127, 0, 0, 1]) + bytes(5) + b"x" * 5000]),
    "fragments that are long together": (
        "too-large",
        [frame(TEXT, b"x" * 3000, fin=False), frame(MORE, b"x" * 3000)],
    ),
    "endless fragments": ("too-large", [frame(TEXT, b"x", fin=False), *[frame(MORE, b"x", fin=False)] * 12]),
    "endless empty fragments": (
        "too-large",
        [frame(TEXT, b"", fin=False) + frame(MORE, b"", fin=False) * 5000],
    ),
    "many messages": ("too-large", [frame(TEXT, b"x") * 21]),
    "many empty messages": ("too-large", [frame(TEXT, b"") * 21]),
    "much in all": ("too-large", [frame(TEXT, b"x" * 2000)] * 6),
    "endless pings": ("too-large", [frame(PING, b"?")] * 7),
    "endless pongs": ("too-large", [frame(PONG, b"!") * 7]),
    "pings within a message": (
        "too-large",
        [frame(TEXT, b"a", fin=False), frame(PING) * 7, frame(MORE, b"b")],
    ),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_what_no_feed_may_say_ends_it(contexts, name):
    reason, frames = BAD_FRAMES[name]
    failure = fails(contexts, *frames)
    assert (failure.reason, failure.sent) == (reason, True)


def test_a_stream_of_next_to_nothing_is_bounded_too(contexts):
    """One byte in a record of its own: little is said, and much is carried."""
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours, replace(SMALL, message=9900)), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    client.receive(server.say(bytes([0x81, 126]) + (9900).to_bytes(2, "big")))
    with pytest.raises(EgressFailed) as caught:
        for _ in range(9899):
            client.receive(server.say(b"x"))
    assert caught.value.reason == "too-large"


def test_what_came_before_a_fault_was_the_hosts_and_stays(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours, SMALL), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    with pytest.raises(EgressFailed):
        client.receive(server.say(frame(TEXT, b"one") + frame(TEXT, b"two") + frame(BINARY, b"three")))
    assert lines(client) == [b"one", b"two"]


def test_control_frames_may_come_within_a_message(contexts):
    client = fed(contexts, frame(TEXT, b"a", fin=False), frame(PING, b"?"), frame(PONG), frame(MORE, b"b"))
    assert lines(client) == [b"ab"]


def test_a_character_may_be_split_over_fragments(contexts):
    euro = "€".encode()
    client = fed(contexts, frame(TEXT, euro[:1], fin=False) + frame(MORE, euro[1:]))
    assert lines(client) == [euro]


# How it ends


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", 1005), ((1000).to_bytes(2, "big"), 1000), (b"\x03\xf5restart", 1013), (b"\x0f\xa0", 4000)],
)
def test_the_host_closes_the_feed_and_is_told_the_same(contexts, payload, code):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    said = len(server.heard)
    client.receive(server.say(frame(TEXT, b"last") + frame(CLOSE, payload) + frame(TEXT, b"after the end")))
    assert (lines(client), client.ended) == ([b"last"], code)
    carry(client, server)
    answer = server.heard[said:]
    assert answer == frame(CLOSE, payload, mask=answer[2:6])
    with pytest.raises(EgressFailed) as caught:
        client.say(b"more")
    assert caught.value.reason == "closed"


def test_what_comes_between_our_close_and_theirs_counts(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    client.close()
    client.close()  # once is enough
    client.receive(server.say(frame(TEXT, b"under way") + frame(PING, b"?")))
    said = len(server.heard)
    carry(client, server)
    assert len(server.heard) - said == len(frame(CLOSE, b"\3\xe8", mask=b"mask"))  # no pong after a close
    client.receive(server.say(frame(CLOSE, b"\3\xe8")))
    assert (lines(client), client.ended) == ([b"under way"], 1000)


def test_a_stream_that_is_cut_is_no_feed_that_ended(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    with pytest.raises(EgressFailed) as caught:
        client.receive(b"")
    assert (caught.value.reason, caught.value.sent, client.ended) == ("tunnel-cut", True, None)


def test_a_host_that_ends_its_tls_without_closing_the_feed_left_something_open(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    server.tls.end()
    with pytest.raises(EgressFailed) as caught:
        client.receive(server.tls.out())
    assert (caught.value.reason, caught.value.sent) == ("closed", True)


def test_a_feed_that_never_opens_is_given_up_by_the_callers_clock(contexts):
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours), HostileFeed(theirs, lambda head: b"")
    carry(subscribed(client), server)
    failure = client.give_up()
    assert (failure.reason, failure.sent) == ("too-slow", False)


# Whatever it says


frames = st.one_of(
    st.tuples(
        st.sampled_from([TEXT, TEXT, TEXT, MORE, BINARY, CLOSE, PING, PONG, 3, 11]),
        st.one_of(st.text(max_size=40).map(str.encode), st.binary(max_size=200)),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, 4, 1]),
        st.sampled_from([b"", b"", b"", b"mask"]),
    ).map(lambda one: frame(one[0], one[1], fin=one[2], reserved=one[3], mask=one[4])),
    st.binary(min_size=1, max_size=60),
)


@given(said=st.lists(frames, max_size=8), cuts=st.lists(st.integers(1, 300), max_size=8))
@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_whatever_it_says(contexts, said, cuts):
    """Text that is text, within the bounds, or an end; and never an error of another kind."""
    ours, theirs = contexts
    client, server = FeedClient(NAME, ours, SMALL), HostileFeed(theirs)
    subscribed(client)
    carry(client, server)
    stream, pieces = b"".join(said), []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    try:
        for piece in filter(None, [*pieces, stream]):
            client.receive(server.say(piece))
            server.receive(client.outgoing())
    except EgressFailed as failure:
        assert failure.reason in ("feed-form", "too-large")
        assert failure.sent
    for message in client.heard.split(b"\n"):
        assert len(message) <= SMALL.message
    client.heard.rpartition(b"\n")[0].decode("utf-8")  # what is whole is text
    assert client.heard.count(b"\n") <= SMALL.messages
