"""Fees, portfolios, conversions, payment methods."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.advanced.base import _P, ProductType, Value
from warifu.exchanges.fields import Currency, Identifier, Words

# Fees, portfolios, conversions, payment methods


class FeeTier(Answer, frozen=True, kw_only=True):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    pricing_tier: str | None = None


class SummaryOf(Ask, frozen=True, kw_only=True):
    product_type: ProductType | None = None


class TransactionSummary(Answer, frozen=True, kw_only=True):
    fee_tier: FeeTier
    total_volume: Decimal = Decimal(0)
    total_fees: Decimal = Decimal(0)
    total_balance: Decimal | None = None


class Portfolio(Answer, frozen=True, kw_only=True):
    name: str
    uuid: str
    type: str
    deleted: bool = False


class Portfolios(Ask, frozen=True, kw_only=True):
    portfolio_type: Literal["DEFAULT", "CONSUMER", "INTX"] | None = None


class PortfolioList(Answer, frozen=True, kw_only=True):
    portfolios: tuple[Portfolio, ...] = ()


class OnePortfolio(Answer, frozen=True, kw_only=True):
    portfolio: Portfolio


class NewPortfolio(Ask, frozen=True, kw_only=True):
    name: Words


class RenamePortfolio(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    name: Words


class OfPortfolio(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier


class BreakdownOf(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    currency: Currency | None = None


class PortfolioBalances(Answer, frozen=True, kw_only=True):
    total_balance: Value
    total_crypto_balance: Value | None = None
    total_cash_equivalent_balance: Value | None = None
    total_futures_balance: Value | None = None


class SpotPosition(Answer, frozen=True, kw_only=True):
    asset: str
    total_balance_crypto: Decimal
    account_uuid: str | None = None
    total_balance_fiat: Decimal | None = None
    available_to_trade_fiat: Decimal | None = None


class Breakdown(Answer, frozen=True, kw_only=True):
    portfolio: Portfolio
    portfolio_balances: PortfolioBalances
    spot_positions: tuple[SpotPosition, ...] = ()


class OneBreakdown(Answer, frozen=True, kw_only=True):
    breakdown: Breakdown


class Funds(Ask, frozen=True, kw_only=True):
    value: Decimal
    currency: Currency


class MoveFunds(Ask, frozen=True, kw_only=True):
    funds: Funds
    source_portfolio_uuid: Identifier
    target_portfolio_uuid: Identifier


class MovedFunds(Answer, frozen=True, kw_only=True):
    source_portfolio_uuid: str
    target_portfolio_uuid: str


class ConvertQuote(Ask, frozen=True, kw_only=True):
    from_account: Identifier
    to_account: Identifier
    amount: Decimal


class OfConversion(Ask, frozen=True, kw_only=True):
    trade_id: Identifier
    from_account: Identifier
    to_account: Identifier


class ConvertTrade(Answer, frozen=True, kw_only=True):
    id: str
    status: str
    user_entered_amount: Value | None = None
    amount: Value | None = None
    subtotal: Value | None = None
    total: Value | None = None
    source_currency: str | None = None
    target_currency: str | None = None


class OneConversion(Answer, frozen=True, kw_only=True):
    trade: ConvertTrade


class PaymentMethod(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    name: str
    currency: str
    verified: bool = False
    allow_buy: bool = False
    allow_sell: bool = False
    allow_deposit: bool = False
    allow_withdraw: bool = False


class OfPaymentMethod(Ask, frozen=True, kw_only=True):
    payment_method_id: Identifier


class OnePaymentMethod(Answer, frozen=True, kw_only=True):
    payment_method: PaymentMethod


class PaymentMethodList(Answer, frozen=True, kw_only=True):
    payment_methods: tuple[PaymentMethod, ...] = ()


TRANSACTION_SUMMARY = Endpoint("GET", f"{_P}/transaction_summary", SummaryOf, TransactionSummary)
PORTFOLIOS = Endpoint("GET", f"{_P}/portfolios", Portfolios, PortfolioList)
NEW_PORTFOLIO = Endpoint("POST", f"{_P}/portfolios", NewPortfolio, OnePortfolio, Effect.MANAGES)
BREAKDOWN = Endpoint("GET", f"{_P}/portfolios/{{portfolio_uuid}}", BreakdownOf, OneBreakdown)
RENAME_PORTFOLIO = Endpoint(
    "PUT", f"{_P}/portfolios/{{portfolio_uuid}}", RenamePortfolio, OnePortfolio, Effect.MANAGES
)
DELETE_PORTFOLIO = Endpoint(
    "DELETE", f"{_P}/portfolios/{{portfolio_uuid}}", OfPortfolio, Ignored, Effect.MANAGES
)
MOVE_FUNDS = Endpoint("POST", f"{_P}/portfolios/move_funds", MoveFunds, MovedFunds, Effect.PAYS_OUT)
CONVERT_QUOTE = Endpoint("POST", f"{_P}/convert/quote", ConvertQuote, OneConversion)
CONVERSION = Endpoint("GET", f"{_P}/convert/trade/{{trade_id}}", OfConversion, OneConversion)
COMMIT_CONVERSION = Endpoint(
    "POST", f"{_P}/convert/trade/{{trade_id}}", OfConversion, OneConversion, Effect.TRADES
)
PAYMENT_METHODS = Endpoint("GET", f"{_P}/payment_methods", Nothing, PaymentMethodList)
PAYMENT_METHOD = Endpoint(
    "GET", f"{_P}/payment_methods/{{payment_method_id}}", OfPaymentMethod, OnePaymentMethod
)
