"""A device that was taken over: where it is the carrier, it sends something else than was signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warifu.exchanges.http import HttpRequest
from warifu.signer.exchanges import carrying

Change = Callable[[HttpRequest], HttpRequest | None]
TakesOver = Callable[[bytes, Change], None]


def hostile_carriers(monkeypatch: pytest.MonkeyPatch) -> TakesOver:
    """Have the device with this identity send what ``change`` makes of a request; nothing where that is None."""

    def take_over(identity: bytes, change: Change) -> None:
        honest = carrying.Carrying._send

        def hostile(self: carrying.Carrying, make: Callable[[], HttpRequest]) -> Any:
            if self.seat.key.public != identity:
                return honest(self, make)
            changed = change(make())
            if changed is None:  # it keeps what it was given
                return []
            return honest(self, lambda: changed)

        monkeypatch.setattr(carrying.Carrying, "_send", hostile)

    return take_over


def body(**changes: Any) -> Callable[[HttpRequest], HttpRequest]:
    """The request with these fields of its JSON, or of its limit order, changed."""

    def change(request: HttpRequest) -> HttpRequest:
        said = json.loads(request.body)
        sizes = said.get("order_configuration", {}).get("limit_limit_gtc", {})
        for name, value in changes.items():
            (sizes if name in sizes else said)[name] = value
        return replace(request, body=json.dumps(said).encode())

    return change
