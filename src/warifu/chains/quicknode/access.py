"""How an endpoint lets one in: a token in the path of its address, in a header, or a JWT.

=========  ==========================================================  =================================
form       address                                                     goes along
=========  ==========================================================  =================================
path       ``https://NAME.NETWORK.quiknode.pro/TOKEN/``                nothing
header     ``https://NAME.NETWORK.quiknode.pro/``                      ``x-token: TOKEN``
JWT        either of the two                                           ``Authorization: Bearer JWT``
=========  ==========================================================  =================================

A domain mask puts another host in place of quiknode.pro's; some networks have a longer path.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

from warifu.chains.quicknode.jwt import JwtKey
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.http import TIMEOUT
from warifu.chains.rpc.pace import Pace
from warifu.chains.rpc.reply import Dialect
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.errors import InputRefused

MAX_ADDRESS_CHARACTERS = 2000
MAX_TOKEN_CHARACTERS = 512
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class QuickNodeAccess:
    """An endpoint and what opens it. Nothing of it can be printed.

    Raises ``InputRefused``: ``backend-address`` for an address that is not https (http only to this machine) or has a
    user, query or fragment; ``backend-token`` for a token that does not fit into a header.
    """

    url: Secret
    token: Secret | None = None
    jwt: JwtKey | None = None

    def __post_init__(self) -> None:
        check_address(self.url)
        if self.token is not None:
            text = self.token.reveal()
            if not (0 < len(text) <= MAX_TOKEN_CHARACTERS and _TOKEN.fullmatch(text)):
                raise InputRefused("backend-token", "the endpoint's token is not one")

    @classmethod
    def parse(cls, url: str, *, token: str = "", jwt_key: str = "", jwt_kid: str = "") -> QuickNodeAccess:
        """From texts of a configuration; empty ones are not there. ``jwt_key`` is PEM. Raises ``InputRefused``."""
        if bool(jwt_key) != bool(jwt_kid):
            raise InputRefused("jwt-key", "a key for tokens comes with the name under which it is registered")
        return cls(
            Secret(url),
            Secret(token) if token else None,
            JwtKey.from_pem(Secret(jwt_key), jwt_kid) if jwt_key else None,
        )

    def endpoint(
        self,
        name: str,
        *,
        dialect: Dialect = Dialect.STRICT,
        retries: Retries | None = None,
        pace: Pace | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> JsonRpcEndpoint:
        """The endpoint for questions. Connects to nothing yet."""
        return JsonRpcEndpoint(
            self.url,
            name,
            headers={} if self.token is None else {"x-token": self.token},
            authorization=None if self.jwt is None else self.jwt.authorization,
            dialect=dialect,
            retries=retries,
            pace=pace,
            timeout=timeout,
        )


def check_address(url: Secret) -> None:
    """Return only for an address to which a secret may be sent. Raises ``InputRefused`` (``backend-address``)."""
    parts = _split(url)
    if parts is None or not (
        parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    ):
        raise InputRefused("backend-address", "the address of a QuickNode endpoint begins with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputRefused(
            "backend-address", "the address of a QuickNode endpoint has no user, query or fragment"
        )


def _split(url: Secret) -> SplitResult | None:
    if len(url.reveal()) > MAX_ADDRESS_CHARACTERS:
        return None
    try:
        parts = urlsplit(url.reveal())
        fine = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if fine else None


def _is_here(host: str | None) -> bool:
    """Whether ``host`` is this machine, as an address: a name could be made to mean another one."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
