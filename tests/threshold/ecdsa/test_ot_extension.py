"""Extended transfers: right for honest parties; a cheat is caught unless it guesses, and has one try."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.transfers import base_transfers

from warifu.threshold.ecdsa import gf2
from warifu.threshold.ecdsa.base_ot import COUNT as COLUMNS
from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.bits import Bytes, random_bits
from warifu.threshold.ecdsa.ot_extension import (
    CHECK,
    ExtensionReceiver,
    ExtensionSender,
    Shape,
    _check_matrix,
    _columns,
    _hashed,
    _hashed_choices,
    _row_hashes,
)
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput

pytestmark = pytest.mark.unit

SENDER, RECEIVER = 2, 9
LINK = Link(bytes(range(32)), SENDER, RECEIVER)
FRESH = bytes(range(32, 64))
SHAPE = Shape(416, 96)
TRANSFERS = SHAPE.transfers
ROWS = TRANSFERS + CHECK
COLUMN_BYTES = ROWS // 8
U_BYTES = COLUMNS * COLUMN_BYTES
X_AT, T_AT = U_BYTES, U_BYTES + CHECK // 8


def parties(shape=SHAPE) -> tuple[ExtensionSender, ExtensionReceiver, Bytes]:
    keys, delta, chosen = base_transfers()
    choices = random_bits(shape.transfers)
    return ExtensionSender(shape, chosen, delta), ExtensionReceiver(LINK, shape, keys, choices), choices


def finished(sender: ExtensionSender, message: bytes, link=LINK, fresh=FRESH) -> tuple[Bytes, Bytes]:
    return sender.finish(link, message, fresh)


def flipped(message: bytes, bit: int) -> bytes:
    changed = bytearray(message)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def caught(sender: ExtensionSender, message: bytes) -> None:
    keys, delta = sender._state[0]
    with pytest.raises(InvalidContribution) as error:
        finished(sender, message)
    assert (error.value.index, error.value.what) == (RECEIVER, "OT extension message")
    assert not keys.any(), "a failed check leaves no key"
    assert not delta.any(), "a failed check leaves nothing of Delta"
    with pytest.raises(AlreadyUsed):
        finished(sender, message)


@pytest.mark.parametrize("shape", [SHAPE, Shape(128, 16), Shape(2048, 16)])
def test_the_receiver_gets_the_chosen_rows_and_no_other(shape):
    sender, receiver, choices = parties(shape)
    zeros, ones = finished(sender, receiver.message)
    chosen = np.where(choices[:, None], ones, zeros)
    assert np.array_equal(chosen, receiver.outputs(FRESH))
    assert len({row.tobytes() for row in (*zeros, *ones)}) == 2 * shape.transfers
    assert len(receiver.message) == shape.message_bytes


def test_what_the_sender_drew_changes_every_row():
    """The same message, keys and choices once more, as after a restored disk: no mask comes back."""
    keys, delta, chosen = base_transfers()
    receiver = ExtensionReceiver(LINK, SHAPE, keys, random_bits(TRANSFERS))
    rows = set()
    for fresh in (FRESH, bytes(32)):
        sender = ExtensionSender(SHAPE, chosen.copy(), delta.copy())
        rows |= {row.tobytes() for side in finished(sender, receiver.message, fresh=fresh) for row in side}
    assert len(rows) == 4 * TRANSFERS


def test_what_the_receiver_drew_changes_every_column():
    keys, _, _ = base_transfers()
    other = Link(bytes(32), SENDER, RECEIVER)
    columns = {column.tobytes() for link in (LINK, other) for column in _columns(link, SHAPE, keys[0])}
    assert len(columns) == 2 * COLUMNS


def test_equal_keys_at_two_indices_give_two_columns():
    """Each key is hashed with its index: a guess at one counts against that one alone."""
    assert len({column.tobytes() for column in _columns(LINK, SHAPE, np.zeros((128, 16), np.uint8))}) == 128


@pytest.mark.parametrize(
    "at",
    [0, TRANSFERS - 1, TRANSFERS, ROWS - 1, 64 * ROWS + 100, (COLUMNS - 1) * ROWS, COLUMNS * ROWS - 1],
    ids=["first", "last used", "first padding", "last padding", "middle", "last column", "last bit"],
)
def test_a_flipped_bit_of_the_corrections_is_caught(at):
    """The flip changes the challenge, so that the old check values do not fit, whatever Delta is."""
    sender, receiver, _ = parties()
    caught(sender, flipped(receiver.message, at))


def test_flipped_bits_anywhere_are_caught():
    rng = np.random.default_rng(7)
    for at in rng.integers(0, COLUMNS * ROWS, 20):
        sender, receiver, _ = parties()
        caught(sender, flipped(receiver.message, int(at)))


@pytest.mark.parametrize("row", [0, TRANSFERS - 1, ROWS - 1])
def test_a_flipped_row_is_caught(row):
    sender, receiver, _ = parties()
    message = receiver.message
    for column in range(COLUMNS):
        message = flipped(message, column * ROWS + row)
    caught(sender, message)


@pytest.mark.parametrize("bit", [0, 63, CHECK - 1])
def test_a_wrong_hash_of_the_choices_is_caught(bit):
    sender, receiver, _ = parties()
    caught(sender, flipped(receiver.message, 8 * X_AT + bit))


@pytest.mark.parametrize("bit", [0, 5 * COLUMNS + 77, CHECK * COLUMNS - 1])
def test_a_wrong_hash_of_the_rows_is_caught(bit):
    sender, receiver, _ = parties()
    caught(sender, flipped(receiver.message, 8 * T_AT + bit))


def cheating_message(keys, choices, column: int, guess: int) -> bytes:
    """Another choice in one column, and check values that are right if Delta has ``guess`` there."""
    packed = np.packbits(np.concatenate([choices, random_bits(CHECK)]))
    zeros, ones = (_columns(LINK, SHAPE, side) for side in keys)
    corrections = zeros ^ ones ^ packed
    error = np.zeros(ROWS, np.uint8)
    error[3] = 1
    corrections[column] ^= np.packbits(error)
    if guess:
        zeros[column] ^= np.packbits(error)
    encoded = corrections.tobytes()
    matrix = _check_matrix(LINK, SHAPE, encoded)
    checked = _hashed_choices(matrix, packed), _hashed(matrix, gf2.transposed(zeros))
    return encoded + b"".join(each.tobytes() for each in checked)


@pytest.mark.parametrize("actual", [0, 1])
@pytest.mark.parametrize("guess", [0, 1])
def test_a_guessed_bit_of_delta_passes_where_right_and_is_caught_where_wrong(guess, actual):
    """What the check cannot forbid: one bit of Delta for one chance in two. Hence transfers for one signature only."""
    keys, delta, _ = base_transfers()
    delta[5] = actual
    sender = ExtensionSender(SHAPE, keys[delta, np.arange(COLUMNS)], delta)
    message = cheating_message(keys, random_bits(TRANSFERS), 5, guess)
    if guess == actual:
        finished(sender, message)
    else:
        caught(sender, message)


@pytest.mark.parametrize(
    "link",
    [Link(bytes(32), SENDER, RECEIVER), Link(LINK.context, 3, RECEIVER), Link(LINK.context, SENDER, 3)],
    ids=["session", "sender", "receiver"],
)
def test_a_message_of_another_session_or_party_is_caught(link):
    sender, receiver, _ = parties()
    with pytest.raises(InvalidContribution) as error:
        finished(sender, receiver.message, link)
    assert error.value.index == link.receiver


def test_equal_rows_give_unrelated_outputs():
    outputs = _row_hashes(LINK, SHAPE, FRESH, np.zeros((TRANSFERS, COLUMNS // 8), np.uint8))
    assert len({row.tobytes() for row in outputs}) == TRANSFERS


def test_a_message_that_is_replayed_with_other_base_transfers_is_caught():
    sender, _, _ = parties()
    _, receiver, _ = parties()
    caught(sender, receiver.message)


@pytest.mark.parametrize("bend", [lambda m: b"", lambda m: m[:-1], lambda m: m + b"\0"])
def test_other_lengths_are_refused(bend):
    sender, receiver, _ = parties()
    caught(sender, bend(receiver.message))


def test_it_is_finished_once():
    sender, receiver, _ = parties()
    finished(sender, receiver.message)
    with pytest.raises(AlreadyUsed):
        finished(sender, receiver.message)
    sender, receiver, _ = parties()
    keys, delta = sender._state[0]
    (chosen,) = receiver._rows
    sender.wipe()
    receiver.wipe()
    assert not (keys.any() or delta.any() or chosen.any())
    with pytest.raises(AlreadyUsed):
        finished(sender, receiver.message)
    with pytest.raises(AlreadyUsed):
        receiver.outputs(FRESH)


def test_the_receiver_wipes_the_base_keys():
    keys, _, _ = base_transfers()
    ExtensionReceiver(LINK, SHAPE, keys, random_bits(TRANSFERS))
    assert not keys.any()


def test_other_shapes_are_refused():
    keys, delta, chosen = base_transfers()
    with pytest.raises(InvalidInput):
        ExtensionReceiver(LINK, SHAPE, keys[:, 1:], random_bits(TRANSFERS))
    with pytest.raises(InvalidInput):
        ExtensionReceiver(LINK, SHAPE, keys, random_bits(TRANSFERS + 8))
    with pytest.raises(InvalidInput):
        ExtensionSender(SHAPE, chosen[1:], delta)
    with pytest.raises(InvalidInput):
        ExtensionSender(SHAPE, chosen, delta[1:])
