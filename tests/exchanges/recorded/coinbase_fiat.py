"""The Coinbase App's API: banks, deposits and withdrawals."""

from decimal import Decimal
from typing import Any

from tests.exchanges.recorded.coinbase_app import AT, PAGES

from warifu.exchanges.coinbase import app
from warifu.exchanges.coinbase import fiat as x

D = Decimal
BANK = {
    "id": "127b4d76-a1a0-5de7-8185-3657d7b526ec",
    "type": "ach_bank_account",
    "name": "Bank ******1234",
    "currency": "USD",
    "primary_buy": True,
    "primary_sell": True,
    "allow_buy": True,
    "allow_sell": True,
    "allow_deposit": True,
    "allow_withdraw": True,
    "instant_buy": False,
    "instant_sell": False,
    "created_at": AT,
    "updated_at": AT,
    "resource": "payment_method",
    "resource_path": "/v2/payment-methods/127b4d76-a1a0-5de7-8185-3657d7b526ec",
}
LISTED: dict[str, Any] = {
    "id": "67e0eaec-07d7-54c4-a72c-2e92826897df",
    "status": "completed",
    "payment_method": {"id": "b-1", "resource": "payment_method", "resource_path": "/v2/payment-methods/b-1"},
    "transaction": {
        "id": "t-1",
        "resource": "transaction",
        "resource_path": "/v2/accounts/a-1/transactions/t-1",
    },
    "amount": {"amount": "10.00", "currency": "USD"},
    "subtotal": {"amount": "10.15", "currency": "USD"},
    "fee": {"amount": "0.15", "currency": "USD"},
    "created_at": AT,
    "updated_at": AT,
    "resource": "withdrawal",
    "resource_path": "/v2/accounts/a-1/withdrawals/67e0eaec-07d7-54c4-a72c-2e92826897df",
    "committed": True,
    "payout_at": AT,
    "user_reference": "MEUGK",
    "instant": False,
}
MADE: dict[str, Any] = {
    "user_entered_amount": {"value": "10", "currency": "USD"},
    "amount": {"value": "10", "currency": "USD"},
    "total": {"value": "10", "currency": "USD"},
    "subtotal": {"value": "10", "currency": "USD"},
    "idem": "97c0dcf2-daf7-446c-8dcc-66a9b72b6391",
    "committed": False,
    "id": "97c0dcf2-daf7-446c-8dcc-66a9b72b6391",
    "instant": False,
    "source": {"type": "LEDGER_ACCOUNT", "network": "internal_retail", "payment_method_id": ""},
    "target": {"type": "EXTERNAL_PAYMENT_METHOD", "network": "ach", "payment_method_id": ""},
    "payout_at": "2026-04-12T19:29:48.611016197Z",
    "status": "",
    "user_reference": "CODE",
    "type": "TRANSFER_TYPE_WITHDRAWAL",
    "created_at": None,
    "updated_at": None,
    "user_warnings": [],
    "fees": [],
    "total_fee": {
        "title": "Fee Total",
        "description": "Total fee",
        "amount": {"value": "0.00", "currency": "USD"},
        "type": "COINBASE",
    },
    "cancellation_reason": None,
    "hold_days": 0,
    "nextStep": None,
    "checkout_url": "",
    "requires_completion_step": False,
}
ASKED = {"amount": "10", "currency": "USD", "payment_method": "b-1"}


def asked(commit: bool) -> x.NewTransfer:
    return x.NewTransfer(account_id="a-1", amount=D(10), currency="USD", payment_method="b-1", commit=commit)


RECORDED: dict[str, Any] = {
    "LINKED_BANKS": (
        app.Paged(limit=25),
        "GET /v2/payment-methods?limit=25",
        None,
        {"pagination": PAGES, "data": [BANK]},
    ),
    "LINKED_BANK": (
        x.OfLinkedBank(payment_method_id="b-1"),
        "GET /v2/payment-methods/b-1",
        None,
        {"data": BANK},
    ),
    "DEPOSITS": (
        x.TransfersOf(account_id="a-1", limit=100),
        "GET /v2/accounts/a-1/deposits?limit=100",
        None,
        {"pagination": PAGES, "data": [{**LISTED, "resource": "deposit"}]},
    ),
    "DEPOSIT": (
        x.OfDeposit(account_id="a-1", deposit_id="d-1"),
        "GET /v2/accounts/a-1/deposits/d-1",
        None,
        {"data": {**LISTED, "resource": "deposit"}},
    ),
    "NEW_DEPOSIT": (
        asked(commit=False),
        "POST /v2/accounts/a-1/deposits",
        {**ASKED, "commit": False},
        {"transfer": {**MADE, "type": "TRANSFER_TYPE_DEPOSIT"}},
    ),
    "COMMIT_DEPOSIT": (
        x.OfDeposit(account_id="a-1", deposit_id="d-1"),
        "POST /v2/accounts/a-1/deposits/d-1/commit",
        {},
        {"data": {**LISTED, "resource": "deposit"}},
    ),
    "WITHDRAWALS": (
        x.TransfersOf(account_id="a-1"),
        "GET /v2/accounts/a-1/withdrawals",
        None,
        {"pagination": PAGES, "data": [LISTED]},
    ),
    "WITHDRAWAL": (
        x.OfWithdrawal(account_id="a-1", withdrawal_id="w-1"),
        "GET /v2/accounts/a-1/withdrawals/w-1",
        None,
        {"data": LISTED},
    ),
    "NEW_WITHDRAWAL": (
        asked(commit=True),
        "POST /v2/accounts/a-1/withdrawals",
        {**ASKED, "commit": True},
        {"transfer": MADE},
    ),
    "COMMIT_WITHDRAWAL": (
        x.OfWithdrawal(account_id="a-1", withdrawal_id="w-1"),
        "POST /v2/accounts/a-1/withdrawals/w-1/commit",
        {},
        {"transfer": MADE},
    ),
}
