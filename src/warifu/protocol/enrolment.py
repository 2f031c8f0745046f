"""How a device and its owner come to trust each other's keys through a service that nobody trusts.

Three messages and a comparison (the shape of Bluetooth's numeric comparison and ZRTP's SAS):

1. device -> client: a commitment to (identity, device nonce);
2. client -> device: (credential, client nonce);
3. device -> client: (identity, device nonce), which opens the commitment.

Both ends then show the same nine digits, computed over everything; the owner compares them. Because the device is
committed before it sees the client's nonce, and the client speaks before the device opens, a service in the middle
has exactly one guess out of 10^9, not a search.
"""

from __future__ import annotations

import hmac

from nacl.utils import random

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import digest


def new_nonce() -> bytes:
    """32 random bytes."""
    return random(32)


def commitment(name: str, identity: bytes, device_nonce: bytes) -> bytes:
    """32 bytes: the device's commitment to its name, identity (32 bytes) and nonce (32 bytes)."""
    return digest("enrolment/commitment", name.encode(), identity, device_nonce)


def authentication_string(
    name: str, identity: bytes, device_nonce: bytes, credential: bytes, client_nonce: bytes
) -> str:
    """The short authentication string that both ends show: nine digits in groups of three."""
    number = int.from_bytes(
        digest("enrolment/sas", name.encode(), identity, device_nonce, credential, client_nonce)[:16], "big"
    )
    digits = f"{number % 10**9:09d}"
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def open_commitment(committed: bytes, name: str, identity: bytes, device_nonce: bytes) -> None:
    """The client's check of message 3; ``PeerMisbehaved`` when it does not open what message 1 committed to."""
    if not hmac.compare_digest(committed, commitment(name, identity, device_nonce)):
        raise PeerMisbehaved(
            "enrolment",
            f"the device '{name}' opened another key than it committed to",
            not_done="The device was not enrolled.",
            remedy="Somebody may sit between you and the device. Make a new invitation and join again.",
            blame=name,
        )
