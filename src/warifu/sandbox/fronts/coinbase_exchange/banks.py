"""The bank that is linked; deposits from it and withdrawals to it, each committed at once."""

from __future__ import annotations

from typing import Any

from warifu.sandbox.amounts import fixed, number_of
from warifu.sandbox.bank import MONEY, PLACES, Direction, Transfer
from warifu.sandbox.fronts.coinbase import bank_form
from warifu.sandbox.fronts.coinbase_exchange.forms import stamp
from warifu.sandbox.people import Account
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Banks(Part):
    """One for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/payment-methods", self._methods),
            Route("POST", "/deposits/payment-method", self._deposit, "transfer"),
            Route("POST", "/withdrawals/payment-method", self._withdraw, "transfer"),
        )

    def _methods(self, visit: Visit) -> Answer:
        return said([bank_form(self.venue.bank.method(self.customer(visit)), "ach_bank_account")])

    def _deposit(self, visit: Visit) -> Answer:
        return said(_paid(self._pay(visit, "deposit")))

    def _withdraw(self, visit: Visit) -> Answer:
        transfer = self._pay(visit, "withdrawal")
        return said({**_paid(transfer), "fee": "0.00", "subtotal": fixed(transfer.amount, PLACES)})

    def _pay(self, visit: Visit, direction: Direction) -> Transfer:
        transfer = self.venue.bank.make(
            self.customer(visit),
            direction,
            method=visit.text("payment_method_id"),
            currency=visit.text("currency"),
            amount=visit.amount("amount", read=number_of),
        )
        self.venue.bank.commit(transfer)
        return transfer


def _paid(transfer: Transfer) -> dict[str, Any]:
    return {
        "id": transfer.uuid,
        "amount": fixed(transfer.amount, PLACES),
        "currency": MONEY,
        "payout_at": stamp(transfer.committed),
    }


def transfer_form(transfer: Transfer, customer: Account, method: str) -> dict[str, Any]:
    """As all transfers are listed."""
    return {
        "id": transfer.uuid,
        "type": "deposit" if transfer.direction == "deposit" else "withdraw",
        "created_at": stamp(transfer.moment),
        "completed_at": stamp(transfer.committed),
        "canceled_at": None,
        "processed_at": stamp(transfer.committed),
        "amount": fixed(transfer.amount),
        "currency": MONEY,
        "user_nonce": None,
        "details": {
            "coinbase_payment_method_id": method,
            "coinbase_payment_method_type": "ach_bank_account",
            "coinbase_account_id": customer.wallets[MONEY],
        },
    }
