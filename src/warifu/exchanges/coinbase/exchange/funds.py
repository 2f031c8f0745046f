"""What comes, goes and is converted: currencies, deposits, withdrawals, transfers, payment methods."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.exchange.accounts import Transfer
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Address, Count, Currency, Identifier, Memo, Network, Words

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
    created_at: str | None = None


class Conversions(Paged, frozen=True, kw_only=True):
    profile_id: Identifier | None = None


class OfConversion(Ask, frozen=True, kw_only=True):
    conversion_id: Identifier
    profile_id: Identifier | None = None


class ConversionFeeTier(Answer, frozen=True, kw_only=True):
    from_amount: Decimal
    to_amount: Decimal
    fee_rate: Decimal


class ConversionFee(Answer, frozen=True, kw_only=True):
    """The document's list of fields and its example differ: each has two that the other has not."""

    from_currency: str
    to_currency: str
    fee_rate: Decimal | None = None
    min_fee_rate: Decimal | None = None
    thirty_day_volume: Decimal | None = None
    thirty_day_net_volume: Decimal | None = None
    available_credit: Decimal | None = None
    fee_tiers: tuple[ConversionFeeTier, ...] = ()


CONVERT = Endpoint("POST", "/conversions", Convert, Conversion, Effect.TRADES)
CONVERSIONS = Endpoint("GET", "/conversions", Conversions, tuple[Conversion, ...], following=older)
CONVERSION = Endpoint("GET", "/conversions/{conversion_id}", OfConversion, Conversion)
CONVERSION_FEES = Endpoint("GET", "/conversions/fees", Nothing, tuple[ConversionFee, ...])


# Currencies


class CurrencyNetwork(Answer, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    status: str | None = None
    contract_address: str | None = None
    min_withdrawal_amount: Decimal | None = None
    max_withdrawal_amount: Decimal | None = None
    network_confirmations: Count | None = None
    destination_tag_regex: str | None = None
    is_evm_network: bool | None = None


class CurrencyDetails(Answer, frozen=True, kw_only=True):
    type: str | None = None
    network_confirmations: Count | None = None
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


class ToCounterparty(Ask, frozen=True, kw_only=True):
    """To another customer of Coinbase, within it. It knows no identifier of ours."""

    amount: Decimal
    currency: Currency
    counterparty_id: Identifier


class MovedToCounterparty(Answer, frozen=True, kw_only=True):
    id: str
    counterparty_id: str
    amount: Decimal
    currency: str
    status: Literal["UNKNOWN", "PENDING", "DONE"]


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
WITHDRAW_TO_COUNTERPARTY = Endpoint(
    "POST", "/withdrawals/counterparty", ToCounterparty, MovedToCounterparty, Effect.PAYS_OUT
)
FEE_ESTIMATE = Endpoint("GET", "/withdrawals/fee-estimate", FeeEstimateFor, FeeEstimate)
TRANSFERS = Endpoint("GET", "/transfers", Transfers, tuple[Transfer, ...], following=older)
TRANSFER = Endpoint("GET", "/transfers/{transfer_id}", OfTransfer, Transfer)
SUBMIT_TRAVEL_INFORMATION = Endpoint(
    "POST", "/transfers/{transfer_id}/travel-rules", TravelInformation, Ignored, Effect.MANAGES
)
PAYMENT_METHODS = Endpoint("GET", "/payment-methods", Nothing, tuple[PaymentMethod, ...])
