"""Who asks the App, and what it says no in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warifu.sandbox.fronts.cdp import UNAUTHORIZED, credential_of
from warifu.sandbox.fronts.coinbase_app.banks import Banks
from warifu.sandbox.fronts.coinbase_app.market_data import MarketData
from warifu.sandbox.fronts.coinbase_app.transactions import Transactions
from warifu.sandbox.fronts.coinbase_app.wallets import Wallets
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, body_fields, query_fields, said

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    # reason: status, id, words
    "address": (400, "validation_error", "Please enter a valid email or bitcoin address"),
    "address-not-allowed": (400, "validation_error", "The address is not in your allowlist"),
    "clock": (401, "authentication_error", "request timestamp expired"),
    "funds": (400, "validation_error", "You don't have enough funds"),
    "identity": (400, "identity_verification_required", "Identity verification is required"),
    "maintenance": (503, "internal_server_error", "The service is under maintenance"),
    "memo": (400, "validation_error", "destination tag is invalid"),
    "missing": (400, "param_required", "Missing parameter: {}"),
    "network": (400, "validation_error", "network {} is not supported for this asset"),
    "no-path": (404, "not_found", "Not found"),
    "no-such": (404, "not_found", "Not found"),
    "permission": (403, "invalid_scope", "Invalid scope"),
    "rate-limit": (429, "rate_limit_exceeded", "Rate limit exceeded"),
    "rate-limit-body": (400, "rate_limit_exceeded", "Rate limit exceeded"),
    "second-factor": (
        402,
        "two_factor_required",
        "Two-step verification code required to complete this request",
    ),
    "server-fault": (500, "internal_server_error", "Internal server error"),
    "travel-rule": (400, "validation_error", "travel rule data is missing"),
    "vault": (400, "validation_error", "Withdrawals from a vault need the approval of its owners"),
    "withdrawal-precision": (400, "validation_error", "amount has at most {} decimal places"),
    "withdrawal-too-small": (400, "validation_error", "amount is below the minimum of {}"),
}


class CoinbaseApp(Front):
    """The same money as Advanced Trade's."""

    name = "coinbase-app"

    def paths(self) -> tuple[Route, ...]:
        parts = (MarketData, Wallets, Transactions, Banks)
        return tuple(route for part in parts for route in part(self.venue).paths())

    def fields(self, request: Request) -> Mapping[str, Any]:
        return body_fields(request.body) if request.method in ("POST", "PUT") else query_fields(request.query)

    def credential(self, request: Request) -> Credential:
        return credential_of(self.venue, request)

    def refused(self, refusal: Refusal) -> Answer:
        if refusal.reason in ("authentication", "signature"):
            return UNAUTHORIZED
        status, name, words = _REFUSALS.get(
            refusal.reason, (400, "validation_error", f"invalid {refusal.detail}".strip())
        )
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        return said({"errors": [{"id": name, "message": words.format(refusal.detail)}]}, status, headers)
