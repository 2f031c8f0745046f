"""Edge cases of Ed25519 verification, in the manner of Wycheproof, each class made here from its definition.

``a`` and ``r`` are the secret key and nonce, known because these are tests; A = a B, R = r B. T is a point of order 8,
so that k T are the eight points of small order. A class of forgeries is a question on which verifiers differ:

- *strict* verifiers (libsodium; ed25519-dalek's ``verify_strict``, which Solana runs) refuse small order in A and R;
- OpenSSL checks the equation without the cofactor, s B = R + c A, by encoding R again, and looks at nothing else;
- noble checks it with the cofactor, 8 s B = 8 R + 8 c A, with strict encodings; in ZIP-215's way, with any encodings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nacl.bindings import crypto_core_ed25519_add
from tests.threshold import hostile_points
from tests.threshold.hostile_points import IDENTITY, NON_CANONICAL, TORSION

from warifu.threshold.ed25519 import ED25519

L = ED25519.order
SECRET, NONCE = 12345678901234567890123456789, 987654321987654321
A = ED25519.base_mul_public(SECRET).encoded
R = ED25519.base_mul_public(NONCE).encoded
MESSAGE = b"a message"

NOBODY: frozenset[str] = frozenset()
COFACTORED = frozenset({"noble", "zip215"})
EVERYBODY = frozenset({"ours", "libsodium", "openssl", "solana", "noble", "zip215"})


@dataclass(frozen=True)
class Case:
    name: str
    why: str
    key: bytes
    message: bytes
    signature: bytes
    accepted_by: frozenset[str]


def challenge(nonce: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little") % L


def signature(nonce: bytes, r: int, key: bytes, a: int, message: bytes) -> bytes:
    """R || r + c a, whatever R and the key are."""
    return nonce + scalar(r + challenge(nonce, key, message) * a)


def scalar(number: int) -> bytes:
    return (number % L).to_bytes(32, "little")


def message_where(wanted: Callable[[bytes], bool]) -> bytes:
    """A message for which the challenge is what the forger needs: one in eight is."""
    return next(message for number in range(10_000) if wanted(message := b"message %d" % number))


def every_case() -> list[Case]:
    return [
        *malleated(),
        *small_order_nonces(),
        *mixed_order_nonces(),
        *small_order_keys(),
        *mixed_order_keys(),
    ]


def malleated() -> Iterator[Case]:
    good = signature(R, NONCE, A, SECRET, MESSAGE)
    s = int.from_bytes(good[32:], "little")
    yield Case("valid", "RFC 8032, 5.1.7", A, MESSAGE, good, EVERYBODY)
    yield Case("of another message", "", A, MESSAGE + b"\0", good, NOBODY)
    for k in range(1, 16):
        twin = R + (s + k * L).to_bytes(32, "little")
        yield Case(f"s + {k} L", "s L is the same scalar again: malleability", A, MESSAGE, twin, NOBODY)
    yield Case("s = L", "zero in disguise", A, MESSAGE, R + L.to_bytes(32, "little"), NOBODY)
    yield Case("s = 2^256 - 1", "", A, MESSAGE, R + b"\xff" * 32, NOBODY)
    yield Case("-s", "", A, MESSAGE, R + scalar(-s), NOBODY)
    yield Case("s = 0", "", A, MESSAGE, R + bytes(32), NOBODY)
    yield Case("s in the other byte order", "", A, MESSAGE, R + good[:31:-1], NOBODY)
    yield Case("-R", "the sign bit of R", A, MESSAGE, negated(R) + good[32:], NOBODY)
    yield Case("-A", "the sign bit of A", negated(A), MESSAGE, good, NOBODY)
    yield Case("all zero", "", A, MESSAGE, bytes(64), NOBODY)
    for length in (0, 1, 31, 32, 63):
        yield Case(f"{length} bytes", "truncated", A, MESSAGE, good[:length], NOBODY)
    yield Case("65 bytes", "trailing", A, MESSAGE, good + b"\0", NOBODY)
    yield Case("twice", "trailing", A, MESSAGE, good * 2, NOBODY)
    for length in (0, 31, 33):
        yield Case(f"a key of {length} bytes", "", (A + b"\0")[:length], MESSAGE, good, NOBODY)


def small_order_nonces() -> Iterator[Case]:
    why = "s = c a with R of small order: whoever has the key can make it, and it tells everybody the key"
    for k, point in enumerate(TORSION):
        forged = signature(point, 0, A, SECRET, MESSAGE)
        yield Case(f"R = {k} T", why, A, MESSAGE, forged, COFACTORED | {"openssl"} if k == 0 else COFACTORED)
    for name in ("identity, y + p", "identity with the sign bit"):
        forged = signature(NON_CANONICAL[name], 0, A, SECRET, MESSAGE)
        yield Case(f"R = {name}", "not canonical", A, MESSAGE, forged, frozenset({"zip215"}))
    for name in ("y = 3 + p", "all ones"):
        yield Case(
            f"R: {name}", "", A, MESSAGE, signature(NON_CANONICAL[name], NONCE, A, SECRET, MESSAGE), NOBODY
        )


def mixed_order_nonces() -> Iterator[Case]:
    for k in range(1, 8):
        mixed = crypto_core_ed25519_add(R, TORSION[k])
        forged = signature(mixed, NONCE, A, SECRET, MESSAGE)
        yield Case(f"R + {k} T", "only 8 R is looked at with the cofactor", A, MESSAGE, forged, COFACTORED)


def small_order_keys() -> Iterator[Case]:
    why = "a key for which R = s B is a signature of every eighth message, or of all"
    keys = {f"A = {k} T": (TORSION[k], k) for k in range(8)}
    keys |= {f"A = {name}": (point, 1) for name, point in NON_CANONICAL.items() if name[0] in "io"}
    for name, (key, k) in keys.items():
        message = message_where(lambda m, key=key: challenge(R, key, m) % 8 == 0)  # type: ignore[misc]
        yield Case(f"{name}, c = 0", why, key, message, R + scalar(NONCE), frozenset({"openssl", "zip215"}))
        message = message_where(lambda m, key=key: challenge(IDENTITY, key, m) % 8 == 0)  # type: ignore[misc]
        yield Case(
            f"{name}, R = 0, s = 0", why, key, message, IDENTITY + bytes(32), frozenset({"openssl", "zip215"})
        )
        if k and key in TORSION:
            message = message_where(lambda m, key=key: challenge(R, key, m) % 8 == 1)  # type: ignore[misc]
            yield Case(f"{name}, c = 1", why, key, message, R + scalar(NONCE), frozenset({"zip215"}))


def mixed_order_keys() -> Iterator[Case]:
    """Strict verifiers let these keys pass; Warifu's keys are born in the subgroup, and it refuses all others."""
    why = "A with a component of small order: without the cofactor its signatures hold now and then"
    for k in range(1, 8):
        key = crypto_core_ed25519_add(A, TORSION[k])
        message = message_where(lambda m, key=key: challenge(R, key, m) % 8 == 0)  # type: ignore[misc]
        held = signature(R, NONCE, key, SECRET, message)
        yield Case(f"A + {k} T, c = 0", why, key, message, held, EVERYBODY - {"ours"})
        message = message_where(lambda m, key=key: challenge(R, key, m) % 8 == 1)  # type: ignore[misc]
        broken = signature(R, NONCE, key, SECRET, message)
        yield Case(f"A + {k} T, c = 1", why, key, message, broken, COFACTORED)
        mixed = crypto_core_ed25519_add(R, TORSION[8 - k])
        message = message_where(lambda m, key=key, r=mixed: challenge(r, key, m) % 8 == 1)  # type: ignore[misc]
        cancelled = signature(mixed, NONCE, key, SECRET, message)
        yield Case(f"A + {k} T, R - {k} T, c = 1", why, key, message, cancelled, EVERYBODY - {"ours"})


def negated(point: bytes) -> bytes:
    return point[:31] + bytes([point[31] ^ 0x80])


assert ED25519.generator.encoded == hostile_points.BASE
