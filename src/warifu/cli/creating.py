"""The birth of a wallet from the owner's side: ask, seal, authorize, follow, verify, keep."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from nacl.utils import random

from warifu.cli.approvers import this_client
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.births import verify_births
from warifu.cli.changing import rules_after
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.following import follow_ceremony
from warifu.cli.inspecting import accept_new
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import new_passphrase
from warifu.cli.profile import Profile
from warifu.cli.profile_records import WalletRecord
from warifu.cli.progress import live_steps
from warifu.cli.refreshing import latest
from warifu.cli.screen import Screen
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol import api
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization, read_authorization
from warifu.protocol.chains import SCHEMES, Scheme
from warifu.protocol.credential import Credential
from warifu.protocol.encoding import Name, decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, SignedBirth
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import Policy
from warifu.protocol.request import Stretching, WalletRequest, decode_request, request_digest

LIFETIME = 3600


def usable_schemes(threshold: int) -> tuple[Scheme, ...]:
    """The keys that a wallet with this threshold can have: ECDSA needs two devices that sign together."""
    return tuple(scheme for scheme in SCHEMES if scheme != "ecdsa" or threshold >= 2)


def create(
    client: Client,
    profile: Profile,
    screen: Screen,
    name: str,
    threshold: int,
    devices: Sequence[DeviceRef],
    schemes: Sequence[Scheme],
    policy: Policy,
    stretching: Stretching,
    passphrase_fd: int | None,
    others: Sequence[Credential] = (),
) -> Wallet:
    """Make a wallet and keep its birth in the profile, once all of its devices stated the same. ``others``: owners
    beside this client's key."""
    check_name(profile, name)
    accept_new(client, profile, screen, devices, now())
    with new_passphrase(passphrase_fd) as passphrase:
        request = wallet_request(profile, threshold, devices, schemes, policy, stretching, others)
        keys = ask_envelope_keys(client, profile, request.devices, request, (), now())
        authorization, envelopes = authorized(profile, this_client(profile), request, keys, passphrase)
    question = api.NewWallet(name=name, authorization=authorization, envelopes=envelopes)
    accepted = client.post("/wallets", question, api.Accepted)
    with live_steps(screen) as show:
        ceremony = follow_ceremony(client, accepted.id, show)
    return keep(profile, name, request, ceremony.births)


def adopt(client: Client, profile: Profile, name: str, compared: bytes | None = None) -> Wallet:
    """Keep a wallet that this credential authorized and whose devices are all pinned here.

    ``compared``: the id of a wallet that another owner made, as he told it; its devices are pinned with it.
    """
    check_name(profile, name)
    told = client.get(f"/wallets/{segment(name)}", api.Wallet)
    if compared is None:
        request = owned_request(profile, told.authorization)
    else:
        request = compared_request(told.authorization, compared)
        since = rules_after(client, name, compared, [request.rules])
        if not any(set(profile.own_credentials()) & set(rules.owners) for rules in since):
            raise _not_yours()
        for device in request.devices:
            profile.pin_device(device)
    return latest(client, profile, keep(profile, name, request, told.births))


def compared_request(authorization: bytes, compared: bytes) -> WalletRequest:
    """The request that made a wallet, if its id is ``compared``.

    The id is the request's digest, so whoever compared it compared every device, owner and rule of it.
    """
    request = decode(Authorization, authorization, MAX_AUTHORIZATION_BYTES).request
    wallet = decode_request(request)
    if not isinstance(wallet, WalletRequest):
        raise InputRefused("wallet", "the service's record is not of a wallet")
    if request_digest(wallet) != compared:
        raise AuthorizationRefused(
            "other-wallet",
            "the service's wallet of this name has another id than the one you compared",
            not_done="Nothing was kept.",
            remedy="Ask the owner who made it for its id ('warifu wallet show').",
        )
    return wallet


def owned_request(profile: Profile, authorization: bytes) -> WalletRequest:
    """The request that made a wallet, if this profile's credential authorized it and all its devices are pinned.

    ``authorization`` is what the service kept; nothing in it is believed that this client did not sign.
    """
    told = decode(Authorization, authorization, MAX_AUTHORIZATION_BYTES)
    approved = read_authorization(told)
    request = approved.request
    if not isinstance(request, WalletRequest):
        raise InputRefused("wallet", "the service's record is not of a wallet")
    mine = profile.device_key
    if mine not in request.owners or mine not in approved.credentials:
        raise _not_yours()
    for device in request.devices:
        if profile.device(device.name) != device:
            raise InputRefused(
                "other-device", f"the device {device.name!r} of this wallet is not the one you pinned"
            )
    return request


def wallet_request(
    profile: Profile,
    threshold: int,
    devices: Sequence[DeviceRef],
    schemes: Sequence[Scheme],
    policy: Policy,
    stretching: Stretching,
    others: Sequence[Credential] = (),
) -> WalletRequest:
    """What the owner is about to authorize: these devices as he accepted them, this threshold, these keys, this policy.

    Where one was never looked at, no device is held to anything but the policy.
    """
    moment = now()
    accepted = [profile.reference(device.identity) for device in devices]
    references = tuple(reference for reference in accepted if reference is not None)
    return WalletRequest(
        request_id=random(16),
        network=profile.content.network,
        schemes=tuple(sorted(set(schemes))),
        threshold=threshold,
        devices=tuple(devices),
        owners=(profile.device_key, *others),
        policy=policy,
        stretching=stretching,
        created=moment,
        expires=moment + LIFETIME,
        references=references if len(references) == len(accepted) else (),
    )


def keep(profile: Profile, name: str, request: WalletRequest, births: Sequence[bytes]) -> Wallet:
    """Verify the encoded ``SignedBirth`` of every device, and keep the wallet in the profile."""
    signed = [decode(SignedBirth, birth, 2 * MAX_BODY_BYTES) for birth in births]
    birth, recovery = verify_births(request, signed)
    profile.add_wallet(WalletRecord(name, encode(request), encode(birth), recovery))
    return profile.wallet(name)


def _not_yours() -> AuthorizationRefused:
    return AuthorizationRefused(
        "unknown-credential",
        "this wallet obeys another owner's credential, not yours",
        remedy="Of a wallet that another owner made with your credential among its owners, give the id: --id.",
    )


def check_name(profile: Profile, name: str) -> None:
    """``InputRefused`` unless ``name`` is one, and free in this profile."""
    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        raise InputRefused(
            "name", f"{name[:40]!r} is not a name", remedy="Use 1 to 32 of a-z, 0-9 and hyphens."
        ) from None
    if any(known.name == name for known in profile.content.wallets):
        raise InputRefused("wallet-exists", f"there is a wallet {name!r} already")
