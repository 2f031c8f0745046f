"""The door: who may do what, and every malformed thing that can come through it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from nacl.utils import random

from warifu.errors import FAMILIES, WarifuError
from warifu.protocol import api
from warifu.service.api.app import build_app
from warifu.service.api.errors import status_of
from warifu.service.config import ServiceConfig
from warifu.service.service import Service
from warifu.service.store.api_keys import create_api_key
from warifu.service.store.database import create_database

pytestmark = pytest.mark.unit

ID = "0" * 32
DRAFT = "d" * 64
B32 = base64.b64encode(bytes(32)).decode()
B16 = base64.b64encode(bytes(16)).decode()
ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

ROUTES: list[tuple[str, str, set[str], Any]] = [
    ("GET", "/health", set(api.SCOPES), None),
    ("POST", "/api-keys", {"admin"}, {"name": "new", "scopes": ["read"]}),
    ("GET", "/api-keys", {"admin"}, None),
    ("DELETE", "/api-keys/none", {"admin"}, None),
    (
        "POST",
        "/backends",
        {"admin"},
        {"chain": "solana", "kind": "rpc", "url": "http://127.0.0.1:8899"},
    ),
    ("GET", "/backends", {"admin"}, None),
    ("DELETE", f"/backends/{ID}", {"admin"}, None),
    ("POST", "/invitations", {"admin"}, {"name": "attic"}),
    ("GET", "/joins/none", {"admin"}, None),
    ("POST", "/joins/none/owner", {"admin"}, {"credential": B32, "nonce": B32}),
    ("POST", "/joins/none/confirm", {"admin"}, {"identity": B32, "same": True}),
    ("GET", "/devices", {"read", "admin"}, None),
    ("GET", "/devices/none/status", {"read", "admin"}, None),
    ("DELETE", "/devices/none", {"admin"}, None),
    ("GET", "/devices/none/endorsement", {"admin"}, None),
    ("POST", "/envelope-keys", {"transfer", "admin"}, {"identities": [B32], "nonce": B32}),
    (
        "POST",
        "/activations",
        {"admin"},
        {"identity": B32, "credential": B32, "secret": B32},
    ),
    ("POST", "/references", {"admin"}, {"authorization": B32, "envelopes": [B32]}),
    (
        "POST",
        "/decisions",
        {"draft", "transfer", "admin"},
        {"request": B32, "unsigned": B32, "identities": [B32]},
    ),
    ("POST", "/wallets", {"admin"}, {"name": "savings", "authorization": B32, "envelopes": [B32]}),
    ("GET", f"/ceremonies/{ID}", {"admin"}, None),
    ("POST", "/wallets/none/recover", {"admin"}, {"authorization": B32, "envelope": B32}),
    ("GET", "/wallets", {"read"}, None),
    ("GET", "/wallets/none", {"read"}, None),
    ("POST", "/wallets/none/addresses", {"draft"}, None),
    ("GET", "/wallets/none/addresses", {"read"}, None),
    ("GET", "/wallets/none/balance", {"read"}, None),
    ("GET", "/wallets/none/transactions", {"read"}, None),
    ("GET", "/wallets/none/labels", {"read"}, None),
    ("PUT", "/wallets/none/labels", {"draft"}, {"labels": ""}),
    ("POST", "/wallets/none/drafts", {"draft"}, {"sweep_to": ADDRESS}),
    ("POST", "/wallets/none/psbts", {"draft"}, {"psbt": B32}),
    ("GET", "/wallets/none/accounts", {"read"}, None),
    ("GET", "/wallets/none/account-transactions", {"read"}, None),
    ("POST", "/wallets/none/account-drafts", {"draft"}, {"chain": "solana", "prepare": True}),
    ("DELETE", f"/wallets/none/account-drafts/{DRAFT}", {"draft"}, None),
    ("POST", "/transfers", {"transfer"}, {"authorization": B32, "envelopes": [B32], "unsigned": B32}),
    ("POST", f"/transfers/{ID}/authorize", {"transfer"}, {"authorization": B32, "envelopes": [B32]}),
    ("GET", f"/transfers/{ID}", {"read", "transfer"}, None),
    ("GET", "/transfers", {"read"}, None),
    ("GET", f"/transfers/{ID}/transaction", {"read"}, None),
]
WITH_BODY = [route for route in ROUTES if route[3] is not None]


def name_of(value: object) -> str:
    return f"{value[0]} {value[1]}".replace(ID, "ID") if isinstance(value, tuple) else str(value)


class Door:
    """The API without anything behind it running."""

    def __init__(self, root: Path) -> None:
        self.database = create_database(root / "service", random(32))
        config = ServiceConfig(data_dir=str(root / "service"), network="regtest")
        self.app: Any = build_app(Service(config, self.database, None))
        self.keys = {
            scope: create_api_key(self.database, f"only-{scope}", [scope]).key for scope in api.SCOPES
        }
        self.all = create_api_key(self.database, "all", api.SCOPES).key

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.all}"} if key != "" else {}
        headers.update(options.pop("headers", {}))
        if isinstance(body, bytes):
            options |= {"content": body}
            headers.setdefault("Content-Type", "application/json")
        elif body is not None:
            options |= {"json": body}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door/v1") as http:
            return await http.request(method, path, headers=headers, **options)


def error_of(answer: httpx.Response) -> api.ErrorBody:
    assert answer.headers["content-type"] == "application/json", answer.text
    return msgspec.json.decode(answer.content, type=api.ErrorAnswer).error


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory):
    """One door for all: none of what is asked here finds or leaves anything behind it."""
    made = Door(tmp_path_factory.mktemp("door"))
    yield made
    made.database.close()


@pytest.fixture
def broken_door(tmp_path: Path):
    """Its database has lost a table."""
    made = Door(tmp_path)
    with made.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE devices")
    yield made
    made.database.close()


# --- access ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_a_key_does_what_its_scopes_say_and_nothing_else(door: Door, route):
    method, path, scopes, body = route
    for scope, key in door.keys.items():
        answer = await door.ask(method, path, body, key=key)
        if scope in scopes:
            assert answer.status_code not in (401, 403) or error_of(answer).code != "service.scope"
        else:
            assert (answer.status_code, error_of(answer).code) == (403, "service.scope")


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_nobody_enters_without_a_key(door: Door, route):
    method, path, _, body = route
    answer = await door.ask(method, path, body, key="")
    assert (answer.status_code, error_of(answer).code) == (401, "service.api-key")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "bearer {key}",
        "Basic {key}",
        "{key}",
        "Bearer  {key}",
        "Bearer {key}x",
    ],
)
async def test_the_header_has_one_form(door: Door, header: str):
    answer = await door.ask("GET", "/devices", key="", headers={"Authorization": header.format(key=door.all)})
    assert (answer.status_code, error_of(answer).code) == (401, "service.api-key")


async def test_a_key_is_refused_before_its_body_is_read(door: Door):
    answer = await door.ask("POST", "/transfers", b"\xff" * 1000, key=door.keys["read"])
    assert error_of(answer).code == "service.scope"


async def test_a_new_key_works_until_it_is_deleted(door: Door):
    made = (await door.ask("POST", "/api-keys", {"name": "phone", "scopes": ["read", "read"]})).json()
    assert made["scopes"] == ["read"]
    assert (await door.ask("GET", "/devices", key=made["key"])).status_code == 200
    assert (await door.ask("DELETE", "/api-keys/phone")).status_code == 204
    assert (await door.ask("GET", "/devices", key=made["key"])).status_code == 401
    assert made["key"] not in (await door.ask("GET", "/api-keys")).text


# --- bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b"{} {}",
    ],
    ids=[
        "nothing",
        "cut",
        "list",
        "null",
        "no-fields",
        "text",
        "no-utf8",
        "deep-lists",
        "deep-objects",
        "two",
    ],
)
async def test_malformed_bodies_are_refused(door: Door, route, body: bytes):
    method, path, _, _ = route
    answer = await door.ask(method, path, body)
    assert answer.status_code == 400, answer.text
    # No field of a draft is required on its own, so an empty one is read, and refused for being empty.
    empty_draft = body == b"{}" and path.endswith("/drafts")
    assert error_of(answer).code == ("input.draft" if empty_draft else "input.malformed")


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
async def test_unknown_fields_are_refused(door: Door, route):
    method, path, _, body = route
    answer = await door.ask(method, path, {**body, "surprise": 1})
    assert (answer.status_code, error_of(answer).code) == (400, "input.malformed")


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
async def test_each_field_is_required_and_typed(door: Door, route):
    method, path, _, body = route
    for field, value in body.items():
        wrongs: list[object] = [None, 1.5, {"a": 1}, [[]], "" if isinstance(value, list) else []]
        for wrong in wrongs:
            answer = await door.ask(method, path, {**body, field: wrong})
            if wrong is None and field == "sweep_to":
                continue
            assert answer.status_code == 400, (field, wrong, answer.text)
        if field != "sweep_to":
            answer = await door.ask(method, path, {key: body[key] for key in body if key != field})
            assert answer.status_code == 400, field


@pytest.mark.parametrize(
    "text",
    ["!", "A", "AAA", "AA=A", "AAAA\n", " AAAA", "AA==AA==", "-_-_", "A" * 43, "AAECAw==\x00", B16, "AA=="],
)
async def test_malformed_base64_is_refused(door: Door, text: str):
    """Also what is base64 but of the wrong length: 32 bytes are wanted."""
    answer = await door.ask("POST", "/joins/none/owner", {"credential": text, "nonce": B32})
    assert (answer.status_code, error_of(answer).code) == (400, "input.malformed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/invitations", {"name": "a" * 33}),
        ("/api-keys", {"name": "phone", "scopes": []}),
        ("/api-keys", {"name": "phone", "scopes": ["read"] * 5}),
        ("/api-keys", {"name": "phone", "scopes": ["root"]}),
        ("/envelope-keys", {"identities": [], "nonce": B32}),
        ("/envelope-keys", {"identities": [B32] * 17, "nonce": B32}),
        ("/transfers", {"authorization": B32, "envelopes": [], "unsigned": B32}),
        ("/transfers", {"authorization": B32, "envelopes": [B32] * 17, "unsigned": B32}),
        ("/transfers", {"authorization": "", "envelopes": [B32], "unsigned": B32}),
        ("/transfers", {"authorization": B32, "envelopes": ["A" * 1400], "unsigned": B32}),
        ("/transfers", {"authorization": B32, "envelopes": [B32], "unsigned": ""}),
        ("/transfers", {"authorization": B32, "envelopes": [B32], "unsigned": "A" * 1_400_000}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": 1}] * 101}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": 0}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": -1}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": 2_100_000_000_000_001}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": 1.0e-3}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": "1000"}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": ADDRESS, "amount": True}]}),
        ("/wallets/none/drafts", {"recipients": [{"address": "", "amount": 1}]}),
        ("/wallets/none/drafts", {"sweep_to": "b" * 101}),
        ("/wallets/none/drafts", {"sweep_to": ADDRESS, "fee_rate": 0}),
        ("/wallets/none/drafts", {"sweep_to": ADDRESS, "fee_rate": 5_000_001}),
        ("/wallets/none/drafts", {"bump": "0" * 63, "fee_rate": 2000}),
        ("/wallets/none/drafts", {"bump": "A" * 64, "fee_rate": 2000}),
        ("/wallets/none/drafts", {"cpfp": "../" * 21, "fee_rate": 2000}),
    ],
)
async def test_every_length_and_range_is_bounded(door: Door, path: str, body: object):
    answer = await door.ask("POST", path, body)
    assert (answer.status_code, error_of(answer).code) == (400, "input.malformed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"recipients": []},
        {"recipients": [{"address": ADDRESS, "amount": 1}], "sweep_to": ADDRESS},
        {"bump": "0" * 64, "cpfp": "0" * 64, "fee_rate": 2000},
    ],
)
async def test_a_draft_is_made_in_exactly_one_way(door: Door, body: object):
    answer = await door.ask("POST", "/wallets/none/drafts", body)
    assert (answer.status_code, error_of(answer).code) == (400, "input.draft")


@pytest.mark.parametrize("way", ["bump", "cpfp"])
async def test_a_bump_says_how_high(door: Door, way: str):
    answer = await door.ask("POST", "/wallets/none/drafts", {way: "0" * 64})
    assert (answer.status_code, error_of(answer).code) == (400, "input.fee-rate")


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
async def test_a_body_that_is_too_long_is_refused(door: Door, route):
    method, path, _, _ = route
    answer = await door.ask(method, path, b" " * (api.MAX_API_BODY_BYTES + 1))
    assert (answer.status_code, error_of(answer).code) == (413, "input.too-long")


async def test_a_body_that_never_ends_is_refused(door: Door):
    async def forever():
        while True:
            yield b" " * 65536

    answer = await door.ask("POST", "/invitations", key=None, content=forever())
    assert (answer.status_code, error_of(answer).code) == (413, "input.too-long")


# --- paths and queries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["A", "-a", "a-", "a_b", "a" * 33, "a%2Fb", "%00", "a%0A", "ä", "a b"])
async def test_names_in_paths_have_one_form(door: Door, name: str):
    for path in (f"/wallets/{name}", f"/joins/{name}", f"/devices/{name}/status", f"/wallets/{name}/balance"):
        answer = await door.ask("GET", path)
        assert answer.status_code in (400, 404), path
        assert error_of(answer).code in ("input.malformed", "service.not-found"), path


@pytest.mark.parametrize("identifier", ["0", "g" * 32, "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "%0A"])
async def test_identifiers_in_paths_have_one_form(door: Door, identifier: str):
    for path in (
        f"/transfers/{identifier}",
        f"/ceremonies/{identifier}",
        f"/transfers/{identifier}/transaction",
    ):
        assert (await door.ask("GET", path)).status_code == 400, path


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", f"after={2**40}", "wait=26", "wait=-1", "wait=nan", "wait=inf", "wait=x"]
)
async def test_queries_are_bounded(door: Door, query: str):
    assert (await door.ask("GET", f"/transfers/{ID}?{query}")).status_code == 400


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/transfers/{ID}", "service.unknown-transfer"),
        (f"/transfers/{ID}/transaction", "service.unknown-transfer"),
        (f"/ceremonies/{ID}", "service.unknown-ceremony"),
        ("/wallets/none", "service.unknown-wallet"),
        ("/wallets/none/balance", "service.unknown-wallet"),
        ("/wallets/none/labels", "service.unknown-wallet"),
        ("/joins/none", "service.unknown-join"),
        ("/devices/none/status", "service.unknown-device"),
        ("/nothing", "service.not-found"),
        ("/", "service.not-found"),
    ],
)
async def test_what_is_not_there_is_not_found(door: Door, path: str, code: str):
    answer = await door.ask("GET", path)
    assert (answer.status_code, error_of(answer).code) == (404, code)


async def test_a_method_that_a_path_does_not_take(door: Door):
    answer = await door.ask("PATCH", "/devices")
    assert (answer.status_code, error_of(answer).code) == (405, "service.method")


# --- answers -----------------------------------------------------------------------------------------------------


async def test_a_mistake_of_ours_leaks_nothing(door: Door, monkeypatch: pytest.MonkeyPatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError(ADDRESS)

    monkeypatch.setattr("warifu.service.api.keys.list_api_keys", broken)
    answer = await door.ask("GET", "/api-keys")
    assert (answer.status_code, error_of(answer).code) == (500, "service.internal")
    assert ADDRESS not in answer.text and "Traceback" not in answer.text
    assert "RuntimeError" in caplog.text and ADDRESS not in caplog.text


async def test_a_database_that_fails_is_told_apart(broken_door: Door):
    answer = await broken_door.ask("GET", "/devices")
    assert (answer.status_code, error_of(answer).code) == (507, "store.write")
    assert "SELECT" not in answer.text


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_errors_has_a_status(family: str):
    status = status_of(FAMILIES[family]("reason", "message"))
    assert 400 <= status <= 599


def test_an_error_survives_the_way_to_the_client():
    error = FAMILIES["policy"](
        "limit", "too much", not_done="nothing", remedy="wait", blame="attic", retry_after=60
    )
    body = api.write_json(api.ErrorAnswer(error=api.error_body(error)))
    with pytest.raises(FAMILIES["policy"]) as raised:
        api.read_answer(api.Health, 422, body)
    told = raised.value
    assert (told.code, told.message, told.not_done, told.remedy, told.blame, told.retry_after) == (
        "policy.limit",
        "too much",
        "nothing",
        "wait",
        "attic",
        60,
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"error":{}}', b'{"error":{"code":1}}', b"\xff"])
@pytest.mark.parametrize("status", [200, 400, 502])
def test_an_answer_that_is_none_is_told_apart(status: int, body: bytes):
    with pytest.raises(WarifuError) as raised:
        api.read_answer(api.Health, status, body)
    assert raised.value.code == "service.answer"


async def test_the_document_of_the_api_names_every_route_and_no_other_host(door: Door):
    answer = await door.ask("GET", "/schema/openapi.json")
    assert answer.status_code == 200
    paths = json.loads(answer.text)["paths"]
    for method, path, _, _ in ROUTES:
        pattern = re.escape(f"/v1{path}").replace("none", r"\{[a-z]+\}").replace(DRAFT, r"\{[a-z]+\}")
        pattern = pattern.replace(ID, r"\{[a-z]+\}")
        assert any(re.fullmatch(pattern, known) and method.lower() in paths[known] for known in paths), path
    assert "http://" not in answer.text and "https://" not in answer.text


@pytest.mark.parametrize("page", ["swagger", "redoc", "elements", "rapidoc", ""])
async def test_no_page_is_fetched_from_elsewhere(door: Door, page: str):
    answer = await door.ask("GET", f"/schema/{page}")
    assert "<script" not in answer.text
