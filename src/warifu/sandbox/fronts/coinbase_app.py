"""The Coinbase App's API: wallets, deposit addresses, one send for each ``idem``. Forms as in its documents."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import EXACT, amount_of, fixed, plain, ratio
from warifu.sandbox.custody import Deposit, Place, Withdrawal
from warifu.sandbox.fronts.cdp import UNAUTHORIZED, credential_of
from warifu.sandbox.fronts.coinbase import address_form
from warifu.sandbox.people import Account, Credential
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.web import Answer, Front, Request, Route, Visit, body_fields, query_fields, said

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
    "withdrawal-precision": (400, "validation_error", "amount has at most {} decimal places"),
    "withdrawal-too-small": (400, "validation_error", "amount is below the minimum of {}"),
}
_STATUSES = {
    "pending": "pending",
    "sent": "pending",
    "done": "completed",
    "failed": "failed",
}


class CoinbaseApp(Front):
    """The same money as Advanced Trade's."""

    name = "coinbase-app"

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/time", self._time, None),
            Route("GET", "/v2/prices/{pair}/spot", self._price, None),
            Route("GET", "/v2/currencies", self._currencies, None),
            Route("GET", "/v2/currencies/crypto", self._coins, None),
            Route("GET", "/v2/exchange-rates", self._rates, None),
            Route("GET", "/v2/accounts", self._accounts),
            Route("GET", "/v2/accounts/{account_id}", self._account),
            Route("GET", "/v2/accounts/{account_id}/addresses", self._addresses),
            Route("POST", "/v2/accounts/{account_id}/addresses", self._new_address, "transfer"),
            Route("GET", "/v2/accounts/{account_id}/addresses/{address_id}", self._address),
            Route("GET", "/v2/accounts/{account_id}/transactions", self._transactions),
            Route("POST", "/v2/accounts/{account_id}/transactions", self._send, "transfer"),
            Route("GET", "/v2/accounts/{account_id}/transactions/{transaction_id}", self._transaction),
        )

    # --- who asks, and what ---------------------------------------------------------------------------------------

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

    # --- without a key --------------------------------------------------------------------------------------------

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        return said({"data": {"iso": _iso(now), "epoch": now // 1000}})

    def _price(self, visit: Visit) -> Answer:
        if visit.places["pair"] not in self.venue.engine.markets:
            raise Refusal("no-such")
        base, currency = visit.places["pair"].split("-")
        price = plain(self.venue.engine.price(visit.places["pair"]))
        return said({"data": {"amount": price, "base": base, "currency": currency}})

    def _currencies(self, _: Visit) -> Answer:
        return said({"data": [{"id": "USD", "name": "US Dollar", "min_size": "0.01"}]})

    def _coins(self, _: Visit) -> Answer:
        coins = [asset for asset in self.venue.assets() if asset != "USD"]
        return said(
            {
                "data": [
                    {
                        "asset_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, asset)),
                        "code": asset,
                        "name": f"{asset} (simulation)",
                        "color": "#F7931A",
                        "sort_index": place,
                        "exponent": 8,
                        "type": "crypto",
                        "address_regex": "",
                    }
                    for place, asset in enumerate(coins)
                ]
            }
        )

    def _rates(self, visit: Visit) -> Answer:
        """What a dollar comes to; of no other currency."""
        if visit.text("currency", "USD") != "USD":
            raise Refusal("form", "currency")
        markets = [one for one in self.venue.engine.markets.values() if one.quote == "USD"]
        rates = {one.base: plain(ratio(Decimal(1), self.venue.engine.price(one.name), 18)) for one in markets}
        return said({"data": {"currency": "USD", "rates": {"USD": "1.0", **rates}}})

    # --- accounts and addresses -----------------------------------------------------------------------------------

    def _customer(self, visit: Visit) -> Account:
        return self.venue.account(visit.account)

    def _asset(self, visit: Visit) -> str:
        return self.venue.wallet(self._customer(visit), visit.places["account_id"])

    def _accounts(self, visit: Visit) -> Answer:
        return _page(visit, [self._account_info(visit, asset) for asset in self.venue.assets()])

    def _account(self, visit: Visit) -> Answer:
        return said({"data": self._account_info(visit, self._asset(visit))})

    def _account_info(self, visit: Visit, asset: str) -> dict[str, Any]:
        ledger, wallet = self.venue.state.ledger, self._customer(visit).wallets[asset]
        balance = EXACT.add(ledger.free_of(visit.account, asset), ledger.held_of(visit.account, asset))
        return {
            "id": wallet,
            "name": f"{asset} Wallet",
            "primary": asset == "BTC",
            "type": "fiat" if asset == "USD" else "wallet",
            "currency": {
                "code": asset,
                "name": f"{asset} (simulation)",
                "color": "#F7931A",
                "exponent": 2 if asset == "USD" else 8,
                "type": "fiat" if asset == "USD" else "crypto",
            },
            "balance": {"amount": fixed(balance), "currency": asset},
            "created_at": _iso(0),
            "updated_at": _iso(self.venue.now()),
            "resource": "account",
            "resource_path": f"/v2/accounts/{wallet}",
            "allow_deposits": asset in self.venue.custody.chains,
            "allow_withdrawals": asset in self.venue.custody.chains,
        }

    def _places(self, visit: Visit) -> list[Place]:
        """Newest first."""
        asset, places = self._asset(visit), self.venue.state.vaults.places
        return [one for one in reversed(places) if (one.account, one.asset) == (visit.account, asset)]

    def _addresses(self, visit: Visit) -> Answer:
        return _page(visit, [_address(one, visit) for one in self._places(visit)])

    def _address(self, visit: Visit) -> Answer:
        for one in self._places(visit):
            if visit.places["address_id"] in (one.uuid, one.address):
                return said({"data": _address(one, visit)})
        raise Refusal("no-such")

    def _new_address(self, visit: Visit) -> Answer:
        place = self.venue.custody.new_address(visit.account, self._asset(visit), visit.text("network", ""))
        return Answer(201, said({"data": _address(place, visit)}).body)

    # --- transactions ---------------------------------------------------------------------------------------------

    def _send(self, visit: Visit) -> Answer:
        if visit.text("type") != "send":
            raise Refusal("form", "type")
        asset, amount = self._asset(visit), amount_of(visit.text("amount"))
        if amount is None or visit.text("currency") != asset:
            raise Refusal("form", "amount or currency")
        withdrawal = self.venue.custody.withdraw(
            self._customer(visit),
            asset=asset,
            network=visit.text("network", ""),
            address=visit.text("to"),
            memo=visit.text("destination_tag", ""),
            amount=amount,
            on_top=True,
            client_id=visit.text("idem", ""),
            whatever=True,  # as its documents say
        )
        return Answer(201, said({"data": self._sent(withdrawal, visit)}).body)

    def _all(self, visit: Visit) -> list[dict[str, Any]]:
        """Newest first."""
        vaults, asset = self.venue.state.vaults, self._asset(visit)
        mine = (visit.account, asset)
        found = [
            (one.moment, self._sent(one, visit))
            for one in vaults.withdrawals
            if (one.account, one.asset) == mine
        ]
        found += [
            (one.moment, self._received(one, visit))
            for one in vaults.deposits
            if (one.account, one.asset) == mine
        ]
        return [one for _, one in sorted(found, key=lambda one: -one[0])]

    def _transactions(self, visit: Visit) -> Answer:
        return _page(visit, self._all(visit))

    def _transaction(self, visit: Visit) -> Answer:
        for one in self._all(visit):
            if one["id"] == visit.places["transaction_id"]:
                return said({"data": one})
        raise Refusal("no-such")

    def _sent(self, withdrawal: Withdrawal, visit: Visit) -> dict[str, Any]:
        asset = withdrawal.asset
        network = {
            "status": "confirmed" if withdrawal.status == "done" else "pending",
            "status_description": "Simulation",
            "network_name": withdrawal.network,
            "transaction_fee": _money(withdrawal.fee, asset),
            "transaction_amount": _money(withdrawal.amount, asset),
            "confirmations": withdrawal.confirmations,
        }
        if withdrawal.txid:
            network["hash"] = withdrawal.txid
        return {
            **self._common(visit, withdrawal.uuid, withdrawal.moment, -withdrawal.total, asset),
            "status": _STATUSES[withdrawal.status],
            "idem": withdrawal.client_id,
            "network": network,
            "to": {
                "resource": f"{withdrawal.network}_address",
                "address": withdrawal.address,
                "currency": asset,
                "address_info": {"address": withdrawal.address},
            },
            "cancelable": False,
        }

    def _received(self, deposit: Deposit, visit: Visit) -> dict[str, Any]:
        credited = deposit.credited is not None
        return {
            **self._common(visit, deposit.uuid, deposit.moment, deposit.amount, deposit.asset),
            "status": "completed" if credited else "pending",
            "network": {
                "status": "confirmed" if credited else "unconfirmed",
                "hash": deposit.txid,
                "network_name": deposit.network,
                "confirmations": deposit.confirmations,
            },
            "from": {"resource": f"{deposit.network}_network", "currency": deposit.asset},
        }

    def _common(self, visit: Visit, name: str, moment: int, amount: Decimal, asset: str) -> dict[str, Any]:
        worth = EXACT.multiply(amount, self.venue.engine.price(f"{asset}-USD"))
        wallet = self._customer(visit).wallets[asset]
        return {
            "id": name,
            "type": "send",
            "amount": _money(amount, asset),
            "native_amount": {"amount": fixed(worth, 2), "currency": "USD"},
            "description": None,
            "created_at": _iso(moment),
            "updated_at": _iso(moment),
            "resource": "transaction",
            "resource_path": f"/v2/accounts/{wallet}/transactions/{name}",
            "instant_exchange": False,
        }


def _page(visit: Visit, everything: list[dict[str, Any]]) -> Answer:
    """The part of a list after the one that ``starting_after`` names."""
    after, limit = visit.text("starting_after", ""), visit.whole("limit", 25, 300)
    ids = [one["id"] for one in everything]
    if after and after not in ids:
        raise Refusal("form", "starting_after")
    rest = everything[ids.index(after) + 1 :] if after else everything
    page = rest[:limit]
    following = page[-1]["id"] if len(rest) > len(page) else None
    pagination = {
        "ending_before": None,
        "starting_after": after or None,
        "next_starting_after": following,
        "previous_ending_before": None,
        "limit": limit,
        "order": "desc",
        "previous_uri": None,
        "next_uri": f"{visit.request.path}?starting_after={following}" if following else None,
    }
    return said({"pagination": pagination, "data": page})


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(amount: Decimal, asset: str) -> dict[str, str]:
    return {"amount": fixed(amount, 2 if asset == "USD" else 8), "currency": asset}


def _address(place: Place, visit: Visit) -> dict[str, Any]:
    return {**address_form(place, visit.places["account_id"], _iso(place.moment)), "callback_url": None}
