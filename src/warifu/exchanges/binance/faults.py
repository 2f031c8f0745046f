"""Binance's codes, and what they mean for money. Some say outright that the outcome is unknown."""

from __future__ import annotations

from typing import Any

from warifu.errors import InputRefused
from warifu.exchanges.calls import read_json
from warifu.exchanges.failures import (
    ExchangeFailed,
    OutcomeUnknown,
    Reason,
    Refused,
    Rule,
    TryAgain,
    by_rules,
    by_status,
    retry_after,
)
from warifu.exchanges.http import HttpAnswer

_UNKNOWN = {-1000, -1001, -1006, -1007, -3000, -3044, -4027}
"""Faults within the exchange, after which it may have done what it was asked."""

_AGAIN: dict[int, Reason] = {
    -1003: "rate-limit",
    -1004: "busy",
    -1008: "busy",
    -1015: "rate-limit",
    -1016: "maintenance",
    -1021: "clock",
    -1034: "rate-limit",
    -4005: "rate-limit",
}

_REFUSED: dict[int, Reason] = {
    -1002: "permission",
    -1014: "order",
    -1020: "order",
    -1022: "authentication",
    -1111: "decimals",
    -1121: "delisted",
    -2013: "not-found",
    -2014: "authentication",
    -2015: "authentication",
    -2026: "not-found",
    -3001: "second-factor",
    -3041: "funds",
    -4004: "authentication",
    -4007: "address",
    -4008: "memo",
    -4010: "address-not-allowed",
    -4012: "address-not-allowed",
    -4013: "second-factor",
    -4014: "limits",
    -4015: "limits",
    -4016: "limits",
    -4017: "limits",
    -4018: "delisted",
    -4019: "network",
    -4021: "decimals",
    -4022: "below-minimum",
    -4023: "limits",
    -4024: "funds",
    -4025: "funds",
    -4026: "funds",
    -4028: "below-minimum",
    -4033: "address",
    -4034: "address",
    -4035: "address-not-allowed",
    -4036: "address-not-allowed",
}

_WORDS: tuple[Rule, ...] = (
    (r"insufficient balance", Refused, "funds"),
    (r"duplicate", Refused, "duplicate"),
    (r"unknown order|does not exist", Refused, "not-found"),
    (r"market is closed|not permitted|restricted|not enabled", Refused, "delisted"),
    (r"PRICE_FILTER|tick|precision", Refused, "decimals"),
    (r"LOT_SIZE|NOTIONAL|zero or less|minimum", Refused, "below-minimum"),
    (r"MAX_|PERCENT_PRICE", Refused, "limits"),
    (r"disabled on this account|may not place", Refused, "permission"),
    (r"white.?list", Refused, "address-not-allowed"),
    (r"network", Refused, "network"),
    (r"travel rule|questionnaire", Refused, "travel-rule"),
)
"""For the codes that stand for many things: -1010, -1013, -2010, -2011, and those that no table knows."""


def complaint(answer: HttpAnswer, effect: bool) -> ExchangeFailed | None:
    """``{"code": -1121, "msg": "..."}``, with whatever status it came."""
    found = _object(answer)
    code, words = found.get("code"), found.get("msg")
    said = f"{words if isinstance(words, str) else ''} ({code})"
    if not isinstance(code, int) or code >= 0:
        return None if 200 <= answer.status < 300 else _by_status(answer, effect, said)
    if answer.status >= 500 and effect:  # "execution status unknown", whatever code comes with it
        return by_status(answer, effect, said)
    if code in _UNKNOWN:
        return OutcomeUnknown("server-fault", said) if effect else TryAgain("server-fault", said)
    if code in _AGAIN:
        banned = answer.status == 418 or "banned" in said.lower()
        return TryAgain("banned" if banned else _AGAIN[code], said, retry_after(answer))
    if code in _REFUSED:
        return Refused(_REFUSED[code], said)
    return by_rules(_WORDS, said, answer, said) or Refused("rejected" if code <= -2000 else "request", said)


def _by_status(answer: HttpAnswer, effect: bool, said: str) -> ExchangeFailed:
    if answer.status == 403:  # its firewall: no code, and often a limit
        return TryAgain("rate-limit", said, retry_after(answer))
    return by_status(answer, effect, said)


def _object(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = read_json(dict[str, Any] | Any, answer.body)
    except InputRefused:
        return {}
    return found if isinstance(found, dict) else {}
