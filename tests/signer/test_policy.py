"""The judge: each rule on its own, at its edge; then the limits over time, as a signer applies them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.simulator import (
    BTC,
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    GENEROUS,
    THIEF,
    THIEF_SCRIPT,
    Household,
    signed,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import PaidOutput, Payment
from warifu.protocol.policy import Policy
from warifu.signer.policy import DAY, judge, leaves
from warifu.units import Satoshi

pytestmark = pytest.mark.unit

STRICT = Policy(
    version=1,
    per_transaction=100_000,
    per_day=250_000,
    fee_ceiling=2_000,
    any_destination=False,
    destinations=(FRIEND,),
    passphrase_tries=5,
)


def payment(
    amount: int = 60_000, fee: int = 1_000, script: bytes = FRIEND_SCRIPT, address: str = FRIEND
) -> Payment:
    change = PaidOutput(b"", "change", Satoshi(500_000), KeyPath(Branch.CHANGE, 0))
    paid = PaidOutput(script, address, Satoshi(amount), None)
    return Payment(Network.REGTEST, bytes(32), 2, 0, (), (paid, change), Satoshi(fee), 150, True)


def reason(policy: Policy, paid: Payment, counted: int | None = None, spent: int = 0) -> str | None:
    refusal = judge(policy, paid, leaves(paid) if counted is None else counted, spent).refusal
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize(
    ("paid", "spent", "expected"),
    [
        (payment(), 0, None),
        (payment(99_000), 0, None),  # 99,000 and 1,000 of fee are exactly the limit
        (payment(99_001), 0, "per-transaction-limit"),
        (payment(98_999, fee=1_002), 0, "per-transaction-limit"),  # the fee leaves, too
        (payment(), 189_000, None),
        (payment(), 189_001, "daily-limit"),
        (payment(fee=2_000), 0, None),
        (payment(fee=2_001), 0, "fee-ceiling"),
        (payment(script=THIEF_SCRIPT, address=THIEF), 0, "destination"),
    ],
)
def test_each_rule_at_its_edge(paid, spent, expected):
    assert reason(STRICT, paid, spent=spent) == expected


def test_default_deny_a_wallet_without_destinations_only_receives():
    assert reason(msgspec.structs.replace(STRICT, destinations=()), payment()) == "destination"


def test_any_destination_must_be_said():
    open_policy = msgspec.structs.replace(STRICT, destinations=(), any_destination=True)
    assert reason(open_policy, payment(script=THIEF_SCRIPT, address=THIEF)) is None


def test_a_destination_is_a_script_not_a_spelling():
    assert reason(msgspec.structs.replace(STRICT, destinations=(FRIEND.upper(),)), payment()) is None


def test_what_stays_in_the_wallet_neither_counts_nor_needs_permission():
    own = PaidOutput(b"\x51\x20" + bytes(32), "own", Satoshi(5 * BTC), KeyPath(Branch.RECEIVE, 4))
    paid = Payment(Network.REGTEST, bytes(32), 2, 0, (), (own,), Satoshi(1_000), 150, True)
    assert leaves(paid) == 1_000
    assert reason(STRICT, paid) is None


def test_zero_limits_let_nothing_leave():
    nothing = msgspec.structs.replace(STRICT, per_transaction=0, per_day=0, fee_ceiling=0)
    assert reason(nothing, payment(1, 0)) == "per-transaction-limit"


def test_every_rule_is_explained_also_the_ones_that_allow():
    verdict = judge(STRICT, payment(script=THIEF_SCRIPT, address=THIEF), 61_000, 0)
    assert [(rule.reason, rule.allowed) for rule in verdict.rules] == [
        ("per-transaction-limit", True),
        ("daily-limit", True),
        ("fee-ceiling", True),
        ("destination", False),
    ]
    assert THIEF in verdict.rules[3].words


# --- over time, in a signer ------------------------------------------------------------------------------------------

DAILY = msgspec.structs.replace(GENEROUS, per_day=150_000)


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    household.make_wallet(2, DAILY)
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
    assert try_to_pay(home, 50_000, 2) == "policy.daily-limit"
    home.clock.pass_(DAY - 1)
    assert try_to_pay(home, 50_000, 2) == "policy.daily-limit"
    assert try_to_pay(home, 49_000, 3) == "signed"
    home.clock.pass_(1)
    assert try_to_pay(home, 99_000, 4) == "signed"
    assert try_to_pay(home, 1_001, 5) == "policy.daily-limit"


def test_what_was_spent_is_remembered_over_a_restart_and_a_clock_that_is_set_back(home):
    try_to_pay(home, 99_000, 1)
    for device in home.devices.values():
        device.restart()
    assert try_to_pay(home, 99_000, 2) == "policy.daily-limit"
    home.clock.pass_(-200)
    for device in home.devices.values():
        device.restart()
    assert try_to_pay(home, 99_000, 2) == "policy.daily-limit"
    assert home["device0"].status().wallets[0].spent_today == 100_000


def test_two_sessions_at_once_cannot_spend_the_same_allowance(home):
    first, second = home.pay(99_000, first_coin=1), home.pay(99_000, first_coin=2)
    overtaking = []
    outcome = home.run(
        home.openings(first.request, ["device0", "device1"], first.psbt),
        opened=lambda: overtaking.append(home.sign(second)),
    )
    assert signed(second, overtaking[0])
    assert outcome.code == "policy.daily-limit"


def test_a_fee_bump_counts_only_what_it_adds(home):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original))
    bump = home.pay(99_000, fee=3_000, first_coin=1, replaces=original.request.request_id)
    assert signed(bump, home.sign(bump))
    assert home["device0"].status().wallets[0].spent_today == 102_000
    again = home.pay(99_000, fee=9_000, first_coin=1, replaces=bump.request.request_id)
    assert signed(again, home.sign(again))
    assert home["device0"].status().wallets[0].spent_today == 108_000


def test_a_bump_on_a_device_that_did_not_sign_the_original_counts_in_full(home):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original, ["device0", "device1"]))
    bump = home.pay(99_000, fee=3_000, first_coin=1, replaces=original.request.request_id)
    assert signed(bump, home.sign(bump, ["device1", "device2"]))
    assert home["device2"].status().wallets[0].spent_today == 102_000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_coin": 7}, "transaction.not-a-replacement"),  # spends another coin: both could confirm
        ({"amount": 98_000, "fee": 3_000}, "transaction.not-a-replacement"),
        ({"to": THIEF, "script": THIEF_SCRIPT, "fee": 3_000}, "transaction.not-a-replacement"),
        ({"fee": 1_010}, "transaction.fee-bump"),
    ],
)
def test_what_only_calls_itself_a_replacement_is_refused(home, change, code):
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original))
    fields = {"amount": 99_000, "first_coin": 1, "replaces": original.request.request_id} | change
    assert home.sign(home.pay(**fields)).code == code


def test_a_chain_of_replacements_must_exclude_every_link(home):
    """A and B share a coin, B and C share another: C beside A would pay twice."""
    coins = ((COIN, 60_000), (KeyPath(Branch.RECEIVE, 1), 60_000))
    a = home.pay(30_000, coins=coins[:1], first_coin=0)
    b = home.pay(30_000, fee=3_000, coins=coins, first_coin=0, replaces=a.request.request_id)
    c = home.pay(30_000, fee=9_000, coins=coins[1:], first_coin=1, replaces=b.request.request_id)
    assert signed(a, home.sign(a))
    assert signed(b, home.sign(b))
    assert home.sign(c).code == "transaction.not-a-replacement"
