"""What an exchange answered reaches the owner alone, and by nobody's word but the carrier's."""

from __future__ import annotations

import msgspec
import pytest

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.exchange_answers import (
    MAX_ANSWER_BYTES,
    AnswerKey,
    ExchangeAnswer,
    SealedAnswer,
    Told,
    seal_told,
)
from warifu.protocol.identity import IdentityKey

pytestmark = pytest.mark.unit

CARRIER, OTHER = IdentityKey(bytes([1]) * 32), IdentityKey(bytes([2]) * 32)
REQUEST = bytes([3]) * 32
TOLD = Told(REQUEST, "done", "", 0, ExchangeAnswer(200, (("content-type", "application/json"),), b"{}"))


def test_the_owner_reads_what_the_carrier_tells() -> None:
    key = AnswerKey()
    assert key.open(seal_told(TOLD, key.public, CARRIER), REQUEST, CARRIER.public) == TOLD


def test_the_longest_answer_fits() -> None:
    key = AnswerKey()
    headers = tuple((f"h{number}", "v" * 80) for number in range(100))
    told = msgspec.structs.replace(TOLD, answer=ExchangeAnswer(200, headers, bytes(MAX_ANSWER_BYTES)))
    assert key.open(seal_told(told, key.public, CARRIER), REQUEST, CARRIER.public) == told


def test_whoever_knows_the_readers_key_cannot_answer_in_the_carriers_place() -> None:
    key = AnswerKey()
    forged = seal_told(TOLD, key.public, OTHER)
    with pytest.raises(InputRefused, match="does not open"):
        key.open(forged, REQUEST, CARRIER.public)
    # Sealed as if for the carrier, by somebody who has not its key.
    impostor = IdentityKey(bytes([2]) * 32)
    impostor.public = CARRIER.public
    with pytest.raises(AuthorizationRefused):
        key.open(seal_told(TOLD, key.public, impostor), REQUEST, CARRIER.public)


def test_it_opens_for_no_other_request_and_not_altered_and_for_nobody_else() -> None:
    key = AnswerKey()
    sealed = seal_told(TOLD, key.public, CARRIER)
    with pytest.raises(InputRefused):
        key.open(sealed, bytes(32), CARRIER.public)
    with pytest.raises(InputRefused):
        AnswerKey().open(sealed, REQUEST, CARRIER.public)
    for place in range(0, len(sealed.ciphertext), 17):
        altered = bytearray(sealed.ciphertext)
        altered[place] ^= 1
        with pytest.raises(InputRefused):
            key.open(SealedAnswer(sealed.encapsulated, bytes(altered)), REQUEST, CARRIER.public)


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(InputRefused):
        seal_told(TOLD, bytes(32), CARRIER)
