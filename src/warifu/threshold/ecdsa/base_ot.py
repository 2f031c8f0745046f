"""128 random oblivious transfers over secp256k1 in one simultaneous round: endemic OT.

Masny and Rindal, "Endemic Oblivious Transfer" (CCS 2019, IACR eprint 2019/706), the one-round protocol from
Diffie-Hellman in the random oracle model; DKLs23 asks for no more of its base OT than "endemic" security (a cheat may
choose its own outputs, and learns nothing of the other's). For each index j of the batch:

    sender     a at random, once for the batch               A = a G
    receiver   choice c, b at random, r_(1-c) a random point  r_c = b G - H(j, c, r_(1-c))
    sender     k_i = K(j, i, A, r_0, r_1, a (r_i + H(j, i, r_(1-i))))   for i = 0, 1
    receiver   k_c = K(j, c, A, r_0, r_1, b A)

``H`` hashes onto the curve: SHAKE256 and ElligatorSwift (BIP-324), an encoding that is admissible for this
(Chavez-Saab, Rodriguez-Henriquez, Tibouchi: "SwiftEC", IACR eprint 2022/759). ``H`` and ``K`` name session, sender,
receiver and the index j within the batch. Without j, a receiver that sends the same two points at each index gets the
same key at each, and the sender's keys, which must be independent, are equal.

Trusts the channel to say who sent a message. Refuses what is no point (the identity with it) and repeated points.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.ecdsa.binding import Link, integer, named_hash
from warifu.threshold.ecdsa.bits import Bytes, random_bits, rows, swapped, wipe
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ZeroSecret
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

COUNT = 128
"""lambda_c: one transfer for each bit of the extension's secret."""
KEY_BYTES = 16
"""lambda_c bits. Each key is hashed together with its index, so that a guess counts against one key alone."""
POINT_BYTES = 33
_PAIR_BYTES = 2 * POINT_BYTES
_BITS = b"\x00", b"\x01"
SENDER_MESSAGE_BYTES = POINT_BYTES
RECEIVER_MESSAGE_BYTES = COUNT * 2 * POINT_BYTES


class BaseOtSender:
    """Gets two keys at each index, of which the receiver knows one. Finishes once."""

    def __init__(self, link: Link) -> None:
        """``link``: from the sender of these transfers to their receiver."""
        self._link = link
        self._secret = SECP256K1.random_secret()
        self.message = SECP256K1.base_mul(self._secret).encoded

    def finish(self, message: bytes) -> Bytes:
        """Both keys of all indices, shaped (2, COUNT, KEY_BYTES), for the receiver's message.

        InvalidContribution names the receiver for anything but COUNT pairs of points, all different. AlreadyUsed on
        a second call, whatever came of the first.
        """
        with _once(self._secret) as secret:
            pairs = _parse_pairs(message, self._link.receiver)
            mask_name, key_name = _mask_name(self._link), _key_name(self._link)
            keys = bytearray()
            for bit, encoded_bit in enumerate(_BITS):
                for index, pair in enumerate(pairs):
                    mask = _mask_point(mask_name, index, encoded_bit, pair[1 - bit].encoded)
                    unmasked = lib.point_add([lib.Point(pair[bit].native), mask])
                    if unmasked is None:
                        raise InvalidContribution(self._link.receiver, "base OT message")
                    encoded = pair[0].encoded + pair[1].encoded
                    keys += _key(
                        key_name, index, encoded_bit, self.message, encoded, _shared(unmasked, secret)
                    )
        return rows(keys, KEY_BYTES).reshape(2, COUNT, KEY_BYTES)

    def wipe(self) -> None:
        """Destroy what is left."""
        self._secret.wipe()


class BaseOtReceiver:
    """Chooses one key at each index. Finishes once."""

    def __init__(self, link: Link) -> None:
        """``link``: from the sender of these transfers to this receiver. Draws the choices."""
        self._link = link
        self.choices = random_bits(COUNT)
        self._secrets = [SECP256K1.random_secret() for _ in range(COUNT)]
        self._used = False
        self.message = self._pairs()

    def finish(self, message: bytes) -> Bytes:
        """The chosen keys, shaped (COUNT, KEY_BYTES), for the sender's message; errors as the sender's."""
        if self._used:
            raise AlreadyUsed("these base transfers were finished or wiped")
        self._used = True
        try:
            point = lib.Point(_parse_point(message, self._link.sender).native)
            name, keys = _key_name(self._link), bytearray()
            for index, (secret, choice) in enumerate(
                zip(self._secrets, _one_by_one(self.choices), strict=True)
            ):
                pair = self.message[_PAIR_BYTES * index : _PAIR_BYTES * (index + 1)]
                keys += _key(name, index, choice, message, pair, _shared(point, secret))
        finally:
            for secret in self._secrets:
                secret.wipe()
        return rows(keys, KEY_BYTES)

    def wipe(self) -> None:
        """Destroy what is left, the choices included."""
        self._used = True
        wipe(self.choices)
        for secret in self._secrets:
            secret.wipe()

    def _pairs(self) -> bytes:
        name, bound, free = _mask_name(self._link), bytearray(), bytearray()
        not_chosen = self.choices ^ np.uint8(1)
        choices = zip(_one_by_one(self.choices), _one_by_one(not_chosen), strict=True)
        for index, (secret, (choice, other)) in enumerate(zip(self._secrets, choices, strict=True)):
            random_point = lib.point_serialize(lib.point_from_uniform(os.urandom(64)))
            mask = _mask_point(name, index, choice, random_point)
            chosen = lib.point_serialize(_finite(lib.point_create(secret.buffer), lib.point_negate(mask)))
            # Hashing onto the curve takes a time that depends on its (public) input. Done for both points, so that
            # the sum says nothing of which of them was hashed first.
            _mask_point(name, index, other, chosen)
            bound += chosen
            free += random_point
        wipe(not_chosen)
        first, second = swapped(self.choices, rows(bound, POINT_BYTES), rows(free, POINT_BYTES))
        return np.hstack([first, second]).tobytes()


def _once(secret: Secret) -> Secret:
    if secret.wiped:
        raise AlreadyUsed("these base transfers were finished or wiped")
    return secret


def _parse_point(encoded: bytes, sender: int) -> Element:
    try:
        return SECP256K1.element_from_bytes(encoded)
    except InvalidInput as error:
        raise InvalidContribution(sender, "base OT message") from error


def _parse_pairs(message: bytes, sender: int) -> list[tuple[Element, Element]]:
    if len(message) != RECEIVER_MESSAGE_BYTES:
        raise InvalidContribution(sender, "base OT message")
    encoded = [message[at : at + POINT_BYTES] for at in range(0, len(message), POINT_BYTES)]
    if len(set(encoded)) != len(encoded):  # copied from one index to another
        raise InvalidContribution(sender, "base OT message")
    points = [_parse_point(each, sender) for each in encoded]
    return list(zip(points[::2], points[1::2], strict=True))


def _one_by_one(bits: Bytes) -> Iterator[memoryview]:
    """A view of the byte of each bit. A secret bit never becomes a Python integer: CPython branches on whether one is
    zero, and keeps objects of its own for each small integer and each ``bytes`` of length one.
    """
    return (bits[at : at + 1].data for at in range(len(bits)))


def _mask_name(link: Link) -> bytes:
    return link.digest("base OT/mask")


def _mask_point(name: bytes, index: int, bit: bytes | memoryview, other: bytes) -> lib.Point:
    """H: the point that hides the choice, from the other point of the pair. ``bit``: one byte."""
    return lib.point_from_uniform(named_hash(name, integer(index), bit, other).digest(64))


def _key_name(link: Link) -> bytes:
    return link.digest("base OT/key")


def _key(name: bytes, index: int, bit: bytes | memoryview, sent: bytes, pair: bytes, shared: bytes) -> bytes:
    """K: the key of one index and bit, which is one byte."""
    return named_hash(name, integer(index), bit, sent, pair, shared).digest(KEY_BYTES)


def _shared(point: lib.Point, secret: Secret) -> bytes:
    """``secret`` times the point, encoded."""
    return lib.point_serialize(_finite(lib.point_mul_secret(point, secret.buffer)))


def _finite(*points: lib.Point | None) -> lib.Point:
    """The sum of points that are not the identity, and do not cancel out but by a chance of 2^-256."""
    finite = [point for point in points if point is not None]
    total = finite[0] if len(finite) == 1 else lib.point_add(finite)
    if total is None or len(finite) < len(points):
        raise ZeroSecret("a secret scalar is zero")
    return total
