"""The page's server: who does not know its address gets nothing, and what comes back is judged like anybody's word."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.authenticator import Authenticator

from warifu.cli.screen import Screen
from warifu.cli.webauthn.browser import Browser, opened_by
from warifu.cli.webauthn.ceremony import ORIGIN, PORT, approve_with, make_passkey
from warifu.cli.webauthn.page import page
from warifu.errors import AuthorizationRefused, HostUnsuitable, InputRefused, WarifuError
from warifu.protocol.credential import Approval, challenge, check_approval

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("passkey_port")]

ASKED = bytes([7]) * 32
KEY = Authenticator()
HEADERS = {"Host": f"localhost:{PORT}", "Origin": ORIGIN, "Content-Type": "application/json"}


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def answer(assertion: Any, identifier: bytes = KEY.credential.credential_id) -> dict[str, Any]:
    return {
        "rawId": encoded(identifier),
        "type": "public-key",
        "response": {
            "clientDataJSON": encoded(assertion.client_data),
            "authenticatorData": encoded(assertion.authenticator_data),
            "signature": encoded(assertion.signature),
        },
    }


def speak(
    path: str, method: str = "GET", body: bytes = b"", host: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(host, PORT, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in (
            HEADERS | {key.replace("_", "-"): value for key, value in headers.items()}
        ).items():
            connection.putheader(name, value)
        if method == "POST":
            connection.putheader("Content-Length", headers.get("Content_Length", str(len(body))))
        connection.endheaders(body)
        found = connection.getresponse()
        return found.status, dict(found.getheaders()), found.read()
    finally:
        connection.close()


def asked(work: Callable[[str], None], timeout: float = 10) -> Approval:
    """What the client holds in the end, while ``work`` speaks to the page at the path that it is given."""

    with somebody(work) as show:
        return approve_with(Browser(show, timeout), KEY.credential, [("To", "friend")], "approval", ASKED)


@contextmanager
def somebody(work: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Shows an address to a thread that does ``work`` with its path; it has ended when the context does."""
    threads: list[threading.Thread] = []

    def show(address: str) -> None:
        assert address.startswith(ORIGIN + "/")
        threads.append(threading.Thread(target=work, args=(address.removeprefix(ORIGIN),)))
        threads[-1].start()

    try:
        yield show
    finally:
        for thread in threads:
            thread.join()


def give(path: str, content: Any = None) -> int:
    content = answer(KEY.assertion(challenge("approval", ASKED))) if content is None else content
    return speak(path, "POST", json.dumps(content).encode())[0]


def void(_status: int) -> None:
    """What the server said does not matter."""


def test_the_page_and_its_answer() -> None:
    seen: list[Any] = []

    def browser(path: str) -> None:
        seen.append(speak(path))
        seen.append(give(path))

    approval = asked(browser)
    assert check_approval(approval, "approval", ASKED)
    (status, headers, content), given = seen
    assert (status, given) == (200, 204)
    assert b"friend" in content and encoded(challenge("approval", ASKED)).encode() in content
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"


def test_who_does_not_know_the_address_gets_nothing_and_changes_nothing() -> None:
    seen: list[int] = []

    def stranger(path: str) -> None:
        for other in ("/", "/" + "0" * 32, path + "0", path[:-1], path.upper(), "/favicon.ico"):
            seen.append(speak(other)[0])
            seen.append(give(other))
        give(path)

    asked(stranger)
    assert set(seen) == {404}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": f"evil.example:{PORT}"}, 404),
        ({"Host": f"127.0.0.1:{PORT}"}, 404),
        ({"Host": "localhost"}, 404),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "http://localhost:24741"}, 400),
        ({"Origin": "null"}, 400),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_another_page_cannot_answer_in_the_browsers_name(headers: dict[str, str], status: int) -> None:
    seen: list[int] = []

    def other_page(path: str) -> None:
        body = json.dumps(answer(KEY.assertion(challenge("approval", ASKED)))).encode()
        seen.append(speak(path, "POST", body, **headers)[0])
        give(path)

    asked(other_page)
    assert seen == [status]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 30_000, b'"x"', b"\xff"])
def test_what_is_no_object_is_no_answer(body: bytes) -> None:
    seen: list[int] = []

    def careless(path: str) -> None:
        seen.append(speak(path, "POST", body)[0])
        give(path)

    asked(careless)
    assert seen == [400]


@pytest.mark.parametrize("length", ["99999999999", "-1", "1e3", "", "x"])
def test_an_answer_of_another_length_is_not_waited_for(length: str) -> None:
    seen: list[int] = []

    def careless(path: str) -> None:
        connection = socket.create_connection(("127.0.0.1", PORT), 10)
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in HEADERS.items())]
        connection.sendall("\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode())
        seen.append(int(connection.recv(1000).split()[1]))
        connection.close()
        give(path)

    asked(careless)
    assert seen == [400]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"rawId": "!"},
        {"rawId": 7, "response": {}},
        {"rawId": "AAAA", "response": {"clientDataJSON": "AAAA"}},
        answer(KEY.assertion(challenge("approval", ASKED)), b"another passkey"),
        answer(KEY.assertion(challenge("approval", bytes(32)))),
        answer(KEY.assertion(challenge("approval", ASKED), flags=1)),
        answer(KEY.assertion(challenge("approval", ASKED), origin="https://evil.example")),
        answer(Authenticator().assertion(challenge("approval", ASKED))),
        answer(KEY.assertion(challenge("approval", ASKED), more=b"more")),
        answer(KEY.assertion(challenge("approval", ASKED), other_keys_can_be_added_here="x" * 1024)),
        {"refused": True},
    ],
)
def test_no_answer_that_the_signers_would_refuse_is_taken(content: dict[str, Any]) -> None:
    with pytest.raises(WarifuError) as refused:
        asked(lambda path: void(give(path, content)))
    assert isinstance(refused.value, AuthorizationRefused | InputRefused)


def test_a_page_that_nobody_answers_ends() -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        asked(lambda _path: None, timeout=0.2)
    assert refused.value.code == "authorization.no-answer"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_another_program_has_is_never_shown_to_the_browser(address: str) -> None:
    """Else that program would be asked for approvals in this client's name."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            other.bind((address, PORT))
        except OSError:
            pytest.skip("this machine has no IPv6")
        other.listen()
        shown: list[str] = []
        with pytest.raises(HostUnsuitable) as refused:
            approve_with(Browser(shown.append), KEY.credential, [], "approval", ASKED)
    assert refused.value.code == "host.port-taken"
    assert shown == []


def test_the_address_stands_in_no_process_list(tmp_path, monkeypatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    opened_by(tmp_path, Screen(json=True))(ORIGIN + "/secret")
    assert opened and "secret" not in opened[0]
    guide = tmp_path / "open.html"
    assert guide.stat().st_mode & 0o777 == 0o600 and "/secret" in guide.read_text()


def test_where_there_is_no_screen_no_browser_is_started_in_the_terminal(tmp_path, monkeypatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    opened_by(tmp_path, Screen(json=True))(ORIGIN + "/secret")
    assert opened == []


def test_what_is_shown_cannot_become_a_script() -> None:
    hostile = "</td><script>alert(1)</script>"
    shown = page("get", {"challenge": "</script><script>alert(2)"}, [(hostile, hostile)], "nonce").decode()
    assert "alert(1)</script>" not in shown and "<script>alert" not in shown


def registration(**twists: Any) -> dict[str, Any]:
    """As a browser gives a new key; nothing is signed in it (attestation ``none``)."""
    from fido2 import cbor

    key, options = twists.get("key", KEY), twists["options"]
    data = {
        "type": "webauthn.create",
        "challenge": options["challenge"],
        "origin": ORIGIN,
        "crossOrigin": False,
    }
    identifier = key.credential.credential_id
    attested = bytes(16) + len(identifier).to_bytes(2, "big") + identifier
    attested += twists.get("public", key.credential.public)
    from hashlib import sha256

    authenticator_data = sha256(twists.get("rp_id", "localhost").encode()).digest()
    authenticator_data += bytes([twists.get("flags", 0x45)]) + bytes(4) + attested
    attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": authenticator_data})
    return {
        "rawId": encoded(twists.get("named", identifier)),
        "type": "public-key",
        "response": {
            "clientDataJSON": encoded(json.dumps(data | twists.get("data", {})).encode()),
            "attestationObject": encoded(twists.get("attestation", attestation)),
        },
    }


def made(**twists: Any) -> Any:
    def browser(path: str) -> None:
        content = speak(path)[2].decode()
        options = json.loads(content.split('id="asked">')[1].split("</script>")[0])["options"]
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8]
        give(path, registration(options=options, **twists))

    with somebody(browser) as show:
        return make_passkey(Browser(show, 10), "laptop", (), [])


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_a_new_passkey_is_kept_in_its_one_encoding(kind: str) -> None:
    key = Authenticator(kind)
    assert made(key=key) == key.credential


@pytest.mark.parametrize(
    "twists",
    [
        {"flags": 0x41},
        {"flags": 0x44},
        {"rp_id": "evil.example"},
        {"named": b"another"},
        {"data": {"type": "webauthn.get"}},
        {"data": {"challenge": "AAAA"}},
        {"data": {"origin": "http://localhost:24741"}},
        {"attestation": b"\xa0"},
        {"attestation": b"\xff" * 40},
        {"public": bytes.fromhex("a401030339010020430001020143010001")},
    ],
    ids=["no UV", "no UP", "RP id", "id", "type", "challenge", "origin", "empty", "rubbish", "RS256"],
)
def test_what_is_no_passkey_that_counts_is_not_kept(twists: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        made(**twists)
