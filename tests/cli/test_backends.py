"""How ``warifu init`` takes a chain backend: what it writes, and the password that it takes from no argument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.terminal import script

from warifu.service.config import read_config

pytestmark = pytest.mark.real


def init(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    places = ("--storage-key", str(tmp_path / "storage.key"), "--service-dir", str(tmp_path / "service"))
    return script(
        tmp_path / "owner", "init", "--no-pin", "--network", "regtest", "--no-device", *places, *arguments
    )


def test_each_core_backend_gets_the_cookie_and_the_others_none(tmp_path: Path):
    code, shown = init(
        tmp_path,
        *("--backend", "core=http://127.0.0.1:8332", "--backend", "electrum=ssl://electrum.example:50002"),
        *("--cookie", str(tmp_path / ".cookie")),
    )
    assert code == 0, shown
    config = read_config(tmp_path / "service/service.toml")
    assert [(backend.kind, backend.cookie) for backend in config.backends] == [
        ("core", str(tmp_path / ".cookie")),
        ("electrum", None),
    ]
    assert (tmp_path / "service/service.toml").stat().st_mode & 0o077 == 0


def test_other_chains_are_named_before_the_kind(tmp_path: Path):
    code, shown = init(
        tmp_path,
        *(
            "--backend",
            "esplora=http://127.0.0.1:3002",
            "--backend",
            "eip155:31337:rpc=http://127.0.0.1:8545",
        ),
        *("--backend", "base:rpc=http://127.0.0.1:8546", "--backend", "solana:rpc=http://127.0.0.1:8899"),
    )
    assert code == 0, shown
    config = read_config(tmp_path / "service/service.toml")
    assert [(backend.chain, backend.kind) for backend in config.backends] == [
        ("bitcoin", "esplora"),
        ("eip155:31337", "rpc"),
        ("eip155:8453", "rpc"),
        ("solana", "rpc"),
    ]
    assert config.particulars("solana").cluster == "local"  # coins without worth go with coins without worth


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--backend", "core=http://user:hunter2@127.0.0.1:8332"), "input.backend-password"),
        (("--backend", "esplora=https://token@example.org/api"), "input.backend-password"),
        (("--backend", "esplora=http://127.0.0.1:3002", "--cookie", "/x/.cookie"), "input.usage"),
        (("--backend", "oracle=http://127.0.0.1:3002"), "input.backend"),
        (("--backend", "ethereum:rpc=https://example.org/v3/hunter2"), "input.backend-password"),
        (("--backend", "ethereum:rpc=https://example.org/?key=hunter2"), "input.backend-password"),
        (("--backend", "ethereum:esplora=http://127.0.0.1:3002"), "input.backend"),
        (("--backend", "dogecoin:rpc=http://127.0.0.1:3002"), "input.unknown-chain"),
    ],
)
def test_what_cannot_be_used_makes_nothing_and_is_not_repeated(tmp_path: Path, arguments, code):
    exit_code, shown = init(tmp_path, *arguments)
    assert (exit_code, shown["error"]["code"]) == (2, code)
    assert "hunter2" not in str(shown)
    assert not (tmp_path / "owner/profile.json").exists()
    assert not (tmp_path / "service").exists()
