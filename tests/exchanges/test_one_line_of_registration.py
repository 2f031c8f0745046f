"""To add an exchange is to add a folder and a line: no other room names one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import warifu
from warifu.exchanges.ledgers import LEDGERS
from warifu.exchanges.registry import EXCHANGES

pytestmark = pytest.mark.unit

SOURCE = Path(warifu.__file__).parent
ITS_OWN = ("exchanges", "sandbox")
"""Where exchanges are, and where they are simulated."""


def texts(file: Path) -> Iterator[str]:
    """What the code says, without what it says about itself."""
    tree = ast.parse(file.read_text())
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_no_other_room_names_an_exchange_or_one_of_its_hosts():
    names = set(EXCHANGES) | {host for each in EXCHANGES.values() for host in each.hosts}
    rooms = [file for file in SOURCE.rglob("*.py") if file.relative_to(SOURCE).parts[0] not in ITS_OWN]
    found = {(str(file.relative_to(SOURCE)), text) for file in rooms for text in texts(file) if text in names}
    assert len(rooms) > 300
    # of Bitcoin's: the transaction that pays a miner, and who is paid on Ethereum
    chains = {(file, text) for file, text in found if file.startswith("chains/") and text == "coinbase"}
    assert found - chains == set()


def test_what_can_be_asked_can_be_listed_for_an_audit():
    assert set(LEDGERS) == set(EXCHANGES)
