"""What an owner states for an exchange about who is paid: from a file, in parcels, to each holder of the account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.exchanges.accounts import LIFETIME, list_accounts
from warifu.cli.exchanges.keys import require_kept
from warifu.cli.files import read_input
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.errors import InputRefused
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AccountKept, AccountStatus
from warifu.protocol.exchange_requests import TravelRulePart, TravelRuleRequest, travel_rule_digest
from warifu.protocol.parcel import seal_parcel
from warifu.protocol.request import request_digest

_MAX_FILE = 16 * 1024
_MAX_ANSWER = 4096


@dataclass(frozen=True)
class Stating:
    """One owner's hands, for one account."""

    client: Client
    profile: Profile
    wallet: Wallet
    account: AccountStatus

    @classmethod
    def of(cls, client: Client, profile: Profile, wallet: Wallet, account: str) -> Stating:
        """``InputRefused`` (``unknown-account``)."""
        listed = list_accounts(client, wallet)
        found = [each.account for each in listed if each.account.account == account]
        if not found:
            raise InputRefused(
                "unknown-account",
                f"no device that was asked has an account {account[:40]!r}",
                not_done="Nothing was changed.",
                remedy=f"See 'warifu exchange list {wallet.name}'.",
            )
        return cls(client, profile, wallet, found[0])

    def fields(self, text: str) -> tuple[str, ...]:
        """Names of what it states, as the account's exchange takes it. ``InputRefused`` (``travel-rule``)."""
        return EXCHANGES[self.account.exchange].travel_rule(text) if text else ()

    def tell(self, own: OwnCredential, text: str) -> None:
        """Have each holder keep it, or with an empty text forget it. Raises the first refusal; asked again, it goes on
        where it stopped."""
        moment, wallet = now(), self.wallet
        holders = [device for device in wallet.request.devices if device.name in self.account.holders]
        part = TravelRulePart(text, random(32))
        request = TravelRuleRequest(
            random(16),
            wallet.wallet_id,
            self.account.account,
            travel_rule_digest(part),
            moment,
            moment + LIFETIME,
        )
        keys = ask_envelope_keys(
            self.client, self.profile, holders, wallet.request, wallet.acceptable(moment), moment
        )
        named = request_digest(request)
        parcels = [seal_parcel(key, named, encode(part)) for key in keys]
        question = api.NewTravelRule(
            authorization=encode(authorize(own.approve, request, encode(request), parcels)),
            parcels=tuple(encode(parcel) for parcel in parcels),
        )
        road = f"/wallets/{segment(wallet.name)}/exchange-accounts/travel-rule"
        told = {
            one.identity: one for one in self.client.post(road, question, api.ExchangeAccountTold).devices
        }
        for holder in holders:
            one = told.get(holder.identity)
            if one is None:
                raise InputRefused(
                    "exchange-account", f"the service does not say whether {holder.name} keeps it"
                )
            if one.refusal is not None:
                raise error_from(one.refusal)
            require_kept(decode(AccountKept, one.answer, _MAX_ANSWER), request, holder.identity)


def read_statement(file: Path) -> str:
    """``InputRefused`` (``file``)."""
    try:
        return read_input(file, _MAX_FILE).decode()
    except UnicodeDecodeError:
        raise InputRefused("file", f"{file} is no text", not_done="Nothing was changed.") from None
