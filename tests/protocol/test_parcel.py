"""A parcel opens once, on one device, for one request, and nothing else opens as one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.test_envelope import NOW, statement

from warifu.errors import InputRefused, PassphraseRefused
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import EnvelopeSecret, seal
from warifu.protocol.parcel import MAX_PARCEL_CONTENT, Parcel, open_parcel, parcel_digest, seal_parcel

pytestmark = pytest.mark.unit

REQUEST = bytes([7]) * 32


@settings(max_examples=30, deadline=None)
@given(content=st.binary(min_size=1, max_size=5000))
def test_what_was_sealed_comes_out_and_its_length_is_rounded_up(content: bytes) -> None:
    secret = EnvelopeSecret()
    parcel = seal_parcel(statement(secret), REQUEST, content)
    padded = len(parcel.ciphertext) - 16
    assert padded >= max(1024, len(content) + 4)
    assert padded & (padded - 1) == 0
    assert decode(Parcel, encode(parcel), 200_000) == parcel
    assert open_parcel(secret, parcel, REQUEST, NOW) == content


def test_the_longest_content_fits_and_longer_or_none_is_refused() -> None:
    secret = EnvelopeSecret()
    parcel = seal_parcel(statement(secret), REQUEST, bytes(MAX_PARCEL_CONTENT))
    assert open_parcel(secret, parcel, REQUEST, NOW) == bytes(MAX_PARCEL_CONTENT)
    for content in (b"", bytes(MAX_PARCEL_CONTENT + 1)):
        with pytest.raises(InputRefused, match="a parcel has"):
            seal_parcel(statement(EnvelopeSecret()), REQUEST, content)


def test_it_opens_once() -> None:
    secret = EnvelopeSecret()
    parcel = seal_parcel(statement(secret), REQUEST, b"content")
    open_parcel(secret, parcel, REQUEST, NOW)
    with pytest.raises(PassphraseRefused, match="used before"):
        open_parcel(secret, parcel, REQUEST, NOW)


def test_it_opens_for_no_other_request_and_not_when_it_is_late_or_altered() -> None:
    for change in ("request", "time", "ciphertext", "identity"):
        secret = EnvelopeSecret()
        parcel = seal_parcel(statement(secret), REQUEST, b"content")
        request, now = REQUEST, NOW
        if change == "request":
            request = bytes(32)
        elif change == "time":
            now = parcel.expires + 1
        elif change == "ciphertext":
            altered = bytes([parcel.ciphertext[0] ^ 1]) + parcel.ciphertext[1:]
            parcel = Parcel(parcel.identity, parcel.public, parcel.expires, parcel.encapsulated, altered)
        else:
            parcel = Parcel(bytes(32), parcel.public, parcel.expires, parcel.encapsulated, parcel.ciphertext)
        with pytest.raises(PassphraseRefused):
            open_parcel(secret, parcel, request, now)


def test_an_envelope_does_not_open_as_a_parcel() -> None:
    secret = EnvelopeSecret()
    envelope = seal(statement(secret), REQUEST, b"passphrase")
    parcel = Parcel(
        envelope.identity,
        envelope.public,
        envelope.expires,
        envelope.encapsulated,
        envelope.ciphertext + bytes(1024 - len(envelope.ciphertext) + 16),
    )
    with pytest.raises(PassphraseRefused):
        open_parcel(secret, parcel, REQUEST, NOW)


def test_each_parcel_has_its_own_name() -> None:
    secret = EnvelopeSecret()
    one, two = (seal_parcel(statement(secret), REQUEST, b"content") for _ in range(2))
    assert parcel_digest(one) != parcel_digest(two)
