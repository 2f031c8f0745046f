"""Binance in nobody's words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec

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
from warifu.exchanges.binance import capital, feeds, meanings, spot
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.calls import Api, Call, Listed, Nothing, Unsigned
from warifu.exchanges.failures import Refused
from warifu.exchanges.feeds import FEED, Feeds
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Market, Order, Pair
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Pairs, Understood
from warifu.exchanges.signing import Credential, KeyKind, require_kind
from warifu.exchanges.travel_rule import names_in, read_answers
from warifu.threshold.wiping import Secret

_LIFETIMES = {"until-cancelled": "GTC", "immediate": "IOC", "whole-or-none": "FOK"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Binance:
    """Spot trading and the spot wallet."""

    host: str = spot.HOST

    @property
    def name(self) -> str:
        return "binance"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host, feeds.HOST, feeds.API_HOST)

    @property
    def keys(self) -> tuple[KeyKind, ...]:
        return ("ed25519-born",)

    def credential(self, kind: KeyKind, api_key: str, passphrase: Secret | None) -> Credential:
        require_kind(self, kind)
        if passphrase is not None:
            raise InputRefused("exchange-key", "a Binance key has no passphrase")
        return BinanceKey(api_key)

    @property
    def feeds(self) -> Feeds:
        return feeds.FEEDS

    @property
    def networks(self) -> Networks:
        return Networks(bitcoin="BTC", ethereum="ETH", solana="SOL")

    def understand(self, unsigned: Unsigned, pairs: Pairs = ()) -> Understood:
        if unsigned.method == FEED:
            return self.feeds.understand(unsigned)
        return meanings.language(self.host).understand(unsigned, pairs)

    def time(self) -> Call[int]:
        return self._api.call(spot.TIME, Nothing()).map(lambda found: found.server_time)

    def balances(self) -> Call[Listed[Balance]]:
        return self._api.listed(
            spot.ACCOUNT,
            spot.AccountOf(omit_zero_balances=True),
            lambda found: tuple(Balance(one.asset, one.free, one.locked) for one in found.balances),
        )

    def wallets(self) -> None:
        return None

    def market(self, pair: Pair) -> Call[Market]:
        ask = spot.ExchangeInfoOf(symbol=_symbol(pair))
        return self._api.call(spot.EXCHANGE_INFO, ask).map(lambda found: _market(found, pair))

    def best(self, pair: Pair) -> Call[adapter.Best]:
        def read(found: spot.BestPrice) -> adapter.Best:
            if found.symbol != _symbol(pair):
                raise InputRefused("exchange-answer", "the answer is about another pair")
            return adapter.Best(found.bid_price, found.ask_price)

        return self._api.call(spot.BEST_PRICE, spot.OfSymbol(symbol=_symbol(pair))).map(read)

    def place(self, order: Order) -> Call[OrderState]:
        ask = spot.NewOrder(
            symbol=_symbol(order.pair),
            side="BUY" if order.side == "buy" else "SELL",
            type=_type(order),
            new_client_order_id=order.client_id,
            time_in_force=None if order.kind == "market" or order.post_only else _LIFETIMES[order.lifetime],  # type: ignore[arg-type]
            quantity=order.size,
            quote_order_qty=order.funds,
            price=order.price,
            stop_price=order.stop_price,
            new_order_resp_type="RESULT",
        )
        return self._api.call(spot.NEW_ORDER, ask).map(lambda found: _order(found, order.pair))

    def find_order(self, order: Order) -> Call[Listed[OrderState]]:
        ask = spot.OfOrder(symbol=_symbol(order.pair), orig_client_order_id=order.client_id)
        found = self._api.call(spot.ORDER, ask)

        def read(answer: HttpAnswer) -> Listed[OrderState]:
            try:
                return Listed((_order(found.reader(answer), order.pair),))
            except Refused as refused:
                if refused.reason != "not-found":
                    raise
                return Listed(())

        return Call(found.unsigned, read)

    def cancel(self, order: OrderState) -> Call[None]:
        if not order.id.isascii() or not order.id.isdigit():
            raise InputRefused("exchange-request", "Binance knows an order by a number")
        ask = spot.OfOrder(symbol=_symbol(order.pair), order_id=int(order.id))
        return self._api.call(spot.CANCEL_ORDER, ask).map(lambda _: None)

    def cancel_all(self, pair: Pair) -> Call[None]:
        made = self._api.call(spot.CANCEL_ORDERS, spot.OfSymbol(symbol=_symbol(pair)))

        def read(answer: HttpAnswer) -> None:
            try:
                made.reader(answer)
            except Refused as refused:
                if refused.reason != "not-found":  # none is open
                    raise

        return Call(made.unsigned, read)

    def deposit_address(self, asset: str, network: str, wallet: str = "") -> Call[adapter.DepositAddress]:
        _require_no_wallet(wallet)
        ask = capital.DepositAddressOf(coin=asset, network=network)

        def read(found: capital.DepositAddress) -> adapter.DepositAddress:
            if found.coin != asset:
                raise Refused("network", f"asked for an address for {asset}, got one for {found.coin}")
            return adapter.DepositAddress(asset, network, found.address, found.tag)

        return self._api.call(capital.DEPOSIT_ADDRESS, ask).map(read)

    def travel_rule(self, text: str) -> tuple[str, ...]:
        _questionnaire(text)
        return names_in(text)

    def asks_who_is_paid(self) -> Call[bool]:
        found = self._api.call(capital.QUESTIONNAIRE, Nothing())
        return found.map(lambda said: said.questionnaire_country_code != "NIL")

    def listed(self) -> Call[tuple[adapter.ListedAddress, ...]]:
        return self._api.call(capital.ADDRESSES, Nothing()).map(
            lambda found: tuple(
                adapter.ListedAddress(one.coin, one.address, one.network or "")
                for one in found
                if one.white_status and not one.address_tag
            )
        )

    def withdraw(self, withdrawal: Withdrawal) -> Call[WithdrawalState]:
        _require_no_wallet(withdrawal.wallet)
        ask = capital.Withdraw(
            coin=withdrawal.asset,
            network=withdrawal.network,
            address=withdrawal.address,
            amount=withdrawal.amount,
            withdraw_order_id=withdrawal.client_id,
            address_tag=withdrawal.memo,
        )
        if withdrawal.travel_rule:
            local = capital.LocalWithdraw(
                **msgspec.structs.asdict(ask), questionnaire=_questionnaire(withdrawal.travel_rule)
            )
            return self._api.call(capital.LOCAL_WITHDRAW, local).map(_taken)
        return self._api.call(capital.WITHDRAW, ask).map(
            lambda found: WithdrawalState(found.id, "pending", None, None, None)
        )

    def find_withdrawal(self, withdrawal: Withdrawal) -> Call[Listed[WithdrawalState]]:
        """Only what is at most seven days old: so far the exchange looks for an identifier of ours. What was sent with
        answers is in a list of its own."""
        if withdrawal.travel_rule:
            asked = capital.LocalWithdrawalsOf(coin=withdrawal.asset, withdraw_order_id=withdrawal.client_id)
            return self._api.listed(
                capital.LOCAL_WITHDRAWALS,
                asked,
                lambda page: tuple(
                    _local_withdrawal(one) for one in page if one.withdraw_order_id == withdrawal.client_id
                ),
            )
        return self._api.listed(
            capital.WITHDRAWALS,
            capital.WithdrawalsOf(coin=withdrawal.asset, withdraw_order_id=withdrawal.client_id),
            lambda page: tuple(
                _withdrawal(one) for one in page if one.withdraw_order_id == withdrawal.client_id
            ),
        )

    def permissions(self) -> Call[Permissions]:
        return self._api.call(spot.RESTRICTIONS, Nothing()).map(
            lambda found: Permissions(
                found.enable_reading,
                found.enable_spot_and_margin_trading or found.enable_margin or found.enable_futures,
                found.enable_withdrawals
                or found.enable_internal_transfer
                or found.permits_universal_transfer,
                found.ip_restrict,
                found.enable_withdrawals,
                found.beyond_spot,
            )
        )

    def probes(self) -> tuple[()]:
        return ()

    def allowances(self, answer: HttpAnswer) -> tuple[Allowance, ...]:
        """``X-MBX-USED-WEIGHT-1M``, ``X-MBX-ORDER-COUNT-10S`` and the like: what is used, not the limit."""
        found = []
        for name, value in answer.headers:
            what = "weight" if "weight" in name else "orders" if "order-count" in name else None
            used, window = whole_number(value), name.rpartition("-")[2]
            count, unit = whole_number(window[:-1]), _UNITS.get(window[-1:])
            if what and used is not None and count and unit and name.startswith(("x-mbx-", "x-sapi-")):
                found.append(Allowance(what, seconds=count * unit, used=used))
        return tuple(found)

    @property
    def _api(self) -> Api:
        return spot.api(self.host)


def _symbol(pair: Pair) -> str:
    return pair.base + pair.quote


def _type(order: Order) -> spot.Type:
    if order.kind == "market":
        return "MARKET"
    if order.kind == "limit":
        return "LIMIT_MAKER" if order.post_only else "LIMIT"
    # What waits for a price that is worse than today's limits a loss, what waits for a better one takes a profit.
    return "STOP_LOSS_LIMIT" if order.rising == (order.side == "buy") else "TAKE_PROFIT_LIMIT"


_STATES: dict[str, OrderStatus] = {
    "PENDING_NEW": "pending",
    "NEW": "open",
    "PARTIALLY_FILLED": "open",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "PENDING_CANCEL": "open",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
}


def _order(found: spot.Order, pair: Pair) -> OrderState:
    if found.symbol != _symbol(pair):
        raise InputRefused("exchange-answer", "the answer is about another pair")
    if found.cummulative_quote_qty < 0:
        raise InputRefused("exchange-answer", "the exchange does not know any more what this order was worth")
    return OrderState(
        str(found.order_id),
        found.orig_client_order_id or found.client_order_id,
        pair,
        known(_STATES, found.status),
        found.executed_qty,
        found.cummulative_quote_qty,
        None,
        Terms(
            "buy" if found.side == "BUY" else "sell",
            found.orig_qty or None,
            found.orig_quote_order_qty or None,
            found.price or None,
            found.stop_price or None,
        ),
    )


def _market(found: spot.ExchangeInfo, pair: Pair) -> Market:
    symbols = [one for one in found.symbols if one.symbol == _symbol(pair)]
    if len(symbols) != 1 or (symbols[0].base_asset, symbols[0].quote_asset) != (pair.base, pair.quote):
        raise InputRefused("exchange-answer", f"the answer is not about {pair}")
    info = symbols[0]
    filters = {type(one): one for one in info.known_filters()}
    prices, sizes = filters.get(spot.PriceFilter), filters.get(spot.LotSize)
    if not isinstance(prices, spot.PriceFilter) or not isinstance(sizes, spot.LotSize):
        raise InputRefused("exchange-answer", f"the steps of {pair} are missing")
    least = filters.get(spot.Notional) or filters.get(spot.MinNotional)
    state: market.State = "open" if info.status == "TRADING" and info.is_spot_trading_allowed else "closed"
    smallest_price = Decimal(1).scaleb(-info.quote_asset_precision)
    return Market(
        symbol=info.symbol,
        pair=pair,
        size_step=sizes.step_size,
        price_step=prices.tick_size or smallest_price,
        funds_step=smallest_price,
        least_size=sizes.min_qty,
        most_size=sizes.max_qty or None,
        least_funds=least.min_notional if isinstance(least, spot.Notional | spot.MinNotional) else Decimal(0),
        state=state,
    )


_WITHDRAWALS: dict[str, WithdrawalStatus] = {
    "0": "pending",
    "1": "cancelled",
    "2": "pending",
    "3": "failed",
    "4": "pending",
    "5": "failed",
    "6": "done",
}


def _withdrawal(found: capital.Withdrawal) -> WithdrawalState:
    status = known(_WITHDRAWALS, str(found.status))
    if status == "pending" and found.tx_id:
        status = "sent"
    return WithdrawalState(
        found.id, status, found.amount, found.transaction_fee, found.tx_id, found.address, found.address_tag
    )


def _questionnaire(text: str) -> str:
    """In one form, whatever spaces its owner wrote."""
    return msgspec.json.encode(read_answers(text), order="sorted").decode()


def _taken(found: capital.LocalWithdrawal) -> WithdrawalState:
    if not (found.accepted or found.accpted) or found.tr_id is None:
        raise Refused("travel-rule", (found.info or "the answers were not accepted")[:200])
    return WithdrawalState(str(found.tr_id), "pending", None, None, None)


def _local_withdrawal(found: capital.LocalWithdrawalMade) -> WithdrawalState:
    status: WithdrawalStatus = "pending"
    if found.travel_rule_status == 2:
        status = "failed"
    elif found.withdrawal_status is not None:
        status = known(_WITHDRAWALS, str(found.withdrawal_status))
    if status == "pending" and found.tx_id:
        status = "sent"
    return WithdrawalState(
        found.id or str(found.tr_id),
        status,
        found.amount,
        found.transaction_fee,
        found.tx_id,
        found.address,
        found.address_tag,
    )


def _require_no_wallet(wallet: str) -> None:
    if wallet:
        raise InputRefused("exchange-request", "Binance has one spot wallet and is not told which")
