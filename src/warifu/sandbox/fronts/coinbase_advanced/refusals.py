"""How Advanced Trade says no: by a status, and to orders under status 200."""

from __future__ import annotations

from warifu.sandbox.fronts.cdp import UNAUTHORIZED
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, said

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    # reason: status, error, words
    "identity": (403, "PERMISSION_DENIED", "identity verification is required"),
    "network": (400, "INVALID_ARGUMENT", "unsupported network"),
    "no-order": (404, "NOT_FOUND", "order with this orderID was not found"),
    "no-path": (404, "NOT_FOUND", "Not Found"),
    "no-such": (404, "NOT_FOUND", "not found"),
    "permission": (403, "PERMISSION_DENIED", "Missing required scopes"),
    "rate-limit": (429, "rate_limit_exceeded", "Too many requests"),
    "rate-limit-body": (400, "rate_limit_exceeded", "Too many requests"),
    "second-factor": (402, "two_factor_required", "Two-step verification code required"),
    "server-fault": (500, "INTERNAL", "internal error"),
    "clock": (401, "unauthorized", "request timestamp expired"),
}
ORDER_REFUSALS: dict[Reason, tuple[str, str]] = {
    # what is said under status 200: error, words
    "delisted": ("INVALID_PRODUCT_ID", "The product is not available"),
    "funds": ("INSUFFICIENT_FUND", "Insufficient balance in source account"),
    "maintenance": ("ORDER_ENTRY_DISABLED", "Order entry is disabled: maintenance"),
    "order-form": ("UNSUPPORTED_ORDER_CONFIGURATION", "The order configuration was invalid"),
    "post-only": ("INVALID_LIMIT_PRICE_POST_ONLY", "Invalid limit price for a post only order"),
    "price-step": ("INVALID_PRICE_PRECISION", "Too many decimals in order price"),
    "size-step": ("INVALID_SIZE_PRECISION", "Too many decimals in order amount"),
    "too-large": ("INVALID_BASE_SIZE_TOO_LARGE", "The order is too large"),
    "too-small": ("INVALID_BASE_SIZE_TOO_SMALL", "The order is too small"),
    "value-too-small": ("INVALID_QUOTE_SIZE_TOO_SMALL", "The order is too small"),
}


def no_order(refusal: Refusal, configuration: object) -> dict[str, object]:
    error, words = ORDER_REFUSALS[refusal.reason]
    return {
        "success": False,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "order_id": "",
        "error_response": {
            "error": error,
            "message": words,
            "error_details": "",
            "preview_failure_reason": f"PREVIEW_{error}",
        },
        "order_configuration": configuration,
    }


def refused(refusal: Refusal) -> Answer:
    """In its own form."""
    if refusal.reason in ("authentication", "signature"):
        return UNAUTHORIZED
    if refusal.reason in ORDER_REFUSALS:
        return said(no_order(refusal, {}))
    status, error, words = _REFUSALS.get(
        refusal.reason, (400, "INVALID_ARGUMENT", f"invalid {refusal.detail}")
    )
    headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
    return said({"error": error, "error_details": words, "message": words}, status, headers)
