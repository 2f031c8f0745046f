"""No identifier is used twice, and whoever asks for sessions does not fill the memory by it."""

from __future__ import annotations

import tracemalloc

import pytest

from warifu.threshold.ecdsa.seen import WINDOW, Seen
from warifu.threshold.errors import AlreadyUsed

pytestmark = pytest.mark.unit


def identifier(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_an_identifier_is_claimed_once():
    seen = Seen()
    seen.claim(identifier(1), identifier(2))
    for again in (identifier(1), identifier(2)):
        with pytest.raises(AlreadyUsed):
            seen.claim(again)


@pytest.mark.parametrize("claimed", [(1, 3), (3, 1), (4, 4)], ids=["first", "last", "twice now"])
def test_where_one_was_claimed_none_of_them_is(claimed: tuple[int, ...]):
    seen = Seen()
    seen.claim(identifier(1))
    with pytest.raises(AlreadyUsed):
        seen.claim(*map(identifier, claimed))
    seen.claim(identifier(3), identifier(4))


@pytest.mark.slow
def test_within_the_window_a_repeated_one_is_refused_and_the_memory_stays_bounded():
    seen = Seen()
    tracemalloc.start()
    try:
        for number in range(3 * WINDOW):
            seen.claim(identifier(number))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 200 * WINDOW
    for number in (2 * WINDOW, 2 * WINDOW + 1, 3 * WINDOW - 1):
        with pytest.raises(AlreadyUsed):
            seen.claim(identifier(number))


def test_what_is_older_than_the_window_is_forgotten():
    seen = Seen()
    for number in range(WINDOW + 1):
        seen.claim(identifier(number))
    seen.claim(identifier(0))
    with pytest.raises(AlreadyUsed):
        seen.claim(identifier(2))
