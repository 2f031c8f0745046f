"""The owner's side of visits to exchanges: what is asked for, and what the devices say, each signed by itself.

The service carries both and is believed nothing: a deposit address counts when as many devices as sign fetched the same
one, each over its own TLS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nacl.utils import random

from warifu.cli.accounts import asset_named, parse_amount
from warifu.cli.approvers import OwnCredential
from warifu.cli.client import Client, segment
from warifu.cli.context import now
from warifu.cli.exchanges.accounts import accounts_of
from warifu.cli.exchanges.together import Together
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen
from warifu.cli.wallet_keys import account_of
from warifu.errors import InputRefused, PeerMisbehaved, WarifuError
from warifu.exchanges.networks import COINS
from warifu.protocol import api
from warifu.protocol.acknowledging import witnesses_needed
from warifu.protocol.api import error_from
from warifu.protocol.authorization import authorize
from warifu.protocol.chains import BITCOIN, chain_named, coin_units
from warifu.protocol.credential import Approval
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import Visits, VisitShown
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.policy import ExchangeRules
from warifu.protocol.request import request_digest
from warifu.signer.policy.visits import owners_needed

LIFETIME = 24 * 3600
"""Seconds for which a device that was away can be told: as long as devices allow."""
_STALE = 600
"""Seconds by which what a device says may be old, or its clock off."""


@dataclass(frozen=True)
class Said:
    """What one device says of the wallet's visits, or why it does not."""

    device: str
    identity: bytes
    visits: tuple[VisitShown, ...]
    refusal: WarifuError | None


@dataclass(frozen=True)
class Seen:
    """One visit, as each device that knows it shows it."""

    views: tuple[tuple[str, VisitShown], ...]
    """(device, what it says)."""

    @property
    def one(self) -> VisitShown:
        """What is the same with all of them."""
        return self.views[0][1]

    @property
    def simulation(self) -> bool:
        """Whether one of them says that it is at no exchange."""
        return any(view.simulation for _, view in self.views)

    def stays_with(self, account: str) -> bool:
        """Whether it is one of this account's, and one of them did not see it at home."""
        return self.one.request.account == account and any(view.state != "home" for _, view in self.views)

    def address(self, threshold: int) -> str | None:
        """Where as many devices as sign let funds go, because each of them fetched it; None where too few did."""
        ready = [
            view.address for _, view in self.views if set(view.wants) <= set(view.proven) and view.address
        ]
        agreed = [address for address in ready if ready.count(address) >= threshold]
        return agreed[0] if agreed else None


def provers(wallet: Wallet) -> int:
    """How many devices must have fetched the same deposit address before funds go there: as many as sign, and in a
    strict wallet as many as must count the transfer. ``Seen.address``."""
    threshold = wallet.request.threshold
    strict = wallet.rules.policy.strict
    return witnesses_needed(threshold, len(wallet.request.devices)) if strict else threshold


def visit_request(
    wallet: Wallet,
    account: str,
    amount: str,
    seconds: int,
    also: Sequence[str] = (),
    chain: str = BITCOIN,
    home: str = "",
    loss: int | None = None,
) -> VisitRequest:
    """To be authorized. ``amount``: with its unit, by which the asset is known; ``chain``: of a token. ``also``: what
    else comes home, ``ETH`` or ``USDC@ethereum``, after ``=`` to which of the wallet's own addresses. ``home``: the
    wallet's own address that the exchange has on its list, empty for a fresh one. ``loss``: most that it may lose, in
    hundredths of a percent; None for the policy's. ``InputRefused``."""
    symbol = _symbol_in(amount)
    where = COINS.get(symbol, chain)
    asset = asset_named(wallet, where, None if symbol in COINS else symbol)
    units = parse_amount(where, asset, amount)
    named = (_other(wallet, each) for each in also)
    others = tuple(sorted({each for each in named if each.symbol != symbol}, key=lambda each: each.symbol))
    moment = now()
    return VisitRequest(
        random(16),
        wallet.wallet_id,
        account,
        VisitAsset(symbol, where, home or _only_address(wallet, where)),
        asset.token,
        str(units),
        others,
        moment + seconds,
        moment,
        moment + LIFETIME,
        loss,
    )


def left_behind(rules: ExchangeRules | None, request: VisitRequest) -> tuple[str, ...]:
    """What the policy lets the visit's assets be traded for, and does not come home with it: ascending."""
    own = {asset.symbol for asset in request.assets}
    sides = [set(pair.split("-", 1)) for pair in (rules.pairs if rules is not None else ())]
    reached = own
    for _ in sides:
        reached = reached.union(*(side for side in sides if side & reached))
    return tuple(sorted(reached - own))


def end_request(wallet: Wallet, visit: bytes) -> EndVisitRequest:
    """To be authorized."""
    moment = now()
    return EndVisitRequest(random(16), wallet.wallet_id, visit, moment, moment + LIFETIME)


def owners_of_visit(wallet: Wallet, request: VisitRequest, exchange: str | None = None) -> int:
    """How many owners must want it. Where its exchange is not known, as many as it takes at whichever takes the most.
    ``PolicyDenied`` (``asset``)."""
    policy = wallet.rules.policy
    places = [rules.exchange for rules in policy.exchanges] if exchange is None else [exchange]
    most = max((owners_needed(policy, request, each) for each in places), default=policy.approvals_needed)
    return min(most, len(wallet.rules.owners))


def open_visit(
    client: Client, screen: Screen, wallet: Wallet, own: OwnCredential, request: VisitRequest
) -> list[Said]:
    """Have the other owners approve it where it takes more than one, and hand it in; what each connected device made of
    it. As ``exchange_together.Together.approved``."""
    kept = (each for _, accounts in accounts_of(client, wallet).values() for each in accounts)
    exchange = next((each.exchange for each in kept if each.account == request.account), None)
    asking = Together(client, screen, wallet, own, owners_of_visit(wallet, request, exchange))
    return tell(client, wallet, own, request, asking.approved(request))


def tell(
    client: Client,
    wallet: Wallet,
    own: OwnCredential,
    request: VisitRequest | EndVisitRequest,
    further: Sequence[Approval] = (),
) -> list[Said]:
    """Hand it in, with other owners' approvals; what each connected device made of it."""
    signed = authorize(own.approve, request, encode(request), (), further)
    question = api.NewVisit(authorization=encode(signed))
    return _read(wallet, client.post(_road(wallet), question, api.VisitsShown))


def look(client: Client, wallet: Wallet) -> list[Said]:
    """How the visits stand, as each connected device says now."""
    return _read(wallet, client.get(_road(wallet), api.VisitsShown))


def sweep(client: Client, wallet: Wallet) -> list[Said]:
    """Have what is to come home looked after now."""
    return _read(wallet, client.post(f"{_road(wallet)}/sweep", api.SweepVisits(), api.VisitsShown))


def together(said: Sequence[Said]) -> list[Seen]:
    """By visit, the newest first."""
    views: dict[bytes, list[tuple[str, VisitShown]]] = {}
    for each in said:
        for visit in each.visits:
            views.setdefault(visit.visit, []).append((each.device, visit))
    found = [Seen(tuple(each)) for each in views.values()]
    return sorted(found, key=lambda seen: (-seen.one.request.created, seen.one.visit))


def named(seen: Sequence[Seen], beginning: str) -> Seen:
    """The one visit whose id begins like that. ``InputRefused`` (``unknown-visit``)."""
    found = [each for each in seen if beginning and each.one.visit.hex().startswith(beginning.lower())]
    if len(found) != 1:
        raise InputRefused(
            "unknown-visit",
            f"{len(found)} visits have an id that begins with {beginning[:64]!r}",
            not_done="Nothing was done.",
            remedy="See their ids ('warifu visit show').",
        )
    return found[0]


def _symbol_in(amount: str) -> str:
    """Of what it is, by its unit; a coin's smaller units are of the coin. ``InputRefused`` (``amount-form``) where
    there is none."""
    words = amount.split()
    if len(words) != 2:
        raise InputRefused(
            "amount-form",
            f"{amount[:40]!r} is no amount with its unit",
            not_done="Nothing was opened.",
            remedy="Write a number and a unit, with a space between them and in one pair of quotes: '0.5 BTC'.",
        )
    unit = words[1].lower()
    coin = next((symbol for symbol, chain in COINS.items() if unit in coin_units(chain)), None)
    return coin or unit.upper()


def _only_address(wallet: Wallet, chain: str) -> str:
    """The wallet's one address on a chain on which it has no others; empty on Bitcoin, and where it has no key."""
    try:
        return "" if chain == BITCOIN else account_of(wallet, chain)
    except WarifuError:
        return ""


def _other(wallet: Wallet, text: str) -> VisitAsset:
    asset, _, home = text.partition("=")
    symbol, _, chain = asset.partition("@")
    where = COINS.get(symbol.upper(), chain or None)
    if where is None:
        raise InputRefused(
            "visit-asset",
            f"it is not said on which chain {symbol[:16]} comes home",
            not_done="Nothing was opened.",
            remedy="Write for example '--also USDC@ethereum'.",
        )
    named = chain_named(where)
    return VisitAsset(symbol.upper(), named, home or _only_address(wallet, named))


def _read(wallet: Wallet, answer: api.VisitsShown) -> list[Said]:
    """Only the wallet's own devices, each by its pinned identity, once, and not of yesterday."""
    names = {device.identity: device.name for device in wallet.request.devices}
    found: dict[bytes, Said] = {}
    for each in answer.devices:
        if each.identity not in names or each.identity in found:
            continue
        name, refusal = names[each.identity], None
        visits: tuple[VisitShown, ...] = ()
        try:
            visits = _said_in(each, wallet)
        except (
            WarifuError
        ) as error:  # one that says what cannot be believed keeps no other one from being heard
            refusal = error
        found[each.identity] = Said(name, each.identity, visits, refusal)
    return [found[identity] for identity in names if identity in found]


def _said_in(answer: api.VisitsOf, wallet: Wallet) -> tuple[VisitShown, ...]:
    """What the device says. Raises why it says nothing, or nothing that is believed."""
    if answer.refusal is not None:
        raise error_from(answer.refusal)
    said = decode(Visits, answer.answer, MAX_BODY_BYTES)
    said.check(answer.identity, wallet.wallet_id)
    if abs(said.at - now()) > _STALE:
        raise InputRefused("stale", "what it says is old, or its clock is wrong")
    if not _each_once(said.visits):
        raise PeerMisbehaved("visit", "it tells of a visit twice, or of another one under its id")
    return said.visits


def _each_once(visits: Sequence[VisitShown]) -> bool:
    """Each of these once, and under its own id: by a visit that it shows twice, one device would be two that fetched
    an address."""
    ids = [request_digest(visit.request) for visit in visits]
    return ids == [visit.visit for visit in visits] and len(set(ids)) == len(ids)


def _road(wallet: Wallet) -> str:
    return f"/wallets/{segment(wallet.name)}/visits"
