"""The owner's side of changing a wallet: what is asked for, whom it is handed to, and what the devices made of it.

The rules in force are those of the owner's own record. What another owner changed is taken into it only with that
owner's signature, from rules that are on record, and once as many devices show it in their evidence as can sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nacl.utils import random

from warifu.attestation.expectation import Expectation
from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.known_wallet import Wallet
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.profile import Profile
from warifu.cli.sealing import binding_of
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.attesting import SignedHead
from warifu.protocol.authorization import (
    MAX_AUTHORIZATION_BYTES,
    Authorization,
    authorize,
    read_authorization,
)
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import CertifiedEnvelopeKey, check_envelope_key
from warifu.protocol.frames import MAX_BODY_BYTES, Status, WalletStatus
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import (
    FreezeRequest,
    Instruction,
    NoticeRequest,
    Outflow,
    RestoredRequest,
    RulesRequest,
    UnfreezeRequest,
    VetoRequest,
)
from warifu.protocol.rules import Rules, rules_hash

LIFETIME = 24 * 3600
"""Seconds for which the service may bring an instruction to a device that was away: as long as devices allow."""


def rules_request(wallet: Wallet, replaces: bytes, rules: Rules) -> RulesRequest:
    """To be authorized: ``rules`` in the place of those with the hash ``replaces``."""
    moment = now()
    return RulesRequest(random(16), wallet.wallet_id, replaces, rules, moment, moment + LIFETIME)


def notice_request(
    wallet: Wallet, chain: str, outflows: Sequence[Outflow], destinations: Sequence[str]
) -> NoticeRequest:
    moment = now()
    return NoticeRequest(
        random(16),
        wallet.wallet_id,
        chain,
        tuple(outflows),
        tuple(sorted(set(destinations))),
        moment,
        moment + LIFETIME,
    )


def veto_request(wallet: Wallet, about: bytes) -> VetoRequest:
    moment = now()
    return VetoRequest(random(16), wallet.wallet_id, about, moment, moment + LIFETIME)


def freeze_request(wallet: Wallet, reason: str) -> FreezeRequest:
    moment = now()
    return FreezeRequest(random(16), wallet.wallet_id, reason, moment, moment + LIFETIME)


def unfreeze_request(wallet: Wallet) -> UnfreezeRequest:
    moment = now()
    return UnfreezeRequest(random(16), wallet.wallet_id, moment, moment + LIFETIME)


def restored_request(wallet: Wallet, identity: bytes, head: SignedHead) -> RestoredRequest:
    moment = now()
    return RestoredRequest(random(16), wallet.wallet_id, identity, head, moment, moment + LIFETIME)


def tell(
    client: Client, own: OwnCredential, request: Instruction, further: Sequence[Approval] = ()
) -> api.Instruction:
    """Hand in what takes no passphrase. ``further``: what other owners approved it by."""
    signed = authorize(own.approve, request, encode(request), (), further)
    question = api.NewInstruction(authorization=encode(signed), envelopes=())
    return client.post("/instructions", question, api.Instruction)


def tell_sealed(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    request: Instruction,
    devices: Sequence[DeviceRef],
    rules: Sequence[Rules],
    passphrase_fd: int | None,
    further: Sequence[Approval] = (),
) -> api.Instruction:
    """Hand in what takes the passphrase, sealed to these devices, which work by one of ``rules``. ``further``: what
    other owners approved it by."""
    with existing_passphrase(passphrase_fd) as passphrase:
        return tell_with(client, profile, own, wallet, request, devices, rules, passphrase, further)


def tell_with(
    client: Client,
    profile: Profile,
    own: OwnCredential,
    wallet: Wallet,
    request: Instruction,
    devices: Sequence[DeviceRef],
    rules: Sequence[Rules],
    passphrase: bytearray,
    further: Sequence[Approval] = (),
) -> api.Instruction:
    """As ``tell_sealed``, with a passphrase that was asked for."""
    keys = ask_envelope_keys(client, profile, devices, wallet.request, rules, now())
    authorization, envelopes = authorized(profile, own, request, keys, passphrase, further)
    question = api.NewInstruction(authorization=authorization, envelopes=envelopes)
    return client.post("/instructions", question, api.Instruction)


def connected(client: Client, wallet: Wallet) -> list[DeviceRef]:
    """Those of the wallet's devices that are there."""
    there = {device.identity for device in client.get("/devices", api.Devices).devices if device.connected}
    return [device for device in wallet.request.devices if device.identity in there]


@dataclass(frozen=True)
class Seen:
    """What one device says of the wallet. It is for reading: the service could have made it up."""

    device: DeviceRef
    status: WalletStatus | None
    refusal: WarifuError | None


def statuses(client: Client, wallet: Wallet) -> list[Seen]:
    """Every device asked now, through the service."""
    return [_status(client, wallet, device) for device in wallet.request.devices]


def _status(client: Client, wallet: Wallet, device: DeviceRef) -> Seen:
    try:
        answer = client.get(f"/devices/{segment(device.name)}/status", api.DeviceStatus)
        status = decode(Status, answer.status, MAX_BODY_BYTES)
    except WarifuError as error:
        return Seen(device, None, error)
    for found in status.wallets:
        if found.wallet_id == wallet.wallet_id:
            return Seen(device, found, None)
    return Seen(device, None, InputRefused("unknown-wallet", "this device has no share of the wallet"))


def shown_rules(client: Client, profile: Profile, wallet: Wallet, device: DeviceRef) -> bytes | WarifuError:
    """The hash of the rules that the device has in force, by its evidence: fresh, signed, and of the pinned device."""
    nonce = random(32)
    question = api.EnvelopeKeyQuestion(identities=(device.identity,), nonce=nonce, wallet_id=wallet.wallet_id)
    references = dict(
        zip((item.identity for item in wallet.request.devices), wallet.request.references, strict=False)
    )
    reference = profile.reference(device.identity) or references.get(device.identity)
    try:
        (answer,) = client.post("/envelope-keys", question, api.EnvelopeKeys).keys
        certified = CertifiedEnvelopeKey(answer.statement, answer.signature)
        key = check_envelope_key(certified, device.identity, nonce, now())
        expectation = Expectation(device.name, reference, wallet.rules.policy.devices)
        expectation.require(key.attestation, binding_of(key), now())
    except WarifuError as error:
        return error
    except ValueError:
        return InputRefused("envelope-key", "the service did not bring a key of the device")
    return key.rules_hash


def known_rules(client: Client, wallet: Wallet) -> list[Rules]:
    """Those on record, those that the wallet was made with, and all that owners asked for since, each authorized by
    owners of the ones before: in the order of their revisions. Which are in force, devices say."""
    known = list(dict.fromkeys((wallet.request.rules, wallet.rules)))
    if wallet.asked is not None:
        known.append(wallet.asked.rules)
    return rules_after(client, wallet.name, wallet.wallet_id, known)


def rules_after(client: Client, name: str, wallet_id: bytes, known: list[Rules]) -> list[Rules]:
    """``known``, and all that owners asked for since of the wallet that the service calls ``name``."""
    told = client.get(f"/wallets/{segment(name)}/instructions", api.Instructions).instructions
    asked = [found for found in map(_asked, told) if found is not None]
    grew = True
    while grew:
        grew = False
        for request, authorization in asked:
            before = next((rules for rules in known if rules_hash(rules) == request.replaces), None)
            if before is None or request.rules in known or request.wallet_id != wallet_id:
                continue
            if {approval.credential for approval in authorization.approvals} <= set(before.owners):
                known.append(request.rules)
                grew = True
    return sorted(known, key=lambda rules: rules.revision)


def _asked(told: api.Instruction) -> tuple[RulesRequest, Authorization] | None:
    """What somebody with these credentials really asked for; None where it is something else, or forged."""
    try:
        authorization = decode(Authorization, told.authorization, MAX_AUTHORIZATION_BYTES)
        request = read_authorization(authorization).request
    except WarifuError:
        return None
    return (request, authorization) if isinstance(request, RulesRequest) else None


def require_some(client: Client, wallet: Wallet) -> list[DeviceRef]:
    there = connected(client, wallet)
    if not there:
        raise ServiceRefused(
            "too-few-devices",
            "none of the wallet's devices is connected",
            not_done="Nothing was asked for.",
            remedy="Switch on or connect at least one.",
        )
    return there
