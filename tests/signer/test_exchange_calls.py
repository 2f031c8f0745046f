"""The judge of calls of exchanges: each rule at its edge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.protocol.policy import POLICY_VERSION, WINDOWS, ApprovalTier, Policy
from warifu.protocol.policy_text import read_policy
from warifu.signer.policy.exchanges import Destination, ExchangeCall, ExchangeFacts, judge_call, matches

pytestmark = pytest.mark.unit

MONDAY_NOON = 1_800_273_600  # 2027-01-18 12:00 UTC
POLICY = read_policy(
    """
    passphrase_tries = 5
    hours = ["mon-fri 09:00-18:00 UTC"]

    [exchanges.coinbase]
    endpoints = ["GET /v3/accounts", "GET /v3/orders/*", "POST /v3/orders"]
    pairs = ["BTC-USD"]

    [exchanges.coinbase.limits.BTC]
    decimals = 8
    per_order = "0.1 BTC"
    per_day = "0.3 BTC"

    [exchanges.kraken]
    endpoints = ["GET /0/public/Time"]
    """
)
ORDER = ExchangeCall("coinbase", "POST", "/v3/orders", "BTC-USD", {"BTC": 10_000_000})
NONE_SPENT: dict[int, dict[str, int]] = {hours: {} for hours in WINDOWS}


def facts(day: int = 0, **fields: Any) -> ExchangeFacts:
    spent = {**NONE_SPENT, 24: {"BTC": day}, 168: {"BTC": day}, 720: {"BTC": day}}
    return replace(ExchangeFacts(MONDAY_NOON, spent, approvals=1), **fields)


def reason(call: ExchangeCall, known: ExchangeFacts | None = None, policy: Policy = POLICY) -> str | None:
    refusal = judge_call(policy, call, known or facts()).refusal
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"exchange": "kraken"}, "endpoint"),
        ({"exchange": "binance"}, "exchange"),
        ({"method": "DELETE"}, "endpoint"),
        ({"path": "/v3/orders/"}, "endpoint"),
        ({"path": "/v3/orders/1"}, "endpoint"),  # allowed to look at, not to post to
        ({"path": "/v3/withdrawals"}, "endpoint"),
        ({"path": "/v3/orders-of-another-kind"}, "endpoint"),  # nothing but a star stands for more
        ({"pair": "ETH-USD"}, "pair"),
        ({"pair": "USD-BTC"}, "pair"),
        ({"pair": None}, None),
        ({"amounts": {"BTC": 10_000_001}}, "order-limit"),
        ({"amounts": {"BTC": 0}}, None),
        ({"amounts": {"BTC": -1}}, "order-limit"),
        ({"amounts": {"BTC": 1, "ETH": 1}}, "asset"),
        ({"amounts": {"btc": 1}}, "asset"),
    ],
)
def test_each_rule_at_its_edge(change, expected):
    assert reason(replace(ORDER, **change)) == expected


@pytest.mark.parametrize(("day", "expected"), [(20_000_000, None), (20_000_001, "window-limit")])
def test_the_window_at_its_edge(day, expected):
    assert reason(ORDER, facts(day)) == expected


def test_a_window_that_cannot_be_counted_refuses():
    assert reason(ORDER, facts(spent={1: {}})) == "window-limit"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MONDAY_NOON - 3 * 3600, None),
        (MONDAY_NOON - 3 * 3600 - 1, "hours"),
        (MONDAY_NOON + 6 * 3600 - 1, None),
        (MONDAY_NOON + 6 * 3600, "hours"),
        (MONDAY_NOON - 86_400, "hours"),  # Sunday
    ],
)
def test_the_wallets_hours_are_kept_there_as_well(moment, expected):
    assert reason(ORDER, facts(now=moment)) == expected


def tiered(**tiers: int) -> Policy:
    """With ``approvals_above`` for the exchange's only asset, and ``approvals_needed``."""
    (coinbase, kraken) = POLICY.exchanges
    more = (ApprovalTier("4000000", 2), ApprovalTier("9000000", 3))
    asset = msgspec.structs.replace(coinbase.limits[0], per_order="10000000", approvals=more)
    changed = msgspec.structs.replace(coinbase, limits=(asset,))
    return msgspec.structs.replace(POLICY, exchanges=(changed, kraken), **tiers)


@pytest.mark.parametrize(
    ("amount", "approvals", "expected"),
    [
        (4_000_000, 1, None),
        (4_000_000, 0, "approvals"),
        (4_000_001, 1, "approvals"),
        (4_000_001, 2, None),
        (9_000_000, 2, None),
        (9_000_001, 2, "approvals"),
        (9_000_001, 3, None),
    ],
)
def test_so_many_owners_must_approve_what_gives_so_much_away(amount, approvals, expected):
    call = replace(ORDER, amounts={"BTC": amount})
    assert reason(call, facts(approvals=approvals), tiered()) == expected


def test_what_gives_nothing_away_takes_as_many_as_everything_and_a_question_takes_no_more_than_one():
    cancelled = replace(ORDER, amounts={})
    strict = tiered(approvals_needed=2)
    assert reason(cancelled, facts(approvals=1), strict) == "approvals"
    assert reason(cancelled, facts(approvals=2), strict) is None
    question = ExchangeCall("coinbase", "GET", "/v3/accounts", None, {}, reads=True)
    assert reason(question, facts(approvals=1), strict) is None


def test_the_most_that_anything_takes_counts_the_tiers_of_exchanges():
    assert (POLICY.most_approvals, tiered().most_approvals) == (1, 3)
    assert tiered().most_approvals_at("coinbase") == 3
    assert tiered(approvals_needed=2).most_approvals_at("kraken") == 2
    assert tiered().approvals_at("kraken", {"BTC": 9_000_001}) == 1


def test_a_frozen_wallet_asks_nothing():
    assert reason(ORDER, policy=msgspec.structs.replace(POLICY, frozen=True)) == "frozen-wallet"


def test_a_policy_without_exchanges_asks_none_of_anything():
    assert reason(ORDER, policy=Policy(POLICY_VERSION, 5, ())) == "exchange"


@pytest.mark.parametrize(
    "path",
    [
        "/v3/orders/..",
        "/v3/orders/%2e%2e",
        "/v3/orders/a%2Fb",
        "/v3/orders/a/b",
        "/v3/orders/",
        "/v3/orders/a?b=c",
        "/v3/orders/a#b",
        "/v3/orders/a;b",
        "/v3/orders/a b",
        "/v3/orders/\N{FULLWIDTH DIGIT ONE}",
        "/v3//orders/a",
        "v3/orders/a",
    ],
)
def test_a_star_is_one_part_that_no_server_reads_otherwise(path):
    assert matches("GET /v3/orders/*", "GET", "/v3/orders/7c3f-1")
    assert not matches("GET /v3/orders/*", "GET", path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders/client:7c3f-1", True),
        ("/orders/client:", False),
        ("/orders/client:..", False),
        ("/orders/client:a:b", False),
        ("/orders/client:%2e%2e", False),
        ("/orders/client%3A7c3f", False),
        ("/orders/client:a/b", False),
        ("/orders/clients:a", False),
        ("/orders/7c3f", False),
        ("/orders/other:7c3f", False),
    ],
)
def test_a_star_after_a_colon_is_the_rest_of_that_part(path, expected):
    assert matches("GET /orders/client:*", "GET", path) == expected
    assert not matches("GET /orders/*", "GET", path) or path == "/orders/7c3f"


FRIEND, CROOK, OWN = (digit * 20 for digit in "abc")
PAYING = read_policy(
    f"""
    passphrase_tries = 5

    [bitcoin]
    per_transaction = "1 BTC"
    per_day = "1 BTC"
    fee_ceiling = "0.01 BTC"
    destinations = ["{FRIEND}", "{CROOK}"]
    denied = ["{CROOK}"]

    [ethereum]
    per_transaction = "1 ETH"
    per_day = "1 ETH"
    fee_ceiling = "0.01 ETH"
    destinations = "any"

    [exchanges.coinbase]
    endpoints = ["POST /withdrawals"]
    inside = ["profile:mine"]

    [exchanges.coinbase.limits.BTC]
    decimals = 8
    per_order = "0.1 BTC"
    per_day = "0.3 BTC"
    """
)


@pytest.mark.parametrize(
    ("to", "own", "expected"),
    [
        (Destination("bitcoin", OWN), True, None),
        (Destination("bitcoin", OWN), False, "destination"),
        (Destination("bitcoin", FRIEND), False, None),
        (Destination("bitcoin", CROOK), False, "destination-denied"),
        (Destination("bitcoin", CROOK), True, None),  # what the wallet itself is, nobody denies
        (Destination("eip155:1", FRIEND), False, "destination"),  # named on another chain
        (Destination("eip155:1", OWN), True, None),
        (Destination("solana", FRIEND), False, "destination"),  # a chain without rules
        (Destination("solana", OWN), True, None),
        (Destination(None, FRIEND), False, "destination"),  # a chain that nobody knows
        (Destination(None, OWN), True, "destination"),
        (Destination("bitcoin", FRIEND, memo=True), False, "destination"),
        (Destination("bitcoin", OWN, memo=True), True, "destination"),
        (Destination(None, "", "profile:mine"), False, None),
        (Destination(None, "", "profile:yours"), False, "destination"),
        (Destination(None, "", "profile"), True, "destination"),
        (Destination(None, FRIEND, "profile:mine"), False, "destination"),  # two places at once
        (Destination(None, ""), True, "destination"),
    ],
)
def test_funds_go_home_to_whom_the_policy_names_on_that_chain_or_to_a_place_it_names(to, own, expected):
    """Where anybody may be paid on a chain, no exchange may pay out to anybody."""
    call = ExchangeCall("coinbase", "POST", "/withdrawals", None, {"BTC": 1}, to)
    assert reason(call, facts(own=own), PAYING) == expected


def test_going_home_is_within_the_limits_of_an_owners_call():
    call = ExchangeCall(
        "coinbase", "POST", "/withdrawals", None, {"BTC": 10_000_001}, Destination("bitcoin", OWN)
    )
    assert reason(call, facts(own=True), PAYING) == "order-limit"


@given(st.text(alphabet="/.*ab%?", max_size=12))
def test_a_pattern_without_a_star_is_exactly_one_path(path):
    assert matches("GET /a/b", "GET", path) == (path == "/a/b")
