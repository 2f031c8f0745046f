"""What an exchange's no means, in the only three ways that matter to money.

:class:`TryAgain` and :class:`Refused` say that nothing happened. :class:`OutcomeUnknown` says that nobody knows: the
order or the withdrawal may exist. Then the exchange is *asked* under the identifier that was stored before sending;
the same request is never sent again in the hope that the first one was lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from warifu.exchanges.http import HttpAnswer

Reason = Literal[
    "address",  # no valid address, or of another network
    "address-not-allowed",  # not on the exchange's own list of withdrawal addresses
    "answer-form",  # an answer that cannot be read
    "authentication",  # key, signature or passphrase
    "banned",  # for having ignored limits
    "below-minimum",
    "busy",
    "clock",  # the time stamp is outside of the window
    "connection",  # nothing was sent
    "decimals",  # more digits than the pair or the currency has
    "delisted",  # the pair or the currency is not traded (any more)
    "duplicate",  # the identifier was used before
    "funds",
    "identity",  # the exchange wants to know more about its customer first
    "limits",  # of the account: how much, how many
    "maintenance",
    "memo",  # missing or wrong
    "network",  # not a network of this currency, or suspended
    "no-answer",  # it was sent and no answer came
    "not-found",
    "order",  # an order that this market does not take
    "partial",  # some of it was done
    "permission",  # of the key
    "rate-limit",
    "rejected",  # by the matching engine, for a reason in its words
    "request",  # malformed, or not understood
    "second-factor",
    "server-fault",
    "travel-rule",
]
MAX_WORDS = 300


class ExchangeFailed(Exception):
    """The root. ``reason`` is stable; ``words`` are the exchange's own, cut and printable, for a person."""

    def __init__(self, reason: Reason, words: str = "") -> None:
        self.reason = reason
        self.words = printable(words)
        super().__init__(f"{reason}: {self.words}" if self.words else reason)


class TryAgain(ExchangeFailed):
    """Nothing happened, and later it may: a limit, a clock, a pause of the exchange."""

    def __init__(self, reason: Reason, words: str = "", retry_after: int | None = None) -> None:
        super().__init__(reason, words)
        self.retry_after = retry_after
        """Seconds; None where the exchange did not say."""


class Refused(ExchangeFailed):
    """Nothing happened, and the same request would be refused again."""


class OutcomeUnknown(ExchangeFailed):
    """It may have happened. Ask; do not send it again."""


Rule = tuple[str, type[TryAgain] | type[Refused] | type[OutcomeUnknown], Reason]
"""A pattern in the exchange's words or code, and what it means."""


def by_rules(rules: Sequence[Rule], text: str, answer: HttpAnswer, words: str) -> ExchangeFailed | None:
    """The meaning of ``text`` by the first rule that fits; None where none does."""
    for pattern, kind, reason in rules:
        if re.search(pattern, text, re.IGNORECASE):
            return TryAgain(reason, words, retry_after(answer)) if kind is TryAgain else kind(reason, words)
    return None


def unanswered(effect: bool, sent: bool, words: str = "") -> TryAgain | OutcomeUnknown:
    """No answer came. ``sent``: some of the request may have left; ``effect``: it was to change something."""
    if not sent:
        return TryAgain("connection", words)
    return OutcomeUnknown("no-answer", words) if effect else TryAgain("no-answer", words)


def unreadable(effect: bool, words: str) -> TryAgain | OutcomeUnknown:
    """An answer of success that means nothing to us: for what was to change something, nobody knows."""
    return OutcomeUnknown("answer-form", words) if effect else TryAgain("answer-form", words)


def by_status(answer: HttpAnswer, effect: bool, words: str) -> ExchangeFailed:
    """The meaning of a status that is no success, where the exchange's own words say nothing more exact."""
    match answer.status:
        case 400 | 422:
            return Refused("request", words)
        case 401:
            return Refused("authentication", words)
        case 402:
            return Refused("second-factor", words)
        case 403:
            return Refused("permission", words)
        case 404:
            return Refused("not-found", words)
        case 408:
            return unanswered(effect, sent=True, words=words)
        case 418:
            return TryAgain("banned", words, retry_after(answer))
        case 429:
            return TryAgain("rate-limit", words, retry_after(answer))
        case status if 400 <= status < 500:
            return Refused("request", words)
        case _:
            reason: Reason = "maintenance" if "maintenance" in words.lower() else "server-fault"
            return OutcomeUnknown(reason, words) if effect else TryAgain(reason, words, retry_after(answer))


def retry_after(answer: HttpAnswer) -> int | None:
    """Seconds that the exchange wants us to wait, at most a day; None where it does not say in seconds."""
    text = answer.header("retry-after") or ""
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 12 else None


def printable(words: str) -> str:
    """One line of a stranger's words, short and harmless to a terminal."""
    return "".join(character if character.isprintable() else " " for character in words[:MAX_WORDS]).strip()
