"""Coinbase's banks in nobody's words: of the App and Advanced Trade, and of the Exchange API.

Neither says a fee before (the Exchange API's estimate is for addresses on a chain), both say it with their answer.
"""

from __future__ import annotations

from warifu.exchanges.adapter import known
from warifu.exchanges.banking import Bank, BankTransfer, BankTransferState, TransferStatus
from warifu.exchanges.calls import Call, Endpoint, Listed, Nothing
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange
from warifu.exchanges.coinbase.moments import is_before, is_between
from warifu.exchanges.http import HttpAnswer

_STATES: dict[str, TransferStatus] = {
    "created": "pending",
    "pending": "pending",
    "completed": "done",
    "canceled": "cancelled",
}


class CoinbaseBanking:
    """Banks as Advanced Trade lists them; deposits and withdrawals of the App, committed as they are made."""

    wants_wallet = True

    def __init__(self, adapter: Coinbase) -> None:
        self._host = adapter.host

    def banks(self) -> Call[Listed[Bank]]:
        call = advanced.api(self._host).call(advanced.portfolios.PAYMENT_METHODS, Nothing())
        return call.map(lambda found: Listed(tuple(map(_bank, found.payment_methods))))

    def transfer(self, wanted: BankTransfer) -> Call[BankTransferState]:
        ask = self._ask(wanted)
        endpoint = fiat.NEW_DEPOSIT if wanted.direction == "deposit" else fiat.NEW_WITHDRAWAL
        return app.api(self._host).call(endpoint, ask).map(_made)

    def alike(self, wanted: BankTransfer, first: int, last: int) -> Call[Listed[BankTransferState]]:
        ask = fiat.TransfersOf(account_id=wanted.wallet, limit=100)
        endpoint = fiat.DEPOSITS if wanted.direction == "deposit" else fiat.WITHDRAWALS
        return self._page(wanted, endpoint, ask, first, last)

    def _page(
        self,
        wanted: BankTransfer,
        endpoint: Endpoint[fiat.TransfersOf, fiat.Transfers],
        ask: fiat.TransfersOf,
        first: int,
        last: int,
    ) -> Call[Listed[BankTransferState]]:
        api = app.api(self._host)
        call = api.call(endpoint, ask)

        def read(answer: HttpAnswer) -> Listed[BankTransferState]:
            found = fiat.outcome(self._ask(wanted), call.reader(answer), first, last)
            after = None if found.whole else api.following(endpoint, ask, answer)
            more = None if after is None else self._page(wanted, endpoint, after, first, last)
            return Listed(tuple(map(_listed, found.made)), more)

        return Call(call.unsigned, read)

    def _ask(self, wanted: BankTransfer) -> fiat.NewTransfer:
        return fiat.NewTransfer(
            account_id=wanted.wallet,
            amount=wanted.amount,
            currency=wanted.currency,
            payment_method=wanted.bank,
            commit=True,
        )


class CoinbaseExchangeBanking:
    """Of the Exchange API, whose transfers are committed at once; it has one account of each currency."""

    wants_wallet = False

    def __init__(self, adapter: CoinbaseExchange) -> None:
        self._api = exchange.api(adapter.host)

    def banks(self) -> Call[Listed[Bank]]:
        call = self._api.call(exchange.funds.PAYMENT_METHODS, Nothing())
        return call.map(lambda found: Listed(tuple(map(_bank, found))))

    def transfer(self, wanted: BankTransfer) -> Call[BankTransferState]:
        funds = exchange.funds
        ask = funds.FromPaymentMethod(
            amount=wanted.amount, currency=wanted.currency, payment_method_id=wanted.bank
        )
        is_deposit = wanted.direction == "deposit"
        endpoint = funds.DEPOSIT_FROM_PAYMENT_METHOD if is_deposit else funds.WITHDRAW_TO_PAYMENT_METHOD
        return self._api.call(endpoint, ask).map(
            lambda moved: BankTransferState(
                moved.id, "pending", moved.amount, moved.fee, "", moved.payout_at or ""
            )
        )

    def alike(self, wanted: BankTransfer, first: int, last: int) -> Call[Listed[BankTransferState]]:
        ask = exchange.funds.Transfers(
            type="deposit" if wanted.direction == "deposit" else "withdraw",
            currency=wanted.currency,
            limit=100,
        )
        return self._page(wanted, ask, first, last)

    def _page(
        self, wanted: BankTransfer, ask: exchange.funds.Transfers, first: int, last: int
    ) -> Call[Listed[BankTransferState]]:
        endpoint = exchange.funds.TRANSFERS
        call = self._api.call(endpoint, ask)

        def read(answer: HttpAnswer) -> Listed[BankTransferState]:
            page = call.reader(answer)
            made = tuple(
                _moved(one)
                for one in page
                if one.details.coinbase_payment_method_id == wanted.bank
                and abs(one.amount) == wanted.amount
                and is_between(one.created_at, first, last)
            )
            whole = any(is_before(one.created_at, first) for one in page)
            after = None if whole else self._api.following(endpoint, ask, answer)
            return Listed(made, None if after is None else self._page(wanted, after, first, last))

        return Call(call.unsigned, read)


def _bank(found: advanced.portfolios.PaymentMethod | exchange.funds.PaymentMethod) -> Bank:
    return Bank(found.id, found.name, found.type, found.currency, found.allow_deposit, found.allow_withdraw)


def _made(found: fiat.Made) -> BankTransferState:
    """That it was taken: whether it is committed, only the list says."""
    if found.data is not None:
        return _listed(found.data)
    made = found.transfer
    assert made is not None, "checked when it was read"
    return BankTransferState(
        made.id,
        "pending",
        made.amount.value if made.amount else None,
        made.total_fee.amount.value if made.total_fee else None,
        "",
        made.payout_at or "",
    )


def _listed(found: fiat.Transfer) -> BankTransferState:
    return BankTransferState(
        found.id,
        known(_STATES, found.status),
        found.amount.amount,
        found.fee.amount if found.fee else None,
        found.created_at or "",
        found.payout_at or "",
    )


def _moved(found: exchange.accounts.Transfer) -> BankTransferState:
    status: TransferStatus = "pending"
    if found.canceled_at:
        status = "cancelled"
    elif found.completed_at:
        status = "done"
    return BankTransferState(
        found.id, status, abs(found.amount), found.details.fee, found.created_at, found.completed_at or ""
    )
