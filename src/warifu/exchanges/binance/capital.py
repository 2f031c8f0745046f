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


L = TypeVar("L", DepositsOf, WithdrawalsOf)


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
WITHDRAWALS = Endpoint(
    "GET", "/sapi/v1/capital/withdraw/history", WithdrawalsOf, tuple[Withdrawal, ...], following=_further
)
