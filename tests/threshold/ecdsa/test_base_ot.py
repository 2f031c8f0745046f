"""Base transfers: the receiver gets the key it chose, nobody gets another, and bent messages are refused."""

from __future__ import annotations

import os

import numpy as np
import pytest

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.ecdsa import base_ot
from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES, POINT_BYTES, BaseOtReceiver, BaseOtSender
from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.bits import Bytes
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

SENDER, RECEIVER = 4, 7
LINK = Link(bytes(range(32)), SENDER, RECEIVER)
PAIR = 2 * POINT_BYTES


def unbent(message: bytes) -> bytes:
    return message


def transfer(sender_link=LINK, receiver_link=LINK, bend=unbent) -> tuple[Bytes, Bytes, Bytes]:
    sender, receiver = BaseOtSender(sender_link), BaseOtReceiver(receiver_link)
    keys = sender.finish(bend(receiver.message))
    return keys, receiver.choices, receiver.finish(sender.message)


def chosen(keys, choices) -> Bytes:
    return np.array([keys[bit, index] for index, bit in enumerate(choices)])


def refused(message: bytes) -> InvalidContribution:
    sender = BaseOtSender(LINK)
    with pytest.raises(InvalidContribution) as caught:
        sender.finish(message)
    with pytest.raises(AlreadyUsed):  # not even the honest message is answered after that
        sender.finish(BaseOtReceiver(LINK).message)
    return caught.value


def test_the_receiver_gets_the_chosen_keys_and_no_other():
    keys, choices, received = transfer()
    assert np.array_equal(chosen(keys, choices), received)
    assert not (chosen(keys, 1 - choices) == received).all(axis=1).any()
    assert len({key.tobytes() for key in keys.reshape(-1, KEY_BYTES)}) == 2 * COUNT


def test_choices_and_secrets_are_fresh():
    first, second = BaseOtReceiver(LINK), BaseOtReceiver(LINK)
    assert not np.array_equal(first.choices, second.choices)
    assert first.message != second.message
    assert BaseOtSender(LINK).message != BaseOtSender(LINK).message
    assert 20 < first.choices.sum() < 108  # both occur: outside with a probability of 2^-45


@pytest.mark.parametrize(
    "other",
    [
        Link(bytes(32), SENDER, RECEIVER),
        Link(LINK.context, SENDER + 1, RECEIVER),
        Link(LINK.context, SENDER, RECEIVER + 1),
        LINK.reverse,
    ],
    ids=["session", "sender", "receiver", "direction"],
)
def test_another_session_or_party_or_direction_gives_unrelated_keys(other):
    keys, choices, received = transfer(receiver_link=other)
    assert not (chosen(keys, choices) == received).all(axis=1).any()


def test_the_same_points_at_another_batch_index_give_other_keys(monkeypatch):
    """A receiver that sends one pair at each index learns one key, if the hash lacks the index."""
    sender, receiver = BaseOtSender(LINK), BaseOtReceiver(LINK)
    pair = base_ot._parse_pairs(receiver.message, RECEIVER)[0]
    monkeypatch.setattr(base_ot, "_parse_pairs", lambda *_: [pair] * COUNT)  # as if copies were not refused
    keys = sender.finish(receiver.message)
    assert len({key.tobytes() for key in keys.reshape(-1, KEY_BYTES)}) == 2 * COUNT


def test_both_hashes_name_everything():
    point, pair = SECP256K1.generator, b"\x02" * 33 + b"\x03" * 33
    other = SECP256K1.element_add(point, point)
    masks = {
        lib.point_serialize(base_ot._mask_point(base_ot._mask_name(link), index, bit, element.encoded))
        for link in (LINK, LINK.reverse)
        for index in (0, 1)
        for bit in (b"\x00", b"\x01")
        for element in (point, other)
    }
    assert len(masks) == 16
    keys = {
        base_ot._key(base_ot._key_name(link), index, bit, sent, each, element.encoded)
        for link in (LINK, LINK.reverse)
        for index in (0, 1)
        for bit in (b"\x00", b"\x01")
        for sent in (point.encoded, other.encoded)
        for each in (pair, pair[::-1])
        for element in (point, other)
    }
    assert len(keys) == 64


def test_a_pair_that_is_copied_to_another_index_is_refused():
    message = BaseOtReceiver(LINK).message
    error = refused(message[:PAIR] * 2 + message[2 * PAIR :])
    assert (error.index, error.what) == (RECEIVER, "base OT message")


def test_one_point_twice_in_a_pair_is_refused():
    message = BaseOtReceiver(LINK).message
    assert refused(message[:POINT_BYTES] * 2 + message[PAIR:]).index == RECEIVER


@pytest.mark.parametrize("at", [0, 1, 2 * COUNT - 1])
@pytest.mark.parametrize(
    "point",
    [bytes(POINT_BYTES), b"\x02" + bytes(32), b"\x02" + b"\xff" * 32, b"\x05" + b"\x01" * 32],
    ids=["identity", "off the curve", "not below the field", "no prefix"],
)
def test_what_is_no_point_is_refused(at, point):
    message = BaseOtReceiver(LINK).message
    at *= POINT_BYTES
    assert refused(message[:at] + point + message[at + POINT_BYTES :]).index == RECEIVER


@pytest.mark.parametrize("bend", [lambda m: m[:-1], lambda m: m + b"\0", lambda m: b"", lambda m: m + m])
def test_other_lengths_are_refused(bend):
    assert refused(bend(BaseOtReceiver(LINK).message)).index == RECEIVER


@pytest.mark.parametrize(
    "message",
    [
        b"",
        bytes(33),
        b"\x02" + b"\xff" * 32,
        SECP256K1.generator.encoded[:-1],
        SECP256K1.generator.encoded * 2,
    ],
    ids=["empty", "identity", "off the curve", "truncated", "oversized"],
)
def test_a_senders_message_that_is_no_point_is_refused(message):
    receiver = BaseOtReceiver(LINK)
    with pytest.raises(InvalidContribution) as caught:
        receiver.finish(message)
    assert caught.value.index == SENDER
    assert all(secret.wiped for secret in receiver._secrets)
    with pytest.raises(AlreadyUsed):
        receiver.finish(BaseOtSender(LINK).message)


def test_a_point_that_cancels_the_mask_is_refused():
    """r_0 = -H(r_1) makes the shared value the identity, whatever the sender's secret."""
    message = BaseOtReceiver(LINK).message
    mask = base_ot._mask_point(base_ot._mask_name(LINK), 0, b"\x00", message[POINT_BYTES:PAIR])
    cancelling = lib.point_serialize(lib.point_negate(mask))
    assert refused(cancelling + message[POINT_BYTES:]).index == RECEIVER


def test_any_changed_point_spoils_the_keys_of_its_index_alone():
    def bend(message):
        return lib.point_serialize(lib.point_from_uniform(os.urandom(64))) + message[POINT_BYTES:]

    keys, choices, received = transfer(bend=bend)
    same = (chosen(keys, choices) == received).all(axis=1)
    assert not same[0]
    assert same[1:].all()


@pytest.mark.parametrize("end", ["finish", "wipe"])
def test_both_sides_finish_once(end):
    sender, receiver = BaseOtSender(LINK), BaseOtReceiver(LINK)
    if end == "finish":
        sender.finish(receiver.message)
        receiver.finish(sender.message)
    else:
        sender.wipe()
        receiver.wipe()
        assert not receiver.choices.any()
    with pytest.raises(AlreadyUsed):
        sender.finish(receiver.message)
    with pytest.raises(AlreadyUsed):
        receiver.finish(sender.message)
