"""The bank that is linked; deposits from it and withdrawals to it.

Making and committing are answered in the newer form (``{"transfer": ...}``, whose ``committed`` is not to be relied
on), lists in the older one. What the funds do not suffice for is refused under status 200, as a transfer without an
identifier.
"""

from __future__ import annotations

import uuid
from typing import Any

from warifu.sandbox.amounts import fixed
from warifu.sandbox.bank import MONEY, PLACES, Direction, Transfer
from warifu.sandbox.fronts.coinbase import bank_form
from warifu.sandbox.fronts.coinbase_app.forms import asset_of, iso, money, page, transaction_of
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Handler, Part, Route, Visit, said

_KINDS: dict[Direction, str] = {"deposit": "TRANSFER_TYPE_DEPOSIT", "withdrawal": "TRANSFER_TYPE_WITHDRAWAL"}


class Banks(Part):
    """One for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/payment-methods", self._methods),
            Route("GET", "/v2/payment-methods/{payment_method_id}", self._method),
            *self._transfers("deposit"),
            *self._transfers("withdrawal"),
        )

    def _transfers(self, direction: Direction) -> tuple[Route, ...]:
        all_of = f"/v2/accounts/{{account_id}}/{direction}s"
        one_of = f"{all_of}/{{transfer_id}}"
        return (
            Route("GET", all_of, self._list(direction)),
            Route("POST", all_of, self._make(direction), "transfer"),
            Route("GET", one_of, self._show(direction)),
            Route("POST", f"{one_of}/commit", self._commit(direction), "transfer"),
        )

    # --- the bank -------------------------------------------------------------------------------------------------

    def _methods(self, visit: Visit) -> Answer:
        return page(visit, [self._bank(visit)])

    def _method(self, visit: Visit) -> Answer:
        bank = self._bank(visit)
        if visit.places["payment_method_id"] != bank["id"]:
            raise Refusal("no-such")
        return said({"data": bank})

    def _bank(self, visit: Visit) -> dict[str, Any]:
        name = self.venue.bank.method(self.customer(visit))
        return {
            **bank_form(name, "ach_bank_account"),
            "created_at": iso(0),
            "updated_at": iso(0),
            "resource": "payment_method",
            "resource_path": f"/v2/payment-methods/{name}",
        }

    # --- transfers ------------------------------------------------------------------------------------------------

    def _list(self, direction: Direction) -> Handler:
        def listed(visit: Visit) -> Answer:
            mine = self.venue.bank.of(visit.account, direction) if asset_of(self, visit) == MONEY else []
            return page(visit, [self._listed(one, visit) for one in mine])

        return listed

    def _show(self, direction: Direction) -> Handler:
        def shown(visit: Visit) -> Answer:
            return said({"data": self._listed(self._named(direction, visit), visit)})

        return shown

    def _make(self, direction: Direction) -> Handler:
        def made(visit: Visit) -> Answer:
            if asset_of(self, visit) != visit.text("currency"):
                raise Refusal("form", "currency")
            commit = visit.fields.get("commit")
            if not isinstance(
                commit, bool
            ):  # its documents contradict each other about what it is when left out
                raise Refusal("missing", "commit")
            try:
                transfer = self.venue.bank.make(
                    self.customer(visit),
                    direction,
                    method=visit.text("payment_method"),
                    currency=visit.text("currency"),
                    amount=visit.amount("amount"),
                )
                if commit:
                    self.venue.bank.commit(transfer)
            except Refusal as refusal:
                return _no_funds(refusal)
            return said({"transfer": _made(transfer)})

        return made

    def _commit(self, direction: Direction) -> Handler:
        def committed(visit: Visit) -> Answer:
            transfer = self._named(direction, visit)
            try:
                self.venue.bank.commit(transfer)
            except Refusal as refusal:
                return _no_funds(refusal)
            return said({"transfer": _made(transfer)})

        return committed

    def _named(self, direction: Direction, visit: Visit) -> Transfer:
        if asset_of(self, visit) != MONEY:
            raise Refusal("no-such")
        return self.venue.bank.find(visit.account, direction, visit.places["transfer_id"])

    def _listed(self, transfer: Transfer, visit: Visit) -> dict[str, Any]:
        customer, paid = self.customer(visit), transfer.committed is not None
        wallet, bank = customer.wallets[MONEY], self.venue.bank.method(customer)
        form = {
            "id": transfer.uuid,
            "status": "completed" if paid else "created",
            "payment_method": _reference("payment_method", bank, f"/v2/payment-methods/{bank}"),
            "amount": money(transfer.amount, MONEY),
            "subtotal": money(transfer.amount, MONEY),
            "fee": {"amount": "0.00", "currency": MONEY},
            "created_at": iso(transfer.moment),
            "updated_at": iso(transfer.committed or transfer.moment),
            "resource": transfer.direction,
            "resource_path": f"/v2/accounts/{wallet}/{transfer.direction}s/{transfer.uuid}",
            "committed": paid,
            "payout_at": iso(transfer.committed or transfer.moment),
            "instant": True,
        }
        if not paid:
            return form
        name = transaction_of(transfer)
        path = f"/v2/accounts/{wallet}/transactions/{name}"
        return {**form, "transaction": _reference("transaction", name, path)}


def _reference(resource: str, name: str, path: str) -> dict[str, str]:
    return {"id": name, "resource": resource, "resource_path": path}


def _made(transfer: Transfer) -> dict[str, Any]:
    amount, none = _value(transfer), {"value": "0.00", "currency": MONEY}
    return {
        "id": transfer.uuid,
        "type": _KINDS[transfer.direction],
        "user_entered_amount": amount,
        "amount": amount,
        "total": amount,
        "subtotal": amount,
        "total_fee": {"title": "Fee Total", "description": "Total fee", "amount": none, "type": "COINBASE"},
        "idem": str(uuid.uuid5(uuid.UUID(transfer.uuid), "idem")),
        "committed": False,
        "status": "",
        "instant": True,
        "payout_at": iso(transfer.committed or transfer.moment),
        "user_reference": transfer.uuid[:6].upper(),
        "fees": [],
        "user_warnings": [],
        "cancellation_reason": None,
        "hold_days": 0,
        "requires_completion_step": False,
    }


def _value(transfer: Transfer) -> dict[str, str]:
    return {"value": fixed(transfer.amount, PLACES), "currency": MONEY}


def _no_funds(refusal: Refusal) -> Answer:
    """Under status 200; anything else is refused as everywhere."""
    if refusal.reason != "funds":
        raise refusal
    reason = {"message": "Amount is too large. You don't have enough funds in your account.", "code": ""}
    return said({"transfer": {"id": "", "amount": None, "cancellation_reason": reason}})
