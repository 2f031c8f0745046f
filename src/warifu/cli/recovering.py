"""Bring a device home that missed the end of a key generation, from the owner's side."""

from __future__ import annotations

from warifu.cli.approvers import this_client
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.creating import check_name, keep, owned_request
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile
from warifu.errors import InputRefused
from warifu.protocol import api


def recover(
    client: Client, profile: Profile, name: str, device: str, passphrase_fd: int | None
) -> tuple[Wallet | None, int]:
    """Have ``device`` take its share from the public recovery data of a device that finished.

    The device verifies that data itself, so neither service nor peer can hand it another key. Returns the wallet once
    every device stated the same birth and it is in the profile, else None; and how many devices are still missing.
    """
    check_name(profile, name)
    waiting = client.get(f"/wallets/{segment(name)}/unfinished", api.Ceremony)
    request = owned_request(profile, waiting.authorization)
    chosen = [known for known in request.devices if known.name == device]
    if not chosen:
        raise InputRefused(
            "unknown-device",
            f"{device[:40]!r} has no share of this wallet",
            remedy=f"Its devices: {', '.join(known.name for known in request.devices)}.",
        )
    with existing_passphrase(passphrase_fd) as passphrase:
        keys = ask_envelope_keys(client, profile, chosen, request, (), now())
        authorization, (envelope,) = authorized(profile, this_client(profile), request, keys, passphrase)
    question = api.WalletRecovery(authorization=authorization, envelope=envelope)
    answer = client.post(f"/wallets/{segment(name)}/recover", question, api.Ceremony)
    if answer.state != "finished":
        return None, len(request.devices) - len(answer.births)
    return keep(profile, name, request, answer.births), 0
