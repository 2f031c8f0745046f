"""Having a device whose TEE has no sealing key deal its sealing secret to devices that open its store from then on."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile
from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.api import HandOut, NewHandOut
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import decode
from warifu.protocol.frames import HandedOut
from warifu.protocol.identity import DeviceRef, verify
from warifu.protocol.request import HandOutRequest, request_digest

_MAX_RESULT = 1024


def wallet_for(profile: Profile, device: DeviceRef, name: str | None) -> Wallet:
    """The wallet whose passphrase authorizes it: the one that is named, or the only one that the device is in.

    ``InputRefused`` (``unknown-wallet``, ``which-wallet``).
    """
    if name is not None:
        return profile.wallet(name)
    wallets = [wallet for wallet in profile.wallets() if device in wallet.request.devices]
    if len(wallets) != 1:
        names = ", ".join(wallet.name for wallet in wallets)
        raise InputRefused(
            "which-wallet",
            f"the device {device.name} is in {len(wallets)} wallets" + (f": {names}" if names else ""),
            not_done="Nothing was handed out.",
            remedy="Name one (--wallet); its devices can be keepers, and its passphrase is asked for."
            if wallets
            else "Make a wallet with it first ('warifu wallet create'): its other devices can be keepers.",
        )
    return wallets[0]


def keepers_of(wallet: Wallet, device: DeviceRef, names: Sequence[str]) -> list[DeviceRef]:
    """The devices of ``wallet`` that are named, all others of it if none is. ``InputRefused`` (``unknown-device``)."""
    others = {other.name: other for other in wallet.request.devices if other != device}
    unknown = [name for name in names if name not in others]
    if unknown or device not in wallet.request.devices:
        raise InputRefused(
            "unknown-device",
            f"{(unknown or [device.name])[0][:40]!r} can take no part: it is not one of the wallet's other devices",
            not_done="Nothing was handed out.",
            remedy=f"Devices of the wallet: {', '.join(sorted(others))}.",
        )
    return [others[name] for name in dict.fromkeys(names)] if names else list(others.values())


def hand_out_request(
    wallet: Wallet, device: DeviceRef, keepers: Sequence[DeviceRef], threshold: int, lifetime: int = 600
) -> HandOutRequest:
    """To be authorized; good for ``lifetime`` seconds."""
    moment = now()
    return HandOutRequest(
        random(16),
        wallet.wallet_id,
        device.identity,
        tuple(sorted(keeper.identity for keeper in keepers)),
        threshold,
        moment,
        moment + lifetime,
    )


def hand_out(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    request: HandOutRequest,
    passphrase_fd: int | None,
    further: Sequence[Approval] = (),
) -> bytes:
    """The set (32 bytes) by which the device boots from now on, by its own signed word. ``further``: other owners'
    approvals.

    Raises what any of the devices refuses; ``PeerMisbehaved`` (``handed-out``) where that word is not the device's: a
    service that says it was done, when it was not, would leave the owner with a device that a power cut ends.
    """
    device = next(item for item in wallet.request.devices if item.identity == request.identity)
    with existing_passphrase(passphrase_fd) as passphrase:
        moment = now()
        keys = ask_envelope_keys(client, profile, [device], wallet.request, wallet.acceptable(moment), moment)
        authorization, envelopes = authorized(profile, own, request, keys, passphrase, further)
    question = NewHandOut(authorization=authorization, envelopes=envelopes)
    said = decode(HandedOut, client.post("/hand-outs", question, HandOut).result, _MAX_RESULT)
    verify(device.identity, said.signature, "handed-out", said.request, said.set)
    if said.request != request_digest(request):
        raise PeerMisbehaved(
            "handed-out",
            "the service showed the device's word about another hand-out than this one",
            not_done="Whether this one was done is not known.",
            remedy="Hand out again. If it goes on, the custody service is at fault.",
        )
    return said.set
