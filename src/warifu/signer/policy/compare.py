"""Old rules against new ones, rule by rule: what tightens takes effect at once, what loosens waits.

Pure and total. A change tightens a rule if every judge that refused still refuses, whatever is asked and whatever is
known; it loosens it if that is not so, *or cannot be said*. So what nobody thought about waits: a field that is not
compared here loosens whatever it was changed to, and so does any change of how an asset is called or counted, because
a person judges by what he is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain as joined
from typing import Literal, TypeVar

from warifu.protocol.chains import spoken
from warifu.protocol.encoding import Message
from warifu.protocol.policy import (
    DAY,
    DAYS,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    ContractRule,
    DeviceRules,
    ExchangeLimits,
    ExchangeRules,
    Hours,
    Policy,
    Price,
    Window,
)
from warifu.protocol.rules import Rules
from warifu.signer.policy.words import duration
from warifu.units import format_quantity

Effect = Literal["tightens", "loosens", "same"]
_WEEK = 7 * 1440
_ALWAYS = (1 << _WEEK) - 1
_NEVER = -1
"""How freely a destination is paid: never. Larger numbers are freer."""
_AT_ONCE = 366 * DAY
"""Of a destination that is paid without waiting; each second of a wait takes one away."""
T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """One rule that differs. ``rule``: the reason with which the judge refuses by it, where it does."""

    rule: str
    effect: Effect
    words: str


def compare(old: Rules, new: Rules) -> tuple[Change, ...]:
    """Every rule that differs; empty where none does. The revision is no rule."""
    return tuple(joined(_owners(old, new), _policy(old.policy, new.policy)))


def loosening(changes: Iterable[Change]) -> bool:
    """Whether any of them lets more happen than before, or may."""
    return any(change.effect == "loosens" for change in changes)


# --- the whole -------------------------------------------------------------------------------------------------------


def _owners(old: Rules, new: Rules) -> Iterator[Change]:
    """A new owner may say yes where nobody did before; one that is gone can veto no more."""
    before, after = set(old.owners), set(new.owners)
    for count, what in ((len(after - before), "added"), (len(before - after), "removed")):
        if count:
            owners = "an owner's credential is" if count == 1 else f"{count} owners' credentials are"
            yield Change("owners", "loosens", f"{owners} {what}")
    if before == after and old.owners != new.owners:
        yield Change("owners", "same", "the owners are listed in another order")
    yield from _unforeseen(old, new, "revision", "owners", "policy")


def _policy(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _switch("frozen-wallet", "the wallet is frozen", old.frozen, new.frozen)
    yield from _more("approvals", "owners who approve everything", old.approvals_needed, new.approvals_needed)
    yield from _hours(old.hours, new.hours)
    waits = "a change that allows more waits"
    yield from _more("loosening-delay", waits, old.loosening_delay, new.loosening_delay, duration)
    waits = "an announced payment waits"
    yield from _more("notice-delay", waits, old.notice_delay, new.notice_delay, duration)
    yield from _switch("strict", "a spend needs acknowledgements (strict)", old.strict, new.strict)
    tries = "wrong passphrases before a device locks"
    yield from _less("passphrase-tries", tries, old.passphrase_tries, new.passphrase_tries)
    yield from _devices(old.devices, new.devices)
    chains = {item.chain: item for item in old.chains}, {item.chain: item for item in new.chains}
    yield from _each("chain", "payments on", *chains, _chain, spoken)
    exchanges = (
        {item.exchange: item for item in old.exchanges},
        {item.exchange: item for item in new.exchanges},
    )
    yield from _each("exchange", "calls of the exchange", *exchanges, _exchange)
    if old.exchanges:
        yield from _payees(old, new)
    yield from _unforeseen(
        old,
        new,
        "version",
        "frozen",
        "approvals_needed",
        "hours",
        "loosening_delay",
        "notice_delay",
        "strict",
        "passphrase_tries",
        "devices",
        "chains",
        "exchanges",
    )


def _payees(old: Policy, new: Policy) -> Iterator[Change]:
    """Who is named on a chain may be paid by withdrawals from exchanges, too; that any other may be paid on the chain
    says nothing about exchanges (``warifu.signer.policy.exchanges``)."""
    for rules in new.chains:
        before = old.rules(rules.chain)
        if before is not None:
            what = f"{spoken(rules.chain)}: exchanges may pay out to"
            yield from _set("destination", what, before.destinations, rules.destinations, grows="loosens")


def _hours(old: tuple[Hours, ...], new: tuple[Hours, ...]) -> Iterator[Change]:
    if old == new:
        return
    before, after = _minutes(old), _minutes(new)
    words = f"the wallet signs {_said_hours(new)}; it was {_said_hours(old)}"
    if before == after:
        yield Change("hours", "same", words)
    else:
        yield Change("hours", "loosens" if after & ~before else "tightens", words)


def _minutes(hours: tuple[Hours, ...]) -> int:
    """The minutes of a week (UTC, from Monday) that they cover, as bits."""
    if not hours:
        return _ALWAYS
    covered = 0
    for item in hours:
        length = item.to_minute - item.from_minute
        for day in item.days:
            start = (DAYS.index(day) * 1440 + item.from_minute - item.utc_offset_minutes) % _WEEK
            bits = ((1 << length) - 1) << start
            covered |= (bits | bits >> _WEEK) & _ALWAYS  # what runs over Sunday's end is on Monday
    return covered


def _said_hours(hours: tuple[Hours, ...]) -> str:
    return " or ".join(map(str, hours)) or "at any time"


def _devices(old: DeviceRules, new: DeviceRules) -> Iterator[Change]:
    yield from _more("tier", "tier that a device must have", old.least_tier, new.least_tier)
    yield from _set("host-posture", "what a host must have", old.host, new.host, grows="tightens")
    counts = "what the owner declares of a host counts"
    yield from _switch("host-posture", counts, old.declared_counts, new.declared_counts, on="loosens")
    age = "a look at the host counts for"
    yield from _less("host-posture", age, old.host_max_age, new.host_max_age, duration)
    yield from _unforeseen(old, new, "least_tier", "host", "declared_counts", "host_max_age")


# --- a chain ---------------------------------------------------------------------------------------------------------


def _chain(old: ChainRules, new: ChainRules) -> Iterator[Change]:
    coin = old.assets[0]
    chain = spoken(old.chain)

    def said(amount: int) -> str:
        return _said(coin, amount)

    fees = f"{chain}: most in fees"
    yield from _less("fee-ceiling", fees, int(old.fee_ceiling), int(new.fee_ceiling), said)
    yield from _fee_share(old, new, chain)
    yield from _destinations(old, new, chain)
    yield from _set("destination-denied", f"{chain}: denied", old.denied, new.denied, grows="tightens")
    yield from _switch(
        "message", f"{chain}: messages may be signed", old.messages, new.messages, on="loosens"
    )
    contracts = (
        {item.contract: item for item in old.contracts},
        {item.contract: item for item in new.contracts},
    )
    yield from _each("contract", f"{chain}: calls of", *contracts, _contract)
    assets = {item.token: item for item in old.assets}, {item.token: item for item in new.assets}
    names = {item.token: item.symbol for item in (*old.assets, *new.assets)}
    yield from _each("asset", f"{chain}: payments of", *assets, _asset, lambda token: names[token])
    yield from _unforeseen(
        old,
        new,
        "chain",
        "fee_ceiling",
        "fee_share_bp",
        "fee_share_above",
        "any_destination",
        "destinations",
        "destination_delay",
        "denied",
        "messages",
        "contracts",
        "assets",
    )


def _fee_share(old: ChainRules, new: ChainRules, chain: str) -> Iterator[Change]:
    before, after = (old.fee_share_bp, old.fee_share_above), (new.fee_share_bp, new.fee_share_above)
    if before == after:
        return
    words = f"{chain}: a fee is at most {_said_share(new)}; it was {_said_share(old)}"
    if new.fee_share_bp is None:
        yield Change("fee-share", "loosens", words)
    elif old.fee_share_bp is None:
        yield Change("fee-share", "tightens", words)
    else:
        less = new.fee_share_bp <= old.fee_share_bp and int(new.fee_share_above) <= int(old.fee_share_above)
        yield Change("fee-share", "tightens" if less else "loosens", words)


def _said_share(rules: ChainRules) -> str:
    if rules.fee_share_bp is None:
        return "any share of what is paid"
    whole, rest = divmod(rules.fee_share_bp, 100)
    return f"{whole}.{rest:02d} % of what is paid, above {_said(rules.assets[0], int(rules.fee_share_above))}"


def _destinations(old: ChainRules, new: ChainRules, chain: str) -> Iterator[Change]:
    """Each named one, and all others, by how freely it is paid."""
    for address in sorted({*old.destinations, *new.destinations}):
        yield from _freedom(f"{chain}: {address}", _freely(old, address), _freely(new, address))
    yield from _freedom(f"{chain}: other addresses", _freely(old, None), _freely(new, None))


def _freely(rules: ChainRules, address: str | None) -> int:
    """``address`` None: one that is not named."""
    if address in rules.destinations:
        return _AT_ONCE
    return _AT_ONCE - rules.destination_delay if rules.any_destination else _NEVER


def _freedom(who: str, before: int, after: int) -> Iterator[Change]:
    if before == after:
        return

    def said(freedom: int) -> str:
        wait = _AT_ONCE - freedom
        return "no" if freedom == _NEVER else f"{duration(wait)} after a notice" if wait else "at once"

    effect: Effect = "loosens" if after > before else "tightens"
    yield Change("destination", effect, f"{who} may be paid: {said(after)}; it was: {said(before)}")


def _contract(old: ContractRule, new: ContractRule) -> Iterator[Change]:
    if old.any_method and not new.any_method:
        yield Change("method", "tightens", f"{old.contract}: only {len(new.methods)} methods, no longer any")
    elif new.any_method and not old.any_method:
        yield Change("method", "loosens", f"{old.contract}: any method, not only {len(old.methods)}")
    else:
        before, after = (tuple(f"0x{each.hex()}" for each in item.methods) for item in (old, new))
        yield from _set("method", f"{old.contract}: methods", before, after, grows="loosens")
    yield from _unforeseen(old, new, "contract", "any_method", "methods")


def _asset(old: AssetLimits, new: AssetLimits) -> Iterator[Change]:
    name = old.symbol

    def said(amount: int) -> str:
        return _said(new, amount)

    if (old.symbol, old.decimals) != (new.symbol, new.decimals):
        words = (
            f"{name} is called {new.symbol} and counted with {new.decimals} decimals; it was {old.decimals}"
        )
        yield Change("asset", "loosens", words)
    most = f"{name}: most by one transaction"
    yield from _less("per-transaction-limit", most, int(old.per_transaction), int(new.per_transaction), said)
    yield from _windows(name, old.windows, new.windows, said)
    yield from _tiers(name, old.approvals, new.approvals, said)
    yield from _notice(old, new, said)
    yield from _price(name, old.price, new.price)
    yield from _unforeseen(
        old,
        new,
        "token",
        "symbol",
        "decimals",
        "per_transaction",
        "windows",
        "approvals",
        "notice_above",
        "price",
    )


def _windows(
    name: str, old: tuple[Window, ...], new: tuple[Window, ...], said: Callable[[int], str]
) -> Iterator[Change]:
    before, after = (
        {each.hours: int(each.amount) for each in old},
        {each.hours: int(each.amount) for each in new},
    )
    for hours in sorted(before.keys() | after.keys()):
        what = f"{name}: most in {duration(hours * 3600)}"
        if hours not in after:
            yield Change(
                "window-limit", "loosens", f"{what}: no limit any more; it was {said(before[hours])}"
            )
        elif hours not in before:
            yield Change("window-limit", "tightens", f"{what}: {said(after[hours])}; there was no limit")
        else:
            yield from _less("window-limit", what, before[hours], after[hours], said)


def _tiers(
    name: str, old: tuple[ApprovalTier, ...], new: tuple[ApprovalTier, ...], said: Callable[[int], str]
) -> Iterator[Change]:
    """As functions of the amount, which change just above each tier's."""
    if old == new:
        return
    amounts = {0, *(int(tier.above) + 1 for tier in (*old, *new))}
    for amount in sorted(amounts):
        above = f"{name}: owners who approve {said(amount)}"
        yield from _more("approvals", above, _needed(old, amount), _needed(new, amount))


def _needed(tiers: tuple[ApprovalTier, ...], amount: int) -> int:
    return max((tier.approvals for tier in tiers if amount > int(tier.above)), default=1)


def _notice(old: AssetLimits, new: AssetLimits, said: Callable[[int], str]) -> Iterator[Change]:
    if old.notice_above == new.notice_above:
        return
    before, after = old.notice_above, new.notice_above
    if after is None:
        words = f"{old.symbol}: nothing has to be announced; it was above {said(int(before or '0'))}"
        yield Change("notice", "loosens", words)
    elif before is None:
        words = f"{old.symbol}: what is above {said(int(after))} has to be announced; nothing had to be"
        yield Change("notice", "tightens", words)
    else:
        yield from _less("notice", f"{old.symbol}: needs no notice up to", int(before), int(after), said)


def _price(name: str, old: Price | None, new: Price | None) -> Iterator[Change]:
    if old == new:
        return
    if new is None:
        yield Change(
            "price-age", "loosens", f"{name}: its limits follow no price any more, and never become old"
        )
    elif old is None:
        yield Change("price-age", "tightens", f"{name}: its limits count for {duration(new.max_age)}")
    else:
        same = (old.currency, old.per_unit, old.source) == (new.currency, new.per_unit, new.source)
        within = new.stated >= old.stated and new.stated + new.max_age <= old.stated + old.max_age
        words = f"{name}: its limits follow another price, or count for another time"
        yield Change("price-age", "tightens" if same and within else "loosens", words)


# --- an exchange -----------------------------------------------------------------------------------------------------


_UNBOUNDED = 10_000
"""What a visit may lose where no rule says it, in hundredths of a percent."""


def _exchange(old: ExchangeRules, new: ExchangeRules) -> Iterator[Change]:
    name = old.exchange
    yield from _set("endpoint", f"{name}: endpoints", old.endpoints, new.endpoints, grows="loosens")
    yield from _set("pair", f"{name}: pairs", old.pairs, new.pairs, grows="loosens")
    limits = {item.symbol: item for item in old.limits}, {item.symbol: item for item in new.limits}
    yield from _each("asset", f"{name}: orders of", *limits, _exchange_limits)
    yield from _set("destination", f"{name}: places there", old.inside, new.inside, grows="loosens")
    visit = f"{name}: the longest visit"
    yield from _less("visit-time", visit, old.visit_seconds, new.visit_seconds, duration)
    listed = f"{name}: its own list of addresses is declared to be on"
    yield from _switch("allowlist", listed, old.declared_allowlist, new.declared_allowlist, on="loosens")
    lost = f"{name}: the most that a visit may lose"
    before, after = (_UNBOUNDED if each.visit_loss is None else each.visit_loss for each in (old, new))
    yield from _less("visit-loss", lost, before, after, _share)
    compared = (
        "endpoints",
        "pairs",
        "limits",
        "inside",
        "visit_seconds",
        "visit_loss",
        "declared_allowlist",
    )
    yield from _unforeseen(old, new, "exchange", *compared)


def _share(bound: int) -> str:
    if bound == _UNBOUNDED:
        return "all of it"
    return f"{bound // 100}.{bound % 100:02d} % of what it brought"


def _exchange_limits(old: ExchangeLimits, new: ExchangeLimits) -> Iterator[Change]:
    def said(amount: int) -> str:
        return format_quantity(amount, new.decimals, new.symbol)

    if old.decimals != new.decimals:
        words = f"{old.symbol} is counted with {new.decimals} decimals; it was {old.decimals}"
        yield Change("asset", "loosens", words)
    most = f"{old.symbol}: most by one order"
    yield from _less("per-transaction-limit", most, int(old.per_order), int(new.per_order), said)
    yield from _windows(old.symbol, old.windows, new.windows, said)
    there = f"{old.symbol}: most at the exchange by visits"
    yield from _less("exposure", there, int(old.exposure), int(new.exposure), said)
    yield from _tiers(f"{old.symbol} at the exchange", old.approvals, new.approvals, said)
    yield from _unforeseen(old, new, "symbol", "decimals", "per_order", "windows", "exposure", "approvals")


# --- how any rule differs --------------------------------------------------------------------------------------------


def _more(
    rule: str, what: str, before: int, after: int, said: Callable[[int], str] = str
) -> Iterator[Change]:
    """A number of which more allows less."""
    if before != after:
        effect: Effect = "tightens" if after > before else "loosens"
        yield Change(rule, effect, f"{what}: {said(after)}; it was {said(before)}")


def _less(
    rule: str, what: str, before: int, after: int, said: Callable[[int], str] = str
) -> Iterator[Change]:
    """A number of which less allows less."""
    if before != after:
        effect: Effect = "tightens" if after < before else "loosens"
        yield Change(rule, effect, f"{what}: {said(after)}; it was {said(before)}")


def _switch(rule: str, what: str, before: bool, after: bool, on: Effect = "tightens") -> Iterator[Change]:
    if before != after:
        off: Effect = "loosens" if on == "tightens" else "tightens"
        words = f"{what}: {'yes' if after else 'no'}; it was {'yes' if before else 'no'}"
        yield Change(rule, on if after else off, words)


def _set(
    rule: str, what: str, before: Iterable[str], after: Iterable[str], grows: Effect
) -> Iterator[Change]:
    """Each one that came or went. ``grows``: what it does to the rule that one came."""
    shrinks: Effect = "loosens" if grows == "tightens" else "tightens"
    for item in sorted(set(after) - set(before)):
        yield Change(rule, grows, f"{what}: {item} is added")
    for item in sorted(set(before) - set(after)):
        yield Change(rule, shrinks, f"{what}: {item} is removed")


def _each(
    rule: str,
    what: str,
    before: Mapping[str, T],
    after: Mapping[str, T],
    differ: Callable[[T, T], Iterator[Change]],
    said: Callable[[str], str] = str,
) -> Iterator[Change]:
    """Things by name, of which one that is not there is allowed nothing."""
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change(rule, "tightens", f"{what} {said(name)} are no longer allowed")
        elif name not in before:
            yield Change(rule, "loosens", f"{what} {said(name)} are allowed from then on")
        elif before[name] != after[name]:
            yield from differ(before[name], after[name])


def _unforeseen(old: Message, new: Message, *compared: str) -> Iterator[Change]:
    """Fields that nobody compares: whatever they mean, a change of them waits."""
    for field in old.__struct_fields__:
        if field not in compared and getattr(old, field) != getattr(new, field):
            yield Change("other", "loosens", f"'{field}' is another one")


def _said(limits: AssetLimits, amount: int) -> str:
    return format_quantity(amount, limits.decimals, limits.symbol)
