"""The recipes are policies, and safe as they are printed."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.exchange_days import NETWORKS, PAIRS, SANDBOX, WALLETS, order, state, withdrawal

from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.cli.context import Setting
from warifu.cli.main import main
from warifu.cli.policy_terms import check_terms
from warifu.cli.recipes import RECIPES, recipe
from warifu.exchanges.calls import Call
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.policy import WINDOWS, Policy
from warifu.protocol.policy_text import read_policy
from warifu.signer.egress.judging import read_call
from warifu.signer.policy.exchanges import ExchangeFacts, judge_call
from warifu.signer.policy.facts import Facts
from warifu.signer.policy.judge import judge
from warifu.signer.policy.visits import Stay, StayFacts, judge_stay

pytestmark = pytest.mark.unit

NEEDED_OWNERS = {"saver": 1, "trader": 1, "family": 3, "company": 3}
SOMEBODY = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
IN_OFFICE_HOURS = (
    1_795_744_800  # Friday 2026-11-27 11:00 in Tokyo, two hours after the company's price was stated
)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_a_policy_whose_addresses_exist(name: str) -> None:
    policy = read_policy(recipe(name))
    check_terms(policy, "bitcoin")
    assert policy.most_approvals == NEEDED_OWNERS[name]
    assert policy.loosening_delay >= 48 * 3600


@pytest.mark.parametrize("name", RECIPES)
def test_as_it_is_printed_nothing_leaves_to_somebody_who_was_not_named_or_announced(name: str) -> None:
    reasons = {
        rule.reason for rule in judge(read_policy(recipe(name)), paid(1), facts()).rules if not rule.allowed
    }
    assert reasons & {"destination", "destination-new"}


def test_the_family_pays_alone_together_and_after_a_notice() -> None:
    family = read_policy(recipe("family"))
    before = facts().now - 24 * 3600
    assert refused(family, paid(400_000), facts(known={SOMEBODY: before})) is None
    assert refused(family, paid(600_000), facts(known={SOMEBODY: before})) == "approvals"
    assert refused(family, paid(600_000), facts(approvals=2, known={SOMEBODY: before})) is None
    assert refused(family, paid(6_000_000), facts(approvals=2, known={SOMEBODY: before})) == "notice"
    announced = facts(approvals=2, known={SOMEBODY: before}, notice=before)
    assert refused(family, paid(6_000_000), announced) is None
    assert refused(family, paid(400_000), facts(known={SOMEBODY: before + 1})) == "destination-new"


def test_the_company_signs_in_office_hours_by_a_price_that_is_not_old() -> None:
    text = recipe("company").replace("destinations = []", f'destinations = ["{SOMEBODY}"]', 1)
    company = read_policy(text)
    assert refused(company, paid(1_000_000), facts(now=IN_OFFICE_HOURS, approvals=2)) is None
    assert refused(company, paid(1_000_000), facts(now=IN_OFFICE_HOURS, approvals=1)) == "approvals"
    assert refused(company, paid(1_000_000), facts(now=IN_OFFICE_HOURS + 8 * 3600, approvals=2)) == "hours"
    assert (
        refused(company, paid(1_000_000), facts(now=IN_OFFICE_HOURS + 35 * 86400, approvals=2)) == "price-age"
    )


@pytest.mark.parametrize("name", sorted(EXCHANGES.keys() - {SANDBOX}))
def test_a_trader_may_ask_all_that_a_visit_needs_and_pays_out_to_nobody_but_himself(name: str) -> None:
    trader, exchange = read_policy(recipe("trader")), EXCHANGES[name]
    rules = trader.rules_at(name)
    assert rules is not None
    small, home = order(name, size=Decimal("0.01")), withdrawal(name, amount=Decimal("0.1"))
    questions: list[Call[Any] | None] = [
        exchange.time(),
        exchange.permissions(),
        exchange.balances(),
        exchange.wallets(),
        exchange.market(PAIRS[name]),
        exchange.deposit_address("BTC", NETWORKS[name], WALLETS[name]),
        exchange.place(small),
        exchange.find_order(small),
        exchange.cancel(state(name)),
        exchange.withdraw(home),
        exchange.find_withdrawal(home),
    ]
    spent: dict[int, dict[str, int]] = {hours: {} for hours in WINDOWS}
    for question in questions:
        if question is None:
            continue
        call, _ = read_call(exchange, question.unsigned, rules)
        known = ExchangeFacts(1_800_000_000, spent, own=True, approvals=1)
        assert judge_call(trader, call, known).refusal is None, call
        if call.destination is not None:
            refusal = judge_call(trader, call, ExchangeFacts(1_800_000_000, spent)).refusal
            assert refusal is not None and refusal.reason == "destination"
    stay = Stay(name, "BTC", 50_000_000, 8 * 3600)
    assert judge_stay(trader, stay, StayFacts(1_800_000_000, 0)).refusal is None


def test_the_command_prints_a_recipe_that_the_other_reads() -> None:
    printed = CliRunner().invoke(main, ["policy", "recipe", "family"])
    assert printed.exit_code == 0 and printed.output == recipe("family")
    shown = CliRunner().invoke(main, ["policy", "read", "-"], input=printed.output)
    assert shown.exit_code == 0 and "0.2 BTC" in shown.output
    broken = CliRunner().invoke(
        main, ["policy", "read", "-"], input=printed.output.replace("0.2 BTC", "0.2 XYZ", 1)
    )
    assert "line 10, 'per_transaction' in [bitcoin]" in str(broken.exception)


def facts(**known: object) -> Facts:
    fields: dict[str, object] = {
        "now": 1_800_000_000,
        "approvals": 1,
        "counted": {},
        "spent": {hours: {} for hours in WINDOWS},
        "known": {},
        "notice": None,
    }
    return Facts(**(fields | known))  # type: ignore[arg-type]


def paid(amount: int) -> Reading:
    out = Outflow(Kind.PAYMENT, COIN, amount, SOMEBODY)
    return Reading("bitcoin", Scheme.BIP340, bytes(32), (out,), 1_000, (), ())


def refused(policy: Policy, reading: Reading, known: Facts) -> str | None:
    refusal = judge(policy, reading, known).refusal
    return refusal.reason if refusal is not None else None


def test_the_policy_in_force_is_printed_as_text_that_reads_as_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = read_policy(recipe("company"))
    wallet = SimpleNamespace(rules=SimpleNamespace(policy=policy))
    profile = SimpleNamespace(wallet=lambda name: {"savings": wallet}[name])
    monkeypatch.setattr(Setting, "profile", lambda _: profile)
    printed = CliRunner().invoke(main, ["policy", "text", "savings"])
    assert printed.exit_code == 0 and read_policy(printed.output) == policy


def test_a_price_that_is_too_old_already_is_said_before_a_wallet_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for age, said in ((30 * 86_400, False), (30 * 86_400 + 1, True)):
        monkeypatch.setattr("warifu.cli.policy_shown.now", lambda age=age: 1_795_737_600 + age)
        shown = CliRunner().invoke(main, ["policy", "read", "-"], input=recipe("company"))
        assert ("the price of BTC is too old" in shown.output) == said


def test_who_must_approve_what_is_given_away_at_an_exchange_is_said_in_words() -> None:
    tiered = recipe("trader").replace(
        'per_order = "0.1 BTC"\n', 'per_order = "0.1 BTC"\napprovals_above = { "0.03 BTC" = 2 }\n', 1
    )
    shown = CliRunner().invoke(main, ["policy", "read", "-"], input=tiered)
    assert shown.exit_code == 0, shown.output
    assert "above 0.03 BTC" in shown.output and "2 owners must approve" in shown.output
    announced = tiered.replace("approvals_above = {", 'notice_above = "0.03 BTC"\n# {', 1)
    refusal = CliRunner().invoke(main, ["policy", "read", "-"], input=announced)
    assert "what is asked of an exchange cannot be announced" in str(refusal.exception)
