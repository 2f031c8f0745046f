"""Binance's signature: Ed25519 over every parameter, percent-encoded, as it stands in the query.

The exchange takes the user's *public* key, so t of n signers can hold the private one from its birth on. The signature
covers all parameters but neither the method nor the path: a request that is signed for one is good, within its window,
for another path that takes the same parameters (``order`` and ``order/test``). Judge both.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import ClassVar

from warifu.errors import InputRefused
from warifu.exchanges.calls import Unsigned, encoded
from warifu.exchanges.feeds import with_credential
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.signing import Coverage, Stamp, Subscription, ToSign, ToSubscribe

WINDOW = 5000
"""Milliseconds for which a request is good. The exchange also refuses stamps that are a second ahead of its clock."""

_KEY = re.compile(r"[A-Za-z0-9]{64}\Z")


@dataclass(frozen=True)
class BinanceKey:
    """The API key that Binance gave for a public key; the signature comes from elsewhere."""

    key: str
    window: int = WINDOW

    algorithm: ClassVar[str] = "EdDSA"
    covers: ClassVar[Coverage] = "parameters"

    def __post_init__(self) -> None:
        if not _KEY.match(self.key):
            raise InputRefused("exchange-key", "a Binance API key has 64 letters and digits")
        if not 1 <= self.window <= 60_000:
            raise InputRefused("exchange-key", "a window has 1 to 60,000 milliseconds")

    @property
    def lifetime(self) -> int:
        return self.window

    def prepare(self, unsigned: Unsigned, stamp: Stamp) -> ToSign:
        assert not unsigned.body, "all parameters are in the query"
        parts = [unsigned.query_text, f"recvWindow={self.window}&timestamp={stamp.milliseconds}"]
        query = "&".join(part for part in parts if part)

        def finish(signature: bytes) -> HttpRequest:
            written = encoded(_written(signature))
            target = f"{unsigned.path}?{query}&signature={written}"
            return HttpRequest(unsigned.method, unsigned.host, target, (("X-MBX-APIKEY", self.key),))

        return ToSign(query.encode("ascii"), finish)

    def subscribe(self, unsigned: Unsigned, stamp: Stamp) -> ToSubscribe:
        """Over key and time alone. The very same parameters log a connection in (``session.logon``), after which it
        needs no signature any more: who carries this can do with it whatever the key may do there, for a day."""
        parameters = {"apiKey": self.key, "timestamp": stamp.milliseconds}

        def finish(signature: bytes) -> Subscription:
            said = {**parameters, "signature": _written(signature)}
            return Subscription(unsigned.host, with_credential(unsigned.body, {"params": said}))

        return ToSubscribe("&".join(f"{name}={value}" for name, value in parameters.items()).encode(), finish)


def _written(signature: bytes) -> str:
    if len(signature) != 64:
        raise InputRefused("exchange-signature", "an Ed25519 signature has 64 bytes")
    return base64.b64encode(signature).decode("ascii")
