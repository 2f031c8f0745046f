"""Did the exchange get what was signed for, and once? The question of a second signer, over its own TLS.

A Coinbase JWT covers neither query nor body, so the one signer that carries a request can change what it asks for. Who
did not carry it fetches the order or the withdrawal under the identifier that all know, and compares. What differs is
reason to freeze; what the exchange does not say is said, and is no proof of anything.

A signature for Binance covers every parameter, but its carrier can send it again while it is good, and Binance takes an
identifier again. There it is only looked how often it was made (:class:`Once`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from warifu.errors import InputRefused
from warifu.exchanges.adapter import OrderState, Terms, Withdrawal, WithdrawalState, is_same_address
from warifu.exchanges.amounts import plain
from warifu.exchanges.calls import Call, Unsigned
from warifu.exchanges.market import Order
from warifu.exchanges.networks import BITCOIN, SOLANA, Networks
from warifu.exchanges.reading import Understood

_ALONE = (BITCOIN, SOLANA)
"""Chains whose addresses are on no other one: there the address says the chain."""


@dataclass(frozen=True)
class Comparison:
    """In words for a person. Honest where ``differs`` is empty; proven where ``unsaid`` is empty, too."""

    differs: tuple[str, ...]
    unsaid: tuple[str, ...]
    id: str = field(default="", compare=False)
    """What the exchange calls it."""
    words: tuple[str, ...] = field(default=(), compare=False)
    """What differs, with what is there and what was signed for."""


@dataclass(frozen=True)
class Once:
    """What its signature wholly says: what bears the identifier is what was signed for, and must be there once only."""

    client_id: str
    kind: Literal["order", "withdrawal", "stated withdrawal"]
    """``stated``: it says who is paid, and is in a list of its own."""
    of: str
    """The market or the asset, as the exchange writes it."""


Wanted = Order | Withdrawal | Once
"""What was signed for, in no exchange's words."""


@dataclass(frozen=True)
class Thing:
    """One thing that a signature can have made."""

    id: str
    """What the exchange calls it."""
    client_id: str
    """Empty where it has none."""
    words: str
    """What it is, for a person."""
    to: str = ""
    """Where what left went; empty where the exchange does not say, or nothing left."""


@dataclass(frozen=True)
class Found:
    """What one page of an exchange shows of the time in which a signed request was good."""

    compare: Callable[[Wanted], tuple[Comparison, ...]]
    """Everything that bears the identifier of what is wanted, compared with it."""
    things: tuple[Thing, ...]
    """All that the same signature can have made, with whatever body."""
    whole: bool
    """Whether nothing of that time is on a further page."""
    after: str = ""
    """Where the next page begins; empty where there is none, or the exchange does not say."""

    @property
    def identifiers(self) -> frozenset[str]:
        """Of those things."""
        return frozenset(thing.client_id for thing in self.things)

    def of(self, identifier: str) -> tuple[Thing, ...]:
        """Those with this identifier."""
        return tuple(thing for thing in self.things if thing.client_id == identifier)

    def differs(self, wanted: Wanted, before: Collection[str] = ()) -> Comparison:
        """In what it is not what was signed for; nothing where nothing says so. What is there twice was made twice.
        ``before``: what the exchange calls those of it that earlier pages had."""
        compared = self.compare(wanted)
        if len({each.id for each in compared} | set(before)) > 1:
            return Comparison(("identifier twice",), (), words=("made more than once",))
        return compared[0] if compared else Comparison((), ())

    def is_there(self, wanted: Wanted) -> bool:
        """Whether it is there, and is wholly what was signed for."""
        return set(self.compare(wanted)) == {Comparison((), ())}


class Looker(Protocol):
    """How to find out what became of a request whose carrier can change it, or send it again."""

    def wanted(self, unsigned: Unsigned) -> Wanted | None:
        """What was asked for; None where it cannot be found again and compared wholly."""

    def look(self, wanted: Wanted, first: int, last: int, after: str = "") -> Call[Found]:
        """Ask for all that its signature can have made from ``first`` to ``last`` (milliseconds): a page, which begins
        ``after`` an earlier one where that names it."""

    def is_look(self, understood: Understood) -> bool:
        """Whether a request is such a question, and nothing else."""


def compare_order(wanted: Order, found: OrderState) -> Comparison:
    """What the owner wanted (as it was made to fit) with what is at the exchange.

    An exchange may say a size for an order that was for an amount, and the other way round: only the one that was
    wanted is compared. A price that nobody named makes another order of it, and so does another kind, where it is said.
    """
    return compare_terms(wanted, found.id, found.client_id, str(found.pair), found.terms)


def compare_terms(
    wanted: Order, identifier: str, client_id: str, product: str, terms: Terms | None
) -> Comparison:
    """As :func:`compare_order`. ``product``: what is traded, which need be no pair of two currencies."""
    parts: list[tuple[str, object, object]] = [
        ("identifier", wanted.client_id, client_id),
        ("pair", str(wanted.pair), product),
        ("side", wanted.side, terms and terms.side),
        ("price", wanted.price, terms and terms.price),
        ("stop price", wanted.stop_price, terms and terms.stop_price),
    ]
    if wanted.size is not None:
        parts.append(("size", wanted.size, terms and terms.size))
    else:
        parts.append(("funds", wanted.funds, terms and terms.funds))
    said: list[tuple[str, object, object]] = []
    if terms is not None:
        said.append(("kind", wanted.kind, terms.kind))
    if terms is not None and wanted.kind == "limit":
        said.append(("lifetime", wanted.lifetime, terms.lifetime))
        said.append(("post-only", wanted.post_only, terms.post_only))
    if terms is not None and wanted.kind == "stop-limit":
        said.append(("direction", wanted.rising, terms.rising))
    return _compared([*parts, *(part for part in said if part[2] is not None)], identifier)


def compare_withdrawal(wanted: Withdrawal, found: WithdrawalState, networks: Networks) -> Comparison:
    """What was to go home with what goes. A smaller amount than asked for is one from which the fee was taken.

    A network that the exchange calls by a word of ``networks`` is compared. Another word says nothing: it may be
    another name of the same. Where an address is on one chain alone, it need not be said."""
    arrives = found.amount
    if arrives is not None and arrives + (found.fee or 0) == wanted.amount:
        arrives = wanted.amount
    chain = networks.chain_of(wanted.asset, wanted.network)
    by = None if found.network is None else found.network.lower()
    known = by is not None and (by == wanted.network or networks.chain_of(wanted.asset, by) is not None)
    said = by if known else (wanted.network if chain in _ALONE else None)
    address = found.address
    if address is not None and is_same_address(wanted.address, address):
        address = wanted.address
    return _compared(
        [
            ("address", wanted.address, address),
            ("memo", wanted.memo, found.memo),
            ("amount", wanted.amount, arrives),
            ("network", wanted.network, said),
        ],
        found.id,
    )


def number(value: Decimal | None) -> str:
    """For a person; also what is no sane amount, of which is only told."""
    try:
        return "?" if value is None else plain(value)
    except InputRefused:
        return str(value)[:40]


def _said(value: object) -> str:
    return number(value) if isinstance(value, Decimal) else str(value or "-")


def _compared(parts: list[tuple[str, object, object]], identifier: str) -> Comparison:
    differing = [part for part in parts if part[2] is not None and part[1] != part[2]]
    return Comparison(
        tuple(what for what, _, _ in differing),
        tuple(what for what, wanted, found in parts if found is None and wanted is not None),
        identifier,
        tuple(f"{what}: {_said(found)} (signed for: {_said(wanted)})" for what, wanted, found in differing),
    )
