"""What a device shows of a request at its own door: what it read itself, the newest that an owner authorized first."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.simulator import BTC, COIN, FRIEND, START, THIEF, THIEF_SCRIPT, Household, Spend

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.authorization import approve_request
from warifu.protocol.comparing import comparison_digits
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import MAX_BODY_BYTES, AskDecision, Decision, error_of, refusal_of
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import (
    MAX_OPERATOR_BYTES,
    AskJudged,
    Glimpse,
    Judged,
    OperatorRefused,
    ShowJudged,
)
from warifu.protocol.request import Outflow
from warifu.signer.policy.facts import Rule, Verdict
from warifu.signer.recent import KEPT, in_words

pytestmark = pytest.mark.unit


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 2)
    household.make_wallet(2)
    yield household
    household.close()


def shown(home: Household, request_id: bytes = b"", name: str = "device0") -> ShowJudged:
    (answer,) = home[name].operator(AskJudged(request_id))
    if isinstance(answer, OperatorRefused):
        raise error_of(answer.refusal)
    assert isinstance(answer, ShowJudged)
    return answer


def decide(home: Household, payment: Spend) -> Decision:
    return home["device0"].decide(payment.request, payment.unsigned)


def test_a_device_shows_what_it_read_in_the_bytes_and_what_each_rule_said(home):
    payment = home.pay(amount=70_000, fee=1_234)
    decision = decide(home, payment)
    judged = shown(home).judged
    assert (judged.request, judged.request_id) == (payment.digest, payment.request.request_id)
    assert [(each.kind, each.amount, each.to) for each in judged.outflows] == [("payment", "70000", FRIEND)]
    assert (judged.fee, judged.chain, judged.transaction) == ("1234", "bitcoin", payment.request.transaction)
    assert judged.rules == decision.rules and judged.refusal is None
    assert not judged.authorized


def test_looking_signs_nothing_counts_nothing_and_writes_nothing(home):
    decide(home, home.pay())
    before = home["device0"].status()
    shown(home)
    assert home["device0"].status() == before
    assert before.wallets[0].spent_today == ()


def test_what_is_refused_is_shown_with_the_rule_that_refuses_it(home):
    decide(home, home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),)))
    judged = shown(home).judged
    assert judged.refusal is not None and judged.refusal.reason == "per-transaction-limit"


def test_a_swapped_output_is_never_shown_as_what_was_asked_for(home):
    """What the bytes say is shown, or nothing: a thief's address under the friend's request is refused unread."""
    payment = home.pay()
    stolen = Spend(payment.request, home.pay(to=THIEF, script=THIEF_SCRIPT).unsigned)
    assert not decide(home, stolen).allowed
    with pytest.raises(InputRefused) as refused:
        shown(home, payment.request.request_id)
    assert refused.value.reason == "not-seen"


def test_what_an_owner_authorized_comes_before_every_dry_run(home):
    payment = home.pay()
    home.sign(payment)
    home.clock.pass_(5)
    decide(home, home.pay(first_coin=3))
    newest = shown(home)
    assert newest.judged.request == payment.digest and newest.judged.authorized
    assert [each.authorized for each in newest.others] == [False]


def test_a_service_that_asks_for_a_thousand_dry_runs_pushes_no_authorized_request_out(home):
    payment = home.pay()
    home.sign(payment)
    for number in range(5 * KEPT):
        decide(home, home.pay(first_coin=number + 1))
    assert shown(home, payment.request.request_id).judged.authorized
    assert len(shown(home).others) == KEPT


def test_both_sides_name_the_same_request_by_the_same_digits(home):
    payment, other = home.pay(), home.pay()
    decide(home, payment)
    digits = comparison_digits(shown(home).judged.request)
    assert digits == comparison_digits(payment.digest) != comparison_digits(other.digest)
    assert len(digits.replace(" ", "")) == 20 and digits.replace(" ", "").isdigit()


def test_nothing_was_judged_yet(home):
    with pytest.raises(InputRefused):
        shown(home)


# --- owners' approvals in a dry run ----------------------------------------------------------------------------------


def test_approvals_that_came_so_far_are_verified_before_they_count(home):
    payment, stranger = home.pay(), IdentityKey.generate()
    forged = approve_request(approver(stranger), payment.request)
    question = AskDecision(3, encode(payment.request), payment.unsigned, (forged,))
    decision = home["device0"].call(question, Decision)
    assert decision.refusal is not None and decision.refusal.reason == "unknown-credential"
    genuine = approve_request(approver(home.owner), payment.request)
    other = msgspec.structs.replace(payment.request, request_id=random(16))
    replayed = AskDecision(3, encode(other), payment.unsigned, (genuine,))
    decision = home["device0"].call(replayed, Decision)
    assert decision.refusal is not None and decision.refusal.reason == "signature"
    fair = AskDecision(3, encode(payment.request), payment.unsigned, (genuine,))
    assert home["device0"].call(fair, Decision).allowed


def test_the_longest_judgement_fits_through_the_door(home):
    """A service asks for dry runs of what it likes; what the operator then looks at must not break his agent."""
    outflow = Outflow("payment", "t" * 64, "9" * 77, "a" * 100)
    judged = Judged(
        bytes(32),
        bytes(16),
        bytes(32),
        ("d" * 32,) * 16,
        True,
        START,
        "bitcoin",
        bytes(32),
        (outflow,) * 128,
        "9" * 77,
        bytes(16),
        START,
        in_words(Verdict(tuple(Rule("reason", False, "w" * 5000) for _ in range(2000)))),
        refusal_of(PolicyDenied("reason", "m" * 1000)),
    )
    others = tuple(Glimpse(bytes(16), True, START) for _ in range(2 * KEPT))
    assert len(encode(ShowJudged(judged, others))) <= MAX_OPERATOR_BYTES
    assert len(encode(Decision(False, judged.rules, judged.refusal))) <= MAX_BODY_BYTES
