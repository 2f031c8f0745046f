"""Coinbase's ways to say no: one for each API, and ``"success": false`` under status 200."""

from __future__ import annotations

from typing import Any

from warifu.errors import InputRefused
from warifu.exchanges.calls import read_json
from warifu.exchanges.failures import (
    ExchangeFailed,
    Refused,
    Rule,
    TryAgain,
    by_rules,
    by_status,
)
from warifu.exchanges.http import HttpAnswer

EXCHANGE_RULES: tuple[Rule, ...] = (
    (r"rate limit|slow rate|too many requests", TryAgain, "rate-limit"),
    (r"request timestamp expired|invalid timestamp", TryAgain, "clock"),
    (r"maintenance|cancel.only mode|temporarily (disabled|unavailable)", TryAgain, "maintenance"),
    (
        r"invalid api key|invalid signature|invalid passphrase|unauthorized|authentication fail",
        Refused,
        "authentication",
    ),
    (r"two.factor|2fa|second.factor", Refused, "second-factor"),
    (
        r"address.book|not (in|on) (your|the) (address|allow|white)|allowlist|whitelist",
        Refused,
        "address-not-allowed",
    ),
    (r"travel.rule", Refused, "travel-rule"),
    (r"destination.?tag|memo", Refused, "memo"),
    (r"network", Refused, "network"),
    (r"invalid (crypto.)?address|crypto.address", Refused, "address"),
    (r"insufficient (funds|balance)", Refused, "funds"),
    (r"too (precise|accurate)|too many decimals|increment", Refused, "decimals"),
    (r"too small|minimum|at least", Refused, "below-minimum"),
    (r"limit exceeded|maximum|max(imum)? \d+ open orders", Refused, "limits"),
    (
        r"trading pair not available|product not found|delisted|not (currently )?(trading|available)",
        Refused,
        "delisted",
    ),
    (r"duplicate|already (exists|used)", Refused, "duplicate"),
    (r"not.?found|already done", Refused, "not-found"),
    (r"forbidden|permission|scope", Refused, "permission"),
    (r"post.only|price|size|funds|side|stop", Refused, "order"),
)
"""In this order: what is more exact comes first. The words are Coinbase's, and they change."""

ADVANCED_RULES: tuple[Rule, ...] = (
    (r"rate.?limit|resource_exhausted", TryAgain, "rate-limit"),
    (r"(timestamp|token|jwt).{0,20}expired|too (far )?in the (past|future)", TryAgain, "clock"),
    (r"order_entry_disabled|maintenance", TryAgain, "maintenance"),
    (
        r"unauthorized|unauthenticated|authentication fail|invalid_(api_key|signature|token)",
        Refused,
        "authentication",
    ),
    (r"permission_denied|forbidden|missing required scopes", Refused, "permission"),
    (r"precision", Refused, "decimals"),
    (r"insufficient|invalid_ledger_balance", Refused, "funds"),
    (r"too_small", Refused, "below-minimum"),
    (r"too_large|breached|max", Refused, "limits"),
    (r"duplicate", Refused, "duplicate"),
    (r"not.found", Refused, "not-found"),
    (r"ineligible_pair|invalid_product_id|view.only|disabled", Refused, "delisted"),
    (
        r"invalid_(limit_price|stop|side|no_liquidity|order|price|base|quote)|unsupported_order",
        Refused,
        "order",
    ),
    (r"rejected", Refused, "rejected"),
)
"""For codes such as PREVIEW_INVALID_SIZE_PRECISION, and gRPC's."""

APP_RULES: tuple[Rule, ...] = (
    (r"two_factor", Refused, "second-factor"),
    (r"rate_limit|resource_exhausted", TryAgain, "rate-limit"),
    (r"timestamp expired|expired_token", TryAgain, "clock"),
    (r"travel.rule", Refused, "travel-rule"),
    (r"verification_required|personal_details|unverified_email|jumio", Refused, "identity"),
    (r"invalid_scope", Refused, "permission"),
    (
        r"authentication_error|unauthorized|invalid_token|revoked_token|invalid_authentication",
        Refused,
        "authentication",
    ),
    (r"allow.?list|address.book", Refused, "address-not-allowed"),
    (r"destination.tag|memo", Refused, "memo"),
    (r"invalid.{0,20}(address|recipient)|valid.{0,20}address", Refused, "address"),
    (r"network", Refused, "network"),
    (r"enough funds|insufficient", Refused, "funds"),
    (r"minimum|too small|must be (positive|greater)", Refused, "below-minimum"),
    (r"limit", Refused, "limits"),
    (r"not_found", Refused, "not-found"),
)


def exchange_complaint(answer: HttpAnswer, effect: bool) -> ExchangeFailed | None:
    """``{"message": "..."}`` with a status."""
    if 200 <= answer.status < 300:
        return None
    said = _object(answer).get("message")
    return _meaning(EXCHANGE_RULES, said if isinstance(said, str) else "", answer, effect)


def advanced_complaint(answer: HttpAnswer, effect: bool) -> ExchangeFailed | None:
    """``{"error", "message", "error_details"}`` with a status, or ``"success": false`` with status 200."""
    found = _object(answer)
    if 200 <= answer.status < 300:
        if found.get("success") is not False:
            return None
        said = " ".join(_texts(found.get("error_response")) + _texts(found.get("failure_reason")))
        said += " ".join(text for error in _list(found.get("errors")) for text in _texts(error))
        failure = by_rules(ADVANCED_RULES, said, answer, said)
        return failure or Refused("rejected", said)
    return _meaning(ADVANCED_RULES, " ".join(_texts(found)), answer, effect)


def app_complaint(answer: HttpAnswer, effect: bool) -> ExchangeFailed | None:
    """``{"errors": [{"id", "message"}]}`` with a status; or under status 200 a transfer that has no identifier, because
    there is none, and says why."""
    if 200 <= answer.status < 300:
        return _no_transfer(answer)
    said = " ".join(text for error in _list(_object(answer).get("errors")) for text in _texts(error))
    return _meaning(APP_RULES, said, answer, effect)


def _no_transfer(answer: HttpAnswer) -> ExchangeFailed | None:
    transfer = _object(answer).get("transfer") if b"cancellation_reason" in answer.body else None
    if not isinstance(transfer, dict) or transfer.get("id"):
        return None
    said = " ".join(_texts(transfer.get("cancellation_reason")))
    return (by_rules(APP_RULES, said, answer, said) or Refused("rejected", said)) if said else None


def _meaning(rules: tuple[Rule, ...], said: str, answer: HttpAnswer, effect: bool) -> ExchangeFailed:
    """By the words where the exchange itself refused; by the status where its machinery failed."""
    by_words = (
        by_rules(rules, said, answer, said) if 400 <= answer.status < 500 and answer.status != 408 else None
    )
    return by_words or by_status(answer, effect, said)


def _object(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = read_json(dict[str, Any] | Any, answer.body)
    except InputRefused:  # a web page in the exchange's place: the status is all there is
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    """The texts of an object, or the text itself."""
    if isinstance(value, str):
        return [value]
    return [text for text in value.values() if isinstance(text, str)] if isinstance(value, dict) else []
