"""The judge of what is signed on a chain: the same in every signer, and the same for every chain.

Default deny: what no rule allows is refused, and a rule whose facts are missing refuses. Every rule is looked at and
said in words, so that a dry run explains the whole decision; the first that says no is the refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from warifu.chains.reading import COIN, Kind, Outflow, Reading
from warifu.protocol.chains import spoken
from warifu.protocol.policy import AssetLimits, ChainRules, ContractRule, Policy
from warifu.signer.policy.facts import Facts, Rule, Verdict, leaves
from warifu.signer.policy.words import duration
from warifu.units import format_quantity


def judge(policy: Policy, reading: Reading, facts: Facts) -> Verdict:
    """What each rule says of signing what was read. Pure."""
    return Verdict(tuple(_judged(policy, reading, facts)))


def _judged(policy: Policy, reading: Reading, facts: Facts) -> Iterator[Rule]:
    yield from at_this_moment(policy, facts.now)
    rules = policy.rules(reading.chain)
    if rules is None:
        yield Rule("chain", False, f"nothing may leave on {spoken(reading.chain)}")
        return
    leaving = _touched(reading)
    limited = {limits.token: limits for limits in rules.assets}
    for token, amount in sorted(leaving.items()):
        if token in limited:
            yield from _asset(limited[token], amount, facts)
        else:
            yield Rule("asset", False, f"the token {token} is not among the allowed assets")
    yield from _fee(rules, reading)
    for outflow in reading.outflows:
        yield from _outflow(rules, outflow, facts)
    yield from _visits(rules, limited, reading, facts)
    if not reading.outflows:
        yield Rule("destination", True, "nothing goes to others")
    yield _approvals(policy, reading.chain, leaving, facts.approvals)
    yield from _notices(policy, limited, leaving, facts)


def at_this_moment(policy: Policy, now: int) -> Iterator[Rule]:
    """Whether anything may leave now, whatever it is."""
    if policy.frozen:
        yield Rule("frozen-wallet", False, "the wallet is frozen")
    if policy.hours:
        open_now = any(hours.cover(now) for hours in policy.hours)
        words = " or ".join(str(hours) for hours in policy.hours)
        yield Rule("hours", open_now, f"the wallet signs {words}{'' if open_now else ', and not now'}")


def _touched(reading: Reading) -> dict[str, int]:
    """What leaves of each asset; also tokens of which nothing leaves: what runs is the code at a token's address,
    whatever that is."""
    touched = {outflow.token: 0 for outflow in reading.outflows if outflow.token != COIN}
    return touched | leaves(reading)


def _asset(limits: AssetLimits, amount: int, facts: Facts) -> Iterator[Rule]:
    yield _limit(limits, "per-transaction-limit", "leave the wallet by this", amount, limits.per_transaction)
    for window in limits.windows:
        span = duration(window.hours * 3600)
        spent = facts.spent.get(window.hours)
        if spent is None:
            yield Rule("window-limit", False, f"it is not known what left the wallet in {span}")
            continue
        total = spent.get(limits.token, 0) + facts.counted.get(limits.token, 0)
        yield _limit(limits, "window-limit", f"would have left it in {span}", total, window.amount)
    if limits.price is not None:
        price, age = limits.price, facts.now - limits.price.stated
        words = (
            f"the limits of {limits.symbol} are in {price.currency}, at a price of {duration(age)} ago; "
            f"it counts for {duration(price.max_age)}"
        )
        yield Rule("price-age", price.counts(facts.now), words)


def _fee(rules: ChainRules, reading: Reading) -> Iterator[Rule]:
    coin = rules.assets[0]
    yield _limit(coin, "fee-ceiling", "may go in fees", reading.fee, rules.fee_ceiling)
    if rules.fee_share_bp is not None:
        paid = sum(outflow.amount for outflow in reading.outflows if outflow.token == COIN)
        share = paid * rules.fee_share_bp // 10_000
        most = max(share, int(rules.fee_share_above))
        what = f"may go in fees where {_said(coin, paid)} is paid"
        yield _limit(coin, "fee-share", what, reading.fee, str(most))


def _limit(limits: AssetLimits, reason: str, what: str, amount: int, limit: str) -> Rule:
    words = f"{_said(limits, amount)} {what}; the limit is {_said(limits, int(limit))}"
    return Rule(reason, amount <= int(limit), words)


def _said(limits: AssetLimits, amount: int) -> str:
    return format_quantity(amount, limits.decimals, limits.symbol)


def _outflow(rules: ChainRules, outflow: Outflow, facts: Facts) -> Iterator[Rule]:
    if outflow.to in rules.denied:
        yield Rule("destination-denied", False, f"{outflow.to} is denied")
    if outflow.kind is Kind.MESSAGE:
        words = "messages may be signed" if rules.messages else "no messages may be signed"
        yield Rule("message", rules.messages, words)
        if not _is_for_contract(outflow):
            return
    if outflow.kind in (Kind.CALL, Kind.MESSAGE):
        yield from _contract({item.contract: item for item in rules.contracts}, outflow)
    else:
        yield _destination(rules, outflow.to, facts)


def _contract(allowed: Mapping[str, ContractRule], outflow: Outflow) -> Iterator[Rule]:
    rule = allowed.get(outflow.to)
    if rule is None:
        yield Rule("contract", False, f"{outflow.to} is not among the contracts that may be called")
        return
    yield Rule("contract", True, f"{outflow.to} is an allowed contract")
    if rule.any_method:
        yield Rule("method", True, "it may be called by any method")
    elif outflow.kind is Kind.MESSAGE:
        # A contract may make of a message whatever it makes of any of its calls.
        yield Rule("method", False, "only some of its methods are allowed, and a message may stand for any")
    elif not outflow.method:
        yield Rule("method", False, "only some of its methods are allowed, and the call names none")
    else:
        known = outflow.method in rule.methods
        words = f"the method 0x{outflow.method.hex()} {'is' if known else 'is not'} among those allowed"
        yield Rule("method", known, words)


def _is_for_contract(message: Outflow) -> bool:
    """Whether a contract takes the message, and may do by it whatever it does by calls: sell tokens that it was allowed
    to take, carry out a transaction of a Safe. No domain that asks for a message begins like an address."""
    return message.to.startswith("0x")


def _destination(rules: ChainRules, to: str, facts: Facts) -> Rule:
    if to in rules.destinations:
        return Rule("destination", True, f"{to} is an allowed destination")
    if not _is_paid_freely(rules) and any(to == address for address, _ in facts.deposits):
        return Rule("destination", True, f"{to} is the deposit address of an open visit to an exchange")
    if not rules.any_destination:
        return Rule("destination", False, f"{to} is not among the allowed destinations")
    if not rules.destination_delay:
        return Rule("destination", True, "every destination is allowed")
    wait, announced = duration(rules.destination_delay), facts.known.get(to)
    if announced is None:
        words = f"{to} is new: it must be announced {wait} before it is paid, and was not"
        return Rule("destination-new", False, words)
    age = facts.now - announced
    words = f"{to} was announced {duration(age)} ago; it may be paid after {wait}"
    return Rule("destination-new", age >= rules.destination_delay, words)


def _is_paid_freely(rules: ChainRules) -> bool:
    """Whether an address that is not named is paid at once."""
    return rules.any_destination and not rules.destination_delay


def _visits(
    rules: ChainRules, limited: Mapping[str, AssetLimits], reading: Reading, facts: Facts
) -> Iterator[Rule]:
    """To a visit's deposit address goes what it is for, and no more of it; all outflows to it together."""
    addresses = {address for address, _ in facts.deposits} - set(rules.destinations)
    visiting = [outflow for outflow in reading.outflows if outflow.to in addresses]
    if _is_paid_freely(rules) or not visiting:
        return
    totals: Counter[tuple[str, str]] = Counter()
    for outflow in visiting:
        place = outflow.to, outflow.token
        totals[place] += outflow.amount
        if outflow.kind is not Kind.PAYMENT or place not in facts.deposits or outflow.token not in limited:
            yield Rule("visit-amount", False, f"something else goes to {outflow.to} than a visit is for")
            return
    for (to, token), total in sorted(totals.items()):
        most = str(facts.deposits[to, token])
        yield _limit(limited[token], "visit-amount", f"go to {to} for a visit", total, most)


def _approvals(policy: Policy, chain: str, leaving: Mapping[str, int], given: int) -> Rule:
    needed = policy.approvals_for(chain, leaving)
    return Rule("approvals", given >= needed, f"approved by {given} of the owners; {needed} must")


def _notices(
    policy: Policy, limited: Mapping[str, AssetLimits], leaving: Mapping[str, int], facts: Facts
) -> Iterator[Rule]:
    for token, amount in sorted(leaving.items()):
        limits = limited.get(token)
        if limits is None or limits.notice_above is None:
            continue
        said, above = _said(limits, amount), _said(limits, int(limits.notice_above))
        wait = duration(policy.notice_delay)
        if amount <= int(limits.notice_above):
            yield Rule("notice", True, f"{said} is not more than {above}, and needs no notice")
        elif facts.notice is None:
            words = f"{said} is more than {above}: it must be announced {wait} before, and was not"
            yield Rule("notice", False, words)
        else:
            age = facts.now - facts.notice
            words = f"{said} was announced {duration(age)} ago; it may leave after {wait}"
            yield Rule("notice", age >= policy.notice_delay, words)
