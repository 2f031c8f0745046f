"""The bank of the simulation: each customer has one account there, and in it as much money as is asked for.

A transfer is made and is committed, in one request or in two. It is paid when it is committed; a real one takes days.
Nothing makes a transfer happen once: who asks twice, is paid twice, as at the real exchange.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import msgspec

from warifu.sandbox.amounts import is_multiple
from warifu.sandbox.ledger import Ledger
from warifu.sandbox.people import Account
from warifu.sandbox.refusal import Refusal

MONEY = "USD"
PLACES = 2
Direction = Literal["deposit", "withdrawal"]


class Transfer(msgspec.Struct, kw_only=True):
    """From the bank, or to it. Moments in milliseconds."""

    uuid: str
    account: str
    direction: Direction
    amount: Decimal
    moment: int
    committed: int | None = None
    """When it was, and was paid."""


class Bank:
    """``transfers``: all that ever were made, oldest first."""

    def __init__(self, ledger: Ledger, transfers: list[Transfer], now: Callable[[], int]) -> None:
        self._ledger, self._transfers, self._now = ledger, transfers, now

    def method(self, account: Account) -> str:
        """What the exchange calls the customer's account at the bank: a UUID."""
        return str(uuid.uuid5(uuid.UUID(account.uuid), "bank"))

    def make(
        self, account: Account, direction: Direction, *, method: str, currency: str, amount: Decimal | None
    ) -> Transfer:
        """One that is not committed yet; nothing moves.

        ``Refusal``: ``missing``, ``form``, ``no-such`` (another bank), ``withdrawal-precision``, ``funds``.
        """
        if amount is None:
            raise Refusal("missing", "amount")
        if currency != MONEY or amount == 0:
            raise Refusal("form", "currency" if currency != MONEY else "amount")
        if method != self.method(account):
            raise Refusal("no-such", method)
        if not is_multiple(amount, Decimal(1).scaleb(-PLACES)):
            raise Refusal("withdrawal-precision", str(PLACES))
        if direction == "withdrawal" and self._ledger.free_of(account.name, MONEY) < amount:
            raise Refusal("funds", MONEY)
        made = Transfer(
            uuid=str(uuid.uuid4()),
            account=account.name,
            direction=direction,
            amount=amount,
            moment=self._now(),
        )
        self._transfers.append(made)
        return made

    def commit(self, transfer: Transfer) -> None:
        """Pay it. ``Refusal``: ``duplicate`` (it is paid), ``funds`` (they are gone meanwhile)."""
        if transfer.committed is not None:
            raise Refusal("duplicate", transfer.uuid)
        if transfer.direction == "deposit":
            self._ledger.come(transfer.account, MONEY, transfer.amount)
        else:
            self._ledger.hold(transfer.account, MONEY, transfer.amount)
            self._ledger.leave(transfer.account, MONEY, transfer.amount)
        transfer.committed = self._now()

    def of(self, account: str, *directions: Direction) -> list[Transfer]:
        """A customer's, newest first; without a direction: of both."""
        return [
            one
            for one in reversed(self._transfers)
            if one.account == account and (not directions or one.direction in directions)
        ]

    def find(self, account: str, direction: Direction, name: str) -> Transfer:
        """``Refusal`` (``no-such``)."""
        for one in self.of(account, direction):
            if one.uuid == name:
                return one
        raise Refusal("no-such", name)
