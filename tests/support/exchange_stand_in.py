"""Stand-ins for the exchanges on the loopback interface, behind real TLS: they verify what signs a request by libraries
that are none of ours, and keep what they were asked for.

They answer in the documented forms of a few endpoints, and know no prices: a simulation that trades is in
``warifu.sandbox``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.support.feed_host import FeedHost
from tests.support.https_exchange import Authority, Exchange

BINANCE, ADVANCED, EXCHANGE = "api.binance.com", "api.coinbase.com", "api.exchange.coinbase.com"
HOSTS = (BINANCE, ADVANCED, EXCHANGE)
FEED, USER_FEED = "advanced-trade-ws.coinbase.com", "advanced-trade-ws-user.coinbase.com"
EXCHANGE_FEED = "ws-feed.exchange.coinbase.com"
BINANCE_STREAMS, BINANCE_API = "stream.binance.com", "ws-api.binance.com"


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2]))

    @classmethod
    def read(cls, raw: bytes) -> Request:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split()
        return cls(
            method, target, {name.lower(): value for name, value in (x.split(": ", 1) for x in lines)}, body
        )


@dataclass
class StandIn:
    """All three, at one clock. ``now``: seconds."""

    directory: Path
    now: Callable[[], int]
    ed25519_public: bytes = b""
    """Of the shared key that Binance or Coinbase knows."""
    es256: ec.EllipticCurvePublicKey | None = None
    hmac_secret: bytes = b""
    passphrase: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    sends: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    """All that came whole, whether it was believed or not."""
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    """All that came to a feed, whether it was believed or not."""
    says: list[str] = field(default_factory=list)
    """What a feed says to who is believed, before its host closes it."""
    page: int = 100
    """Of a list, at most."""
    stays: bool = False
    """Whether a feed stays open until the other end closes it."""
    ahead: int = 0
    """Seconds that its clock is ahead."""
    spoil: Callable[[Request, list[bytes]], list[bytes]] = lambda _request, pieces: pieces
    """What it says instead."""

    def __post_init__(self) -> None:
        self.authority = Authority(self.directory)
        self._lock = threading.Lock()
        self._servers: dict[str, Exchange | FeedHost] = {
            host: Exchange(self.authority.server_context(host), self._script(host)) for host in HOSTS
        }
        for host in (FEED, USER_FEED, EXCHANGE_FEED, BINANCE_STREAMS, BINANCE_API):
            context = self.authority.server_context(host)
            self._servers[host] = FeedHost(context, self._feed(host), lambda: self.stays)

    def address(self, host: str) -> tuple[str, int]:
        return self._servers[host].address

    def asked(self, path: str) -> list[Request]:
        return [each for each in self.requests if each.path == path]

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def _script(self, host: str) -> Callable[[bytes], list[bytes]]:
        answers = {BINANCE: self._binance, ADVANCED: self._advanced, EXCHANGE: self._exchange}[host]

        def script(raw: bytes) -> list[bytes]:
            with self._lock:
                request = Request.read(raw)
                self.requests.append(request)
                status, said = answers(request)
                body = json.dumps(said).encode()
                head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                return self.spoil(request, [head % (status, len(body)), body])

        return script

    @property
    def _milliseconds(self) -> int:
        return 1000 * (self.now() + self.ahead) + 500

    # --- Binance --------------------------------------------------------------------------------------------------

    def _binance(self, request: Request) -> tuple[int, object]:
        if request.path == "/api/v3/time":
            return 200, {"serverTime": self._milliseconds}
        if request.path == "/api/v3/exchangeInfo":
            return 200, {"symbols": []}
        text, _, signature = request.target.partition("?")[2].partition("&signature=")
        try:
            key = ed25519.Ed25519PublicKey.from_public_bytes(self.ed25519_public)
            key.verify(base64.b64decode(unquote(signature)), text.encode())
        except (InvalidSignature, ValueError):
            return 401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        said = request.query
        stamp = int(said["timestamp"])
        if not self._milliseconds - int(said["recvWindow"]) <= stamp < self._milliseconds + 1000:
            return 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
        match (request.method, request.path):
            case ("GET", "/api/v3/account"):
                return 200, {
                    "canTrade": True,
                    "canWithdraw": True,
                    "canDeposit": True,
                    "accountType": "SPOT",
                    "balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}],
                }
            case ("POST", "/api/v3/order"):
                return self._binance_order(said | {"created": self._milliseconds})
            case ("POST", "/api/v3/order/test"):
                return 200, {}
            case ("GET", "/api/v3/allOrders"):
                found = [_binance_shown(each, 28 + n) for n, each in enumerate(self.orders)]
                return 200, [each for each in found if _is_asked_for(each, each["time"], said, "symbol")]
            case ("POST", "/sapi/v1/capital/withdraw/apply"):
                self.sends.append(said | {"created": self._milliseconds})
                return 200, {"id": "w-9"}
            case ("POST", "/sapi/v1/localentity/withdraw/apply"):
                self.sends.append(said | {"created": self._milliseconds})
                return 200, {"trId": 9, "accpted": True, "info": "Withdraw request accepted"}
            case ("GET", "/sapi/v1/capital/withdraw/history" | "/sapi/v2/localentity/withdraw/history"):
                stated = "localentity" in request.path
                return 200, [
                    {"id": f"w-{9 + n}", "trId": 9 + n} | each
                    for n, each in enumerate(self.sends)
                    if ("questionnaire" in each) == stated
                    and _is_asked_for(each, each["created"], said, "coin", "withdrawOrderId")
                ]
        return 404, {"code": -1, "msg": "nothing is here"}

    def _binance_order(self, order: dict[str, Any]) -> tuple[int, object]:
        """An identifier can be used again once its order is done. One at the market is done at once."""
        name = order["newClientOrderId"]
        if any(each["newClientOrderId"] == name and each["type"] != "MARKET" for each in self.orders):
            return 400, {"code": -2010, "msg": "Duplicate order sent."}
        self.orders.append(order)
        return 200, _binance_shown(order, 27 + len(self.orders))

    # --- Advanced Trade and the App -------------------------------------------------------------------------------

    def _advanced(self, request: Request) -> tuple[int, object]:
        if request.path == "/api/v3/brokerage/time":
            seconds = self._milliseconds // 1000
            moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return 200, {"iso": moment, "epochSeconds": str(seconds), "epochMillis": str(self._milliseconds)}
        if not self._is_genuine(request):
            return 401, {"error": "unauthorized", "message": "Unauthorized"}
        match (request.method, request.path):
            case ("GET", "/api/v3/brokerage/accounts"):
                return 200, {"accounts": [], "has_next": False}
            case ("POST", "/api/v3/brokerage/orders"):
                order = json.loads(request.body) | {"created": self._milliseconds}
                self.orders.append(order)
                return 200, {
                    "success": True,
                    "success_response": {
                        "order_id": "28",
                        "product_id": order["product_id"],
                        "side": order["side"],
                        "client_order_id": order["client_order_id"],
                    },
                }
            case ("POST", "/api/v3/brokerage/orders/batch_cancel"):
                asked = json.loads(request.body)["order_ids"]
                return 200, {
                    "results": [{"success": True, "failure_reason": "", "order_id": x} for x in asked]
                }
            case ("GET", "/api/v3/brokerage/orders/historical/batch"):
                return 200, self._orders_page(request.query)
            case ("POST", "/v2/accounts/w-1/transactions"):
                self.sends.append(json.loads(request.body) | {"created": self._milliseconds})
                return 200, {"data": _sent(self.sends[-1], "pending")}
            case ("GET", "/v2/accounts/w-1/transactions"):
                return 200, self._sends_page(request.query.get("starting_after", ""))
        return 404, {"error": "not_found", "message": "nothing is here"}

    def _orders_page(self, query: dict[str, str]) -> dict[str, Any]:
        orders = [_shown(x, str(28 + n)) for n, x in enumerate(self.orders) if _is_in(x, query)]
        start = int(query.get("cursor", "0"))
        rest = orders[start:]
        more = len(rest) > self.page
        cursor = str(start + self.page) if more else ""
        return {"orders": rest[: self.page], "has_next": more, "cursor": cursor}

    def _sends_page(self, after: str) -> dict[str, Any]:
        sends = [_sent(x, "completed", f"w-{9 + n}") for n, x in enumerate(self.sends)][::-1]
        names = [each["id"] for each in sends]
        rest = sends[names.index(after) + 1 :] if after else sends
        shown = rest[: self.page]
        following = shown[-1]["id"] if len(rest) > self.page else None
        return {"data": shown, "pagination": {"next_starting_after": following}}

    def _is_genuine(self, request: Request) -> bool:
        claims = self._claims(request.headers.get("authorization", "").removeprefix("Bearer "))
        return claims.get("uri") == f"{request.method} {request.headers['host']}{request.path}"

    def _claims(self, token: str) -> dict[str, Any]:
        """Of a token that is good now; by PyJWT. Its own idea of the time is left out: a test has one of its own."""
        key: Any = self.es256 or ed25519.Ed25519PublicKey.from_public_bytes(self.ed25519_public)
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=["ES256", "EdDSA"], options={"verify_exp": False, "verify_nbf": False}
            )
        except jwt.InvalidTokenError:
            return {}
        in_time = claims["nbf"] <= self._milliseconds // 1000 < claims["exp"] <= claims["nbf"] + 120
        return claims if in_time else {}

    # --- feeds ----------------------------------------------------------------------------------------------------

    def _feed(self, host: str) -> Callable[[dict[str, Any]], list[str]]:
        def script(said: dict[str, Any]) -> list[str]:
            with self._lock:
                self.subscriptions.append(said)
                if host == BINANCE_API and not self._has_signed(said["params"]):
                    return ['{"id":1,"status":401,"error":{"code":-2015,"msg":"Invalid API-key"}}']
                if host in (USER_FEED, EXCHANGE_FEED) and not self._may_listen(said):
                    return ['{"type":"error","message":"authentication failure"}']
                return self.says

        return script

    def paths(self, host: str) -> list[str]:
        """Where a feed of this host was opened."""
        server = self._servers[host]
        assert isinstance(server, FeedHost)
        return server.paths

    def _has_signed(self, params: dict[str, Any]) -> bool:
        """As Binance's WebSocket API verifies: over all parameters but the signature, by their names."""
        signature = base64.b64decode(params["signature"])
        text = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.ed25519_public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return abs(int(params["timestamp"]) - self._milliseconds) <= 5000

    def _may_listen(self, said: dict[str, Any]) -> bool:
        if "jwt" in said:
            claims = self._claims(said["jwt"])
            return bool(claims) and "uri" not in claims
        message = f"{said.get('timestamp')}GET/users/self/verify".encode()
        right = base64.b64encode(hmac.new(self.hmac_secret, message, hashlib.sha256).digest()).decode()
        near = abs(int(said.get("timestamp", 0)) - self._milliseconds // 1000) <= 30
        return near and said.get("signature") == right and said.get("passphrase") == self.passphrase

    # --- the Exchange API -----------------------------------------------------------------------------------------

    def _exchange(self, request: Request) -> tuple[int, object]:
        if request.path == "/time":
            moment = datetime.fromtimestamp(self._milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return 200, {"iso": moment, "epoch": self._milliseconds / 1000}
        headers = request.headers
        moment = headers.get("cb-access-timestamp", "0")
        message = f"{moment}{request.method}{request.target}".encode() + request.body
        right = base64.b64encode(hmac.new(self.hmac_secret, message, hashlib.sha256).digest()).decode()
        said = headers.get("cb-access-sign", "")
        if not hmac.compare_digest(right, said) or headers.get("cb-access-passphrase") != self.passphrase:
            return 401, {"message": "invalid signature"}
        if abs(int(moment) - self._milliseconds // 1000) > 30:
            return 400, {"message": "request timestamp expired"}
        match (request.method, request.path):
            case ("POST", "/orders"):
                order = json.loads(request.body)
                self.orders.append(order)
                return 200, {
                    "id": "28",
                    "product_id": order["product_id"],
                    "side": order["side"],
                    "type": order["type"],
                    "status": "pending",
                    "size": order["size"],
                }
            case ("GET", "/accounts"):
                return 200, []
        return 404, {"message": "NotFound"}


def _binance_shown(order: dict[str, Any], number: int) -> dict[str, Any]:
    filled = order["type"] == "MARKET"
    return {
        "symbol": order["symbol"],
        "orderId": number,
        "clientOrderId": order["newClientOrderId"],
        "side": order["side"],
        "type": order["type"],
        "origQty": order["quantity"],
        "executedQty": order["quantity"] if filled else "0",
        "cummulativeQuoteQty": "0",
        "status": "FILLED" if filled else "NEW",
        "time": order["created"],
    }


def _is_asked_for(found: dict[str, Any], moment: int, said: dict[str, Any], *names: str) -> bool:
    in_time = int(said["startTime"]) <= moment <= int(said["endTime"])
    return in_time and all(found[name] == said[name] for name in names)


def _is_in(order: dict[str, Any], query: dict[str, str]) -> bool:
    first, last = (
        1000 * datetime.fromisoformat(query[name]).timestamp() for name in ("start_date", "end_date")
    )
    created: int = order["created"]
    return bool(first <= created < last)


def _shown(order: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "order_id": name,
        "product_id": order["product_id"],
        "side": order["side"],
        "status": "OPEN",
        "client_order_id": order["client_order_id"],
        "order_configuration": order["order_configuration"],
        "attached_order_id": order.get("attached_order_id", ""),
        "filled_size": order.get("filled_size", "0"),
    }


def _sent(send: dict[str, Any], status: str, name: str = "w-9") -> dict[str, Any]:
    moment = datetime.fromtimestamp(send["created"] / 1000, UTC)
    return {
        "id": name,
        "type": "send",
        "status": status,
        "amount": {"amount": f"-{send['amount']}", "currency": send["currency"]},
        "idem": send["idem"],
        "created_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "network": {"status": status} | ({"network_name": send["network"]} if send.get("network") else {}),
        "to": {"address": send["to"]},
    }
