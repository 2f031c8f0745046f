"""Coinbase's Exchange API: reports, volumes and settings of a user, the price oracle."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Nothing
from warifu.exchanges.coinbase.exchange.profiles import OfUser
from warifu.exchanges.fields import Count, Cursor, Identifier, Moment, Product

# Reports. By e-mail they would leave for whoever is named: there is no such field here.

ReportType = Literal[
    "balance",
    "fills",
    "account",
    "otc-fills",
    "tax-invoice",
    "rfq-fills",
    "1099k-transaction-history",
]
"""What was traded over the counter (OTC) is told in its report alone."""


class BalanceReport(Ask, frozen=True, kw_only=True):
    datetime: Moment | None = None
    group_by_profile: bool | None = None


class FillsReport(Ask, frozen=True, kw_only=True):
    start_date: Moment
    end_date: Moment
    product_id: Product | Literal["ALL"] = "ALL"


class AccountReport(Ask, frozen=True, kw_only=True):
    start_date: Moment
    end_date: Moment
    account_id: Identifier


class NewReport(Ask, frozen=True, kw_only=True):
    type: ReportType
    format: Literal["pdf", "csv"] | None = None
    profile_id: Identifier | None = None
    year: Annotated[str, Meta(pattern=r"^[0-9]{4}\Z")] | None = None
    balance: BalanceReport | None = None
    fills: FillsReport | None = None
    account: AccountReport | None = None
    otc_fills: FillsReport | None = None
    rfq_fills: FillsReport | None = None
    tax_invoice: FillsReport | None = None


class ReportSummary(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    status: str


class Report(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    status: str
    created_at: str | None = None
    completed_at: str | None = None
    expires_at: str | None = None
    user_id: str | None = None
    file_url: str | None = None
    """Shown, never fetched: it is on another host."""
    file_count: Count | None = None


class Reports(Ask, frozen=True, kw_only=True):
    profile_id: Identifier | None = None
    after: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    type: ReportType | None = None
    ignore_expired: bool | None = None


class OfReport(Ask, frozen=True, kw_only=True):
    report_id: Identifier


NEW_REPORT = Endpoint("POST", "/reports", NewReport, ReportSummary, Effect.MANAGES)
REPORTS = Endpoint("GET", "/reports", Reports, tuple[Report, ...])
REPORT = Endpoint("GET", "/reports/{report_id}", OfReport, Report)


# Users


class Activity(Answer, frozen=True, kw_only=True):
    start_date: str | None = None
    end_date: str | None = None
    maker_volume_notional_usd: Decimal | None = None
    taker_volume_notional_usd: Decimal | None = None
    total_exchange_volume_notional_usd: Decimal | None = None
    liquidity_program_tier: str | None = None


class Aggregated(Answer, frozen=True, kw_only=True):
    activity_metrics: Activity


class TradingVolumes(Answer, frozen=True, kw_only=True):
    aggregated_data: Aggregated | None = None


class TrailingVolume(Answer, frozen=True, kw_only=True):
    """Of 30 days. As Coinbase Pro had it: today's documents have the trading volumes alone."""

    product_id: str
    exchange_volume: Decimal
    volume: Decimal
    recorded_at: str


class SettlementPreference(Ask, frozen=True, kw_only=True):
    user_id: Identifier
    settlement_preference: Literal["USD", "USDC"]


class Settlement(Answer, frozen=True, kw_only=True):
    settlement_preference: str


TRADING_VOLUMES = Endpoint("GET", "/users/{user_id}/trading-volumes", OfUser, TradingVolumes)
TRAILING_VOLUME = Endpoint("GET", "/users/self/trailing-volume", Nothing, tuple[TrailingVolume, ...])
SETTLEMENT_PREFERENCE = Endpoint(
    "POST", "/users/{user_id}/settlement-preferences", SettlementPreference, Settlement, Effect.MANAGES
)


# The oracle: prices that Coinbase signs, ready to be posted on Ethereum


class SignedPrices(Answer, frozen=True, kw_only=True):
    timestamp: int | str
    messages: tuple[str, ...]
    signatures: tuple[str, ...]
    prices: dict[str, Decimal]


ORACLE = Endpoint("GET", "/oracle", Nothing, SignedPrices)
