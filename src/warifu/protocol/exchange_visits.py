"""What devices say of visits: funds that are at an exchange for a while and come home (``docs/exchanges.md``).

All of it is for the service as well, which brings the devices to each step. It knows whence what comes and goes anyway;
what it says decides nothing.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import Amount, Bytes32, Bytes64, Message, Name, Seconds, digest, encode
from warifu.protocol.exchange_answers import Outcome
from warifu.protocol.exchange_requests import MAX_VISIT_ASSETS, ExchangeSymbol, VisitRequest
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.policy import LossBound, Pair

MAX_VISITS = 8
"""Of one wallet, that are not at home yet."""
SHOWN_VISITS = 16
KEPT_SWEEPS = 4
"""Of one asset of one visit: the newest."""
MAX_BANNED = 16
Round = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""Of the withdrawals of one asset of one visit."""

_PURPOSE = "visits"

MAX_WANTED = 16
"""Prices that a device asks for to value one visit once."""

Step = Literal[
    "permissions",
    "wallets",
    "balance",
    "price",
    "listed",
    "travel-rule",
    "address",
    "new-address",
    "orders",
    "cancel",
    "sweep",
    "outcome",
]
"""What is asked of the exchange for a visit, each by one carrier over its own TLS. ``permissions``: whether the
credential may withdraw. ``wallets``: how the exchange calls the accounts that funds leave from, where it wants to be
told. ``balance``: what is there. Of both a page, where there are several. ``price``: the best offers of a pair, which
anybody may ask for. ``listed``: whether the exchange's own list has the wallet's addresses. ``travel-rule``: whether
the exchange wants to be told who is paid. ``address``: where deposits go. ``new-address``: have a deposit address made,
where none is listed. ``orders``: which are open of a pair, where they are cancelled one by one. ``cancel``: those, or
every open order of a pair, once the visit is over. ``sweep``: all that is free there of one asset, in one of its
accounts, home. ``outcome``: what became of the newest sweep of it."""
VisitState = Literal["opened", "proven", "funded", "trading", "sweeping", "home", "stuck"]
"""As one device sees it. ``opened``: the way back is not proven to it yet. ``proven``: it would let funds go there.
``funded``: it signed that they go. ``trading``: it saw them there. ``sweeping``: the time is over, the owner
wants them home, or too much is lost. ``home``: it saw that nothing is left. ``stuck``: the exchange refuses to let them
go; a later sweep tries again."""
SweepState = Literal[
    "signed", "unknown", "refused", "pending", "sent", "done", "failed", "cancelled", "differs"
]
"""``signed``: it may be out. ``unknown``: it was out, and nobody knows what came of it. ``refused``: the exchange did
not take it. ``differs``: something else was made of this device's signature, which it found out, and froze the wallet.
The others are the exchange's word."""
Quantity = Annotated[str, msgspec.Meta(max_length=160, pattern=r"^(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?\Z")]
"""A number of whole units, in decimal."""


Signed = Annotated[str, msgspec.Meta(max_length=160, pattern=r"^(-?(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?)?\Z")]
"""A number of whole units, in decimal, that can be below zero; empty where it is not known."""
Unvalued = Literal["", "no-look", "no-pair", "too-many", "no-price", "old"]
"""Why a device cannot say what a visit is worth now. ``no-look``: it has not seen yet what is there. ``no-pair``:
something changed that no pair of the policy connects to what was brought. ``too-many``: more prices would be needed
than it asks for. ``no-price``: the exchange did not say one that can be used. ``old``: it has not looked lately."""
Missing = Literal["listed", "travel-rule"]
"""What the exchange told a device that stands in the way home. ``listed``: an address that funds come home to is not on
its own list. ``travel-rule``: it wants to be told who is paid, and this device keeps nothing of that."""
Why = Literal["", "owner", "time", "loss", "account"]
"""Why a visit is over at a device: an owner wanted it, its time is over, too much is lost, or an owner removed its
account. Empty while it is not."""


class There(Message, frozen=True):
    """What a device saw of one asset at the exchange."""

    symbol: ExchangeSymbol
    free: Quantity
    held: Quantity
    """By open orders: it comes home once these are done or cancelled. Both without what is locked."""
    at: Seconds
    locked: Quantity = "0"
    """In accounts that no key sends anything from (a vault): only its owners take it out, on the exchange's site."""
    came: Quantity = "0"
    """How much more of that there is than the least that this device saw there during the visit: it counts as not at
    home."""


class SweepShown(Message, frozen=True):
    """One withdrawal of a visit."""

    symbol: ExchangeSymbol
    round: Round
    amount: Quantity
    to: Annotated[str, msgspec.Meta(max_length=100)]
    state: SweepState
    reason: Annotated[str, msgspec.Meta(max_length=32)]
    transaction: Annotated[str, msgspec.Meta(max_length=128)]
    """As the exchange calls it; empty until it says one."""
    again_from: Seconds
    """When what was signed is dead and shows in the exchange's lists if it ever will: then another round may be
    signed."""


class Worth(Message, frozen=True):
    """What a visit is worth as one device measures it, in whole units of what it brings."""

    bound: LossBound
    """Most that it may lose, in hundredths of a percent."""
    credited: Quantity
    """What the loss is measured from: the most that it was worth in a look, and no more than it may bring."""
    value: Signed
    """At the last whole look."""
    valued: Seconds
    """When this was; 0 where there was none."""
    looked: Seconds
    """When the last look began, whole or not; 0 where there was none."""
    low: Seconds
    """Since when looks find too little; 0 where the last whole one did not."""
    wanted: Annotated[tuple[Pair, ...], msgspec.Meta(max_length=MAX_WANTED)]
    """Pairs whose price would make the look whole that is under way."""
    unvalued: Unvalued
    """Why the last look says nothing; empty where it does."""


class VisitShown(Message, frozen=True):
    """One visit as one device sees it."""

    visit: Bytes32
    """Digest of the request."""
    request: VisitRequest
    exchange: Name
    state: VisitState
    ended: Seconds | None
    """When an owner wanted the funds home before the time was over."""
    wants: tuple[Step, ...]
    """What this device finds for itself before funds go there. Without ``address`` the account's key is whole in it: it
    needs nobody else for a step, and the deposit address must be in the policy."""
    proven: tuple[Step, ...]
    """What of it it found."""
    address: Annotated[str, msgspec.Meta(max_length=150)]
    """The deposit address that this device fetched; empty where it did not."""
    fetched: Seconds
    """When; 0 where it did not."""
    brought: Amount
    """What this device signed to go there, in the smallest unit."""
    there: Annotated[tuple[There, ...], msgspec.Meta(max_length=MAX_VISIT_ASSETS)]
    """What this device last saw of each asset."""
    sweeps: Annotated[tuple[SweepShown, ...], msgspec.Meta(max_length=KEPT_SWEEPS * MAX_VISIT_ASSETS)]
    """The newest of those that this device signed or carried."""
    simulation: bool = False
    """Whether the account was added as a simulation's: no exchange, no money."""
    wallets: Annotated[tuple[ExchangeSymbol, ...], msgspec.Meta(max_length=MAX_VISIT_ASSETS)] = ()
    """Of which assets it knows every account that something of them was seen in."""
    banned: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_BANNED)] = ()
    """Devices that it found to have changed what it signed: they carry nothing home for it while the wallet is
    frozen."""
    why: Why = ""
    worth: Worth | None = None
    """None where nobody bounded what it may lose."""
    missing: Annotated[tuple[Missing, ...], msgspec.Meta(max_length=2)] = ()
    barred: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """Why the exchange took no request of the account's key when this device last asked (``authentication``): it was
    revoked there, or has expired; for a CDP key also a clock that is wrong. Empty where it took one."""


class Visits(Message, frozen=True):
    """To ``AskVisits`` and ``TellVisit``: those of the wallet (the one that was told), the newest first. Signed,
    because the owner sends funds to an address that is in it."""

    wallet: Bytes32
    at: Seconds
    """By the device's clock."""
    visits: Annotated[tuple[VisitShown, ...], msgspec.Meta(max_length=SHOWN_VISITS)]
    signature: Bytes64
    """Of the device's identity (purpose ``visits``) over the encoding of the others."""

    def check(self, identity: bytes, wallet: bytes) -> None:
        """Return if this device says so of this wallet. ``AuthorizationRefused`` (``signature``), ``PeerMisbehaved``
        (``visit``)."""
        verify(identity, self.signature, _PURPOSE, _signed(self.wallet, self.at, self.visits))
        if self.wallet != wallet:
            raise PeerMisbehaved("visit", "a device was made to answer about another wallet")


def say_visits(key: IdentityKey, wallet: bytes, at: int, visits: tuple[VisitShown, ...]) -> Visits:
    """What the device with this key says."""
    return Visits(wallet, at, visits, key.sign(_PURPOSE, _signed(wallet, at, visits)))


def _signed(wallet: bytes, at: int, visits: tuple[VisitShown, ...]) -> bytes:
    return encode((wallet, at, visits))


class ErrandDone(Message, frozen=True):
    """Result of an ``errand`` session at its carrier; the others finish with ``Cosigned``."""

    visit: Bytes32
    outcome: Outcome
    reason: Annotated[str, msgspec.Meta(max_length=32)]
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=86_400)]
    shown: VisitShown


def sweep_digest(visit: bytes, symbol: str, number: int) -> bytes:
    """By what a device that looks afterwards knows a sweep: 32 bytes."""
    return digest("visit-sweep", visit, symbol.encode(), number.to_bytes(4, "big"))


def withdrawal_id(visit: bytes, symbol: str, number: int) -> str:
    """The identifier of a sweep: whoever makes it comes to the same one. A random UUID as far as anybody can tell."""
    named = digest("visit-withdrawal", visit, symbol.encode(), number.to_bytes(4, "big"))
    return str(uuid.UUID(bytes=named[:16], version=4))
