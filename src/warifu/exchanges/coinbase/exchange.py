"""Coinbase's Exchange API: every request and answer that Warifu knows, as types. ``docs.cdp.coinbase.com/exchange``.

Amounts are texts on the wire and decimals here. Lists come newest first, in pages that the headers ``CB-AFTER`` and
``CB-BEFORE`` lead through.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.calls import Answer, Api, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.faults import exchange_complaint
from warifu.exchanges.fields import (
    Address,
    Currency,
    Cursor,
    Identifier,
    Memo,
    Moment,
    Network,
    Product,
    Side,
    Uuid,
    Words,
)
from warifu.exchanges.http import HttpAnswer

HOST = "api.exchange.coinbase.com"
SANDBOX = "api-public.sandbox.exchange.coinbase.com"


def api(host: str = HOST) -> Api:
    return Api(host, exchange_complaint)


class Paged(Ask, frozen=True, kw_only=True):
    """One page of a list. ``after`` leads to what is older, ``before`` to what is newer."""

    before: Cursor | None = None
    after: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


P = TypeVar("P", bound=Paged)
T = TypeVar("T")


def older(ask: P, answer: HttpAnswer, page: tuple[T, ...]) -> P | None:
    """The page of what came before, by the header; None where the list ends."""
    after = answer.header("cb-after")
    return msgspec.structs.replace(ask, after=after, before=None) if after and page else None


# Accounts


class Account(Answer, frozen=True, kw_only=True):
    id: str
    currency: str
    balance: Decimal
    hold: Decimal
    available: Decimal
    profile_id: str
    trading_enabled: bool = True
    pending_deposit: Decimal | None = None


class OfAccount(Ask, frozen=True, kw_only=True):
    account_id: Identifier


class HoldsOf(Paged, frozen=True, kw_only=True):
    account_id: Identifier


class Hold(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    ref: str
    created_at: str
    amount: Decimal | None = None
    updated_at: str | None = None


class LedgerOf(Paged, frozen=True, kw_only=True):
    account_id: Identifier
    start_date: Moment | None = None
    end_date: Moment | None = None
    profile_id: Identifier | None = None


class LedgerEntry(Answer, frozen=True, kw_only=True):
    id: str
    amount: Decimal
    balance: Decimal
    created_at: str
    type: str
    """``transfer``, ``match``, ``fee``, ``rebate``, ``conversion``; more may be added."""
    details: dict[str, str | int | bool] | None = None


class TransferDetails(Answer, frozen=True, kw_only=True):
    coinbase_account_id: str | None = None
    coinbase_transaction_id: str | None = None
    coinbase_payment_method_id: str | None = None
    network: str | None = None
    crypto_address: str | None = None
    sent_to_address: str | None = None
    destination_tag: str | None = None
    crypto_transaction_hash: str | None = None
    fee: Decimal | None = None


class Transfer(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    """``deposit``, ``withdraw``, ``internal_deposit``, ``internal_withdraw``."""
    created_at: str
    amount: Decimal
    details: TransferDetails = TransferDetails()
    currency: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    processed_at: str | None = None
    user_nonce: int | str | None = None


class TransfersOf(Paged, frozen=True, kw_only=True):
    account_id: Identifier
    type: Literal["deposit", "withdraw", "internal_deposit", "internal_withdraw"] | None = None


ACCOUNTS = Endpoint("GET", "/accounts", Nothing, tuple[Account, ...])
ACCOUNT = Endpoint("GET", "/accounts/{account_id}", OfAccount, Account)
HOLDS = Endpoint("GET", "/accounts/{account_id}/holds", HoldsOf, tuple[Hold, ...], following=older)
LEDGER = Endpoint("GET", "/accounts/{account_id}/ledger", LedgerOf, tuple[LedgerEntry, ...], following=older)
ACCOUNT_TRANSFERS = Endpoint(
    "GET", "/accounts/{account_id}/transfers", TransfersOf, tuple[Transfer, ...], following=older
)


# Address book: where withdrawals may go, by the exchange's own list


class BookedAddress(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    currency: str
    """``_ALL_ASSETS_`` for an address that is good for every asset of its network."""
    label: str = ""
    address_book_added_at: str | None = None
    destination_tag: str | None = None
    is_verified_self_hosted_wallet: bool = False
    vasp_id: str | None = None
    network: str | None = None
    """None: on every network of the currency."""


class AddressTo(Ask, frozen=True, kw_only=True):
    address: Address
    destination_tag: Memo | None = None


class NewAddress(Ask, frozen=True, kw_only=True):
    currency: Currency
    to: AddressTo
    label: Words | None = None
    network: Network | None = None
    is_verified_self_hosted_wallet: bool | None = None
    vasp_id: Identifier | None = None


class NewAddresses(Ask, frozen=True, kw_only=True):
    addresses: Annotated[tuple[NewAddress, ...], Meta(min_length=1, max_length=20)]


class BookedId(Ask, frozen=True, kw_only=True):
    id: Identifier


class RelabelledAddress(Ask, frozen=True, kw_only=True):
    id: Identifier
    label: Words


ADDRESS_BOOK = Endpoint("GET", "/address-book", Nothing, tuple[BookedAddress, ...])
ADD_ADDRESSES = Endpoint("POST", "/address-book", NewAddresses, tuple[BookedAddress, ...], Effect.MANAGES)
RELABEL_ADDRESS = Endpoint("PUT", "/address-book/{id}", RelabelledAddress, Ignored, Effect.MANAGES)
DELETE_ADDRESS = Endpoint("DELETE", "/address-book/{id}", BookedId, Ignored, Effect.MANAGES)


# Coinbase accounts (wallets) and deposit addresses


class Wallet(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    balance: Decimal
    currency: str
    type: str
    primary: bool
    active: bool
    hold_balance: Decimal | None = None
    hold_currency: str | None = None
    destination_tag_name: str | None = None
    destination_tag_regex: str | None = None


class NewDepositAddress(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    profile_id: Identifier | None = None
    network: Network | None = None


class AddressInfo(Answer, frozen=True, kw_only=True):
    address: str | None = None
    destination_tag: str | None = None


class DepositAddress(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    address_info: AddressInfo = AddressInfo()
    network: str | None = None
    destination_tag: str | None = None
    name: str | None = None
    created_at: str | None = None
    exchange_deposit_address: bool = False


WALLETS = Endpoint("GET", "/coinbase-accounts", Nothing, tuple[Wallet, ...])
NEW_DEPOSIT_ADDRESS = Endpoint(
    "POST", "/coinbase-accounts/{account_id}/addresses", NewDepositAddress, DepositAddress, Effect.PAYS_IN
)


# Conversions


class Convert(Ask, frozen=True, kw_only=True, rename={"origin": "from"}):
    origin: Currency
    to: Currency
    amount: Decimal
    profile_id: Identifier | None = None
    nonce: Identifier | None = None


class Conversion(Answer, frozen=True, kw_only=True, rename={"origin": "from"}):
    id: str
    amount: Decimal
    origin: str
    to: str
    from_account_id: str | None = None
    to_account_id: str | None = None
    fee_amount: Decimal | None = None


class OfConversion(Ask, frozen=True, kw_only=True):
    conversion_id: Identifier
    profile_id: Identifier | None = None


class ConversionFee(Answer, frozen=True, kw_only=True):
    from_currency: str
    to_currency: str
    fee_rate: Decimal
    thirty_day_volume: Decimal | None = None


class ConversionFees(Answer, frozen=True, kw_only=True):
    fee_rates: tuple[ConversionFee, ...]


CONVERT = Endpoint("POST", "/conversions", Convert, Conversion, Effect.TRADES)
CONVERSION = Endpoint("GET", "/conversions/{conversion_id}", OfConversion, Conversion)
CONVERSION_FEES = Endpoint("GET", "/conversions/fees", Nothing, ConversionFees)


# Currencies


class CurrencyNetwork(Answer, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    status: str | None = None
    contract_address: str | None = None
    min_withdrawal_amount: Decimal | None = None
    max_withdrawal_amount: Decimal | None = None
    network_confirmations: int | None = None
    destination_tag_regex: str | None = None


class CurrencyDetails(Answer, frozen=True, kw_only=True):
    type: str | None = None
    network_confirmations: int | None = None
    min_withdrawal_amount: Decimal | None = None
    max_withdrawal_amount: Decimal | None = None


class CurrencyInfo(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    min_size: Decimal
    status: str
    max_precision: Decimal
    """The smallest step of an amount."""
    message: str = ""
    details: CurrencyDetails = CurrencyDetails()
    convertible_to: tuple[str, ...] = ()
    default_network: str | None = None
    supported_networks: tuple[CurrencyNetwork, ...] = ()


class OfCurrency(Ask, frozen=True, kw_only=True):
    currency_id: Currency


CURRENCIES = Endpoint("GET", "/currencies", Nothing, tuple[CurrencyInfo, ...], signed=False)
CURRENCY = Endpoint("GET", "/currencies/{currency_id}", OfCurrency, CurrencyInfo, signed=False)


# Deposits, withdrawals, transfers, payment methods


class FromWallet(Ask, frozen=True, kw_only=True):
    amount: Decimal
    currency: Currency
    coinbase_account_id: Identifier
    profile_id: Identifier | None = None


class FromPaymentMethod(Ask, frozen=True, kw_only=True):
    amount: Decimal
    currency: Currency
    payment_method_id: Identifier
    profile_id: Identifier | None = None


class TravelRuleName(Ask, frozen=True, kw_only=True):
    first_name: Words
    last_name: Words


class TravelRuleAddress(Ask, frozen=True, kw_only=True):
    address_1: Words
    city: Words
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    address_2: Words | None = None
    address_3: Words | None = None
    state: Words | None = None
    postal_code: Words | None = None


class TravelRuleData(Ask, frozen=True, kw_only=True):
    """Who pays whom, where the law makes the exchange ask."""

    beneficiary_name: Words | None = None
    beneficiary_address: TravelRuleAddress | None = None
    beneficiary_financial_institution: Identifier | None = None
    is_self: bool | None = None
    originator_name: Words | None = None
    originator_natural_name: TravelRuleName | None = None
    originator_address: TravelRuleAddress | None = None
    transfer_purpose: Words | None = None


class ToCryptoAddress(Ask, frozen=True, kw_only=True):
    amount: Decimal
    currency: Currency
    crypto_address: Address
    profile_id: Identifier | None = None
    destination_tag: Memo | None = None
    no_destination_tag: bool | None = None
    nonce: Annotated[int, Meta(ge=1, lt=2**62)] | None = None
    network: Network | None = None
    add_network_fee_to_total: bool | None = None
    """Left out: the fee is taken from the amount."""
    travel_rule_data: TravelRuleData | None = None


class Moved(Answer, frozen=True, kw_only=True):
    """What a deposit or a withdrawal is answered with."""

    id: str
    amount: Decimal | None = None
    currency: str | None = None
    payout_at: str | None = None
    fee: Decimal | None = None
    subtotal: Decimal | None = None


class FeeEstimateFor(Ask, frozen=True, kw_only=True):
    currency: Currency
    crypto_address: Address
    network: Network | None = None


class FeeEstimate(Answer, frozen=True, kw_only=True):
    fee: Decimal
    fee_before_subsidy: Decimal | None = None


class Transfers(Paged, frozen=True, kw_only=True):
    type: Literal["deposit", "withdraw", "internal_deposit", "internal_withdraw"] | None = None
    profile_id: Identifier | None = None
    currency: Currency | None = None
    currency_type: Literal["crypto", "fiat"] | None = None


class OfTransfer(Ask, frozen=True, kw_only=True):
    transfer_id: Identifier


class TravelInformation(Ask, frozen=True, kw_only=True):
    transfer_id: Identifier
    originator_name: Words
    originator_country: Words


class PaymentMethod(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    name: str
    currency: str
    allow_buy: bool = False
    allow_sell: bool = False
    allow_deposit: bool = False
    allow_withdraw: bool = False


DEPOSIT_FROM_WALLET = Endpoint("POST", "/deposits/coinbase-account", FromWallet, Moved, Effect.PAYS_IN)
DEPOSIT_FROM_PAYMENT_METHOD = Endpoint(
    "POST", "/deposits/payment-method", FromPaymentMethod, Moved, Effect.PAYS_IN
)
WITHDRAW_TO_ADDRESS = Endpoint("POST", "/withdrawals/crypto", ToCryptoAddress, Moved, Effect.PAYS_OUT)
WITHDRAW_TO_WALLET = Endpoint("POST", "/withdrawals/coinbase-account", FromWallet, Moved, Effect.PAYS_OUT)
WITHDRAW_TO_PAYMENT_METHOD = Endpoint(
    "POST", "/withdrawals/payment-method", FromPaymentMethod, Moved, Effect.PAYS_OUT
)
FEE_ESTIMATE = Endpoint("GET", "/withdrawals/fee-estimate", FeeEstimateFor, FeeEstimate)
TRANSFERS = Endpoint("GET", "/transfers", Transfers, tuple[Transfer, ...], following=older)
TRANSFER = Endpoint("GET", "/transfers/{transfer_id}", OfTransfer, Transfer)
SUBMIT_TRAVEL_INFORMATION = Endpoint(
    "POST", "/transfers/{transfer_id}/travel-rules", TravelInformation, Ignored, Effect.MANAGES
)
PAYMENT_METHODS = Endpoint("GET", "/payment-methods", Nothing, tuple[PaymentMethod, ...])


# Orders and fills


class NewOrder(Ask, frozen=True, kw_only=True):
    product_id: Product
    side: Side
    type: Literal["limit", "market", "stop"]
    client_oid: Uuid
    """Required here: without one an order that got no answer could not be found again."""
    size: Decimal | None = None
    funds: Decimal | None = None
    price: Decimal | None = None
    stop: Literal["loss", "entry"] | None = None
    stop_price: Decimal | None = None
    stop_limit_price: Decimal | None = None
    time_in_force: Literal["GTC", "GTT", "IOC", "FOK"] | None = None
    cancel_after: Literal["min", "hour", "day"] | None = None
    post_only: bool | None = None
    max_floor: Decimal | None = None
    stp: Literal["dc", "co", "cn", "cb"] | None = None
    profile_id: Identifier | None = None


class Order(Answer, frozen=True, kw_only=True):
    id: str
    product_id: str
    side: Side
    type: str
    status: str
    """``received``, ``pending``, ``open``, ``active``, ``done``, ``rejected``."""
    price: Decimal | None = None
    size: Decimal | None = None
    funds: Decimal | None = None
    specified_funds: Decimal | None = None
    client_oid: str | None = None
    created_at: str | None = None
    done_at: str | None = None
    done_reason: str | None = None
    reject_reason: str | None = None
    time_in_force: str | None = None
    post_only: bool = False
    fill_fees: Decimal = Decimal(0)
    filled_size: Decimal = Decimal(0)
    executed_value: Decimal = Decimal(0)
    settled: bool = False
    stop: str | None = None
    stop_price: Decimal | None = None
    profile_id: str | None = None


class Orders(Paged, frozen=True, kw_only=True):
    status: Annotated[
        tuple[Literal["open", "pending", "rejected", "done", "active", "received", "all"], ...],
        Meta(min_length=1),
    ]
    product_id: Product | None = None
    profile_id: Identifier | None = None
    sortedBy: Literal["created_at", "price", "size", "order_id", "side", "type"] | None = None  # noqa: N815  # the wire's name
    sorting: Literal["asc", "desc"] | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None


class OfOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier


class OfClientOrder(Ask, frozen=True, kw_only=True):
    client_oid: Uuid


class CancelOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier
    product_id: Product | None = None
    """Said for speed."""
    profile_id: Identifier | None = None


class CancelClientOrder(Ask, frozen=True, kw_only=True):
    client_oid: Uuid
    product_id: Product | None = None


class CancelOrders(Ask, frozen=True, kw_only=True):
    product_id: Product | None = None
    profile_id: Identifier | None = None


class Fills(Paged, frozen=True, kw_only=True):
    order_id: Identifier | None = None
    product_id: Product | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None


class Fill(Answer, frozen=True, kw_only=True):
    trade_id: int
    product_id: str
    order_id: str
    liquidity: str
    price: Decimal
    size: Decimal
    fee: Decimal
    created_at: str
    side: Side
    settled: bool
    usd_volume: Decimal | None = None


PLACE_ORDER = Endpoint("POST", "/orders", NewOrder, Order, Effect.TRADES)
ORDERS = Endpoint("GET", "/orders", Orders, tuple[Order, ...], following=older)
ORDER = Endpoint("GET", "/orders/{order_id}", OfOrder, Order)
CLIENT_ORDER = Endpoint("GET", "/orders/client:{client_oid}", OfClientOrder, Order)
CANCEL_ORDER = Endpoint("DELETE", "/orders/{order_id}", CancelOrder, str, Effect.TRADES)
CANCEL_CLIENT_ORDER = Endpoint("DELETE", "/orders/client:{client_oid}", CancelClientOrder, str, Effect.TRADES)
CANCEL_ORDERS = Endpoint("DELETE", "/orders", CancelOrders, tuple[str, ...], Effect.TRADES)
FILLS = Endpoint("GET", "/fills", Fills, tuple[Fill, ...], following=older)


# Fees


class Fees(Answer, frozen=True, kw_only=True):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    usd_volume: Decimal | None = None


FEES = Endpoint("GET", "/fees", Nothing, Fees)


# Products and market data


class ProductInfo(Answer, frozen=True, kw_only=True):
    id: str
    base_currency: str
    quote_currency: str
    quote_increment: Decimal
    base_increment: Decimal
    status: str
    display_name: str = ""
    status_message: str = ""
    min_market_funds: Decimal = Decimal(0)
    """Since June 2022 the least amount of any order; sizes have no bounds of their own any more."""
    margin_enabled: bool = False
    post_only: bool = False
    limit_only: bool = False
    cancel_only: bool = False
    trading_disabled: bool = False
    auction_mode: bool = False


class OfProduct(Ask, frozen=True, kw_only=True):
    product_id: Product


class BookOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    level: Literal[1, 2, 3] = 1


class Level(Answer, frozen=True, array_like=True):
    price: Decimal
    size: Decimal
    orders: int | str
    """How many; at level 3 the identifier of the one."""


class Book(Answer, frozen=True, kw_only=True):
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    sequence: int | Decimal
    auction_mode: bool = False
    time: str | None = None


class CandlesOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    granularity: Literal[60, 300, 900, 3600, 21600, 86400]
    start: Moment | None = None
    end: Moment | None = None


class Candle(Answer, frozen=True, array_like=True):
    time: int
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class Stats(Answer, frozen=True, kw_only=True):
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    volume: Decimal
    volume_30day: Decimal | None = None


class Ticker(Answer, frozen=True, kw_only=True):
    price: Decimal
    size: Decimal
    time: str
    volume: Decimal
    bid: Decimal | None = None
    ask: Decimal | None = None
    trade_id: int | None = None


class TradesOf(Paged, frozen=True, kw_only=True):
    product_id: Product


class Trade(Answer, frozen=True, kw_only=True):
    trade_id: int
    side: Side
    price: Decimal
    size: Decimal
    time: str


class ProductVolume(Answer, frozen=True, kw_only=True):
    id: str
    base_currency: str
    quote_currency: str
    spot_volume_24hour: Decimal | None = None
    spot_volume_30day: Decimal | None = None


PRODUCTS = Endpoint("GET", "/products", Nothing, tuple[ProductInfo, ...], signed=False)
PRODUCT = Endpoint("GET", "/products/{product_id}", OfProduct, ProductInfo, signed=False)
BOOK = Endpoint("GET", "/products/{product_id}/book", BookOf, Book, signed=False)
CANDLES = Endpoint("GET", "/products/{product_id}/candles", CandlesOf, tuple[Candle, ...], signed=False)
STATS = Endpoint("GET", "/products/{product_id}/stats", OfProduct, Stats, signed=False)
TICKER = Endpoint("GET", "/products/{product_id}/ticker", OfProduct, Ticker, signed=False)
TRADES = Endpoint(
    "GET", "/products/{product_id}/trades", TradesOf, tuple[Trade, ...], signed=False, following=older
)
VOLUMES = Endpoint("GET", "/products/volume-summary", Nothing, tuple[ProductVolume, ...], signed=False)


# Time


class ServerTime(Answer, frozen=True, kw_only=True):
    iso: str
    epoch: Decimal


TIME = Endpoint("GET", "/time", Nothing, ServerTime, signed=False)


# Profiles


class Profile(Answer, frozen=True, kw_only=True):
    id: str
    user_id: str
    name: str
    active: bool
    is_default: bool
    created_at: str


class Profiles(Ask, frozen=True, kw_only=True):
    active: bool | None = None


class OfProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier


class NewProfile(Ask, frozen=True, kw_only=True):
    name: Words


class RenameProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier
    name: Words


class DeactivateProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier
    to: Identifier
    """The profile that gets what is left in it."""


class BetweenProfiles(Ask, frozen=True, kw_only=True, rename={"origin": "from"}):
    origin: Identifier
    to: Identifier
    currency: Currency
    amount: Decimal


PROFILES = Endpoint("GET", "/profiles", Profiles, tuple[Profile, ...])
PROFILE = Endpoint("GET", "/profiles/{profile_id}", OfProfile, Profile)
NEW_PROFILE = Endpoint("POST", "/profiles", NewProfile, Profile, Effect.MANAGES)
RENAME_PROFILE = Endpoint("PUT", "/profiles/{profile_id}", RenameProfile, Profile, Effect.MANAGES)
DEACTIVATE_PROFILE = Endpoint(
    "PUT", "/profiles/{profile_id}/deactivate", DeactivateProfile, Ignored, Effect.PAYS_OUT
)
TRANSFER_BETWEEN_PROFILES = Endpoint("POST", "/profiles/transfer", BetweenProfiles, Ignored, Effect.PAYS_OUT)


# Travel rules, users, wrapped assets


class TravelRule(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    originator_name: str
    originator_country: str
    created_at: str | None = None


class TravelRules(Paged, frozen=True, kw_only=True):
    address: Address | None = None


class NewTravelRule(Ask, frozen=True, kw_only=True):
    address: Address
    originator_name: Words
    originator_country: Words


class OfTravelRule(Ask, frozen=True, kw_only=True):
    id: Identifier


class LimitOfAsset(Answer, frozen=True, kw_only=True):
    max: Decimal
    remaining: Decimal
    period_in_days: int


class ExchangeLimits(Answer, frozen=True, kw_only=True):
    limit_currency: str
    transfer_limits: dict[str, dict[str, LimitOfAsset]]


class OfUser(Ask, frozen=True, kw_only=True):
    user_id: Identifier


class WrappedAsset(Answer, frozen=True, kw_only=True):
    id: str
    circulating_supply: Decimal | None = None
    total_supply: Decimal | None = None
    conversion_rate: Decimal | None = None
    apy: Decimal | None = None


class WrappedAssets(Answer, frozen=True, kw_only=True):
    wrapped_assets: tuple[WrappedAsset, ...]


class OfWrappedAsset(Ask, frozen=True, kw_only=True):
    wrapped_asset_id: Currency


class ConversionRate(Answer, frozen=True, kw_only=True):
    amount: Decimal


TRAVEL_RULES = Endpoint("GET", "/travel-rules", TravelRules, tuple[TravelRule, ...], following=older)
NEW_TRAVEL_RULE = Endpoint("POST", "/travel-rules", NewTravelRule, TravelRule, Effect.MANAGES)
DELETE_TRAVEL_RULE = Endpoint("DELETE", "/travel-rules/{id}", OfTravelRule, Ignored, Effect.MANAGES)
EXCHANGE_LIMITS = Endpoint("GET", "/users/{user_id}/exchange-limits", OfUser, ExchangeLimits)
WRAPPED_ASSETS = Endpoint("GET", "/wrapped-assets", Nothing, WrappedAssets, signed=False)
WRAPPED_ASSET = Endpoint(
    "GET", "/wrapped-assets/{wrapped_asset_id}", OfWrappedAsset, WrappedAsset, signed=False
)
WRAPPED_CONVERSION_RATE = Endpoint(
    "GET", "/wrapped-assets/{wrapped_asset_id}/conversion-rate", OfWrappedAsset, ConversionRate, signed=False
)
