"""Did the exchange get what was signed for? The question of a second signer, over its own TLS.

A Coinbase JWT covers neither query nor body, so the one signer that carries a request can change what it asks for. Who
did not carry it fetches the order or the withdrawal under the identifier that all know, and compares. What differs is
reason to freeze; what the exchange does not say is said, and is no proof of anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.exchanges.adapter import OrderState, Withdrawal, WithdrawalState
from warifu.exchanges.market import Order


@dataclass(frozen=True)
class Comparison:
    """In words for a person. Honest where ``differs`` is empty; proven where ``unsaid`` is empty, too."""

    differs: tuple[str, ...]
    unsaid: tuple[str, ...]


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
