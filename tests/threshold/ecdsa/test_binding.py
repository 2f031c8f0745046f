"""Nothing that is hashed for one place fits another: every name is in every hash, with its length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from tests.support.dealer import deal

from warifu.threshold.ecdsa import binding
from warifu.threshold.ecdsa.binding import Link, digest, integer, session_context
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.errors import InvalidInput

pytestmark = pytest.mark.unit

SESSION = bytes(range(16))


def test_parts_do_not_run_into_each_other():
    lists = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc"), (b"ab\0c",), ()]
    digests = {digest("purpose", *parts) for parts in lists}
    assert len(digests) == len(lists)
    assert digest("ab", b"c") != digest("a", b"bc")


def test_a_link_names_session_sender_receiver_and_purpose():
    base = Link(bytes(32), 1, 2)
    others = [Link(b"\1" + bytes(31), 1, 2), Link(bytes(32), 3, 2), Link(bytes(32), 1, 3), base.reverse]
    digests = {link.digest("purpose", b"x") for link in (base, *others)} | {base.digest("other", b"x")}
    assert len(digests) == 6


def contexts() -> Iterator[bytes]:
    key, other = deal(2, 3).key, deal(2, 3).key
    tweak = bytes(31) + b"\1"
    yield session_context(key, [0, 1], [], SESSION)
    yield session_context(other, [0, 1], [], SESSION)
    yield session_context(replace(key, t=3), [0, 1], [], SESSION)
    yield session_context(replace(key, n=2, pubshares=key.pubshares[:2]), [0, 1], [], SESSION)
    yield session_context(
        replace(key, pubshares=(*key.pubshares[:2], other.pubshares[2])), [0, 1], [], SESSION
    )
    yield session_context(key, [0, 2], [], SESSION)
    yield session_context(key, [0, 1, 2], [], SESSION)
    yield session_context(key, [0, 1], [tweak], SESSION)
    yield session_context(key, [0, 1], [tweak, tweak], SESSION)
    yield session_context(key, [0, 1], [], SESSION + b"\0")
    yield session_context(key, [0, 1], [], SESSION + tweak)
    yield session_context(key, [0], [bytes(3) + b"\1"], SESSION)


def test_a_context_names_key_signers_path_and_session():
    """t, n and every public share are of the key, those of participants who do not sign with it."""
    assert all(a != b for a, b in combinations(contexts(), 2))


def test_the_order_in_which_signers_are_listed_changes_nothing():
    key = deal(2, 3).key
    one, other = (Task.create(key, ids, [], SESSION).context for ids in ([0, 2], [2, 0]))
    assert one == other


def test_the_protocols_version_is_in_every_hash(monkeypatch):
    link = Link(bytes(32), 1, 2)
    before = digest("purpose", b"x"), link.digest("purpose", b"x")
    monkeypatch.setattr(binding, "PROTOCOL", b"Warifu DKLs23 v0")
    binding._begun.cache_clear()
    after = digest("purpose", b"x"), link.digest("purpose", b"x")
    binding._begun.cache_clear()
    assert not set(before) & set(after)


def test_an_integer_has_one_length():
    assert integer(1) == b"\0\0\0\1"
    assert integer(2**32 - 1) == b"\xff" * 4


@pytest.mark.parametrize("session_id", [b"", bytes(15), b"\1" * 15, b"\1" * 65, bytes(16), bytes(64)])
def test_short_long_and_all_zero_session_identifiers_are_refused(session_id):
    with pytest.raises(InvalidInput):
        session_context(deal(2, 2).key, [0, 1], [], session_id)
