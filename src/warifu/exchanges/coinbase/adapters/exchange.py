"""Coinbase's Exchange API, for institutions, in nobody's words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from warifu.errors import InputRefused
from warifu.exchanges import adapter
from warifu.exchanges.adapter import (
    Balance,
    OrderState,
    OrderStatus,
    Terms,
    Withdrawal,
    WithdrawalState,
    WithdrawalStatus,
    known,
)
from warifu.exchanges.allowances import Allowance
from warifu.exchanges.calls import Api, Call, Listed, Nothing, Unsigned
from warifu.exchanges.coinbase import exchange, meanings
from warifu.exchanges.coinbase.adapters.common import (
    NETWORKS,
    best_of,
    deposit_address,
    market_state,
    pair_of_product,
)
from warifu.exchanges.coinbase.credentials import ExchangeKey
from warifu.exchanges.coinbase.feeds import exchange as exchange_feed
from warifu.exchanges.failures import Refused
from warifu.exchanges.feeds import FEED, Feeds
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Market, Order, Pair
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Pairs, Understood
from warifu.exchanges.signing import Credential, KeyKind, require_kind
from warifu.exchanges.travel_rule import names_in, read_as
from warifu.threshold.wiping import Secret

_LIFETIMES = {"until-cancelled": "GTC", "immediate": "IOC", "whole-or-none": "FOK"}


@dataclass(frozen=True)
class CoinbaseExchange:
    """The Exchange API: HMAC keys with a passphrase, one profile."""

    host: str = exchange.HOST
    name: str = "coinbase-exchange"
    feeds: Feeds = exchange_feed.FEEDS
    networks: Networks = NETWORKS

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host, *dict.fromkeys(channel.host for channel in self.feeds.channels))

    @property
    def keys(self) -> tuple[KeyKind, ...]:
        return ("hmac",)

    def credential(self, kind: KeyKind, api_key: str, passphrase: Secret | None) -> Credential:
        require_kind(self, kind)
        if passphrase is None:
            raise InputRefused("exchange-key", "the Exchange API wants a passphrase with its key")
        return ExchangeKey(api_key, passphrase)

    def understand(self, unsigned: Unsigned, pairs: Pairs = ()) -> Understood:
        if unsigned.method == FEED:
            return self.feeds.understand(unsigned)
        return meanings.exchange_language(self.host).understand(unsigned, pairs)

    def time(self) -> Call[int]:
        return self._api.call(exchange.products.TIME, Nothing()).map(lambda answer: int(answer.epoch * 1000))

    def balances(self) -> Call[Listed[Balance]]:
        return self._api.listed(
            exchange.accounts.ACCOUNTS,
            Nothing(),
            lambda page: tuple(Balance(one.currency, one.available, one.hold, one.id) for one in page),
        )

    def wallets(self) -> Call[Listed[Balance]]:
        return self._api.listed(
            exchange.accounts.WALLETS,
            Nothing(),
            lambda page: tuple(
                Balance(one.currency, one.balance, one.hold_balance or Decimal(0), one.id)
                for one in page
                if one.active
            ),
        )

    def market(self, pair: Pair) -> Call[Market]:
        return self._api.call(
            exchange.products.PRODUCT, exchange.products.OfProduct(product_id=str(pair))
        ).map(_exchange_market)

    def best(self, pair: Pair) -> Call[adapter.Best]:
        ask = exchange.products.OfProduct(product_id=str(pair))
        return self._api.call(exchange.products.TICKER, ask).map(lambda found: best_of(found.bid, found.ask))

    def place(self, order: Order) -> Call[OrderState]:
        ask = exchange.orders.NewOrder(
            client_oid=order.client_id,
            product_id=str(order.pair),
            side=order.side,
            type="market" if order.kind == "market" else "limit",
            size=order.size,
            funds=order.funds,
            price=order.price,
            stop=None if order.stop_price is None else ("entry" if order.rising else "loss"),
            stop_price=order.stop_price,
            time_in_force=_LIFETIMES[order.lifetime] if order.kind == "limit" else None,  # type: ignore[arg-type]
            post_only=True if order.post_only else None,
        )
        return self._api.call(exchange.orders.PLACE_ORDER, ask).map(
            lambda answer: _exchange_order(answer, order.client_id)
        )

    def find_order(self, order: Order) -> Call[Listed[OrderState]]:
        ask = exchange.orders.OfClientOrder(client_oid=order.client_id)
        found = self._api.call(exchange.orders.CLIENT_ORDER, ask)

        def read(answer: HttpAnswer) -> Listed[OrderState]:
            try:
                return Listed((_exchange_order(found.reader(answer), order.client_id),))
            except Refused as refused:
                if refused.reason != "not-found":
                    raise
                return Listed(())

        return Call(found.unsigned, read)

    def cancel(self, order: OrderState) -> Call[None]:
        ask = exchange.orders.CancelOrder(order_id=order.id, product_id=str(order.pair))
        return self._api.call(exchange.orders.CANCEL_ORDER, ask).map(lambda _: None)

    def cancel_all(self, pair: Pair) -> Call[None]:
        ask = exchange.orders.CancelOrders(product_id=str(pair))
        return self._api.call(exchange.orders.CANCEL_ORDERS, ask).map(lambda _: None)

    def deposit_address(self, asset: str, network: str, wallet: str = "") -> Call[adapter.DepositAddress]:
        ask = exchange.accounts.NewDepositAddress(account_id=wallet, network=network)
        return self._api.call(exchange.accounts.NEW_DEPOSIT_ADDRESS, ask).map(
            lambda found: deposit_address(
                asset,
                network,
                found.network,
                found.address,
                found.destination_tag or found.address_info.destination_tag,
            )
        )

    def travel_rule(self, text: str) -> tuple[str, ...]:
        read_as(exchange.funds.TravelRuleData, text)
        return names_in(text)

    def asks_who_is_paid(self) -> None:
        return None

    def listed(self) -> Call[tuple[adapter.ListedAddress, ...]]:
        return self._api.call(exchange.accounts.ADDRESS_BOOK, Nothing()).map(
            lambda found: tuple(
                adapter.ListedAddress(
                    "" if one.currency == "_ALL_ASSETS_" else one.currency, one.address, one.network or ""
                )
                for one in found
                if not one.destination_tag
            )
        )

    def withdraw(self, withdrawal: Withdrawal) -> Call[WithdrawalState]:
        ask = exchange.funds.ToCryptoAddress(
            amount=withdrawal.amount,
            currency=withdrawal.asset,
            crypto_address=withdrawal.address,
            network=withdrawal.network,
            destination_tag=withdrawal.memo,
            no_destination_tag=True if withdrawal.without_memo else None,
            nonce=withdrawal_nonce(withdrawal.client_id),
            travel_rule_data=(
                read_as(exchange.funds.TravelRuleData, withdrawal.travel_rule)
                if withdrawal.travel_rule
                else None
            ),
        )
        return self._api.call(exchange.funds.WITHDRAW_TO_ADDRESS, ask).map(
            lambda moved: WithdrawalState(moved.id, "pending", moved.amount, moved.fee, None)
        )

    def find_withdrawal(self, withdrawal: Withdrawal) -> Call[Listed[WithdrawalState]]:
        nonce = str(withdrawal_nonce(withdrawal.client_id))
        return self._api.listed(
            exchange.funds.TRANSFERS,
            exchange.funds.Transfers(type="withdraw", currency=withdrawal.asset),
            lambda page: tuple(_exchange_transfer(one) for one in page if str(one.user_nonce) == nonce),
        )

    def permissions(self) -> None:
        return None

    def probes(self) -> tuple[()]:
        return ()

    def allowances(self, answer: HttpAnswer) -> tuple[Allowance, ...]:  # noqa: ARG002  # see the next line
        return ()  # it limits by a bucket of 15 a second that no header tells of

    @property
    def _api(self) -> Api:
        return exchange.api(self.host)


def exchange_sandbox() -> CoinbaseExchange:
    """Coinbase's own sandbox of the Exchange API: its own hosts, its own keys, money that is none.

    On no chain: what it calls a deposit address of bitcoin is nothing that bitcoin may be sent to.
    """
    return CoinbaseExchange(
        exchange.SANDBOX, "coinbase-exchange-sandbox", exchange_feed.feeds(exchange_feed.SANDBOX), Networks()
    )


def withdrawal_nonce(client_id: str) -> int:
    """The Exchange API knows a withdrawal by a number: 62 bits of our UUID, never zero."""
    return (uuid.UUID(client_id).int >> 66) | 1


def _exchange_market(found: exchange.products.ProductInfo) -> Market:
    return Market(
        symbol=found.id,
        pair=Pair(found.base_currency, found.quote_currency),
        size_step=found.base_increment,
        price_step=found.quote_increment,
        funds_step=found.quote_increment,
        least_funds=found.min_market_funds,
        state=market_state(
            closed=found.trading_disabled or found.status != "online",
            cancel_only=found.cancel_only,
            post_only=found.post_only,
            limit_only=found.limit_only or found.auction_mode,
        ),
    )


_EXCHANGE_STATES: dict[str, OrderStatus] = {
    "received": "pending",
    "pending": "pending",
    "open": "open",
    "active": "open",
    "rejected": "rejected",
}
_DONE_STATES: dict[str | None, OrderStatus] = {"filled": "filled", "rejected": "rejected"}


def _exchange_order(found: exchange.orders.Order, client_id: str) -> OrderState:
    done = _DONE_STATES.get(found.done_reason, "cancelled")
    status = done if found.status == "done" else known(_EXCHANGE_STATES, found.status)
    return OrderState(
        found.id,
        client_id,
        pair_of_product(found.product_id),
        status,
        found.filled_size,
        found.executed_value,
        found.fill_fees,
        Terms(found.side, found.size, found.specified_funds or found.funds, found.price, found.stop_price),
    )


def _exchange_transfer(found: exchange.accounts.Transfer) -> WithdrawalState:
    status: WithdrawalStatus = "pending"
    if found.canceled_at:
        status = "cancelled"
    elif found.completed_at:
        status = "done"
    elif found.details.crypto_transaction_hash:
        status = "sent"
    details = found.details
    return WithdrawalState(
        found.id,
        status,
        abs(found.amount),
        details.fee,
        details.crypto_transaction_hash,
        details.sent_to_address or details.crypto_address,
        details.destination_tag,
    )
