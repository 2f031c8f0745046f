"""The policy as TOML again, for an owner who changes it: ``read_policy`` of what is written here is the same policy.

Amounts are in the largest unit of their asset. Limits that were stated in money are written in the money that they came
to, which after rounding is a little less than what was typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial

from warifu.errors import InputRefused
from warifu.protocol.chains import family_of, spoken
from warifu.protocol.policy import (
    DEFAULT_LOOSENING_DELAY,
    DEFAULT_NOTICE_DELAY,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    DeviceRules,
    ExchangeLimits,
    ExchangeRules,
    Policy,
    Price,
)
from warifu.protocol.policy_amounts import WINDOW_FIELDS
from warifu.protocol.policy_forms import format_duration
from warifu.protocol.policy_text import TOKEN_ADDRESS
from warifu.units import format_quantity

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FIELD_OF = {hours: name for name, hours in WINDOW_FIELDS.items()}


def write_policy(policy: Policy) -> str:
    """The policy's text. ``InputRefused`` where there is none: two tokens of a chain with one name, two prices of one
    asset."""
    lines = [*_general(policy), *_devices(policy.devices)]
    prices: dict[str, Price] = {}
    for rules in policy.chains:
        lines += _chain(rules)
        for asset in rules.assets:
            if (
                asset.price is not None
                and prices.setdefault(asset.symbol.upper(), asset.price) != asset.price
            ):
                raise _refusal(f"{asset.symbol} has two prices")
    for exchange in policy.exchanges:
        lines += _exchange(exchange)
    for symbol in sorted(prices):
        lines += _price(symbol, prices[symbol])
    return "\n".join(lines) + "\n"


def _general(policy: Policy) -> Iterator[str]:
    yield f"passphrase_tries = {policy.passphrase_tries}"
    if policy.approvals_needed != 1:
        yield f"approvals_needed = {policy.approvals_needed}"
    if policy.hours:
        yield f"hours = {_list(str(hours) for hours in policy.hours)}"
    if policy.notice_delay != DEFAULT_NOTICE_DELAY:
        yield f'notice_delay = "{format_duration(policy.notice_delay)}"'
    if policy.loosening_delay != DEFAULT_LOOSENING_DELAY:
        yield f'loosening_delay = "{format_duration(policy.loosening_delay)}"'
    yield from (f"{name} = true" for name in ("strict", "frozen") if getattr(policy, name))


def _devices(rules: DeviceRules) -> Iterator[str]:
    if rules == DeviceRules():
        return
    yield from ("", "[devices]", f"least_tier = {rules.least_tier}")
    if rules.host:
        yield f"host = {_list(rules.host)}"
    yield f'host_max_age = "{format_duration(rules.host_max_age)}"'
    yield f"declared_counts = {str(rules.declared_counts).lower()}"


def _chain(rules: ChainRules) -> Iterator[str]:
    name, coin = _key(spoken(rules.chain)), rules.assets[0]
    yield from ("", f"[{name}]", *_limits(coin))
    yield f"fee_ceiling = {_amount(coin, rules.fee_ceiling)}"
    if rules.fee_share_bp is not None:
        yield f'fee_share = "{format_quantity(rules.fee_share_bp, 2, "%")}"'
        yield f"fee_share_above = {_amount(coin, rules.fee_share_above)}"
    yield f"destinations = {_text('any') if rules.any_destination else _list(rules.destinations)}"
    if rules.destination_delay:
        yield f'destination_delay = "{format_duration(rules.destination_delay)}"'
        yield f"known_destinations = {_list(rules.destinations)}"
    if rules.denied:
        yield f"denied = {_list(rules.denied)}"
    if rules.messages:
        yield "messages = true"
    if rules.contracts:
        yield from ("", f"[{name}.contracts]")
    for contract in rules.contracts:
        methods = _list("0x" + method.hex() for method in contract.methods)
        yield f"{_key(contract.contract)} = {_text('any') if contract.any_method else methods}"
    yield from _tokens(name, rules)


def _tokens(name: str, rules: ChainRules) -> Iterator[str]:
    tokens = rules.assets[1:]
    if len({token.symbol for token in tokens}) != len(tokens):
        raise _refusal(f"two tokens on {spoken(rules.chain)} are called the same")
    for token in tokens:
        address = TOKEN_ADDRESS[family_of(rules.chain)]
        yield from ("", f"[{name}.tokens.{_key(token.symbol)}]", f"{address} = {_text(token.token)}")
        yield from (f"decimals = {token.decimals}", *_limits(token))


def _limits(asset: AssetLimits) -> Iterator[str]:
    yield f"per_transaction = {_amount(asset, asset.per_transaction)}"
    for window in asset.windows:
        yield f"{_FIELD_OF[window.hours]} = {_amount(asset, window.amount)}"
    yield from _tiers(asset.approvals, lambda amount: _amount(asset, amount))
    if asset.notice_above is not None:
        yield f"notice_above = {_amount(asset, asset.notice_above)}"


def _tiers(tiers: Sequence[ApprovalTier], said: Callable[[str], str]) -> Iterator[str]:
    if tiers:
        yield f"approvals_above = {{ {', '.join(f'{said(tier.above)} = {tier.approvals}' for tier in tiers)} }}"


def _amount(asset: AssetLimits, amount: str) -> str:
    if asset.price is None:
        return _text(format_quantity(int(amount), asset.decimals, asset.symbol))
    money = Fraction(asset.price.per_unit) * int(amount) / 10**asset.decimals
    places = asset.decimals + len(asset.price.per_unit.partition(".")[2])
    return _text(format_quantity(int(money * 10**places), places, asset.price.currency))


def _exchange(rules: ExchangeRules) -> Iterator[str]:
    name = f"exchanges.{_key(rules.exchange)}"
    yield from ("", f"[{name}]", f"endpoints = {_list(rules.endpoints)}", f"pairs = {_list(rules.pairs)}")
    if rules.inside:
        yield f"inside = {_list(rules.inside)}"
    if rules.visit_seconds:
        yield f'longest_visit = "{format_duration(rules.visit_seconds)}"'
    if rules.visit_loss is not None:
        yield f'visit_loss = "{format_quantity(rules.visit_loss, 2, "%")}"'
    if rules.declared_allowlist:
        yield "declared_allowlist = true"
    for limits in rules.limits:
        said = partial(_at_exchange, limits)
        yield from ("", f"[{name}.limits.{_key(limits.symbol)}]", f"decimals = {limits.decimals}")
        fields = {"per_order": limits.per_order}
        fields |= {_FIELD_OF[each.hours]: each.amount for each in limits.windows}
        if limits.exposure != "0":
            fields["exposure"] = limits.exposure
        for field, amount in fields.items():
            yield f"{field} = {said(amount)}"
        yield from _tiers(limits.approvals, said)


def _at_exchange(limits: ExchangeLimits, amount: str) -> str:
    return _text(format_quantity(int(amount), limits.decimals, limits.symbol))


def _price(symbol: str, price: Price) -> Iterator[str]:
    yield from ("", f"[prices.{_key(symbol)}]", f'price = "{price.per_unit} {price.currency}"')
    yield f"source = {_text(price.source)}"
    yield f"stated = {datetime.fromtimestamp(price.stated, UTC).isoformat().replace('+00:00', 'Z')}"
    yield f'max_age = "{format_duration(price.max_age)}"'


def _list(items: Iterator[str] | tuple[str, ...]) -> str:
    """One item a line where they are many, so that a person can compare them."""
    texts = [_text(item) for item in items]
    if len(texts) <= 3:
        return f"[{', '.join(texts)}]"
    return "[\n" + "".join(f"  {text},\n" for text in texts) + "]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _refusal(why: str) -> InputRefused:
    return InputRefused("policy", f"the policy cannot be written as text: {why}")
