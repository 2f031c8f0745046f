"""A stand-in for QuickNode on the loopback interface: a simulation of its doors and its bad days, never of its chains.

The shapes are those that QuickNode documents and that users reported of it; docs/quicknode.md lists them with what was
never seen against the real thing. It is driven by our client and by the official SDKs alike, so that it is not only our
own idea of QuickNode that our client is tested against.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.support.quicknode_admin import Account
from tests.support.quicknode_bitcoin import BitcoinMethods, NodeRefused
from tests.support.rpc_server import Asked, Say, Server, serving

TOKEN = "5d2f1c0b9a8e7d6c5b4a39281706f5e4d3c2b1a0"
API_KEY = "QN_7c1e0a9d4b8f42e6a3d5c7b9e1f20486"
PER_SECOND = (
    "/second request limit reached - reduce calls per second or upgrade your account at quicknode.com"
)

BAD_DAYS: dict[str, Say] = {
    "bad request": Say(b"Bad Request: Invalid characters", 400),
    "unauthorized": Say(b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"Unauthorized"},"id":null}', 401),
    "disabled": Say(b"Endpoint is disabled", 403),
    "no such endpoint": Say(b"<html><body>404 Not Found</body></html>", 404),
    "too large": Say(b"Request Entity Too Large", 413),
    "limited": Say(b'{"code":-32007,"message":"15' + PER_SECOND.encode() + b'"}', 429),
    "limited, enveloped": Say(
        b'{"jsonrpc":"2.0","error":{"code":429,"message":"The requests per second (RPS) of your requests are higher'
        b' than your plan allows."},"id":1}',
        429,
    ),
    "limited, with status 200": Say(b'{"code":-32007,"message":"15' + PER_SECOND.encode() + b'"}'),
    "limited, other code": Say(
        b'{"code":-32005,"message":"You\'ve exceeded the RPS limit available on the current plan."}'
    ),
    "limited, as text": Say(b"15" + PER_SECOND.encode()),
    "quota of the day": Say(
        b'{"code":-32003,"message":"daily request limit reached - upgrade your account at quicknode.com"}',
        429,
    ),
    "broken": Say(b"Internal Server Error", 500),
    "bad gateway": Say(b"<html><head><title>502 Bad Gateway</title></head></html>", 502),
    "unavailable": Say(
        b'{"jsonrpc":"2.0","error":{"code":-32000,"message":"upstream unavailable"},"id":1}', 503
    ),
    "gateway time-out": Say(b"upstream request timeout", 504),
    "a web page with status 200": Say(b"<!DOCTYPE html><html><title>Just a moment...</title></html>"),
}
"""What QuickNode, or what stands before it, says instead of an answer."""


@dataclass
class StandIn:
    """What the stand-in knows. ``bad_days`` are said one after the other before anything is answered."""

    base: str = ""
    token: str = TOKEN
    bitcoin: BitcoinMethods | None = None
    core_speaks_2_0: bool = False
    bad_days: list[Say] = field(default_factory=list)
    jwt_keys: dict[str, str] = field(default_factory=dict)
    seen_jwts: list[str] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account(API_KEY, ""))
    server: Server | None = None

    @property
    def asked(self) -> list[Asked]:
        """Every request that arrived."""
        assert self.server is not None
        return self.server.asked

    @property
    def path_url(self) -> str:
        """The address with the token in its path."""
        return f"{self.base}/{self.token}/"

    @property
    def bare_url(self) -> str:
        """The address without a token."""
        return f"{self.base}/"

    @property
    def admin_url(self) -> str:
        """The address of the admin API."""
        return f"{self.base}/v0"

    def script(self, asked: Asked) -> Say:
        """The answer to one request."""
        if self.bad_days:
            return self.bad_days.pop(0)
        if asked.path.startswith("/v0/"):
            return self.account.answer(asked)
        if not self._lets_in(asked):
            return BAD_DAYS["unauthorized"]
        if asked.method != "POST":
            return BAD_DAYS["bad request"]
        calls = asked.json
        answers = [self._called(call) for call in (calls if isinstance(calls, list) else [calls])]
        status = 200 if isinstance(calls, list) else answers[0][0]
        return Say(
            json.dumps(
                [answer for _, answer in answers] if isinstance(calls, list) else answers[0][1]
            ).encode(),
            status,
        )

    def _lets_in(self, asked: Asked) -> bool:
        path = asked.path.strip("/").split("/")[0]
        bearer = asked.headers.get("Authorization", "")
        if self.jwt_keys and not self._is_ours(bearer):
            return False
        return bool(self.jwt_keys) or self.token in (path, asked.headers.get("x-token"))

    def _is_ours(self, bearer: str) -> bool:
        """Whether a JWT was signed by a registered key and has not ended."""
        try:
            head, claims, signature = bearer.removeprefix("Bearer ").split(".")
            header, said = json.loads(_unwrapped(head)), json.loads(_unwrapped(claims))
            self._verify(
                self.jwt_keys[header["kid"]],
                header["alg"],
                f"{head}.{claims}".encode(),
                _unwrapped(signature),
            )
        except (ValueError, KeyError, InvalidSignature):
            return False
        self.seen_jwts.append(bearer)
        return bool(said["exp"] > time.time())

    @staticmethod
    def _verify(pem: str, algorithm: str, message: bytes, signature: bytes) -> None:
        key = serialization.load_pem_public_key(pem.encode())
        match key, algorithm:
            case ec.EllipticCurvePublicKey(), "ES256":
                if len(signature) != 64:
                    raise InvalidSignature
                r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
                key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey(), "RS256":
                key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PublicKey(), "EdDSA":
                key.verify(signature, message)
            case _:
                raise InvalidSignature

    def _called(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and reply. The Bitcoin node speaks as Core did before version 28, or like all others JSON-RPC 2.0."""
        method, params, number = call["method"], call.get("params", []), call["id"]
        bitcoin = self.bitcoin.methods() if self.bitcoin else {}
        core = method in bitcoin and not method.startswith("bb_") and not self.core_speaks_2_0
        known: dict[str, Callable[..., Any]] = {**_STATIC, **bitcoin}
        try:
            if method not in known:
                raise NodeRefused(-32601, f"the method {method} does not exist/is not available")
            found = known[method](*params)
        except NodeRefused as refused:
            error = {"code": refused.code, "message": str(refused)}
            if core:
                return 500, {"result": None, "error": error, "id": number}
            return 200, {"jsonrpc": "2.0", "id": number, "error": error}
        if core:
            return 200, {"result": found, "error": None, "id": number}
        return 200, {"jsonrpc": "2.0", "id": number, "result": found}


def _reverts(*_: object) -> None:
    raise NodeRefused(3, "execution reverted: not enough")


_STATIC: dict[str, Callable[..., Any]] = {
    "eth_chainId": lambda: "0x1",
    "eth_blockNumber": lambda: "0x14d2f1a",
    "eth_getBalance": lambda *_: "0x8ac7230489e80000",
    "eth_getTransactionCount": lambda *_: "0x2a",
    "eth_getTransactionReceipt": lambda *_: None,
    "eth_call": _reverts,
    "getHealth": lambda: "ok",
    "getGenesisHash": lambda: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
    "getBalance": lambda *_: {"context": {"apiVersion": "2.3.6", "slot": 312345678}, "value": 1500000000},
}
"""Answers of an Ethereum and of a Solana endpoint; the network halves have their own engines, this is for the road."""


def _unwrapped(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def quicknode_stand_in(bitcoin: BitcoinMethods | None = None) -> Iterator[StandIn]:
    """A running stand-in."""
    stand_in = StandIn(bitcoin=bitcoin)
    with serving(stand_in.script) as server:
        stand_in.server, stand_in.base, stand_in.account.base = server, server.url, server.url
        yield stand_in
