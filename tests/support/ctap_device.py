"""A FIDO2 security key as CTAP 2 speaks to it: in software, with a reader of fingers that always says yes, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from fido2 import cbor
from fido2.ctap import STATUS, CtapDevice
from fido2.hid import CAPABILITY, CTAPHID
from tests.support.authenticator import Authenticator

_MAKE, _GET, _INFO = 0x01, 0x02, 0x04
_EXCLUDED, _DENIED, _NONE, _OTHER = 0x19, 0x27, 0x2E, 0x01


class SoftKey(CtapDevice):
    """``finger``: whether it can verify its user. ``willing``: whether the person touches it."""

    def __init__(
        self,
        *,
        finger: bool = True,
        willing: bool = True,
        kind: str = "ES256",
        protocols: tuple[int, ...] = (1,),
    ) -> None:
        self.finger = finger
        self.willing = willing
        self.key = Authenticator(kind)
        self.asked: list[dict[int, Any]] = []
        self._made = False
        self.protocols = list(protocols)

    @property
    def capabilities(self) -> int:
        return int(CAPABILITY.CBOR)

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        return iter(())

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        assert cmd == CTAPHID.CBOR
        command, body = data[0], cbor.decode(data[1:]) if data[1:] else {}
        if command == _INFO:
            options = {"up": True, "rk": False, "plat": False} | ({"uv": True} if self.finger else {})
            info = {1: ["FIDO_2_0"], 3: bytes(16), 4: options, 5: 1200, 6: self.protocols}
            return b"\x00" + cbor.encode(info)
        assert isinstance(body, dict)
        touched = body.get(5 if command == _GET else 7, {}).get("up", True)
        if touched:
            if on_keepalive is not None:
                on_keepalive(STATUS.UPNEEDED)
            self.asked.append(body)
            if not self.willing:
                return bytes([_DENIED])
        if command == _MAKE:
            return self._make(body)
        return self._get(body) if command == _GET else bytes([_OTHER])

    def _make(self, body: dict[int, Any]) -> bytes:
        identifier = self.key.credential.credential_id
        if self._made and any(each["id"] == identifier for each in body.get(5, [])):
            return bytes([_EXCLUDED])
        self._made = True
        flags = 0x41 | (0x04 if body.get(7, {}).get("uv") else 0)
        attested = bytes(16) + len(identifier).to_bytes(2, "big") + identifier + self.key.credential.public
        data = hashlib.sha256(body[2]["id"].encode()).digest() + bytes([flags]) + bytes(4) + attested
        return b"\x00" + cbor.encode({1: "none", 2: data, 3: {}})

    def _get(self, body: dict[int, Any]) -> bytes:
        identifier = self.key.credential.credential_id
        if not self._made or not any(each["id"] == identifier for each in body.get(3, [])):
            return bytes([_NONE])
        flags = 0x01 | (0x04 if body.get(5, {}).get("uv") else 0)
        counter = self.key.counter or 0
        self.key.counter = counter + 1
        data = hashlib.sha256(body[1].encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")
        signature = self.key.sign(data + body[2])
        descriptor = {"id": identifier, "type": "public-key"}
        return b"\x00" + cbor.encode({1: descriptor, 2: data, 3: signature})
