"""A refresh from the owner's side: ask, seal, authorize, follow, verify, remember.

What counts is the certificate: the word of every pinned device that it keeps its new share, over public shares that are
of the wallet's own keys. The service carries it and could not make one up.
"""

from __future__ import annotations

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.following import follow_refresh
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile
from warifu.cli.progress import live_steps
from warifu.cli.screen import Screen
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved
from warifu.protocol import api
from warifu.protocol.epochs import EpochStatement, check_certificate, position, statement_in
from warifu.protocol.request import MAX_EPOCH, RefreshRequest, request_digest
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Group
from warifu.threshold.refresh.refresh import keeps_key
from warifu.threshold.secp256k1 import SECP256K1

_LIFETIME = 600
_GROUPS: dict[str, Group] = {"bip340": SECP256K1, "ecdsa": SECP256K1, "ed25519": ED25519}


def refresh(
    client: Client,
    profile: Profile,
    screen: Screen,
    own: OwnCredential,
    wallet: Wallet,
    passphrase_fd: int | None,
) -> tuple[Wallet, tuple[str, ...]]:
    """The wallet with its new epoch, and the devices that have not heard of the end yet.

    Every device has to be there, and what the owner accepted it as. Raises what any of them refuses; ``InputRefused``
    (``threshold``); ``PeerMisbehaved`` (``certificate``) where the service shows an end that was none.
    """
    require_refreshable(wallet)
    wallet = latest(client, profile, wallet)
    moment = now()
    request = RefreshRequest(
        random(16), wallet.wallet_id, min(wallet.epoch + 1, MAX_EPOCH), moment, moment + _LIFETIME
    )
    with existing_passphrase(passphrase_fd) as passphrase:
        devices = wallet.request.devices
        keys = ask_envelope_keys(client, profile, devices, wallet.request, wallet.acceptable(moment), moment)
        authorization, envelopes = authorized(profile, own, request, keys, passphrase)
    question = api.NewRefresh(authorization=authorization, envelopes=envelopes)
    accepted = client.post(f"/wallets/{segment(wallet.name)}/refresh", question, api.Accepted)
    with live_steps(screen) as show:
        ended = follow_refresh(client, accepted.id, show)
    statement = verify_epoch(wallet, ended.certificate)
    if statement.request != request_digest(request):
        raise _refused("it is of another refresh than this one")
    profile.keep_epoch(wallet.name, ended.certificate)
    return profile.wallet(wallet.name), ended.behind


def require_refreshable(wallet: Wallet) -> None:
    """``InputRefused`` (``threshold``) where each device holds the whole key."""
    if wallet.request.threshold < 2:
        raise InputRefused(
            "threshold",
            "each device of this wallet holds the whole key: there is no other share of it",
            not_done="Nothing was refreshed.",
            remedy="Make a wallet with a threshold of at least 2, and send the coins there.",
        )


def latest(client: Client, profile: Profile, wallet: Wallet) -> Wallet:
    """The wallet with the newest epoch that the service can show: another client of the owner may have refreshed it."""
    told = client.get(f"/wallets/{segment(wallet.name)}", api.Wallet).certificate
    if not told:
        return wallet
    verify_epoch(wallet, told)
    if wallet.certificate and position(statement_in(told)) <= position(statement_in(wallet.certificate)):
        return wallet
    profile.keep_epoch(wallet.name, told)
    return profile.wallet(wallet.name)


def verify_epoch(wallet: Wallet, certificate: bytes) -> EpochStatement:
    """What ``certificate`` says, if every device of the wallet signed it and its shares are of the wallet's keys.

    ``PeerMisbehaved`` (``certificate``) otherwise.
    """
    identities = sorted(device.identity for device in wallet.request.devices)
    schemes = wallet.request.schemes
    try:
        statement = check_certificate(certificate, wallet.wallet_id, identities, schemes)
    except (InputRefused, AuthorizationRefused) as error:
        raise _refused(error.message) from None
    for scheme in schemes:
        born = wallet.birth.key(scheme)
        key = ThresholdKey(
            wallet.request.threshold, len(identities), born.threshold_public, born.public_shares
        )
        if not keeps_key(_GROUPS[scheme], key, statement.shares(scheme)):
            raise _refused("its shares are not of the wallet's key")
    for account in statement.accounts:
        key = ThresholdKey(wallet.request.threshold, len(identities), account.public, account.public_shares)
        if not keeps_key(ED25519, key, account.public_shares):
            raise _refused("its shares are not of an account's key")
    return statement


def _refused(why: str) -> PeerMisbehaved:
    return PeerMisbehaved(
        "certificate",
        f"the service shows the end of a refresh that was none: {why}",
        not_done="Your profile was not changed. Which shares the devices use is theirs to say ('warifu devices').",
        remedy="Find out what the service does. The wallet signs as long as its devices agree.",
        blame="service",
    )
