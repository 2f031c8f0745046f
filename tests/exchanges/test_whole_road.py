"""An order from its typed form to an exchange that verifies it, signed by two of three, through a blind tunnel.

What is not there yet is the signer's own door: here the test holds the tunnel's other end in the signer's place.
"""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.support.exchange_days import GOOD, UUID, order
from tests.support.exchange_keys import STAMP, quorums
from tests.support.https_exchange import NAME, Authority, Exchange, Tunnel

from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.exchanges.coinbase.credentials import CdpKey
from warifu.exchanges.failures import OutcomeUnknown, Refused, TryAgain
from warifu.signer.egress.client import HttpsClient
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import client_context

pytestmark = pytest.mark.real

KEY = "organizations/4ac1c2d4/apiKeys/7a5e0d6f"


class Coinbases:
    """A stand-in that takes a JWT of one public key, for the very method and path, and keeps the orders it got."""

    def __init__(self, public: bytes) -> None:
        self._public = ed25519.Ed25519PublicKey.from_public_bytes(public)
        self.orders: list[dict[str, Any]] = []

    def __call__(self, request: bytes) -> list[bytes]:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        try:
            token = headers["authorization"].removeprefix("Bearer ")
            claims = jwt.decode(
                token,
                self._public,
                algorithms=["EdDSA"],
                options={"verify_exp": False, "verify_nbf": False},
            )
            assert claims["uri"] == f"{method} {headers['host']}{target.partition('?')[0]}"
        except (jwt.InvalidTokenError, AssertionError):
            return [b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nUnauthorized"]
        if method == "POST":
            self.orders.append(json.loads(body))
            answer = GOOD["coinbase"]["place"]
        else:
            answer = GOOD["coinbase"]["find_order"] if self.orders else {"orders": [], "has_next": False}
        said = json.dumps(answer).encode()
        return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said), said]


class Road:
    def __init__(self, directory) -> None:
        self.quorums = quorums()
        self.coinbase = Coinbases(next(self.quorums).public)
        authority = Authority(directory)
        self._server = Exchange(authority.server_context(), self.coinbase)
        self._context = client_context(authority.pem)
        self.tunnels: list[Tunnel] = []

    def ask(self, call, key: str = KEY, **bent):
        """The typed answer, or what the road says about its absence."""
        request = CdpKey(key, "EdDSA").prepare(call.unsigned, STAMP).signed(next(self.quorums))
        client, tunnel = HttpsClient(NAME, self._context), Tunnel(self._server.address, **bent)
        self.tunnels.append(tunnel)
        try:
            client.ask(request)
            answer = tunnel.carry(client)
        except EgressFailed as failure:
            raise call.unanswered(sent=failure.sent, words=str(failure)) from failure
        return call.read(answer)

    def close(self) -> None:
        self._server.close()
        for tunnel in self.tunnels:
            tunnel.close()


@pytest.fixture
def road(tmp_path):
    road = Road(tmp_path)
    yield road
    road.close()


EXCHANGE = Coinbase(host=NAME)


def test_an_order_signed_by_two_of_three_is_placed(road):
    placed = road.ask(EXCHANGE.place(order("coinbase")))
    assert placed.client_id == UUID
    assert road.coinbase.orders[0]["order_configuration"]["limit_limit_gtc"]["base_size"] == "0.5"


def test_the_service_saw_ciphertext(road):
    road.ask(EXCHANGE.place(order("coinbase")))
    record = bytes(road.tunnels[0].sent + road.tunnels[0].received)
    for hidden in (b"Bearer", b"eyJ", UUID.encode(), b"20000.01", b"BTC", KEY.encode()):
        assert hidden not in record


def test_a_tunnel_that_is_cut_before_the_order_left_means_try_again(road):
    with pytest.raises(TryAgain) as caught:
        road.ask(EXCHANGE.place(order("coinbase")), inward=lambda data: [data[:100], b""])
    assert caught.value.reason == "connection"
    assert road.coinbase.orders == []


def test_a_tunnel_that_swallows_the_answer_means_unknown_and_the_order_is_found_by_its_identifier(road):
    """The service's cheapest attack: let the order through, keep the answer, hope that it is sent again."""
    with pytest.raises(OutcomeUnknown):
        road.ask(
            EXCHANGE.place(order("coinbase")),
            inward=lambda data: [data] if not road.coinbase.orders else [b""],
        )
    [found] = road.ask(EXCHANGE.find_order(order("coinbase"))).items
    assert (found.client_id, found.status) == (UUID, "open")
    assert len(road.coinbase.orders) == 1


def test_a_quorum_of_another_key_is_refused_by_the_exchange(road):
    road.quorums = quorums()
    with pytest.raises(Refused) as caught:
        road.ask(EXCHANGE.balances())
    assert caught.value.reason == "authentication"
