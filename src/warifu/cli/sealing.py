"""From the owner's passphrase to one envelope per device, sealed to keys that only pinned devices can have made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nacl.utils import random

from warifu.errors import InputRefused
from warifu.protocol.envelope import CertifiedEnvelopeKey, Envelope, EnvelopeKey, check_envelope_key, seal
from warifu.protocol.identity import DeviceRef

AskKeys = Callable[[Sequence[bytes], bytes], Sequence[CertifiedEnvelopeKey]]
"""(identities, nonce) -> what the service brings from those devices, in that order."""


def fetch_envelope_keys(ask: AskKeys, devices: Sequence[DeviceRef], now: int) -> list[EnvelopeKey]:
    """One fresh key of each device, checked against the identity that the owner pinned.

    A service that substitutes a key of its own, to read the passphrase, or replays an old one, is refused here.
    Raises ``AuthorizationRefused``, ``InputRefused``.
    """
    nonce = random(32)
    certified = ask([device.identity for device in devices], nonce)
    if len(certified) != len(devices):
        raise InputRefused("envelope-key", "the service did not bring a key of every device")
    return [
        check_envelope_key(key, device.identity, nonce, now)
        for key, device in zip(certified, devices, strict=True)
    ]


def seal_to_all(keys: Sequence[EnvelopeKey], request: bytes, passphrase: bytearray) -> list[Envelope]:
    """One envelope per key for the request with this digest (32 bytes)."""
    return [seal(key, request, passphrase) for key in keys]
