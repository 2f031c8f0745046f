"""The libraries' scalar functions through our doors, the groups above them, wiping, and polynomials."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from bench.leakage.target import Target

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold import libsodium as sodium
from warifu.threshold import polynomial
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.group import Group
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

ONE = {SECP256K1.name: bytes(31) + b"\x01", ED25519.name: b"\x01" + bytes(31)}
"""The scalar one: as few bits as a valid secret can have."""
WIDE = {SECP256K1.name: 2 * (bytes(23) + b"\x01"), ED25519.name: b"\x01" + bytes(63)}
"""Input of ``secret_reduce`` with few bits; on secp256k1 each half has to be a valid secret."""
_PUBLIC = SECP256K1.random_secret().expose()
_MESSAGE = os.urandom(32)


def scalar(
    group: Group,
    name: str,
    call: Callable[[Secret], object] | Callable[[bytearray], object],
    *,
    raw: bool = False,
) -> Target:
    """A function of one scalar of ``group``, as a Secret or as a ``raw`` buffer."""
    return Target(
        name,
        ONE[group.name],
        lambda: group.random_secret().expose(),
        bytearray if raw else Secret,
        call,
    )


def targets() -> Iterator[Target]:
    yield from libsecp256k1()
    yield from libsodium()
    yield from wiping()
    for group in (SECP256K1, ED25519):
        yield from groups(group)


def libsecp256k1() -> Iterator[Target]:
    point = lib.Point(SECP256K1.base_mul(SECP256K1.random_secret()).native)

    def raw(name: str, call: Callable[[bytearray], object]) -> Target:
        return scalar(SECP256K1, f"libsecp256k1.{name}", call, raw=True)

    yield raw("seckey_verify", lib.seckey_verify)
    yield raw("seckey_add, the secret", lambda secret: lib.seckey_add(secret, _PUBLIC))
    yield raw("seckey_add, the summand", lambda secret: lib.seckey_add(bytearray(_PUBLIC), secret))
    yield raw("seckey_mul, the secret", lambda secret: lib.seckey_mul(secret, _PUBLIC))
    yield raw("seckey_mul, the factor", lambda secret: lib.seckey_mul(bytearray(_PUBLIC), secret))
    yield raw("seckey_negate", lib.seckey_negate)
    yield raw("point_create", lib.point_create)
    yield raw("point_mul_secret", lambda secret: lib.point_mul_secret(point, secret))
    yield Target(
        "libsecp256k1.schnorr_sign, key (of even y)",  # the sign of y is public, and negated away in the library
        ONE[SECP256K1.name],
        _key_of_even_y,
        lambda secret: (
            secret,
            os.urandom(32),
        ),  # else the nonce, and with it public R, would be that of the class
        lambda given: lib.schnorr_sign(given[0], _MESSAGE, given[1]),
    )


def _key_of_even_y() -> bytes:
    while True:
        secret = SECP256K1.random_secret()
        if SECP256K1.has_even_y(SECP256K1.base_mul(secret)):
            return secret.expose()


def libsodium() -> Iterator[Target]:
    point = ED25519.base_mul(ED25519.random_secret()).encoded
    public = ED25519.random_secret().expose()

    def raw(name: str, call: Callable[[bytearray], object]) -> Target:
        return scalar(ED25519, f"libsodium.{name}", call, raw=True)

    yield Target(
        "libsodium.scalar_reduce",
        bytes(63) + b"\x01",
        lambda: os.urandom(64),
        bytearray,
        sodium.scalar_reduce,
    )
    yield raw("scalar_add", lambda secret: sodium.scalar_add(secret, public))
    yield raw("scalar_mul", lambda secret: sodium.scalar_mul(secret, public))
    yield raw("scalar_negate", sodium.scalar_negate)
    yield raw("base_mul", sodium.base_mul)
    yield raw("point_mul", lambda secret: sodium.point_mul(secret, point))


def wiping() -> Iterator[Target]:
    guess = Secret(bytes(31) + b"\x01")
    nearly = bytes(31) + b"\x02"

    def handled(secret: Secret) -> None:
        with secret.clone() as copy:
            copy.expose()

    yield Target("Secret ==", nearly, lambda: os.urandom(32), Secret, guess.__eq__)
    yield Target("Secret: clone, expose, wipe", bytes(32), lambda: os.urandom(32), Secret, handled)


def groups(group: Group) -> Iterator[Target]:
    other = group.random_secret()
    element = group.base_mul(group.random_secret())

    def of(name: str, call: Callable[[Secret], object]) -> Target:
        return scalar(group, f"{group.name}.{name}", call)

    yield scalar(group, f"{group.name}.secret_from_bytes", group.secret_from_bytes, raw=True)
    few_bits = WIDE[group.name]
    yield Target(
        f"{group.name}.secret_reduce",
        few_bits,
        lambda: os.urandom(len(few_bits)),
        bytearray,
        group.secret_reduce,
    )
    yield of("secret_add", lambda secret: group.secret_add(secret, other))
    yield of("secret_add_public, the secret", lambda secret: group.secret_add_public(secret, 3))
    yield of("secret_mul", lambda secret: group.secret_mul(secret, other))
    yield of("secret_mul_public, the secret", lambda secret: group.secret_mul_public(secret, 3))
    yield of("secret_negate", group.secret_negate)
    yield of("base_mul", group.base_mul)
    yield of("element_mul_secret", lambda secret: group.element_mul_secret(element, secret))
    yield Target(
        f"polynomial.evaluate over {group.name}, three coefficients",
        ONE[group.name] * 3,
        lambda: b"".join(group.random_secret().expose() for _ in range(3)),
        lambda secret: [Secret(secret[at : at + 32]) for at in range(0, 96, 32)],
        lambda coefficients: polynomial.evaluate(group, coefficients, 2),
    )
