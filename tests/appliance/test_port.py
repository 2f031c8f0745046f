"""What is said on the port before the signer's frames: one fixed form, and to the guest the host is hostile."""

from __future__ import annotations

import pytest

from warifu.agent.appliance.port import BEGIN_BYTES, Begin, Purpose
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def begin() -> Begin:
    return Begin(Purpose.SET_UP, bytearray(b"u" * 32), bytearray(b"l" * 32), b"\x04" + b"p" * 64)


def test_it_reads_back_and_both_sides_can_wipe_it():
    packed = begin().packed()
    back = Begin.unpacked(bytearray(packed))
    assert (back.purpose, bytes(back.unlock_key), bytes(back.lockout_secret), back.update_key) == (
        Purpose.SET_UP,
        b"u" * 32,
        b"l" * 32,
        b"\x04" + b"p" * 64,
    )
    back.wipe()
    assert not any(back.unlock_key + back.lockout_secret)


def test_reading_it_leaves_nothing_in_the_buffer():
    packed = begin().packed()
    Begin.unpacked(packed)
    assert not any(packed)


def test_no_secret_shows_in_a_representation():
    shown = repr(begin())
    assert "uuuu" not in shown
    assert "llll" not in shown


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[:-1],
        lambda packed: packed + b"\x00",
        lambda packed: b"\x00" + packed[1:],
        lambda packed: packed.replace(b"appliance/1", b"appliance/2"),
        lambda packed: packed.replace(b"1\n\x01", b"1\n\x03"),
        lambda packed: bytes(BEGIN_BYTES),
        lambda packed: b"",
    ],
    ids=["short", "long", "mark", "version", "purpose", "zeros", "nothing"],
)
def test_anything_else_is_refused_and_wiped(spoil):
    received = bytearray(spoil(bytes(begin().packed())))
    with pytest.raises(InputRefused):
        Begin.unpacked(received)
    assert not any(received)


@pytest.mark.parametrize("lengths", [(31, 32, 65), (32, 33, 65), (32, 32, 64)])
def test_a_key_of_a_wrong_length_is_not_sent(lengths):
    unlock, lockout, update = lengths
    with pytest.raises(InputRefused):
        Begin(Purpose.SET_UP, bytearray(unlock), bytearray(lockout), bytes(update)).packed()


def test_two_wrong_lengths_do_not_make_a_right_one():
    """A key that is one byte short must not borrow the first byte of the next."""
    with pytest.raises(InputRefused):
        Begin(Purpose.SET_UP, bytearray(32), bytearray(31), bytes(66)).packed()
