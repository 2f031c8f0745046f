"""What one threshold ECDSA signature costs: what is made ahead of time, and what waits for something to sign.

All signers' computing in one process. Correlations are made in batches, as large as they may be, by each pair of those
who sign; a signature's part of that is one correlation of the batch for each pair. Storing them, encrypted, and
deleting them is not in it.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TypeVar

from bench.contest import WHOLE, Call, Spent
from bench.measure import Row, row
from tests.support.dealer import Dealt, deal

from warifu.threshold.ecdsa.correlating import MAX_BATCH, Correlating
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.session import SigningSession

AHEAD = f"ahead of time, 1 of {MAX_BATCH}"
ONLINE = "online"
Result = TypeVar("Result")

Held = dict[int, dict[int, Correlation]]
"""For each signer, its half of one correlation with each peer."""


def rows(rounds: int) -> Iterator[Row]:
    for threshold, count in ((2, 3), (3, 5)):
        call = signature_by(threshold, count)
        taken = [call() for _ in range(MAX_BATCH + rounds)][MAX_BATCH:]
        for part, name in ((AHEAD, "correlations"), (ONLINE, "online")):
            yield row(
                f"DKLs23 {threshold}-of-{count}, all signers' computing, {name}",
                [spent[part].ms for spent in taken],
            )


def signature_by(threshold: int, count: int) -> Call:
    """One whole signature; every signer combines and verifies for itself."""
    dealt = deal(threshold, count)
    signers = tuple(range(threshold))
    pool: list[Held] = []
    ahead = Spent(0, 0)

    def sign() -> dict[str, Spent]:
        nonlocal ahead
        if not pool:
            batch, spent = _timed(lambda: _correlated(dealt, signers))
            pool.extend(batch)
            ahead = Spent(spent.ms / MAX_BATCH, spent.sent // MAX_BATCH)
        _, online = _timed(lambda: _signed(dealt, signers, pool.pop()))
        return {
            AHEAD: ahead,
            ONLINE: online,
            WHOLE: Spent(ahead.ms + online.ms, ahead.sent + online.sent),
        }

    return sign


def _timed(action: Callable[[], tuple[Result, int]]) -> tuple[Result, Spent]:
    start = time.process_time_ns()
    result, sent = action()
    return result, Spent((time.process_time_ns() - start) / 1e6, sent)


def _correlated(dealt: Dealt, signers: tuple[int, ...]) -> tuple[list[Held], int]:
    """A batch, and the bytes that were sent for it."""
    batch: list[Held] = [{who: {} for who in signers} for _ in range(MAX_BATCH)]
    sent = 0
    for a, b in combinations(signers, 2):
        session_id = os.urandom(16)
        first, hello_of_a = Correlating.start(dealt.key, a, b, MAX_BATCH, session_id, Seen())
        second, hello_of_b = Correlating.start(dealt.key, b, a, MAX_BATCH, session_id, Seen())
        from_a, from_b = first.extend(hello_of_b), second.extend(hello_of_a)
        sent += sum(map(len, (hello_of_a, hello_of_b, from_a, from_b)))
        for held, of_a, of_b in zip(batch, first.finish(from_b), second.finish(from_a), strict=True):
            held[a][b], held[b][a] = of_a, of_b
    return batch, sent


def _signed(dealt: Dealt, signers: tuple[int, ...], held: Held) -> tuple[object, int]:
    session_id, message = os.urandom(16), secrets.token_bytes(32)
    sessions = {
        who: SigningSession.prepare(
            dealt.key, dealt.shares[who], who, signers, (), session_id, held[who], Seen()
        )
        for who in signers
    }
    commitments = {who: session.commit() for who, session in sessions.items()}
    products = {who: session.multiply(_inbox(commitments, who)) for who, session in sessions.items()}
    for who, session in sessions.items():
        session.finish(_inbox(products, who))
    shares = {who: session.sign(message, ()) for who, session in sessions.items()}
    signatures = [session.combine(shares) for session in sessions.values()]
    sent = sum(len(body) for sent in (commitments, products) for to in sent.values() for body in to.values())
    return signatures, sent + (len(signers) - 1) * sum(map(len, shares.values()))


def _inbox(sent: dict[int, dict[int, bytes]], who: int) -> dict[int, bytes]:
    return {sender: bodies[who] for sender, bodies in sent.items() if sender != who}
