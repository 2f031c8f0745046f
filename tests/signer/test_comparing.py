"""Old rules against new ones: what tightens is called so, what loosens or cannot be ordered is called loosening."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.limits import limits
from tests.support.policies import (
    ADDRESSES,
    CHAINS,
    PLACES,
    TOKENS,
    chain_rules,
    exchange_calls,
    exchange_facts,
    exchanges,
    facts,
    policies,
    readings,
    stays,
)

from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import Message
from warifu.protocol.policy import (
    DAY,
    DAYS,
    HOUR,
    POLICY_VERSION,
    WINDOWS,
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
from warifu.signer.policy.compare import Change, _unforeseen, compare, loosening
from warifu.signer.policy.exchanges import judge_call
from warifu.signer.policy.judge import judge
from warifu.signer.policy.visits import HomeFacts, StayFacts, judge_home, judge_opening, judge_stay

pytestmark = [pytest.mark.unit, pytest.mark.slow]

ME, YOU = DeviceKey(b"m" * 32), DeviceKey(b"y" * 32)
FRIEND, SHOP, THIEF = (f"0x{digit * 40}" for digit in "1ab")
ROUTER, TOKEN = "0x" + "c" * 40, "0x" + "d" * 40
SWAP, MINT = b"\x01\x02\x03\x04", b"\x0a\x0b\x0c\x0d"
ETHEREUM = "eip155:1"
COIN = limits("", "ETH", 18, 100, 500, approvals=(ApprovalTier("50", 2),), notice_above="80")
CHAIN = ChainRules(
    ETHEREUM,
    "10",
    False,
    (FRIEND, SHOP),
    (COIN, limits(TOKEN, "USDC", 6, 100, 500)),
    (ContractRule(ROUTER, (SWAP,), False),),
    True,
    denied=(THIEF,),
    fee_share_bp=100,
    fee_share_above="5",
)
DAILY = (Window(24, "500"),)
OFFICE = Hours(("mon", "tue", "wed", "thu", "fri"), 9 * 60, 18 * 60, 9 * 60)
POLICY = Policy(
    POLICY_VERSION,
    5,
    (CHAIN,),
    DeviceRules(1, ("lkrg",), False, 600),
    (
        ExchangeRules(
            "coinbase",
            ("GET /accounts", "POST /orders"),
            ("BTC-USD",),
            (ExchangeLimits("BTC", 8, "100", DAILY, "40"),),
            ("bank:1",),
            2 * HOUR,
        ),
    ),
    (OFFICE,),
    approvals_needed=1,
    notice_delay=DAY,
    loosening_delay=2 * DAY,
)
RULES = Rules(1, (ME,), POLICY)


def with_policy(**fields: Any) -> Rules:
    return Rules(2, (ME,), msgspec.structs.replace(POLICY, **fields))


def with_chain(**fields: Any) -> Rules:
    return with_policy(chains=(msgspec.structs.replace(CHAIN, **fields),))


def without_exchanges(**fields: Any) -> Rules:
    return with_policy(exchanges=(), chains=(msgspec.structs.replace(CHAIN, **fields),))


def with_coin(**fields: Any) -> Rules:
    return with_chain(assets=(msgspec.structs.replace(COIN, **fields), CHAIN.assets[1]))


def with_exchange(**fields: Any) -> Rules:
    return with_policy(exchanges=(msgspec.structs.replace(POLICY.exchanges[0], **fields),))


PAIRS: list[tuple[str, str, Rules, Rules]] = [
    ("frozen", "frozen-wallet", RULES, with_policy(frozen=True)),
    ("strict", "strict", RULES, with_policy(strict=True)),
    ("more approvals for all", "approvals", RULES, with_policy(approvals_needed=2)),
    ("a longer wait for changes", "loosening-delay", RULES, with_policy(loosening_delay=2 * DAY + 1)),
    ("a longer wait after a notice", "notice-delay", RULES, with_policy(notice_delay=DAY + 1)),
    ("fewer tries", "passphrase-tries", RULES, with_policy(passphrase_tries=4)),
    ("shorter hours", "hours", RULES, with_policy(hours=(Hours(OFFICE.days, 9 * 60, 17 * 60, 9 * 60),))),
    ("hours at all", "hours", with_policy(hours=()), RULES),
    ("a higher tier", "tier", RULES, with_policy(devices=DeviceRules(2, ("lkrg",), False, 600))),
    (
        "another claim",
        "host-posture",
        RULES,
        with_policy(devices=DeviceRules(1, ("lkrg", "ved"), False, 600)),
    ),
    ("a fresher look", "host-posture", RULES, with_policy(devices=DeviceRules(1, ("lkrg",), False, 599))),
    (
        "what is declared no longer counts",
        "host-posture",
        with_policy(devices=DeviceRules(1, ("lkrg",), True, 600)),
        RULES,
    ),
    ("no chain any more", "chain", RULES, with_policy(chains=())),
    ("a lower fee", "fee-ceiling", RULES, with_chain(fee_ceiling="9")),
    ("a smaller share", "fee-share", RULES, with_chain(fee_share_bp=99)),
    ("a share at all", "fee-share", with_chain(fee_share_bp=None, fee_share_above="0"), RULES),
    ("a destination fewer", "destination", RULES, with_chain(destinations=(FRIEND,))),
    (
        "only some destinations",
        "destination",
        without_exchanges(any_destination=True, destinations=()),
        without_exchanges(),
    ),
    (
        "a delay for new destinations",
        "destination",
        without_exchanges(any_destination=True, destinations=()),
        without_exchanges(any_destination=True, destinations=(FRIEND,), destination_delay=HOUR),
    ),
    ("one more denied", "destination-denied", RULES, with_chain(denied=(SHOP, THIEF))),
    ("no messages", "message", RULES, with_chain(messages=False)),
    ("no contract", "contract", RULES, with_chain(contracts=())),
    (
        "only some methods",
        "method",
        with_chain(contracts=(ContractRule(ROUTER, (), True),)),
        RULES,
    ),
    (
        "a method fewer",
        "method",
        with_chain(contracts=(ContractRule(ROUTER, (SWAP, MINT), False),)),
        RULES,
    ),
    ("no token", "asset", RULES, with_chain(assets=(COIN,))),
    ("less by one", "per-transaction-limit", RULES, with_coin(per_transaction="99")),
    ("less in a day", "window-limit", RULES, with_coin(windows=(Window(24, "499"),))),
    (
        "another window",
        "window-limit",
        RULES,
        with_coin(windows=(Window(24, "500"), Window(168, "9999"))),
    ),
    ("approvals from less", "approvals", RULES, with_coin(approvals=(ApprovalTier("49", 2),))),
    ("another tier", "approvals", RULES, with_coin(approvals=(ApprovalTier("50", 2), ApprovalTier("90", 3)))),
    ("a notice from less", "notice", RULES, with_coin(notice_above="79")),
    ("a notice at all", "notice", with_coin(notice_above=None), RULES),
    (
        "limits that become old",
        "price-age",
        RULES,
        with_coin(price=Price("EUR", "2000", "somewhere", 1_800_000_000, DAY)),
    ),
    (
        "limits that become old sooner",
        "price-age",
        with_coin(price=Price("EUR", "2000", "somewhere", 1_800_000_000, 2 * DAY)),
        with_coin(price=Price("EUR", "2000", "somewhere", 1_800_000_000, DAY)),
    ),
    ("no exchange", "exchange", RULES, with_policy(exchanges=())),
    ("a shorter visit", "visit-time", RULES, with_exchange(visit_seconds=2 * HOUR - 1)),
    ("no visit", "visit-time", RULES, with_exchange(visit_seconds=0)),
    ("a bound on loss", "visit-loss", RULES, with_exchange(visit_loss=9_999)),
    (
        "a closer bound",
        "visit-loss",
        with_exchange(visit_loss=500),
        with_exchange(visit_loss=499),
    ),
    ("no list declared", "allowlist", with_exchange(declared_allowlist=True), RULES),
    ("a place fewer", "destination", RULES, with_exchange(inside=())),
    ("another place fewer", "destination", with_exchange(inside=("bank:1", "profile:2")), RULES),
    (
        "less at once",
        "exposure",
        RULES,
        with_exchange(limits=(ExchangeLimits("BTC", 8, "100", DAILY, "39"),)),
    ),
    ("an endpoint fewer", "endpoint", RULES, with_exchange(endpoints=("GET /accounts",))),
    ("no pair", "pair", RULES, with_exchange(pairs=())),
    ("no limit is no order", "asset", RULES, with_exchange(limits=())),
    (
        "more owners for large orders",
        "approvals",
        RULES,
        with_exchange(limits=(ExchangeLimits("BTC", 8, "100", DAILY, "40", (ApprovalTier("50", 2),)),)),
    ),
    (
        "more owners for smaller orders",
        "approvals",
        with_exchange(limits=(ExchangeLimits("BTC", 8, "100", DAILY, "40", (ApprovalTier("50", 2),)),)),
        with_exchange(limits=(ExchangeLimits("BTC", 8, "100", DAILY, "40", (ApprovalTier("49", 2),)),)),
    ),
    (
        "smaller orders",
        "per-transaction-limit",
        RULES,
        with_exchange(limits=(ExchangeLimits("BTC", 8, "99", DAILY, "40"),)),
    ),
]


@pytest.mark.parametrize(
    ("rule", "old", "new"), [each[1:] for each in PAIRS], ids=[each[0] for each in PAIRS]
)
def test_what_allows_less_tightens_and_the_way_back_loosens(rule, old, new):
    there, back = compare(old, new), compare(new, old)
    assert {(change.rule, change.effect) for change in there} == {(rule, "tightens")}
    assert {(change.rule, change.effect) for change in back} == {(rule, "loosens")}
    assert not loosening(there) and loosening(back)
    assert all(change.words for change in (*there, *back))


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        (Rules(2, (ME, YOU), POLICY), "owners"),
        (Rules(2, (YOU,), POLICY), "owners"),
        (with_coin(symbol="WETH"), "asset"),
        (with_coin(decimals=6), "asset"),
        (with_exchange(limits=(ExchangeLimits("BTC", 9, "100", DAILY, "40"),)), "asset"),
        (with_chain(fee_share_bp=99, fee_share_above="6"), "fee-share"),
        (with_coin(approvals=(ApprovalTier("60", 3),)), "approvals"),
        (with_policy(hours=(Hours(("sat",), 0, 60, 0),)), "hours"),
        (
            with_policy(hours=(Hours(OFFICE.days, 8 * 60, 17 * 60, 9 * 60),)),
            "hours",
        ),
        (with_coin(windows=(Window(168, "1"),)), "window-limit"),
        (with_chain(destinations=(FRIEND, THIEF)), "destination"),
    ],
)
def test_what_cannot_be_ordered_loosens(new, rule):
    """Also where most of it tightens: what is part of one change waits with it."""
    assert any(change.rule == rule and change.effect == "loosens" for change in compare(RULES, new))


def test_whom_exchanges_may_pay_is_compared_beside_whom_the_wallet_may():
    """Who is named where anybody may be paid can be paid by a withdrawal from then on, and could not before."""
    anybody = with_chain(any_destination=True, destinations=())
    changes = compare(anybody, RULES)
    assert {(change.rule, change.effect) for change in changes} == {
        ("destination", "tightens"),
        ("destination", "loosens"),
    }
    assert f"exchanges may pay out to: {FRIEND} is added" in " ".join(change.words for change in changes)


def test_a_credential_that_goes_is_a_loosening_as_one_that_comes():
    two = Rules(1, (ME, YOU), POLICY)
    assert loosening(compare(two, Rules(2, (ME,), POLICY)))
    assert loosening(compare(Rules(1, (ME,), POLICY), Rules(2, (ME, YOU), POLICY)))
    assert not loosening(compare(two, Rules(2, (YOU, ME), POLICY)))


def test_a_price_that_is_stated_anew_loosens_because_limits_live_longer_by_it():
    old = with_coin(price=Price("EUR", "2000", "somewhere", 1_800_000_000, DAY))
    new = with_coin(price=Price("EUR", "2000", "somewhere", 1_800_000_001, DAY))
    assert loosening(compare(old, new))


def test_the_same_hours_at_another_distance_from_utc_are_the_same():
    there = with_policy(hours=(Hours(("tue",), 60, 120, 0),))
    here = with_policy(hours=(Hours(("tue",), 60 + 540, 120 + 540, 540),))
    assert [change.effect for change in compare(there, here)] == ["same"]
    over_the_week = with_policy(hours=(Hours(("mon",), 0, 60, 120),))
    sunday = with_policy(hours=(Hours(("sun",), 22 * 60, 23 * 60, 0),))
    assert [change.effect for change in compare(over_the_week, sunday)] == ["same"]


def test_hours_that_run_over_the_end_of_the_week_are_compared_by_the_minute():
    all_week = with_policy(hours=(Hours(DAYS, 0, 1440, -300),))
    assert [change.effect for change in compare(with_policy(hours=()), all_week)] == ["same"]
    assert [change.effect for change in compare(all_week, with_policy(hours=()))] == ["same"]


class Grown(Message, frozen=True):
    known: int
    unknown: int


def test_a_field_that_nobody_compares_loosens_whatever_it_was_changed_to():
    found = tuple(_unforeseen(Grown(1, 1), Grown(2, 2), "known"))
    assert found == (Change("other", "loosens", "'unknown' is another one"),)


# --- properties ------------------------------------------------------------------------------------------------------

quick = settings(max_examples=40, deadline=None)
owners = st.sampled_from([(ME,), (YOU,), (ME, YOU)])


@quick
@given(policies(), owners)
def test_rules_compared_with_themselves_differ_in_nothing(policy, who):
    assert compare(Rules(1, who, policy), Rules(2, who, policy)) == ()


@quick
@given(policies(), policies(), owners, owners)
def test_any_two_rules_can_be_compared_and_a_difference_is_never_overlooked(old, new, before, after):
    changes = compare(Rules(1, before, old), Rules(2, after, new))
    assert bool(changes) == ((old, before) != (new, after))
    assert all(change.words and len(change.words) < 1000 for change in changes)


PLENTY = tuple(Window(hours, "1000") for hours in WINDOWS)
GENEROUS = Policy(
    POLICY_VERSION,
    20,
    tuple(
        ChainRules(
            chain,
            "1000",
            True,
            (),
            tuple(AssetLimits(token, "A", 0, "1000", PLENTY) for token in ("", *tokens)),
            tuple(ContractRule(address, (), True) for address in ADDRESSES),
            True,
        )
        for chain, tokens in (("bitcoin", ()), (ETHEREUM, TOKENS))
    ),
    notice_delay=0,
    loosening_delay=0,
)
"""Allows nearly whatever is asked in the small world of ``tests.support.policies``."""


@st.composite
def alike(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """One policy that allows much, and one that differs from it in a few rules."""
    one, other = GENEROUS, draw(policies())
    fields = draw(st.sets(st.sampled_from([name for name in Policy.__struct_fields__ if name != "version"])))
    if draw(st.booleans()):
        one = msgspec.structs.replace(one, **{name: getattr(other, name) for name in fields - {"chains"}})
    mixed = tuple(_mixed(draw, rules, draw(chain_rules(rules.chain))) for rules in one.chains)
    return one, msgspec.structs.replace(one, chains=mixed)


def _mixed(draw: st.DrawFn, rules: ChainRules, other: ChainRules) -> ChainRules:
    together = ("any_destination", "destinations", "destination_delay")
    shares = ("fee_share_bp", "fee_share_above")
    groups = [together, shares, ("fee_ceiling",), ("denied",), ("messages",), ("contracts",), ("assets",)]
    chosen = draw(st.lists(st.sampled_from(groups), min_size=1, max_size=2))
    taken = {name: getattr(other, name) for group in chosen for name in group}
    mixed: ChainRules = msgspec.structs.replace(rules, **taken)
    if draw(st.booleans()):
        by_token = {asset.token: asset for asset in other.assets}
        assets = tuple(_alike(draw, asset, by_token.get(asset.token, asset)) for asset in rules.assets)
        mixed = msgspec.structs.replace(mixed, assets=assets)
    return mixed


def _alike(draw: st.DrawFn, asset: AssetLimits, other: AssetLimits) -> AssetLimits:
    names = ["per_transaction", "windows", "approvals", "notice_above", "price"]
    chosen = draw(st.sets(st.sampled_from(names), max_size=2))
    return msgspec.structs.replace(asset, **{name: getattr(other, name) for name in chosen})


AT_EXCHANGES = msgspec.structs.replace(
    GENEROUS,
    exchanges=tuple(
        ExchangeRules(
            name,
            ("GET /a/*", "GET /a/c:*", "POST /a/b"),
            ("BTC-USD", "ETH-USD"),
            tuple(ExchangeLimits(symbol, 0, "1000", PLENTY, "1000") for symbol in ("BTC", "USD")),
            PLACES,
            30 * DAY,
        )
        for name in ("coinbase", "kraken")
    ),
)


@st.composite
def exchanging(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """One policy that allows much at exchanges, and one that differs from it in a few rules there, or on a chain."""
    mixed = []
    for rules in AT_EXCHANGES.exchanges:
        names = draw(st.sets(st.sampled_from([*rules.__struct_fields__[1:]]), max_size=1))
        taken = draw(exchanges()) if names else rules
        mixed.append(msgspec.structs.replace(rules, **{name: getattr(taken, name) for name in names}))
    other = tuple(draw(chain_rules(chain)) for chain in draw(st.sampled_from(((), CHAINS[:1], CHAINS[1:]))))
    ours, theirs = draw(
        st.sampled_from(((AT_EXCHANGES.chains,) * 2, (other, ()), ((), other), (other, other)))
    )
    first = msgspec.structs.replace(AT_EXCHANGES, chains=ours)
    return first, msgspec.structs.replace(AT_EXCHANGES, exchanges=tuple(mixed), chains=theirs)


@settings(max_examples=300, deadline=None)
@given(exchanging(), exchange_calls(), exchange_facts(), stays(), st.integers(0, 9))
def test_nor_does_it_at_an_exchange(pair, call, known, stay, there):
    one, other = pair
    for old, new in ((one, other), (other, one)):
        if loosening(compare(Rules(1, (ME,), old), Rules(2, (ME,), new))):
            continue
        home = HomeFacts(own=known.own, binding=True)
        staying = StayFacts(known.now, there)
        assert not allows(judge_call, old, new, call, known)
        assert not allows(judge_stay, old, new, stay, staying)
        assert not allows(partial(judge_opening, approvals=known.approvals), old, new, stay, staying)
        assert not allows(judge_home, old, new, call, home)


def allows(judged: Any, old: Policy, new: Policy, asked: object, known: object) -> bool:
    """Whether ``new`` allows what ``old`` refuses."""
    return judged(old, asked, known).refusal is not None and judged(new, asked, known).refusal is None


@settings(max_examples=250, deadline=None)
@given(alike(), readings(), facts())
def test_a_change_that_is_called_tightening_never_allows_what_was_refused(pair, reading, known):
    one, other = pair
    for old, new in ((one, other), (other, one)):
        if loosening(compare(Rules(1, (ME,), old), Rules(2, (ME,), new))):
            continue
        if judge(old, reading, known).refusal is not None:
            assert judge(new, reading, known).refusal is not None
