"""Device and owner see the same nine digits exactly when nobody stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import PeerMisbehaved
from warifu.protocol.enrolment import authentication_string, commitment, new_nonce, open_commitment

pytestmark = pytest.mark.unit

NAME, IDENTITY, CREDENTIAL = "pi", bytes([1]) * 32, bytes([2]) * 32
DEVICE_NONCE, CLIENT_NONCE = bytes([3]) * 32, bytes([4]) * 32


def test_both_ends_show_the_same_nine_digits() -> None:
    digits = authentication_string(NAME, IDENTITY, DEVICE_NONCE, CREDENTIAL, CLIENT_NONCE)
    assert digits == authentication_string(NAME, IDENTITY, DEVICE_NONCE, CREDENTIAL, CLIENT_NONCE)
    assert len(digits.replace(" ", "")) == 9


@given(st.integers(0, 4), st.binary(min_size=32, max_size=32))
def test_any_other_key_nonce_or_name_shows_other_digits(which: int, other: bytes) -> None:
    honest: list[bytes] = [NAME.encode(), IDENTITY, DEVICE_NONCE, CREDENTIAL, CLIENT_NONCE]
    attacked = [*honest[:which], other, *honest[which + 1 :]]
    if attacked == honest:
        return
    shown = [authentication_string(v[0].hex(), v[1], v[2], v[3], v[4]) for v in (honest, attacked)]
    assert shown[0] != shown[1]


def test_the_commitment_opens_to_what_was_committed() -> None:
    open_commitment(commitment(NAME, IDENTITY, DEVICE_NONCE), NAME, IDENTITY, DEVICE_NONCE)


@pytest.mark.parametrize(
    ("name", "identity", "nonce"),
    [("pj", IDENTITY, DEVICE_NONCE), (NAME, CREDENTIAL, DEVICE_NONCE), (NAME, IDENTITY, CLIENT_NONCE)],
    ids=["name", "identity", "nonce"],
)
def test_a_service_cannot_open_it_to_another_key_after_seeing_the_clients_nonce(
    name: str, identity: bytes, nonce: bytes
) -> None:
    with pytest.raises(PeerMisbehaved):
        open_commitment(commitment(NAME, IDENTITY, DEVICE_NONCE), name, identity, nonce)


def test_nonces_are_fresh() -> None:
    assert new_nonce() != new_nonce()
