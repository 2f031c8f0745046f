"""Money of a country, from a bank to an exchange and back, in words that are nobody's in particular.

No exchange here lets such a transfer have an identifier of ours, so nothing makes it happen once. What became of one
whose answer was lost is found by bank, amount and time; two that are alike in these cannot be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from warifu.exchanges.amounts import positive
from warifu.exchanges.calls import Call, Listed

Direction = Literal["deposit", "withdrawal"]
TransferStatus = Literal["pending", "done", "cancelled"]


@dataclass(frozen=True)
class Bank:
    """What is linked to the customer: an account at a bank, or another way to pay."""

    id: str
    name: str
    """Its number is cut off in it."""
    kind: str
    """In the exchange's word."""
    currency: str
    deposits: bool
    withdraws: bool

    def takes(self, direction: Direction) -> bool:
        return self.deposits if direction == "deposit" else self.withdraws

    @property
    def place(self) -> str:
        """What a policy calls it among the places that funds may go to (``inside``)."""
        return f"payment-method:{self.id}"


@dataclass(frozen=True)
class BankTransfer:
    """From a bank, or to it. ``InputRefused`` (``exchange-amount``) for an amount that is none."""

    direction: Direction
    bank: str
    amount: Decimal
    currency: str
    wallet: str = ""
    """The exchange's name for the account that gets or gives it, where it wants to be told which."""

    def __post_init__(self) -> None:
        positive(self.amount, "an amount")


@dataclass(frozen=True)
class BankTransferState:
    """What the exchange says of one."""

    id: str
    status: TransferStatus
    amount: Decimal | None
    fee: Decimal | None
    """None where it does not say it: it says none before."""
    made: str
    """When, in its own words; empty where it does not say it."""
    arrives: str
    """When it is paid out, likewise."""


class Banking(Protocol):
    """Every method builds a :class:`Call`; none of them does anything."""

    wants_wallet: bool
    """Whether it wants to be told which of the customer's accounts is meant."""

    def banks(self) -> Call[Listed[Bank]]:
        """What is linked."""

    def transfer(self, wanted: BankTransfer) -> Call[BankTransferState]:
        """Make it, at once and for good. Each such request makes another one."""

    def alike(self, wanted: BankTransfer, first: int, last: int) -> Call[Listed[BankTransferState]]:
        """All that such a request can have made from ``first`` to ``last`` (milliseconds), the newest first: of the
        same bank, direction and amount. The list ends where an older one is reached."""
