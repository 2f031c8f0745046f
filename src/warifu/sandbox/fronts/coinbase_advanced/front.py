"""Who asks Advanced Trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warifu.sandbox.fronts.cdp import credential_of
from warifu.sandbox.fronts.coinbase_advanced.accounts import Accounts
from warifu.sandbox.fronts.coinbase_advanced.orders import Orders
from warifu.sandbox.fronts.coinbase_advanced.products import Products
from warifu.sandbox.fronts.coinbase_advanced.refusals import refused
from warifu.sandbox.people import Credential
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, body_fields, query_fields

_LISTS = ("order_ids", "product_ids", "order_status", "trade_ids", "order_types")


class CoinbaseAdvanced(Front):
    """One portfolio for each customer."""

    name = "coinbase-advanced"

    def paths(self) -> tuple[Route, ...]:
        return tuple(route for part in (Products, Accounts, Orders) for route in part(self.venue).paths())

    def fields(self, request: Request) -> Mapping[str, Any]:
        if request.method in ("POST", "PUT"):
            return body_fields(request.body)
        return query_fields(request.query, repeated=_LISTS)

    def credential(self, request: Request) -> Credential:
        return credential_of(self.venue, request)

    def refused(self, refusal: Refusal) -> Answer:
        return refused(refusal)
