"""The same work done by several parties in turns on one processor, so that what disturbs one disturbs all.

Counted is processor time, of all threads of a party's process: what others do on the machine meanwhile is not in it
(but for what they do to caches), and what Node's helper threads do is.

A party is Warifu, in this process, or a peer in a process of its own. A *turn* is a few calls of one party; the parties
take turns until the contest is over, and who begins changes with each round.
"""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.peer import Peer, PeerError

WHOLE = "whole"
WARIFU = "warifu"


@dataclass(frozen=True)
class Spent:
    """What one call cost all parties of the protocol together."""

    ms: float
    """Of processor time."""
    sent: int
    """Bytes, a broadcast counted once for each receiver; without what a channel adds."""


Call = Callable[[], Mapping[str, Spent]]
"""Does the work once and says what each part of it cost; ``WHOLE`` is always there."""


@dataclass(frozen=True)
class Goal:
    """To be at least ``faster`` times as fast as ``peer``, with at most ``bytes_below`` of its bytes."""

    peer: str
    faster: float | None = None
    bytes_below: float | None = None


@dataclass(frozen=True)
class Contest:
    """One kind of work at one threshold."""

    what: str
    threshold: int
    count: int
    ours: Callable[[int, int], Call]
    peers: Mapping[str, str]
    """Module to operation."""
    goals: Sequence[Goal] = ()
    rounds: int = 20


@dataclass
class Measured:
    """All calls of one party for one part of the work."""

    party: str
    part: str
    ms: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    failure: str | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.ms)

    @property
    def p10(self) -> float:
        return sorted(self.ms)[len(self.ms) // 10]

    @property
    def bytes_sent(self) -> int:
        return round(statistics.median(self.sent))


def whole(action: Callable[[], int]) -> Call:
    """Time ``action``, which returns the bytes that were sent."""

    def call() -> dict[str, Spent]:
        start = time.process_time_ns()
        sent = action()
        return {WHOLE: Spent((time.process_time_ns() - start) / 1e6, sent)}

    return call


def pin(core: int | None) -> int | None:
    """Keep this process, and what it starts, on one processor, ahead of others where that is allowed.

    The last processor unless told. None where processes cannot be kept on one.
    """
    with contextlib.suppress(PermissionError):
        os.nice(-5)
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def run(contest: Contest, peers: Mapping[str, Peer], turn_ms: float, rounds: int) -> list[Measured]:
    """Ours first, part by part, then each peer; a peer that fails is there with its failure."""
    ours = contest.ours(contest.threshold, contest.count)
    turns: dict[str, Callable[[int], list[Mapping[str, Spent]]]] = {WARIFU: lambda n: _our_turn(ours, n)}
    for module, operation in contest.peers.items():
        turns[module] = _peer_turn(peers[module], operation, contest)
    results: dict[tuple[str, str], Measured] = {}
    calls: dict[str, int] = {}
    for party, take in list(turns.items()):
        try:
            calls[party] = _warm_up(take, turn_ms)
        except PeerError as error:
            results[party, WHOLE] = Measured(party, WHOLE, failure=str(error))
            del turns[party]
    parties = list(turns)
    for number in range(min(rounds, contest.rounds)):
        first = number % len(parties)
        for party in parties[first:] + parties[:first]:
            for parts in turns[party](calls[party]):
                for part, spent in parts.items():
                    measured = results.setdefault((party, part), Measured(party, part))
                    measured.ms.append(spent.ms)
                    measured.sent.append(spent.sent)
    order = [WARIFU, *contest.peers]
    return sorted(results.values(), key=lambda measured: order.index(measured.party))


def _our_turn(ours: Call, calls: int) -> list[Mapping[str, Spent]]:
    gc.collect()
    gc.disable()
    try:
        return [ours() for _ in range(calls)]
    finally:
        gc.enable()


def _peer_turn(peer: Peer, operation: str, contest: Contest) -> Callable[[int], list[Mapping[str, Spent]]]:
    def take(calls: int) -> list[Mapping[str, Spent]]:
        ms, sent = peer.ask(operation, contest.threshold, contest.count, calls)
        return [{WHOLE: Spent(each, sent)} for each in ms]

    return take


def _warm_up(take: Callable[[int], list[Mapping[str, Spent]]], turn_ms: float) -> int:
    """Calls that fill a turn, after as long a time as ten turns: compilers in Node look for what is called often."""
    spent = 0.0
    latest = 0.0
    calls = 0
    while spent < 10 * turn_ms:
        (parts,) = take(1)
        latest = parts[WHOLE].ms
        spent += latest
        calls += 1
    return max(1, round(turn_ms / latest))
