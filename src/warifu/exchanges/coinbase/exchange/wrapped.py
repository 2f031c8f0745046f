"""Coinbase's Exchange API: wrapped assets, how they are made by staking, and how they are redeemed."""

from __future__ import annotations

from decimal import Decimal

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Nothing
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Currency, Identifier, Uuid


class WrappedAsset(Answer, frozen=True, kw_only=True):
    id: str
    circulating_supply: Decimal | None = None
    total_supply: Decimal | None = None
    conversion_rate: Decimal | None = None
    apy: Decimal | None = None
    redeem_time_estimate_days: Decimal | None = None


class WrappedAssets(Answer, frozen=True, kw_only=True):
    wrapped_assets: tuple[WrappedAsset, ...]


class OfWrappedAsset(Ask, frozen=True, kw_only=True):
    wrapped_asset_id: Currency


class ConversionRate(Answer, frozen=True, kw_only=True):
    amount: Decimal


class StakeWrap(Ask, frozen=True, kw_only=True):
    from_currency: Currency
    to_currency: Currency
    amount: Decimal


class StakeWraps(Paged, frozen=True, kw_only=True, rename={"origin": "from"}):
    origin: Currency | None = None
    to: Currency | None = None
    status: str | None = None


class OfStakeWrap(Ask, frozen=True, kw_only=True):
    stake_wrap_id: Identifier


class Staked(Answer, frozen=True, kw_only=True):
    """Wrapped, or redeemed."""

    id: str
    from_amount: Decimal
    from_currency: str
    to_currency: str
    status: str
    to_amount: Decimal | None = None
    from_account_id: str | None = None
    to_account_id: str | None = None
    conversion_rate: Decimal | None = None
    created_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    idem: str | None = None
    """Ours; only of what is redeemed."""


class Redeem(Ask, frozen=True, kw_only=True):
    """``idem`` is left to the caller by Coinbase and required here: it happens once."""

    from_currency: Currency
    to_currency: Currency
    amount: Decimal
    idem: Uuid


class Redeems(Paged, frozen=True, kw_only=True):
    from_currency: Currency | None = None
    to_currency: Currency | None = None
    status: str | None = None


class OfRedeem(Ask, frozen=True, kw_only=True):
    redeem_id: Identifier


class Redeemed(Answer, frozen=True, kw_only=True):
    redeem: Staked


WRAPPED_ASSETS = Endpoint("GET", "/wrapped-assets", Nothing, WrappedAssets, signed=False)
WRAPPED_ASSET = Endpoint(
    "GET", "/wrapped-assets/{wrapped_asset_id}", OfWrappedAsset, WrappedAsset, signed=False
)
WRAPPED_CONVERSION_RATE = Endpoint(
    "GET", "/wrapped-assets/{wrapped_asset_id}/conversion-rate", OfWrappedAsset, ConversionRate, signed=False
)
STAKE_WRAP = Endpoint("POST", "/wrapped-assets/stake-wrap", StakeWrap, Staked, Effect.TRADES)
STAKE_WRAPS = Endpoint("GET", "/wrapped-assets/stake-wrap", StakeWraps, tuple[Staked, ...], following=older)
ONE_STAKE_WRAP = Endpoint("GET", "/wrapped-assets/stake-wrap/{stake_wrap_id}", OfStakeWrap, Staked)
REDEEM = Endpoint("POST", "/wrapped-assets/redeem", Redeem, Redeemed, Effect.TRADES)
REDEEMS = Endpoint("GET", "/wrapped-assets/redeem", Redeems, tuple[Staked, ...], following=older)
ONE_REDEEM = Endpoint("GET", "/wrapped-assets/redeem/{redeem_id}", OfRedeem, Staked)
