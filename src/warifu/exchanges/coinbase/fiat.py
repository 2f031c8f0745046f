"""The Coinbase App's API (``/v2``): money of a country, from a bank and to a bank; the banks that are linked.

Documented at ``docs.cdp.coinbase.com/coinbase-app/transfer-apis`` (deposit-fiat, withdraw-fiat). A transfer is made,
and it is committed: in the same request (``commit: true``) or by a second one. The documents say of ``commit`` once
that it is true where it is left out and once that it is false, so it is never left out here.

**There is no identifier of ours.** What became of a request whose answer was lost is found by :func:`outcome`: in the
list, by bank, amount and time. Nothing makes it happen once, so nobody sends it again who has not asked.

**What the answer says.** Making and committing are answered with ``{"transfer": ...}``, whose ``committed`` was seen
false for what was committed; older documents and the lists have ``{"data": ...}`` with other names. A refusal can come
under status 200, as a transfer without an identifier and with a ``cancellation_reason``
(``faults.app_complaint``). So an answer says that it was taken; whether it is paid, the list says.

**The signer.** A withdrawal in one request says how much and to which bank: it is judged as every withdrawal is, its
bank by the policy's ``inside`` (``payment-method:ID``). A deposit takes from the owner's bank, and is counted with what
leaves. A commit says neither, and is refused: what was made earlier, by whom, for how much, is not in the request. With
a shared key all of it is refused, because its carrier could change amount and bank under the same token, and nobody
could prove afterwards which of two like transfers was signed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint
from warifu.exchanges.coinbase.app import Money, Page, Paged, onward
from warifu.exchanges.coinbase.moments import is_before, is_between
from warifu.exchanges.fields import Count, Currency, Identifier

# Banks


class LinkedBank(Answer, frozen=True, kw_only=True):
    """A payment method. Its number is cut off in its ``name``."""

    id: str
    type: str
    name: str
    currency: str
    primary_buy: bool = False
    primary_sell: bool = False
    allow_buy: bool = False
    allow_sell: bool = False
    allow_deposit: bool = False
    allow_withdraw: bool = False
    instant_buy: bool = False
    instant_sell: bool = False
    verified: bool | None = None
    created_at: str | None = None


class LinkedBanks(Page, frozen=True, kw_only=True):
    data: tuple[LinkedBank, ...] = ()


class OfLinkedBank(Ask, frozen=True, kw_only=True):
    payment_method_id: Identifier


class OneLinkedBank(Answer, frozen=True, kw_only=True):
    data: LinkedBank


LINKED_BANKS = Endpoint("GET", "/v2/payment-methods", Paged, LinkedBanks, following=onward)
"""Older documents have it, and those of transfers still name it; Advanced Trade's ``PAYMENT_METHODS`` is the newer."""
LINKED_BANK = Endpoint("GET", "/v2/payment-methods/{payment_method_id}", OfLinkedBank, OneLinkedBank)


# Transfers


class Reference(Answer, frozen=True, kw_only=True):
    id: str
    resource: str | None = None


class Transfer(Answer, frozen=True, kw_only=True):
    """A deposit or a withdrawal, as it is listed."""

    id: str
    status: str
    """``created``, ``completed``, ``canceled``."""
    amount: Money
    committed: bool
    payment_method: Reference
    transaction: Reference | None = None
    """Only of what is committed."""
    subtotal: Money | None = None
    fee: Money | None = None
    created_at: str | None = None
    updated_at: str | None = None
    payout_at: str | None = None
    user_reference: str | None = None
    instant: bool | None = None
    idem: str | None = None
    """Coinbase's own; a request cannot name one."""


class Transfers(Page, frozen=True, kw_only=True):
    data: tuple[Transfer, ...] = ()


class OneTransfer(Answer, frozen=True, kw_only=True):
    data: Transfer


class TransfersOf(Paged, frozen=True, kw_only=True):
    account_id: Identifier


class OfDeposit(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    deposit_id: Identifier


class OfWithdrawal(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    withdrawal_id: Identifier


class NewTransfer(Ask, frozen=True, kw_only=True):
    account_id: Identifier
    """Of that currency: it gives, or gets."""
    amount: Decimal
    currency: Currency
    payment_method: Identifier
    """The bank."""
    commit: bool


class Amount(Answer, frozen=True, kw_only=True):
    value: Decimal
    currency: str


class TotalFee(Answer, frozen=True, kw_only=True):
    amount: Amount


class Cancellation(Answer, frozen=True, kw_only=True):
    message: str
    code: str | None = None


class MadeTransfer(Answer, frozen=True, kw_only=True):
    """What was just made or committed."""

    id: str
    type: str | None = None
    """``TRANSFER_TYPE_DEPOSIT``, ``TRANSFER_TYPE_WITHDRAWAL``."""
    amount: Amount | None = None
    total: Amount | None = None
    subtotal: Amount | None = None
    total_fee: TotalFee | None = None
    committed: bool | None = None
    status: str | None = None
    idem: str | None = None
    instant: bool | None = None
    payout_at: str | None = None
    user_reference: str | None = None
    hold_days: Count | None = None
    requires_completion_step: bool | None = None
    cancellation_reason: Cancellation | None = None


class Made(Answer, frozen=True, kw_only=True):
    """In one of the two forms that are documented."""

    transfer: MadeTransfer | None = None
    data: Transfer | None = None

    def __post_init__(self) -> None:
        if (self.transfer is None) == (self.data is None):
            raise ValueError("an answer is about one transfer, in one form")

    @property
    def id(self) -> str:
        """Coinbase's identifier of it: what it is shown and committed by."""
        made = self.transfer or self.data
        assert made is not None, "checked when it was read"
        return made.id


DEPOSITS = Endpoint("GET", "/v2/accounts/{account_id}/deposits", TransfersOf, Transfers, following=onward)
DEPOSIT = Endpoint("GET", "/v2/accounts/{account_id}/deposits/{deposit_id}", OfDeposit, OneTransfer)
NEW_DEPOSIT = Endpoint("POST", "/v2/accounts/{account_id}/deposits", NewTransfer, Made, Effect.PAYS_IN)
COMMIT_DEPOSIT = Endpoint(
    "POST", "/v2/accounts/{account_id}/deposits/{deposit_id}/commit", OfDeposit, Made, Effect.PAYS_IN
)
WITHDRAWALS = Endpoint(
    "GET", "/v2/accounts/{account_id}/withdrawals", TransfersOf, Transfers, following=onward
)
WITHDRAWAL = Endpoint(
    "GET", "/v2/accounts/{account_id}/withdrawals/{withdrawal_id}", OfWithdrawal, OneTransfer
)
NEW_WITHDRAWAL = Endpoint("POST", "/v2/accounts/{account_id}/withdrawals", NewTransfer, Made, Effect.PAYS_OUT)
COMMIT_WITHDRAWAL = Endpoint(
    "POST",
    "/v2/accounts/{account_id}/withdrawals/{withdrawal_id}/commit",
    OfWithdrawal,
    Made,
    Effect.PAYS_OUT,
)


# What became of one


@dataclass(frozen=True)
class Outcome:
    """What a page of the list says of a request whose answer was lost."""

    made: tuple[Transfer, ...]
    """All that it can have made. Two of the same amount to the same bank cannot be told apart."""
    whole: bool
    """Whether no other page can have one. Only then *none* means that it did not happen."""


def outcome(ask: NewTransfer, page: Transfers, first: int, last: int) -> Outcome:
    """What ``ask`` made from ``first`` to ``last`` (milliseconds): from when it was sent until its token was dead.

    A page is believed to be whole when it is the last one, or when one of it is older: lists are newest first.
    """
    made = tuple(
        one
        for one in page.data
        if one.amount.currency == ask.currency
        and ask.amount in (one.amount.amount, one.subtotal and one.subtotal.amount)
        and one.payment_method.id == ask.payment_method
        and is_between(one.created_at, first, last)
    )
    reaches = any(is_before(one.created_at, first) for one in page.data)
    return Outcome(made, reaches or not page.pagination.next_starting_after)
