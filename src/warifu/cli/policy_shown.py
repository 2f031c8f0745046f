"""A policy, for people and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from warifu.cli.context import now
from warifu.cli.order import format_coin
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.protocol.chains import spoken
from warifu.protocol.policy import (
    ApprovalTier,
    AssetLimits,
    ChainRules,
    ContractRule,
    DeviceRules,
    ExchangeLimits,
    ExchangeRules,
    Policy,
    Window,
    policy_hash,
)
from warifu.protocol.policy_forms import format_duration
from warifu.units import format_quantity

Facts = Iterator[tuple[str, str]]


def policy_object(policy: Policy) -> dict[str, Any]:
    """A policy for scripts: every field by its name; amounts in the smallest unit, durations in seconds."""
    return {"hash": policy_hash(policy).hex(), **_object(policy)}


def _object(value: Any) -> Any:  # noqa: ANN401  # any field of any message
    if isinstance(value, msgspec.Struct):
        return {name: _object(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_object(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else value


def show_policy(screen: Screen, policy: Policy) -> None:
    """Every rule of it."""
    screen.facts([*_general(policy), *_devices(policy.devices)])
    for rules in policy.chains:
        screen.line(spoken(rules.chain), style="bold")
        screen.facts(_chain(rules))
    for exchange in policy.exchanges:
        screen.line(exchange.exchange, style="bold")
        screen.facts(_exchange(exchange))
    for symbol in sorted(_old_prices(policy)):
        screen.warn(
            tr(
                "the price of {symbol} is too old: nothing of it leaves until it is stated anew",
                symbol=symbol,
            )
        )
    if policy.frozen:
        screen.warn(tr("this wallet is frozen: nothing leaves"))
    elif not policy.chains:
        screen.warn(tr("this policy lets nothing leave, on any chain"))


def _old_prices(policy: Policy) -> set[str]:
    assets = (asset for rules in policy.chains for asset in rules.assets)
    return {asset.symbol for asset in assets if asset.price is not None and not asset.price.counts(now())}


def _general(policy: Policy) -> Facts:
    yield tr("passphrase tries"), str(policy.passphrase_tries)
    yield tr("owners who must approve"), str(policy.approvals_needed)
    if policy.hours:
        yield tr("signs only"), "; ".join(map(str, policy.hours))
    yield tr("an announced payment waits"), format_duration(policy.notice_delay)
    yield tr("a change that allows more waits"), format_duration(policy.loosening_delay)
    if policy.strict:
        yield tr("strict"), tr("more than half of the devices must know of what spends before it is signed")


def _devices(rules: DeviceRules) -> Facts:
    yield tr("least tier of a device"), str(rules.least_tier)
    if rules.host:
        counted = tr("declarations count") if rules.declared_counts else tr("declarations do not count")
        age = tr("seen at most {age} ago", age=format_duration(rules.host_max_age))
        yield tr("its host must have"), f"{', '.join(rules.host)} ({age}; {counted})"


def _chain(rules: ChainRules) -> Facts:
    for asset in rules.assets:
        yield from _asset(asset)
    yield tr("most in fees"), format_coin(rules.chain, int(rules.fee_ceiling))
    if rules.fee_share_bp is not None:
        share = format_quantity(rules.fee_share_bp, 2, "%")
        above = format_coin(rules.chain, int(rules.fee_share_above))
        yield tr("a fee above {amount} is at most", amount=above), tr("{share} of what is paid", share=share)
    yield tr("may pay to"), _destinations(rules)
    if rules.denied:
        yield tr("never to"), ", ".join(rules.denied)
    if rules.contracts:
        yield tr("may call"), "; ".join(map(_contract, rules.contracts))
    if rules.messages:
        yield tr("messages"), tr("any message may be signed")


def _asset(asset: AssetLimits) -> Facts:
    def said(amount: str) -> str:
        return format_quantity(int(amount), asset.decimals, asset.symbol)

    token = f"  [{asset.token}]" if asset.token else ""
    yield tr("most per transaction"), said(asset.per_transaction) + token
    yield from _windows(asset.windows, asset.decimals, asset.symbol)
    yield from _tiers(asset.approvals, said)
    if asset.notice_above is not None:
        yield tr("above {amount}", amount=said(asset.notice_above)), tr("it must be announced before")
    if asset.price is not None:
        price = asset.price
        yield (
            tr("converted at"),
            f"{price.per_unit} {price.currency} ({price.source}; {format_duration(price.max_age)})",
        )


def _tiers(tiers: tuple[ApprovalTier, ...], said: Callable[[str], str]) -> Facts:
    for tier in tiers:
        approve = tr("{count} owners must approve", count=str(tier.approvals))
        yield tr("above {amount}", amount=said(tier.above)), approve


def _windows(windows: tuple[Window, ...], decimals: int, symbol: str) -> Facts:
    words = {
        1: tr("most in an hour"),
        24: tr("most in 24 hours"),
        168: tr("most in 7 days"),
        720: tr("most in 30 days"),
    }
    for window in windows:
        yield words[window.hours], format_quantity(int(window.amount), decimals, symbol)


def _destinations(rules: ChainRules) -> str:
    named = ", ".join(rules.destinations)
    if not rules.any_destination:
        return named or tr("no address")
    if not rules.destination_delay:
        return tr("any address")
    wait = tr("any address {wait} after it was announced", wait=format_duration(rules.destination_delay))
    return f"{wait}; {named}" if named else wait


def _contract(rule: ContractRule) -> str:
    methods = (
        tr("by any method") if rule.any_method else ", ".join("0x" + item.hex() for item in rule.methods)
    )
    return f"{rule.contract} ({methods})"


def _exchange(rules: ExchangeRules) -> Facts:
    yield tr("may ask"), "; ".join(rules.endpoints) or tr("nothing")
    yield tr("may trade"), ", ".join(rules.pairs) or tr("nothing")
    if rules.inside:
        yield tr("may move funds there to"), ", ".join(rules.inside)
    if rules.visit_seconds:
        yield tr("longest visit"), format_duration(rules.visit_seconds)
    if rules.visit_loss is not None:
        yield tr("most that a visit may lose"), format_quantity(rules.visit_loss, 2, "%")
    if rules.declared_allowlist:
        yield tr("its own list of addresses"), tr("on, as the owner declares")
    for limits in rules.limits:
        yield from _at_exchange(limits)


def _at_exchange(limits: ExchangeLimits) -> Facts:
    def said(amount: str) -> str:
        return format_quantity(int(amount), limits.decimals, limits.symbol)

    yield tr("most per order"), said(limits.per_order)
    if limits.exposure != "0":
        yield tr("most there at once by visits"), said(limits.exposure)
    yield from _windows(limits.windows, limits.decimals, limits.symbol)
    yield from _tiers(limits.approvals, said)
