"""The honest way back of a device whose newest disk is gone: its peers take it as it is, on its owner's word.

A peer that remembers a later state of a device refuses it for ever, because whoever steals a disk looks the same. The
owner, with the passphrase, says which state of it is to be taken from now on: the head of its journal, signed by it.
From there on it must not go back again. What it forgot its peers tell it: everything that they ever told it they tell
once more, its own spends among it, so that limits which were used up stay so. Until it heard all of that it is worth
no more than a device that keeps quiet (``docs/limits.md``).
"""

from __future__ import annotations

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.events.wallets import Restored
from warifu.protocol.identity import verify
from warifu.protocol.journal import Asker
from warifu.protocol.request import RestoredRequest
from warifu.signer.device import Device
from warifu.signer.wallets import Wallet

_NOTHING = "Nothing was changed."


def require_restorable(device: Device, wallet: Wallet, request: RestoredRequest) -> None:
    """Return if this is another device of the wallet, and the head is its own. ``InputRefused`` (``restored``)."""
    if request.identity not in wallet.identities:
        raise InputRefused("restored", "that device is none of this wallet's", not_done=_NOTHING)
    if request.identity == device.identity.public:
        raise InputRefused(
            "restored",
            "a device does not take itself back: the others do",
            not_done=_NOTHING,
            remedy="Ask the wallet's other devices; then lift this one's freeze ('warifu signer unfreeze').",
        )
    try:
        verify(request.identity, request.head.signature, "journal-head", *request.head.stated)
    except AuthorizationRefused:
        raise InputRefused("restored", "that device did not sign this head", not_done=_NOTHING) from None


def take_back(device: Device, request: RestoredRequest, by: Asker, now: int) -> None:
    """Inside a transaction: from now on that device is remembered as it is, and told everything again."""
    before = device.peers.known(request.identity)
    device.peers.take_back(request.identity, request.head)
    device.notes.start_over(request.wallet_id, request.identity)
    device.journal.append(
        Restored(
            request.wallet_id,
            request.identity,
            before.head.length if before is not None else 0,
            request.head.length,
        ),
        now,
        by,
    )
