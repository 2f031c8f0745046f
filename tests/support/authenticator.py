"""A security key in software: makes the assertions that a real one makes, and every kind that none should."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from warifu.protocol.credential import Approval, Passkey, challenge
from warifu.protocol.webauthn import Assertion

ORIGIN = "http://localhost:24740"
RP_ID = "localhost"
PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


class Authenticator:
    """One credential. ``counter`` is what the next assertion shows; None: always 0, as synced passkeys do."""

    def __init__(self, kind: str = "ES256", counter: int | None = 1) -> None:
        self.counter = counter
        if kind == "ES256":
            self._ec = ec.generate_private_key(ec.SECP256R1())
            point = self._ec.public_key().public_numbers()
            public = b"".join(
                (
                    bytes.fromhex("a5010203262001215820"),
                    point.x.to_bytes(32, "big"),
                    bytes.fromhex("225820"),
                    point.y.to_bytes(32, "big"),
                )
            )
            self.sign = lambda data: self._ec.sign(data, ec.ECDSA(hashes.SHA256()))
        else:
            self._ed = ed25519.Ed25519PrivateKey.generate()
            raw = self._ed.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
            public = bytes.fromhex("a4010103272006215820") + raw
            self.sign = self._ed.sign
        self.credential = Passkey(hashlib.sha256(public).digest()[:16], public, RP_ID, ORIGIN)

    def approval(self, tag: str, *parts: bytes, **twists: Any) -> Approval:
        """An approval; ``twists`` as of :meth:`assertion`."""
        return Approval(self.credential, self.assertion(challenge(tag, *parts), **twists))

    def assertion(
        self,
        over: bytes,
        *,
        rp_id: str = RP_ID,
        flags: int = PRESENT | VERIFIED,
        counter: int | None = None,
        more: bytes = b"",
        client_data: bytes | None = None,
        **fields: Any,
    ) -> Assertion:
        """``fields``: of the client data, in place of those that belong there. ``more``: behind the 37 bytes."""
        shown = counter if counter is not None else self.counter or 0
        if counter is None and self.counter is not None:
            self.counter += 1
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + shown.to_bytes(4, "big") + more
        if client_data is None:
            client_data = self.client_data(over, **fields)
        signature = self.sign(data + hashlib.sha256(client_data).digest())
        return Assertion(data, client_data, signature)

    @staticmethod
    def client_data(over: bytes, **fields: Any) -> bytes:
        """As browsers write it."""
        usual = {
            "type": "webauthn.get",
            "challenge": urlsafe_b64encode(over).rstrip(b"=").decode(),
            "origin": ORIGIN,
            "crossOrigin": False,
        }
        return json.dumps(usual | fields, separators=(",", ":")).encode()
