"""What an owner says about visits, as each device judges it alone: one is opened, or is to come home.

Opening moves nothing: whatever goes to the exchange takes a transfer, with the passphrase and as many owners as the
policy wants. It takes as many owners as a call that gives so much away there; its end takes one. What is opened lets
every signer bring home what is there, without an owner, and lets transfers go to a deposit address that a signer
fetched itself. Both devices' rules are in ``visits``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.authorization import Authorized
from warifu.protocol.events.visits import VisitEnded, VisitOpened
from warifu.protocol.exchange_requests import EndVisitRequest, KeyKind, VisitRequest
from warifu.protocol.exchange_visits import Step, VisitShown
from warifu.protocol.frames import TellVisit
from warifu.protocol.policy import ExchangeRules, Policy
from warifu.protocol.request import decode_request
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.gauge import Gauge, gauge_for
from warifu.signer.exchanges.visits import Visit
from warifu.signer.expecting import accepted, require_own
from warifu.signer.policy.exchanges import matches
from warifu.signer.policy.visits import chain_decimals
from warifu.signer.wallets import Wallet
from warifu.units import format_quantity

if TYPE_CHECKING:
    from warifu.exchanges.calls import Unsigned

WANTS: dict[KeyKind, tuple[Step, ...]] = {
    "hmac": ("balance",),
    "es256": ("permissions", "wallets", "balance"),
    "ed25519-split": ("permissions", "wallets", "balance", "address"),
    "ed25519-born": ("permissions", "balance", "address"),
}
"""What a device finds for itself before funds go there, by the kind of key. The holder of a whole secret is the only
one who can ask: its word about an address is no reason for the others to let funds go there, so that address must be in
the policy."""


FURTHER: tuple[Step, ...] = ("travel-rule", "listed")
"""What it finds besides, where the exchange says it and the policy lets it be asked: the list, where it is declared."""


def tell_visit(device: Device, frame: TellVisit) -> VisitShown:
    """Open a visit, or end it. The same again changes nothing.

    ``AuthorizationRefused``; ``InputRefused`` (``request-kind``, ``unknown-account``, ``account-unfinished``,
    ``visit-home``); ``PolicyDenied`` (the reasons of ``policy.visits``, ``too-many-visits``, ``allowlist``,
    ``alone``, ``visit-loss``, ``visit-prices``, ``visit-together``).
    """
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, VisitRequest | EndVisitRequest):
        raise InputRefused("request-kind", "this is nothing about a visit")
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, None, now)
    by = asker(frame.authorization)
    if isinstance(request, EndVisitRequest):
        visit = device.visits.get(wallet.id, request.visit)
        if visit.ended is None:
            with device.epoch.lasting():
                visit = visit.end(now, "owner")
                device.visits.put(visit)
                device.journal.append(VisitEnded(wallet.id, visit.id), now, by)
        return visit.shown(now)
    known = device.visits.find(wallet.id, authorized.digest)
    if known is not None:
        return known.shown(now)
    device.freeze.require_none()
    require_own(device, accepted(device, wallet)[device.identity.public])
    visit = _judged(device, wallet, request, authorized, now)
    with device.epoch.lasting():
        device.visits.begin(visit, now)
        device.journal.append(
            VisitOpened(
                wallet.id,
                visit.id,
                request.account,
                visit.exchange,
                request.brings.symbol,
                request.amount,
                request.until,
                device.rules.hash(wallet.id),
            ),
            now,
            by,
        )
    return visit.shown(now)


def banned(device: Device, wallet: bytes) -> tuple[bytes, ...]:
    """Devices that carry nothing home for this one: owners ban them; or it found that they changed what it signed, and
    froze the wallet. Owners who unfreeze it have looked into that."""
    found_out = device.calls.found_out(wallet) if device.rules.policy(wallet).frozen else ()
    return tuple(sorted({*found_out, *device.calls.carrier_bans(wallet)}))


def require_carrier(device: Device, wallet: bytes, carrier: bytes) -> None:
    """``PolicyDenied`` (``carrier``) where owners let this device carry nothing to an exchange."""
    if carrier in device.calls.carrier_bans(wallet):
        raise PolicyDenied(
            "carrier",
            "an owner banned the device that is to carry this to the exchange",
            remedy="Let another device carry it, or let this one again ('warifu devices ban-carrier --lift').",
        )


def _require_list(policy: Policy, wallet: Wallet, account: Account, request: VisitRequest) -> None:
    """Whoever carries a token can change where funds go: the exchange's own list of addresses holds it back, and the
    policy says that it is on. A fresh address is on no list, whatever signs for it."""
    rules = policy.rules_at(account.exchange)
    declared = rules is not None and rules.declared_allowlist
    unnamed = [asset.symbol for asset in request.assets if not asset.home]
    if declared and unnamed:
        raise InputRefused(
            "visit-home",
            "the exchange pays out to its list alone, as the policy declares, and the visit does not say which address "
            f"of the wallet's is on it for {', '.join(unnamed)}",
            remedy="Name the one that is on the list ('--home', and '--also ASSET=ADDRESS').",
        )
    if account.kind != "ed25519-split":
        return
    if not declared:
        raise PolicyDenied(
            "allowlist",
            "the wallet's policy does not declare that the exchange's own list of addresses is on",
            remedy="Turn the list on there, put an address of the wallet's on it, and declare it in the policy.",
        )
    if wallet.request.threshold < 2:
        raise PolicyDenied("alone", "nobody could look what was made of a signature that one device gives")


def _gauge(
    device: Device, policy: Policy, wallet: Wallet, account: Account, request: VisitRequest
) -> Gauge | None:
    """What measures its loss, where the owner or the policy bounds it. What two visits to one account change there
    nobody could tell apart: so one with a bound is alone. ``PolicyDenied`` (``asset``, ``visit-loss``,
    ``visit-prices``, ``visit-together``)."""
    amount = Decimal(request.amount).scaleb(-chain_decimals(policy, request))
    rules = policy.rules_at(account.exchange)
    most = rules.visit_loss if rules is not None else None
    if request.loss is not None and most is not None and request.loss > most:
        raise PolicyDenied(
            "visit-loss",
            f"a visit to {account.exchange} may lose {format_quantity(most, 2, '%')} at most",
            remedy="Bound it closer ('--stop-loss'), or leave that out: then the policy's bound holds.",
        )
    bound = most if request.loss is None else request.loss
    others = [
        visit
        for visit in device.visits.of(wallet.id)
        if visit.request.account == account.name and visit.home is None
    ]
    if any(bound is not None or visit.gauge is not None for visit in others):
        raise PolicyDenied(
            "visit-together",
            "another visit to this account is not at home, and what each of them loses could not be told apart",
            remedy="Bring that one home first ('warifu visit close').",
        )
    if bound is None or rules is None:
        return None
    gauge = gauge_for(
        bound,
        request.brings.symbol,
        amount,
        (each.symbol for each in request.others),
        rules.pairs,
    )
    if gauge.pairs:
        loading.require(device.loaded)
        _require_prices(account.exchange, gauge.pairs[0], rules)
    return gauge


def of_kind(visit: Visit, kind: KeyKind) -> bool:
    """Whether the visit was opened with a key of this kind."""
    return tuple(step for step in visit.wants if step not in FURTHER) == WANTS[kind]


def _further(device: Device, policy: Policy, account: Account) -> tuple[Step, ...]:
    rules = policy.rules_at(account.exchange)
    if rules is None or device.loaded is None:
        return ()
    from warifu.exchanges.registry import EXCHANGES

    exchange, found = EXCHANGES[account.exchange], []
    asks, listed = exchange.asks_who_is_paid(), exchange.listed()
    if asks is not None and _is_allowed(rules, asks.unsigned):
        found.append("travel-rule")
    if listed is not None and rules.declared_allowlist and _is_allowed(rules, listed.unsigned):
        found.append("listed")
    return tuple(step for step in FURTHER if step in found)


def _is_allowed(rules: ExchangeRules, asked: Unsigned) -> bool:
    return any(matches(pattern, asked.method, asked.path) for pattern in rules.endpoints)


def _require_prices(exchange: str, pair: str, rules: ExchangeRules) -> None:
    """A bound that nobody can measure would be none."""
    from warifu.exchanges.market import Pair
    from warifu.exchanges.registry import EXCHANGES

    asked = EXCHANGES[exchange].best(Pair(*pair.split("-", 1))).unsigned
    if not _is_allowed(rules, asked):
        raise PolicyDenied(
            "visit-prices",
            f"the policy does not let devices ask {exchange} for prices, so nobody could measure a loss",
            remedy=f"Add '{asked.method} {asked.path}' to the endpoints in the policy.",
        )


def _judged(device: Device, wallet: Wallet, request: VisitRequest, authorized: Authorized, now: int) -> Visit:
    account = device.accounts.get(wallet.id, request.account)
    if account is None or not account.finished:
        raise InputRefused(
            "unknown-account",
            f"this device keeps no account {request.account} at an exchange that can be used",
            remedy="See what it keeps ('warifu exchange list').",
        )
    policy = device.rules.policy(wallet.id)
    _require_list(policy, wallet, account, request)
    window = device.wallets.window(wallet.id)
    for asset in request.assets:
        if asset.home and not wallet.owns(asset.chain, asset.home, window):
            raise InputRefused(
                "visit-home",
                f"{asset.home} is no address of the wallet's own",
                remedy="Name one that it gave out ('warifu address').",
            )
    gauge = _gauge(device, policy, wallet, account, request)
    wants = (*WANTS[account.kind], *_further(device, policy, account))
    visit = Visit(
        authorized.digest, request, account.exchange, now, wants, simulation=account.simulation, gauge=gauge
    )
    device.visits.judge_opening(policy, visit, authorized.approvals, now)
    return visit
