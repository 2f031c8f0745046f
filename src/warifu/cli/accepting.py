"""Telling a wallet's devices that the owner accepts one of them as something else from now on."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile
from warifu.errors import WarifuError
from warifu.protocol.api import DeviceStatus, NewReference, ReferencesTaken
from warifu.protocol.attesting import Reference, reference_digest
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, Status
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import ReferenceRequest

_LIFETIME = 3600
Told = dict[str, str | None]
"""``wallet``, ``device``, and ``refusal``: the code of the error that kept it from being told, or None."""


def tell_wallet(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    device: DeviceRef,
    reference: Reference,
    passphrase_fd: int | None,
) -> list[Told]:
    """Have every device of ``wallet`` that answers hold ``device`` to ``reference``, with the wallet's passphrase.

    What each holds it to so far is asked of it: those that were away the last time are behind the others. A service
    that lies about it gains nothing, because a request that replaces something else is refused.
    """
    behind, told = find_behind(client, wallet, device, reference)
    if not behind:
        return told
    with existing_passphrase(passphrase_fd) as passphrase:
        for replaces, among in behind.items():
            request = reference_request(wallet, device, reference, replaces, _LIFETIME)
            told += _tell(client, profile, own, wallet, request, among, passphrase)
    return told


def carry(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    request: ReferenceRequest,
    further: Sequence[Approval],
    passphrase_fd: int | None,
) -> list[Told]:
    """As ``tell_wallet``, for a request that other owners approved: of those devices that hold what it replaces."""
    device = next(item for item in wallet.request.devices if item.identity == request.identity)
    behind, told = find_behind(client, wallet, device, request.reference)
    for replaces, others in behind.items():
        if replaces != request.replaces:
            told += [_told(wallet, item, "authorization.reference-stale") for item in others]
    among = behind.get(request.replaces, [])
    if among:
        with existing_passphrase(passphrase_fd) as passphrase:
            told += _tell(client, profile, own, wallet, request, among, passphrase, further)
    return told


def reference_request(
    wallet: Wallet, device: DeviceRef, reference: Reference, replaces: bytes, lifetime: int
) -> ReferenceRequest:
    """To be authorized: ``device`` as ``reference`` in the place of what has the digest ``replaces``."""
    moment = now()
    return ReferenceRequest(
        random(16), wallet.wallet_id, device.identity, reference, replaces, moment, moment + lifetime
    )


def find_behind(
    client: Client, wallet: Wallet, device: DeviceRef, reference: Reference
) -> tuple[dict[bytes, list[DeviceRef]], list[Told]]:
    """The devices that hold ``device`` to something else than ``reference``, by the digest of that; and what is to be
    said of the others: that they were told before, or are away."""
    held, told = _held(client, wallet, device)
    wanted = reference_digest(reference)
    behind: dict[bytes, list[DeviceRef]] = {}
    for item, digest in held:
        if digest == wanted:
            told.append(_told(wallet, item, None))
        else:
            behind.setdefault(digest, []).append(item)
    return behind, told


def _told(wallet: Wallet, item: DeviceRef, refusal: str | None) -> Told:
    return Told(wallet=wallet.name, device=item.name, refusal=refusal)


def _held(
    client: Client, wallet: Wallet, device: DeviceRef
) -> tuple[list[tuple[DeviceRef, bytes]], list[Told]]:
    """(device, digest of what it holds ``device`` to) of those that answer, and what is to be said of the others."""
    held: list[tuple[DeviceRef, bytes]] = []
    away: list[Told] = []
    for item in wallet.request.devices:
        try:
            answer = client.get(f"/devices/{segment(item.name)}/status", DeviceStatus)
            status = decode(Status, answer.status, MAX_BODY_BYTES)
        except WarifuError as error:
            away.append(_told(wallet, item, error.code))
            continue
        digests = [
            digest
            for known in status.wallets
            if known.wallet_id == wallet.wallet_id
            for name, digest in known.references
            if name == device.name
        ]
        if digests:
            held.append((item, digests[0]))
        else:
            away.append(_told(wallet, item, "input.unknown-wallet"))
    return held, away


def _tell(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    request: ReferenceRequest,
    among: list[DeviceRef],
    passphrase: bytearray,
    further: Sequence[Approval] = (),
) -> list[Told]:
    moment = now()
    keys = ask_envelope_keys(client, profile, among, wallet.request, wallet.acceptable(moment), moment)
    authorization, envelopes = authorized(profile, own, request, keys, passphrase, further)
    question = NewReference(authorization=authorization, envelopes=envelopes)
    names = {item.identity: item.name for item in among}
    return [
        Told(
            wallet=wallet.name,
            device=names.get(taken.identity, "?"),
            refusal=taken.refusal.code if taken.refusal is not None else None,
        )
        for taken in client.post("/references", question, ReferencesTaken).devices
    ]
