"""Whose money it is: every movement takes from one account what it gives to another.

What comes from outside and goes there has an account, too, the only one that goes below zero: all together is always
nothing. No customer's balance, free or held, is ever negative.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from warifu.sandbox.amounts import EXACT, ZERO
from warifu.sandbox.refusal import Refusal

Amounts = dict[str, dict[str, Decimal]]
"""Account, asset, amount."""


class Ledger(msgspec.Struct):
    """Balances. ``held`` is what open orders and unsent withdrawals may need."""

    free: Amounts = {}
    held: Amounts = {}
    outside: dict[str, Decimal] = {}
    """Below zero by what all accounts have together."""

    def free_of(self, account: str, asset: str) -> Decimal:
        return self.free.get(account, {}).get(asset, ZERO)

    def held_of(self, account: str, asset: str) -> Decimal:
        return self.held.get(account, {}).get(asset, ZERO)

    def assets_of(self, account: str) -> tuple[str, ...]:
        """Those that the account ever had something of, in order."""
        return tuple(sorted({*self.free.get(account, {}), *self.held.get(account, {})}))

    def come(self, account: str, asset: str, amount: Decimal) -> None:
        """From outside to the account."""
        _add(self.outside, asset, -_some(amount))
        _add(self.free.setdefault(account, {}), asset, amount)

    def leave(self, account: str, asset: str, amount: Decimal) -> None:
        """What is held goes outside."""
        _take(self.held.setdefault(account, {}), asset, _some(amount))
        _add(self.outside, asset, amount)

    def hold(self, account: str, asset: str, amount: Decimal) -> None:
        """``Refusal`` (``funds``) where not so much is free."""
        if self.free_of(account, asset) < _some(amount):
            raise Refusal("funds", asset)
        _take(self.free.setdefault(account, {}), asset, amount)
        _add(self.held.setdefault(account, {}), asset, amount)

    def release(self, account: str, asset: str, amount: Decimal) -> None:
        """What was held is free again."""
        _take(self.held.setdefault(account, {}), asset, _some(amount))
        _add(self.free.setdefault(account, {}), asset, amount)

    def pay(self, payer: str, payee: str, asset: str, amount: Decimal) -> None:
        """What the payer has held, to the payee."""
        _take(self.held.setdefault(payer, {}), asset, _some(amount))
        _add(self.free.setdefault(payee, {}), asset, amount)

    def total(self, asset: str) -> Decimal:
        """What all accounts have together, free and held."""
        total = ZERO
        for amounts in (*self.free.values(), *self.held.values()):
            total = EXACT.add(total, amounts.get(asset, ZERO))
        return total


def _some(amount: Decimal) -> Decimal:
    assert amount >= 0, "money moves one way"
    return amount


def _add(amounts: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    amounts[asset] = EXACT.add(amounts.get(asset, ZERO), amount)


def _take(amounts: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    left = EXACT.subtract(amounts.get(asset, ZERO), amount)
    assert left >= 0, "what is not there is not taken"
    amounts[asset] = left
