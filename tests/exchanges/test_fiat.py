"""Money of a country: what an answer says, what became of a request that got none, and what a signer sees."""

import json
from dataclasses import replace

import msgspec
import pytest
from tests.exchanges.recorded.coinbase_fiat import ASKED, LISTED, MADE, asked

from warifu.errors import InputRefused
from warifu.exchanges.attempt import SETTLE, Attempt, State, Step
from warifu.exchanges.calls import read_json
from warifu.exchanges.coinbase import app, fiat
from warifu.exchanges.coinbase.credentials import LIFETIME
from warifu.exchanges.failures import OutcomeUnknown, Refused
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.policy import WINDOWS
from warifu.protocol.policy_text import read_policy
from warifu.signer.egress.judging import read_call
from warifu.signer.policy.exchanges import ExchangeFacts, judge_call

pytestmark = pytest.mark.unit

SENT = 1_768_181_251_000
"""2026-01-12T01:27:31Z, milliseconds: when the recorded one was made."""
DEAD = SENT + LIFETIME * 1000
WITHDRAW = app.api().call(fiat.NEW_WITHDRAWAL, asked(commit=True))


def said(answer: object) -> HttpAnswer:
    return HttpAnswer(200, (), json.dumps(answer).encode())


def page(*transfers: object, more: str | None = None) -> fiat.Transfers:
    body = {"data": list(transfers), "pagination": {"next_starting_after": more}}
    found = read_json(fiat.Transfers, json.dumps(body).encode())
    assert isinstance(found, fiat.Transfers)
    return found


# What an answer says


def test_both_documented_forms_say_which_one_it_is():
    assert WITHDRAW.read(said({"transfer": MADE})).id == MADE["id"]
    assert WITHDRAW.read(said({"data": LISTED})).id == LISTED["id"]


@pytest.mark.parametrize("answer", [{}, {"transfer": MADE, "data": LISTED}, {"transfer": {**MADE, "id": ""}}])
def test_an_answer_about_none_or_about_two_leaves_open_what_happened(answer):
    with pytest.raises(OutcomeUnknown) as caught:
        WITHDRAW.read(said(answer))
    assert caught.value.reason == "answer-form"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Amount is too large. You don't have enough funds in your account.", "funds"),
        ("Your daily limit is reached.", "limits"),
        ("We cannot do that.", "rejected"),
    ],
)
def test_a_refusal_under_status_200_is_one(words, reason):
    """Nothing was made, and it has no identifier: an adapter that looked at the status alone would wait for it."""
    reasons = {"message": words, "code": "ERROR_CODES_INVALID"}
    answer = {"transfer": {**MADE, "id": "", "amount": None, "cancellation_reason": reasons}}
    with pytest.raises(Refused) as caught:
        WITHDRAW.read(said(answer))
    assert caught.value.reason == reason


def test_one_that_exists_and_was_cancelled_is_no_refusal():
    answer = {"transfer": {**MADE, "cancellation_reason": {"message": "by its owner"}}}
    made = WITHDRAW.read(said(answer))
    assert made.transfer is not None
    assert made.transfer.cancellation_reason == fiat.Cancellation(message="by its owner")


# What became of one whose answer was lost


@pytest.mark.parametrize(
    "other",
    [
        {"amount": {"amount": "10.01", "currency": "USD"}},
        {"amount": {"amount": "10.00", "currency": "EUR"}},
        {"payment_method": {"id": "b-2"}},
        {"created_at": "2026-01-12T01:27:29Z"},  # before it was sent
        {"created_at": "2026-01-12T01:29:33Z"},  # its token was dead
    ],
)
def test_another_transfer_is_not_taken_for_it(other):
    found = fiat.outcome(asked(commit=True), page({**LISTED, **other}), SENT, DEAD)
    assert found == fiat.Outcome((), whole=True)


def test_it_is_found_by_amount_bank_and_time():
    found = fiat.outcome(asked(commit=True), page(LISTED), SENT, DEAD)
    assert [one.id for one in found.made] == [LISTED["id"]]


def test_the_amount_with_its_fee_is_the_same_withdrawal():
    """Which of the two the list calls by which name, its examples contradict each other about."""
    swapped = {**LISTED, "amount": LISTED["subtotal"], "subtotal": LISTED["amount"]}
    assert len(fiat.outcome(asked(commit=True), page(swapped), SENT, DEAD).made) == 1


def test_what_does_not_say_when_it_was_made_can_be_it():
    assert len(fiat.outcome(asked(commit=True), page({**LISTED, "created_at": None}), SENT, DEAD).made) == 1


def test_two_alike_are_both_found():
    twice = page(LISTED, {**LISTED, "id": "w-2"})
    assert len(fiat.outcome(asked(commit=True), twice, SENT, DEAD).made) == 2


def test_a_page_that_does_not_reach_back_proves_nothing():
    newer = {**LISTED, "created_at": "2026-01-12T02:00:00Z"}
    older = {**LISTED, "created_at": "2026-01-11T00:00:00Z"}
    assert not fiat.outcome(asked(commit=True), page(newer, more="x"), SENT, DEAD).whole
    assert fiat.outcome(asked(commit=True), page(newer, older, more="x"), SENT, DEAD).whole


def test_it_may_be_made_again_only_when_it_cannot_come_any_more():
    """There is no identifier that would make a second one the same: so *not there* waits for the token's end."""
    attempt = Attempt().sending(SENT, LIFETIME * 1000)
    with pytest.raises(OutcomeUnknown) as lost:
        raise WITHDRAW.unanswered(sent=True)
    attempt = attempt.failed(lost.value, SENT + 1)
    assert (attempt.state, attempt.next) == (State.UNKNOWN, Step.ASK)
    nothing = fiat.outcome(asked(commit=True), page(), SENT, DEAD)
    assert nothing == fiat.Outcome((), whole=True)
    assert attempt.not_there(DEAD).next is Step.ASK
    assert attempt.not_there(DEAD + SETTLE + 1).next is Step.SEND


# What a signer sees

POLICY = """
passphrase_tries = 5

[exchanges.coinbase]
endpoints = ["POST /v2/accounts/*/withdrawals", "POST /v2/accounts/*/deposits", "POST /v2/accounts/*/*/*/commit"]
inside = ["payment-method:b-1"]

[exchanges.coinbase.limits.USD]
decimals = 2
per_order = "10 USD"
per_day = "15 USD"
"""


def verdict(unsigned, spent=0) -> str | None:
    policy = read_policy(POLICY)
    [rules] = policy.exchanges
    call, _ = read_call(EXCHANGES["coinbase"], unsigned, rules)
    facts = ExchangeFacts(1_800_273_600, {hours: {"USD": spent} for hours in WINDOWS}, approvals=1)
    refusal = judge_call(policy, call, facts).refusal
    return None if refusal is None else refusal.reason


def changed(**fields):
    return app.api().call(fiat.NEW_WITHDRAWAL, msgspec.structs.replace(asked(commit=True), **fields)).unsigned


def test_a_withdrawal_to_a_bank_is_judged_by_amount_and_bank():
    assert verdict(WITHDRAW.unsigned) is None
    assert verdict(changed(payment_method="b-2")) == "destination"
    assert verdict(changed(amount=10 + asked(commit=True).amount)) == "order-limit"
    assert verdict(changed(currency="EUR")) == "asset"
    assert verdict(WITHDRAW.unsigned, spent=501) == "window-limit"


def test_one_that_is_not_committed_at_once_is_judged_alike():
    """Whoever holds the account at the exchange could commit it there."""
    assert verdict(changed(commit=False)) is None
    assert verdict(changed(commit=False, payment_method="b-2")) == "destination"


def test_what_is_taken_from_the_bank_has_a_limit_as_well():
    deposit = app.api().call(fiat.NEW_DEPOSIT, asked(commit=True)).unsigned
    assert verdict(deposit) is None
    assert verdict(deposit, spent=501) == "window-limit"


def test_a_commit_does_not_say_how_much_and_is_refused():
    withdrawal = fiat.OfWithdrawal(account_id="a-1", withdrawal_id="w-1")
    deposit = fiat.OfDeposit(account_id="a-1", deposit_id="d-1")
    for unsigned in (
        app.api().call(fiat.COMMIT_WITHDRAWAL, withdrawal).unsigned,
        app.api().call(fiat.COMMIT_DEPOSIT, deposit).unsigned,
    ):
        with pytest.raises(InputRefused) as caught:
            verdict(unsigned)
        assert caught.value.reason == "exchange-not-understood"


def test_commit_is_never_left_out():
    """The documents contradict each other about what would be done then."""
    body = json.dumps(ASKED, separators=(",", ":")).encode()
    with pytest.raises(InputRefused):
        verdict(replace(WITHDRAW.unsigned, body=body))
