"""The judge: each rule on its own, at its edge; then the limits over time, as a signer applies them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.founding import founded
from tests.support.limits import limits
from tests.support.simulator import (
    COIN as FIRST_COIN,
)
from tests.support.simulator import (
    FRIEND,
    THIEF,
    THIEF_SCRIPT,
    Household,
    bitcoin_policy,
    signed,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme, ToSign
from warifu.protocol.frames import Spent
from warifu.protocol.policy import (
    DAY,
    HOUR,
    POLICY_VERSION,
    WINDOWS,
    ChainRules,
    ContractRule,
    Policy,
    Window,
)
from warifu.signer.policy.facts import Amounts, Facts, leaves
from warifu.signer.policy.judge import judge

pytestmark = pytest.mark.unit

STRICT = bitcoin_policy(100_000, 250_000, 2_000, [FRIEND])


def payment(amount: int = 60_000, fee: int = 1_000, to: str = FRIEND) -> Reading:
    return Reading(
        "bitcoin",
        Scheme.BIP340,
        bytes(32),
        (Outflow(Kind.PAYMENT, COIN, amount, to),),
        fee,
        (ToSign(bytes(32), (0, 0)),),
        (bytes(36),),
    )


def facts(counted: Amounts, spent: Amounts, **known: Any) -> Facts:
    """Of a device that counted ``spent`` within the last hour, and so in every window."""
    windows: dict[int, Amounts] = dict.fromkeys(WINDOWS, spent)
    return replace(Facts(1_800_000_000, 1, counted, windows, {}, None), **known)


def reason(policy: Policy, paid: Reading, spent: int = 0) -> str | None:
    refusal = judge(policy, paid, facts(leaves(paid), {COIN: spent})).refusal
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize(
    ("paid", "spent", "expected"),
    [
        (payment(), 0, None),
        (payment(99_000), 0, None),  # 99,000 and 1,000 of fee are exactly the limit
        (payment(99_001), 0, "per-transaction-limit"),
        (payment(98_999, fee=1_002), 0, "per-transaction-limit"),  # the fee leaves, too
        (payment(), 189_000, None),
        (payment(), 189_001, "window-limit"),
        (payment(fee=2_000), 0, None),
        (payment(fee=2_001), 0, "fee-ceiling"),
        (payment(to=THIEF), 0, "destination"),
    ],
)
def test_each_rule_at_its_edge(paid, spent, expected):
    assert reason(STRICT, paid, spent=spent) == expected


def test_default_deny_a_wallet_without_destinations_only_receives():
    assert reason(bitcoin_policy(destinations=[]), payment()) == "destination"


def test_default_deny_a_chain_without_rules():
    assert reason(Policy(POLICY_VERSION, 5, ()), payment()) == "chain"


def test_any_destination_must_be_said():
    assert reason(bitcoin_policy(100_000, 250_000, 2_000), payment(to=THIEF)) is None


def test_what_stays_in_the_wallet_neither_counts_nor_needs_permission():
    paid = replace(payment(), outflows=())
    assert leaves(paid) == {COIN: 1_000}
    assert reason(STRICT, paid) is None


def test_zero_limits_let_nothing_leave():
    assert reason(bitcoin_policy(0, 0, 0), payment(1, 0)) == "per-transaction-limit"


def test_every_rule_is_explained_also_the_ones_that_allow():
    verdict = judge(STRICT, payment(to=THIEF), facts({COIN: 61_000}, {}))
    assert [(rule.reason, rule.allowed) for rule in verdict.rules] == [
        ("per-transaction-limit", True),
        ("window-limit", True),
        ("fee-ceiling", True),
        ("destination", False),
        ("approvals", True),
    ]
    assert THIEF in verdict.rules[3].words


# --- tokens, approvals, calls, messages -----------------------------------------------------------------------------

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
OTHER = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
SHOP = "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"
ETHER = 10**18

EVM = Policy(
    POLICY_VERSION,
    5,
    (
        ChainRules(
            "eip155:1",
            str(ETHER // 100),
            True,
            (),
            (
                limits("", "ETH", 18, ETHER, 20 * ETHER),
                limits(USDC, "USDC", 6, 100_000_000, 250_000_000),
            ),
            (ContractRule(OTHER, (), True),),
            False,
        ),
    ),
)


def on_ethereum(*outflows: Outflow, fee: int = 10**15) -> Reading:
    return Reading("eip155:1", Scheme.ECDSA, bytes(32), outflows, fee, (), (bytes(32),))


@pytest.mark.parametrize(
    ("outflow", "expected"),
    [
        (Outflow(Kind.PAYMENT, USDC, 100_000_000, SHOP), None),
        (Outflow(Kind.PAYMENT, USDC, 100_000_001, SHOP), "per-transaction-limit"),
        (Outflow(Kind.PAYMENT, OTHER, 1, SHOP), "asset"),  # default deny: no limits, no token
        (Outflow(Kind.APPROVAL, USDC, 100_000_000, SHOP), None),
        (Outflow(Kind.APPROVAL, USDC, 2**256 - 1, SHOP), "per-transaction-limit"),  # an approval is spending
        (Outflow(Kind.CALL, COIN, 0, OTHER), None),
        (Outflow(Kind.CALL, COIN, 0, SHOP), "contract"),  # any destination is not any contract
        (Outflow(Kind.MESSAGE, COIN, 0, SHOP), "message"),
        (Outflow(Kind.PAYMENT, COIN, ETHER - 10**15, SHOP), None),
        (Outflow(Kind.PAYMENT, COIN, ETHER - 10**15 + 1, SHOP), "per-transaction-limit"),  # with the fee
    ],
)
def test_each_kind_of_outflow_at_its_edge(outflow, expected):
    refusal = judge(EVM, on_ethereum(outflow), facts({}, {})).refusal
    assert (refusal.reason if refusal else None) == expected


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.APPROVAL])
def test_nothing_of_an_unknown_token_is_still_a_call_of_unknown_code(kind):
    """``setApprovalForAll(operator, false)``, or a permit over 0, at any address at all."""
    refusal = judge(EVM, on_ethereum(Outflow(kind, OTHER, 0, SHOP)), facts({}, {})).refusal
    assert refusal is not None and refusal.reason == "asset"
    assert judge(EVM, on_ethereum(Outflow(kind, USDC, 0, SHOP)), facts({}, {})).refusal is None


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("", None),  # words for a person
        ("shop.example", None),  # a log-in
        (OTHER, None),  # an order for a contract that the policy names
        (SHOP, "contract"),  # a Safe, an exchange: it may do by a message what it does by a call
    ],
)
def test_a_message_that_a_contract_takes_needs_the_contract_to_be_named_as_a_call_does(to, expected):
    rules = msgspec.structs.replace(EVM.chains[0], messages=True)
    with_messages = Policy(POLICY_VERSION, 5, (rules,))
    refusal = judge(with_messages, on_ethereum(Outflow(Kind.MESSAGE, COIN, 0, to)), facts({}, {})).refusal
    assert (refusal.reason if refusal else None) == expected
    refusal = judge(EVM, on_ethereum(Outflow(Kind.MESSAGE, COIN, 0, to)), facts({}, {})).refusal
    assert refusal is not None and refusal.reason == "message"


def test_wei_beyond_64_bits_are_counted_exactly():
    spent = {COIN: 20 * ETHER - 10**15}
    assert judge(EVM, on_ethereum(), facts({COIN: 10**15}, spent)).refusal is None
    refusal = judge(EVM, on_ethereum(), facts({COIN: 10**15 + 1}, spent)).refusal
    assert refusal is not None and refusal.reason == "window-limit"


def test_another_chain_id_has_no_rules():
    refusal = judge(EVM, replace(on_ethereum(), chain="eip155:8453"), facts({}, {})).refusal
    assert refusal is not None and refusal.reason == "chain"


# --- over time, in a signer ------------------------------------------------------------------------------------------

DAILY = bitcoin_policy(per_day=150_000)


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2, DAILY)
    yield household
    household.close()


def try_to_pay(home: Household, amount: int, coin: int, **fields: Any) -> str:
    spent = home.pay(amount, first_coin=coin, **fields)
    outcome = home.sign(spent)
    if outcome.failed:
        return outcome.code
    assert signed(spent, outcome)
    return "signed"


def test_the_day_is_any_24_hours(home):
    assert try_to_pay(home, 99_000, 1) == "signed"
    assert try_to_pay(home, 50_000, 2) == "policy.window-limit"
    home.clock.pass_(DAY - 1)
    assert try_to_pay(home, 50_000, 2) == "policy.window-limit"
    assert try_to_pay(home, 49_000, 3) == "signed"
    home.clock.pass_(1)
    assert try_to_pay(home, 99_000, 4) == "signed"
    assert try_to_pay(home, 1_001, 5) == "policy.window-limit"


def test_every_window_is_counted_by_the_devices_own_clock(tmp_path):
    amounts = {1: "100000", 24: "150000", 168: "200000", 720: "250000"}
    windows = tuple(Window(hours, amounts[hours]) for hours in WINDOWS)
    (rules,) = bitcoin_policy().chains
    coin = msgspec.structs.replace(rules.assets[0], windows=windows)
    home = Household(tmp_path, 2)
    home.make_wallet(2, Policy(POLICY_VERSION, 5, (msgspec.structs.replace(rules, assets=(coin,)),)))
    at, signed_at = home.clock(), []
    for coin_number, (moment, amount, expected) in enumerate(
        [
            (0, 99_000, "signed"),  # 100,000 with the fee
            (HOUR - 1, 1_000, "policy.window-limit"),  # the hour
            (HOUR, 49_000, "signed"),
            (DAY - 1, 1_000, "policy.window-limit"),  # the day
            (DAY, 49_000, "signed"),
            (7 * DAY - 1, 1_000, "policy.window-limit"),  # the week
            (7 * DAY, 49_000, "signed"),
            (30 * DAY - 1, 1_000, "policy.window-limit"),  # thirty days
            (30 * DAY, 99_000, "signed"),
            (30 * DAY, 1_000, "policy.window-limit"),
        ]
    ):
        home.clock.time = at + moment
        assert try_to_pay(home, amount, coin_number) == expected, moment
        signed_at += [moment] if expected == "signed" else []
    assert len(signed_at) == 5
    home.close()


def test_what_was_spent_is_remembered_over_a_restart_and_a_clock_that_is_set_back(home):
    try_to_pay(home, 99_000, 1)
    for device in home.devices.values():
        device.restart()
    assert try_to_pay(home, 99_000, 2) == "policy.window-limit"
    home.clock.pass_(-200)
    for device in home.devices.values():
        device.restart()
    assert try_to_pay(home, 99_000, 2) == "policy.window-limit"
    assert home["device0"].status().wallets[0].spent_today == (Spent("bitcoin", "", "100000"),)


def test_two_sessions_at_once_cannot_spend_the_same_allowance(home):
    first, second = home.pay(99_000, first_coin=1), home.pay(99_000, first_coin=2)
    overtaking = []
    outcome = home.run(
        home.openings(first.request, ["device0", "device1"], first.unsigned),
        opened=lambda: overtaking.append(home.sign(second)),
    )
    assert signed(second, overtaking[0])
    assert outcome.code == "policy.window-limit"


def test_a_fee_bump_counts_only_what_it_adds(home):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original))
    bump = home.pay(99_000, fee=3_000, first_coin=1, replaces=original.request.request_id)
    assert signed(bump, home.sign(bump))
    assert home["device0"].status().wallets[0].spent_today == (Spent("bitcoin", "", "102000"),)
    again = home.pay(99_000, fee=9_000, first_coin=1, replaces=bump.request.request_id)
    assert signed(again, home.sign(again))
    assert home["device0"].status().wallets[0].spent_today == (Spent("bitcoin", "", "108000"),)


def test_a_bump_on_a_device_that_did_not_sign_the_original_counts_in_full(home):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original, ["device0", "device1"]))
    bump = home.pay(99_000, fee=3_000, first_coin=1, replaces=original.request.request_id)
    assert signed(bump, home.sign(bump, ["device1", "device2"]))
    assert home["device2"].status().wallets[0].spent_today == (Spent("bitcoin", "", "102000"),)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_coin": 7}, "transaction.not-a-replacement"),  # spends another coin: both could confirm
        ({"amount": 98_000, "fee": 3_000}, "transaction.not-a-replacement"),
        ({"to": THIEF, "script": THIEF_SCRIPT, "fee": 3_000}, "transaction.not-a-replacement"),
        ({"fee": 900}, "transaction.fee-bump"),
    ],
)
def test_what_only_calls_itself_a_replacement_is_refused(home, change, code):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original))
    fields = {"amount": 99_000, "first_coin": 1, "replaces": original.request.request_id} | change
    assert home.sign(home.pay(**fields)).code == code


def test_a_chain_of_replacements_must_exclude_every_link(home):
    """A and B share a coin, B and C share another: C beside A would pay twice."""
    coins = ((FIRST_COIN, 60_000), (KeyPath(Branch.RECEIVE, 1), 60_000))
    a = home.pay(30_000, coins=coins[:1], first_coin=0)
    b = home.pay(30_000, fee=3_000, coins=coins, first_coin=0, replaces=a.request.request_id)
    c = home.pay(30_000, fee=9_000, coins=coins[1:], first_coin=1, replaces=b.request.request_id)
    assert signed(a, home.sign(a))
    assert signed(b, home.sign(b))
    assert home.sign(c).code == "transaction.not-a-replacement"
