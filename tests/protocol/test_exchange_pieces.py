"""An answer in pieces, carried by somebody who would rather have it otherwise."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.errors import AuthorizationRefused, InputRefused, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import (
    AnswerKey,
    ExchangeAnswer,
    SealedAnswer,
    Told,
    ToldAfterPieces,
    seal_signed,
    seal_told,
)
from warifu.protocol.exchange_pieces import MAX_PIECE, Piece, Pieces, Together, seal_piece
from warifu.protocol.identity import IdentityKey

pytestmark = pytest.mark.unit

CARRIER, SERVICE = IdentityKey(bytes([1]) * 32), IdentityKey(bytes([2]) * 32)
NAMED, OTHER = bytes([7]) * 32, bytes([8]) * 32
CONTENTS = (b"one", b"two", b"x" * MAX_PIECE)
TOLD = Told(NAMED, "done", "", 0, ExchangeAnswer(200, (), b"the end"))
READER = AnswerKey()


def piece(
    number: int, content: bytes, request: bytes = NAMED, carrier: IdentityKey = CARRIER
) -> SealedAnswer:
    return seal_piece(Piece(request, number, content), READER.public, carrier)


def ending(contents: tuple[bytes, ...] = CONTENTS, count: int | None = None) -> SealedAnswer:
    together = Together()
    for content in contents:
        together.add(content)
    told = ToldAfterPieces(TOLD, together.count if count is None else count, together.digest)
    return seal_told(told, READER.public, CARRIER)


HONEST = [piece(number, content) for number, content in enumerate(CONTENTS, 1)]


def read(pieces: list[SealedAnswer], end: SealedAnswer) -> tuple[bytes, Told]:
    taking = Pieces(READER, NAMED, CARRIER.public)
    return b"".join(taking.take(one) for one in pieces), taking.end(end)


def test_what_the_carrier_handed_on_is_what_the_owner_reads():
    assert read(HONEST, ending()) == (b"".join(CONTENTS), TOLD)
    assert read([], seal_told(TOLD, READER.public, CARRIER)) == (b"", TOLD)


DEEDS: dict[str, Callable[[], tuple[list[SealedAnswer], SealedAnswer]]] = {
    "the first left out": lambda: (HONEST[1:], ending()),
    "one in the middle left out": lambda: ([HONEST[0], HONEST[2]], ending()),
    "the last left out": lambda: (HONEST[:2], ending()),
    "all left out": lambda: ([], ending()),
    "two swapped": lambda: ([HONEST[1], HONEST[0], HONEST[2]], ending()),
    "one repeated": lambda: ([HONEST[0], HONEST[0], HONEST[1], HONEST[2]], ending()),
    "one more": lambda: ([*HONEST, piece(4, b"more")], ending()),
    "one by another device": lambda: ([piece(1, b"one", carrier=SERVICE), *HONEST[1:]], ending()),
    "one of another call": lambda: ([piece(1, b"one", request=OTHER), *HONEST[1:]], ending()),
    "another one with its number": lambda: ([HONEST[0], piece(2, b"TWO"), HONEST[2]], ending()),
    "said to be whole": lambda: (HONEST[:2], seal_told(TOLD, READER.public, CARRIER)),
    "another number in the end": lambda: (HONEST, ending(count=2)),
    "other contents in the end": lambda: (HONEST, ending((*CONTENTS[:2], b"y" * MAX_PIECE))),
    "a piece for the end": lambda: (HONEST, piece(4, b"the end")),
    "the end for a piece": lambda: ([ending(), *HONEST[1:]], ending()),
    "one for another reader": lambda: (
        [seal_piece(Piece(NAMED, 1, b"one"), AnswerKey().public, CARRIER), *HONEST[1:]],
        ending(),
    ),
    "one whose words are of another call": lambda: (
        [seal_signed("exchange-piece", encode(Piece(OTHER, 1, b"one")), NAMED, READER.public, CARRIER)],
        ending(),
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_left_out_moved_repeated_or_brought_from_elsewhere(deed: str):
    pieces, end = DEEDS[deed]()
    with pytest.raises((InputRefused, AuthorizationRefused)) as caught:
        read(pieces, end)
    assert caught.value.code in ("input.answer-pieces", "input.exchange-answer", "authorization.signature")


@given(st.integers(0, 2), st.integers(0, 200), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_no_byte_is_changed(number: int, place: int, mask: int):
    sealed = HONEST[number]
    data = bytearray(sealed.ciphertext)
    data[place % len(data)] ^= mask
    pieces = list(HONEST)
    pieces[number] = msgspec.structs.replace(sealed, ciphertext=bytes(data))
    with pytest.raises(WarifuError):
        read(pieces, ending())


def test_the_end_of_an_answer_in_pieces_is_not_taken_for_a_whole_one():
    with pytest.raises(InputRefused):
        READER.open(ending(), NAMED, CARRIER.public)
    foreign = ToldAfterPieces(msgspec.structs.replace(TOLD, request=OTHER), 3, bytes(32))
    sealed = seal_signed("exchange-answer", encode(foreign), NAMED, READER.public, CARRIER)
    with pytest.raises(InputRefused):
        READER.open_any(sealed, NAMED, CARRIER.public)
