"""Coinbase's Exchange API: loans, their interest and their repayment. Forms as in Coinbase's own Go SDK."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Nothing
from warifu.exchanges.fields import Currency, Identifier, Uuid

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]


class Loan(Answer, frozen=True, kw_only=True):
    id: str
    currency: str
    principal_amount: Decimal
    outstanding_principal_amount: Decimal | None = None
    interest_rate: Decimal | None = None
    interest_currency: str | None = None
    status: str | None = None
    effective_at: str | None = None
    closed_at: str | None = None
    term_start_date: str | None = None
    term_end_date: str | None = None


class Loans(Ask, frozen=True, kw_only=True):
    ids: tuple[Identifier, ...] = ()


class LoanAssets(Answer, frozen=True, kw_only=True):
    borrowable_assets: tuple[str, ...] = ()
    diversification_ratio: Decimal | None = None
    collateral_assets: Any = None
    """Its form is not documented: carried, not read."""


class InterestSummary(Answer, frozen=True, kw_only=True):
    currency: str
    current_owed: Decimal
    last_payment_date: str | None = None
    payment_status: str | None = None
    last_payment_amount: Decimal | None = None
    prior_period_overdue: Decimal | None = None
    current_interest_due_date: str | None = None


class OfLoan(Ask, frozen=True, kw_only=True):
    loan_id: Identifier


class InterestCharge(Answer, frozen=True, kw_only=True):
    date: str
    currency: str
    principal_amount: Decimal
    interest_rate: Decimal
    interest_accrued: Decimal


class InterestRate(Answer, frozen=True, kw_only=True):
    interest_rate: Decimal
    effective_at: str


class Overview(Answer, frozen=True, kw_only=True):
    open_loan_value: Decimal
    collateral_value: Decimal
    collateralization_percentage: Decimal | None = None
    available_to_borrow: Decimal | None = None
    withdrawal_restricted: bool | str | None = None
    credit_limit_value: Decimal | None = None
    available_credit_value: Decimal | None = None
    pending_loan_value: Decimal | None = None
    initial_margin_percentage: Decimal | None = None
    minimum_margin_percentage: Decimal | None = None
    unlock_margin_percentage: Decimal | None = None


class LendingOverview(Answer, frozen=True, kw_only=True):
    overview: Overview
    loans: tuple[Loan, ...] = ()


class CrossMargin(Answer, frozen=True, kw_only=True):
    """What a customer with cross margin (XM) has and owes, in USD."""

    open_loan_value: Decimal
    available_to_borrow: Decimal | None = None
    withdrawal_restricted: bool | None = None
    credit_limit_value: Decimal | None = None
    available_credit_value: Decimal | None = None
    pending_loan_value: Decimal | None = None
    margin_requirement: Decimal | None = None
    account_equity: Decimal | None = None
    margin_excess_shortfall: Decimal | None = None
    consumed_credit: Decimal | None = None


class CrossMarginOverview(Answer, frozen=True, kw_only=True):
    overview: CrossMargin
    loans: tuple[Loan, ...] = ()


class CrossMarginLending(Answer, frozen=True, kw_only=True):
    """So the document has it; no other answer of this API is wrapped so."""

    body: CrossMarginOverview


class CrossMarginPreview(Answer, frozen=True, kw_only=True):
    before: CrossMargin
    after: CrossMargin


class PreviewOf(Ask, frozen=True, kw_only=True):
    currency: Currency
    native_amount: Decimal


class RepaymentPreviewOf(Ask, frozen=True, kw_only=True):
    loan_id: Identifier
    currency: Currency
    native_amount: Decimal


class Preview(Answer, frozen=True, kw_only=True):
    before: Overview
    after: Overview


class MostPrincipal(Answer, frozen=True, kw_only=True):
    native: Decimal
    notional: Decimal


class LoanOption(Answer, frozen=True, kw_only=True):
    currency: str
    interest_rate: Decimal
    max_principal_amount: MostPrincipal


class OpenLoan(Ask, frozen=True, kw_only=True):
    loan_id: Uuid
    """Ours: what it is found by."""
    currency: Currency
    native_amount: Decimal
    interest_rate: Decimal
    term_start_date: Day
    term_end_date: Day
    profile_id: Identifier


class RepayInterest(Ask, frozen=True, kw_only=True):
    idem: Uuid
    from_profile_id: Identifier
    currency: Currency
    native_amount: Decimal


class RepayPrincipal(Ask, frozen=True, kw_only=True):
    loan_id: Identifier
    idem: Uuid
    from_profile_id: Identifier
    currency: Currency
    native_amount: Decimal


class Repayment(Answer, frozen=True, kw_only=True):
    id: str
    native_amount: Decimal | None = None
    status: str | None = None
    type: str | None = None


LOANS = Endpoint("GET", "/loans", Loans, tuple[Loan, ...])
LOAN_ASSETS = Endpoint("GET", "/loans/assets", Nothing, LoanAssets, signed=False)
LOAN_OPTIONS = Endpoint("GET", "/loans/options", Nothing, tuple[LoanOption, ...])
LENDING_OVERVIEW = Endpoint("GET", "/loans/lending-overview", Nothing, LendingOverview)
LENDING_OVERVIEW_XM = Endpoint("GET", "/loans/lending-overview-xm", Nothing, CrossMarginLending)
INTEREST_SUMMARIES = Endpoint("GET", "/loans/interest", Nothing, tuple[InterestSummary, ...])
INTEREST_CHARGES = Endpoint("GET", "/loans/interest/{loan_id}", OfLoan, tuple[InterestCharge, ...])
INTEREST_RATES = Endpoint("GET", "/loans/interest/history/{loan_id}", OfLoan, tuple[InterestRate, ...])
LOAN_PREVIEW = Endpoint("GET", "/loans/loan-preview", PreviewOf, Preview)
LOAN_PREVIEW_XM = Endpoint("GET", "/loans/loan-preview-xm", PreviewOf, CrossMarginPreview)
REPAYMENT_PREVIEW = Endpoint("GET", "/loans/repayment-preview", RepaymentPreviewOf, Preview)
REPAYMENT_PREVIEW_XM = Endpoint("GET", "/loans/repayment-preview-xm", RepaymentPreviewOf, CrossMarginPreview)
OPEN_LOAN = Endpoint("POST", "/loans/open", OpenLoan, Loan, Effect.MANAGES)
REPAY_INTEREST = Endpoint("POST", "/loans/repay-interest", RepayInterest, Repayment, Effect.PAYS_OUT)
REPAY_PRINCIPAL = Endpoint("POST", "/loans/repay-principal", RepayPrincipal, Repayment, Effect.PAYS_OUT)
