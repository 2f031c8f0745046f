"""How an account at an exchange comes to the devices: from a key file, from what the owner types, or born in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from warifu.cli.approvers import OwnCredential
from warifu.cli.authorizing import ask_envelope_keys
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.exchanges.accounts import LIFETIME
from warifu.cli.exchanges.keys import NewAccount, require_kept
from warifu.cli.exchanges.together import Together
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, PolicyDenied, WarifuError
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import AccountRequest, KeyKind
from warifu.protocol.identity import DeviceRef

_MAX_ANSWER = 4096
_MAX_AUTHORITIES = 32 * 1024


@dataclass(frozen=True)
class Adding:
    """One owner's hands, for one wallet."""

    client: Client
    profile: Profile
    wallet: Wallet
    own: OwnCredential
    """What has the owner say yes."""
    screen: Screen

    @property
    def together(self) -> Together:
        """The other owners behind him."""
        return Together(self.client, self.screen, self.wallet, self.own, self.wallet.rules.owners_needed)

    @property
    def devices(self) -> tuple[DeviceRef, ...]:
        return self.wallet.request.devices

    def require_rules(self, exchange: str) -> None:
        """Nothing is kept for an exchange that the wallet's policy does not know: every device would refuse it."""
        if exchange not in EXCHANGES:
            raise InputRefused(
                "unknown-exchange",
                f"this version does not know the exchange {exchange[:40]!r}",
                not_done="Nothing was added.",
                remedy=f"It knows: {', '.join(sorted(EXCHANGES))}.",
            )
        if not any(rules.exchange == exchange for rules in self.wallet.rules.policy.exchanges):
            raise PolicyDenied(
                "exchange",
                f"the wallet's policy has no rules for {exchange}",
                not_done="Nothing was added.",
                remedy="Write them ('warifu policy recipe trader' shows how), and change the policy: "
                f"warifu policy change {self.wallet.name} FILE",
            )

    def holder(self, name: str | None) -> DeviceRef:
        """The device that keeps a whole secret: the one that is named, else the first one."""
        known = {device.name: device for device in self.devices}
        if name is None:
            return self.devices[0]
        if name not in known:
            raise InputRefused(
                "unknown-device",
                f"{name[:40]!r} has no share of this wallet",
                not_done="Nothing was added.",
                remedy=f"Its devices: {', '.join(known)}.",
            )
        return known[name]

    def bring(
        self, new: NewAccount, account: str, exchange: str, first: Callable[[], None] = lambda: None
    ) -> None:
        """Have each holder keep its part. Raises the first refusal; asked again, it goes on where it stopped. ``first``
        is done when all owners have said yes and every holder is there, and before one is told."""
        moment = now()
        holders = [device for device in self.devices if device.identity in new.holders]
        until = moment + self.together.lifetime(LIFETIME)
        request = new.request(self.wallet.wallet_id, account, exchange, moment, until)
        further = self.together.approved(request)
        moment = now()
        keys = ask_envelope_keys(
            self.client, self.profile, holders, self.wallet.request, self.wallet.acceptable(moment), moment
        )
        parcels = new.seal(keys, request)
        authorization = authorize(self.own.approve, request, encode(request), parcels, further)
        question = api.NewExchangeAccount(
            authorization=encode(authorization), parcels=tuple(encode(parcel) for parcel in parcels)
        )
        first()
        road = f"/wallets/{segment(self.wallet.name)}/exchange-accounts"
        told = {
            one.identity: one for one in self.client.post(road, question, api.ExchangeAccountTold).devices
        }
        refused: dict[str, WarifuError] = {}
        for holder in holders:
            try:
                _require_kept(told.get(holder.identity), request, holder)
            except WarifuError as error:
                refused[holder.name] = error
        self._require_all(new.key, [holder.name for holder in holders], refused)

    def _require_all(self, key: KeyKind, holders: Sequence[str], refused: Mapping[str, WarifuError]) -> None:
        """Raise the first refusal, once it is said who has a part and who has not."""
        if not refused:
            return
        having = [name for name in holders if name not in refused]
        if having:
            self.screen.warn(
                tr(
                    "have their part: {having}. Have none: {lacking}.",
                    having=", ".join(having),
                    lacking=", ".join(refused),
                )
            )
            if key == "ed25519-split":
                self.screen.warn(
                    tr(
                        "Its key was split once, and a second split does not fit to it: 'warifu exchange rotate' takes "
                        "it from all, and splits it anew."
                    )
                )
            else:
                self.screen.warn(tr("Run the same command again: it goes on where it stopped."))
        raise next(iter(refused.values()))


def takes_own_key(exchange: str) -> bool:
    """Whether it takes its user's public key: then the devices make one that nobody ever has whole."""
    return "ed25519-born" in EXCHANGES[exchange].keys


def hands_out_file(exchange: str) -> bool:
    """Whether its portal hands out a finished private key, as a file."""
    return not {"es256", "ed25519-split"}.isdisjoint(EXCHANGES[exchange].keys)


def _require_kept(told: api.AccountTold | None, request: AccountRequest, holder: DeviceRef) -> None:
    """The holder says, signed, that it keeps its part. Raises its refusal."""
    if told is None:
        raise InputRefused(
            "exchange-account", f"the service does not say whether {holder.name} keeps its part"
        )
    if told.refusal is not None:
        raise error_from(told.refusal)
    require_kept(decode(AccountKept, told.answer, _MAX_ANSWER), request, holder.identity)


def public_pem(public: bytes) -> str:
    """An Ed25519 public key (32 bytes) as an exchange's portal wants it (RFC 8410)."""
    encoded = Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded.decode("ascii")


def read_authorities(file: Path | None) -> str:
    """PEM of a simulation's certificate authority; empty without a file. ``InputRefused`` (``file``)."""
    if file is None:
        return ""
    try:
        text = file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise InputRefused("file", f"{file} cannot be read", not_done="Nothing was added.") from None
    if not 0 < len(text) <= _MAX_AUTHORITIES:
        raise InputRefused("file", f"{file} must have from 1 to {_MAX_AUTHORITIES} bytes")
    return text


def destroy(file: Path) -> None:
    """Overwrite and remove the file with the original of a key. On a flash disk older copies of its blocks may stay."""
    with file.open("r+b") as opened:
        length = opened.seek(0, os.SEEK_END)
        opened.seek(0)
        opened.write(bytes(length))
        opened.flush()
        os.fsync(opened.fileno())
    file.unlink()


def bring_and_wipe(new: NewAccount, bring: Callable[[NewAccount], None]) -> None:
    """``bring`` it, and wipe it whatever comes of that."""
    try:
        bring(new)
    finally:
        new.wipe()


def names_of(devices: Sequence[DeviceRef], identities: Sequence[bytes]) -> str:
    """For a person."""
    return ", ".join(device.name for device in devices if device.identity in identities)
