"""Certificates of epochs: the word of every device, over exactly these shares, or nothing."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.errors import AuthorizationRefused, InputRefused, WarifuError
from warifu.protocol.chains import SCHEMES
from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import (
    AT_BIRTH,
    EpochCertificate,
    EpochKey,
    EpochStatement,
    certify,
    check_certificate,
    epoch_at,
    position,
    sign_kept,
    statement_in,
)
from warifu.protocol.frames import MAX_CERTIFICATE_BYTES
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import MAX_EPOCH, MAX_SIGNERS

WALLET = bytes(range(32))


def keys(n: int) -> list[IdentityKey]:
    return sorted((IdentityKey.generate() for _ in range(n)), key=lambda key: key.public)


def statement(n: int, schemes=SCHEMES, epoch: int = 1, wallet: bytes = WALLET) -> bytes:
    points = {"bip340": 33, "ecdsa": 33, "ed25519": 32}
    shares = tuple(
        EpochKey(scheme, tuple(bytes([number]) * points[scheme] for number in range(n))) for scheme in schemes
    )
    return encode(EpochStatement(wallet, bytes(32), epoch, shares, bytes(32)))


def signed(devices: list[IdentityKey], said: bytes) -> bytes:
    return certify(said, [sign_kept(device, said) for device in devices])


def check(devices: list[IdentityKey], certificate: bytes, wallet: bytes = WALLET, schemes=SCHEMES):
    return check_certificate(certificate, wallet, [device.public for device in devices], schemes)


@pytest.mark.parametrize("n", [2, 3, MAX_SIGNERS])
def test_the_largest_wallet_fits_and_all_devices_certify_it(n):
    devices = keys(n)
    said = statement(n, epoch=MAX_EPOCH)
    certificate = signed(devices, said)
    assert len(certificate) <= MAX_CERTIFICATE_BYTES
    assert check(devices, certificate).epoch == MAX_EPOCH
    assert statement_in(certificate) == said


@pytest.mark.parametrize("missing", range(3))
def test_the_word_of_each_device_is_needed(missing):
    devices = keys(3)
    said = statement(3)
    words = [sign_kept(device, said) for device in devices]
    stranger = list(words)
    stranger[missing] = sign_kept(IdentityKey.generate(), said)
    twice = list(words)
    twice[missing] = words[missing - 1]
    for wrong in (stranger, twice, words[:missing] + words[missing + 1 :], [*words, words[missing]]):
        with pytest.raises(AuthorizationRefused):
            check(devices, certify(said, wrong))


@pytest.mark.parametrize(
    ("said", "schemes"),
    [
        (statement(3, wallet=bytes(32)), SCHEMES),
        (statement(2), SCHEMES),
        (statement(4), SCHEMES),
        (statement(3, SCHEMES[:2]), SCHEMES),
        (statement(3), SCHEMES[:2]),
        (statement(3, ("ed25519", "bip340", "ecdsa")), SCHEMES),
    ],
    ids=["another wallet", "a share less", "a share more", "a key less", "a key more", "another order"],
)
def test_even_signed_by_all_it_must_be_of_this_wallets_keys_and_devices(said, schemes):
    devices = keys(3)
    with pytest.raises(InputRefused):
        check(devices, signed(devices, said), schemes=schemes)


def test_a_word_is_for_one_statement_and_nothing_else():
    device = keys(1)[0]
    words = {sign_kept(device, statement(3, epoch=epoch)) for epoch in (1, 2)}
    assert len(words) == 2
    assert device.sign("birth", statement(3)) not in words


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_no_altered_bit_certifies_anything(place, bit):
    altered = bytearray(CERTIFICATE)
    altered[place % len(altered)] ^= 1 << bit
    with pytest.raises(WarifuError):
        check(DEVICES, bytes(altered))


DEVICES = keys(3)
CERTIFICATE = signed(DEVICES, statement(3))


@given(data=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_noise_is_refused_with_one_kind_of_error(data):
    with pytest.raises(WarifuError):
        check(DEVICES, data)


def test_a_later_epoch_stands_above_every_attempt_at_an_earlier_one():
    places = [AT_BIRTH] + [
        place
        for epoch in (1, 2, 255, 256, MAX_EPOCH)
        for place in sorted(position(statement(n, epoch=epoch)) for n in (2, 3, 4))
    ]
    assert all(lower < greater for lower, greater in pairwise(places))
    assert [epoch_at(place) for place in places[::3]] == [0, 1, 2, 255, 256, MAX_EPOCH]


def test_what_is_too_long_is_not_read():
    certificate = decode(EpochCertificate, CERTIFICATE, MAX_CERTIFICATE_BYTES)
    long = msgspec.structs.replace(certificate, statement=bytes(MAX_CERTIFICATE_BYTES))
    with pytest.raises(InputRefused):
        check(DEVICES, encode(long))
