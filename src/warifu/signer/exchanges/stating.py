"""What an owner states about who is paid, where an exchange has to ask (the travel rule), as this device keeps it.

It names people. It comes in a parcel and lies in the device's sealed store, because funds have to come home when nobody
can be asked; each co-signer puts it into a sweep by itself, and shows the names of its fields alone. All holders must
keep the same: where one lacks it, they do not make the same request, and sign nothing together.
"""

from __future__ import annotations

from decimal import Decimal

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied
from warifu.protocol.encoding import decode
from warifu.protocol.events.exchanges import TravelRuleKept
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import TravelRulePart, TravelRuleRequest, travel_rule_digest
from warifu.protocol.frames import KeepTravelRule
from warifu.protocol.parcel import MAX_PARCEL_CONTENT, Parcel
from warifu.protocol.request import decode_request
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.accounts import Account

NOTHING_KEPT = "Nothing was changed."
_LONGEST_ADDRESS, _LONGEST_AMOUNT = "a" * 100, Decimal("1" * 36)
"""What any withdrawal can have: of what is kept, each is to fit into a request."""


def keep_travel_rule(device: Device, frame: KeepTravelRule) -> AccountKept:
    """Keep it, or forget what was kept. One owner's word is enough: nothing can leave by it that could not before. The
    very same again changes nothing.

    ``AuthorizationRefused`` (also ``replayed``), ``InputRefused`` (``unknown-account``, ``travel-rule``),
    ``PassphraseRefused`` where the parcel does not open, ``PolicyDenied`` (``exchanges-not-loaded``, ``endpoint``,
    ``sweep-under-way``)."""
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, TravelRuleRequest):
        raise InputRefused("request-kind", "this states nothing for an exchange", not_done=NOTHING_KEPT)
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    named = device.approvals.check(frame.authorization, owners, frame.parcel, now).digest
    account = device.accounts.get(wallet.id, request.account)
    if account is None:
        raise InputRefused(
            "unknown-account",
            f"this device keeps no account {request.account} at an exchange",
            not_done=NOTHING_KEPT,
            remedy="See what it keeps ('warifu exchange list').",
        )
    newest, by = device.accounts.travel_rule_request(wallet.id, account.name)
    if by == named:
        return _kept(device, named)
    if request.created <= max(newest, device.accounts.newest(wallet.id, account.name) - 1):
        raise AuthorizationRefused(
            "replayed",
            f"something newer than this was stated for account {account.name}, or it was added after",
            not_done=NOTHING_KEPT,
            remedy="If it is wanted all the same, state it anew.",
        )
    text = _text(device, frame.parcel, request, named)
    fields = _fields(device, wallet.id, account, text)
    with device.epoch.lasting():
        device.visits.require_none_out(wallet.id, account.name, now)
        device.accounts.put_travel_rule(wallet.id, account.name, request.created, named, text)
        entry = TravelRuleKept(wallet.id, named, account.name, fields)
        device.journal.append(entry, now, asker(frame.authorization))
    device.store.forget_deleted()
    return _kept(device, named)


def stated(device: Device, account: Account) -> tuple[str, ...]:
    """Names of what is stated for it; none in a process that has not loaded what reads it."""
    text = device.accounts.travel_rule(account.wallet, account.name)
    if not text or device.loaded is None:
        return ()
    from warifu.exchanges.travel_rule import names_in

    return names_in(text)


def _text(device: Device, parcel: Parcel, request: TravelRuleRequest, named: bytes) -> str:
    now = device.clock.now()
    device.envelope_keys.require(parcel, now)
    content = device.envelope_keys.open_parcel(parcel, named, now)
    try:
        part = decode(TravelRulePart, content, MAX_PARCEL_CONTENT)
    finally:
        content[:] = bytes(len(content))
    if travel_rule_digest(part) != request.part:
        raise InputRefused(
            "travel-rule", "the parcel states something else than the request", not_done=NOTHING_KEPT
        )
    return part.text


def _fields(device: Device, wallet: bytes, account: Account, text: str) -> tuple[str, ...]:
    """Names of what is stated, if the exchange takes it, and the policy lets it be sent."""
    if not text:
        return ()
    loading.require(device.loaded)
    from warifu.exchanges.adapter import Withdrawal
    from warifu.exchanges.registry import EXCHANGES
    from warifu.signer.policy.exchanges import matches

    exchange = EXCHANGES[account.exchange]
    fields = exchange.travel_rule(text)
    sample = Withdrawal(
        client_id="00000000-0000-4000-8000-000000000000",
        asset="BTC",
        network=exchange.networks.network_of("BTC", "bitcoin") or "BTC",
        address=_LONGEST_ADDRESS,
        amount=_LONGEST_AMOUNT,
        wallet="" if exchange.wallets() is None else "any",
        travel_rule=text,
    )
    rules = device.rules.policy(wallet).rules_at(account.exchange)
    try:
        requests = exchange.withdraw(sample).unsigned, exchange.find_withdrawal(sample).unsigned
    except InputRefused:
        raise InputRefused(
            "travel-rule",
            "this is more than the exchange can be sent with a withdrawal",
            not_done=NOTHING_KEPT,
        ) from None
    for asked in requests:
        if rules is not None and any(matches(each, asked.method, asked.path) for each in rules.endpoints):
            continue
        raise PolicyDenied(
            "endpoint",
            f"the policy does not allow what {account.exchange} takes such data by",
            not_done=NOTHING_KEPT,
            remedy=f"Add '{asked.method} {asked.path}' to the endpoints in the policy.",
        )
    return fields


def _kept(device: Device, named: bytes) -> AccountKept:
    return AccountKept(named, device.identity.sign("exchange-account", named))
