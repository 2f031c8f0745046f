"""What a call's owner is told of an exchange's answer, and how much of it there can be.

A short answer is read: it says by itself whether the exchange did what it was asked. Of a long one only the status is
looked at: what refuses is short, and taking megabytes of JSON apart would cost the device a hundred MiB and a second in
which it does nothing else. Whoever asked reads it. What is to change something has no long answer.
"""

from __future__ import annotations

from warifu.exchanges.calls import Effect
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, Refused, TryAgain
from warifu.exchanges.http import HttpAnswer
from warifu.protocol.exchange_answers import ExchangeAnswer, Outcome, Told
from warifu.signer.egress.client import Limits
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.exchanges.carrying import Heard
from warifu.signer.exchanges.judging import Seen

LIMITS = Limits(head=24 * 1024, body=4 * 1024 * 1024)
"""Of an answer that is handed on."""
MAX_ENDING = 160 * 1024
"""Bytes of its body that go with the result, which has to fit into a frame: what is longer goes before, in pieces."""
_MOST_HEADERS, _LONGEST_NAME, _LONGEST_VALUE = 100, 128, 8192


def told_of(request: bytes, seen: Seen, heard: Heard) -> Told:
    """What the owner is told of what came of the request with this digest."""
    answer, failure = _outcome(seen, heard)
    if failure is None:
        return Told(request, "done", "", 0, answer)
    outcome, reason, wait = failure
    return Told(request, outcome, reason, wait, answer)


def _outcome(seen: Seen, heard: Heard) -> tuple[ExchangeAnswer | None, tuple[Outcome, str, int] | None]:
    """The exchange's answer, if a whole one came that can be handed on, and how it says no, if it does."""
    call = seen.understood.call
    if isinstance(heard, EgressFailed):
        outcome, _, wait = _meaning(call.unanswered(sent=heard.sent))
        return None, (outcome, heard.reason, wait)
    if isinstance(heard, ExchangeFailed):
        return None, _meaning(heard)
    long = len(heard.body) > MAX_ENDING
    if not _can_be_handed_on(heard) or (long and not (_reads(seen) and 200 <= heard.status < 300)):
        outcome, _, wait = _meaning(call.unanswered(sent=True))
        return None, (outcome, "too-large", wait)
    answer = ExchangeAnswer(heard.status, heard.headers, heard.body)
    if long:
        return answer, None
    try:
        call.read(heard)
    except ExchangeFailed as failure:
        return answer, _meaning(failure)
    return answer, None


def _reads(seen: Seen) -> bool:
    return seen.understood.call.unsigned.effect is Effect.READS


def _meaning(failure: ExchangeFailed) -> tuple[Outcome, str, int]:
    match failure:
        case TryAgain():
            return "try-again", failure.reason, failure.retry_after or 0
        case Refused():
            return "refused", failure.reason, 0
        case _:
            assert isinstance(failure, OutcomeUnknown), "there are three ways to say no"
            return "unknown", failure.reason, 0


def _can_be_handed_on(answer: HttpAnswer) -> bool:
    return len(answer.headers) <= _MOST_HEADERS and all(
        len(name) <= _LONGEST_NAME and len(value) <= _LONGEST_VALUE for name, value in answer.headers
    )
