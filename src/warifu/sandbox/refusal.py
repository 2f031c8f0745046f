"""No, in the words of no exchange. Each front says it in its exchange's own form."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "address",  # no address of this network
    "address-not-allowed",
    "authentication",  # no such key
    "clock",  # the request's moment is too old, or not yet
    "delisted",
    "duplicate",
    "form",  # a request that cannot be read
    "funds",
    "identity",
    "maintenance",
    "memo",
    "missing",  # a parameter that must be there
    "network",
    "no-order",
    "no-path",
    "no-such",  # an account, a transfer, a currency
    "order-form",  # an order that contradicts itself
    "passphrase",
    "permission",
    "post-only",
    "price-step",
    "rate-limit",
    "rate-limit-body",  # under another status than 429
    "second-factor",
    "server-fault",
    "signature",
    "size-step",
    "too-large",
    "too-small",
    "travel-rule",
    "value-too-small",
    "vault",  # nothing is sent from there that a key asks for
    "withdrawal-precision",
    "withdrawal-too-small",
]


class Refusal(Exception):
    """Nothing happened. ``detail``: the number, name or parameter that the words are about."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail
