"""What devices have to compare at exchanges, and what they found, told to their owner; and what he says of it.

Each device seals its own word to a key of this client's and signs it. Nothing that one device says is believed by
another one: whoever reads it judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nacl.utils import random

from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.exchanges.together import Together
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import moment
from warifu.errors import InputRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AnswerKey, SealedAnswer
from warifu.protocol.exchange_comparisons import Comparisons, ComparisonShown, open_comparisons
from warifu.protocol.exchange_requests import (
    MAX_SETTLED,
    CarrierBanRequest,
    ComparisonsRequest,
    SettleRequest,
)
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import request_digest

_LIFETIME = 600


@dataclass(frozen=True)
class Told:
    """What the devices said, each for itself, and why others did not."""

    of: Mapping[DeviceRef, Comparisons]
    silent: Mapping[DeviceRef, WarifuError]


def ask_devices(client: Client, own: OwnCredential, wallet: Wallet) -> Told:
    """Every device of the wallet, now."""
    reader, begun = AnswerKey(), now()
    request = ComparisonsRequest(random(16), wallet.wallet_id, reader.public, begun, begun + _LIFETIME)
    question = api.ExchangeComparisonsQuestion(
        authorization=encode(authorize(own.approve, request, encode(request), ()))
    )
    road = f"/wallets/{segment(wallet.name)}/exchange-comparisons"
    answers = {one.identity: one for one in client.post(road, question, api.ExchangeAccountTold).devices}
    said: dict[DeviceRef, Comparisons] = {}
    silent: dict[DeviceRef, WarifuError] = {}
    for device in wallet.request.devices:
        answer = answers.get(device.identity)
        try:
            if answer is None:
                raise InputRefused("device-offline", "the service does not say what it answered")
            if answer.refusal is not None:
                raise error_from(answer.refusal)
            sealed = decode(SealedAnswer, answer.answer, MAX_BODY_BYTES)
            told = open_comparisons(reader, sealed, request_digest(request), device.identity)
            if told.wallet_id != wallet.wallet_id:
                raise InputRefused("exchange-answer", "the answer is about another wallet")
            said[device] = told
        except WarifuError as error:
            silent[device] = error
    return Told(said, silent)


def show(screen: Screen, wallet: Wallet, told: Told, account: str | None) -> None:
    """Device by device."""
    names = {device.identity: device.name for device in wallet.request.devices}
    for device, said in told.of.items():
        screen.line(device.name, style="bold")
        chosen = _of(said, account)
        if not chosen:
            screen.line("  " + tr("has nothing to compare"))
        for one in chosen:
            style = "red" if one.state == "differs" else ""
            asked = one.asked or "-"
            screen.line(f"  {one.about.hex()[:16]}  {one.account}  {_state(one)}", style=style)
            carrier = names.get(one.carrier, one.carrier.hex()[:16])
            screen.line(
                "    "
                + tr(
                    "signed for on {when}, carried by {carrier}: {asked}",
                    when=moment(one.made),
                    carrier=carrier,
                    asked=asked,
                )
            )
            for words in one.words:
                screen.line(f"    {words}", style=style)
        if said.more:
            screen.line("  " + tr("and {count} more", count=said.more))
        if said.bans:
            banned = ", ".join(names.get(each, each.hex()[:16]) for each in said.bans)
            screen.line("  " + tr("lets these carry nothing, as an owner said: {names}", names=banned))
    for device, error in told.silent.items():
        screen.line(f"{device.name}: {error.message} ({error.code})", style="yellow")


def told_object(told: Told, account: str | None) -> list[dict[str, Any]]:
    """For scripts."""
    found: list[dict[str, Any]] = [
        {
            "device": device.name,
            "comparisons": [
                {
                    "about": one.about.hex(),
                    "account": one.account,
                    "carrier": one.carrier.hex(),
                    "made": one.made,
                    "settles": one.settles,
                    "state": one.state,
                    "asked": one.asked,
                    "words": list(one.words),
                }
                for one in _of(said, account)
            ],
            "more": said.more,
            "bans": [identity.hex() for identity in said.bans],
        }
        for device, said in told.of.items()
    ]
    return found + [{"device": device.name, "refusal": error.code} for device, error in told.silent.items()]


def open_calls(told: Told, account: str, beginnings: Sequence[str]) -> list[bytes]:
    """What is not settled of ``account``, on whatever device; of these, those that begin so, where any are named.

    ``InputRefused`` (``no-comparison``, ``unknown-id``)."""
    every = {one.about for said in told.of.values() for one in _of(said, account)}
    for beginning in beginnings:
        if sum(about.hex().startswith(beginning.lower()) for about in every) != 1:
            raise InputRefused(
                "unknown-id",
                f"no call that is not settled, or more than one, begins with {beginning[:64]!r}",
                not_done="Nothing was settled.",
                remedy="See 'warifu exchange compare'.",
            )
    if beginnings:
        every = {about for about in every if about.hex().startswith(tuple(map(str.lower, beginnings)))}
    if not every:
        raise InputRefused(
            "no-comparison",
            f"no device that answered has something to settle of account {account[:40]!r}",
            not_done="Nothing was settled.",
        )
    return sorted(every)[:MAX_SETTLED]


def settle(
    client: Client,
    screen: Screen,
    own: OwnCredential,
    wallet: Wallet,
    account: str,
    about: Sequence[bytes],
) -> api.Instruction:
    """Have the devices take these calls for looked at. Waits for the other owners, where it takes several."""
    from warifu.cli.changing import LIFETIME, tell

    together, begun = Together(client, screen, wallet, own, wallet.rules.owners_needed), now()
    request = SettleRequest(random(16), wallet.wallet_id, account, tuple(about), begun, begun + LIFETIME)
    return tell(client, own, request, together.approved(request))


def ban_carrier(
    client: Client, screen: Screen, own: OwnCredential, wallet: Wallet, device: DeviceRef, *, lift: bool
) -> api.Instruction:
    """Have every device that hears it let ``device`` carry nothing; or again, which takes more."""
    from warifu.cli.changing import LIFETIME, tell

    begun = now()
    request = CarrierBanRequest(random(16), wallet.wallet_id, device.identity, lift, begun, begun + LIFETIME)
    further = (
        Together(client, screen, wallet, own, wallet.rules.owners_needed).approved(request) if lift else []
    )
    return tell(client, own, request, further)


def _of(said: Comparisons, account: str | None) -> list[ComparisonShown]:
    return [one for one in said.shown if account in (None, one.account)]


def _state(one: ComparisonShown) -> str:
    match one.state:
        case "owed":
            return tr("to be compared")
        case "found":
            return tr("found as it was signed; looked at once more")
        case "differs":
            return tr("SOMETHING ELSE than was signed")
