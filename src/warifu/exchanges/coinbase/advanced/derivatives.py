"""Futures and perpetuals: balances, positions, margin, and what moves funds between them and the spot account."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.advanced.base import _P, Value
from warifu.exchanges.coinbase.advanced.portfolios import OfPortfolio
from warifu.exchanges.coinbase.advanced.products import OfProduct
from warifu.exchanges.fields import Currency, Identifier

# Futures and perpetuals


class MarginMeasure(Answer, frozen=True, kw_only=True):
    """Of one margin window, in USD."""

    margin_window_type: str
    margin_level: str | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    liquidation_buffer: Decimal | None = None
    total_hold: Decimal | None = None
    futures_buying_power: Decimal | None = None


class FuturesSummary(Answer, frozen=True, kw_only=True):
    futures_buying_power: Value | None = None
    total_usd_balance: Value | None = None
    cbi_usd_balance: Value | None = None
    cfm_usd_balance: Value | None = None
    total_open_orders_hold_amount: Value | None = None
    unrealized_pnl: Value | None = None
    daily_realized_pnl: Value | None = None
    initial_margin: Value | None = None
    available_margin: Value | None = None
    liquidation_threshold: Value | None = None
    liquidation_buffer_amount: Value | None = None
    liquidation_buffer_percentage: Decimal | None = None
    intraday_margin_window_measure: MarginMeasure | None = None
    overnight_margin_window_measure: MarginMeasure | None = None


class FuturesBalance(Answer, frozen=True, kw_only=True):
    balance_summary: FuturesSummary


class FuturesPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    side: str
    number_of_contracts: Decimal
    current_price: Decimal | None = None
    avg_entry_price: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    daily_realized_pnl: Decimal | None = None
    expiration_time: str | None = None


class FuturesPositions(Answer, frozen=True, kw_only=True):
    positions: tuple[FuturesPosition, ...] = ()


class OneFuturesPosition(Answer, frozen=True, kw_only=True):
    position: FuturesPosition


class PerpetualPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    symbol: str
    position_side: str
    net_size: Decimal
    vwap: Value | None = None
    unrealized_pnl: Value | None = None
    mark_price: Value | None = None
    liquidation_price: Value | None = None
    leverage: Decimal | None = None


class PerpetualPositions(Answer, frozen=True, kw_only=True):
    positions: tuple[PerpetualPosition, ...] = ()


class OnePerpetualPosition(Answer, frozen=True, kw_only=True):
    position: PerpetualPosition


class OfPerpetual(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    symbol: Identifier


class PerpetualPortfolio(Answer, frozen=True, kw_only=True):
    portfolio_uuid: str
    collateral: Decimal | None = None
    position_notional: Decimal | None = None
    pending_fees: Decimal | None = None
    liquidation_percentage: Decimal | None = None
    unrealized_pnl: Value | None = None
    total_balance: Value | None = None


class PerpetualSummary(Answer, frozen=True, kw_only=True):
    portfolios: tuple[PerpetualPortfolio, ...] = ()


FUTURES_BALANCE = Endpoint("GET", f"{_P}/cfm/balance_summary", Nothing, FuturesBalance)
FUTURES_POSITIONS = Endpoint("GET", f"{_P}/cfm/positions", Nothing, FuturesPositions)
FUTURES_POSITION = Endpoint("GET", f"{_P}/cfm/positions/{{product_id}}", OfProduct, OneFuturesPosition)
PERPETUAL_SUMMARY = Endpoint("GET", f"{_P}/intx/portfolio/{{portfolio_uuid}}", OfPortfolio, PerpetualSummary)
PERPETUAL_POSITIONS = Endpoint(
    "GET", f"{_P}/intx/positions/{{portfolio_uuid}}", OfPortfolio, PerpetualPositions
)
PERPETUAL_POSITION = Endpoint(
    "GET", f"{_P}/intx/positions/{{portfolio_uuid}}/{{symbol}}", OfPerpetual, OnePerpetualPosition
)


class ScheduleSweep(Ask, frozen=True, kw_only=True):
    usd_amount: Decimal | None = None


class Scheduled(Answer, frozen=True, kw_only=True):
    success: Literal[True]


class Sweep(Answer, frozen=True, kw_only=True):
    id: str
    requested_amount: Value
    should_sweep_all: bool
    status: str
    schedule_time: str | None = None


class Sweeps(Answer, frozen=True, kw_only=True):
    sweeps: tuple[Sweep, ...] = ()


class MarginSetting(Answer, frozen=True, kw_only=True):
    setting: str


class NewMarginSetting(Ask, frozen=True, kw_only=True):
    setting: Literal["INTRADAY_MARGIN_SETTING_STANDARD", "INTRADAY_MARGIN_SETTING_INTRADAY"]


class MarginWindowOf(Ask, frozen=True, kw_only=True):
    margin_profile_type: str | None = None


class Window(Answer, frozen=True, kw_only=True):
    margin_window_type: str
    end_time: str | None = None


class MarginWindow(Answer, frozen=True, kw_only=True):
    margin_window: Window
    is_intraday_margin_killswitch_enabled: bool = False
    is_intraday_margin_enrollment_killswitch_enabled: bool = False


class Allocate(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    symbol: Identifier
    amount: Decimal
    currency: Currency


class PerpetualBalance(Answer, frozen=True, kw_only=True):
    quantity: Decimal
    hold: Decimal = Decimal(0)
    transfer_hold: Decimal = Decimal(0)
    collateral_value: Decimal | None = None
    collateral_weight: Decimal | None = None
    max_withdraw_amount: Decimal | None = None
    loan: Decimal | None = None


class PerpetualBalanceList(Answer, frozen=True, kw_only=True):
    portfolio_uuid: str
    balances: tuple[PerpetualBalance, ...] = ()
    is_margin_limit_reached: bool = False


class PerpetualBalances(Answer, frozen=True, kw_only=True):
    portfolio_balances: tuple[PerpetualBalanceList, ...] = ()


class MultiAssetCollateral(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    multi_asset_collateral_enabled: bool


SWEEPS = Endpoint("GET", f"{_P}/cfm/sweeps", Nothing, Sweeps)
SCHEDULE_SWEEP = Endpoint("POST", f"{_P}/cfm/sweeps/schedule", ScheduleSweep, Scheduled, Effect.PAYS_OUT)
CANCEL_SWEEP = Endpoint("DELETE", f"{_P}/cfm/sweeps", Nothing, Scheduled, Effect.MANAGES)
MARGIN_SETTING = Endpoint("GET", f"{_P}/cfm/intraday/margin_setting", Nothing, MarginSetting)
SET_MARGIN_SETTING = Endpoint(
    "POST", f"{_P}/cfm/intraday/margin_setting", NewMarginSetting, Ignored, Effect.MANAGES
)
MARGIN_WINDOW = Endpoint("GET", f"{_P}/cfm/intraday/current_margin_window", MarginWindowOf, MarginWindow)
ALLOCATE = Endpoint("POST", f"{_P}/intx/allocate", Allocate, Ignored, Effect.PAYS_OUT)
PERPETUAL_BALANCES = Endpoint("GET", f"{_P}/intx/balances/{{portfolio_uuid}}", OfPortfolio, PerpetualBalances)
MULTI_ASSET_COLLATERAL = Endpoint(
    "POST", f"{_P}/intx/multi_asset_collateral", MultiAssetCollateral, Ignored, Effect.MANAGES
)
