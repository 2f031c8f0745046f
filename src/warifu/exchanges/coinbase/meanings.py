"""What Coinbase's requests give away at their most."""

from __future__ import annotations

from decimal import Decimal

from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.reading import (
    NOTHING,
    Destination,
    Language,
    Meaning,
    Means,
    Pairs,
    not_understood,
    pair_of,
    traded,
    worth,
)


def _exchange_order(ask: exchange.orders.NewOrder, _: Pairs) -> Meaning:
    if ask.type == "stop" or ask.stop_limit_price is not None:
        raise not_understood("this kind of order is not read here")
    if ask.funds is not None and (ask.type == "limit" or ask.size is not None):
        raise not_understood("an order has one size, and a limit order is for no amount of money")
    quote = worth(ask.size, ask.price) if ask.type == "limit" else ask.funds  # a market order has no price
    return traded(pair_of(ask.product_id), buys=ask.side == "buy", base=ask.size, quote=quote)


def _to_crypto_address(ask: exchange.funds.ToCryptoAddress, _: Pairs) -> Meaning:
    if ask.add_network_fee_to_total:
        raise not_understood("a network fee on top of the amount has no bound")
    to = Destination(ask.currency, ask.crypto_address, ask.network, ask.destination_tag)
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _to_wallet(ask: exchange.funds.FromWallet, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"coinbase-account:{ask.coinbase_account_id}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _to_payment_method(ask: exchange.funds.FromPaymentMethod, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"payment-method:{ask.payment_method_id}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _to_counterparty(ask: exchange.funds.ToCounterparty, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"counterparty:{ask.counterparty_id}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _from_payment_method(ask: exchange.funds.FromPaymentMethod, _: Pairs) -> Meaning:
    """It takes from the bank: that is counted with what leaves the exchange, so that it has a bound as well."""
    return Meaning(gives={ask.currency: ask.amount})


def _between_profiles(ask: exchange.profiles.BetweenProfiles, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"profile:{ask.to}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _converted(ask: exchange.funds.Convert, _: Pairs) -> Meaning:
    return Meaning(gives={ask.origin: ask.amount})


def _interest(ask: exchange.lending.RepayInterest, _: Pairs) -> Meaning:
    return Meaning(
        gives={ask.currency: ask.native_amount}, destination=Destination(ask.currency, inside="interest")
    )


def _principal(ask: exchange.lending.RepayPrincipal, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"loan:{ask.loan_id}")
    return Meaning(gives={ask.currency: ask.native_amount}, destination=to)


def _funding(ask: exchange.margin.RepayFunding, _: Pairs) -> Meaning:
    return Meaning(gives={ask.currency: ask.amount}, destination=Destination(ask.currency, inside="funding"))


def _margin_moved(ask: exchange.margin.MarginTransfer, _: Pairs) -> Meaning:
    """Between the default profile and the margin profile, of which the request names the latter alone."""
    named = f"profile:{ask.margin_profile_id}" if ask.type == "deposit" else "profile:default"
    return Meaning(gives={ask.currency: ask.amount}, destination=Destination(ask.currency, inside=named))


def _staked(ask: exchange.wrapped.StakeWrap | exchange.wrapped.Redeem, _: Pairs) -> Meaning:
    return Meaning(gives={ask.from_currency: ask.amount})


def _nothing(_: object, __: Pairs) -> Meaning:
    """Takes back an order."""
    return NOTHING


_EXCHANGE: dict[str, Means] = {
    "PLACE_ORDER": _exchange_order,
    "CANCEL_ORDER": _nothing,
    "CANCEL_CLIENT_ORDER": _nothing,
    "CANCEL_ORDERS": _nothing,
    "WITHDRAW_TO_ADDRESS": _to_crypto_address,
    "WITHDRAW_TO_WALLET": _to_wallet,
    "WITHDRAW_TO_PAYMENT_METHOD": _to_payment_method,
    "WITHDRAW_TO_COUNTERPARTY": _to_counterparty,
    "DEPOSIT_FROM_PAYMENT_METHOD": _from_payment_method,
    "TRANSFER_BETWEEN_PROFILES": _between_profiles,
    "CONVERT": _converted,
    "REPAY_INTEREST": _interest,
    "REPAY_PRINCIPAL": _principal,
    "REPAY_FUNDING": _funding,
    "MARGIN_TRANSFER": _margin_moved,
    "STAKE_WRAP": _staked,
    "REDEEM": _staked,
}
"""Not in here, so refused: DEACTIVATE_PROFILE, which moves whatever is in it, and CLOSE_MARGIN_POSITION, of which
nobody says what it does."""


_AT_TRIGGER = Decimal("1.05")
"""Of a bracket's trigger: the limit of the order to buy that Coinbase places once it is reached."""


def _advanced_order(ask: advanced.orders.NewOrder, _: Pairs) -> Meaning:
    chosen = [
        found
        for name in ask.order_configuration.__struct_fields__
        if (found := getattr(ask.order_configuration, name)) is not None
    ]
    if len(chosen) != 1:
        raise not_understood("an order has exactly one configuration")
    pair, buys, kind = pair_of(ask.product_id), ask.side == "BUY", chosen[0]
    if isinstance(kind, advanced.orders.MarketIoc):
        if kind.base_size is not None and kind.quote_size is not None:
            raise not_understood("a market order has one size")
        return traded(pair, buys=buys, base=kind.base_size, quote=kind.quote_size)
    prices: list[Decimal | None] = [kind.limit_price]
    if isinstance(kind, advanced.orders.BracketGtc | advanced.orders.BracketGtd):
        prices.append(worth(kind.stop_trigger_price, _AT_TRIGGER))
    return traded(pair, buys=buys, base=kind.base_size, quote=worth(kind.base_size, *prices))


def _moved(ask: advanced.portfolios.MoveFunds, _: Pairs) -> Meaning:
    to = Destination(ask.funds.currency, inside=f"portfolio:{ask.target_portfolio_uuid}")
    return Meaning(gives={ask.funds.currency: ask.funds.value}, destination=to)


def _swept(ask: advanced.derivatives.ScheduleSweep, _: Pairs) -> Meaning:
    """From the futures account to the spot account. Without an amount all of it."""
    if ask.usd_amount is None:
        raise not_understood("a sweep of everything has no bound")
    return Meaning(gives={"USD": ask.usd_amount}, destination=Destination("USD", inside="spot"))


def _allocated(ask: advanced.derivatives.Allocate, _: Pairs) -> Meaning:
    to = Destination(ask.currency, inside=f"portfolio:{ask.portfolio_uuid}/{ask.symbol}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


_ADVANCED: dict[str, Means] = {
    "SCHEDULE_SWEEP": _swept,
    "ALLOCATE": _allocated,
    "NEW_ORDER": _advanced_order,
    "CANCEL_ORDERS": _nothing,
    "MOVE_FUNDS": _moved,
}
"""Not in here, so refused: EDIT_ORDER (of an order that it does not name), CLOSE_POSITION, COMMIT_CONVERSION."""


def _sent(ask: app.Send, _: Pairs) -> Meaning:
    to = Destination(ask.currency, ask.to, ask.network, ask.destination_tag)
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _to_bank(ask: fiat.NewTransfer, _: Pairs) -> Meaning:
    """Whether it is committed at once or not: what is made can be committed elsewhere."""
    to = Destination(ask.currency, inside=f"payment-method:{ask.payment_method}")
    return Meaning(gives={ask.currency: ask.amount}, destination=to)


def _from_bank(ask: fiat.NewTransfer, _: Pairs) -> Meaning:
    """As :func:`_from_payment_method`."""
    return Meaning(gives={ask.currency: ask.amount})


def _uncounted(_: object, __: Pairs) -> Meaning:
    """Names what somebody made earlier, and neither its amount nor its bank."""
    raise not_understood("how much this commits, and to whom, is not in the request")


_APP: dict[str, Means] = {
    "SEND": _sent,
    "NEW_DEPOSIT": _from_bank,
    "NEW_WITHDRAWAL": _to_bank,
    "COMMIT_DEPOSIT": _uncounted,
    "COMMIT_WITHDRAWAL": _uncounted,
}


def exchange_language(host: str) -> Language:
    return Language(exchange.api(host), exchange.MODULES, _EXCHANGE)


def advanced_language(host: str) -> Language:
    return Language(advanced.api(host), advanced.MODULES, _ADVANCED)


def app_language(host: str) -> Language:
    return Language(app.api(host), (app, fiat), _APP)
