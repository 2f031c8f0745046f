"""A server that calls every address used: asking comes to an end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.chains.quicknode import bitcoin
from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.unit


def test_a_server_that_calls_every_address_used_does_not_keep_us_asking(monkeypatch):
    asked: list[str] = []
    wallet: Any = SimpleNamespace(
        tip=lambda: SimpleNamespace(height=0),
        next_index=lambda _: 0,
        peek=lambda path: f"address {path.index}",
    )
    backend = bitcoin.QuickNodeBitcoin(QuickNodeAccess.parse("https://name.quiknode.pro/token/"))

    def used(address: str) -> list[bytes]:
        asked.append(address)
        assert len(asked) < 1_000
        return [bytes(32)]

    monkeypatch.setattr(bitcoin, "MAX_ADDRESSES", 200)
    backend._blockbook = cast("Any", SimpleNamespace(txids=used))
    with pytest.raises(ChainUnavailable) as refused:
        backend._seen(wallet)
    assert refused.value.reason == "answer-size"
    assert len(asked) == 201
    backend.close()
