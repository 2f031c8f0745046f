"""What a visit asks of an exchange that has its own ways there, beside what every one can be asked (``adapter``).

Such an exchange names the accounts that funds come to and leave from, of which one asset can have several; it lists
them in pages; it lists deposit addresses and makes further ones, cancels orders by their identifiers, and takes the
network's fee on top of what it sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from warifu.exchanges.adapter import Balance, DepositAddress
from warifu.exchanges.calls import Call
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood


@dataclass(frozen=True)
class Named:
    """An account, as the exchange lists it."""

    asset: str
    wallet: str
    """What the exchange calls it."""
    sends: bool
    """Whether a key can send anything from there: not from a vault."""
    created: str
    """When it was made, in RFC 3339; empty where the exchange does not say."""


T = TypeVar("T")


@dataclass(frozen=True)
class Paged(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    more: bool
    """Whether there is another one."""
    after: str = ""
    """Where that begins; empty where the exchange does not say it in a form that could be asked for."""


class Visited(Protocol):
    """Every method that gives a :class:`Call` builds it; none of them does anything."""

    def wallets(self, after: str = "") -> Call[Paged[Named]]:
        """The accounts that the key sees: the page that begins ``after`` an earlier one where that says it."""

    def balances(self, after: str = "") -> Call[Paged[Balance]]:
        """What is in each of them, likewise."""

    def begins(self, understood: Understood) -> str:
        """Where the page begins that a request of these two asks for; empty for the first, and for another request."""

    def leaves_from(self, understood: Understood) -> str:
        """The account that a withdrawal leaves from, or is looked for in; empty where the request is another one."""

    def address(self, asset: str, network: str, wallet: str) -> Call[DepositAddress | None]:
        """The oldest of the deposit addresses that it lists, so that whoever asks finds the same; None for none."""

    def new_address(self, asset: str, network: str, wallet: str) -> Call[None]:
        """Have it make one. Each such request makes another one."""

    def open_orders(self, pair: Pair) -> Call[tuple[str, ...]]:
        """Identifiers of as many as one request cancels."""

    def cancel(self, orders: tuple[str, ...]) -> Call[None]:
        """These; those that are done meanwhile are no fault."""

    def cancelled(self, understood: Understood) -> tuple[str, ...]:
        """Which ones a request cancels; none where it is another one."""
