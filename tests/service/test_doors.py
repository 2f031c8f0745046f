"""What comes through the doors as bytes: whatever it is, it is read or it is refused, in our own words."""

import time
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.utils import random

from warifu.errors import AuthorizationRefused, InputRefused, TransactionRefused, WarifuError
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import Envelope
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Outflow, TransferRequest
from warifu.service.doors import (
    body_digest,
    check_unsigned,
    read_authorized,
    transfer_request,
    wallet_request,
)
from warifu.service.roads.bitcoin import BitcoinRoad

pytestmark = pytest.mark.unit

OWNER = IdentityKey.generate()
NOW = int(time.time())
REQUEST = TransferRequest(
    random(16),
    random(32),
    "bitcoin",
    (Outflow("payment", "", "1000", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"),),
    "500",
    random(32),
    None,
    NOW,
    NOW + 3600,
)
ROAD = BitcoinRoad(cast("Any", None), 6)
"""Reading asks no wallet and no backend."""
ENVELOPES = [Envelope(random(32), random(32), NOW + 600, random(32), random(272)) for _ in range(2)]
ENCODED = tuple(map(encode, ENVELOPES))
AUTHORIZATION = encode(authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES))


def test_an_honest_one_is_read_with_its_devices_in_order():
    for envelopes in (ENCODED, ENCODED[::-1]):
        found = read_authorized(AUTHORIZATION, envelopes)
        assert transfer_request(found) == REQUEST
        assert found.participants == tuple(sorted(envelope.identity for envelope in ENVELOPES))
        with pytest.raises(InputRefused):
            wallet_request(found)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(AUTHORIZATION) - 1), st.integers(1, 255))
def test_one_altered_byte_is_noticed(at: int, change: int):
    altered = AUTHORIZATION[:at] + bytes([AUTHORIZATION[at] ^ change]) + AUTHORIZATION[at + 1 :]
    with pytest.raises((InputRefused, AuthorizationRefused)):
        read_authorized(altered, ENCODED)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1), st.integers(0, len(ENCODED[0]) - 1), st.integers(1, 255))
def test_one_altered_byte_of_an_envelope_is_noticed(which: int, at: int, change: int):
    envelopes = list(ENCODED)
    bent = envelopes[which]
    envelopes[which] = bent[:at] + bytes([bent[at] ^ change]) + bent[at + 1 :]
    with pytest.raises((InputRefused, AuthorizationRefused)):
        read_authorized(AUTHORIZATION, tuple(envelopes))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000))
def test_noise_is_refused(noise: bytes):
    with pytest.raises(InputRefused):
        read_authorized(noise, ENCODED)
    with pytest.raises(WarifuError):
        check_unsigned(ROAD, "savings", noise, REQUEST)
    with pytest.raises((InputRefused, TransactionRefused)):
        check_unsigned(ROAD, "savings", b"psbt\xff" + noise, REQUEST)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(ENCODED), max_size=4))
def test_only_the_authorized_envelopes_and_each_once(envelopes: list[bytes]):
    if sorted(envelopes) == sorted(ENCODED):
        read_authorized(AUTHORIZATION, envelopes)
        return
    with pytest.raises((InputRefused, AuthorizationRefused)):
        read_authorized(AUTHORIZATION, envelopes)


def test_bodies_that_differ_have_other_digests():
    bodies = {
        body_digest(b"a", [b"b", b"c"], b"p"),
        body_digest(b"a", [b"bc"], b"p"),
        body_digest(b"a", [b"c", b"b"], b"p"),
        body_digest(b"a", [b"b", b"c"], b"q"),
        body_digest(b"ab", [b"c"], b"p"),
        body_digest(b"a", [b"b", b"c"]),
    }
    assert len(bodies) == 6
