"""Strict wallets: a spend happens only after so many devices counted it that any two spends meet in an honest memory.

A spend is a transfer, or a call at an exchange that gives something away. Two rounds, because one is not enough
(``docs/limits.md``): first the devices count the spend and say so (``Acknowledgement``), and only when enough have said
it, they say what else they know of (``Confirmation``). Of any two spends the one that was counted everywhere later is
then confirmed by a device that knows of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from warifu.protocol.encoding import Bytes32, Bytes64, Message, digest, encode
from warifu.protocol.identity import IdentityKey, verify

MAX_KNOWN = 1000
"""Spends of one chain, or calls at one exchange, that a device counts in the longest window: with more of them it
confirms nothing."""


def witnesses_needed(threshold: int, devices: int) -> int:
    """How many devices' acknowledgement a strict wallet's spend takes: more than (n + t - 1) / 2, so that two sets of
    them share at least t devices, one more than may be hostile."""
    return (devices + threshold - 1) // 2 + 1


class Acknowledgement(Message, frozen=True):
    """The device judged this request from the transaction's bytes, or the call's, and counts it from now on, whether it
    happens or not."""

    wallet_id: Bytes32
    request: Bytes32
    """Its digest."""
    identity: Bytes32
    signature: Bytes64
    """The device's, for the purpose ``acknowledgement``."""


class Confirmation(Message, frozen=True):
    """What else the device counts on that chain, or at that exchange, said after all of the acknowledgements were
    there."""

    identity: Bytes32
    acknowledged: Bytes32
    """``acknowledged_digest`` of the acknowledgements that it was shown."""
    known: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_KNOWN)]
    """Digests of the other requests that count in the policy's longest window, ascending; beside a transfer that brings
    funds to an exchange also of the visits there."""
    signature: Bytes64
    """The device's, for the purpose ``confirmation``."""


def acknowledge(key: IdentityKey, wallet_id: bytes, request: bytes) -> Acknowledgement:
    """The device's side, once it is durable."""
    return Acknowledgement(wallet_id, request, key.public, key.sign("acknowledgement", wallet_id, request))


def check_acknowledgement(acknowledgement: Acknowledgement) -> None:
    """``AuthorizationRefused`` (``signature``) where its device did not sign it."""
    verify(
        acknowledgement.identity,
        acknowledgement.signature,
        "acknowledgement",
        acknowledgement.wallet_id,
        acknowledgement.request,
    )


def acknowledged_digest(acknowledgements: Sequence[Acknowledgement]) -> bytes:
    """32 bytes that name exactly these."""
    return digest("acknowledged", *map(encode, acknowledgements))


def confirm(key: IdentityKey, acknowledged: bytes, known: Sequence[bytes]) -> Confirmation:
    """The device's side, of what it counts."""
    listed = tuple(sorted(known))
    return Confirmation(key.public, acknowledged, listed, key.sign("confirmation", acknowledged, *listed))


def check_confirmation(confirmation: Confirmation) -> None:
    """``AuthorizationRefused`` (``signature``) where its device did not sign it."""
    verify(
        confirmation.identity,
        confirmation.signature,
        "confirmation",
        confirmation.acknowledged,
        *confirmation.known,
    )
