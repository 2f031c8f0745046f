"""The client beside services that are broken, hostile, or somebody else."""

import gzip
import http.server
import json
import threading
import zlib

import msgspec
import pytest
from tests.support.loopback_tls import ServerIdentity, server_identity

import warifu.cli.client as client_module
from warifu.cli.client import Client, segment
from warifu.errors import PolicyDenied, ServiceRefused, WarifuError

pytestmark = pytest.mark.real


class Answer(msgspec.Struct):
    word: str


class FakeService:
    def __init__(self, identity: ServerIdentity) -> None:
        self.requests: list[tuple[str, str, str | None, bytes]] = []
        self.answer: tuple[int, bytes, dict[str, str]] = (200, b'{"word":"hello"}', {})
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def respond(self):
                length = int(self.headers.get("Content-Length", 0))
                outer.requests.append(
                    (self.command, self.path, self.headers["Authorization"], self.rfile.read(length))
                )
                status, body, headers = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = respond  # noqa: N815  # http.server's names

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = identity.context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def identity(tmp_path):
    return server_identity(tmp_path)


@pytest.fixture
def service(identity):
    service = FakeService(identity)
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture
def client(service, identity):
    with Client(service.url, identity.fingerprint, "the-api-key") as client:
        yield client


def test_it_speaks_json_with_the_api_key(client, service):
    assert client.post("/things", {"a": b"\x00"}, Answer) == Answer("hello")
    assert service.requests == [("POST", "/v1/things", "Bearer the-api-key", b'{"a":"AA=="}')]


def test_another_certificate_gets_neither_the_request_nor_the_api_key(service):
    with Client(service.url, bytes(32), "the-api-key") as client, pytest.raises(ServiceRefused) as caught:
        client.get("/health", Answer)
    assert caught.value.code == "service.certificate"
    assert service.requests == []


def test_the_services_errors_come_out_as_what_they_are(client, service):
    problem = {"code": "policy.limit", "message": "over", "not_done": "n", "remedy": "r", "retry_after": 3}
    service.answer = (409, json.dumps({"error": problem}).encode(), {})
    with pytest.raises(PolicyDenied) as caught:
        client.get("/things", Answer)
    assert (caught.value.code, caught.value.exit_code, caught.value.retry_after) == ("policy.limit", 5, 3)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (502, b""),
        (400, b'{"error":{}}'),
        (400, b'{"error":{"code":"nonsense.x","message":"m"}}'),
        (302, b""),
        (200, b"<html>"),
        (200, b'{"word":7}'),
        (200, b"[" * 100_000),
        (200, b"\xff"),
    ],
)
def test_nonsense_becomes_a_clear_error(client, service, status, body):
    service.answer = (status, body, {"Location": "https://elsewhere.example/"})
    with pytest.raises(WarifuError) as caught:
        client.get("/things", Answer)
    assert caught.value.exit_code in (1, 13)


def test_an_answer_over_the_limit_is_not_read_to_its_end(client, service, monkeypatch):
    monkeypatch.setattr(client_module, "MAX_API_ANSWER_BYTES", 1000)
    service.answer = (200, b'{"word":"' + b"x" * 5000 + b'"}', {})
    with pytest.raises(ServiceRefused) as caught:
        client.get("/things", Answer)
    assert caught.value.code == "service.answer"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_answer_is_not_unpacked(client, service, coding, pack):
    """A kilobyte can unpack to a megabyte, again and again, before anybody counts."""
    service.answer = (200, pack(b'{"word":"hello"}'), {"Content-Encoding": coding})
    with pytest.raises(ServiceRefused) as caught:
        client.get("/things", Answer)
    assert caught.value.code == "service.answer"


def test_a_service_that_is_not_there_is_told_as_such(identity):
    with (
        Client("https://127.0.0.1:1", identity.fingerprint, "k") as client,
        pytest.raises(ServiceRefused) as caught,
    ):
        client.get("/health", Answer)
    assert caught.value.code == "service.unreachable"


def test_no_name_leads_to_another_resource():
    assert segment("../api-keys?x#y") == "..%2Fapi-keys%3Fx%23y"
