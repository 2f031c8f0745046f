"""Backends that were added over the API: their secrets go into the encrypted database and never come out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from warifu.chains.quicknode.jwt import JwtKey
from warifu.chains.rpc.secret import Secret
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol import api
from warifu.service.account_chains import make_account_chains
from warifu.service.api.app import build_app
from warifu.service.chain import make_backend
from warifu.service.config import BackendConfig, ServiceConfig, read_config, with_backends
from warifu.service.service import Service
from warifu.service.store.api_keys import create_api_key
from warifu.service.store.backends import MAX_STORED, add_backend, stored_backends
from warifu.service.store.database import create_database, open_database

pytestmark = [pytest.mark.unit, pytest.mark.slow]

TOKEN = "0123456789abcdef-a-token-of-a-provider"
URL = f"https://example.base-mainnet.quiknode.pro/{TOKEN}/"
NEW = {"chain": "eip155:8453", "kind": "quicknode", "url": URL}
KEY = bytes(range(32))


class Door:
    """The API over a database, as it is at the next start."""

    def __init__(self, root: Path) -> None:
        self.root = root / "service"
        self.database = create_database(self.root, KEY)
        self.file = ServiceConfig(
            data_dir=str(self.root),
            network="regtest",
            backends=(BackendConfig(kind="esplora", url="http://127.0.0.1:3002"),),
        )
        self.key = create_api_key(self.database, "all", api.SCOPES).key
        self.start()

    def start(self) -> None:
        self.config = with_backends(self.file, [item for _, item in stored_backends(self.database)])
        chains = make_account_chains(self.config, self.database)
        service = Service(self.config, self.database, make_backend(self.config), chains, self.file)
        self.app: Any = build_app(service)

    def restart(self) -> None:
        self.database.close()
        self.database = open_database(self.root, KEY)
        self.start()

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door/v1") as http:
            headers = {"Authorization": f"Bearer {self.key}"}
            return await http.request(method, path, headers=headers, json=body)

    async def shown(self) -> tuple[api.BackendShown, ...]:
        answer = await self.ask("GET", "/backends")
        assert TOKEN not in answer.text
        return msgspec.json.decode(answer.content, type=api.BackendsShown).backends

    def on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def door(tmp_path: Path):
    made = Door(tmp_path)
    yield made
    made.database.close()


async def test_a_backend_is_kept_encrypted_used_at_the_next_start_and_its_token_is_never_shown(door):
    answer = await door.ask("POST", "/backends", NEW)
    assert answer.status_code == 201 and TOKEN not in answer.text
    added = msgspec.json.decode(answer.content, type=api.AddedBackend)
    file, stored = await door.shown()
    assert (file.id, file.chain, file.host, file.used) == ("", "bitcoin", "127.0.0.1", True)
    assert (stored.id, stored.chain, stored.used) == (added.id, "eip155:8453", False)
    assert stored.host == "example.base-mainnet.quiknode.pro"
    door.restart()
    assert [item.used for item in await door.shown()] == [True, True]
    assert door.config.configured == ("bitcoin", "eip155:8453")
    assert TOKEN not in repr(door.config.backends)
    assert TOKEN.encode() not in door.on_disk()


async def test_what_was_removed_is_gone_at_the_next_start(door):
    await door.ask("POST", "/backends", NEW)
    door.restart()
    (_, stored) = await door.shown()
    assert (await door.ask("DELETE", f"/backends/{stored.id}")).status_code == 204
    door.restart()
    assert door.config.configured == ("bitcoin",)
    gone = await door.ask("DELETE", f"/backends/{stored.id}")
    assert msgspec.json.decode(gone.content, type=api.ErrorAnswer).error.code == "service.unknown"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "esplora"}, "input.backend"),
        ({"chain": "bitcoin", "kind": "rpc"}, "input.backend"),
        ({"chain": "bitcoin", "kind": "esplora", "token": TOKEN}, "input.backend"),
        ({"url": f"http://example.org/{TOKEN}/"}, "input.backend-address"),  # a token in the clear
        ({"url": "ftp://example.org/"}, "input.backend-address"),
        ({"jwt": "ES256"}, "input.jwt-key"),
        ({"jwt_kid": "warifu-1"}, "input.jwt-key"),
        ({"kind": "rpc", "url": "https://example.org", "jwt": "ES256", "jwt_kid": "k"}, "input.backend"),
        ({"token": "two words"}, "input.malformed"),
        ({"chain": "dogecoin"}, "input.malformed"),
        ({"url": ""}, "input.malformed"),
        ({"cookie": "/etc/passwd"}, "input.malformed"),
        ({"jwt_key": "/etc/passwd"}, "input.malformed"),
    ],
)
async def test_what_would_keep_the_service_from_starting_is_refused_and_not_kept(door, change, code):
    answer = await door.ask("POST", "/backends", NEW | change)
    assert msgspec.json.decode(answer.content, type=api.ErrorAnswer).error.code == code
    assert TOKEN not in answer.text
    assert stored_backends(door.database) == ()
    door.restart()


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_a_key_for_tokens_is_made_by_the_service_and_only_its_public_half_leaves(door, algorithm):
    answer = await door.ask("POST", "/backends", NEW | {"jwt": algorithm, "jwt_kid": "warifu-1"})
    added = msgspec.json.decode(answer.content, type=api.AddedBackend)
    assert "PRIVATE" not in answer.text
    ((_, kept),) = stored_backends(door.database)
    assert kept.jwt_pem is not None
    assert JwtKey.from_pem(Secret(kept.jwt_pem), "warifu-1").public_pem == added.public_key
    assert kept.jwt_pem.splitlines()[1].encode() not in door.on_disk()
    assert kept.jwt_pem not in repr(kept)
    door.restart()


async def test_there_is_an_end_to_how_many_are_kept(door):
    for number in range(MAX_STORED):
        add_backend(
            door.database, BackendConfig(kind="rpc", url="https://x.example", chain=f"eip155:{number + 1}")
        )
    with pytest.raises(ServiceRefused):
        add_backend(door.database, BackendConfig(kind="rpc", url="https://x.example", chain="solana"))


def test_a_private_key_does_not_belong_into_the_file(tmp_path):
    file = tmp_path / "service.toml"
    file.write_text(
        'network = "regtest"\ndata_dir = "data"\n[[backends]]\nchain = "base"\nkind = "quicknode"\n'
        f'url = "{URL}"\njwt_kid = "k"\njwt_pem = "-----BEGIN PRIVATE KEY-----"\n'
    )
    file.chmod(0o600)
    with pytest.raises(InputRefused):
        read_config(file)
