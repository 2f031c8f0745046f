"""Who asks the Exchange API, and what it says no in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import EXACT, amount_of
from warifu.sandbox.fronts.coinbase_exchange.address_book import AddressBook
from warifu.sandbox.fronts.coinbase_exchange.banks import Banks
from warifu.sandbox.fronts.coinbase_exchange.funds import Funds
from warifu.sandbox.fronts.coinbase_exchange.market_data import MarketData
from warifu.sandbox.fronts.coinbase_exchange.orders import Orders
from warifu.sandbox.fronts.coinbase_exchange.profile import Profile
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, body_fields, query_fields, said

WINDOW = 30
"""Seconds that a request's time may be away from the exchange's."""

_REFUSALS: dict[Reason, tuple[int, str]] = {
    "address": (400, "invalid crypto_address"),
    "address-not-allowed": (400, "Crypto address is not in your address book"),
    "authentication": (401, "Invalid API Key"),
    "clock": (401, "request timestamp expired"),
    "delisted": (400, "Trading pair not available"),
    "duplicate": (400, "Duplicate identifier: {}"),
    "form": (400, "{} is invalid"),
    "funds": (400, "Insufficient funds"),
    "identity": (403, "Forbidden: the profile is not verified"),
    "maintenance": (400, "Cancel only mode: under maintenance {}"),
    "memo": (400, "destination_tag is invalid"),
    "missing": (400, "{} is required"),
    "network": (400, "{} is not a supported network"),
    "no-order": (404, "order not found"),
    "no-path": (404, "NotFound"),
    "no-such": (404, "NotFound"),
    "order-form": (400, "{} is not allowed for this order"),
    "passphrase": (401, "Invalid Passphrase"),
    "permission": (403, "Forbidden"),
    "post-only": (400, "Post only mode: the order would be filled at once"),
    "price-step": (400, "price is too accurate. Smallest unit is {}"),
    "rate-limit": (429, "Private rate limit exceeded"),
    "rate-limit-body": (400, "Private rate limit exceeded"),
    "second-factor": (401, "2FA is required"),
    "server-fault": (500, "Internal server error"),
    "signature": (401, "invalid signature"),
    "size-step": (400, "size is too accurate. Smallest unit is {}"),
    "too-large": (400, "size is too large. Maximum size is {}"),
    "too-small": (400, "size is too small. Minimum size is {}"),
    "travel-rule": (400, "travel_rule_data is required"),
    "value-too-small": (400, "funds is too small. Minimum size is {}"),
    "withdrawal-precision": (400, "amount is too accurate. It has at most {} decimals"),
    "withdrawal-too-small": (400, "amount is too small. The minimum is {}"),
}


class CoinbaseExchange(Front):
    """HMAC with a passphrase over time, method, path and body. One profile for each customer."""

    name = "coinbase-exchange"

    def paths(self) -> tuple[Route, ...]:
        parts = (MarketData, Profile, Orders, Funds, Banks, AddressBook)
        return tuple(route for part in parts for route in part(self.venue).paths())

    def fields(self, request: Request) -> Mapping[str, Any]:
        return (
            body_fields(request.body)
            if request.method in ("POST", "PUT")
            else query_fields(request.query, repeated=("status",))
        )

    def credential(self, request: Request) -> Credential:
        heads = {}
        for name in ("key", "sign", "timestamp", "passphrase"):
            heads[name] = request.headers.get(f"cb-access-{name}", "")
            if not heads[name]:
                raise Refusal("missing", f"CB-ACCESS-{name.upper()} header")
        credential = self.venue.state.people.credential("coinbase-exchange", heads["key"])
        self._check_time(heads["timestamp"])
        signed = heads["timestamp"] + request.method + request.target
        secret = base64.b64decode(credential.verifier)
        due = hmac.new(secret, signed.encode("latin-1") + request.body, hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(due), heads["sign"].encode("latin-1")):
            raise Refusal("signature")
        if not hmac.compare_digest(credential.passphrase.encode(), heads["passphrase"].encode("latin-1")):
            raise Refusal("passphrase")
        return credential

    def _check_time(self, text: str) -> None:
        stamp = amount_of(text)  # seconds, with a fraction or without
        if stamp is None:
            raise Refusal("form", "timestamp")
        if (
            abs(EXACT.subtract(EXACT.multiply(stamp, Decimal(1000)), Decimal(self.venue.now())))
            > WINDOW * 1000
        ):
            raise Refusal("clock")

    def refused(self, refusal: Refusal) -> Answer:
        status, words = _REFUSALS[refusal.reason]
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        if refusal.reason == "missing" and "header" in refusal.detail:
            status = 401
        return said({"message": words.format(refusal.detail).strip()}, status, headers)
