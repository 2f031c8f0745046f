"""Accounts at exchanges, from the owner's side: brought to the devices that shall hold them, listed, removed."""

from __future__ import annotations

from dataclasses import dataclass

from nacl.utils import random

from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.known_wallet import Wallet
from warifu.errors import InputRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import Approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AccountStatus
from warifu.protocol.exchange_requests import RemoveAccountRequest
from warifu.protocol.frames import MAX_BODY_BYTES, Status

LIFETIME = 600
"""Seconds for which adding an account stays authorized."""
_REMOVAL_LIFETIME = 24 * 3600
"""Seconds in which a device that is away is told of a removal when it comes."""


@dataclass(frozen=True)
class Listed:
    """One account, as devices tell of it. Names of devices, in the wallet's order."""

    account: AccountStatus
    having: tuple[str, ...]
    """Connected, and they say that they have their part."""
    lacking: tuple[str, ...]
    """Holders that are connected and tell of no such account."""
    away: tuple[str, ...]
    """Holders that are not connected: nobody knows."""


def accounts_of(client: Client, wallet: Wallet) -> dict[bytes, tuple[Status, tuple[AccountStatus, ...]]]:
    """What each connected device of the wallet says of itself, and of the wallet's accounts that it has a part of. One
    that does not answer, or not so that it can be read, is left out: no single device keeps the others from being
    asked. Raises why, where none answers."""
    online = {device.identity for device in client.get("/devices", api.Devices).devices if device.connected}
    found: dict[bytes, tuple[Status, tuple[AccountStatus, ...]]] = {}
    why: WarifuError | None = None
    for device in wallet.request.devices:
        if device.identity not in online:
            continue
        try:
            answer = client.get(f"/devices/{segment(device.name)}/status", api.DeviceStatus)
            status = decode(Status, answer.status, MAX_BODY_BYTES)
        except WarifuError as error:
            why = why or error
            continue
        kept = tuple(item for item in status.accounts if item.wallet_id == wallet.wallet_id)
        found[device.identity] = status, kept
    if why is not None and not found:
        raise why
    return found


def list_accounts(client: Client, wallet: Wallet) -> list[Listed]:
    """Each account with who has it and who has not, by name. What devices tell differently is listed as often."""
    names = {device.identity: device.name for device in wallet.request.devices}
    told = {names[identity]: accounts for identity, (_, accounts) in accounts_of(client, wallet).items()}
    seen: dict[AccountStatus, list[str]] = {}
    for name, accounts in told.items():
        for account in accounts:
            alike = next((one for one in seen if _same(one, account)), account)
            seen.setdefault(alike, []).append(name)
    telling = {
        (account.account, name) for name, accounts in told.items() for account in accounts
    }  # whoever tells another story of it lacks nothing: that story is listed as well
    return sorted(
        (
            Listed(
                account,
                tuple(having),
                tuple(
                    name
                    for name in account.holders
                    if name in told and (account.account, name) not in telling
                ),
                tuple(name for name in account.holders if name not in told),
            )
            for account, having in seen.items()
        ),
        key=lambda listed: listed.account.account,
    )


def require_known(client: Client, wallet: Wallet, account: str) -> None:
    """``InputRefused`` (``unknown-account``) where every device of the wallet says that it has no such account."""
    told = accounts_of(client, wallet)
    if len(told) == len(wallet.request.devices) and all(
        one.account != account for _, accounts in told.values() for one in accounts
    ):
        raise InputRefused(
            "unknown-account",
            f"no device of the wallet has an account {account[:40]!r}",
            not_done="Nothing was removed.",
            remedy=f"See 'warifu exchange list {wallet.name}'.",
        )


def removal_of(wallet: Wallet, account: str) -> RemoveAccountRequest:
    """What the owner authorizes."""
    moment = now()
    return RemoveAccountRequest(random(16), wallet.wallet_id, account, moment, moment + _REMOVAL_LIFETIME)


def remove_account(
    client: Client, approve: Approver, wallet: Wallet, request: RemoveAccountRequest
) -> tuple[str, ...]:
    """Names of the devices that are away: the service tells them when they come, for a day. Raises what another one
    refuses."""
    authorization = encode(authorize(approve, request, encode(request), ()))
    question = api.ExchangeAccountRemoval(authorization=authorization)
    road = f"/wallets/{segment(wallet.name)}/exchange-accounts/remove"
    told = client.post(road, question, api.ExchangeAccountTold).devices
    away = {device.identity for device in wallet.request.devices} - {one.identity for one in told}
    for one in told:
        if one.refusal is None:
            continue
        if one.refusal.code != "service.device-offline":
            raise error_from(one.refusal)
        away.add(one.identity)
    return tuple(device.name for device in wallet.request.devices if device.identity in away)


def _same(one: AccountStatus, other: AccountStatus) -> bool:
    return _told(one) == _told(other)


def _told(account: AccountStatus) -> tuple[object, ...]:
    """What all holders have alike."""
    named = (account.account, account.exchange, account.key, account.holders)
    key = account.public, account.finished, account.successor, account.ready
    return (*named, *key, account.simulation, account.travel_rule)
