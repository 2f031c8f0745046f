"""What an owner says about visits, as each device judges it alone: one is opened, or is to come home.

Opening moves nothing. It takes one owner: whatever goes to the exchange takes a transfer, with the passphrase and as
many owners as the policy wants. What is opened lets every signer bring home what is there, without an owner, and lets
transfers go to a deposit address that a signer fetched itself. Both devices' rules are in ``visits``.
"""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.protocol.exchange_requests import EndVisitRequest, KeyKind, VisitRequest
from warifu.protocol.exchange_visits import Step, VisitShown
from warifu.protocol.frames import TellVisit
from warifu.protocol.journal import VisitEnded, VisitOpened
from warifu.protocol.request import decode_request
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges.visit_book import chain_decimals
from warifu.signer.exchanges.visits import Visit
from warifu.signer.expecting import accepted, require_own
from warifu.signer.wallets import Wallet

_WANTS: dict[KeyKind, tuple[Step, ...]] = {
    "hmac": ("balance",),
    "ed25519-born": ("permissions", "balance", "address"),
}
"""What a device finds for itself before funds go there, by the kinds of key whose signature says where funds go
(``warifu.exchanges.signing.Coverage``). The holder of a whole secret is the only one who can ask: its word about an
address is no reason for the others to let funds go there, so that address must be in the policy."""


def tell_visit(device: Device, frame: TellVisit) -> VisitShown:
    """Open a visit, or end it. The same again changes nothing.

    ``AuthorizationRefused``; ``InputRefused`` (``request-kind``, ``unknown-account``, ``account-unfinished``,
    ``visit-key``, ``visit-home``); ``PolicyDenied`` (the reasons of ``policy.visits``, ``too-many-visits``).
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
                visit = visit.end(now)
                device.visits.put(visit)
                device.journal.append(VisitEnded(wallet.id, visit.id), now, by)
        return visit.shown(now)
    known = device.visits.find(wallet.id, authorized.digest)
    if known is not None:
        return known.shown(now)
    device.freeze.require_none()
    require_own(device, accepted(device, wallet)[device.identity.public])
    visit = _judged(device, wallet, request, authorized.digest, now)
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


def _judged(device: Device, wallet: Wallet, request: VisitRequest, named: bytes, now: int) -> Visit:
    account = device.accounts.get(wallet.id, request.account)
    if account is None or not account.finished:
        raise InputRefused(
            "unknown-account",
            f"this device keeps no account {request.account} at an exchange that can be used",
            remedy="See what it keeps ('warifu exchange list').",
        )
    if account.kind not in _WANTS:
        raise InputRefused(
            "visit-key",
            "a signature of this account's key does not say where funds go: they could not come home without an owner",
            remedy="Use an account whose requests are signed whole (Binance, or Coinbase's Exchange API).",
        )
    window = device.wallets.window(wallet.id)
    for asset in request.assets:
        if asset.home and not wallet.owns(asset.chain, asset.home, window):
            raise InputRefused(
                "visit-home",
                f"{asset.home} is no address of the wallet's own",
                remedy="Name one that it gave out ('warifu address').",
            )
    policy = device.rules.policy(wallet.id)
    chain_decimals(policy, request)
    wants = _WANTS[account.kind]
    visit = Visit(named, request, account.exchange, now, wants, simulation=account.simulation)
    device.visits.judge_opening(policy, visit, now)
    return visit
