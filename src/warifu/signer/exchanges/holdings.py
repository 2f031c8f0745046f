"""What a visit has at the exchange, account by account, as one device saw it: values in, values out.

One asset can have several accounts (Coinbase: wallets, vaults). From a wallet it comes home; from a vault a key sends
nothing: its owners withdraw by their approvals on the exchange's site, which takes two days. So what was in vaults
before is the customer's own and stays there. What comes in afterwards may be what the visit brought: it counts as not
at home until it has left them again. That is measured from the least that was seen there, so nothing hides behind
savings that were taken out in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from warifu.errors import InputRefused
from warifu.protocol.encoding import Message, Seconds
from warifu.protocol.exchange_visits import There
from warifu.signer.exchanges.gauge import Holding

MOST_ACCOUNTS = 64
"""Of one visit's assets together, with something in them or without."""
Wallets = tuple[tuple[str, str], ...]
"""(asset, what the exchange calls an account of it)."""


class Part(Message, frozen=True):
    """What is in one account."""

    symbol: str
    wallet: str
    """What the exchange calls it; empty where it names none, and each asset has one."""
    free: str
    held: str
    sends: bool = True
    """Whether a key can send something from it, as far as the list of what is there says."""

    @property
    def total(self) -> Decimal:
        return Decimal(self.free) + Decimal(self.held)


def part_of(symbol: str, wallet: str, free: Decimal, held: Decimal, *, sends: bool = True) -> Part:
    """What the exchange says of an account; what that owes is not there."""
    nothing = Decimal(0)
    return Part(symbol, wallet, plain(max(free, nothing)), plain(max(held, nothing)), sends)


def is_locked(part: Part, vaults: Wallets) -> bool:
    """Whether nothing comes home from there by a key. Either of the exchange's lists says it."""
    return not part.sends or (part.symbol, part.wallet) in vaults


def is_known(part: Part, wallets: Wallets) -> bool:
    """Whether it is an account that a withdrawal can be asked from."""
    return not part.wallet or (part.symbol, part.wallet) in wallets


def locked_of(symbol: str, parts: Iterable[Part], vaults: Wallets) -> Decimal:
    """How much of an asset lies where no key sends it from."""
    return sum(
        (part.total for part in parts if part.symbol == symbol and is_locked(part, vaults)), Decimal(0)
    )


def least(
    before: Sequence[Holding] | None, symbols: Iterable[str], parts: Sequence[Part], vaults: Wallets
) -> tuple[Holding, ...]:
    """The least that was seen locked of each asset. ``before``: of the looks before; None: this is the first."""
    found = {symbol: locked_of(symbol, parts, vaults) for symbol in symbols}
    if before is not None:
        known = {each.symbol: Decimal(each.amount) for each in before}
        found = {symbol: min(amount, known.get(symbol, Decimal(0))) for symbol, amount in found.items()}
    return tuple(Holding(symbol, plain(amount)) for symbol, amount in found.items() if amount)


def counted(
    symbol: str, parts: Sequence[Part], vaults: Wallets, before: Sequence[Holding] | None, at: Seconds
) -> There:
    """An asset, over all its accounts. ``before``: the least that was seen locked; None: nothing was seen yet."""
    mine = [part for part in parts if part.symbol == symbol]
    open_ones = [part for part in mine if not is_locked(part, vaults)]
    locked = locked_of(symbol, mine, vaults)
    was = sum((Decimal(each.amount) for each in before or () if each.symbol == symbol), Decimal(0))
    came = (
        Decimal(0) if before is None else max(locked - was, Decimal(0))
    )  # what was locked can have been opened
    return There(
        symbol,
        plain(sum((Decimal(part.free) for part in open_ones), Decimal(0))),
        plain(sum((Decimal(part.held) for part in open_ones), Decimal(0))),
        at,
        plain(locked),
        plain(came),
    )


def plain(amount: Decimal) -> str:
    """Digits without exponent and without zeros at the end. ``InputRefused`` (``exchange-answer``) for less than
    nothing."""
    if amount < 0:
        raise InputRefused("exchange-answer", "the exchange says that there is less than nothing")
    text = format(amount, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
