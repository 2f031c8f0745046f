"""Binance's wallet, which it calls capital: coins and their networks, deposits and withdrawals."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.binance.spot import Milliseconds, Said, Sent
from warifu.exchanges.calls import Effect, Endpoint, Nothing
from warifu.exchanges.fields import Address, Count, Currency, Identifier, Memo, Network, Uuid
from warifu.exchanges.http import HttpAnswer


class CoinNetwork(Said, frozen=True, kw_only=True):
    network: str
    coin: str
    deposit_enable: bool
    withdraw_enable: bool
    withdraw_fee: Decimal
    withdraw_min: Decimal
    withdraw_max: Decimal
    withdraw_integer_multiple: Decimal
    """The step of an amount."""
    address_regex: str | None = None
    memo_regex: str | None = None
    same_address: bool = False
    """All users have one address and are told apart by the memo."""
    is_default: bool = False
    min_confirm: Count | None = None
    un_lock_confirm: Count | None = None


class Coin(Said, frozen=True, kw_only=True):
    coin: str
    name: str
    free: Decimal
    locked: Decimal
    deposit_all_enable: bool
    withdraw_all_enable: bool
    trading: bool
    network_list: tuple[CoinNetwork, ...] = ()


class DepositAddressOf(Sent, frozen=True, kw_only=True):
    coin: Currency
    network: Network


class DepositAddress(Said, frozen=True, kw_only=True):
    coin: str
    address: str
    tag: str | None = None
    url: str | None = None


class DepositsOf(Sent, frozen=True, kw_only=True):
    coin: Currency | None = None
    status: int | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    tx_id: Identifier | None = None


class Deposit(Said, frozen=True, kw_only=True):
    id: str
    amount: Decimal
    coin: str
    network: str
    status: int
    address: str
    tx_id: str
    insert_time: int
    address_tag: str | None = None
    confirm_times: str | None = None
    """``1/12``."""
    unlock_confirm: Count | None = None


class Withdraw(Sent, frozen=True, kw_only=True):
    coin: Currency
    network: Network
    """Required here: without it the exchange chooses."""
    address: Address
    amount: Decimal
    withdraw_order_id: Uuid
    address_tag: Memo | None = None
    wallet_type: Literal[0, 1] | None = None


class KnownAddress(Said, frozen=True, kw_only=True):
    """Of the customer's address book."""

    address: str
    coin: str
    network: str | None = None
    address_tag: str | None = None
    white_status: bool = False
    """Whether it is on the list of those that withdrawals may go to."""


class LocalWithdraw(Withdraw, frozen=True, kw_only=True):
    """For customers of a local entity whose law wants to know who is paid."""

    questionnaire: Annotated[str, Meta(min_length=2, max_length=2048)]
    """Answers, as a JSON object."""


class LocalWithdrawal(Said, frozen=True, kw_only=True):
    tr_id: Count | None = None
    accepted: bool | None = None
    accpted: bool | None = None
    """So its documents spell it in places."""
    info: str | None = None


class Questionnaire(Said, frozen=True, kw_only=True):
    """Whose questions a customer has to answer."""

    questionnaire_country_code: str = "NIL"
    """``NIL``: nobody's."""


class WithdrawalId(Said, frozen=True, kw_only=True):
    id: str


class WithdrawalsOf(Sent, frozen=True, kw_only=True):
    coin: Currency | None = None
    withdraw_order_id: Identifier | None = None
    status: int | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None


class LocalWithdrawalsOf(Sent, frozen=True, kw_only=True):
    coin: Currency | None = None
    withdraw_order_id: Identifier | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None


class LocalWithdrawalMade(Said, frozen=True, kw_only=True):
    """What became of a :class:`LocalWithdraw`: first it is looked at, then it is a withdrawal."""

    tr_id: Count
    amount: Decimal
    coin: str
    travel_rule_status: int
    """0 completed, 1 pending, 2 failed."""
    id: str | None = None
    transaction_fee: Decimal | None = None
    withdrawal_status: int | None = None
    """As :class:`Withdrawal`'s."""
    address: str | None = None
    address_tag: str | None = None
    tx_id: str | None = None
    network: str | None = None
    withdraw_order_id: str | None = None
    info: str | None = None


class Withdrawal(Said, frozen=True, kw_only=True):
    id: str
    amount: Decimal
    transaction_fee: Decimal
    coin: str
    status: int
    """0 mailed, 1 cancelled, 2 awaits approval, 3 rejected, 4 processing, 5 failed, 6 completed."""
    address: str
    apply_time: str
    address_tag: str | None = None
    tx_id: str | None = None
    network: str | None = None
    withdraw_order_id: str | None = None
    info: str | None = None
    confirm_no: Count | None = None


L = TypeVar("L", DepositsOf, WithdrawalsOf, LocalWithdrawalsOf)


def _further(ask: L, _: HttpAnswer, page: tuple[object, ...]) -> L | None:
    """By position: a full page may have something after it."""
    if len(page) < (ask.limit or 1000):
        return None
    return msgspec.structs.replace(ask, offset=(ask.offset or 0) + len(page))


COINS = Endpoint("GET", "/sapi/v1/capital/config/getall", Nothing, tuple[Coin, ...])
DEPOSIT_ADDRESS = Endpoint("GET", "/sapi/v1/capital/deposit/address", DepositAddressOf, DepositAddress)
DEPOSITS = Endpoint(
    "GET", "/sapi/v1/capital/deposit/hisrec", DepositsOf, tuple[Deposit, ...], following=_further
)
WITHDRAW = Endpoint("POST", "/sapi/v1/capital/withdraw/apply", Withdraw, WithdrawalId, Effect.PAYS_OUT)
ADDRESSES = Endpoint("GET", "/sapi/v1/capital/withdraw/address/list", Nothing, tuple[KnownAddress, ...])
LOCAL_WITHDRAW = Endpoint(
    "POST", "/sapi/v1/localentity/withdraw/apply", LocalWithdraw, LocalWithdrawal, Effect.PAYS_OUT
)
LOCAL_WITHDRAWALS = Endpoint(
    "GET",
    "/sapi/v2/localentity/withdraw/history",
    LocalWithdrawalsOf,
    tuple[LocalWithdrawalMade, ...],
    following=_further,
)
QUESTIONNAIRE = Endpoint("GET", "/sapi/v1/localentity/questionnaire-requirements", Nothing, Questionnaire)
WITHDRAWALS = Endpoint(
    "GET", "/sapi/v1/capital/withdraw/history", WithdrawalsOf, tuple[Withdrawal, ...], following=_further
)
