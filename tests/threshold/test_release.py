"""A secret held by others: any threshold of pieces gives it back, fewer say nothing, a wrong one names its keeper."""

from __future__ import annotations

from itertools import combinations

import pytest

from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.release import (
    GROUP,
    MAX_KEEPERS,
    deal,
    new_secret,
    read_commitment,
    read_piece,
    recombine,
)
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

SHAPES = [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (5, 5)]


@pytest.mark.parametrize(("threshold", "keepers"), SHAPES)
def test_any_threshold_of_pieces_gives_the_secret_back(threshold, keepers):
    secret = new_secret()
    commitment, pieces = deal(secret, threshold, keepers)
    for some in combinations(range(1, keepers + 1), threshold):
        checked = {number: read_piece(commitment, number, pieces[number - 1].expose()) for number in some}
        assert recombine(commitment, checked) == secret


def test_more_pieces_than_needed_do_no_harm():
    secret = new_secret()
    commitment, pieces = deal(secret, 2, 4)
    assert recombine(commitment, dict(enumerate(pieces, 1))) == secret


@pytest.mark.parametrize(("threshold", "keepers"), [shape for shape in SHAPES if shape[0] > 1])
def test_fewer_pieces_give_nothing(threshold, keepers):
    commitment, pieces = deal(new_secret(), threshold, keepers)
    with pytest.raises(InvalidInput, match="fewer"):
        recombine(commitment, dict(enumerate(pieces[: threshold - 1], 1)))


def test_fewer_pieces_fit_every_secret_alike():
    """One piece of two: for any other secret there is a polynomial through the same piece."""
    secret, other = new_secret(), new_secret()
    _, (first, _) = deal(secret, 2, 2)
    slope = GROUP.secret_add(first, GROUP.secret_negate(other))  # f(1) - f(0)
    assert GROUP.secret_add(other, slope) == first
    assert other != secret


def test_each_dealing_is_another_even_of_the_same_secret():
    secret = new_secret()
    (first, pieces), (second, others) = deal(secret, 2, 3), deal(secret, 2, 3)
    assert first.terms[0] == second.terms[0]
    assert first.terms[1] != second.terms[1]
    with pytest.raises(InvalidContribution):
        read_piece(first, 1, others[0].expose())
    assert read_piece(first, 1, pieces[0].expose()) == pieces[0]


def _altered(piece: Secret) -> list[bytes]:
    good = piece.expose()
    flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    return [
        *flipped,
        bytes(32),
        b"\xff" * 32,
        GROUP.order.to_bytes(32, "little"),
        good[:31],
        good + b"\0",
        b"",
    ]


def test_a_wrong_piece_names_its_keeper():
    commitment, pieces = deal(new_secret(), 2, 3)
    for bad in [*_altered(pieces[1]), pieces[0].expose(), pieces[2].expose()]:
        with pytest.raises(InvalidContribution) as refusal:
            read_piece(commitment, 2, bad)
        assert (refusal.value.index, refusal.value.what) == (2, "piece")


@pytest.mark.parametrize(("threshold", "keepers"), [(0, 1), (2, 1), (1, 0), (1, MAX_KEEPERS + 1), (-1, 3)])
def test_impossible_shapes_are_refused(threshold, keepers):
    with pytest.raises(InvalidInput):
        deal(new_secret(), threshold, keepers)


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [b""],
        [b"\xff" * 32],
        [b"\x01" + bytes(31)],
        [bytes(32)],
        [GROUP.generator.encoded] * (MAX_KEEPERS + 1),
    ],
    ids=["none", "empty", "no point", "the identity", "small order", "too many"],
)
def test_what_is_no_commitment_is_refused(terms):
    with pytest.raises(InvalidInput):
        read_commitment(terms)


@pytest.mark.parametrize("keeper", [0, -1, MAX_KEEPERS + 1])
def test_there_is_no_keeper_of_that_number(keeper):
    """At 0 lies the secret itself."""
    commitment, pieces = deal(new_secret(), 1, 1)
    with pytest.raises(InvalidInput):
        read_piece(commitment, keeper, pieces[0].expose())


def test_a_commitment_survives_its_encoding():
    commitment, _ = deal(new_secret(), 3, 3)
    assert read_commitment([term.encoded for term in commitment.terms]).terms == commitment.terms


def test_dealing_leaves_the_secret_to_its_owner():
    secret = new_secret()
    deal(secret, 2, 3)
    assert not secret.wiped
