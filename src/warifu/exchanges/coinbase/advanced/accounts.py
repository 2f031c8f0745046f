"""Accounts, and what the key may do."""

from __future__ import annotations

from warifu.exchanges.calls import Answer, Ask, Endpoint, Nothing
from warifu.exchanges.coinbase.advanced.base import _P, Page, Paged, Value, onward
from warifu.exchanges.fields import Identifier

# Accounts and the key itself


class Account(Answer, frozen=True, kw_only=True):
    uuid: str
    currency: str
    available_balance: Value
    hold: Value | None = None
    name: str = ""
    default: bool = False
    active: bool = True
    ready: bool = True
    type: str | None = None
    """``ACCOUNT_TYPE_CRYPTO``, ``ACCOUNT_TYPE_FIAT``, ``ACCOUNT_TYPE_VAULT``..."""
    retail_portfolio_id: str | None = None
    platform: str | None = None


class Accounts(Paged, frozen=True, kw_only=True):
    retail_portfolio_id: Identifier | None = None


class AccountPage(Page, frozen=True, kw_only=True):
    accounts: tuple[Account, ...] = ()


class OfAccount(Ask, frozen=True, kw_only=True):
    account_uuid: Identifier


class OneAccount(Answer, frozen=True, kw_only=True):
    account: Account


class KeyPermissions(Answer, frozen=True, kw_only=True):
    can_view: bool
    can_trade: bool
    can_transfer: bool
    portfolio_uuid: str | None = None
    portfolio_type: str | None = None


ACCOUNTS = Endpoint("GET", f"{_P}/accounts", Accounts, AccountPage, following=onward)
ACCOUNT = Endpoint("GET", f"{_P}/accounts/{{account_uuid}}", OfAccount, OneAccount)
KEY_PERMISSIONS = Endpoint("GET", f"{_P}/key_permissions", Nothing, KeyPermissions)
