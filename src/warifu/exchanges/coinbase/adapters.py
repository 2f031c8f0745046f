"""Coinbase in nobody's words: the Exchange API for institutions, Advanced Trade with the App for everybody else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from warifu.errors import InputRefused
from warifu.exchanges import adapter, market
from warifu.exchanges.adapter import (
    Balance,
    OrderState,
    OrderStatus,
    Permissions,
    Terms,
    Withdrawal,
    WithdrawalState,
    WithdrawalStatus,
    known,
)
from warifu.exchanges.allowances import Allowance, whole_number
from warifu.exchanges.calls import Api, Call, Listed, Nothing, Unsigned
from warifu.exchanges.coinbase import advanced, app, exchange, meanings
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.coinbase.feeds import advanced as advanced_feed
from warifu.exchanges.coinbase.feeds import exchange as exchange_feed
from warifu.exchanges.failures import Refused
from warifu.exchanges.feeds import FEED, Feeds
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Market, Order, Pair, Side
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Pairs, Understood
from warifu.exchanges.signing import Credential, KeyKind, require_kind
from warifu.threshold.wiping import Secret

_LIFETIMES = {"until-cancelled": "GTC", "immediate": "IOC", "whole-or-none": "FOK"}
_NETWORKS = Networks(bitcoin="bitcoin", ethereum="ethereum", solana="solana")
"""The Exchange API's identifiers of networks; the App's are the same words."""


@dataclass(frozen=True)
class CoinbaseExchange:
    """The Exchange API: HMAC keys with a passphrase, one profile."""

    host: str = exchange.HOST

    @property
    def name(self) -> str:
        return "coinbase-exchange"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host, exchange_feed.HOST)

    @property
    def feeds(self) -> Feeds:
        return exchange_feed.FEEDS

    @property
    def keys(self) -> tuple[KeyKind, ...]:
        return ("hmac",)

    def credential(self, kind: KeyKind, api_key: str, passphrase: Secret | None) -> Credential:
        require_kind(self, kind)
        if passphrase is None:
            raise InputRefused("exchange-key", "the Exchange API wants a passphrase with its key")
        return ExchangeKey(api_key, passphrase)

    @property
    def networks(self) -> Networks:
        return _NETWORKS

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
            lambda found: _deposit_address(
                asset,
                network,
                found.network,
                found.address,
                found.destination_tag or found.address_info.destination_tag,
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

    def allowances(self, answer: HttpAnswer) -> tuple[Allowance, ...]:  # noqa: ARG002  # see the next line
        return ()  # it limits by a bucket of 15 a second that no header tells of

    @property
    def _api(self) -> Api:
        return exchange.api(self.host)


def withdrawal_nonce(client_id: str) -> int:
    """The Exchange API knows a withdrawal by a number: 62 bits of our UUID, never zero."""
    return (uuid.UUID(client_id).int >> 66) | 1


def _exchange_market(found: exchange.products.ProductInfo) -> Market:
    state: market.State = "open"
    if found.trading_disabled or found.status != "online":
        state = "closed"
    elif found.cancel_only:
        state = "cancel-only"
    elif found.post_only:
        state = "post-only"
    elif found.limit_only or found.auction_mode:
        state = "limit-only"
    return Market(
        symbol=found.id,
        pair=Pair(found.base_currency, found.quote_currency),
        size_step=found.base_increment,
        price_step=found.quote_increment,
        funds_step=found.quote_increment,
        least_funds=found.min_market_funds,
        state=state,
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
        _pair(found.product_id),
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


@dataclass(frozen=True)
class Coinbase:
    """Advanced Trade for orders, the App's API for what comes and goes: CDP keys, ES256 or EdDSA."""

    host: str = advanced.HOST

    @property
    def name(self) -> str:
        return "coinbase"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host, advanced_feed.HOST, advanced_feed.USER_HOST)

    @property
    def feeds(self) -> Feeds:
        return advanced_feed.FEEDS

    @property
    def keys(self) -> tuple[KeyKind, ...]:
        return ("es256", "ed25519-split")

    def credential(self, kind: KeyKind, api_key: str, passphrase: Secret | None) -> Credential:
        require_kind(self, kind)
        if passphrase is not None:
            raise InputRefused("exchange-key", "a CDP key has no passphrase")
        return CdpKey(api_key, "ES256" if kind == "es256" else "EdDSA")

    @property
    def networks(self) -> Networks:
        return _NETWORKS

    def understand(self, unsigned: Unsigned, pairs: Pairs = ()) -> Understood:
        if unsigned.method == FEED:
            return self.feeds.understand(unsigned)
        if unsigned.path.startswith("/v2/"):
            return meanings.app_language(self.host).understand(unsigned, pairs)
        return meanings.advanced_language(self.host).understand(unsigned, pairs)

    def time(self) -> Call[int]:
        return self._orders.call(advanced.products.TIME, Nothing()).map(lambda found: int(found.epoch_millis))

    def balances(self) -> Call[Listed[Balance]]:
        return self._orders.listed(
            advanced.accounts.ACCOUNTS,
            advanced.accounts.Accounts(limit=250),
            lambda page: tuple(
                Balance(
                    one.currency,
                    one.available_balance.value,
                    one.hold.value if one.hold else Decimal(0),
                    one.uuid,
                )
                for one in page.accounts
            ),
        )

    def wallets(self) -> Call[Listed[Balance]]:
        return self._funds.listed(
            app.ACCOUNTS,
            app.Paged(limit=100),
            lambda page: tuple(
                Balance(one.currency.code, one.balance.amount, Decimal(0), one.id) for one in page.data
            ),
        )

    def market(self, pair: Pair) -> Call[Market]:
        ask = advanced.products.OfProduct(product_id=str(pair))
        return self._orders.call(advanced.products.PRODUCT, ask).map(
            lambda found: _advanced_market(found, pair)
        )

    def place(self, order: Order) -> Call[OrderState]:
        ask = advanced.orders.NewOrder(
            client_order_id=order.client_id,
            product_id=str(order.pair),
            side="BUY" if order.side == "buy" else "SELL",
            order_configuration=_configuration(order),
        )

        def placed(found: advanced.orders.NewOrderAnswer) -> OrderState:
            nothing = Decimal(0)
            return OrderState(
                found.success_response.order_id,
                order.client_id,
                order.pair,
                "pending",
                nothing,
                nothing,
                None,
            )

        return self._orders.call(advanced.orders.NEW_ORDER, ask).map(placed)

    def find_order(self, order: Order) -> Call[Listed[OrderState]]:
        return self._orders.listed(
            advanced.orders.ORDERS,
            advanced.orders.Orders(product_ids=(str(order.pair),), limit=250),
            lambda page: tuple(
                _advanced_order(one) for one in page.orders if one.client_order_id == order.client_id
            ),
        )

    def cancel(self, order: OrderState) -> Call[None]:
        ask = advanced.orders.CancelOrders(order_ids=(order.id,))
        return self._orders.call(advanced.orders.CANCEL_ORDERS, ask).map(
            lambda found: _require_cancelled(found, order.id)
        )

    def cancel_all(self, pair: Pair) -> None:  # noqa: ARG002  # it cancels orders by their identifiers
        return None

    def deposit_address(self, asset: str, network: str, wallet: str = "") -> Call[adapter.DepositAddress]:
        ask = app.NewAddress(account_id=wallet, network=network)
        return self._funds.call(app.NEW_ADDRESS, ask).map(
            lambda found: _deposit_address(
                asset,
                network,
                found.data.network,
                found.data.address,
                found.data.destination_tag or found.data.address_info.destination_tag,
            )
        )

    def withdraw(self, withdrawal: Withdrawal) -> Call[WithdrawalState]:
        ask = app.Send(
            account_id=withdrawal.wallet,
            to=withdrawal.address,
            amount=withdrawal.amount,
            currency=withdrawal.asset,
            idem=withdrawal.client_id,
            network=withdrawal.network,
            destination_tag=withdrawal.memo,
        )
        return self._funds.call(app.SEND, ask).map(lambda found: _app_transaction(found.data))

    def find_withdrawal(self, withdrawal: Withdrawal) -> Call[Listed[WithdrawalState]]:
        return self._funds.listed(
            app.TRANSACTIONS,
            app.Transactions(account_id=withdrawal.wallet, limit=100),
            lambda page: tuple(
                _app_transaction(one) for one in page.data if one.idem == withdrawal.client_id
            ),
        )

    def permissions(self) -> Call[Permissions]:
        return self._orders.call(advanced.accounts.KEY_PERMISSIONS, Nothing()).map(
            lambda found: Permissions(found.can_view, found.can_trade, found.can_transfer)
        )

    def allowances(self, answer: HttpAnswer) -> tuple[Allowance, ...]:
        limit, left, resets = (
            whole_number(answer.header(f"x-ratelimit-{what}")) for what in ("limit", "remaining", "reset")
        )
        if limit is None and left is None:
            return ()
        return (Allowance("requests", limit=limit, left=left, resets_after=resets),)

    @property
    def _orders(self) -> Api:
        return advanced.api(self.host)

    @property
    def _funds(self) -> Api:
        return app.api(self.host)


def _configuration(order: Order) -> advanced.orders.OrderConfiguration:
    if order.kind == "market":
        sizes = advanced.orders.MarketIoc(base_size=order.size, quote_size=order.funds)
        return advanced.orders.OrderConfiguration(market_market_ioc=sizes)
    assert order.size is not None and order.price is not None, "an order that is not of the market has both"
    if order.stop_price is not None:
        stop = advanced.orders.StopGtc(
            base_size=order.size,
            limit_price=order.price,
            stop_price=order.stop_price,
            stop_direction="STOP_DIRECTION_STOP_UP" if order.rising else "STOP_DIRECTION_STOP_DOWN",
        )
        return advanced.orders.OrderConfiguration(stop_limit_stop_limit_gtc=stop)
    if order.lifetime == "until-cancelled":
        waiting = advanced.orders.LimitGtc(
            base_size=order.size, limit_price=order.price, post_only=order.post_only
        )
        return advanced.orders.OrderConfiguration(limit_limit_gtc=waiting)
    at_once = advanced.orders.LimitIoc(base_size=order.size, limit_price=order.price)
    if order.lifetime == "immediate":
        return advanced.orders.OrderConfiguration(sor_limit_ioc=at_once)
    return advanced.orders.OrderConfiguration(limit_limit_fok=at_once)


def _advanced_market(found: advanced.products.ProductInfo, pair: Pair) -> Market:
    state: market.State = "open"
    if found.is_disabled or found.trading_disabled or found.view_only or found.status not in (None, "online"):
        state = "closed"
    elif found.cancel_only:
        state = "cancel-only"
    elif found.post_only:
        state = "post-only"
    elif found.limit_only or found.auction_mode:
        state = "limit-only"
    return Market(
        symbol=found.product_id,
        pair=pair,
        size_step=found.base_increment,
        price_step=found.price_increment or found.quote_increment,
        funds_step=found.quote_increment,
        least_size=found.base_min_size,
        most_size=found.base_max_size,
        least_funds=found.quote_min_size,
        state=state,
    )


_ADVANCED_STATES: dict[str, OrderStatus] = {
    "PENDING": "pending",
    "QUEUED": "pending",
    "OPEN": "open",
    "CANCEL_QUEUED": "open",
    "EDIT_QUEUED": "open",
    "FILLED": "filled",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
    "FAILED": "rejected",
}


def _advanced_order(found: advanced.orders.Order) -> OrderState:
    return OrderState(
        found.order_id,
        found.client_order_id,
        _pair(found.product_id),
        known(_ADVANCED_STATES, found.status),
        found.filled_size,
        found.filled_value,
        found.total_fees,
        _terms(found),
    )


def _terms(found: advanced.orders.Order) -> Terms:
    configured = list((found.order_configuration or {}).values())
    one = configured[0] if len(configured) == 1 else advanced.orders.Configured()
    side: Side = "buy" if found.side == "BUY" else "sell"
    return Terms(side, one.base_size, one.quote_size, one.limit_price, one.stop_price)


def _require_cancelled(found: advanced.orders.CancelAnswer, order_id: str) -> None:
    results = [one for one in found.results if one.order_id == order_id]
    if len(results) != 1:
        raise InputRefused("exchange-answer", "the answer is not about the order that was to be cancelled")
    if not results[0].success:
        said = results[0].failure_reason
        raise Refused("not-found" if said == "UNKNOWN_CANCEL_ORDER" else "rejected", said)


_APP_STATES: dict[str, WithdrawalStatus] = {
    "pending": "pending",
    "waiting_for_clearing": "pending",
    "waiting_for_signature": "pending",
    "completed": "done",
    "failed": "failed",
    "expired": "cancelled",
    "canceled": "cancelled",
}


def _app_transaction(found: app.Transaction) -> WithdrawalState:
    status = known(_APP_STATES, found.status)
    if status == "pending" and found.network.hash:
        status = "sent"
    network = found.network
    fee, asked = network.transaction_fee, network.transaction_amount
    return WithdrawalState(
        found.id,
        status,
        abs((asked or found.amount).amount),
        fee.amount if fee else None,
        network.hash,
        found.to.address if found.to else None,
    )


def _deposit_address(
    asset: str, network: str, said: str | None, address: str, memo: str | None
) -> adapter.DepositAddress:
    """Refused where the exchange names another network: what is sent there is lost."""
    if said is not None and said != network:
        raise Refused("network", f"asked for an address on {network}, got one on {said}")
    return adapter.DepositAddress(asset, network, address, memo)


def _pair(product: str) -> Pair:
    base, _, quote = product.partition("-")
    return Pair(base, quote)
