"""What a transfer asks of the store: few statements, none of which reads more the longer a device is in use."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.support.simulator import Household

from warifu.signer import store as store_module
from warifu.signer.schema import LATER_INDEXES
from warifu.signer.store import Store

pytestmark = pytest.mark.unit

SMALL = {
    "pending": "two rows a wallet at most",
    "sqlite_sequence": "one row a table",
    "journal": "the last row, from the end",
}
"""Tables of which a statement may read all that there is."""


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    household.make_wallet(2)
    yield household
    household.close()


def statements_of_a_transfer(home: Household, monkeypatch) -> list[tuple[str, tuple[object, ...]]]:
    """Of device0, in a transfer with device1 that is not their first."""
    coins = itertools.count()
    for _ in range(3):
        assert not home.sign(home.pay(first_coin=next(coins))).failed
    asked: list[tuple[str, tuple[object, ...]]] = []
    watched, execute = home["device0"].device.store, Store.execute

    def watch(self, sql, values=()):
        if self is watched:
            asked.append((sql, tuple(values)))
        return execute(self, sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "execute", watch)
        assert not home.sign(home.pay(first_coin=next(coins))).failed
    return asked


def test_a_transfer_takes_six_transactions_and_few_statements(home, monkeypatch):
    asked = [sql for sql, _ in statements_of_a_transfer(home, monkeypatch)]
    assert asked.count("BEGIN IMMEDIATE") == 6
    assert len(asked) <= 80


def test_no_statement_of_a_transfer_reads_a_whole_table_or_sorts(home, monkeypatch):
    store = home["device0"].device.store
    for sql, values in statements_of_a_transfer(home, monkeypatch):
        if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
            continue
        plan = [row[3] for row in store.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
        assert scanned <= set(SMALL), (sql, plan)
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (sql, plan)


def test_no_statement_of_a_transfer_is_planned_anew_each_time(home, monkeypatch):
    """SQLite does that for a bound of rows that is handed in."""
    assert not [sql for sql, _ in statements_of_a_transfer(home, monkeypatch) if "LIMIT ?" in sql]


def names_of_indexes(store: Store) -> set[str]:
    rows = store.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
    return {str(row[0]) for row in rows}


LATER = {sql.split()[5] for sql in LATER_INDEXES}


def test_a_store_that_was_made_without_an_index_gets_it_at_its_next_start(home):
    device = home["device0"]
    for name in LATER:
        device.device.store.execute(f"DROP INDEX {name}")
    assert not LATER & names_of_indexes(device.device.store)
    device.restart()
    assert names_of_indexes(device.device.store) >= LATER
    assert not home.sign(home.pay()).failed


def test_a_device_whose_disk_has_no_room_for_an_index_starts_without(home, monkeypatch):
    device = home["device0"]
    for name in LATER:
        device.device.store.execute(f"DROP INDEX {name}")
    device.device.store.execute("VACUUM")

    def without_room(connection, _version):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "_bring_up", without_room)
        device.restart()
    assert not LATER & names_of_indexes(device.device.store)
    assert device.status().name == "device0"
