"""From the owner's passphrase to one envelope per device, sealed to keys that only pinned devices can have made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nacl.utils import random

from warifu.attestation.expectation import Expectation
from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.attesting import Binding
from warifu.protocol.envelope import (
    CertifiedEnvelopeKey,
    Envelope,
    EnvelopeKey,
    check_envelope_key,
    envelope_binding,
    seal,
)
from warifu.protocol.identity import DeviceRef

AskKeys = Callable[[Sequence[bytes], bytes], Sequence[CertifiedEnvelopeKey]]
"""(identities, nonce) -> what the service brings from those devices, in that order."""


def fetch_envelope_keys(
    ask: AskKeys,
    devices: Sequence[DeviceRef],
    expected: Mapping[bytes, Expectation],
    rules: Sequence[bytes],
    now: int,
) -> list[EnvelopeKey]:
    """One fresh key of each device, checked against the identity that the owner pinned and what it was accepted as.

    A service that substitutes a key of its own, to read the passphrase, or replays an old one, is refused here, and so
    is a device that has become another, or works by other rules than ``rules``, before the passphrase is sealed to it.
    ``rules``: hashes, of which all devices show one and the same; an empty one stands for no wallet. Raises
    ``AuthorizationRefused``, ``InputRefused``, ``PeerMisbehaved``, ``PolicyDenied``.
    """
    nonce = random(32)
    certified = ask([device.identity for device in devices], nonce)
    if len(certified) != len(devices):
        raise InputRefused("envelope-key", "the service did not bring a key of every device")
    keys = [
        check_envelope_key(key, device.identity, nonce, now)
        for key, device in zip(certified, devices, strict=True)
    ]
    for key, device in zip(keys, devices, strict=True):
        if key.rules_hash not in rules or key.rules_hash != keys[0].rules_hash:
            raise PeerMisbehaved(
                "policy-differs",
                f"device {device.name} works by other rules of the wallet than those that are in force by your record",
                not_done="The passphrase was not sealed to it, and nothing was sent.",
                remedy="Bring the devices and this client to the same revision: 'warifu policy sync'.",
                blame=device.name,
            )
        expected[device.identity].require(key.attestation, binding_of(key), now)
    return keys


def binding_of(key: EnvelopeKey) -> Binding:
    """What the evidence beside ``key`` has to be made for."""
    return envelope_binding(key.identity, key.public, key.nonce, key.expires, key.rules_hash)


def seal_to_all(keys: Sequence[EnvelopeKey], request: bytes, passphrase: bytearray) -> list[Envelope]:
    """One envelope per key for the request with this digest (32 bytes)."""
    return [seal(key, request, passphrase) for key in keys]
