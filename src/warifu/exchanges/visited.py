"""What a visit asks of an exchange that has its own ways there, beside what every one can be asked (``adapter``).

Such an exchange names the accounts that funds come to and leave from (``Exchange.wallets``), lists deposit addresses
and makes further ones, cancels orders by their identifiers, and takes the network's fee on top of what it sends.
"""

from __future__ import annotations

from typing import Protocol

from warifu.exchanges.adapter import DepositAddress
from warifu.exchanges.calls import Call
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood


class Visited(Protocol):
    """Every method builds a :class:`Call`; none of them does anything."""

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
