"""A real EVM node behind the stand-in for QuickNode: its doors and bad days are simulated, the chain is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.anvil import Anvil
from tests.support.quicknode import StandIn
from tests.support.rpc_server import serving


class AnvilBehindQuickNode(StandIn):
    """Lets in whom QuickNode would let in, and passes on what they ask."""

    def __init__(self, node: Anvil) -> None:
        super().__init__()
        self.node = node

    def _called(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer: dict[str, Any] = self.node.http.post("/", json=call).json()
        return 200, answer


@contextmanager
def quicknode_before(node: Anvil) -> Iterator[AnvilBehindQuickNode]:
    """Running."""
    stand_in = AnvilBehindQuickNode(node)
    with serving(stand_in.script) as server:
        stand_in.server, stand_in.base = server, server.url
        yield stand_in
