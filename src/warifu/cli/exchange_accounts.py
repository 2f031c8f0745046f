"""Accounts at exchanges, from the owner's side: brought to the devices that shall hold them, listed, removed."""

from __future__ import annotations

from nacl.utils import random

from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.exchange_calls import accounts_of
from warifu.cli.profile import Wallet
from warifu.errors import InputRefused
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import Approver
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountStatus
from warifu.protocol.exchange_requests import RemoveAccountRequest

LIFETIME = 600
"""Seconds for which adding or removing an account stays authorized."""
GONE = "input.unknown-account"


def list_accounts(client: Client, wallet: Wallet) -> list[tuple[AccountStatus, tuple[str, ...]]]:
    """Each account with the names of the connected devices that say they have a part of it, by name.

    Devices that tell different things of one account are each shown.
    """
    names = {device.identity: device.name for device in wallet.request.devices}
    seen: dict[AccountStatus, list[str]] = {}
    for identity, (_, accounts) in accounts_of(client, wallet).items():
        for account in accounts:
            alike = next((one for one in seen if _same(one, account)), account)
            seen.setdefault(alike, []).append(names[identity])
    return sorted(
        ((account, tuple(devices)) for account, devices in seen.items()), key=lambda item: item[0].account
    )


def remove_account(client: Client, approve: Approver, wallet: Wallet, account: str) -> tuple[str, ...]:
    """Names of the devices that were not told, because they are away. Raises what another one refuses."""
    moment = now()
    request = RemoveAccountRequest(random(16), wallet.wallet_id, account, moment, moment + LIFETIME)
    authorization = encode(authorize(approve, request, encode(request), ()))
    question = api.ExchangeAccountRemoval(authorization=authorization)
    road = f"/wallets/{segment(wallet.name)}/exchange-accounts/remove"
    told = client.post(road, question, api.ExchangeAccountTold).devices
    refusals = [one.refusal for one in told if one.refusal is not None and one.refusal.code != GONE]
    away = {device.identity for device in wallet.request.devices} - {one.identity for one in told}
    for refusal in refusals:
        error = error_from(refusal)
        if error.code != "service.device-offline":
            raise error
    away |= {
        one.identity
        for one in told
        if one.refusal is not None and one.refusal.code == "service.device-offline"
    }
    if told and all(one.refusal is not None and one.refusal.code == GONE for one in told):
        raise InputRefused(
            "unknown-account",
            f"no device that was asked has an account {account[:40]!r}",
            not_done="Nothing was removed.",
            remedy=f"See 'warifu exchange list {wallet.name}'.",
        )
    return tuple(device.name for device in wallet.request.devices if device.identity in away)


def _same(one: AccountStatus, other: AccountStatus) -> bool:
    return _told(one) == _told(other)


def _told(account: AccountStatus) -> tuple[object, ...]:
    """What all holders have alike."""
    named = (account.account, account.exchange, account.key, account.holders)
    return (*named, account.public, account.finished, account.simulation, account.travel_rule)
