"""Coinbase's Exchange API: margin.

What Coinbase documents today are two settings of whoever has futures: whether margin calls are met by loans, and by
USDC. The rest is of the margin that Coinbase Pro had from 2020, and GDAX from 2017, and that Coinbase ended. Its
documents are gone; the forms are as several independent clients quote them (``MockingMagician/coinbase-pro-sdk``,
``dougdellolio/coinbasepro-csharp``, ``Finance::GDAX::API``), and ccxt lists the paths to this day. Where these
contradict each other, both forms are read, and it is said. Nobody here has seen one of these answers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, cast

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Currency, Identifier, Moment, Product, Side

# Settings of margin calls for futures, as documented today


class AutoLoan(Answer, frozen=True, kw_only=True):
    """Whether Coinbase lends by itself to meet a margin call."""

    auto_loan: bool


class SetAutoLoan(Ask, frozen=True, kw_only=True):
    auto_loan: bool


class UsdcMargin(Answer, frozen=True, kw_only=True):
    """Whether USDC is turned into USD by itself to meet a margin call."""

    enabled: bool


class SetUsdcMargin(Ask, frozen=True, kw_only=True):
    enabled: bool


AUTO_LOAN = Endpoint("GET", "/margin/auto-loan", Nothing, AutoLoan)
SET_AUTO_LOAN = Endpoint("POST", "/margin/auto-loan", SetAutoLoan, AutoLoan, Effect.MANAGES)
USDC_MARGIN = Endpoint("GET", "/margin/usdc", Nothing, UsdcMargin)
SET_USDC_MARGIN = Endpoint("POST", "/margin/usdc", SetUsdcMargin, UsdcMargin, Effect.MANAGES)


# A margin profile, as Coinbase Pro had it


class OfMarginProduct(Ask, frozen=True, kw_only=True):
    product_id: Product


class OfMarginCurrency(Ask, frozen=True, kw_only=True):
    currency: Currency


class BorrowLimits(Answer, frozen=True, kw_only=True):
    marginable_limit: Decimal
    nonmarginable_limit: Decimal


class TopUps(Answer, frozen=True, kw_only=True):
    borrowable_usd: Decimal
    non_borrowable_usd: Decimal


class MarginProfile(Answer, frozen=True, kw_only=True):
    """Equities are shares of one; powers and limits are in USD, the selling power is in the product's base."""

    profile_id: str
    margin_initial_equity: Decimal
    margin_warning_equity: Decimal
    margin_call_equity: Decimal
    equity_percentage: Decimal
    selling_power: Decimal
    buying_power: Decimal
    borrow_power: Decimal
    interest_rate: Decimal
    interest_paid: Decimal
    collateral_currencies: tuple[str, ...]
    collateral_hold_value: Decimal
    available_borrow_limits: BorrowLimits
    borrow_limit: Decimal
    top_up_amounts: TopUps
    last_liquidation_at: str | None = None


class BuyingPower(Answer, frozen=True, kw_only=True):
    buying_power: Decimal
    selling_power: Decimal
    buying_power_explanation: str | None = None


class WithdrawalPower(Answer, frozen=True, kw_only=True):
    profile_id: str
    withdrawal_power: Decimal


class PowerOfCurrency(Answer, frozen=True, kw_only=True):
    currency: str
    withdrawal_power: Decimal


class WithdrawalPowers(Answer, frozen=True, kw_only=True):
    profile_id: str
    marginable_withdrawal_powers: tuple[PowerOfCurrency, ...]


class PlanAccount(Answer, frozen=True, kw_only=True):
    id: str
    currency: str
    amount: Decimal
    """Negative for what is owed."""


class PlanStrategy(Answer, frozen=True, kw_only=True, rename="camel"):
    """One step of an exit plan. In the only example that is known every field is empty."""

    type: str | None = None
    amount: Decimal | None = None
    product: str | None = None
    strategy: str | None = None
    account_id: str | None = None
    order_id: str | None = None


class ExitPlan(Answer, frozen=True, kw_only=True, rename="camel"):
    """How the exchange would sell to bring the equity back to where it has to be."""

    id: str
    user_id: str
    profile_id: str
    accounts_list: tuple[PlanAccount, ...]
    equity_percentage: Decimal
    total_assets_usd: Decimal
    total_liabilities_usd: Decimal
    strategies_list: tuple[PlanStrategy, ...] = ()
    created_at: str | None = None


class LiquidationsAfter(Ask, frozen=True, kw_only=True):
    after: Moment | None = None


class LiquidationOrder(Answer, frozen=True, kw_only=True):
    id: str
    product_id: str
    profile_id: str
    side: Side
    type: str
    size: Decimal
    filled_size: Decimal
    executed_value: Decimal
    fill_fees: Decimal
    status: str
    settled: bool
    post_only: bool = False
    created_at: str | None = None
    done_at: str | None = None
    done_reason: str | None = None


class Liquidation(Answer, frozen=True, kw_only=True):
    event_id: str
    event_time: str
    orders: tuple[LiquidationOrder, ...] = ()


class RefreshAmounts(Answer, frozen=True, kw_only=True, rename="camel"):
    """In USD: the loans that are renewed within a day, and those on the second day alone."""

    one_day_renewal_amount: Decimal
    two_day_renewal_amount: Decimal


class MarginStatus(Answer, frozen=True, kw_only=True):
    tier: int
    enabled: bool
    eligible: bool


MARGIN_PROFILE: Endpoint[OfMarginProduct, MarginProfile | tuple[MarginProfile, ...]] = Endpoint(
    "GET",
    "/margin/profile_information",
    OfMarginProduct,
    cast("Any", MarginProfile | tuple[MarginProfile, ...]),
)
"""The document had one profile; one of the clients reads a list."""
BUYING_POWER = Endpoint("GET", "/margin/buying_power", OfMarginProduct, BuyingPower)
WITHDRAWAL_POWER: Endpoint[OfMarginCurrency, WithdrawalPower | tuple[WithdrawalPower, ...]] = Endpoint(
    "GET",
    "/margin/withdrawal_power",
    OfMarginCurrency,
    cast("Any", WithdrawalPower | tuple[WithdrawalPower, ...]),
)
"""One or a list, as :data:`MARGIN_PROFILE`."""
WITHDRAWAL_POWERS: Endpoint[Nothing, WithdrawalPowers | tuple[WithdrawalPowers, ...]] = Endpoint(
    "GET",
    "/margin/withdrawal_power_all",
    Nothing,
    cast("Any", WithdrawalPowers | tuple[WithdrawalPowers, ...]),
)
"""One or a list, as :data:`MARGIN_PROFILE`."""
EXIT_PLAN = Endpoint("GET", "/margin/exit_plan", Nothing, ExitPlan)
LIQUIDATIONS = Endpoint("GET", "/margin/liquidation_history", LiquidationsAfter, tuple[Liquidation, ...])
REFRESH_AMOUNTS = Endpoint("GET", "/margin/position_refresh_amounts", Nothing, RefreshAmounts)
MARGIN_STATUS = Endpoint("GET", "/margin/status", Nothing, MarginStatus)


# Funding and positions, as GDAX had them


class Fundings(Paged, frozen=True, kw_only=True):
    status: Literal["outstanding", "settled", "rejected"] | None = None


class Funding(Answer, frozen=True, kw_only=True):
    """What an order of a margin profile borrowed."""

    id: str
    order_id: str
    profile_id: str
    amount: Decimal
    status: str
    created_at: str
    currency: str
    repaid_amount: Decimal
    default_amount: Decimal | None = None
    repaid_default: bool | None = None


class RepayFunding(Ask, frozen=True, kw_only=True):
    """The oldest is repaid first."""

    amount: Decimal
    currency: Currency


class MarginTransfer(Ask, frozen=True, kw_only=True):
    margin_profile_id: Identifier
    type: Literal["deposit", "withdraw"]
    """``deposit``: from the default profile into the margin profile; ``withdraw``: back."""
    currency: Currency
    amount: Decimal


class MarginTransferred(Answer, frozen=True, kw_only=True):
    id: str
    margin_profile_id: str
    type: str
    amount: Decimal
    currency: str
    status: str
    created_at: str | None = None
    user_id: str | None = None
    profile_id: str | None = None
    account_id: str | None = None
    margin_account_id: str | None = None
    margin_product_id: str | None = None
    nonce: int | None = None


class OldestFunding(Answer, frozen=True, kw_only=True):
    id: str
    order_id: str
    created_at: str
    currency: str
    account_id: str
    amount: Decimal


class PositionFunding(Answer, frozen=True, kw_only=True):
    max_funding_value: Decimal
    funding_value: Decimal
    oldest_outstanding: OldestFunding | None = None


class PositionAccount(Answer, frozen=True, kw_only=True):
    id: str
    balance: Decimal
    hold: Decimal
    funded_amount: Decimal
    default_amount: Decimal


class MarginCall(Answer, frozen=True, kw_only=True):
    active: bool
    price: Decimal | None = None
    side: Side | None = None
    size: Decimal | None = None
    funds: Decimal | None = None


class MarginPosition(Answer, frozen=True, kw_only=True):
    """``complement``: what it is held against, in the quote; negative for what is owed."""

    type: str
    size: Decimal
    complement: Decimal | None = None
    max_size: Decimal | None = None


class PositionOverview(Answer, frozen=True, kw_only=True):
    status: str
    funding: PositionFunding
    accounts: dict[str, PositionAccount]
    """By currency."""
    margin_call: MarginCall | None = None
    user_id: str | None = None
    profile_id: str | None = None
    position: MarginPosition | None = None
    product_id: str | None = None


class CloseMarginPosition(Ask, frozen=True, kw_only=True):
    repay_only: bool


FUNDINGS = Endpoint("GET", "/funding", Fundings, tuple[Funding, ...], following=older)
REPAY_FUNDING = Endpoint("POST", "/funding/repay", RepayFunding, Ignored, Effect.PAYS_OUT)
"""What it is answered with no client says."""
MARGIN_TRANSFER = Endpoint(
    "POST", "/profiles/margin-transfer", MarginTransfer, MarginTransferred, Effect.PAYS_OUT
)
POSITION = Endpoint("GET", "/position", Nothing, PositionOverview)
CLOSE_MARGIN_POSITION = Endpoint("POST", "/position/close", CloseMarginPosition, Ignored, Effect.TRADES)
"""What it does was never documented, nor what it is answered with. No signer signs it."""
