"""A secret does not show, does not spread, and can be destroyed."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold import wiping
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

VALUE = bytes(range(100, 132))


def test_its_value_shows_in_no_text():
    secret = Secret(VALUE)
    for text in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert text.strip("[]") == "Secret(<32 bytes>)"


@pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy, hash])
def test_it_does_not_spread(spread):
    with pytest.raises(TypeError):
        spread(Secret(VALUE))


def test_wiping_overwrites_the_buffer_and_ends_its_use():
    secret = Secret(VALUE)
    buffer = secret.buffer
    secret.wipe()
    assert bytes(buffer) == bytes(32)
    assert secret.wiped
    for use in (lambda: secret.buffer, secret.expose, secret.clone, lambda: secret == Secret(VALUE)):
        with pytest.raises(AlreadyUsed):
            use()
    secret.wipe()  # twice is harmless


def test_the_end_of_a_block_wipes_also_after_an_exception():
    secret = Secret(VALUE)
    buffer = secret.buffer
    with pytest.raises(RuntimeError), secret:
        raise RuntimeError
    assert bytes(buffer) == bytes(32)


def test_collection_wipes():
    secret = Secret(VALUE)
    buffer = secret.buffer
    del secret
    assert bytes(buffer) == bytes(32)


def test_a_process_can_give_secrets_a_memory_of_its_own(monkeypatch):
    monkeypatch.setattr(wiping, "_take", wiping._take)  # put back afterwards
    memory = bytearray(64)
    places = iter((0, 32))

    def take(length: int) -> memoryview:
        start = next(places)
        return memoryview(memory)[start : start + length]

    wiping.keep_secrets_in(take)
    secret = Secret(VALUE)
    clone = secret.clone()
    assert bytes(memory) == VALUE + VALUE
    secret.wipe()
    assert bytes(memory) == bytes(32) + VALUE
    assert clone.expose() == VALUE
    del clone
    assert bytes(memory) == bytes(64)


def test_a_clone_lives_on_its_own():
    secret = Secret(VALUE)
    clone = secret.clone()
    secret.wipe()
    assert clone.expose() == VALUE


def test_it_does_not_alias_what_it_was_made_from():
    original = bytearray(VALUE)
    secret = Secret(original)
    original[0] ^= 1
    assert secret.expose() == VALUE


@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
def test_equality_is_that_of_the_values(a, b):
    assert (Secret(a) == Secret(b)) is (a == b)
    assert len(Secret(a)) == len(a)


def test_it_equals_nothing_but_a_secret():
    assert Secret(VALUE) != VALUE


def test_it_is_never_empty():
    with pytest.raises(InvalidInput):
        Secret(b"")
