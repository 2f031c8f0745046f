"""The owners' word that a device's sealing secret goes to these keepers, judged on both sides of it.

The credential alone is not enough for the device that deals: it lies on the laptop, and whoever has that could
otherwise name keepers of his own. So the passphrase is tried, as for a transfer, and it takes as many owners as the
largest payment: whom a device's store is opened by, it trusts. A keeper asks for the owners as well, so that a device
that is taken over puts no set of its own choice in the place of theirs; it needs no try of the passphrase, because it
gives nothing away by keeping.
"""

from __future__ import annotations

from collections.abc import Mapping

from warifu.attestation.expectation import Expectation
from warifu.errors import InputRefused, PlatformRefused, PolicyDenied
from warifu.protocol.encoding import encode
from warifu.protocol.events.device import HandedOver
from warifu.protocol.frames import HandedOut, OpenSession
from warifu.protocol.journal import Asker
from warifu.protocol.request import HandOutRequest
from warifu.signer.asking import asker, require_enough_owners
from warifu.signer.device import Device
from warifu.signer.entrusted import Dealing, Entrusted
from warifu.signer.expecting import accepted
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.handing_out import DealingCeremony, KeepingCeremony, ToDeal
from warifu.signer.unlocking import require_try, unlock
from warifu.signer.vault import Role
from warifu.signer.wallets import Wallet
from warifu.tee.peer_release import Peer
from warifu.tee.registry import WITHOUT_SEALING_KEY
from warifu.tee.release_keeper import Keeper


def open_hand_out(
    device: Device, keeper: Keeper, frame: OpenSession, request: HandOutRequest, seat: Seat
) -> DealingCeremony | KeepingCeremony:
    """Judge, and take one of the two parts.

    Raises ``AuthorizationRefused``, ``InputRefused`` (``participants``, ``release-circle``), ``PassphraseRefused``,
    ``PlatformRefused`` (``seals-itself``), ``PolicyDenied`` (``approvals``, ``release-unchecked``).
    """
    wallet = device.wallets.born(request.wallet_id)
    now = device.clock.now()
    rules = device.rules.of(wallet.id)
    authorized = device.approvals.check(frame.authorization, rules.owners, frame.envelope, now)
    require_enough_owners(authorized, rules)
    named = authorized.digest
    _require_participants(wallet, frame, request)
    expected = accepted(device, wallet)
    if device.identity.public != request.identity:
        _require_checked(expected[request.identity])
        return KeepingCeremony(seat, keeper, request.identity, request.keepers, request.threshold)
    entrusted = _entrusted(device)
    _require_checked(expected[request.identity])
    peers = [_peer(identity, expected) for identity in request.keepers]
    entrusted.deal(request.threshold, peers)  # what cannot be dealt must not cost an envelope
    require_try(device, wallet, frame.envelope, now)
    by = asker(frame.authorization)
    role = Role("share", wallet.request.schemes[0])
    lock, opened = unlock(device, wallet, [role], frame.envelope, named, by)
    lock.wipe()
    for share in opened:
        share.wipe()
    described = entrusted.described
    return DealingCeremony(
        seat,
        ToDeal(
            deal=lambda: entrusted.deal(request.threshold, peers),
            in_use=described.id if described is not None else None,
            put_to_use=lambda dealing: _put_to_use(device, entrusted, wallet, named, dealing, by),
        ),
    )


def _put_to_use(
    device: Device, entrusted: Entrusted, wallet: Wallet, request: bytes, dealing: Dealing, by: Asker
) -> bytes:
    """The file first: a journal that tells of a set by which the device cannot boot would be a lie, the other way round
    it is only silent."""
    described = dealing.described
    entrusted.put_to_use(dealing, device.identity, [wallet.names[identity] for identity in described.keepers])
    with device.store.transaction():
        device.journal.append(
            HandedOver(described.id, described.keepers, len(described.commitment)), device.clock.now(), by
        )
    signature = device.identity.sign("handed-out", request, described.id)
    return encode(HandedOut(request, described.id, signature))


def _entrusted(device: Device) -> Entrusted:
    if device.entrusted is None:
        raise PlatformRefused(
            "seals-itself",
            f"the platform {device.platform.capabilities.name} has a sealing key of its own",
            not_done="Nothing was handed out.",
        )
    return device.entrusted


def _require_participants(wallet: Wallet, frame: OpenSession, request: HandOutRequest) -> None:
    taking_part = {request.identity, *request.keepers}
    if tuple(sorted(taking_part)) != frame.participants or not taking_part <= set(wallet.identities):
        raise InputRefused(
            "participants", "a secret is handed out among exactly the wallet's devices that the owner named"
        )


def _peer(identity: bytes, expected: Mapping[bytes, Expectation]) -> Peer:
    reference = expected[identity].reference
    return Peer(identity, opens_alone=reference is not None and reference.format not in WITHOUT_SEALING_KEY)


def _require_checked(expectation: Expectation) -> None:
    """Its keepers would release nothing to it: better said now than after a power cut."""
    reference = expectation.reference
    if reference is None or reference.unchecked:
        raise PolicyDenied(
            "release-unchecked",
            f"the wallet's owner accepted no evidence of device {expectation.name} that can be checked",
            not_done="Nothing was handed out.",
            remedy="Accept what the device is ('warifu devices accept'), then hand out again.",
        )
