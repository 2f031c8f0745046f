"""A key that is born among the devices: asked for once, followed to its end, and taken up where it broke off.

The key is the owner's to register only when *every* device of the wallet states it, signed. A service that is killed, a
device that goes away and this client's own end in between leave it as it is: the same command goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from warifu.cli.client import segment
from warifu.cli.context import now
from warifu.cli.exchanges import born
from warifu.cli.exchanges.accounts import LIFETIME, list_accounts
from warifu.cli.exchanges.adding import Adding
from warifu.cli.exchanges.keys import agreed_key, new_key_request
from warifu.cli.text import tr
from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import KeyBorn
from warifu.protocol.exchange_requests import ExchangeKeyRequest, ReplacingKeyRequest

PATIENCE = 180.0
"""Seconds after which nobody waits any longer: a session of the devices ends after 120."""
WAIT = 5
_MAX_ANSWER = 4096
UNKNOWN = "service.unknown-exchange-key"


@dataclass(frozen=True)
class Bearing:
    """One account's key, from an owner's side."""

    adding: Adding
    home: Path
    account: str
    exchange: str
    replacing: bool = False
    """Whether the account has a key, whose place this one is to take."""

    def made(self) -> bytes | None:
        """The key that this client saw made before and that all devices say they still have; None where there is none.

        Whatever the service says of it: it is only this client's own that is registered."""
        public = born.seen(self.home, self._wallet_id, self.account)
        if public is None:
            return None
        found = list_accounts(self.adding.client, self.adding.wallet)
        theirs = [each.account for each in found if each.account.account == self.account]
        stated = {each.successor or each.public for each in theirs}
        used = self.replacing and all(each.finished and not each.successor for each in theirs)
        if stated - {public} or used:
            born.forget(self.home, self._wallet_id, self.account)
        return public if stated == {public} and not used else None

    def taken_up(self) -> bytes | None:
        """The key (32 bytes) of a request of before, as soon as all devices state it; None where none was asked for or
        nothing came of it. ``ServiceRefused`` (``key-waits``) where devices are away."""
        request = born.asked(self.home, self._wallet_id, self.account)
        if request is None or request.exchange != self.exchange:
            return None
        if isinstance(request, ReplacingKeyRequest) is not self.replacing:
            return None
        try:
            return self._followed(request)
        except WarifuError as error:
            if born.asked(self.home, self._wallet_id, self.account) is not None:
                raise
            self.adding.screen.line(
                tr("A key was asked for before, and nothing came of it: {why}", why=error.message)
            )
            return None

    def bear(self) -> bytes:
        """Have the devices make one; its public key (32 bytes). Raises why there is none, or ``ServiceRefused``
        (``key-waits``) while it is not on all devices."""
        adding, moment = self.adding, now()
        until = moment + adding.together.lifetime(LIFETIME)
        request = new_key_request(
            self._wallet_id, self.account, self.exchange, moment, until, replacing=self.replacing
        )
        further = adding.together.approved(request)
        authorization = authorize(adding.own.approve, request, encode(request), (), further)
        question = api.NewExchangeKey(authorization=encode(authorization))
        born.remember_asked(self.home, request)
        adding.client.post(self._road, question, api.Accepted)
        return self._followed(request)

    def _followed(self, request: ExchangeKeyRequest) -> bytes:
        end, seen = time.monotonic() + PATIENCE, 0
        road = f"{self._road}/{segment(request.request_id.hex())}"
        while True:
            try:
                shown = self.adding.client.get(road, api.ExchangeKeyShown, after=seen, wait=WAIT)
            except ServiceRefused as refused:
                if refused.code == UNKNOWN:
                    born.forget_asked(self.home, self._wallet_id, self.account)
                raise
            seen = max([seen, *(event.number for event in shown.events)])
            if shown.state == "finished":
                return self._agreed(request, shown)
            if shown.state == "refused":
                born.forget_asked(self.home, self._wallet_id, self.account)
                raise _why(shown)
            self._require_hope(shown, time.monotonic() < end)

    def _agreed(self, request: ExchangeKeyRequest, shown: api.ExchangeKeyShown) -> bytes:
        names = {device.identity: device.name for device in self.adding.devices}
        stated = [decode(KeyBorn, birth, _MAX_ANSWER) for birth in shown.births]
        public = agreed_key(stated, request, names, self.adding.wallet.request.threshold)
        born.remember(self.home, self._wallet_id, self.account, public)
        born.forget_asked(self.home, self._wallet_id, self.account)
        return public

    def _require_hope(self, shown: api.ExchangeKeyShown, patient: bool) -> None:
        """``ServiceRefused`` (``key-waits``) where a device that lacks the key is away, or it takes too long."""
        online = {
            device.name
            for device in self.adding.client.get("/devices", api.Devices).devices
            if device.connected
        }
        away = [name for name in shown.missing if name not in online]
        if patient and not away:
            return
        raise ServiceRefused(
            "key-waits",
            f"the key is not on all devices yet; {'away' if away else 'without it'}: "
            f"{', '.join(away or shown.missing)}",
            not_done="It must not be registered at the exchange before all of them have it.",
            remedy="Start these devices: they are brought to it. Then run the same command again: it goes on with this "
            "key.",
            blame=away[0] if len(away) == 1 else None,
        )

    @property
    def _wallet_id(self) -> bytes:
        return self.adding.wallet.wallet_id

    @property
    def _road(self) -> str:
        return f"/wallets/{segment(self.adding.wallet.name)}/exchange-keys"


def _why(shown: api.ExchangeKeyShown) -> WarifuError:
    if shown.refusal is None:
        return PeerMisbehaved(
            "no-reason", "the service says that it was refused, but not why", blame="service"
        )
    return error_from(shown.refusal)
