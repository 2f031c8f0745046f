"""The judge of visits: bounded in amount and in time; home, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.protocol.policy import WINDOWS, ApprovalTier
from warifu.protocol.policy_text import read_policy
from warifu.signer.policy.exchanges import Destination, ExchangeCall
from warifu.signer.policy.facts import Facts, leaves
from warifu.signer.policy.judge import judge
from warifu.signer.policy.visits import HomeFacts, Stay, StayFacts, judge_home, judge_opening, judge_stay

pytestmark = pytest.mark.unit

MONDAY_NOON = 1_800_273_600
HOME, THIEF = "h" * 20, "t" * 20
POLICY = read_policy(
    f"""
    passphrase_tries = 5
    hours = ["mon-fri 09:00-18:00 UTC"]

    [bitcoin]
    per_transaction = "1 BTC"
    per_day = "1 BTC"
    fee_ceiling = "0.01 BTC"
    destinations = ["{THIEF}"]

    [exchanges.coinbase]
    endpoints = ["GET /transfers", "POST /withdrawals"]
    inside = ["profile:mine"]
    longest_visit = "2h"

    [exchanges.coinbase.limits.BTC]
    decimals = 8
    per_order = "0.1 BTC"
    per_day = "0.1 BTC"
    exposure = "0.5 BTC"

    [exchanges.coinbase.limits.USD]
    decimals = 2
    per_order = "1 USD"
    per_day = "1 USD"
    """
)
STAY = Stay("coinbase", "BTC", 40_000_000, 7200)
WITHDRAWN = ExchangeCall(
    "coinbase", "POST", "/withdrawals", None, {"BTC": 50_000_000}, Destination("bitcoin", HOME)
)


def reason(verdict: Any) -> str | None:
    return None if verdict.refusal is None else verdict.refusal.reason


@pytest.mark.parametrize(
    ("change", "there", "expected"),
    [
        ({}, 0, None),
        ({}, 10_000_000, None),
        ({}, 10_000_001, "exposure"),
        ({}, None, "exposure"),
        ({}, -1, "exposure"),
        ({"amount": 0}, 0, "exposure"),
        ({"amount": -1}, 0, "exposure"),
        ({"seconds": 7201}, 0, "visit-time"),
        ({"seconds": 0}, 0, "visit-time"),
        ({"exchange": "binance"}, 0, "exchange"),
        ({"symbol": "USD", "amount": 1}, 0, "exposure"),  # nothing said: nothing allowed
        ({"symbol": "ETH"}, 0, "asset"),
    ],
)
def test_a_visit_is_bounded_in_amount_and_in_time(change, there, expected):
    assert reason(judge_stay(POLICY, replace(STAY, **change), StayFacts(MONDAY_NOON, there))) == expected


@pytest.mark.parametrize(
    ("amount", "approvals", "expected"),
    [
        (30_000_000, 1, None),
        (30_000_000, 0, "approvals"),
        (30_000_001, 1, "approvals"),
        (30_000_001, 2, None),
        (50_000_001, 2, "exposure"),
    ],
)
def test_a_visit_takes_as_many_owners_as_what_gives_so_much_away(amount, approvals, expected):
    (rules,) = POLICY.exchanges
    bitcoin = msgspec.structs.replace(
        rules.limits[0], per_order="10000000", approvals=(ApprovalTier("30000000", 2),)
    )
    limits = (bitcoin, rules.limits[1])
    policy = msgspec.structs.replace(POLICY, exchanges=(msgspec.structs.replace(rules, limits=limits),))
    verdict = judge_opening(policy, replace(STAY, amount=amount), StayFacts(MONDAY_NOON, 0), approvals)
    assert reason(verdict) == expected


def test_a_visit_takes_as_many_owners_as_everything_does():
    needing = msgspec.structs.replace(POLICY, approvals_needed=2)
    known = StayFacts(MONDAY_NOON, 0)
    assert reason(judge_opening(needing, STAY, known, 1)) == "approvals"
    assert reason(judge_opening(needing, STAY, known, 2)) is None


def test_a_visit_is_opened_in_the_wallets_hours_and_never_while_it_is_frozen():
    assert reason(judge_stay(POLICY, STAY, StayFacts(MONDAY_NOON - 86_400, 0))) == "hours"
    frozen = msgspec.structs.replace(POLICY, frozen=True)
    assert reason(judge_stay(frozen, STAY, StayFacts(MONDAY_NOON, 0))) == "frozen-wallet"


@pytest.mark.parametrize(
    ("change", "own", "expected"),
    [
        ({}, True, None),  # five times what an owner's call may move, on whatever day
        ({}, False, "destination"),
        ({"destination": Destination("bitcoin", THIEF)}, False, "destination"),  # named, and still not home
        ({"destination": Destination(None, "", "profile:mine")}, False, "destination"),
        ({"destination": Destination(None, HOME)}, True, "destination"),
        ({"destination": Destination("bitcoin", HOME, memo=True)}, True, "destination"),
        ({"destination": None}, True, "destination"),
        ({"destination": None, "amounts": {}, "method": "GET", "path": "/transfers"}, False, None),
        ({"path": "/transfers"}, True, "endpoint"),
        ({"pair": "BTC-USD"}, True, "pair"),
        ({"exchange": "binance"}, True, "exchange"),
    ],
)
def test_what_is_left_goes_home_without_limits_and_nowhere_else(change, own, expected):
    facts = HomeFacts(own=own, binding=True)
    assert reason(judge_home(POLICY, replace(WITHDRAWN, **change), facts)) == expected


@pytest.mark.parametrize(("binding", "expected"), [(True, None), (False, "frozen-wallet")])
def test_a_frozen_wallet_is_brought_home_where_the_signature_binds_the_destination(binding, expected):
    frozen = msgspec.structs.replace(POLICY, frozen=True)
    assert reason(judge_home(frozen, WITHDRAWN, HomeFacts(own=True, binding=binding))) == expected
    assert reason(judge_home(POLICY, WITHDRAWN, HomeFacts(own=True, binding=binding))) is None


# --- what a visit lets be paid on the chain --------------------------------------------------------------------------

THERE = "d" * 20


def paid(*amounts: int, kind: Kind = Kind.PAYMENT, token: str = COIN, to: str = THERE) -> Reading:
    outflows = tuple(Outflow(kind, token, amount, to) for amount in amounts)
    return Reading("bitcoin", Scheme.BIP340, bytes(32), outflows, 0, (), ())


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (paid(40), None),
        (paid(20, 20), None),
        (paid(20, 21), "visit-amount"),  # together they are more
        (paid(40, to="e" * 20), "destination"),
        (paid(40, kind=Kind.APPROVAL), "visit-amount"),
        (paid(40, token="0x" + "a" * 40), "asset"),
    ],
)
def test_to_its_deposit_address_goes_what_a_visit_is_for_and_no_more(reading, expected):
    facts = Facts(
        MONDAY_NOON, 1, leaves(reading), {hours: {} for hours in WINDOWS}, {}, None, {(THERE, COIN): 40}
    )
    assert reason(judge(POLICY, reading, facts)) == expected


@pytest.mark.parametrize(
    "change", [{"any_destination": True, "destinations": ()}, {"destinations": (THERE,)}]
)
def test_whom_the_policy_lets_be_paid_anyway_needs_no_visit(change):
    [rules] = POLICY.chains
    policy = msgspec.structs.replace(POLICY, chains=(msgspec.structs.replace(rules, **change),))
    reading = paid(41)
    facts = Facts(
        MONDAY_NOON, 1, leaves(reading), {hours: {} for hours in WINDOWS}, {}, None, {(THERE, COIN): 40}
    )
    assert reason(judge(policy, reading, facts)) is None


def test_what_is_denied_is_denied_to_a_visit_as_well():
    [rules] = POLICY.chains
    policy = msgspec.structs.replace(POLICY, chains=(msgspec.structs.replace(rules, denied=(THERE,)),))
    facts = Facts(MONDAY_NOON, 1, {COIN: 1}, {hours: {} for hours in WINDOWS}, {}, None, {(THERE, COIN): 40})
    assert reason(judge(policy, paid(1), facts)) == "destination-denied"
