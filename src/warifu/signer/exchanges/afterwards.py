"""What owners are told of comparisons, and what they say of them.

What a device found at the exchange is its owners' to know, and nobody else's: it tells it sealed. What it found is also
no reason for another device to believe it: a hostile one would accuse honest carriers until only it is left to carry.
So the owners judge. One of them has a device carry nothing any more, at once and on every device that hears it, and as
many as the largest payment takes let it again, or settle by their own eyes what a device could not.

Nothing is settled while the signature is good: its carrier could use it afterwards, and nobody would look.
"""

from __future__ import annotations

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.authorization import Authorized
from warifu.protocol.events.exchanges import CarrierAllowed, CarrierBanned, ComparisonSettled
from warifu.protocol.exchange_answers import SealedAnswer
from warifu.protocol.exchange_comparisons import (
    MAX_ASKED,
    MAX_COMPARISONS,
    MAX_FOUND,
    Comparisons,
    ComparisonShown,
    seal_comparisons,
)
from warifu.protocol.exchange_requests import CarrierBanRequest, ComparisonsRequest, SettleRequest
from warifu.protocol.frames import AskComparisons
from warifu.protocol.journal import Asker
from warifu.protocol.request import AfterCall, decode_request
from warifu.signer.asking import require_enough_owners
from warifu.signer.device import Device
from warifu.signer.exchanges.book import Kept, settles_at
from warifu.signer.wallets import Wallet

_NOTHING = "Nothing was changed."


def show_comparisons(device: Device, frame: AskComparisons) -> SealedAnswer:
    """What differs here and what is owed, for an owner. Nothing is changed by it.

    Raises ``AuthorizationRefused``, ``InputRefused`` (also ``request-kind``, ``reader-key``)."""
    request = decode_request(frame.authorization.request)
    if not isinstance(request, ComparisonsRequest):
        raise InputRefused("request-kind", "this asks for no comparisons", not_done="Nothing was told.")
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, None, device.clock.now())
    kept = sorted(device.calls.unsettled(wallet.id), key=lambda each: each.state != "differs")
    shown = tuple(_shown(device, each) for each in kept[:MAX_COMPARISONS])
    more = max(0, len(kept) - MAX_COMPARISONS)
    told = Comparisons(wallet.id, shown, more, device.calls.carrier_bans(wallet.id))
    return seal_comparisons(told, authorized.digest, request.reader, device.identity)


def hear(device: Device, wallet: Wallet, request: AfterCall, authorized: Authorized, by: Asker) -> None:
    """Do what owners say of calls that were made: at once, and once.

    ``PolicyDenied`` (``approvals``, ``too-early``), ``InputRefused`` (``unknown-device``), ``AuthorizationRefused``
    (``replayed``)."""
    if isinstance(request, SettleRequest):
        require_enough_owners(authorized, device.rules.of(wallet.id))
        _settle(device, wallet, request, authorized.digest, by)
    else:
        if request.identity not in wallet.identities:
            raise InputRefused("unknown-device", "that device is none of this wallet's", not_done=_NOTHING)
        if request.lifted:
            require_enough_owners(authorized, device.rules.of(wallet.id))
        _ban(device, wallet, request, authorized.digest, by)


def _shown(device: Device, kept: Kept) -> ComparisonShown:
    made = kept.made
    return ComparisonShown(
        made.request,
        made.account,
        made.carrier,
        made.stamp // 1000,
        settles_at(made),
        kept.state,
        _asked(device, kept)[:MAX_ASKED],
        kept.words[:MAX_FOUND],
    )


def _asked(device: Device, kept: Kept) -> str:
    if device.loaded is None:
        return ""
    from warifu.signer.exchanges.judging import in_one_line

    return in_one_line(kept.made.call)


def _settle(device: Device, wallet: Wallet, request: SettleRequest, named: bytes, by: Asker) -> None:
    now = device.clock.now()
    wanted = set(request.about)
    found = [
        kept
        for kept in device.calls.unsettled(wallet.id)
        if kept.made.request in wanted and kept.made.account == request.account
    ]
    wait = max((settles_at(kept.made) - now for kept in found), default=0)
    if wait > 0:
        raise PolicyDenied(
            "too-early",
            "the signature of a call that is to be settled is still good: its carrier could use it afterwards",
            not_done=_NOTHING,
            remedy="Look at the exchange once more after that, and say it then.",
            retry_after=wait,
        )
    with device.epoch.lasting():
        for kept in found:
            device.calls.settle(kept.made.request)
            differed = kept.state == "differs"
            if differed:
                device.visits.settled(wallet.id, kept.made.request)
            device.journal.append(
                ComparisonSettled(wallet.id, named, kept.made.request, request.account, differed), now, by
            )
        device.rules.settle(wallet.id, named, "done")


def _ban(device: Device, wallet: Wallet, request: CarrierBanRequest, named: bytes, by: Asker) -> None:
    kind = CarrierAllowed if request.lifted else CarrierBanned
    with device.epoch.lasting():
        if device.calls.ban_carrier(wallet.id, request.identity, request.created, banned=not request.lifted):
            device.journal.append(kind(wallet.id, named, request.identity), device.clock.now(), by)
        device.rules.settle(wallet.id, named, "done")
