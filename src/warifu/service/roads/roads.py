"""All roads of this service, by chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warifu.errors import ChainUnavailable
from warifu.protocol.chains import BITCOIN, spoken
from warifu.service.roads.accounts import AccountRoad
from warifu.service.roads.bitcoin import BitcoinRoad
from warifu.service.roads.road import Road


class Roads:
    """Bitcoin's is always there; without a backend it raises ``ChainUnavailable`` where it would ask one."""

    def __init__(self, bitcoin: BitcoinRoad, accounts: Sequence[AccountRoad]) -> None:
        self._bitcoin = bitcoin
        self._accounts = {road.chain: road for road in accounts}

    def __iter__(self) -> Iterator[Road]:
        yield self._bitcoin
        yield from self._accounts.values()

    @property
    def accounts(self) -> tuple[AccountRoad, ...]:
        """Of the chains of accounts, in the order of the configuration."""
        return tuple(self._accounts.values())

    def of(self, chain: str) -> Road:
        """Raises ``ChainUnavailable`` (``no-backend``) where no backend of ``chain`` is configured."""
        return self._bitcoin if chain == BITCOIN else self.account(chain)

    def account(self, chain: str) -> AccountRoad:
        """Raises ``ChainUnavailable`` (``no-backend``)."""
        if chain not in self._accounts:
            raise ChainUnavailable(
                "no-backend",
                f"no backend of {spoken(chain)} is configured",
                remedy=f'Name one under [[backends]] with chain = "{spoken(chain)}" in the service\'s configuration.',
            )
        return self._accounts[chain]
