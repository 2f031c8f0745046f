"""A node that stands on the real embedded chain and lies in single answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.retries import Retries

Lie = Callable[[Any, Any], Any]
"""From parameters and the true result to what is said; an exception is raised."""


class LyingNode(JsonRpcEndpoint):
    """Says the truth, except for the methods in ``lies``."""

    def __init__(self, url: str, name: str, **lies: Lie) -> None:
        super().__init__(url, name, retries=Retries(tries=1))
        self.lies = lies
        self.asked: list[str] = []

    def call(self, method, params, kind, **limits):
        self.asked.append(method)
        if method not in self.lies:
            return super().call(method, params, kind, **limits)
        truth = super().call(method, params, msgspec.Raw, **limits)
        said = self.lies[method](params, msgspec.json.decode(truth))
        return self._decoded(msgspec.Raw(msgspec.json.encode(said)), kind)
