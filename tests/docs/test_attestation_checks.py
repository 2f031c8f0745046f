"""The names of checks are an interface (``evidence.NAME``), so the page on attestation says what each of them means."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import warifu.attestation

pytestmark = pytest.mark.unit

ROOM = Path(warifu.attestation.__file__).parent
PAGE = Path(__file__).resolve().parents[2] / "docs" / "attestation.md"


def names_in_code() -> set[str]:
    """The first argument of every ``CheckFailed(...)`` that is a plain string."""
    calls = [
        node
        for file in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CheckFailed"
    ]
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_every_check_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    found = names_in_code()
    assert len(found) > 20
    assert sorted(name for name in found if f"`{name}`" not in page) == []
