"""What Advanced Trade and the App have in common: a short-lived JWT by a key of the Coinbase Developer Platform.

PyJWT reads it, code that nobody here wrote. It names method, host and path, and covers neither query nor body: that is
so at Coinbase, too. Whatever is wrong with it is answered with one word, as Coinbase does.
"""

from __future__ import annotations

from typing import Any

import jwt

from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Answer, Request

HOST = "api.coinbase.com"
LONGEST_LIFE = 120
"""Seconds from ``nbf`` to ``exp``."""
_ISSUERS = ("cdp", "coinbase-cloud")
UNAUTHORIZED = Answer(401, b"Unauthorized\n", "text/plain; charset=utf-8")


def credential_of(venue: Venue, request: Request) -> Credential:
    """``Refusal``: ``authentication``, ``signature``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token.isascii():
        raise Refusal("authentication")
    try:
        header = jwt.get_unverified_header(token)
        credential = venue.state.people.credential("coinbase", str(header.get("kid")))
        claims = jwt.decode(
            token,
            credential.verifier,
            algorithms=[credential.algorithm],
            options={
                "require": ["sub", "iss", "nbf", "exp", "uri"],
                "verify_exp": False,  # by the exchange's clock, below
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except jwt.InvalidTokenError:
        raise Refusal("signature") from None
    if not (
        claims["sub"] == credential.key
        and claims["iss"] in _ISSUERS
        and claims["uri"] == f"{request.method} {request.host}{request.path}"
        and is_alive(claims, venue.now())
    ):
        raise Refusal("signature")
    return credential


def is_alive(claims: dict[str, Any], now: int) -> bool:
    """Whether a token is good at this moment (milliseconds)."""
    begins, ends = claims["nbf"], claims["exp"]
    if not isinstance(begins, int) or not isinstance(ends, int):
        return False
    return 0 < ends - begins <= LONGEST_LIFE and begins * 1000 <= now < ends * 1000
