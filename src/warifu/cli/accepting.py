"""Telling a wallet's devices that the owner accepts one of them as something else from now on."""

from __future__ import annotations

from itertools import groupby

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile, Wallet
from warifu.errors import WarifuError
from warifu.protocol.api import DeviceStatus, NewReference, ReferencesTaken
from warifu.protocol.attesting import Reference, reference_digest
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
    held, told = _held(client, wallet, device)
    wanted = reference_digest(reference)
    behind = sorted(
        ((digest, item) for item, digest in held if digest != wanted),
        key=lambda pair: (pair[0], pair[1].name),
    )
    told += [
        Told(wallet=wallet.name, device=item.name, refusal=None) for item, digest in held if digest == wanted
    ]
    if not behind:
        return told
    with existing_passphrase(passphrase_fd) as passphrase:
        for replaces, group in groupby(behind, key=lambda pair: pair[0]):
            among = [item for _, item in group]
            told += _tell(client, profile, own, wallet, device, reference, replaces, among, passphrase)
    return told


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
            away.append(Told(wallet=wallet.name, device=item.name, refusal=error.code))
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
            away.append(Told(wallet=wallet.name, device=item.name, refusal="input.unknown-wallet"))
    return held, away


def _tell(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    device: DeviceRef,
    reference: Reference,
    replaces: bytes,
    among: list[DeviceRef],
    passphrase: bytearray,
) -> list[Told]:
    moment = now()
    request = ReferenceRequest(
        random(16), wallet.wallet_id, device.identity, reference, replaces, moment, moment + _LIFETIME
    )
    keys = ask_envelope_keys(client, profile, among, wallet.request, wallet.acceptable(moment), moment)
    authorization, envelopes = authorized(profile, own, request, keys, passphrase)
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
