"""What devices say of visits: funds that are at an exchange for a while and come home (``docs/exchanges.md``).

All of it is for the service as well, which brings the devices to each step. It knows whence what comes and goes anyway;
what it says decides nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.errors import PeerMisbehaved
from warifu.protocol.encoding import Amount, Bytes32, Bytes64, Message, Name, Seconds, encode
from warifu.protocol.exchange_answers import Outcome
from warifu.protocol.exchange_requests import MAX_VISIT_ASSETS, ExchangeSymbol, VisitRequest
from warifu.protocol.identity import IdentityKey, verify

MAX_VISITS = 8
"""Of one wallet, that are not at home yet."""
SHOWN_VISITS = 16
KEPT_SWEEPS = 4
"""Of one asset of one visit: the newest."""
MAX_BANNED = 16
Round = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""Of the withdrawals of one asset of one visit."""

_PURPOSE = "visits"

Step = Literal[
    "permissions", "wallets", "balance", "address", "new-address", "orders", "cancel", "sweep", "outcome"
]
"""What is asked of the exchange for a visit, each by one carrier over its own TLS. ``permissions``: whether the
credential may withdraw. ``wallets``: how the exchange calls the accounts that funds leave from, where it wants to be
told. ``balance``: what is there. ``address``: where deposits go. ``new-address``: have a deposit address made, where
none is listed. ``orders``: which are open of a pair, where they are cancelled one by one. ``cancel``: those, or every
open order of a pair, once the visit is over. ``sweep``: all that is free there of one asset, home. ``outcome``: what
became of the newest sweep of it."""
VisitState = Literal["opened", "proven", "funded", "trading", "sweeping", "home", "stuck"]
"""As one device sees it. ``opened``: the way back is not proven to it yet. ``proven``: it would let funds go there.
``funded``: it signed that they go. ``trading``: it saw them there. ``sweeping``: the time is over, or the owner wants
them home. ``home``: it saw that nothing is left. ``stuck``: the exchange refuses to let them go; a later sweep tries
again."""
SweepState = Literal[
    "signed", "unknown", "refused", "pending", "sent", "done", "failed", "cancelled", "differs"
]
"""``signed``: it may be out. ``unknown``: it was out, and nobody knows what came of it. ``refused``: the exchange did
not take it. ``differs``: something else was made of this device's signature, which it found out, and froze the wallet.
The others are the exchange's word."""
Quantity = Annotated[str, msgspec.Meta(max_length=160, pattern=r"^(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?\Z")]
"""A number of whole units, in decimal."""


class There(Message, frozen=True):
    """What a device saw of one asset at the exchange."""

    symbol: ExchangeSymbol
    free: Quantity
    held: Quantity
    """By open orders: it comes home once these are done or cancelled."""
    at: Seconds


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
    """Of which assets it knows the account that they leave from."""
    banned: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_BANNED)] = ()
    """Devices that it found to have changed what it signed: they carry nothing home for it while the wallet is
    frozen."""


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
