"""A hostile service's schedules: sessions side by side, each message delivered when it likes, devices that lie and keep
quiet, old disks put back. Everything else is the product's own code, ceremonies included.

What counts in the end is written down where it happens: each time that an honest device lets its share leave.
"""

from __future__ import annotations

import itertools
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from tests.support.simulator import Household

from warifu.chains.reading import COIN
from warifu.protocol.frames import CloseSession, Finished, OpenSession, Relay, SessionFailed
from warifu.signer.policy.facts import Verdict, leaves
from warifu.signer.transfers import Judgement, Transfers


@dataclass(frozen=True)
class Left:
    """An honest device's share for this transaction left it."""

    device: str
    request: bytes
    session: bytes
    moment: int
    amount: int
    """Of the coin, the fee included."""
    excludes: frozenset[bytes]


@dataclass
class Session:
    """One session, of which any number of messages is still under way."""

    home: Household
    participants: tuple[str, ...]
    identifier: bytes
    under_way: dict[tuple[bytes, bytes], deque[Relay]] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, home: Household, openings: Mapping[str, OpenSession]) -> Session:
        first = next(iter(openings.values()))
        made = cls(home, tuple(openings), first.session)
        for name, opening in openings.items():
            made._post(name, home[name].send(opening))
        return made

    def deliver(self, pair: tuple[bytes, bytes]) -> None:
        """The next message from one to the other. Between two devices the order cannot be changed unnoticed."""
        frame = self.under_way[pair].popleft()
        if not self.under_way[pair]:
            del self.under_way[pair]
        name = self.home.name_of(pair[1])
        self._post(name, self.home[name].send(frame))

    def round(self) -> None:
        """One message from each to each."""
        for pair in list(self.under_way):
            if pair in self.under_way:
                self.deliver(pair)

    def to_the_end(self) -> None:
        while self.under_way:
            self.round()

    def give_up(self) -> None:
        """The service tells everybody that it is over."""
        self.under_way.clear()
        for name in self.participants:
            self.home[name].send(CloseSession(self.identifier, "given up"))

    def _post(self, name: str, frames: Sequence[Any]) -> None:
        sender = self.home[name].identity
        for frame in frames:
            if getattr(frame, "session", self.identifier) != self.identifier:
                continue  # another session of the device ended with this one
            if isinstance(frame, Relay):
                handed = Relay(frame.session, sender, frame.body)
                self.under_way.setdefault((sender, frame.peer), deque()).append(handed)
            elif isinstance(frame, Finished):
                self.finished.add(name)
            elif isinstance(frame, SessionFailed):
                self.failed[name] = f"{frame.refusal.family}.{frame.refusal.reason}"


@dataclass
class Attack:
    """A household of which some devices are hostile."""

    home: Household
    threshold: int
    hostile: set[str]
    put_back: set[str] = field(default_factory=set)
    """Devices of which an old disk was put back: what they promised before is forgotten."""
    left: list[Left] = field(default_factory=list)
    participants: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    """Of each session."""

    def __post_init__(self) -> None:
        for name in self.hostile:
            self.corrupt(name)

    @property
    def honest(self) -> list[str]:
        return [name for name in self.home.names if name not in self.hostile]

    def corrupt(self, name: str) -> None:
        """From now on it judges nothing, tells nothing, and takes nothing in."""
        device: Any = self.home[name]
        transfers = device.signer._transfers

        def anything_goes(transfer: Any, *rest: Any) -> Any:
            now, asked = device.device.clock.now(), msgspec.structs.replace(transfer.request, replaces=None)
            counting = device.device.ledger.counting(asked, transfer.digest, transfer.reading, now)
            return Judgement(Verdict(()), counting, None)

        transfers._verdict = anything_goes
        transfers._require_confirmed = lambda *_: None
        told = device.device.notes.told
        device.device.notes.told = lambda *of: msgspec.structs.replace(told(*of), notes=())

    def copy(self, name: str) -> Path:
        """The device's disk as it is. The device is not disturbed for longer than a restart."""
        device = self.home[name]
        device.crash()
        number = len(list(self.home.root.glob(f"copy-{name}-*")))
        copy = Path(shutil.copytree(device.directory, self.home.root / f"copy-{name}-{number}"))
        device.start()
        return copy

    def restore(self, name: str, copy: Path) -> None:
        """Put an old disk back."""
        device = self.home[name]
        device.crash()
        shutil.rmtree(device.directory)
        shutil.copytree(copy, device.directory)
        device.start()
        self.put_back.add(name)

    def can_happen(self) -> dict[bytes, tuple[int, int, int, frozenset[bytes]]]:
        """Of each request that may be signed: the first and last moment at which the shares of a session of it left,
        the amount, and what it excludes. Hostile devices' shares are always there."""
        sessions: dict[bytes, list[Left]] = {}
        for item in self.left:
            sessions.setdefault(item.session, []).append(item)
        found: dict[bytes, tuple[int, int, int, frozenset[bytes]]] = {}
        for session, items in sessions.items():
            wanted = {name for name in self.participants[session] if name not in self.hostile}
            if {item.device for item in items} == wanted and items[0].request not in found:
                moments = [item.moment for item in items]
                found[items[0].request] = min(moments), max(moments), items[0].amount, items[0].excludes
        return found

    def most_in(self, seconds: int) -> int:
        """The most that can happen of what was signed within any window of so many seconds."""
        signed = list(self.can_happen().values())
        most = 0
        for begin in {first for first, _, _, _ in signed}:
            inside = [item for item in signed if begin <= item[0] and item[1] < begin + seconds]
            most = max(most, _dearest([(amount, excludes) for _, _, amount, excludes in inside]))
        return most

    def open(self, openings: Mapping[str, OpenSession]) -> Session:
        session = next(iter(openings.values())).session
        self.participants[session] = tuple(openings)
        return Session.open(self.home, openings)


def _dearest(items: Sequence[tuple[int, frozenset[bytes]]]) -> int:
    """The largest sum of transactions of which no two exclude each other."""
    if not items:
        return 0
    (amount, excludes), rest = items[0], items[1:]
    clashing = [item for item in rest if item[1] & excludes]
    if not clashing:
        return amount + _dearest(rest)
    beside = [item for item in rest if not item[1] & excludes]
    return max(amount + _dearest(beside), _dearest(rest))


@contextmanager
def watched(attack: Attack) -> Iterator[None]:
    """While inside, every share that leaves an honest device is written down."""
    original = Transfers._started
    names = {device.identity: name for name, device in attack.home.devices.items()}

    def started(self: Transfers, transfer: Any, seat: Any, *rest: Any) -> None:
        original(self, transfer, seat, *rest)
        name = names[self._device.identity.public]
        if name not in attack.hostile:
            attack.left.append(
                Left(
                    name,
                    transfer.digest,
                    seat.session,
                    self._device.clock.now(),
                    leaves(transfer.reading).get(COIN, 0),
                    frozenset(transfer.reading.excludes),
                )
            )

    Transfers._started = started  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Transfers._started = original  # type: ignore[method-assign]


def wrapped_around(limit: int, honest: int, needed: int) -> list[tuple[int, tuple[int, ...]]]:
    """McNaughton's rule: spends (amount, honest signers by number) that come to floor(limit * honest / needed), each by
    ``needed`` of them, none of whom counts more than ``limit``."""
    most = limit * honest // needed
    ends = sorted({(number * limit) % most for number in range(honest)} | {0, most})
    spends = []
    for begin, end in itertools.pairwise(ends):
        signers = [
            number
            for number in range(honest)
            if any(
                number * limit <= turn * most + begin and turn * most + end <= (number + 1) * limit
                for turn in range(needed)
            )
        ]
        spends.append((end - begin, tuple(signers)))
    return spends
