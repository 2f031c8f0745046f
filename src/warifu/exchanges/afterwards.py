"""Did the exchange get what was signed for? The question of a second signer, over its own TLS.

A Coinbase JWT covers neither query nor body, so the one signer that carries a request can change what it asks for. Who
did not carry it fetches the order or the withdrawal under the identifier that all know, and compares. What differs is
reason to freeze; what the exchange does not say is said, and is no proof of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from warifu.exchanges.adapter import OrderState, Withdrawal, WithdrawalState
from warifu.exchanges.calls import Call
from warifu.exchanges.market import Order
from warifu.exchanges.reading import Understood


@dataclass(frozen=True)
class Comparison:
    """In words for a person. Honest where ``differs`` is empty; proven where ``unsaid`` is empty, too."""

    differs: tuple[str, ...]
    unsaid: tuple[str, ...]


Wanted = Order | Withdrawal
"""What was signed for, in no exchange's words."""


@dataclass(frozen=True)
class Found:
    """What an exchange shows of the time in which a signed request was good."""

    compare: Callable[[Wanted], tuple[Comparison, ...]]
    """Everything that bears the identifier of what is wanted, compared with it."""
    identifiers: frozenset[str]
    """Of all that the same signature can have made, with whatever body; empty text for what has none."""
    whole: bool
    """Whether these were all."""
    addresses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Where what left under each identifier went; empty text where the exchange does not say."""

    def differs(self, wanted: Wanted) -> tuple[str, ...]:
        """In what it is not what was signed for; empty where nothing says so. What is there twice was made twice."""
        compared = self.compare(wanted)
        if len(compared) > 1:
            return ("identifier twice",)
        return compared[0].differs if compared else ()

    def is_there(self, wanted: Wanted) -> bool:
        """Whether it is there, and is wholly what was signed for."""
        return self.compare(wanted) == (Comparison((), ()),)


class Looker(Protocol):
    """How to find out what became of a request whose signature does not say what it asks for."""

    def wanted(self, understood: Understood) -> Wanted | None:
        """What was asked for; None where it cannot be found again and compared wholly."""

    def look(self, wanted: Wanted, first: int, last: int) -> Call[Found]:
        """Ask for all that its signature can have made from ``first`` to ``last`` (milliseconds)."""

    def is_look(self, understood: Understood) -> bool:
        """Whether a request is such a question, and nothing else."""


def compare_order(wanted: Order, found: OrderState) -> Comparison:
    """What the owner wanted (as it was made to fit) with what is at the exchange.

    An exchange may say a size for an order that was for an amount, and the other way round: only the one that was
    wanted is compared. A price that nobody named makes another order of it.
    """
    terms = found.terms
    parts: list[tuple[str, object, object]] = [
        ("identifier", wanted.client_id, found.client_id),
        ("pair", str(wanted.pair), str(found.pair)),
        ("side", wanted.side, terms and terms.side),
        ("price", wanted.price, terms and terms.price),
        ("stop price", wanted.stop_price, terms and terms.stop_price),
    ]
    if wanted.size is not None:
        parts.append(("size", wanted.size, terms and terms.size))
    else:
        parts.append(("funds", wanted.funds, terms and terms.funds))
    return _compared(parts)


def compare_withdrawal(wanted: Withdrawal, found: WithdrawalState) -> Comparison:
    """What was to go home with what goes. A smaller amount than asked for is one from which the fee was taken."""
    arrives = found.amount
    if arrives is not None and arrives + (found.fee or 0) == wanted.amount:
        arrives = wanted.amount
    return _compared(
        [
            ("address", wanted.address, found.address),
            ("memo", wanted.memo, found.memo),
            ("amount", wanted.amount, arrives),
        ]
    )


def _compared(parts: list[tuple[str, object, object]]) -> Comparison:
    return Comparison(
        tuple(what for what, wanted, found in parts if found is not None and wanted != found),
        tuple(what for what, wanted, found in parts if found is None and wanted is not None),
    )
