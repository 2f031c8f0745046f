"""What generating a key costs, against the number of devices: all parties' computing, one process, no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from bench.measure import Row, row, times

from warifu.threshold.dkg.params import hostpubkey_gen
from warifu.threshold.dkg.session import KeyGeneration
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340


def rows(rounds: int) -> Iterator[Row]:
    peer: Row | None = None
    for threshold, count in ((1, 1), (2, 3), (3, 5), (6, 10), (11, 16)):
        measured = row(
            f"ChillDKG {threshold}-of-{count}, all participants' computing",
            times(generation(threshold, count), max(3, rounds // (count * count))),
            peer=peer,
        )
        peer = peer or measured
        yield measured


def generation(threshold: int, count: int, suite: DkgSuite = BIP340) -> Callable[[], int]:
    """One whole key generation among ``count`` participants. Returns the bytes that all of them sent."""
    keys = [suite.group.random_secret() for _ in range(count)]
    publics = [hostpubkey_gen(key, suite) for key in keys]

    def generate() -> int:
        parties = [
            KeyGeneration.start(key, publics, threshold, index, suite=suite) for index, key in enumerate(keys)
        ]
        queue = deque(
            (sender, message) for sender, party in enumerate(parties) for message in party.outgoing()
        )
        sent = 0
        while queue:
            sender, message = queue.popleft()
            receivers = range(count) if message.to_index is None else (message.to_index,)
            for receiver in receivers:
                if receiver != sender:
                    sent += len(message.body)
                    answers = parties[receiver].handle(sender, message.phase, message.body)
                    queue.extend((receiver, answer) for answer in answers)
        assert len({party.result.threshold_pubkey for party in parties if party.result}) == 1
        assert all(party.result for party in parties)
        return sent

    return generate
