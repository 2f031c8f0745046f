"""What every exchange can be asked, in words that are nobody's in particular.

An adapter turns these into its exchange's calls and back. It does nothing twice: each method is one request. What only
one exchange has is in that exchange's own endpoints, beside its adapter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

from warifu.errors import InputRefused
from warifu.exchanges.allowances import Allowance
from warifu.exchanges.amounts import positive
from warifu.exchanges.calls import Call, Listed, Unsigned
from warifu.exchanges.feeds import Feeds
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Market, Order, Pair, Side
from warifu.exchanges.networks import Networks
from warifu.exchanges.reading import Pairs, Understood
from warifu.exchanges.signing import Keys

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


@dataclass(frozen=True)
class Balance:
    asset: str
    free: Decimal
    held: Decimal
    wallet: str = ""
    """The exchange's name for the account that holds it, where it wants to be told which."""
    sends: bool = True
    """Whether a key can send anything from there: not from a vault."""


@dataclass(frozen=True)
class Best:
    """The best offers of a pair: what one gets for the base at once, and what one pays for it.

    ``InputRefused`` (``exchange-answer``) for what is no price: nothing, less than nothing, a bid above the ask.
    """

    bid: Decimal
    ask: Decimal

    def __post_init__(self) -> None:
        positive(self.bid, "a bid")
        if self.ask < self.bid:
            raise InputRefused("exchange-answer", "somebody would pay more than others ask")


@dataclass(frozen=True)
class ListedAddress:
    """One entry of the exchange's own list of addresses that withdrawals may go to."""

    asset: str
    address: str
    network: str
    """Both are empty where it counts for any."""

    def counts_for(self, asset: str, address: str, network: str) -> bool:
        """Whether a withdrawal of this may go there."""
        same = is_same_address(self.address, address)
        return same and self.asset in ("", asset) and self.network in ("", network)


def is_same_address(one: str, other: str) -> bool:
    """Capitals of an address of the EVM are a checksum, and no part of it."""
    return one == other or (one.startswith("0x") and one.lower() == other.lower())


OrderStatus = Literal["pending", "open", "filled", "cancelled", "expired", "rejected"]


@dataclass(frozen=True)
class Terms:
    """What an order at the exchange is for; None where the exchange does not say."""

    side: Side
    size: Decimal | None = None
    funds: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    kind: str | None = None
    """As :class:`~warifu.exchanges.market.Order` has it, or the exchange's own word for another one."""
    lifetime: str | None = None
    rising: bool | None = None
    post_only: bool | None = None


@dataclass(frozen=True)
class OrderState:
    """What the exchange says of an order. Cancelled and partly filled is ``cancelled`` with a ``filled``."""

    id: str
    client_id: str
    pair: Pair
    status: OrderStatus
    filled: Decimal
    """Of the base."""
    value: Decimal
    """Of the quote, for what is filled."""
    fees: Decimal | None
    """Of the quote; None where only the fills say it."""
    terms: Terms | None = None
    """None where an answer only says that the order was taken."""


@dataclass(frozen=True)
class DepositAddress:
    asset: str
    network: str
    address: str
    memo: str | None


@dataclass(frozen=True)
class Withdrawal:
    """Home: so much of an asset to an address, by a network that the owner named. ``InputRefused`` as it says."""

    client_id: str
    """A UUID of ours, stored before it is sent."""
    asset: str
    network: str
    address: str
    amount: Decimal
    """What is asked for. The Exchange API and Binance take the network's fee out of it, the Coinbase App on top."""
    memo: str | None = None
    without_memo: bool = False
    """Said by name where a network knows memos and this address has none: a forgotten memo loses the funds."""
    wallet: str = ""
    travel_rule: str = field(default="", repr=False)
    """What the owner states about who is paid (``exchanges.travel_rule``); empty: nothing."""

    def __post_init__(self) -> None:
        if not _UUID4.match(self.client_id):
            raise InputRefused("exchange-withdrawal", "a withdrawal is known by a random UUID")
        if self.memo is not None and self.without_memo:
            raise InputRefused("exchange-withdrawal", "a withdrawal has a memo or has none")
        positive(self.amount, "an amount")


WithdrawalStatus = Literal["pending", "sent", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class WithdrawalState:
    id: str
    status: WithdrawalStatus
    amount: Decimal | None
    fee: Decimal | None
    transaction_id: str | None
    address: str | None = None
    """Where it goes; None where the exchange does not say."""
    memo: str | None = None
    network: str | None = None
    """By what it goes there, in the exchange's word; None where it does not say."""


@dataclass(frozen=True)
class Permissions:
    """What a key may do; None: the exchange does not say."""

    views: bool
    trades: bool
    pays_out: bool
    bound_to_addresses: bool | None = None
    """Whether the exchange takes this key from known IP addresses only."""
    withdraws: bool | None = None
    """Whether it may withdraw to an address on a chain; None where that is not told from other ways to pay out."""
    more: tuple[str, ...] = ()
    """What else it may do that no wallet needs, by the exchange's own names."""


class Exchange(Keys, Protocol):
    """One exchange. Every method builds a :class:`Call`; none of them does anything."""

    @property
    def name(self) -> str: ...

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts that its calls go to: what a policy allows."""

    @property
    def feeds(self) -> Feeds:
        """What of it can be watched; None where nothing can."""

    @property
    def networks(self) -> Networks:
        """What it calls the chains that a wallet has."""

    def understand(self, unsigned: Unsigned, pairs: Pairs = ()) -> Understood:
        """What a request to it means, read from its bytes; ``InputRefused`` for whatever is not understood wholly.

        ``pairs``: those that may be traded.
        """

    def time(self) -> Call[int]:
        """Milliseconds since 1970, on the exchange's clock."""

    def balances(self) -> Call[Listed[Balance]]: ...

    def wallets(self) -> Call[Listed[Balance]] | None:
        """The accounts that deposits come to and withdrawals leave from, where the exchange wants to be told which."""

    def market(self, pair: Pair) -> Call[Market]: ...

    def best(self, pair: Pair) -> Call[Best]:
        """Its best offers now. It bears no credential: whoever asks needs nobody else."""

    def place(self, order: Order) -> Call[OrderState]:
        """``order`` as it is: make it fit first (:meth:`Market.fit`)."""

    def find_order(self, order: Order) -> Call[Listed[OrderState]]:
        """What became of an order that was sent, or may have been: one, or none in this part of the list.

        None at all means: not known there *now*. A request that is still under way is not known either.
        """

    def cancel(self, order: OrderState) -> Call[None]: ...

    def cancel_all(self, pair: Pair) -> Call[None] | None:
        """All orders of a pair that are open, also where there are none; None where it has no such request."""

    def deposit_address(self, asset: str, network: str, wallet: str = "") -> Call[DepositAddress]: ...

    def travel_rule(self, text: str) -> tuple[str, ...]:
        """Names of what this states, if the exchange takes such a statement. ``InputRefused`` (``travel-rule``)."""

    def asks_who_is_paid(self) -> Call[bool] | None:
        """Whether withdrawals of this customer have to state who is paid; None where the exchange does not say."""

    def listed(self) -> Call[tuple[ListedAddress, ...]] | None:
        """The addresses that withdrawals may go to; None where the exchange does not say."""

    def withdraw(self, withdrawal: Withdrawal) -> Call[WithdrawalState]: ...

    def find_withdrawal(self, withdrawal: Withdrawal) -> Call[Listed[WithdrawalState]]:
        """What became of a withdrawal that was sent, or may have been; as :meth:`find_order`."""

    def permissions(self) -> Call[Permissions] | None:
        """What the key may do; None where the exchange has no such question."""

    def probes(self) -> tuple[tuple[str, Call[Any]], ...]:
        """Where not every API of it need take every kind of key: each one's name, and a question to it that shows
        whether it takes this key."""

    def allowances(self, answer: HttpAnswer) -> tuple[Allowance, ...]:
        """The limits that an answer tells of."""


T = TypeVar("T")


def known(states: Mapping[str, T], status: str) -> T:
    """What a state of the exchange is in these words.

    ``InputRefused`` for one that did not exist when the table was written: it is not guessed at.
    """
    if status not in states:
        raise InputRefused("exchange-answer", f"{status[:40]!r} is no state that is known here")
    return states[status]
