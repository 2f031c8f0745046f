"""Whatever a tunnel does: the honest answer to the honest request, or none, and never a wrong ``sent``."""

import ssl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.https_exchange import NAME, Authority

from warifu.exchanges.http import HttpRequest
from warifu.signer.egress.client import HttpsClient
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import client_context

pytestmark = pytest.mark.unit

ORDER = HttpRequest("POST", NAME, "/orders", (("CB-ACCESS-SIGN", "s"),), b'{"size":"1"}')
BODY = b'{"id":"28","status":"pending"}'


class Server:
    """OpenSSL in memory: the other end of the tunnel, without a socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._ready = self._broken = False
        self._request = b""
        self.heard: list[bytes] = []

    def say(self, words: bytes) -> bytes:
        """Unasked."""
        self._tls.write(words)
        return self._out.read()

    def receive(self, data: bytes) -> bytes:
        if self._broken:
            return b""
        self._in.write(data)
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
            while True:
                self._request += self._tls.read(65536)
                if self._request.endswith(ORDER.body):
                    self.heard.append(self._request)
                    self._request = b""
                    self._tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY))
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self._broken = True
        return self._out.read()


bends = st.one_of(
    st.just(("carry",)),
    st.just(("carry",)),
    st.just(("carry",)),
    st.tuples(st.just("flip"), st.integers(0, 4000), st.integers(0, 7)),
    st.tuples(st.just("cut"), st.integers(0, 4000)),
    st.tuples(st.just("insert"), st.integers(0, 4000), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("split"), st.integers(1, 4000)),
    st.just(("twice",)),
    st.just(("drop",)),
    st.just(("echo",)),
)


def bent(bend, data: bytes) -> list[bytes]:
    match bend:
        case ("flip", at, bit):
            changed = bytearray(data)
            changed[at % len(data)] ^= 1 << bit
            return [bytes(changed)]
        case ("cut", at):
            return [data[: at % len(data)]]
        case ("insert", at, more):
            return [data[: at % len(data)] + more + data[at % len(data) :]]
        case ("split", size):
            return [data[start : start + size] for start in range(0, len(data), size)]
        case ("twice",):
            return [data, data]
        case ("drop",):
            return []
        case _:
            return [data]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    return client_context(authority.pem), authority.server_context()


@pytest.mark.slow
@given(outward=st.lists(bends, max_size=4), inward=st.lists(bends, max_size=4))
@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_whatever_it_does(contexts, outward, inward):
    ours, theirs = contexts
    client, server = HttpsClient(NAME, ours), Server(theirs)
    client.ask(ORDER)
    answer, failure = None, None
    try:
        for turn in range(12):
            out = client.outgoing()
            bend = outward[turn] if turn < len(outward) else ("carry",)
            back = b"".join(server.receive(piece) for piece in (bent(bend, out) if out else []) if piece)
            if bend == ("echo",):  # the client's own bytes, sent back to it
                back += out
            bend = inward[turn] if turn < len(inward) else ("carry",)
            for piece in bent(bend, back) if back else []:
                answer = answer or (client.receive(piece) if piece else None)
        if answer is None:
            failure = client.give_up()
    except EgressFailed as failed:
        failure = failed

    assert set(server.heard) <= {server.heard[0]} if server.heard else True
    assert all(
        request.endswith(ORDER.body) and request.startswith(b"POST /orders ") for request in server.heard
    )
    assert len(server.heard) <= 1
    if answer is not None:
        assert (answer.status, answer.body) == (200, BODY)
        assert len(server.heard) == 1
    else:
        assert failure is not None
        assert failure.sent or server.heard == []


def answered(client: HttpsClient, server: Server):
    for _ in range(4):
        answer = client.receive(server.receive(client.outgoing()))
        if answer is not None:
            return answer
    raise AssertionError("no answer")


def test_what_comes_unasked_between_two_questions_is_never_the_answer_to_the_next(contexts):
    """A server, or a cache before it, that has slipped by one answer would tell one order's fate as another's."""
    ours, theirs = contexts
    client, server = HttpsClient(NAME, ours), Server(theirs)
    client.ask(ORDER)
    assert answered(client, server).body == BODY
    assert client.idle
    late = server.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies")
    with pytest.raises(EgressFailed) as caught:
        client.receive(late)
    assert (caught.value.reason, caught.value.sent) == ("http-form", False)
    assert not client.idle


def test_the_same_when_the_next_question_is_ready_but_has_not_left(contexts):
    ours, theirs = contexts
    client, server = HttpsClient(NAME, ours), Server(theirs)
    client.ask(ORDER)
    assert answered(client, server).body == BODY
    late = server.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies")
    client.ask(ORDER)
    with pytest.raises(EgressFailed) as caught:
        client.receive(late)
    assert (caught.value.reason, caught.value.sent) == ("http-form", False)


def test_an_end_between_two_questions_concerns_neither(contexts):
    ours, theirs = contexts
    client, server = HttpsClient(NAME, ours), Server(theirs)
    client.ask(ORDER)
    assert answered(client, server).body == BODY
    with pytest.raises(EgressFailed) as caught:
        client.receive(b"")
    assert not caught.value.sent
