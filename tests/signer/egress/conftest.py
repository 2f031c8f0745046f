"""An exchange on the loopback interface for each test, and a client that knows its authority."""

from __future__ import annotations

import pytest
from tests.support.https_exchange import NAME, Authority, Exchange, Tunnel

from warifu.signer.egress.client import HttpsClient, Limits
from warifu.signer.egress.trust import client_context


class World:
    def __init__(self, directory) -> None:
        self.authority = Authority(directory)
        self.exchange: Exchange
        self._closing: list[Exchange | Tunnel] = []

    def serve(self, *script, context=None) -> Exchange:
        """Start an exchange that says what ``script`` makes of a request."""
        self.exchange = Exchange(context or self.authority.server_context(), *script)
        self._closing.append(self.exchange)
        return self.exchange

    def tunnel(self, **bent) -> Tunnel:
        tunnel = Tunnel(self.exchange.address, **bent)
        self._closing.append(tunnel)
        return tunnel

    def client(self, host: str = NAME, limits: Limits | None = None) -> HttpsClient:
        return HttpsClient(host, client_context(self.authority.pem), limits)

    def close(self) -> None:
        for thing in reversed(self._closing):
            thing.close()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.close()
