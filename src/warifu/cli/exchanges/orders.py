"""From what the owner types to an order or a withdrawal, and back to words. Decimals only; nothing is rounded up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from warifu.cli.exchanges.kept import new_identifier
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.exchanges.adapter import Balance, OrderState, Withdrawal, WithdrawalState
from warifu.exchanges.amounts import plain
from warifu.exchanges.market import Kind, Lifetime, Order, Pair, Side

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,29})(\.[0-9]{1,30})?\Z")
FINAL = frozenset({"filled", "cancelled", "expired", "rejected"})
"""States of an order that it never leaves."""
ARRIVED = frozenset({"done", "failed", "cancelled"})
"""States of a withdrawal that it never leaves."""


def pair_named(text: str) -> Pair:
    """``BTC-USD`` or ``BTC/USD``; ``InputRefused``."""
    base, mark, quote = text.upper().replace("/", "-").partition("-")
    if not mark:
        raise InputRefused(
            "exchange-pair", f"{text[:40]!r} is no pair", remedy="Write it as BTC-USD: what, paid in what."
        )
    return Pair(base, quote)


def decimal_of(text: str, what: str) -> Decimal:
    """A plain number; ``InputRefused`` (``amount-form``) for anything else, signs and exponents included."""
    if not _NUMBER.match(text):
        raise InputRefused(
            "amount-form", f"{text[:40]!r} is no {what}", remedy="Write a plain number, such as 0.015."
        )
    return Decimal(text)


def wanted_order(
    pair: str,
    side: Side,
    *,
    size: str | None,
    funds: str | None,
    limit: str | None,
    stop: str | None,
    lifetime: Lifetime,
    post_only: bool,
) -> Order:
    """The order in nobody's form, with a fresh identifier. ``InputRefused`` for a contradiction.

    A buy without a limit is for an amount of money: one for a size costs whatever it costs, and no signer signs it.
    """
    if side == "buy" and limit is None and size is not None:
        raise InputRefused(
            "exchange-order",
            "a buy of a size at any price has no bound of what it costs",
            not_done="Nothing was asked.",
            remedy="Name the most that you pay for one (--limit), or what you spend in all (--funds).",
        )
    if side == "sell" and size is None:
        raise InputRefused(
            "exchange-order",
            "a sale for an amount of money has no bound of what is sold",
            not_done="Nothing was asked.",
            remedy="Name what you sell (--size).",
        )
    if (size is None) == (funds is None):
        raise InputRefused(
            "exchange-order",
            "an order is for a size, or for an amount of money",
            not_done="Nothing was asked.",
            remedy="Name how much of it (--size), or, for a buy at any price, what you spend in all (--funds).",
        )
    if limit is None and stop is not None:
        raise InputRefused(
            "exchange-order",
            "an order that waits for a price (--stop) has no bound of what it is filled at then",
            not_done="Nothing was asked.",
            remedy="Name the worst price that you take (--limit) as well.",
        )
    kind: Kind = "market" if limit is None else "stop-limit" if stop is not None else "limit"
    return Order(
        client_id=new_identifier(),
        pair=pair_named(pair),
        side=side,
        kind=kind,
        size=None if size is None else decimal_of(size, "size"),
        funds=None if funds is None else decimal_of(funds, "amount"),
        price=None if limit is None else decimal_of(limit, "price"),
        stop_price=None if stop is None else decimal_of(stop, "price"),
        rising=stop is not None and side == "buy",
        lifetime=lifetime,
        post_only=post_only,
    )


def most_given(order: Order) -> tuple[Decimal, str]:
    """The most that the order can give away, without the exchange's fees, and of which asset."""
    if order.side == "sell":
        return order.size or Decimal(0), order.pair.base
    if order.funds is not None:
        return order.funds, order.pair.quote
    return (order.size or Decimal(0)) * (order.price or Decimal(0)), order.pair.quote


def order_facts(order: Order) -> list[tuple[str, str]]:
    """What the owner looks at before he says yes."""
    amount, asset = most_given(order)
    facts = [
        (tr("Order"), f"{tr(order.side)} {order.pair}"),
        (tr("Kind"), tr(order.kind)),
    ]
    if order.size is not None:
        facts.append((tr("Size"), f"{plain(order.size)} {order.pair.base}"))
    if order.funds is not None:
        facts.append((tr("For"), f"{plain(order.funds)} {order.pair.quote}"))
    if order.price is not None:
        facts.append((tr("Price"), f"{plain(order.price)} {order.pair.quote}"))
    if order.stop_price is not None:
        facts.append((tr("Stop price"), f"{plain(order.stop_price)} {order.pair.quote}"))
    if order.lifetime != "until-cancelled":
        facts.append((tr("Lifetime"), tr(order.lifetime)))
    if amount:
        facts.append((tr("Gives at most"), f"{plain(amount)} {asset} {tr('and the fees of the exchange')}"))
    return [*facts, (tr("Identifier"), order.client_id)]


def order_object(order: Order) -> dict[str, Any]:
    """The same for scripts."""
    amount, asset = most_given(order)
    return {
        "client_id": order.client_id,
        "pair": str(order.pair),
        "side": order.side,
        "kind": order.kind,
        "size": _plain(order.size),
        "funds": _plain(order.funds),
        "price": _plain(order.price),
        "stop_price": _plain(order.stop_price),
        "lifetime": order.lifetime,
        "post_only": order.post_only,
        "gives_at_most": {"amount": plain(amount), "asset": asset} if amount else None,
    }


def state_facts(state: OrderState) -> list[tuple[str, str]]:
    """What the exchange says of an order."""
    facts = [
        (tr("State"), tr(state.status)),
        (tr("Filled"), f"{plain(state.filled)} {state.pair.base}"),
        (tr("For"), f"{plain(state.value)} {state.pair.quote}"),
    ]
    if state.fees is not None:
        facts.append((tr("Fees"), f"{plain(state.fees)} {state.pair.quote}"))
    return facts


def state_object(state: OrderState) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "id": state.id,
        "client_id": state.client_id,
        "pair": str(state.pair),
        "status": state.status,
        "filled": plain(state.filled),
        "value": plain(state.value),
        "fees": _plain(state.fees),
    }


def withdrawal_facts(withdrawal: Withdrawal, *, own: bool) -> list[tuple[str, str]]:
    """What the owner looks at before he says yes. ``own``: whether the address is the wallet's, derived here."""
    whose = (
        tr("this wallet's own address") if own else tr("another address: the wallet's policy must name it")
    )
    facts = [
        (tr("Withdraw"), f"{plain(withdrawal.amount)} {withdrawal.asset}"),
        (tr("To"), withdrawal.address),
        ("", whose),
        (tr("Network"), withdrawal.network),
    ]
    if withdrawal.memo is not None:
        facts.append((tr("Memo"), withdrawal.memo))
    return [*facts, (tr("Identifier"), withdrawal.client_id)]


def stated_facts(fields: Sequence[str]) -> list[tuple[str, str]]:
    """Names of what the owner states about who is paid, without what he states."""
    return [(tr("states"), ", ".join(fields))] if fields else []


def withdrawal_object(withdrawal: Withdrawal, *, own: bool) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "client_id": withdrawal.client_id,
        "asset": withdrawal.asset,
        "amount": plain(withdrawal.amount),
        "address": withdrawal.address,
        "own": own,
        "network": withdrawal.network,
        "memo": withdrawal.memo,
    }


def arrival_facts(state: WithdrawalState) -> list[tuple[str, str]]:
    """What the exchange says of a withdrawal."""
    facts = [(tr("State"), tr(state.status))]
    if state.amount is not None:
        facts.append((tr("Amount"), plain(state.amount)))
    if state.fee is not None:
        facts.append((tr("Fee"), plain(state.fee)))
    if state.transaction_id:
        facts.append((tr("Transaction"), state.transaction_id))
    return facts


def arrival_object(state: WithdrawalState) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "id": state.id,
        "status": state.status,
        "amount": _plain(state.amount),
        "fee": _plain(state.fee),
        "transaction": state.transaction_id,
        "address": state.address,
    }


def balance_object(balance: Balance) -> dict[str, Any]:
    """For scripts."""
    return {
        "asset": balance.asset,
        "free": plain(balance.free),
        "held": plain(balance.held),
        "wallet": balance.wallet,
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
