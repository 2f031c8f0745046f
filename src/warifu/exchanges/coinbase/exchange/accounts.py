"""Accounts of a profile, the address book, and the wallets that deposits come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import (
    Address,
    Currency,
    Identifier,
    Memo,
    Moment,
    Network,
    Words,
)

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
    currency: Currency | Literal["_ALL_ASSETS_"]
    to: AddressTo
    label: Words | None = None
    network: Network | None = None
    """``_ALL_EVM_NETWORKS_`` together with every asset."""
    is_verified_self_hosted_wallet: bool | None = None
    vasp_id: Identifier | None = None


class NewAddresses(Ask, frozen=True, kw_only=True):
    addresses: Annotated[tuple[NewAddress, ...], Meta(min_length=1, max_length=20)]


class BookedId(Ask, frozen=True, kw_only=True):
    id: Identifier


class RelabelledAddress(Ask, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    id: Identifier
    label: Words | None = None
    is_certified_self_send: bool | None = None
    is_verified_self_hosted_wallet: bool | None = None
    vasp_id: Identifier | None = None
    business_name: Words | None = None
    business_country_code: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")] | None = None


class Counterparty(Answer, frozen=True, kw_only=True):
    """Another customer of Coinbase, whom funds may go to within it."""

    id: str
    address: str
    label: str = ""
    added_at: str | None = None


ADDRESS_BOOK = Endpoint("GET", "/address-book", Nothing, tuple[BookedAddress, ...])
COUNTERPARTIES = Endpoint("GET", "/address-book/counterparty", Nothing, tuple[Counterparty, ...])
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
