"""The Coinbase App's API (``/v2``): addresses, sends and what became of them, for the same CDP keys.

A send is asynchronous: it is answered as pending and can still be held up or cancelled. ``idem`` makes it happen once:
it is required here, and stored before it is sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.calls import Answer, Api, Ask, Effect, Endpoint, Nothing
from warifu.exchanges.coinbase.faults import app_complaint
from warifu.exchanges.fields import Address, Count, Currency, Cursor, Identifier, Memo, Network, Uuid, Words
from warifu.exchanges.http import HttpAnswer

HOST = "api.coinbase.com"


def api(host: str = HOST) -> Api:
    return Api(host, app_complaint)


class Money(Answer, frozen=True, kw_only=True):
    amount: Decimal
    currency: str


class Pagination(Answer, frozen=True, kw_only=True):
    next_starting_after: str | None = None
    next_uri: str | None = None
    limit: int | str | None = None


class Paged(Ask, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    starting_after: Cursor | None = None


class Page(Answer, frozen=True, kw_only=True):
    pagination: Pagination = Pagination()


P = TypeVar("P", bound=Paged)


def onward(ask: P, _: HttpAnswer, page: Page) -> P | None:
    """The page after this one. Only the cursor is taken: an address from an answer is never followed."""
    after = page.pagination.next_starting_after
    return msgspec.structs.replace(ask, starting_after=after) if after else None


class AccountCurrency(Answer, frozen=True, kw_only=True):
    code: str
    name: str | None = None
    type: str | None = None
    exponent: Count | None = None
    address_regex: str | None = None
    destination_tag_name: str | None = None
    destination_tag_regex: str | None = None


class Account(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    type: str
    """``wallet``, ``fiat``, ``vault``; the documents announce others without saying which."""
    currency: AccountCurrency
    balance: Money
    primary: bool = False
    allow_deposits: bool | None = None
    allow_withdrawals: bool | None = None
    created_at: str | None = None


class AccountPage(Page, frozen=True, kw_only=True):
    data: tuple[Account, ...] = ()


class OfAccount(Ask, frozen=True, kw_only=True):
    account_id: Identifier


class OneAccount(Answer, frozen=True, kw_only=True):
    data: Account


class AddressInfo(Answer, frozen=True, kw_only=True):
    address: str | None = None
    destination_tag: str | None = None


class DepositAddress(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    network: str
    address_info: AddressInfo = AddressInfo()
    destination_tag: str | None = None
    name: str | None = None
    created_at: str | None = None
    deposit_uri: str | None = None


class Addresses(Paged, frozen=True, kw_only=True):
    account_id: Identifier


class AddressPage(Page, frozen=True, kw_only=True):
    data: tuple[DepositAddress, ...] = ()


class OfAddress(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    address_id: Identifier


class NewAddress(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    name: Words | None = None
    network: Network | None = None


class OneAddress(Answer, frozen=True, kw_only=True):
    data: DepositAddress


class BeneficiaryAddress(Ask, frozen=True, kw_only=True):
    address1: Words
    city: Words
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    address2: Words | None = None
    address3: Words | None = None
    state: Words | None = None
    postal_code: Words | None = None


class TravelRuleData(Ask, frozen=True, kw_only=True):
    """Who is paid, where the law makes Coinbase ask."""

    beneficiary_wallet_type: Literal["WALLET_TYPE_SELF_HOSTED", "WALLET_TYPE_EXCHANGE"] | None = None
    is_self: Literal["IS_SELF_TRUE", "IS_SELF_FALSE"] | None = None
    beneficiary_name: Words | None = None
    beneficiary_address: BeneficiaryAddress | None = None
    beneficiary_financial_institution: Identifier | None = None
    transfer_purpose: Words | None = None


class Send(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    to: Address
    amount: Decimal
    currency: Currency
    idem: Uuid
    type: Literal["send"] = "send"
    network: Network | None = None
    destination_tag: Memo | None = None
    description: Words | None = None
    skip_notifications: bool | None = None
    travel_rule_data: TravelRuleData | None = None


class TransactionNetwork(Answer, frozen=True, kw_only=True):
    status: str | None = None
    hash: str | None = None
    network_name: str | None = None
    transaction_fee: Money | None = None
    transaction_amount: Money | None = None
    confirmations: Count | None = None


class Counterparty(Answer, frozen=True, kw_only=True):
    resource: str | None = None
    address: str | None = None


class Transaction(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    status: str
    """``pending``, ``completed``, ``failed``, ``expired``, ``canceled``, ``waiting_for_clearing``..."""
    amount: Money
    """Negative for what left the account."""
    native_amount: Money | None = None
    description: str | None = None
    created_at: str | None = None
    network: TransactionNetwork = TransactionNetwork()
    to: Counterparty | None = None
    idem: str | None = None
    cancelable: bool | None = None


class OneTransaction(Answer, frozen=True, kw_only=True):
    data: Transaction


class Transactions(Paged, frozen=True, kw_only=True):
    account_id: Identifier


class TransactionPage(Page, frozen=True, kw_only=True):
    data: tuple[Transaction, ...] = ()


class AddressTransactions(Paged, frozen=True, kw_only=True):
    account_id: Identifier
    address_id: Identifier


class OfTransaction(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    transaction_id: Identifier


ACCOUNTS = Endpoint("GET", "/v2/accounts", Paged, AccountPage, following=onward)
ACCOUNT = Endpoint("GET", "/v2/accounts/{account_id}", OfAccount, OneAccount)
ADDRESSES = Endpoint("GET", "/v2/accounts/{account_id}/addresses", Addresses, AddressPage, following=onward)
ADDRESS = Endpoint("GET", "/v2/accounts/{account_id}/addresses/{address_id}", OfAddress, OneAddress)
NEW_ADDRESS = Endpoint("POST", "/v2/accounts/{account_id}/addresses", NewAddress, OneAddress, Effect.PAYS_IN)
SEND = Endpoint("POST", "/v2/accounts/{account_id}/transactions", Send, OneTransaction, Effect.PAYS_OUT)
TRANSACTIONS = Endpoint(
    "GET", "/v2/accounts/{account_id}/transactions", Transactions, TransactionPage, following=onward
)
ADDRESS_TRANSACTIONS = Endpoint(
    "GET",
    "/v2/accounts/{account_id}/addresses/{address_id}/transactions",
    AddressTransactions,
    TransactionPage,
    following=onward,
)
"""What came to one of the account's addresses."""
TRANSACTION = Endpoint(
    "GET", "/v2/accounts/{account_id}/transactions/{transaction_id}", OfTransaction, OneTransaction
)


# Currencies, prices and time, without a key


class PriceOf(Ask, frozen=True, kw_only=True):
    pair: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}\Z")]


class SpotPriceOf(PriceOf, frozen=True, kw_only=True):
    date: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")] | None = None
    """Left out: now."""


class Price(Answer, frozen=True, kw_only=True):
    amount: Decimal
    currency: str
    base: str | None = None


class OnePrice(Answer, frozen=True, kw_only=True):
    data: Price


class RatesOf(Ask, frozen=True, kw_only=True):
    currency: Currency | None = None


class Rates(Answer, frozen=True, kw_only=True):
    currency: str
    rates: dict[str, Decimal]


class OneRates(Answer, frozen=True, kw_only=True):
    data: Rates


class FiatCurrency(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    min_size: Decimal


class FiatCurrencies(Answer, frozen=True, kw_only=True):
    data: tuple[FiatCurrency, ...] = ()


class Cryptocurrency(Answer, frozen=True, kw_only=True):
    code: str
    name: str
    asset_id: str | None = None
    exponent: Count | None = None
    type: str | None = None
    address_regex: str | None = None
    color: str | None = None
    sort_index: Count | None = None


class Cryptocurrencies(Answer, frozen=True, kw_only=True):
    data: tuple[Cryptocurrency, ...] = ()


class Moment(Answer, frozen=True, kw_only=True):
    iso: str
    epoch: int


class ServerTime(Answer, frozen=True, kw_only=True):
    data: Moment


SPOT_PRICE = Endpoint("GET", "/v2/prices/{pair}/spot", SpotPriceOf, OnePrice, signed=False)
BUY_PRICE = Endpoint("GET", "/v2/prices/{pair}/buy", PriceOf, OnePrice, signed=False)
SELL_PRICE = Endpoint("GET", "/v2/prices/{pair}/sell", PriceOf, OnePrice, signed=False)
FIAT_CURRENCIES = Endpoint("GET", "/v2/currencies", Nothing, FiatCurrencies, signed=False)
CRYPTOCURRENCIES = Endpoint("GET", "/v2/currencies/crypto", Nothing, Cryptocurrencies, signed=False)
EXCHANGE_RATES = Endpoint("GET", "/v2/exchange-rates", RatesOf, OneRates, signed=False)
TIME = Endpoint("GET", "/v2/time", Nothing, ServerTime, signed=False)
