"""What an exchange lists of an account, for an audit: asked by the owner, with the credential that the devices keep.

Each page is a question as any other: authorized, signed by devices, carried by one of them, and written down by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from warifu.audit.at_exchange import Listing, There
from warifu.cli.context import Setting, now
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.ledger import Entry
from warifu.exchanges.ledgers import LEDGERS
from warifu.exchanges.market import Pair


def listing_of(
    setting: Setting, wallet: str, account: str, screen: Screen, credential: str | None
) -> Listing:
    """All orders of the policy's pairs and all that left, since the devices keep the account. What cannot be had is in
    its ``refusals``. ``InputRefused`` (``unknown-account``)."""
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        ledger = LEDGERS.get(exchanging.exchange.name)
        since = exchanging.account.since
        if ledger is None:
            return Listing(account, since, (), (tr("this version cannot list what was made there"),))
        rules = exchanging.wallet.rules.policy.rules_at(exchanging.exchange.name)
        pairs = [Pair(*pair.split("-", 1)) for pair in (rules.pairs if rules is not None else ())]
        reading = _Reading(exchanging)
        reading.read(ledger.orders(pairs, 1000 * since))
        reading.read(ledger.withdrawals(reading.wallets(), 1000 * since, 1000 * now()))
        return Listing(account, since, tuple(reading.there), tuple(dict.fromkeys(reading.refusals)))


class _Reading:
    """List after list; one that cannot be read keeps nobody from reading the others."""

    def __init__(self, exchanging: Exchanging) -> None:
        self._exchanging = exchanging
        self.there: list[There] = []
        self.refusals: list[str] = []

    def read(self, calls: Iterable[Call[Listed[Entry]]]) -> None:
        for call in calls:
            try:
                found = self._exchanging.read_all(call)
            except ExchangeFailed as failure:
                self.refusals.append(tr("the exchange says no: {reason}", reason=failure.reason))
            except WarifuError as error:
                self.refusals.append(f"{error.message} ({error.code})")
            else:
                self.there += [_there(entry) for entry in found]

    def wallets(self) -> list[str]:
        """As the exchange calls them; none where it has one for all."""
        call = self._exchanging.exchange.wallets()
        if call is None:
            return []
        try:
            return [each.wallet for each in self._exchanging.read_all(call)]
        except ExchangeFailed as failure:
            self.refusals.append(tr("the exchange says no: {reason}", reason=failure.reason))
        except WarifuError as error:
            self.refusals.append(f"{error.message} ({error.code})")
        return []


def _there(entry: Entry) -> There:
    made = None if entry.made is None else entry.made // 1000
    return There(entry.kind, entry.id, entry.identifier, entry.words, made)
