"""Deposits and withdrawals: what the exchange does with the coins that it keeps for its customers.

A deposit is credited once it is deep enough in the chain. A withdrawal is held at once and sent a little later, as at
a real exchange: whoever asks sees it waiting first. What the chain refuses waits on, and says why. What it took, or may
have taken, is kept as it was signed, and sent again whenever the chain does not know it, until it is deep enough.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Literal, Protocol

import httpx
import msgspec

from warifu.sandbox.amounts import EXACT, ZERO, is_multiple
from warifu.sandbox.ledger import Ledger
from warifu.sandbox.people import Account
from warifu.sandbox.refusal import Refusal


class Incoming(msgspec.Struct, frozen=True):
    """An output of a transaction that pays one of the exchange's addresses."""

    txid: str
    vout: int
    amount: Decimal
    confirmations: int


class Sending(msgspec.Struct, frozen=True):
    """A signed transaction; ``fee`` is the chain's. What else it used up is for :meth:`Chain.used`."""

    txid: str
    raw: str
    fee: Decimal
    spent: tuple[str, ...] = ()
    change: int = 0


class Chain(Protocol):
    """A chain as an exchange sees it: addresses by number, the first one (0) its own."""

    @property
    def asset(self) -> str: ...

    @property
    def network(self) -> str:
        """``bitcoin``."""

    @property
    def symbol(self) -> str:
        """What Binance calls the network."""

    @property
    def places(self) -> int: ...

    @property
    def fee(self) -> Decimal:
        """What a withdrawal costs the customer."""

    @property
    def least(self) -> Decimal:
        """Of a withdrawal."""

    def address(self, index: int) -> str: ...

    def is_address(self, text: str) -> bool: ...

    def mark(self) -> str:
        """Another one whenever the chain moved."""

    def received(self, address: str) -> list[Incoming]: ...

    def sign(self, address: str, amount: Decimal) -> Sending | None:
        """A transaction that pays ``address``, for at most :attr:`fee`; None where that cannot be now."""

    def send(self, raw: str) -> str:
        """To the network, which may know it already; empty, or why it is refused."""

    def used(self, sending: Sending) -> None:
        """It is on its way: what it spends is not there any more."""

    def confirmations(self, txid: str) -> int | None:
        """None: not known there."""

    def fund(self, address: str, amount: Decimal, blocks: int) -> None:
        """From the local chain's faucet, so many blocks deep."""

    def close(self) -> None:
        """Let go of connections."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit address."""

    uuid: str
    account: str
    asset: str
    network: str
    address: str
    index: int
    moment: int
    key: str = ""
    """Of the further account in the ledger that it is of; empty: of the customer's first."""


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    """From one account of a customer's to another one, by the customer's own hand."""

    uuid: str
    asset: str
    source: str
    to: str
    """As the ledger calls them."""
    amount: Decimal
    moment: int


class Deposit(msgspec.Struct, kw_only=True):
    uuid: str
    account: str
    asset: str
    network: str
    address: str
    txid: str
    vout: int
    amount: Decimal
    moment: int
    confirmations: int = 0
    credited: int | None = None
    """Milliseconds."""
    key: str = ""
    """As its place's."""


Status = Literal["pending", "sent", "done", "failed"]


class Withdrawal(msgspec.Struct, kw_only=True):
    uuid: str
    number: int
    account: str
    asset: str
    network: str
    address: str
    client_id: str
    stated: bool = False
    """Whether it said who is paid."""
    asked: Decimal
    """The figure in the request."""
    amount: Decimal
    """What arrives."""
    fee: Decimal
    moment: int
    status: Status = "pending"
    txid: str = ""
    raw: str = ""
    confirmations: int = 0
    done: int | None = None
    words: str = ""
    """Why it was not sent."""
    key: str = ""
    """Of the further account in the ledger that gives it; empty: the customer's first."""

    @property
    def payer(self) -> str:
        """Whose it is in the ledger."""
        return self.key or self.account

    @property
    def total(self) -> Decimal:
        """What the customer gives."""
        return EXACT.add(self.amount, self.fee)


class Vaults(msgspec.Struct):
    """All that is to be remembered."""

    places: list[Place] = []
    deposits: list[Deposit] = []
    withdrawals: list[Withdrawal] = []
    moves: list[Inner] = []
    stuck: bool = False
    """Whether withdrawals are not sent at the moment."""


HOUSE = "house"
FEES = "fees"
DEPTH = 2
"""Confirmations after which a deposit is credited and a withdrawal is done."""


class Custody:
    """Coins on chains, and whose they are."""

    def __init__(
        self,
        chains: list[Chain],
        ledger: Ledger,
        vaults: Vaults,
        now: Callable[[], int],
        depth: int = DEPTH,
        seed: int = 0,
    ) -> None:
        self.chains = {chain.asset: chain for chain in chains}
        self._ledger, self.vaults, self._now, self.depth = ledger, vaults, now, depth
        self._looked: dict[tuple[str, str], str] = {}
        self._random = Random(f"custody {seed} {len(vaults.places)} {len(vaults.withdrawals)}")  # noqa: S311  # names

    def chain(self, asset: str, network: str = "") -> Chain:
        """``Refusal`` (``network``) where the asset has no such network. ``network``: either of its names."""
        chain = self.chains.get(asset)
        if chain is None or network not in ("", chain.network, chain.symbol):
            raise Refusal("network", network or asset)
        return chain

    # --- deposits -------------------------------------------------------------------------------------------------

    def new_address(self, account: str, asset: str, network: str = "", key: str = "") -> Place:
        chain = self.chain(asset, network)
        index = 1 + sum(place.asset == asset for place in self.vaults.places)
        place = Place(
            uuid=self._uuid(),
            account=account,
            asset=asset,
            network=chain.network,
            address=chain.address(index),
            index=index,
            moment=self._now(),
            key=key,
        )
        self.vaults.places.append(place)
        return place

    def address(self, account: str, asset: str, network: str = "", key: str = "") -> Place:
        """The account's newest address, made where there is none."""
        self.chain(asset, network)
        mine = (account, asset, key)
        found = [one for one in self.vaults.places if (one.account, one.asset, one.key) == mine]
        return found[-1] if found else self.new_address(account, asset, network, key)

    def move(self, asset: str, source: str, to: str, amount: Decimal) -> None:
        """Between a customer's own accounts, as the ledger calls them. ``Refusal`` (``funds``)."""
        self._ledger.hold(source, asset, amount)
        self._ledger.pay(source, to, asset, amount)
        inner = Inner(uuid=self._uuid(), asset=asset, source=source, to=to, amount=amount, moment=self._now())
        self.vaults.moves.append(inner)

    # --- withdrawals ----------------------------------------------------------------------------------------------

    def withdraw(
        self,
        account: Account,
        *,
        asset: str,
        network: str,
        address: str,
        memo: str,
        amount: Decimal,
        on_top: bool,
        client_id: str,
        whatever: bool = False,
        stated: bool = False,
        key: str = "",
    ) -> Withdrawal:
        """Take a withdrawal; the same one twice is one. ``on_top``: the fee is not taken out of the amount.

        ``whatever``: an identifier that was used before names that withdrawal, whatever else is said now. ``stated``:
        it says who is paid. ``key``: of the further account in the ledger that gives it.

        ``Refusal``: ``network``, ``address``, ``memo``, ``withdrawal-precision``, ``withdrawal-too-small``,
        ``address-not-allowed``, ``travel-rule``, ``funds``, ``duplicate``.
        """
        chain = self.chain(asset, network)
        known = self._known(account.name, client_id)
        if known is not None:
            if not whatever and (known.asset, known.address, known.asked) != (asset, address, amount):
                raise Refusal("duplicate", client_id)
            return known
        self._check(account, chain, address, memo, amount)
        if account.travel_rule and not stated:
            raise Refusal("travel-rule")
        withdrawal = Withdrawal(
            uuid=self._uuid(),
            number=len(self.vaults.withdrawals) + 1,
            account=account.name,
            asset=asset,
            network=chain.network,
            address=address,
            client_id=client_id,
            stated=stated,
            asked=amount,
            amount=amount if on_top else EXACT.subtract(amount, chain.fee),
            fee=chain.fee,
            moment=self._now(),
            key=key,
        )
        self._ledger.hold(withdrawal.payer, asset, withdrawal.total)
        self.vaults.withdrawals.append(withdrawal)
        return withdrawal

    def _known(self, account: str, client_id: str) -> Withdrawal | None:
        for one in self.vaults.withdrawals:
            if client_id and (one.account, one.client_id) == (account, client_id):
                return one
        return None

    def _check(self, account: Account, chain: Chain, address: str, memo: str, amount: Decimal) -> None:
        if not chain.is_address(address):
            raise Refusal("address", address)
        if memo:
            raise Refusal("memo", memo)
        if not is_multiple(amount, Decimal(1).scaleb(-chain.places)):
            raise Refusal("withdrawal-precision", str(chain.places))
        if amount < chain.least or amount <= chain.fee:
            raise Refusal("withdrawal-too-small", format(chain.least, "f"))
        listed = {(one.asset, one.address) for one in account.allowlist}
        if account.allowlist_only and (chain.asset, address) not in listed:
            raise Refusal("address-not-allowed", address)

    # --- what the chain says --------------------------------------------------------------------------------------

    def settle(self, account: str | None = None) -> bool:
        """Look at the chains, credit what is deep enough, send what waits, see what became of what was sent.

        ``account``: whose deposits are looked for; None: everybody's. Whether there was anything to do.
        """
        anything = False
        for chain in self.chains.values():
            mark = chain.mark()
            for one in sorted({one.account for one in self.vaults.places if account in (None, one.account)}):
                if self._moved(chain, one, mark):
                    self._look(chain, one)
                    anything = True
            moved = self._moved(chain, "", mark)
            for withdrawal in self.vaults.withdrawals:
                if withdrawal.asset != chain.asset:
                    continue
                if withdrawal.status == "pending" and not self.vaults.stuck:
                    self._send(chain, withdrawal)
                    anything = True
                elif withdrawal.status == "sent" and moved:
                    self._follow(chain, withdrawal)
                    anything = True
        return anything

    def _moved(self, chain: Chain, whose: str, mark: str) -> bool:
        """Whether the chain moved since it was last looked at for somebody."""
        before, self._looked[chain.asset, whose] = self._looked.get((chain.asset, whose)), mark
        return before != mark

    def _look(self, chain: Chain, account: str) -> None:
        known = {(one.txid, one.vout): one for one in self.vaults.deposits}
        for place in self.vaults.places:
            if (place.asset, place.account) != (chain.asset, account):
                continue
            for coin in chain.received(place.address):
                deposit = known.get((coin.txid, coin.vout)) or self._deposit(place, coin)
                deposit.confirmations = coin.confirmations
                if deposit.credited is None and coin.confirmations >= self.depth:
                    deposit.credited = self._now()
                    self._ledger.come(place.key or place.account, place.asset, coin.amount)

    def _deposit(self, place: Place, coin: Incoming) -> Deposit:
        deposit = Deposit(
            uuid=self._uuid(),
            account=place.account,
            asset=place.asset,
            network=place.network,
            address=place.address,
            txid=coin.txid,
            vout=coin.vout,
            amount=coin.amount,
            moment=self._now(),
            key=place.key,
        )
        self.vaults.deposits.append(deposit)
        return deposit

    def _send(self, chain: Chain, withdrawal: Withdrawal) -> None:
        signed = chain.sign(withdrawal.address, withdrawal.amount)
        if signed is None:
            withdrawal.words = "not enough coins at hand"
            return
        try:
            withdrawal.words = chain.send(signed.raw)
        except httpx.HTTPError:  # it may be on its way: it is followed, and sent again as it is
            withdrawal.words = ""
        if withdrawal.words:
            return
        chain.used(signed)
        withdrawal.txid, withdrawal.raw, withdrawal.status = signed.txid, signed.raw, "sent"
        ledger, account, asset = self._ledger, withdrawal.payer, withdrawal.asset
        ledger.leave(account, asset, withdrawal.amount)
        ledger.pay(account, FEES, asset, withdrawal.fee)
        ledger.hold(FEES, asset, signed.fee)
        ledger.leave(FEES, asset, signed.fee)

    def _follow(self, chain: Chain, withdrawal: Withdrawal) -> None:
        depth = chain.confirmations(withdrawal.txid)
        if depth is None:
            withdrawal.words = chain.send(withdrawal.raw)
            return
        withdrawal.confirmations = depth
        if depth >= self.depth:
            withdrawal.status, withdrawal.done = "done", self._now()

    def fail(self, withdrawal: Withdrawal) -> None:
        """One that was not sent: its funds are free again."""
        if withdrawal.status != "pending":
            raise Refusal("no-such", withdrawal.uuid)
        self._ledger.release(withdrawal.payer, withdrawal.asset, withdrawal.total)
        withdrawal.status, withdrawal.done = "failed", self._now()

    def own(self, asset: str) -> Decimal:
        """What the customers' coins of an asset come to by the ledger: what must be on the chain."""
        return EXACT.minus(self._ledger.outside.get(asset, ZERO))

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
