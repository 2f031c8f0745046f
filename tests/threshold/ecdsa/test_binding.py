"""Nothing that is hashed for one place fits another: every name is in every hash, with its length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from tests.support.dealer import deal

from warifu.threshold.ecdsa.binding import Link, digest, session_context
from warifu.threshold.errors import InvalidInput
from warifu.threshold.secp256k1 import SECP256K1

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
    dealt, other = deal(2, 3), deal(2, 3)
    signers = dealt.key.signers(SECP256K1, [0, 1])
    tweak = bytes(31) + b"\1"
    yield session_context(signers, [], SESSION)
    yield session_context(other.key.signers(SECP256K1, [0, 1]), [], SESSION)
    yield session_context(dealt.key.signers(SECP256K1, [0, 2]), [], SESSION)
    yield session_context(dealt.key.signers(SECP256K1, [0, 1, 2]), [], SESSION)
    yield session_context(signers, [tweak], SESSION)
    yield session_context(signers, [tweak, tweak], SESSION)
    yield session_context(signers, [], SESSION + b"\0")
    yield session_context(signers, [], SESSION + tweak)


def test_a_context_names_key_signers_path_and_session():
    assert all(a != b for a, b in combinations(contexts(), 2))


def test_the_order_in_which_signers_are_listed_changes_nothing():
    key = deal(2, 3).key
    one, other = (session_context(key.signers(SECP256K1, ids), [], SESSION) for ids in ([0, 2], [2, 0]))
    assert one == other


@pytest.mark.parametrize("session_id", [b"", bytes(15), b"\1" * 15, b"\1" * 65, bytes(16), bytes(64)])
def test_short_long_and_all_zero_session_identifiers_are_refused(session_id):
    with pytest.raises(InvalidInput):
        session_context(deal(2, 2).key.signers(SECP256K1, [0, 1]), [], session_id)
