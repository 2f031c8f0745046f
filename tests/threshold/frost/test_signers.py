"""Who may sign together: every rule of BIP 445's ``ValidateSignersCtx``, at its edges."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.dealer import deal

from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.signers import MAX_PARTICIPANTS, Signers
from warifu.threshold.polynomial import interpolating_coefficient
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

DEALT = deal(2, 4)


def parse(**changes: Any) -> Signers:
    ids = changes.get("ids", [0, 2])
    arguments: dict[str, Any] = {
        "t": 2,
        "n": 4,
        "ids": ids,
        "pubshares": [DEALT.key.pubshares[who] for who in ids if 0 <= who < 4],
        "threshold_pubkey": DEALT.key.threshold_pubkey,
    }
    return Signers.parse(SECP256K1, **{**arguments, **changes})


def test_they_are_a_set():
    one, other = parse(ids=[3, 0, 2]), parse(ids=[0, 2, 3])
    assert one == other
    assert one.ids == (0, 2, 3)
    assert one.threshold_key.encoded == DEALT.key.threshold_pubkey
    for who in one.ids:
        assert one.pubshares[who].encoded == DEALT.key.pubshares[who]
        assert one.coefficients[who] == interpolating_coefficient(SECP256K1, [1, 3, 4], who + 1)


@pytest.mark.parametrize("ids", [[0, 1], [2, 3], [0, 1, 2, 3]])
def test_any_number_from_t_to_n(ids):
    assert parse(ids=ids).ids == tuple(ids)


@pytest.mark.parametrize(
    ("t", "n", "allowed"),
    [
        (1, 1, True),
        (1, MAX_PARTICIPANTS, True),
        (1, MAX_PARTICIPANTS + 1, False),
        (0, 1, False),
        (2, 1, False),
    ],
)
def test_the_edges_of_threshold_and_number(t, n, allowed):
    single = {"t": t, "n": n, "ids": [0], "pubshares": [DEALT.key.threshold_pubkey]}
    if allowed:
        assert parse(**single).ids == (0,)
    else:
        with pytest.raises(InvalidInput, match="threshold must be"):
            parse(**single)


@pytest.mark.parametrize("ids", [[], [0], [0, 1, 2, 3, 3]])
def test_too_few_or_too_many(ids):
    with pytest.raises(InvalidInput, match="between t and n"):
        parse(ids=ids)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_public_share_for_each(count):
    with pytest.raises(InvalidInput, match="one public share for each"):
        parse(pubshares=list(DEALT.key.pubshares[:count]))


@pytest.mark.parametrize("stranger", [-1, 4, 2**32])
def test_strangers(stranger):
    with pytest.raises(InvalidInput, match="out of range"):
        parse(ids=[0, stranger], pubshares=list(DEALT.key.pubshares[:2]))


def test_nobody_signs_twice():
    with pytest.raises(InvalidInput, match="repeated"):
        parse(ids=[1, 1])


def test_public_shares_of_somebody_else():
    with pytest.raises(InvalidInput, match="do not belong"):
        parse(pubshares=[DEALT.key.pubshares[0], DEALT.key.pubshares[3]])


def test_what_was_checked_does_not_change():
    signers = parse()
    for mapping in (signers.pubshares, signers.coefficients):
        with pytest.raises(TypeError):
            mapping[0] = None  # type: ignore[index]  # that it is refused is the point


def test_membership():
    signers = parse()
    signers.require_member(2)
    signers.require_exactly([2, 0], "share")
    for who in (1, 4, -1):
        with pytest.raises(InvalidInput):
            signers.require_member(who)
    for contributors in ([], [0], [0, 2, 3], [0, 3]):
        with pytest.raises(InvalidInput, match="exactly one share"):
            signers.require_exactly(contributors, "share")
