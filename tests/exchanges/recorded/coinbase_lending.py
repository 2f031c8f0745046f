"""Coinbase's Exchange API: loans."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase.exchange import lending as x

D = Decimal
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
LOAN = {
    "id": UUID,
    "currency": "USDC",
    "principal_amount": "1000.5",
    "outstanding_principal_amount": "900.5",
    "interest_rate": "0.08",
    "interest_currency": "USD",
    "status": "open",
    "effective_at": "2026-01-01T00:00:00Z",
    "closed_at": "",
    "term_start_date": "2026-01-01",
    "term_end_date": "2026-02-01",
}
OVERVIEW = {
    "open_loan_value": "1000",
    "collateral_value": "5000",
    "collateralization_percentage": "5",
    "available_to_borrow": "2000",
    "available_per_asset": {"USDC": "2000"},
    "withdrawal_restricted": False,
    "credit_limit_value": "3000",
    "available_credit_value": "2000",
    "pending_loan_value": "0",
    "initial_margin_percentage": "1.5",
    "minimum_margin_percentage": "1.2",
    "unlock_margin_percentage": "1.3",
}
PREVIEW = {"before": OVERVIEW, "after": {**OVERVIEW, "open_loan_value": "1500"}}
XM = {
    "open_loan_value": "1000",
    "available_to_borrow": "2000",
    "withdrawal_restricted": False,
    "credit_limit_value": "3000",
    "available_credit_value": "2000",
    "pending_loan_value": "0",
    "margin_requirement": "150.5",
    "account_equity": "5000",
    "margin_excess_shortfall": "4849.5",
    "consumed_credit": "1000",
}
PREVIEW_XM = {"before": XM, "after": {**XM, "open_loan_value": "1500"}}
REPAYMENT = {"id": "r-1", "native_amount": "10.5", "status": "pending", "type": "principal"}

RECORDED = {
    "LOANS": (x.Loans(ids=("l-1", "l-2")), "GET /loans?ids=l-1&ids=l-2", None, [LOAN]),
    "LOAN_ASSETS": (
        Nothing(),
        "GET /loans/assets",
        None,
        {"borrowable_assets": ["USDC"], "diversification_ratio": "0.5", "collateral_assets": None},
    ),
    "LOAN_OPTIONS": (
        Nothing(),
        "GET /loans/options",
        None,
        [
            {
                "currency": "USDC",
                "interest_rate": "0.08",
                "max_principal_amount": {"native": "10", "notional": "10"},
            }
        ],
    ),
    "LENDING_OVERVIEW": (
        Nothing(),
        "GET /loans/lending-overview",
        None,
        {"overview": OVERVIEW, "loans": [LOAN]},
    ),
    "LENDING_OVERVIEW_XM": (
        Nothing(),
        "GET /loans/lending-overview-xm",
        None,
        {"body": {"overview": XM, "loans": [LOAN]}},
    ),
    "LOAN_PREVIEW_XM": (
        x.PreviewOf(currency="USDC", native_amount=D(500)),
        "GET /loans/loan-preview-xm?currency=USDC&native_amount=500",
        None,
        PREVIEW_XM,
    ),
    "REPAYMENT_PREVIEW_XM": (
        x.RepaymentPreviewOf(loan_id="l-1", currency="USDC", native_amount=D("10.5")),
        "GET /loans/repayment-preview-xm?loan_id=l-1&currency=USDC&native_amount=10.5",
        None,
        PREVIEW_XM,
    ),
    "INTEREST_SUMMARIES": (
        Nothing(),
        "GET /loans/interest",
        None,
        [
            {
                "currency": "USD",
                "current_owed": "1.5",
                "last_payment_date": "2026-01-01",
                "payment_status": "paid",
                "last_payment_amount": "1.25",
                "prior_period_overdue": "0",
                "current_interest_due_date": "2026-02-01",
            }
        ],
    ),
    "INTEREST_CHARGES": (
        x.OfLoan(loan_id="l-1"),
        "GET /loans/interest/l-1",
        None,
        [
            {
                "date": "2026-01-01",
                "currency": "USD",
                "principal_amount": "1000",
                "interest_rate": "0.08",
                "interest_accrued": "0.21",
            }
        ],
    ),
    "INTEREST_RATES": (
        x.OfLoan(loan_id="l-1"),
        "GET /loans/interest/history/l-1",
        None,
        [{"interest_rate": "0.08", "effective_at": "2026-01-01T00:00:00Z"}],
    ),
    "LOAN_PREVIEW": (
        x.PreviewOf(currency="USDC", native_amount=D(500)),
        "GET /loans/loan-preview?currency=USDC&native_amount=500",
        None,
        PREVIEW,
    ),
    "REPAYMENT_PREVIEW": (
        x.RepaymentPreviewOf(loan_id="l-1", currency="USDC", native_amount=D("10.5")),
        "GET /loans/repayment-preview?loan_id=l-1&currency=USDC&native_amount=10.5",
        None,
        PREVIEW,
    ),
    "OPEN_LOAN": (
        x.OpenLoan(
            loan_id=UUID,
            currency="USDC",
            native_amount=D(1000),
            interest_rate=D("0.08"),
            term_start_date="2026-01-01",
            term_end_date="2026-02-01",
            profile_id="p-1",
        ),
        "POST /loans/open",
        {
            "loan_id": UUID,
            "currency": "USDC",
            "native_amount": "1000",
            "interest_rate": "0.08",
            "term_start_date": "2026-01-01",
            "term_end_date": "2026-02-01",
            "profile_id": "p-1",
        },
        LOAN,
    ),
    "REPAY_INTEREST": (
        x.RepayInterest(idem=UUID, from_profile_id="p-1", currency="USD", native_amount=D("1.5")),
        "POST /loans/repay-interest",
        {"idem": UUID, "from_profile_id": "p-1", "currency": "USD", "native_amount": "1.5"},
        REPAYMENT,
    ),
    "REPAY_PRINCIPAL": (
        x.RepayPrincipal(
            loan_id="l-1", idem=UUID, from_profile_id="p-1", currency="USDC", native_amount=D("10.5")
        ),
        "POST /loans/repay-principal",
        {
            "loan_id": "l-1",
            "idem": UUID,
            "from_profile_id": "p-1",
            "currency": "USDC",
            "native_amount": "10.5",
        },
        REPAYMENT,
    ),
}
