"""One exchange of the simulation: its customers, its money, its markets, its coins, its clock."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from threading import RLock

import httpx
import msgspec

from warifu.sandbox.bank import Bank, Transfer
from warifu.sandbox.bitcoin import BitcoinChain, Purse
from warifu.sandbox.custody import DEPTH, HOUSE, Chain, Custody, Vaults
from warifu.sandbox.engine import Engine, Trading
from warifu.sandbox.house import House, Mood
from warifu.sandbox.ledger import Ledger
from warifu.sandbox.markets import Market, State
from warifu.sandbox.people import Account, People
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.solana import SolanaChain

HOUSE_MONEY = Decimal(100_000_000)
HOUSE_COINS = {"BTC": Decimal(20), "ETH": Decimal(10_000), "SOL": Decimal(100_000)}
"""What local chains' faucets give the house."""


class Remembered(msgspec.Struct):
    """The state of an exchange, as it is kept on the disk."""

    ledger: Ledger = msgspec.field(default_factory=Ledger)
    trading: Trading = msgspec.field(default_factory=Trading)
    people: People = msgspec.field(default_factory=People)
    vaults: Vaults = msgspec.field(default_factory=Vaults)
    purse: Purse = msgspec.field(default_factory=Purse)
    mood: Mood = msgspec.field(default_factory=Mood)
    transfers: list[Transfer] = []
    """From customers' bank and to it."""
    states: dict[str, State] = {}
    ahead: int = 0
    """Milliseconds that its clock is ahead of the machine's."""


@dataclass(frozen=True)
class AppAccount:
    """One of a customer's accounts of the App."""

    uuid: str
    asset: str
    key: str
    """Whose it is in the ledger: the customer's name for the first of its asset, with which it trades."""
    kind: str
    """``wallet``, ``vault``."""
    moment: int


class Venue:
    """``name``: ``coinbase`` or ``binance``. Whoever uses it holds :attr:`lock`."""

    def __init__(
        self,
        name: str,
        markets: list[Market],
        *,
        chains: Mapping[str, str] | None = None,
        seed: bytes = b"",
        remembered: Remembered | None = None,
        depth: int = DEPTH,
    ) -> None:
        """``chains``: the addresses of local chains, by their asset; ``seed``: of the exchange's own keys."""
        self.name = name
        self.lock = RLock()
        self.state = remembered or Remembered()
        state = self.state
        for market in markets:
            market.state = state.states.get(market.name, market.state)
        self.engine = Engine(markets, state.ledger, state.trading)
        opened = [
            _chain(asset, url, seed + name.encode(), state.purse) for asset, url in (chains or {}).items()
        ]
        self.custody = Custody(opened, state.ledger, state.vaults, self.now, depth)
        self.bank = Bank(state.ledger, state.transfers, self.now)
        for place in state.vaults.places:
            if place.asset in self.custody.chains:
                self.custody.chain(place.asset).address(place.index)
        self.house = House(self.engine, state.mood)
        self.unkept = False
        """Whether something happened that nobody asked for, and that is not on the disk yet."""

    def open(self) -> None:
        """For the first time: the house gets its money, its coins from the chain, and makes its offers."""
        if HOUSE in self.state.people.accounts:
            self.settle()
            return
        for asset in self.assets():
            self.give(HOUSE, asset, HOUSE_COINS[asset] if asset in self.custody.chains else HOUSE_MONEY)
        self.account(HOUSE, make=True)
        self.house.turn(self.now(), steady=True)

    def give(self, account: str, asset: str, amount: Decimal, key: str = "") -> None:
        """From outside: by a deposit on the chain, where the asset has one. ``key``: of a further account.
        ``Refusal`` (``no-such``)."""
        if asset not in self.assets():
            raise Refusal("no-such", asset)
        if asset not in self.custody.chains:
            self.state.ledger.come(key or account, asset, amount)
            return
        place = self.custody.address(account, asset, key=key)
        self.custody.chains[asset].fund(place.address, amount, self.custody.depth)
        self.custody.settle(account)

    def close(self) -> None:
        """Let go of connections."""
        for chain in self.custody.chains.values():
            chain.close()

    def settle(self, account: str | None = None) -> None:
        """What came (for one account, or for all), and what can go. While a chain is away, nothing does."""
        with suppress(httpx.HTTPError):
            self.unkept |= self.custody.settle(account)

    def now(self) -> int:
        """Milliseconds since 1970, on this exchange's clock."""
        return int(time.time() * 1000) + self.state.ahead

    def assets(self) -> tuple[str, ...]:
        """All that is traded, in order."""
        markets = self.engine.markets.values()
        return tuple(sorted({asset for market in markets for asset in (market.base, market.quote)}))

    def account(self, name: str, *, make: bool = False) -> Account:
        """``Refusal`` (``no-such``) for one that is not there and is not to be made."""
        accounts = self.state.people.accounts
        if name not in accounts:
            if not make:
                raise Refusal("no-such", name)
            accounts[name] = Account(
                name=name,
                uuid=_named(self.name, name),
                number=len(accounts) + 1,
                wallets={asset: _named(self.name, name, asset) for asset in self.assets()},
            )
        return accounts[name]

    def wallet(self, account: Account, name: str) -> str:
        """The asset of a wallet, by its UUID (or the asset's own name). ``Refusal`` (``no-such``)."""
        return self.app_account(account, name).asset

    def app_accounts(self, account: Account) -> tuple[AppAccount, ...]:
        """A customer's accounts of the App: the further ones, the newest first, and then the first of each asset."""
        further = (
            AppAccount(one.uuid, one.asset, f"{account.name}/{one.uuid}", one.kind, one.moment)
            for one in reversed(account.further)
        )
        first = (
            AppAccount(account.wallets[asset], asset, account.name, "wallet", 0) for asset in self.assets()
        )
        return (*further, *first)

    def app_account(self, account: Account, name: str) -> AppAccount:
        """By its UUID; the first of its asset by the asset's name, too. ``Refusal`` (``no-such``)."""
        for one in reversed(self.app_accounts(account)):
            if name in (one.uuid, one.asset):
                return one
        raise Refusal("no-such", name)

    def set_state(self, pair: str, state: State) -> None:
        """Of a market."""
        if pair not in self.engine.markets:
            raise Refusal("no-such", pair)
        self.engine.markets[pair].state = state
        self.state.states[pair] = state


def _chain(asset: str, url: str, seed: bytes, purse: Purse) -> Chain:
    if asset == "BTC":
        return BitcoinChain(url, seed, purse)
    if asset == "SOL":
        return SolanaChain(url, seed)
    assert asset == "ETH", "no other chain is known"
    from warifu.sandbox.ethereum import EthereumChain  # half a second, for who has such a chain

    return EthereumChain(url, seed)


def _named(*parts: str) -> str:
    """A UUID (version 4 in form) that is the same each time."""
    return str(uuid.UUID(bytes=hashlib.sha256(" ".join(parts).encode()).digest()[:16], version=4))
