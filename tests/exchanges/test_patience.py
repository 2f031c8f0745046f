"""What is asked again by itself, and when."""

from __future__ import annotations

from typing import get_args

import pytest

from warifu.exchanges.allowances import Allowance
from warifu.exchanges.failures import OutcomeUnknown, Reason, Refused, TryAgain
from warifu.exchanges.patience import LONGEST, MOST_TRIES, before_again, before_next

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("reason", get_args(Reason))
def test_a_no_is_no_and_what_may_have_happened_is_looked_for(reason: Reason) -> None:
    assert before_again(Refused(reason), 1) is None
    assert before_again(OutcomeUnknown(reason), 1) is None


@pytest.mark.parametrize(
    "reason", ["rate-limit", "busy", "maintenance", "server-fault", "connection", "no-answer"]
)
def test_what_passes_is_asked_again_a_few_times_after_what_the_exchange_said(reason: Reason) -> None:
    assert before_again(TryAgain(reason, retry_after=7), 1) == 7
    assert [before_again(TryAgain(reason), tries) for tries in range(1, MOST_TRIES)] == [1, 2]
    assert before_again(TryAgain(reason), MOST_TRIES) is None
    assert before_again(TryAgain(reason, retry_after=LONGEST + 1), 1) is None


@pytest.mark.parametrize("reason", ["banned", "clock", "answer-form"])
def test_what_grows_by_asking_or_stays_is_not(reason: Reason) -> None:
    assert before_again(TryAgain(reason, retry_after=1), 1) is None


@pytest.mark.parametrize(
    ("allowances", "seconds"),
    [
        ((), 0),
        ((Allowance("requests", left=1, resets_after=9),), 0),
        ((Allowance("weight", used=5999),), 0),
        ((Allowance("requests", left=0),), 1),
        ((Allowance("requests", left=0, resets_after=4), Allowance("orders", left=0, resets_after=2)), 4),
        ((Allowance("requests", left=0, resets_after=9_999),), LONGEST),
    ],
)
def test_who_has_used_up_a_limit_waits_until_it_is_whole(
    allowances: tuple[Allowance, ...], seconds: int
) -> None:
    assert before_next(allowances) == seconds
