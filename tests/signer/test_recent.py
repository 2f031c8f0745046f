"""What a device shows of a request at its own door: what it read itself, the newest that an owner authorized first; of
what it let be signed before it was started, what its journal says; and a request that its operator brings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.chains.ethereum.typed_samples import as_json, typed
from tests.support.accounts import LOCAL, SHOP, account_request, ethereum_rules
from tests.support.simulator import (
    BTC,
    COIN,
    FRIEND,
    START,
    THIEF,
    THIEF_SCRIPT,
    Household,
    Spend,
    bitcoin_policy,
)

from warifu.chains.ethereum.personal import personal_message
from warifu.errors import InputRefused, PolicyDenied, TransactionRefused
from warifu.protocol.authorization import approve_request
from warifu.protocol.comparing import comparison_digits
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import MAX_BODY_BYTES, AskDecision, Decision, error_of, refusal_of
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import (
    MAX_LINES,
    MAX_OPERATOR_BYTES,
    AskJudged,
    FreezeDevice,
    Glimpse,
    Judged,
    LookAt,
    OperatorRefused,
    ShowJudged,
)
from warifu.protocol.request import FreezeRequest, Outflow
from warifu.signer.policy.facts import Rule, Verdict
from warifu.signer.recent import KEPT, bounded, in_words

pytestmark = [pytest.mark.unit, pytest.mark.slow]


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


# --- after a restart --------------------------------------------------------------------------------------------------


def test_after_a_restart_the_journal_tells_what_was_let_be_signed_and_nothing_that_it_does_not_know(home):
    first, second = home.pay(amount=70_000, fee=1_234), home.pay(amount=5_000, first_coin=3)
    home.sign(first)
    home.clock.pass_(5)
    home.sign(second)
    home["device0"].restart()
    newest = shown(home)
    assert newest.judged.source == "journal" and newest.judged.request == second.digest
    assert newest.others == (Glimpse(first.request.request_id, True, home.clock() - 5),)
    named = shown(home, first.request.request_id).judged
    assert (named.request, named.transaction) == (first.digest, first.request.transaction)
    assert [(each.kind, each.amount, each.to) for each in named.outflows] == [("payment", "70000", FRIEND)]
    assert (named.fee, named.authorized, named.devices) == ("1234", True, tuple(home.names))
    assert (named.rules, named.refusal, named.expires, named.message) == ((), None, 0, ())


def test_what_is_judged_since_the_start_comes_before_what_the_journal_tells(home):
    before = home.pay()
    home.sign(before)
    home["device0"].restart()
    since = home.pay(first_coin=3)
    decide(home, since)
    assert shown(home).judged.request == since.digest
    assert shown(home, before.request.request_id).judged.source == "journal"


def test_what_was_refused_is_not_told_as_signed_after_a_restart(home):
    refused = home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),))
    home.sign(refused)
    home["device0"].restart()
    for asked in (b"", refused.request.request_id):
        with pytest.raises(InputRefused) as caught:
            shown(home, asked)
        assert caught.value.reason == "not-seen"


# --- a request that the operator brings ------------------------------------------------------------------------------


def look(home: Household, payment: Spend, name: str = "device0") -> Judged:
    (answer,) = home[name].operator(LookAt(encode(payment.request), payment.unsigned))
    if isinstance(answer, OperatorRefused):
        raise error_of(answer.refusal)
    assert isinstance(answer, ShowJudged) and answer.others == ()
    return answer.judged


def test_what_the_operator_brings_is_read_and_judged_as_in_a_dry_run_and_leaves_no_trace(home):
    payment = home.pay(amount=70_000, fee=1_234)
    before, disk = home["device0"].status(), home["device0"].disk()
    judged = look(home, payment)
    assert (judged.source, judged.authorized, judged.request) == ("asked", False, payment.digest)
    assert [(each.kind, each.amount, each.to) for each in judged.outflows] == [("payment", "70000", FRIEND)]
    assert (judged.fee, judged.expires, judged.refusal) == ("1234", payment.request.expires, None)
    assert (home["device0"].status(), home["device0"].disk()) == (before, disk)
    with pytest.raises(InputRefused):  # nobody can fill what the operator looks at by bringing requests
        shown(home)
    assert judged.rules == decide(home, payment).rules


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (lambda home: home.pay(amount=20 * BTC, coins=((COIN, 30 * BTC),)), "policy.per-transaction-limit"),
        (lambda home: home.pay(created=START - 7200, expires=START - 3600), "authorization.expired"),
    ],
    ids=["by a rule", "by the clock"],
)
def test_what_would_be_refused_is_shown_all_the_same_with_the_reason(home, refused, code):
    payment = refused(home)
    judged = look(home, payment)
    assert judged.refusal is not None and error_of(judged.refusal).code == code
    assert judged.outflows[0].to == FRIEND


def test_a_frozen_device_still_reads_what_it_is_shown(home):
    home["device0"].operator(FreezeDevice("the door was open"))
    judged = look(home, home.pay(amount=70_000))
    assert judged.outflows[0].amount == "70000"
    assert judged.refusal is not None and judged.refusal.reason == "frozen"


def test_bytes_that_are_not_what_the_request_says_are_refused_and_not_shown(home):
    """Whoever took the client over, or the file on its way, shows a friend's request with a thief's transaction."""
    payment = home.pay()
    with pytest.raises(TransactionRefused):
        look(home, Spend(payment.request, home.pay(to=THIEF, script=THIEF_SCRIPT).unsigned))
    with pytest.raises(TransactionRefused):
        look(home, Spend(home.pay(to=THIEF, script=THIEF_SCRIPT).request, payment.unsigned))


def test_of_another_wallet_or_of_another_kind_nothing_is_shown(home):
    payment = home.pay()
    with pytest.raises(InputRefused):
        look(home, Spend(msgspec.structs.replace(payment.request, wallet_id=random(32)), payment.unsigned))
    freeze = FreezeRequest(random(16), payment.request.wallet_id, "now", START, START + 60)
    (answer,) = home["device0"].operator(LookAt(encode(freeze), b""))
    assert isinstance(answer, OperatorRefused) and answer.refusal.reason == "request-kind"


def test_the_service_cannot_ask_what_only_the_operator_may(home):
    payment = home.pay()
    assert home["device0"].send(LookAt(encode(payment.request), payment.unsigned)) == []


# --- what a message says ---------------------------------------------------------------------------------------------


@pytest.fixture
def talking(tmp_path: Path):
    household = Household(tmp_path, 2)
    rules = ethereum_rules(messages=True)
    household.make_wallet(2, bitcoin_policy(others=[rules]), schemes=("bip340", "ecdsa"))
    yield household
    household.close()


def words(home: Household, message: bytes) -> Judged:
    assert home.birth is not None
    account = home["device0"].device.wallets.born(home.birth.wallet_id).ethereum
    request = account_request(home.birth.wallet_id, LOCAL, message, account, home.clock())
    return look(home, Spend(request, message))


def order_of(types: str, message: dict[str, object]) -> bytes:
    chain = int(LOCAL.partition(":")[2])
    return as_json(
        typed("Order", {"Order": types}, message, chainId=chain, verifyingContract=SHOP, name="Shop")
    )


def test_the_text_of_a_message_is_shown_line_by_line(talking):
    judged = words(talking, personal_message("Sign in to the shop\nas \\me"))
    assert judged.message == (("EIP-191", "Sign in to the shop"), ("", "as \\\\me"))
    assert (judged.left_out, judged.refusal) == (0, None)


def test_every_field_of_typed_data_is_shown_and_none_of_its_characters_acts(talking):
    """A text that turns itself around, or moves the cursor, would show another order than the one that is signed."""
    order = order_of("address to,string what", {"to": SHOP, "what": "a\x1b[2Jb\u202e\u200b\nc\\n"})
    judged = words(talking, order)
    assert dict(judged.message)["message.what"] == r"a\u{1b}[2Jb\u{202e}\u{200b}\u{a}c\\n"
    assert dict(judged.message)["message.to"] == SHOP


def test_of_a_message_that_is_too_long_the_device_says_how_much_it_does_not_show(talking):
    judged = words(talking, personal_message("\n".join(["?"] * 3000)))
    assert (len(judged.message), judged.left_out) == (MAX_LINES, 3000 - MAX_LINES)
    long = order_of("string what", {"what": "x" * 5000})
    judged = words(talking, long)
    assert judged.left_out == 1 and dict(judged.message)["message.what"] == "x" * 2000
    many = order_of("string[] what", {"what": ["\U0001f600" * 1000] * 15})
    judged = words(talking, many)
    assert judged.left_out == 0 and len(encode(ShowJudged(judged, ()))) <= MAX_OPERATOR_BYTES


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
        "judged",
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
        *bounded([("n" * 500, "\U0001f600" * 5000)] * 5000),
        in_words(Verdict(tuple(Rule("reason", False, "\u9280" * 5000) for _ in range(2000)))),
        refusal_of(PolicyDenied("reason", "m" * 1000)),
    )
    assert judged.left_out == 5000
    others = tuple(Glimpse(bytes(16), True, START) for _ in range(2 * KEPT))
    assert len(encode(ShowJudged(judged, others))) <= MAX_OPERATOR_BYTES
    assert len(encode(Decision(False, judged.rules, judged.refusal))) <= MAX_BODY_BYTES
