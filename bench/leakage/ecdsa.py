"""Threshold ECDSA: limbs, base transfers, their extension, multiplication, zero sharing.

Each part is given the other side's messages as an honest peer would send them for whatever the secret is: what was sent
stays the same, and the secret decides which half of it this side knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from bench.leakage.scalars import ONE
from bench.leakage.target import Target
from tests.support.dealer import deal

from warifu.threshold.ecdsa import base_ot, gf2, limbs, vole
from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES, BaseOtReceiver, BaseOtSender
from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.bits import Bytes, rows, swapped, unpacked
from warifu.threshold.ecdsa.correlation import Correlation, Material, Owner
from warifu.threshold.ecdsa.ot_extension import CHECK, ExtensionReceiver, ExtensionSender
from warifu.threshold.ecdsa.vole import XI, VoleReceiver, VoleSender
from warifu.threshold.ecdsa.zero_sharing import zero_share
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

_LINK = Link(os.urandom(32), 0, 1)
_FRESH = os.urandom(32)
_MANY = 64
"""Scalars in a row: enough that numpy's own time does not hide theirs."""


def targets() -> Iterator[Target]:
    yield from of_limbs()
    yield from of_bits()
    yield from of_base_transfers()
    yield from of_one_base_transfer()
    yield from of_extension()
    yield from of_multiplication()
    yield from of_correlations()


def of_limbs() -> Iterator[Target]:
    public = vole.gadget()[:, :_MANY]
    ones = b"\xff" * (32 * _MANY)  # not below the order: every carry and the subtraction have something to do
    factor = SECP256K1.scalar_reduce(os.urandom(48))

    def drawn() -> bytes:
        return os.urandom(32 * _MANY)

    def columns(name: str, call: Callable[[limbs.Limbs], object], fixed: bytes = ones) -> Target:
        return Target(f"limbs.{name}, {_MANY} scalars", fixed, drawn, limbs.from_bytes, call)

    yield Target(f"limbs.from_bytes, {_MANY} scalars", ones, drawn, bytes, limbs.from_bytes)
    yield columns("to_bytes", limbs.to_bytes)
    yield columns("to_bytes (of zeros)", limbs.to_bytes, bytes(32 * _MANY))
    yield columns(
        "combined, the scalars", lambda scalars: limbs.combined(scalars.astype(np.float64), [factor])
    )
    yield columns(
        "inner_products, the scalars",
        lambda scalars: limbs.inner_products(public, scalars.astype(np.float64)),
    )
    yield Target(
        "limbs.to_secret",
        ONE[SECP256K1.name],
        lambda: SECP256K1.random_secret().expose(),
        limbs.from_bytes,
        limbs.to_secret,
    )


def of_bits() -> Iterator[Target]:
    """A public matrix as in the check of an extension, times a secret table and a secret vector."""
    public = _random(CHECK, XI // 8)

    def secret(name: str, size: int, width: int, call: Callable[[Bytes], object]) -> Target:
        return Target(name, bytes(size), lambda: os.urandom(size), lambda given: rows(given, width), call)

    yield secret(
        "gf2.product, the rows", XI * COUNT // 8, COUNT // 8, lambda table: gf2.product(public, table)
    )
    yield secret(
        "gf2.product_with_vector, the vector",
        XI // 8,
        XI // 8,
        lambda vector: gf2.product_with_vector(public, vector[0]),
    )
    yield secret("gf2.transposed, the columns", XI * COUNT // 8, XI // 8, gf2.transposed)
    yield secret("bits.unpacked, 128 bits", COUNT // 8, COUNT // 8, lambda packed: unpacked(packed[0]))


def of_base_transfers() -> Iterator[Target]:
    sender = BaseOtSender(_LINK)
    receiver = BaseOtReceiver(_LINK)

    def with_choices(packed: bytearray) -> BaseOtReceiver:
        made = BaseOtReceiver.__new__(BaseOtReceiver)
        made._link, made._used, made.message = _LINK, False, receiver.message
        made.choices = _bits(packed)
        made._secrets = [SECP256K1.random_secret() for _ in range(COUNT)]
        return made

    def with_secret(secret: bytearray) -> BaseOtSender:
        made = BaseOtSender.__new__(BaseOtSender)
        made._link, made._secret, made.message = _LINK, Secret(secret), sender.message
        return made

    yield _choices("base_ot: the receiver's message, choices", COUNT, with_choices, BaseOtReceiver._pairs)
    yield _choices(
        "base_ot: the receiver's keys, choices", COUNT, with_choices, lambda made: made.finish(sender.message)
    )
    yield Target(
        "base_ot: the sender's keys, its secret",
        ONE[SECP256K1.name],
        lambda: SECP256K1.random_secret().expose(),
        with_secret,
        lambda made: made.finish(receiver.message),
    )


def of_one_base_transfer() -> Iterator[Target]:
    """One index of the 128, of which many more can be measured. The point that is hashed is another each time."""
    sent, shared = (SECP256K1.base_mul(SECP256K1.random_secret()).encoded for _ in range(2))
    mask_name, key_name = base_ot._mask_name(_LINK), base_ot._key_name(_LINK)

    def chosen(secret: bytearray) -> tuple[memoryview, bytes]:
        (choice,) = base_ot._one_by_one(np.frombuffer(bytes(secret), dtype=np.uint8))
        return choice, SECP256K1.base_mul(SECP256K1.random_secret()).encoded

    def one(name: str, call: Callable[[tuple[memoryview, bytes]], object]) -> Target:
        return Target(f"base_ot: {name}, choice", b"\0", lambda: bytes([os.urandom(1)[0] & 1]), chosen, call)

    yield one("the mask of one index", lambda given: base_ot._mask_point(mask_name, 5, *given))
    yield one(
        "the key of one index",
        lambda given: base_ot._key(key_name, 5, given[0], sent, given[1] + sent, shared),
    )
    yield _choices(
        "bits.swapped, 128 choices",
        COUNT,
        lambda packed: (_bits(packed), _random(COUNT, 33), _random(COUNT, 33)),
        lambda given: swapped(*given),
    )


def of_extension() -> Iterator[Target]:
    keys = _random(2, COUNT, KEY_BYTES)
    message = ExtensionReceiver(_LINK, vole.SHAPE, keys.copy(), _bits(os.urandom(XI // 8))).message

    def with_delta(packed: bytearray) -> ExtensionSender:
        delta = _bits(packed)
        return ExtensionSender(vole.SHAPE, _chosen(delta, keys), delta)

    yield _choices(
        "ot_extension: the sender, Delta",
        COUNT,
        with_delta,
        lambda sender: sender.finish(_LINK, message, _FRESH),
    )
    yield _choices(
        "ot_extension: the receiver, choices",
        XI,
        lambda packed: (keys.copy(), _bits(packed)),
        lambda given: ExtensionReceiver(_LINK, vole.SHAPE, *given),
    )


class _Transfers:
    """An extension that is over."""

    def __init__(self, outputs: Bytes) -> None:
        self._outputs = outputs

    def outputs(self, _fresh: bytes) -> Bytes:
        return self._outputs

    def finish(self, _link: Link, _message: bytes, _fresh: bytes) -> tuple[Bytes, Bytes]:
        first, second = self._outputs
        return first, second


def of_multiplication() -> Iterator[Target]:
    transferred = _random(2, XI, vole.SHAPE.output_bytes)
    extension_message = os.urandom(vole.SHAPE.message_bytes)

    def alice() -> VoleSender:
        made = VoleSender.__new__(VoleSender)
        made._extension = _Transfers(transferred.copy())  # type: ignore[assignment]  # its place is taken
        return made

    def multiplied(given: tuple[VoleSender, vole.Pair]) -> tuple[bytes, vole.Pair]:
        return given[0].multiply(_LINK, extension_message, _FRESH, given[1])

    message, _ = multiplied((alice(), (SECP256K1.random_secret(), SECP256K1.random_secret())))

    def bob(packed: bytearray) -> VoleReceiver:
        made = VoleReceiver.__new__(VoleReceiver)
        beta = _bits(packed)
        made._link, made._beta, made.message = _LINK, [beta], extension_message
        made._extension = _Transfers(_chosen(beta, transferred))  # type: ignore[assignment]  # its place is taken
        return made

    yield _choices(
        "vole: Bob's factor, beta",
        XI,
        _bits,
        lambda beta: limbs.to_secret(limbs.subset_sum(vole.gadget(), beta)),
    )
    yield _choices("vole: Bob's shares, beta", XI, bob, lambda made: made.finish(message, _FRESH))
    yield Target(
        "vole: Alice's message and shares, a",
        ONE[SECP256K1.name] * 2,
        lambda: SECP256K1.random_secret().expose() + SECP256K1.random_secret().expose(),
        lambda secret: (alice(), (Secret(secret[:32]), Secret(secret[32:]))),
        multiplied,
    )


def of_correlations() -> Iterator[Target]:
    owner, context = Owner.of(deal(2, 3).key, 0, 1), os.urandom(32)
    keys = _random(2, COUNT, KEY_BYTES)

    def correlation(packed: bytearray) -> Correlation:
        delta = _bits(packed)
        return Correlation(
            owner, context, Material(delta, _chosen(delta, keys), keys.copy(), Secret(os.urandom(32)))
        )

    yield _choices("correlation.store, delta", COUNT, correlation, Correlation.store)
    yield Target(
        "zero_share, seed",
        bytes(32),
        lambda: os.urandom(32),
        Secret,
        lambda seed: zero_share(0, {1: (context, seed)}),
    )


def _choices(
    name: str, count: int, prepare: Callable[[bytearray], Any], call: Callable[[Any], object]
) -> Target:
    """A function of ``count`` secret bits; of those of the fixed class the first alone is one."""
    return Target(name, b"\x80" + bytes(count // 8 - 1), lambda: os.urandom(count // 8), prepare, call)


def _bits(packed: bytes | bytearray) -> Bytes:
    return np.unpackbits(np.frombuffer(bytes(packed), dtype=np.uint8))


def _random(*shape: int) -> Bytes:
    return rows(bytearray(os.urandom(int(np.prod(shape)))), shape[-1]).reshape(shape)


def _chosen(bits: Bytes, pair: Bytes) -> Bytes:
    """Row by row the first or the second of the pair."""
    chosen: Bytes = np.where(bits[:, None] == 1, pair[1], pair[0])
    return chosen
