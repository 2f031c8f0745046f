"""Two signers multiply: shares of the products for honest ones; each transmitted value is checked."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tests.support.transfers import base_transfers

from warifu.threshold.ecdsa import limbs, vole
from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.vole import MESSAGE_BYTES, XI, VoleReceiver, VoleSender
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

ALICE, BOB = 1, 6
LINK = Link(bytes(range(32)), ALICE, BOB)
Q = SECP256K1.order
ETA_AT, MU_AT = MESSAGE_BYTES - 64, MESSAGE_BYTES - 32


FRESH = bytes(range(32, 64))


def parties() -> tuple[VoleSender, VoleReceiver]:
    keys, delta, chosen = base_transfers()
    return VoleSender(chosen, delta), VoleReceiver(LINK, keys)


def multiplied(alice: VoleSender, extension: bytes, a: vole.Pair, fresh=FRESH) -> tuple[bytes, vole.Pair]:
    return alice.multiply(LINK, extension, fresh, a)


def factors() -> vole.Pair:
    return SECP256K1.random_secret(), SECP256K1.random_secret()


def number(secret) -> int:
    return int.from_bytes(secret.expose(), "big")


def caught(bob: VoleReceiver, message: bytes) -> None:
    beta, chosen = bob._beta[0], bob._extension._rows[0]
    with pytest.raises(InvalidContribution) as error:
        bob.finish(message, FRESH)
    assert (error.value.index, error.value.what) == (ALICE, "multiplication message")
    assert not beta.any()
    assert not chosen.any()
    with pytest.raises(AlreadyUsed):
        bob.finish(message, FRESH)


def with_scalar_plus_one(message: bytes, at: int) -> bytes:
    changed = (int.from_bytes(message[at : at + 32], "big") + 1) % Q
    return message[:at] + changed.to_bytes(32, "big") + message[at + 32 :]


def test_the_shares_add_up_to_the_products():
    for _ in range(5):
        alice, bob = parties()
        a = factors()
        message, c = multiplied(alice, bob.message, a)
        d = bob.finish(message, FRESH)
        for one, other, factor in zip(c, d, a, strict=True):
            assert (number(one) + number(other)) % Q == number(factor) * number(bob.factor) % Q
        assert len(message) == MESSAGE_BYTES


@pytest.mark.parametrize("edge", [1, 2, Q - 1, Q - 2])
def test_the_edges_of_the_field_multiply(edge):
    alice, bob = parties()
    first, second = (SECP256K1.secret_from_bytes(value.to_bytes(32, "big")) for value in (edge, Q - edge))
    a = (first, second)
    message, c = multiplied(alice, bob.message, a)
    d = bob.finish(message, FRESH)
    for one, other, factor in zip(c, d, a, strict=True):
        assert (number(one) + number(other)) % Q == number(factor) * number(bob.factor) % Q


def test_everything_is_fresh():
    a = factors()
    runs = [(multiplied(alice, bob.message, a), bob) for alice, bob in (parties(), parties())]
    assert runs[0][0][0] != runs[1][0][0]
    assert runs[0][1].factor != runs[1][1].factor


@pytest.mark.parametrize("column", [0, 1, 2], ids=["a_1", "a_2", "blinding"])
@pytest.mark.parametrize("row", [0, 200, XI - 1])
def test_a_changed_correction_is_caught(column, row):
    """The challenge hangs on the corrections: the old eta and mu do not fit, whatever the bit is."""
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    caught(bob, with_scalar_plus_one(message, 32 * (column * XI + row)))


def test_a_changed_eta_is_caught():
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    caught(bob, with_scalar_plus_one(message, ETA_AT))


@pytest.mark.parametrize("at", [MU_AT, MESSAGE_BYTES - 1])
def test_a_changed_check_value_is_caught(at):
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    caught(bob, message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :])


@pytest.mark.parametrize("actual", [0, 1])
@pytest.mark.parametrize("guess", [0, 1])
def test_another_factor_at_one_index_passes_only_with_a_right_guess_of_the_bit(monkeypatch, guess, actual):
    """What the check cannot forbid: one bit of beta for one chance in two. Hence 2 * lambda_s columns to spare."""
    alice, bob = parties()
    beta = bob._beta[0]
    index = int(np.flatnonzero(beta == actual)[0])
    honest_challenge, honest_check = vole._challenge, vole._check_value
    seen = []

    def challenge(link, fresh, extension_message, corrections):
        bent = with_scalar_plus_one(corrections, 32 * index)
        seen.append((bent, honest_challenge(link, fresh, extension_message, bent)))
        return seen[0][1]

    def check_value(link, combined):
        if guess:  # where the bit is one, Bob's delta at this index is one more
            at = slice(32 * index, 32 * index + 32)
            combined[at] = ((int.from_bytes(combined[at], "big") + seen[0][1][0]) % Q).to_bytes(32, "big")
        return honest_check(link, combined)

    with monkeypatch.context() as patched:
        patched.setattr(vole, "_challenge", challenge)
        patched.setattr(vole, "_check_value", check_value)
        message, _ = multiplied(alice, bob.message, factors())
    message = seen[0][0] + message[ETA_AT:]
    if guess == actual:
        bob.finish(message, FRESH)
    else:
        caught(bob, message)


@pytest.mark.parametrize("at", [0, 32 * (3 * XI - 1), ETA_AT])
@pytest.mark.parametrize("value", [Q, (1 << 256) - 1])
def test_scalars_that_are_not_below_the_order_are_refused(at, value):
    """Whatever the check says: a scalar has one encoding."""
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    bent = message[:at] + value.to_bytes(32, "big") + message[at + 32 :]
    with pytest.raises(InvalidContribution):
        vole._parse(bent, ALICE)
    caught(bob, bent)


@pytest.mark.parametrize(
    "bend", [lambda m: b"", lambda m: m[:-1], lambda m: m + b"\0", lambda m: bytes(len(m))]
)
def test_other_lengths_and_zeros_are_refused(bend):
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    caught(bob, bend(message))


def test_a_bent_extension_is_caught_before_anything_is_multiplied():
    alice, bob = parties()
    with pytest.raises(InvalidContribution) as error:
        multiplied(alice, bytes([bob.message[0] ^ 1]) + bob.message[1:], factors())
    assert error.value.index == BOB
    with pytest.raises(AlreadyUsed):
        multiplied(alice, bob.message, factors())


def test_a_message_of_another_run_is_caught():
    alice, _ = parties()
    other_alice, other_bob = parties()
    _, bob = parties()
    message, _ = multiplied(other_alice, other_bob.message, factors())
    caught(bob, message)
    with pytest.raises(InvalidContribution):
        multiplied(alice, other_bob.message, factors())


def test_each_side_multiplies_once_and_wipes():
    alice, bob = parties()
    message, _ = multiplied(alice, bob.message, factors())
    bob.finish(message, FRESH)
    with pytest.raises(AlreadyUsed):
        multiplied(alice, bob.message, factors())
    with pytest.raises(AlreadyUsed):
        bob.finish(message, FRESH)
    alice, bob = parties()
    alice.wipe()
    bob.wipe()
    assert bob.factor.wiped
    with pytest.raises(AlreadyUsed):
        multiplied(alice, bob.message, factors())
    with pytest.raises(AlreadyUsed):
        bob.finish(os.urandom(MESSAGE_BYTES), FRESH)


def test_the_gadget_is_public_and_full():
    encoded = bytes(limbs.to_bytes(vole.gadget().astype(np.int64)))
    scalars = {encoded[at : at + 32] for at in range(0, len(encoded), 32)}
    assert len(scalars) == XI
    assert bytes(32) not in scalars
