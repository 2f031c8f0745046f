"""Coinbase for everybody in nobody's words: Advanced Trade for orders, the App for what comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from warifu.errors import InputRefused
from warifu.exchanges import adapter
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
from warifu.exchanges.coinbase import advanced, app, meanings
from warifu.exchanges.coinbase.adapters.common import (
    NETWORKS,
    best_of,
    deposit_address,
    market_state,
    pair_of_product,
)
from warifu.exchanges.coinbase.credentials import CdpKey
from warifu.exchanges.coinbase.feeds import advanced as advanced_feed
from warifu.exchanges.failures import Refused
from warifu.exchanges.feeds import FEED, Feeds
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Market, Order, Pair, Side
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Pairs, Understood
from warifu.exchanges.signing import Credential, KeyKind, require_kind
from warifu.exchanges.travel_rule import names_in, read_as
from warifu.threshold.wiping import Secret


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
        return NETWORKS

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
            balances_of,
        )

    def wallets(self) -> Call[Listed[Balance]]:
        return self._funds.listed(
            app.ACCOUNTS,
            app.Paged(limit=100),
            lambda page: tuple(
                Balance(one.currency.code, one.balance.amount, Decimal(0), one.id, one.type in SENDING)
                for one in page.data
            ),
        )

    def market(self, pair: Pair) -> Call[Market]:
        ask = advanced.products.OfProduct(product_id=str(pair))
        return self._orders.call(advanced.products.PRODUCT, ask).map(
            lambda found: _advanced_market(found, pair)
        )

    def best(self, pair: Pair) -> Call[adapter.Best]:
        def read(found: advanced.products.Book) -> adapter.Best:
            book = found.pricebook
            if book.product_id != str(pair):
                raise InputRefused("exchange-answer", "the answer is about another pair")
            bids, asks = ([level.price for level in side] for side in (book.bids, book.asks))
            return best_of(max(bids, default=None), min(asks, default=None))

        ask = advanced.products.BookOf(product_id=str(pair), limit=1)
        return self._orders.call(advanced.products.PUBLIC_BOOK, ask).map(read)

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
            lambda found: deposit_address(
                asset,
                network,
                found.data.network,
                found.data.address,
                found.data.destination_tag or found.data.address_info.destination_tag,
            )
        )

    def travel_rule(self, text: str) -> tuple[str, ...]:
        read_as(app.TravelRuleData, text)
        return names_in(text)

    def asks_who_is_paid(self) -> None:
        return None

    def listed(self) -> None:
        return None

    def withdraw(self, withdrawal: Withdrawal) -> Call[WithdrawalState]:
        ask = app.Send(
            account_id=withdrawal.wallet,
            to=withdrawal.address,
            amount=withdrawal.amount,
            currency=withdrawal.asset,
            idem=withdrawal.client_id,
            network=withdrawal.network,
            destination_tag=withdrawal.memo,
            travel_rule_data=(
                read_as(app.TravelRuleData, withdrawal.travel_rule) if withdrawal.travel_rule else None
            ),
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

    def probes(self) -> tuple[tuple[str, Call[Any]], ...]:
        """Which of them takes an Ed25519 key, Coinbase's documents contradict each other about."""
        return (("Advanced Trade", self.permissions()), ("Coinbase App", self.wallets()))

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


SENDING = ("wallet", "fiat")
"""Types of accounts, as the App calls them, that a key sends something from. A vault lets nothing go but by its owners'
approvals on Coinbase's site, after 48 hours; of a type that is not known nobody says that it does."""
_SENDING = (None, "ACCOUNT_TYPE_CRYPTO", "ACCOUNT_TYPE_FIAT")


def balances_of(page: advanced.accounts.AccountPage) -> tuple[Balance, ...]:
    """Account by account: one asset can have several."""
    return tuple(
        Balance(
            one.currency,
            one.available_balance.value,
            one.hold.value if one.hold else Decimal(0),
            one.uuid,
            one.type in _SENDING,
        )
        for one in page.accounts
    )


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
    return Market(
        symbol=found.product_id,
        pair=pair,
        size_step=found.base_increment,
        price_step=found.price_increment or found.quote_increment,
        funds_step=found.quote_increment,
        least_size=found.base_min_size,
        most_size=found.base_max_size,
        least_funds=found.quote_min_size,
        state=market_state(
            closed=found.is_disabled
            or found.trading_disabled
            or found.view_only
            or found.status not in (None, "online"),
            cancel_only=found.cancel_only,
            post_only=found.post_only,
            limit_only=found.limit_only or found.auction_mode,
        ),
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
        pair_of_product(found.product_id),
        known(_ADVANCED_STATES, found.status),
        found.filled_size,
        found.filled_value,
        found.total_fees,
        terms_of(found),
    )


_KINDS = {"market": "market", "limit": "limit", "sor": "limit", "stop": "stop-limit"}
_LIFETIMES = {"gtc": "until-cancelled", "ioc": "immediate", "fok": "whole-or-none"}
_DIRECTIONS = {"STOP_DIRECTION_STOP_UP": True, "STOP_DIRECTION_STOP_DOWN": False}


def terms_of(found: advanced.orders.Order) -> Terms:
    """What it is for. Its kind and how long it is there are in the name of its configuration (``limit_limit_gtc``)."""
    configured = list((found.order_configuration or {}).items())
    side: Side = "buy" if found.side == "BUY" else "sell"
    if len(configured) != 1:
        return Terms(side)
    [(name, one)] = configured
    kind, lifetime = name.partition("_")[0], name.rpartition("_")[2]
    return Terms(
        side,
        one.base_size,
        one.quote_size,
        one.limit_price,
        one.stop_price,
        _KINDS.get(kind, kind),
        _LIFETIMES.get(lifetime, lifetime),
        _DIRECTIONS.get(one.stop_direction or ""),
        one.post_only,
    )


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
    return send_of(found, "sent" if status == "pending" and found.network.hash else status)


def send_of(found: app.Transaction, status: WithdrawalStatus) -> WithdrawalState:
    """What it is, in this state."""
    network = found.network
    fee, asked = network.transaction_fee, network.transaction_amount
    return WithdrawalState(
        found.id,
        status,
        abs((asked or found.amount).amount),
        fee.amount if fee else None,
        network.hash,
        found.to.address if found.to else None,
        network=network.network_name,
    )
