"""Whatever the policy, the transaction and what a signer knows: less that is allowed or known never allows more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from tests.support.policies import ADDRESSES, facts, policies, readings

from warifu.chains.reading import Reading
from warifu.protocol.encoding import decode, encode
from warifu.protocol.policy import (
    MAX_POLICY_BYTES,
    WINDOWS,
    ApprovalTier,
    AssetLimits,
    Policy,
    Window,
    policy_hash,
)
from warifu.signer.policy.facts import Facts
from warifu.signer.policy.judge import judge

pytestmark = [pytest.mark.unit, pytest.mark.slow]

S = TypeVar("S", bound=msgspec.Struct)
quick = settings(max_examples=60, deadline=None)


def allows(policy: Policy, reading: Reading, known: Facts) -> bool:
    return judge(policy, reading, known).refusal is None


def changed(value: S, **fields: Any) -> S:
    return msgspec.structs.replace(value, **fields)


def without_one(values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for place in range(len(values)):
        yield values[:place] + values[place + 1 :]


def with_rules(policy: Policy, place: int, **fields: Any) -> Policy:
    chains = list(policy.chains)
    chains[place] = changed(chains[place], **fields)
    return changed(policy, chains=tuple(chains))


def with_less_allowed(policy: Policy) -> Iterator[Policy]:
    """Each policy that lacks one thing that ``policy`` allows."""
    for chains in without_one(policy.chains):
        yield changed(policy, chains=chains)
    for place, rules in enumerate(policy.chains):
        for assets in without_one(rules.assets[1:]):
            yield with_rules(policy, place, assets=(rules.assets[0], *assets))
        for destinations in without_one(rules.destinations):
            yield with_rules(policy, place, destinations=destinations)
        for contracts in without_one(rules.contracts):
            yield with_rules(policy, place, contracts=contracts)
        if rules.any_destination:
            yield with_rules(policy, place, any_destination=False, destination_delay=0)
        if rules.messages:
            yield with_rules(policy, place, messages=False)


def with_more_limits(policy: Policy) -> Iterator[Policy]:
    """Each policy that has one rule more, or a stricter one."""
    yield changed(policy, frozen=True)
    yield changed(policy, approvals_needed=policy.approvals_needed + 1)
    yield changed(policy, notice_delay=policy.notice_delay + 1)
    for place, rules in enumerate(policy.chains):
        for address in sorted(set(ADDRESSES) - set(rules.denied)):
            yield with_rules(policy, place, denied=tuple(sorted({*rules.denied, address})))
        yield with_rules(policy, place, fee_ceiling=less(rules.fee_ceiling))
        if rules.fee_share_bp is None:
            yield with_rules(policy, place, fee_share_bp=100, fee_share_above="1")
        elif rules.fee_share_bp:
            yield with_rules(policy, place, fee_share_bp=rules.fee_share_bp - 1)
        if rules.any_destination:
            yield with_rules(policy, place, destination_delay=rules.destination_delay + 60)
        for position, asset in enumerate(rules.assets):
            for stricter in with_stricter_limits(asset):
                assets = (*rules.assets[:position], stricter, *rules.assets[position + 1 :])
                yield with_rules(policy, place, assets=assets)


def with_stricter_limits(asset: AssetLimits) -> Iterator[AssetLimits]:
    yield changed(asset, per_transaction=less(asset.per_transaction))
    yield changed(asset, notice_above="0" if asset.notice_above is None else less(asset.notice_above))
    if not asset.approvals:
        yield changed(asset, approvals=(ApprovalTier("3", 2),))
    for hours in WINDOWS:
        amounts = {window.hours: window.amount for window in asset.windows}
        amounts[hours] = less(amounts.get(hours, "5"))
        yield changed(
            asset, windows=tuple(Window(each, amounts[each]) for each in WINDOWS if each in amounts)
        )


def less(amount: str) -> str:
    return str(max(0, int(amount) - 1))


def knowing_less(known: Facts) -> Iterator[Facts]:
    """Each set of facts that lacks one."""
    yield replace(known, approvals=max(0, known.approvals - 1))
    yield replace(known, notice=None)
    for hours in known.spent:
        yield replace(known, spent={each: spent for each, spent in known.spent.items() if each != hours})
    for address in known.known:
        yield replace(known, known={each: at for each, at in known.known.items() if each != address})


@quick
@given(policies(), readings(), facts())
def test_what_is_taken_from_a_policy_never_makes_it_allow_more(policy, reading, known):
    if not allows(policy, reading, known):
        assert not any(allows(each, reading, known) for each in with_less_allowed(policy))


@quick
@given(policies(), readings(), facts())
def test_a_rule_more_never_allows_more(policy, reading, known):
    if not allows(policy, reading, known):
        assert not any(allows(each, reading, known) for each in with_more_limits(policy))


@quick
@given(policies(), readings(), facts())
def test_no_rule_is_skipped_because_a_signer_knows_less(policy, reading, known):
    if not allows(policy, reading, known):
        assert not any(allows(policy, reading, each) for each in knowing_less(known))


@quick
@given(policies(), readings(), facts())
def test_everything_is_explained_and_the_first_denial_is_the_refusal(policy, reading, known):
    verdict = judge(policy, reading, known)
    assert verdict.rules
    assert all(rule.words and rule.reason for rule in verdict.rules)
    denied = [rule.reason for rule in verdict.rules if not rule.allowed]
    assert (verdict.refusal.reason if verdict.refusal else None) == (denied[0] if denied else None)


@quick
@given(policies())
def test_a_policy_has_one_encoding(policy):
    again = decode(Policy, encode(policy), MAX_POLICY_BYTES)
    assert again == policy and policy_hash(again) == policy_hash(policy)


@quick
@given(policies(), policies())
def test_two_policies_never_share_a_hash(one, other):
    assert (policy_hash(one) == policy_hash(other)) == (one == other)
