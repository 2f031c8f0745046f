"""Is this wallet really the one that the owner asked for? Checked here, from what each pinned device signed.

A wallet is used only when *every* device states the same birth. A hostile service could otherwise present the key of
a wallet of its own, or of fewer devices, and wait for the first deposit.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import decode, digest
from warifu.protocol.frames import MAX_BODY_BYTES, KeyBirth, SignedBirth, WalletBirth
from warifu.protocol.identity import verify
from warifu.protocol.request import WalletRequest, request_digest


def verify_births(
    request: WalletRequest, births: Sequence[SignedBirth]
) -> tuple[WalletBirth, tuple[bytes, ...]]:
    """The one birth that all devices of ``request`` state, and the recovery data that belongs to it.

    Raises ``AuthorizationRefused`` (``signature``), ``PeerMisbehaved`` (``birth``) or ``InputRefused``.
    """
    wanted = [device.identity for device in request.devices]
    stated = [birth.identity for birth in births]
    if sorted(stated) != sorted(wanted):
        raise _refused("the births are not from exactly the devices that were chosen")
    for signed in births:
        verify(signed.identity, signed.signature, "birth", signed.birth)
    first = births[0]
    for signed in births:
        if (signed.birth, signed.recovery) != (first.birth, first.recovery):
            raise _refused("the devices state different births")
    birth = decode(WalletBirth, first.birth, MAX_BODY_BYTES)
    if birth.wallet_id != request_digest(request):
        raise _refused("the devices state the birth of another wallet")
    if tuple(key.scheme for key in birth.keys) != request.schemes or len(first.recovery) != len(birth.keys):
        raise _refused("it does not have the keys that were asked for")
    for key, recovery in zip(birth.keys, first.recovery, strict=True):
        _check_key(key, recovery, len(wanted))
    return birth, first.recovery


def _check_key(key: KeyBirth, recovery: bytes, devices: int) -> None:
    if len(key.public_shares) != devices:
        raise _refused("the number of shares is not the number of devices")
    if sha256(recovery).digest() != key.recovery_digest:
        raise _refused("the recovery data is not what the devices keep")
    if digest("chain-code", recovery) != key.chain_code:
        raise _refused("the chain code does not come from the key generation")


def _refused(why: str) -> PeerMisbehaved:
    return PeerMisbehaved(
        "birth",
        f"the new wallet cannot be trusted: {why}",
        not_done="The wallet was not added to your profile, and no address of it was shown.",
        remedy="Do not use this wallet. Create another with a service that you control.",
    )
