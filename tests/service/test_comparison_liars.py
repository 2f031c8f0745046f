"""What honest devices owe is compared, however much a taken-over one says that it owes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from nacl.utils import random

from warifu.errors import SessionAborted
from warifu.protocol.exchange_answers import CallResult
from warifu.service.store import exchange_calls as store
from warifu.service.workflows import comparisons as module
from warifu.service.workflows.comparisons import Comparisons

pytestmark = pytest.mark.unit

ONE, TWO, THREE = b"1" * 32, b"2" * 32, b"3" * 32
NAMES = {ONE: "one", TWO: "two", THREE: "three"}


@pytest.mark.parametrize("liar", NAMES)
def test_a_device_that_makes_debts_up_and_keeps_silent_holds_nobody_else_up(monkeypatch, liar):
    """Each of its comparisons takes as long as a session may, and it has others at the next look."""
    honest = next(identity for identity in NAMES if identity != liar)
    devices = [SimpleNamespace(identity=identity, name=name) for identity, name in NAMES.items()]
    wallet: Any = SimpleNamespace(
        id=bytes(32), name="savings", request=SimpleNamespace(devices=devices, threshold=2)
    )
    hub: Any = SimpleNamespace(connected=lambda _identity: True, name_of=NAMES.__getitem__)
    nothing: Any = None
    work = Comparisons(nothing, hub, SimpleNamespace(ring=lambda: None), nothing, 1.0)  # type: ignore[arg-type]
    owed = module._Due(wallet.id, honest, "main", random(32), tuple(NAMES.values()))
    tried: list[bytes] = []

    async def said(_wallet: Any) -> list[module._Due]:
        made_up = [
            module._Due(wallet.id, liar, "main", random(32), tuple(NAMES.values())) for _ in range(100)
        ]
        return sorted([*made_up, owed], key=lambda due: due.identity)

    async def compare(_wallet: Any, due: module._Due, participants: tuple[bytes, ...]) -> CallResult:
        tried.append(due.identity)
        if liar in participants:
            raise SessionAborted("timeout", "nothing was heard")
        return CallResult(due.about, "done", "", 0, None)

    monkeypatch.setattr(work, "_said", said)
    monkeypatch.setattr(work, "_compare", compare)
    monkeypatch.setattr(store, "note_about", lambda *_: None)
    monkeypatch.setattr(store, "put_comparison", lambda *_: None)
    for _ in range(4):
        asyncio.run(work._look_and_compare(wallet))
        work._tried(owed).until = 0.0  # time passes
    assert tried.count(honest) == 4 and tried.count(liar) <= 4
