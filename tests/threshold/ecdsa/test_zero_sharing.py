"""Zero sharing: the sum is zero, each part is random, and a seed is opened as it was committed to."""

from __future__ import annotations

import os

import pytest

from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.zero_sharing import ZeroSharing
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

CONTEXT = bytes(range(32))


class Round:
    """The parts of some signers, with what each sends to each."""

    def __init__(self, ids, contexts=None) -> None:
        self.ids = ids
        self.parts = {
            me: ZeroSharing((contexts or {}).get(me, CONTEXT), me, [peer for peer in ids if peer != me])
            for me in ids
        }

    def commitments(self, me: int) -> dict[int, bytes]:
        return {peer: self.parts[peer].commitment(me) for peer in self.ids if peer != me}

    def openings(self, me: int) -> dict[int, bytes]:
        return {peer: self.parts[peer].opening(me) for peer in self.ids if peer != me}

    def finish(self) -> list[int]:
        received = {me: (self.commitments(me), self.openings(me)) for me in self.ids}
        return [int.from_bytes(self.parts[me].finish(*received[me]).expose(), "big") for me in self.ids]


@pytest.mark.parametrize("ids", [(0, 1), (3, 1), (0, 2, 5), (0, 3, 7, 9, 15)])
def test_the_parts_sum_to_zero_and_are_fresh(ids):
    first, second = Round(ids).finish(), Round(ids).finish()
    assert sum(first) % SECP256K1.order == sum(second) % SECP256K1.order == 0
    assert len({*first, *second}) == 2 * len(ids)


def test_signers_of_different_sessions_do_not_meet():
    """A commitment of one session cannot be opened in another."""
    parts = Round((0, 1), {1: bytes(32)})
    with pytest.raises(InvalidContribution):
        parts.finish()


def test_another_seed_than_the_committed_one_is_refused():
    parts = Round((0, 1, 2))
    openings = parts.openings(0) | {2: os.urandom(32)}
    with pytest.raises(InvalidContribution) as error:
        parts.parts[0].finish(parts.commitments(0), openings)
    assert (error.value.index, error.value.what) == (2, "zero-sharing seed")


def test_a_reflected_commitment_cannot_be_opened():
    """Whoever sends back what it got would make the pair's seed a value of one signer's alone."""
    parts = Round((0, 1))
    mine = parts.parts[0]
    with pytest.raises(InvalidContribution):
        mine.finish({1: mine.commitment(1)}, {1: mine.opening(1)})


def test_a_commitment_copied_from_another_signer_cannot_be_opened():
    parts = Round((0, 1, 2))
    commitments, openings = parts.commitments(0), parts.openings(0)
    with pytest.raises(InvalidContribution) as error:
        parts.parts[0].finish(commitments | {2: commitments[1]}, openings | {2: openings[1]})
    assert error.value.index == 2


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_seeds_of_other_lengths_are_refused_even_if_committed_to(seed):
    commitment = Link(CONTEXT, 1, 0).digest("zero sharing/commitment", seed)
    with pytest.raises(InvalidContribution):
        Round((0, 1)).parts[0].finish({1: commitment}, {1: seed})


def test_it_finishes_once_and_wipes():
    parts = Round((0, 1))
    received = parts.commitments(0), parts.openings(0)
    part = parts.parts[0]
    part.finish(*received)
    assert all(seed.wiped for seed in part._seeds.values())
    with pytest.raises(AlreadyUsed):
        part.finish(*received)
    other = Round((0, 1))
    received = other.commitments(0), other.openings(0)
    other.parts[0].wipe()
    with pytest.raises(AlreadyUsed):
        other.parts[0].finish(*received)
