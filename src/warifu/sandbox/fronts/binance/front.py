"""Who asks Binance, and what it says no in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from warifu.sandbox.fronts.binance.account import Account
from warifu.sandbox.fronts.binance.market_data import MarketData
from warifu.sandbox.fronts.binance.orders import Orders
from warifu.sandbox.fronts.binance.wallet import Wallet
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, Visit, query_fields, said

DEFAULT_WINDOW, LONGEST_WINDOW, AHEAD = 5_000, 60_000, 1_000
"""Milliseconds."""

REFUSALS: dict[Reason, tuple[int, int, str]] = {
    # reason: status, code, words
    "address": (400, -4007, "The validation of the withdrawal address failed."),
    "address-not-allowed": (400, -4035, "This address is not on the whitelist. Please join and try again."),
    "authentication": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "clock": (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    "delisted": (400, -1121, "Invalid symbol."),
    "duplicate": (400, -2010, "Duplicate order sent."),
    "form": (400, -1100, "Illegal characters found in parameter '{}'."),
    "funds": (400, -2010, "Account has insufficient balance for requested action."),
    "identity": (400, -4041, "Insufficient identity verification."),
    "maintenance": (400, -1016, "This service is no longer available."),
    "memo": (400, -4008, "Address tag validation is not passed."),
    "missing": (400, -1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."),
    "network": (400, -4019, "Current asset is not open for withdrawal."),
    "no-order": (400, -2011, "Unknown order sent."),
    "no-such": (400, -2013, "Order does not exist."),
    "order-form": (400, -1106, "Parameter '{}' sent when not required."),
    "passphrase": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "permission": (401, -2015, "Invalid API-key, IP, or permissions for action."),
    "post-only": (400, -2010, "Order would immediately match and take."),
    "price-step": (400, -1013, "Filter failure: PRICE_FILTER"),
    "rate-limit": (429, -1003, "Too many requests; current limit of IP is 6000 requests per minute."),
    "rate-limit-body": (400, -1015, "Too many new orders; current limit is 100 orders per 10 SECOND."),
    "second-factor": (400, -4013, "2FA is not opened."),
    "server-fault": (500, -1000, "An unknown error occurred while processing the request."),
    "signature": (400, -1022, "Signature for this request is not valid."),
    "size-step": (400, -1013, "Filter failure: LOT_SIZE"),
    "too-large": (400, -1013, "Filter failure: LOT_SIZE"),
    "too-small": (400, -1013, "Filter failure: LOT_SIZE"),
    "travel-rule": (400, -4104, "Please fill in the travel rule questionnaire."),
    "value-too-small": (400, -1013, "Filter failure: NOTIONAL"),
    "withdrawal-precision": (400, -4021, "Asset withdrawal must be an {} multiple of 1."),
    "withdrawal-too-small": (400, -4022, "Asset withdrawal amount must be at least {}."),
}


class Binance(Front):
    """Spot and its wallet."""

    name = "binance"

    def paths(self) -> tuple[Route, ...]:
        parts = (MarketData, Account, Orders, Wallet)
        return tuple(route for part in parts for route in part(self.venue).paths())

    def fields(self, request: Request) -> Mapping[str, Any]:
        """Of the query and the body, which is a form; nothing is in both."""
        query = query_fields(request.query)
        body = query_fields(_ascii(request.body))
        if query.keys() & body.keys():
            raise Refusal("form", "query")
        return {**query, **body}

    def credential(self, request: Request) -> Credential:
        """The signature is over query and body as they stand, without itself."""
        credential = self.venue.state.people.credential("binance", request.headers.get("x-mbx-apikey", ""))
        query, in_query = _without_signature(request.query)
        body, in_body = _without_signature(_ascii(request.body))
        signatures = [one for one in (in_query, in_body) if one is not None]
        if not signatures:
            raise Refusal("missing", "signature")
        fields = Visit(request, {}, None, self.fields(request))
        window = fields.whole("recvWindow", DEFAULT_WINDOW, LONGEST_WINDOW)
        stamp, now = fields.whole("timestamp", None, 10**15), self.venue.now()
        if not now - window <= stamp < now + AHEAD:
            raise Refusal("clock")
        verify(credential, (query + body).encode("ascii"), signatures)
        return credential

    def refused(self, refusal: Refusal) -> Answer:
        if refusal.reason == "no-path":
            found = {"timestamp": self.venue.now(), "status": 404, "error": "Not Found"}
            return said({**found, "message": "No message available", "path": refusal.detail}, 404)
        status, code, words = REFUSALS[refusal.reason]
        headers = [("retry-after", refusal.detail or "1")] if status == 429 else []
        return said({"code": code, "msg": words.format(refusal.detail)}, status, headers)


def _ascii(data: bytes) -> str:
    if not data.isascii():
        raise Refusal("form", "body")
    return data.decode("ascii")


def _without_signature(text: str) -> tuple[str, str | None]:
    """What was signed, and the signature if it is in this part."""
    parts = text.split("&")
    signatures = [part for part in parts if part.startswith("signature=")]
    rest = "&".join(part for part in parts if not part.startswith("signature="))
    return rest, signatures[0].removeprefix("signature=") if len(signatures) == 1 else None


def verify(credential: Credential, payload: bytes, signatures: list[str]) -> None:
    """``Refusal`` (``signature``)."""
    key = load_pem_public_key(credential.verifier.encode("ascii"))
    try:
        [signature] = signatures
        assert isinstance(key, Ed25519PublicKey), "checked when it was added"
        key.verify(base64.b64decode(unquote(signature), validate=True), payload)
    except (ValueError, binascii.Error, InvalidSignature):
        raise Refusal("signature") from None
