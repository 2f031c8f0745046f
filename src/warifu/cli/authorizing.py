"""The owner's yes, made here: envelopes to pinned devices, and the credential's signature over all of it."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.attestation.expectation import Expectation
from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client
from warifu.cli.profile import Profile
from warifu.cli.sealing import fetch_envelope_keys, seal_to_all
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.acknowledging import witnesses_needed
from warifu.protocol.api import Device, Devices, EnvelopeKeyQuestion, EnvelopeKeys
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import CertifiedEnvelopeKey, EnvelopeKey
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import Request, WalletRequest, request_digest
from warifu.protocol.rules import Rules, rules_hash


def ask_envelope_keys(
    client: Client,
    profile: Profile,
    devices: Sequence[DeviceRef],
    request: WalletRequest,
    rules: Sequence[Rules],
    now: int,
) -> list[EnvelopeKey]:
    """A fresh, checked envelope key of each device, for the wallet that ``request`` made, whose ``rules`` in force are
    one of these, the same on all devices; or, without any, for one that it is to make.

    Every device has to be what the owner accepted it as, and enough for the wallet's policy. Where this client never
    looked at it (another one of the owner's made the wallet), what he accepted then counts.
    """
    wallet_id = request_digest(request) if rules else None
    needed = (rules[0] if rules else request.rules).policy.devices
    given = dict(zip((item.identity for item in request.devices), request.references, strict=False))
    expected = {
        device.identity: Expectation(
            device.name,
            profile.reference(device.identity) or given.get(device.identity),
            needed,
        )
        for device in devices
    }

    def ask(identities: Sequence[bytes], nonce: bytes) -> list[CertifiedEnvelopeKey]:
        question = EnvelopeKeyQuestion(identities=tuple(identities), nonce=nonce, wallet_id=wallet_id)
        answer = client.post("/envelope-keys", question, EnvelopeKeys)
        return [CertifiedEnvelopeKey(key.statement, key.signature) for key in answer.keys]

    named = [rules_hash(each) for each in rules] or [b""]
    keys = fetch_envelope_keys(ask, devices, expected, named, now)
    if wallet_id is not None and keys:
        profile.saw_rules(wallet_id, keys[0].rules_hash)
    return keys


def authorized(
    profile: Profile,
    own: OwnCredential,
    request: Request,
    keys: Sequence[EnvelopeKey],
    passphrase: bytearray,
    further: Sequence[Approval] = (),
) -> tuple[bytes, tuple[bytes, ...]]:
    """(encoded authorization, encoded envelopes) of ``request`` for the devices that made ``keys``, said yes to by
    ``own``. ``further``: other owners' approvals of it."""
    if own.credential == profile.device_key:
        profile.credential()  # its PIN is asked for once, and compared with the passphrase
    profile.refuse_pin_as_passphrase(passphrase)
    envelopes = seal_to_all(keys, request_digest(request), passphrase)
    authorization = authorize(own.approve, request, encode(request), envelopes, further)
    return encode(authorization), tuple(encode(envelope) for envelope in envelopes)


def choose_signers(
    client: Client,
    all_devices: Sequence[DeviceRef],
    threshold: int,
    named: Sequence[str],
    *,
    strict: bool = False,
) -> list[DeviceRef]:
    """The devices that sign: those that the owner named, else as many of the connected ones as it takes.

    ``InputRefused`` for a name that is not the wallet's; ``ServiceRefused`` where too few are connected. ``strict``:
    there must be more than these, which count the transfer and do not sign it.
    """
    known = {device.name: device for device in all_devices}
    unknown = [name for name in named if name not in known]
    if unknown:
        raise InputRefused(
            "unknown-device",
            f"{unknown[0][:40]!r} has no share of this wallet",
            remedy=f"Its devices: {', '.join(known)}.",
        )
    if strict:
        require_awake(client, all_devices, threshold)
    if named:
        chosen = [known[name] for name in dict.fromkeys(named)]
    else:
        online = _connected(client)
        chosen = [device for device in all_devices if device.identity in online][:threshold]
    if len(chosen) < threshold:
        away = [device.name for device in all_devices if device not in chosen]
        raise ServiceRefused(
            "too-few-devices",
            f"{threshold} devices must sign, and only {len(chosen)} would",
            remedy=f"Switch on or connect one of: {', '.join(away)}." if not named else "Name more devices.",
        )
    return chosen


def require_awake(client: Client, all_devices: Sequence[DeviceRef], threshold: int) -> list[DeviceRef]:
    """The devices of a strict wallet that are connected. ``ServiceRefused`` (``too-few-devices``) where these are not
    as many as must count what is spent."""
    online = _connected(client)
    needed = witnesses_needed(threshold, len(all_devices))
    away = [device.name for device in all_devices if device.identity not in online]
    if len(all_devices) - len(away) < needed:
        raise ServiceRefused(
            "too-few-devices",
            f"this wallet is strict: {needed} of its {len(all_devices)} devices must be awake for what spends, and not "
            f"connected are: {', '.join(away)}",
            remedy="Switch them on or connect them, and ask again.",
            blame=away[0] if len(away) == 1 else None,
        )
    return [device for device in all_devices if device.identity in online]


def _connected(client: Client) -> set[bytes]:
    devices: tuple[Device, ...] = client.get("/devices", Devices).devices
    return {device.identity for device in devices if device.connected}
