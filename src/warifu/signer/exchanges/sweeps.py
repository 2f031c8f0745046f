"""The withdrawals by which a visit comes home, as one device knows them: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from warifu.errors import PolicyDenied
from warifu.protocol.encoding import Message
from warifu.protocol.exchange_visits import KEPT_SWEEPS, SweepShown, SweepState
from warifu.signer.exchanges.holdings import Part, plain

SETTLE = 60
"""Seconds in which what an exchange took shows in its lists (``warifu.exchanges.attempt.SETTLE``)."""


class Sweep(Message, frozen=True):
    """One withdrawal that this device signed, or carries."""

    symbol: str
    round: int
    amount: str
    to: str
    dead_after: int
    """When what was signed cannot be taken any more: milliseconds on the exchange's clock."""
    state: SweepState = "signed"
    reason: str = ""
    transaction: str = ""
    left: str = "0"
    """What its carrier left there for a fee on top."""
    fee: str = ""
    """What the exchange said that it took on top."""
    wallet: str = ""
    """The account that it leaves; empty where each asset has one, or for the first of the asset's."""

    @property
    def again_from(self) -> int:
        """The moment from which another round may be signed, in seconds."""
        return -(-self.dead_after // 1000) + SETTLE

    @property
    def asked(self) -> Decimal:
        """What was there, as its carrier saw it."""
        return Decimal(self.amount) + Decimal(self.left)

    def shown(self) -> SweepShown:
        """For the service and the owner."""
        return SweepShown(
            self.symbol,
            self.round,
            self.amount,
            self.to,
            self.state,
            self.reason,
            self.transaction,
            self.again_from,
        )


def rounds_of(sweeps: Sequence[Sweep], symbol: str) -> list[Sweep]:
    """Of one asset, the newest first."""
    return sorted((each for each in sweeps if each.symbol == symbol), key=lambda each: -each.round)


def refused_in_a_row(rounds: Sequence[Sweep], reason: str | None = None) -> int:
    """How often until now, for this reason or for any. ``rounds``: the newest first."""
    times = 0
    for each in rounds:
        if each.state != "refused" or reason not in (None, each.reason):
            break
        times += 1
    return times


def fee_of(rounds: Sequence[Sweep]) -> Decimal:
    """What the exchange took on top lately; nothing where this device has not heard of it."""
    return max((Decimal(each.fee) for each in rounds if each.fee), default=Decimal(0))


def less_fee(part: Part, fee: Decimal, short: int, places: int) -> tuple[str, str]:
    """(what to send of what is free there, what stays for a fee on top). No request says what the fee will be: it is
    what it was before (``fee``), or a hundredth (the next round brings what that was too much), and four times as much
    after each of the ``short`` times in a row that there was not enough for it. ``places``: decimals of what is sent.
    ``PolicyDenied`` (``nothing-there``)."""
    free = Decimal(part.free)
    for power in range(short, -1, -1):  # never so often that nothing is sent, or nothing is asked any more
        stays = (fee or free / 100) * 4**power
        amount = (free - stays).quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
        if amount > 0:
            return plain(amount), plain(free - amount)
    raise PolicyDenied("nothing-there", f"there is no more {part.symbol} than a fee takes")


def kept_with(sweeps: Sequence[Sweep], new: Sweep) -> tuple[Sweep, ...]:
    """All that is remembered once this one is signed: the newest of its asset, and the last of each of its accounts, so
    that it stays known why one kept something, however many there are."""
    before = [each for each in rounds_of(sweeps, new.symbol) if each.round < new.round]
    last: dict[str, Sweep] = {}
    for each in before:
        last.setdefault(each.wallet, each)
    kept = [each for each in before if each in before[: KEPT_SWEEPS - 1] or last[each.wallet] == each]
    others = [each for each in sweeps if each.symbol != new.symbol]
    return (*others, *reversed(kept), new)


def shown_of(sweeps: Sequence[Sweep]) -> tuple[SweepShown, ...]:
    """The newest of each asset, ascending."""
    symbols = sorted({each.symbol for each in sweeps})
    newest = (rounds_of(sweeps, symbol)[:KEPT_SWEEPS] for symbol in symbols)
    return tuple(each.shown() for rounds in newest for each in reversed(rounds))
