"""At the start the owner is told of backends that are on another chain, and nothing is held up by it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.account_world import local_evm
from tests.support.service_world import embedded_chain

from warifu.errors import ChainUnavailable
from warifu.service.account_chains import make_account_chains
from warifu.service.chain import make_backend
from warifu.service.config import BackendConfig, ServiceConfig
from warifu.service.network_checks import NetworkChecks
from warifu.service.service import Service
from warifu.service.store.database import create_database

pytestmark = pytest.mark.real


def until(found: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_the_backends_of_each_chain_are_asked_once_the_service_starts(tmp_path: Path, caplog):
    caplog.set_level(logging.WARNING, "warifu.service")
    with local_evm() as evm, embedded_chain(tmp_path / "chain") as (_, esplora):
        config = ServiceConfig(
            data_dir=str(tmp_path / "service"),
            network="regtest",
            backends=(
                BackendConfig(kind="esplora", url=esplora),
                BackendConfig(kind="rpc", url=evm.url, chain="eip155:31337"),
                BackendConfig(kind="rpc", url=evm.url, chain="eip155:1"),
                BackendConfig(kind="rpc", url="http://127.0.0.1:9", chain="eip155:8453"),
            ),
        )
        database = create_database(tmp_path / "service", bytes(32))
        chains = make_account_chains(config, database)
        checks = Service(config, database, make_backend(config), chains, config).checks
        assert {check.state for check in checks.shown()} == {"asking"}
        checks.start()
        until(lambda: all(check.state != "asking" for check in checks.shown()))
        checks.stop()
        database.close()
    found = {check.chain: (check.state, check.refusal and check.refusal.code) for check in checks.shown()}
    assert found == {
        "bitcoin": ("right", None),
        "eip155:31337": ("right", None),
        "eip155:1": ("refused", "chain.wrong-network"),
        "eip155:8453": ("refused", "chain.unreachable"),
    }
    assert sum("wrong-network" in record.getMessage() for record in caplog.records) == 1


def test_what_nobody_foresaw_ends_one_check_and_shows_no_text(caplog):
    def broken() -> None:
        raise RuntimeError("an address with a token")

    checks = NetworkChecks({"eip155:1": broken, "solana": lambda: None})
    checks.start()
    until(lambda: [check.state for check in checks.shown()] == ["asking", "right"])
    checks.stop()
    assert "RuntimeError" in caplog.text and "token" not in caplog.text


def test_a_question_that_is_out_when_the_service_stops_is_waited_for_and_warns_of_nothing(caplog):
    def silent() -> None:
        time.sleep(0.2)
        raise ChainUnavailable("time-out", "it said nothing")

    checks = NetworkChecks({"solana": silent})
    checks.start()
    checks.stop()
    assert [check.state for check in checks.shown()] == ["refused"] and not caplog.records
